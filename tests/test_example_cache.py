"""Decoded examples on disk: found by content, never half written, never a reason for a training to end."""

from __future__ import annotations

import dataclasses
import errno
import json
import logging
import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_cases import write_cases
from image_files import ramp, save

from workstation.core.case import CaseFiles, ImageRef
from workstation.engine.preprocessing import make_example
from workstation.errors import FileMissing
from workstation.io import example_cache
from workstation.io.cases import load_case
from workstation.io.example_cache import ExampleCache, Recipe, StoredExample
from workstation.io.layouts import open_dataset
from workstation.io.places import example_cache_folder

RECIPE = Recipe(("FLAIR", "T1c"), ("WT", "ET"), "LPS", 1)
# A case of write_cases: 16 x 16 x 12 voxels of two float32 and two uint8, without the headers.
CASE_BYTES = 16 * 16 * 12 * (2 * 4 + 2)
HEADERS = 2 * 128 + 1000


class Maker:
    """Decodes cases as the engine does, and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, files: CaseFiles, recipe: Recipe = RECIPE) -> Callable[[], StoredExample]:
        def make() -> StoredExample:
            self.count += 1
            return decode(files, recipe)

        return make


def decode(files: CaseFiles, recipe: Recipe = RECIPE) -> StoredExample:
    case = load_case(files, sequences=recipe.inputs)
    made = make_example(case, inputs=recipe.inputs, outputs=recipe.outputs, orientation=recipe.orientation)
    return StoredExample(made.inputs, made.targets, made.background, made.zooms, made.scheme)


def assert_same(found: StoredExample, expected: StoredExample) -> None:
    for name in ("inputs", "targets", "background"):
        one, other = (np.asarray(getattr(example, name)) for example in (found, expected))
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes(), name
    assert (found.zooms, found.scheme) == (expected.zooms, expected.scheme)


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[CaseFiles]:
    return list(open_dataset(write_cases(tmp_path_factory.mktemp("data"), count=4)).cases)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's files are old enough for their times to be trusted."""
    now = example_cache.time.time
    monkeypatch.setattr("workstation.io.example_cache.time.time", lambda: now() + 10)


def test_the_cache_is_where_the_environment_says_or_among_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORKSTATION_CACHE", raising=False)
    assert example_cache_folder() == Path(os.environ["XDG_CACHE_HOME"]) / "brats-workstation" / "examples"
    monkeypatch.setenv("WORKSTATION_CACHE", str(tmp_path))
    assert example_cache_folder() == tmp_path / "examples"


def test_a_hit_gives_the_bits_of_the_miss_without_decoding(folder: Path, cases: list[CaseFiles]) -> None:
    maker = Maker()
    for _ in range(2):
        found = ExampleCache(folder).fetch(cases[0], RECIPE, maker.of(cases[0]))
        assert_same(found, decode(cases[0]))
    assert maker.count == 1


def test_arrays_are_read_only_whether_they_were_kept_or_not(folder: Path, cases: list[CaseFiles]) -> None:
    for cache in (ExampleCache(folder), ExampleCache(folder), ExampleCache(folder / "none", limit_bytes=0)):
        found = cache.fetch(cases[0], RECIPE, Maker().of(cases[0]))
        assert found.targets is not None
        assert not found.inputs.flags.writeable
        assert not found.targets.flags.writeable


def test_what_is_found_lies_in_the_file_and_not_in_memory(folder: Path, cases: list[CaseFiles]) -> None:
    found = ExampleCache(folder).fetch(cases[0], RECIPE, Maker().of(cases[0]))
    assert not found.inputs.flags.owndata
    assert isinstance(found.inputs.base, np.memmap)
    assert np.array_equal(np.load(entries(folder)[0] / "inputs.npy"), found.inputs)


def test_an_example_without_targets_is_kept_too(folder: Path, cases: list[CaseFiles]) -> None:
    recipe, maker = dataclasses.replace(RECIPE, outputs=()), Maker()
    for _ in range(2):
        assert ExampleCache(folder).fetch(cases[0], recipe, maker.of(cases[0], recipe)).targets is None
    assert maker.count == 1


def test_intensities_beyond_all_measure_are_kept_too(folder: Path, cases: list[CaseFiles]) -> None:
    odd = dataclasses.replace(decode(cases[0]), background=np.array([np.inf, np.nan], np.float32))
    for _ in range(2):
        assert_same(ExampleCache(folder).fetch(cases[0], RECIPE, lambda: odd), odd)
    assert len(entries(folder)) == 1


def test_what_is_kept_is_closed_to_others(folder: Path, cases: list[CaseFiles]) -> None:
    ExampleCache(folder).fetch(cases[0], RECIPE, Maker().of(cases[0]))
    assert folder.stat().st_mode & 0o077 == 0


def test_the_same_content_at_another_path_is_found(folder: Path, cases: list[CaseFiles], tmp_path: Path) -> None:
    maker = Maker()
    ExampleCache(folder).fetch(cases[0], RECIPE, maker.of(cases[0]))
    shutil.copytree(cases[0].sequences["FLAIR"].path.parent, tmp_path / "moved" / "tiny_0")
    moved = open_dataset(tmp_path / "moved").cases[0]
    assert_same(ExampleCache(folder).fetch(moved, RECIPE, maker.of(moved)), decode(cases[0]))
    assert maker.count == 1


@pytest.mark.parametrize("part", ["FLAIR", "truth"])
def test_changed_content_is_decoded_anew(folder: Path, tmp_path: Path, part: str, later: None) -> None:
    root = write_cases(tmp_path / "data", count=2)
    first, second = open_dataset(root).cases
    cache, maker = ExampleCache(folder), Maker()
    cache.fetch(first, RECIPE, maker.of(first))
    source, target = (each.truth if part == "truth" else each.sequences[part] for each in (second, first))
    assert source is not None
    assert target is not None
    target.path.write_bytes(source.path.read_bytes())
    assert_same(cache.fetch(first, RECIPE, maker.of(first)), decode(first))
    assert maker.count == 2


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"orientation": "RAS"},
        {"inputs": ("T1c", "FLAIR")},
        {"inputs": ("FLAIR", "T2")},
        {"outputs": ("WT", "TC")},
        {"outputs": ()},
    ],
    ids=str,
)
def test_another_recipe_is_another_entry(folder: Path, cases: list[CaseFiles], change: dict[str, Any]) -> None:
    cache, maker, other = ExampleCache(folder), Maker(), dataclasses.replace(RECIPE, **change)
    cache.fetch(cases[0], RECIPE, maker.of(cases[0]))
    cache.fetch(cases[0], other, maker.of(cases[0], other))
    assert maker.count == 2
    assert len(entries(folder)) == 2


def test_equal_voxels_under_another_label_scheme_are_another_entry(folder: Path, cases: list[CaseFiles]) -> None:
    # 4 is enhancing tumour in BraTS 2021 and the resection cavity in schemes of post-treatment data.
    maker, other = Maker(), dataclasses.replace(cases[0], scheme_name="brats2021", layout="mapping")
    for files in (cases[0], other):
        ExampleCache(folder).fetch(files, RECIPE, maker.of(files))
    assert maker.count == 2


def test_another_volume_of_the_same_file_is_another_entry(folder: Path, cases: list[CaseFiles]) -> None:
    path, recipe, count = cases[0].sequences["FLAIR"].path, Recipe(("FLAIR",), (), "LPS", 1), []
    for channel in (0, 1):
        files = CaseFiles("c", {"FLAIR": ImageRef(path, channel)})
        ExampleCache(folder).fetch(files, recipe, lambda: count.append(1) or decode(cases[0]))
    assert len(count) == 2


def test_both_halves_of_a_pair_decide(folder: Path, tmp_path: Path) -> None:
    recipe, maker = Recipe(("FLAIR",), (), "LPS", 1), Maker()
    files = CaseFiles("c", {"FLAIR": ImageRef(tmp_path / "c.hdr")})
    for data in (ramp(), ramp()[::-1]):
        save(tmp_path / "c.hdr", data)
        found = ExampleCache(folder).fetch(files, recipe, maker.of(files, recipe))
        assert_same(found, decode(files, recipe))
    assert maker.count == 2


def test_a_file_is_hashed_once_by_all_processes(
    folder: Path, cases: list[CaseFiles], monkeypatch: pytest.MonkeyPatch, later: None
) -> None:
    ExampleCache(folder).fetch(cases[0], RECIPE, Maker().of(cases[0]))
    monkeypatch.setattr(example_cache, "sha256_of", lambda path: pytest.fail(f"{path} was hashed again"))
    maker = Maker()
    ExampleCache(folder).fetch(cases[0], RECIPE, maker.of(cases[0]))
    assert maker.count == 0


def test_a_file_that_changed_just_now_is_hashed_every_time(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_cases(tmp_path / "data", count=1)
    files = open_dataset(root).cases[0]
    hashed: list[Path] = []
    real = example_cache.sha256_of
    monkeypatch.setattr(example_cache, "sha256_of", lambda path: hashed.append(path) or real(path))
    now = max(path.stat().st_ctime for path in root.rglob("*"))
    monkeypatch.setattr("workstation.io.example_cache.time.time", lambda: now + 1.9)
    cache = ExampleCache(folder)
    cache.fetch(files, RECIPE, Maker().of(files))
    before = len(hashed)
    cache.fetch(files, RECIPE, Maker().of(files))
    # Two sequences and the truth.
    assert len(hashed) == before + 3


def test_the_record_of_hashes_names_no_file(folder: Path, cases: list[CaseFiles], later: None) -> None:
    ExampleCache(folder).fetch(cases[0], RECIPE, Maker().of(cases[0]))
    text = (folder / "sources.jsonl").read_text()
    assert len(text.splitlines()) == 3
    assert "tiny_0" not in text


@pytest.mark.parametrize("content", [b"", b"\x00\xff\n", b'{"mark": 1}\n[]\n{"mark": "a", "sha256": nul', b"x" * 100])
def test_a_damaged_record_of_hashes_is_no_harm(
    folder: Path, cases: list[CaseFiles], content: bytes, later: None
) -> None:
    folder.mkdir()
    (folder / "sources.jsonl").write_bytes(content)
    for _ in range(2):
        assert_same(ExampleCache(folder).fetch(cases[0], RECIPE, Maker().of(cases[0])), decode(cases[0]))


def test_a_record_of_hashes_that_grew_too_long_begins_anew(
    folder: Path, cases: list[CaseFiles], monkeypatch: pytest.MonkeyPatch, later: None
) -> None:
    monkeypatch.setattr(example_cache, "_SOURCES_BYTES", 1)
    for case in cases[:2]:
        ExampleCache(folder).fetch(case, RECIPE, Maker().of(case))
    assert len((folder / "sources.jsonl").read_text().splitlines()) == 3


def test_a_file_that_changes_while_it_is_read_is_not_kept(folder: Path, tmp_path: Path) -> None:
    first, second = open_dataset(write_cases(tmp_path / "data", count=2)).cases

    def make() -> StoredExample:
        first.sequences["FLAIR"].path.write_bytes(second.sequences["FLAIR"].path.read_bytes())
        return decode(first)

    cache = ExampleCache(folder)
    assert_same(cache.fetch(first, RECIPE, make), decode(first))
    assert not folder.exists() or not entries(folder)


def test_what_cannot_be_read_is_told_by_who_reads_it(folder: Path, cases: list[CaseFiles], tmp_path: Path) -> None:
    files = CaseFiles("c", {"FLAIR": ImageRef(tmp_path / "gone.nii.gz")})
    recipe = Recipe(("FLAIR",), (), "LPS", 1)
    with pytest.raises(FileMissing, match=r"gone\.nii\.gz"):
        ExampleCache(folder).fetch(files, recipe, Maker().of(files, recipe))


def test_the_limit_drops_what_was_used_least_recently(folder: Path, cases: list[CaseFiles]) -> None:
    limit = 2 * (CASE_BYTES + HEADERS)
    for case in cases[:2]:
        ExampleCache(folder, limit_bytes=limit).fetch(case, RECIPE, Maker().of(case))
    for age, entry in enumerate(entries(folder), start=1):
        os.utime(entry / "entry.json", (1000 * age, 1000 * age))
    maker = Maker()
    ExampleCache(folder, limit_bytes=limit).fetch(cases[0], RECIPE, maker.of(cases[0]))
    assert maker.count == 0
    ExampleCache(folder, limit_bytes=limit).fetch(cases[2], RECIPE, maker.of(cases[2]))
    assert len(entries(folder)) == 2
    assert not leftovers(folder)
    for case in (cases[0], cases[2]):
        ExampleCache(folder, limit_bytes=limit).fetch(case, RECIPE, maker.of(case))
    assert maker.count == 1
    ExampleCache(folder, limit_bytes=limit).fetch(cases[1], RECIPE, maker.of(cases[1]))
    assert maker.count == 2


def test_a_training_larger_than_the_limit_keeps_what_it_has(folder: Path, cases: list[CaseFiles]) -> None:
    cache, maker = ExampleCache(folder, limit_bytes=2 * (CASE_BYTES + HEADERS)), Maker()
    for _ in range(3):
        for case in cases:
            assert_same(cache.fetch(case, RECIPE, maker.of(case)), decode(case))
    # Two of four are found in the second and third round; least recently used alone would find none.
    assert maker.count == 4 + 2 + 2


def test_the_default_limit_is_a_tenth_of_the_disk_that_would_be_free_without_the_cache(
    folder: Path, cases: list[CaseFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [10 * 2 * (CASE_BYTES + HEADERS)]
    monkeypatch.setattr(example_cache.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, free[0]))
    maker = Maker()
    for count, case in enumerate(cases[:3], start=1):
        ExampleCache(folder).fetch(case, RECIPE, maker.of(case))
        assert len(entries(folder)) == min(count, 2)
        free[0] -= CASE_BYTES if count < 3 else 0


def test_an_entry_that_is_dropped_while_in_use_stays_good(folder: Path, cases: list[CaseFiles]) -> None:
    found = ExampleCache(folder).fetch(cases[0], RECIPE, Maker().of(cases[0]))
    shutil.rmtree(folder)
    assert_same(found, decode(cases[0]))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated inputs": lambda entry: os.truncate(entry / "inputs.npy", 1000),
    "longer targets": lambda entry: os.truncate(entry / "targets.npy", 10**5),
    "empty inputs": lambda entry: os.truncate(entry / "inputs.npy", 0),
    "no inputs": lambda entry: (entry / "inputs.npy").unlink(),
    "no targets": lambda entry: (entry / "targets.npy").unlink(),
    "no facts": lambda entry: (entry / "entry.json").unlink(),
    "half the facts": lambda entry: os.truncate(entry / "entry.json", 40),
    "facts of another kind": lambda entry: (entry / "entry.json").write_text("[1]"),
    "bad header": lambda entry: overwrite(entry / "inputs.npy", b"\x00" * 16),
    "no format": lambda entry: change_facts(entry, format=None),
    "no shape": lambda entry: change_facts(entry, inputs=None),
    "words for a shape": lambda entry: change_facts(entry, inputs=["a", "b"]),
    "another shape": lambda entry: change_facts(entry, inputs=[12, 16, 16, 2]),
    "a huge shape": lambda entry: change_facts(entry, inputs=[2**40, 2**40, 2**40, 2]),
    "short background": lambda entry: change_facts(entry, background=[0.0]),
    "huge background": lambda entry: change_facts(entry, background=[10**400, 0]),
    "two zooms": lambda entry: change_facts(entry, zooms=[1, 1]),
    "no scheme": lambda entry: change_facts(entry, scheme=None),
}


def overwrite(path: Path, start: bytes) -> None:
    with path.open("r+b") as file:
        file.write(start)


def change_facts(entry: Path, **changes: object) -> None:
    path = entry / "entry.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_made_again(
    folder: Path, cases: list[CaseFiles], damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    maker = Maker()
    ExampleCache(folder).fetch(cases[0], RECIPE, maker.of(cases[0]))
    damage(entries(folder)[0])
    for _ in range(2):
        assert_same(ExampleCache(folder).fetch(cases[0], RECIPE, maker.of(cases[0])), decode(cases[0]))
    assert maker.count == 2
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "damaged" in caplog.text
    assert not leftovers(folder)


def test_what_a_killed_writer_left_goes_in_time(folder: Path, cases: list[CaseFiles]) -> None:
    ExampleCache(folder).fetch(cases[0], RECIPE, Maker().of(cases[0]))
    key = entries(folder)[0].name
    old, new, foreign = (folder / name for name in (f".0123abcd.{key}", f".0123abce.{key}", ".of somebody else"))
    for path in (old, new, foreign):
        path.mkdir()
        (path / "inputs.npy").write_bytes(b"half")
    for path in (old, foreign):
        os.utime(path, (1000, 1000))
    ExampleCache(folder).fetch(cases[1], RECIPE, Maker().of(cases[1]))
    assert sorted(leftovers(folder)) == sorted([new, foreign])


def test_a_folder_that_cannot_be_written_is_told_once_and_done_without(
    tmp_path: Path, cases: list[CaseFiles], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"")
    # Neither below a file nor in its place can a folder be made, not even by root.
    for folder in (tmp_path / "file" / "cache", tmp_path / "file"):
        caplog.clear()
        cache = ExampleCache(folder)
        for case in (*cases, *cases):
            assert_same(cache.fetch(case, RECIPE, Maker().of(case)), decode(case))
        assert len(caplog.records) == 1
        assert str(folder) in cache.problem


def test_a_full_disk_is_told_once_and_what_is_there_is_still_used(
    folder: Path, cases: list[CaseFiles], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache, maker = ExampleCache(folder), Maker()
    cache.fetch(cases[0], RECIPE, maker.of(cases[0]))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("workstation.io.example_cache.os.fsync", full)
    for case in (*cases, *cases):
        assert_same(cache.fetch(case, RECIPE, maker.of(case)), decode(case))
    assert maker.count == 1 + 2 * (len(cases) - 1)
    assert "No space left" in cache.problem
    assert len(caplog.records) == 1
    assert len(entries(folder)) == 1
    assert not leftovers(folder)


def test_threads_share_a_cache(folder: Path, cases: list[CaseFiles]) -> None:
    cache, found = ExampleCache(folder), []
    both = threading.Barrier(4)

    def fetch(files: CaseFiles) -> None:
        both.wait(30)
        found.append((files, cache.fetch(files, RECIPE, Maker().of(files))))

    threads = [threading.Thread(target=fetch, args=(files,)) for files in (*cases[:2], *cases[:2])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for files, example in found:
        assert_same(example, decode(files))
    assert len(entries(folder)) == 2
    assert not leftovers(folder)


def fetch_with_another(folder: Path, files: CaseFiles, both: Any, answers: Any) -> None:
    """In a process of its own: decode when the other does, so that both write the entry at once."""

    def make() -> StoredExample:
        made = decode(files)
        both.wait(60)
        return made

    cache = ExampleCache(folder)
    found = cache.fetch(files, RECIPE, make)
    assert found.targets is not None
    answers.put((found.inputs.tobytes(), found.targets.tobytes(), found.inputs.flags.owndata, cache.problem))


def test_two_processes_that_write_one_entry_both_get_it_whole(folder: Path, cases: list[CaseFiles]) -> None:
    context = multiprocessing.get_context("spawn")
    both, answers = context.Barrier(2), context.Queue()
    arguments = (folder, dataclasses.replace(cases[0], sequences=dict(cases[0].sequences)), both, answers)
    processes = [context.Process(target=fetch_with_another, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    found = [answers.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    expected = decode(cases[0])
    assert expected.targets is not None
    assert found == [(expected.inputs.tobytes(), expected.targets.tobytes(), False, "")] * 2
    assert len(entries(folder)) == 1
    assert not leftovers(folder)


@pytest.mark.real
def test_a_real_case_comes_back_bit_for_bit(folder: Path, real_cases: Path) -> None:
    files = open_dataset(real_cases).cases[0]
    recipe, maker = Recipe(("FLAIR",), ("WT",), "LPS", 1), Maker()
    for _ in range(2):
        found = ExampleCache(folder).fetch(files, recipe, maker.of(files, recipe))
        assert_same(found, decode(files, recipe))
    assert maker.count == 1
    assert found.inputs.shape == (240, 240, 155, 1)
