"""Training on what readers accepted or corrected: which masks, written how, and what becomes stale afterwards."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workstation.cli import main
from workstation.core.case import DataSet
from workstation.core.labels import region_scheme, scheme_named
from workstation.core.requests import TrainRequest
from workstation.core.review import Decision, ReviewedMask
from workstation.core.split import Draw, split_cases
from workstation.core.volume import LabelMap
from workstation.errors import ExportError, LayoutError
from workstation.gui.train.run_list import RunList
from workstation.io.cases import load_case
from workstation.io.changed_masks import changed_masks
from workstation.io.files import sha256_of, write_json
from workstation.io.layouts import open_dataset
from workstation.io.nifti import read_label_map
from workstation.io.nifti_writing import write_label_map
from workstation.io.phantoms import write_phantoms
from workstation.io.review_store import ReviewStore, review_path
from workstation.io.reviewed_set import make_reviewed_set
from workstation.io.runs import RunFolder, default_runs_root
from workstation.io.splits import check_manifest, read_manifest, save_manifest
from workstation.session.runs import Runs

DRAW = Draw(validation=0.25, test=0.0)


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    write_phantoms(tmp_path / "set", cases=5, shape=(20, 20, 20), layout="brats2021", seed=1)
    return open_dataset(tmp_path / "set")


@pytest.fixture
def store(data: DataSet) -> Iterator[ReviewStore]:
    with ReviewStore(review_path(data.root)) as store:
        yield store


def corrected(data: DataSet, place: int, folder: Path) -> Path:
    """A mask of a case that differs from its truth in one voxel."""
    case = data.cases[place]
    assert case.truth is not None
    truth = read_label_map(case.truth, layout=case.layout)
    changed = truth.data.copy()
    changed[0, 0, 0] = 2
    path = folder / f"{case.name}_corrected.nii.gz"
    folder.mkdir(exist_ok=True)
    write_label_map(path, LabelMap("m", changed, truth.grid, scheme_named("brats2021")))
    write_json(path.with_name(f"{case.name}_corrected.json"), {"scheme": "brats2021"})
    return path


def decide(
    store: ReviewStore, data: DataSet, place: int, status: str, mask: Path | None = None, reader: str = "R"
) -> None:
    judged = None if mask is None else ReviewedMask(str(mask), sha256_of(mask))
    store.decide(Decision(data.cases[place].name, reader, status, mask=judged))


def test_the_set_holds_what_was_accepted_or_corrected(data: DataSet, store: ReviewStore, tmp_path: Path) -> None:
    mask = corrected(data, 1, tmp_path / "masks")
    decide(store, data, 0, "accepted")
    decide(store, data, 1, "corrected", mask)
    decide(store, data, 2, "rejected", mask)
    decide(store, data, 3, "flagged")
    found = make_reviewed_set(data, store.latest(), tmp_path / "out", draw=DRAW)
    assert found.cases == (data.cases[0].name, data.cases[1].name)
    made = open_dataset(tmp_path / "out")
    assert [case.name for case in made.cases] == list(found.cases)
    for files, place in zip(made.cases, (0, 1), strict=True):
        case, source = load_case(files), load_case(data.cases[place])
        assert case.truth is not None
        assert source.truth is not None
        assert set(case.sequences) == set(source.sequences)
        assert np.array_equal(case.sequences["FLAIR"].data, source.sequences["FLAIR"].data)
        assert np.count_nonzero(case.truth.data != source.truth.data) == place
    manifest = read_manifest(found.split)
    check_manifest(manifest, made)
    assert sorted(name for names in manifest.split.parts.values() for name in names) == sorted(found.cases)
    said = json.loads((tmp_path / "out" / "reviewed.json").read_text())["cases"][data.cases[1].name]
    assert (said["status"], said["reader"], said["mask"]["sha256"]) == ("corrected", "R", sha256_of(mask))


def test_the_images_are_linked_and_the_masks_are_copies(data: DataSet, store: ReviewStore, tmp_path: Path) -> None:
    decide(store, data, 0, "accepted")
    decide(store, data, 1, "accepted")
    make_reviewed_set(data, store.latest(), tmp_path / "out", draw=DRAW)
    folder = tmp_path / "out" / data.cases[0].name
    assert (folder / "FLAIR.nii.gz").resolve() == data.cases[0].sequences["FLAIR"].path.resolve()
    assert not (folder / "truth.nii.gz").is_symlink()


def test_masks_of_the_whole_tumour_alone_make_a_set_of_it(data: DataSet, store: ReviewStore, tmp_path: Path) -> None:
    case = data.cases[0]
    assert case.truth is not None
    truth = read_label_map(case.truth, layout=case.layout)
    path = tmp_path / f"{case.name}_prediction.nii.gz"
    whole = LabelMap("m", (truth.data > 0).astype(np.uint8), truth.grid, region_scheme("WT"))
    write_label_map(path, whole)
    write_json(tmp_path / f"{case.name}_prediction.json", {"scheme": "region:WT"})
    decide(store, data, 0, "accepted", path)
    decide(store, data, 1, "accepted")
    make_reviewed_set(data, store.latest(), tmp_path / "out", draw=DRAW)
    for files in open_dataset(tmp_path / "out").cases:
        found = load_case(files).truth
        assert found is not None
        assert found.scheme.name == "region:WT"
        assert set(np.unique(found.data)) == {0, 1}


def test_what_is_in_doubt_is_left_out_and_named(data: DataSet, store: ReviewStore, tmp_path: Path) -> None:
    first, second = corrected(data, 0, tmp_path / "masks"), corrected(data, 1, tmp_path / "masks")
    decide(store, data, 0, "corrected", first)
    decide(store, data, 1, "corrected", second)
    decide(store, data, 2, "accepted")
    decide(store, data, 2, "rejected", first, reader="S")
    for place in (3, 4):
        decide(store, data, place, "accepted")
    first.write_bytes(corrected(data, 3, tmp_path / "other").read_bytes())
    second.unlink()
    found = make_reviewed_set(data, store.latest(), tmp_path / "out", draw=DRAW)
    names = [case.name for case in data.cases]
    assert found.problems == {
        names[0]: "its mask was changed after it was judged",
        names[1]: "its mask is not there any more",
        names[2]: "one reader rejected it",
    }
    assert found.cases == (names[3], names[4])


def test_without_a_decision_there_is_nothing_to_train_on(data: DataSet, store: ReviewStore, tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="no case of set was accepted or corrected"):
        make_reviewed_set(data, store.latest(), tmp_path / "out", draw=DRAW)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_left_alone(data: DataSet, store: ReviewStore, tmp_path: Path) -> None:
    decide(store, data, 0, "accepted")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(ExportError, match="not empty"):
        make_reviewed_set(data, store.latest(), tmp_path / "out", draw=DRAW)
    assert (tmp_path / "out" / "mine").is_file()


def later(path: Path, content: bytes) -> None:
    """Write a file at a moment that its disk can tell from now."""
    before = path.stat().st_ctime_ns
    path.write_bytes(content)
    while path.stat().st_ctime_ns == before:
        os.utime(path)


def trained(data: Path, split: Path | None = None) -> RunFolder:
    request = TrainRequest(data=str(data), split=str(split or ""))
    return RunFolder.create(default_runs_root(), request, label="t")


def test_a_mask_that_was_corrected_again_marks_the_runs_that_used_it(
    data: DataSet, store: ReviewStore, tmp_path: Path
) -> None:
    mask = corrected(data, 1, tmp_path / "masks")
    decide(store, data, 0, "accepted")
    decide(store, data, 1, "corrected", mask)
    made = make_reviewed_set(data, store.latest(), tmp_path / "out", draw=DRAW)
    run = trained(made.root, made.split)
    assert changed_masks(run) == ()
    content = mask.read_bytes()
    later(mask, corrected(data, 2, tmp_path / "other").read_bytes())
    assert changed_masks(run) == (data.cases[1].name,)
    # What was only touched, or put back, is not changed.
    later(mask, content)
    assert changed_masks(run) == ()
    mask.unlink()
    assert changed_masks(run) == (data.cases[1].name,)


def test_a_case_that_was_decided_otherwise_marks_the_runs_too(
    data: DataSet, store: ReviewStore, tmp_path: Path
) -> None:
    for place in (0, 1, 2):
        decide(store, data, place, "accepted", corrected(data, place, tmp_path / "masks"))
    made = make_reviewed_set(data, store.latest(), tmp_path / "out", draw=DRAW)
    run = trained(made.root, made.split)
    assert changed_masks(run) == ()
    # The same mask judged again is the same mask; a corrected one is a file of its own.
    decide(store, data, 0, "accepted", corrected(data, 0, tmp_path / "masks"), reader="S")
    assert changed_masks(run) == ()
    truth = data.cases[1].truth
    assert truth is not None
    decide(store, data, 1, "corrected", truth.path)
    decide(store, data, 2, "rejected")
    assert changed_masks(run) == (data.cases[1].name, data.cases[2].name)


def test_a_truth_that_was_changed_marks_the_runs_whose_split_lists_it(data: DataSet, tmp_path: Path) -> None:
    split = split_cases([case.name for case in data.cases], seed=1)
    path = save_manifest(tmp_path / "split.json", data, split, draw=Draw())
    run = trained(data.root, path)
    truth = data.cases[2].truth
    assert truth is not None
    assert changed_masks(run) == ()
    later(truth.path, corrected(data, 2, tmp_path / "other").read_bytes())
    assert changed_masks(run) == (data.cases[2].name,)


def test_a_run_without_hashes_is_not_judged(data: DataSet) -> None:
    assert changed_masks(trained(data.root)) == ()
    assert changed_masks(trained(data.root / "gone")) == ()


def test_the_command_makes_the_set_and_the_list_of_runs_marks_what_is_stale(
    data: DataSet, store: ReviewStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = corrected(data, 1, tmp_path / "masks")
    decide(store, data, 0, "accepted")
    decide(store, data, 1, "corrected", mask)
    words = ["worklist", str(data.root), "--training-set", str(tmp_path / "out"), "--validation", "0.25", "--test", "0"]
    assert main([*words, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)["training_set"]
    assert made["cases"] == [data.cases[0].name, data.cases[1].name]
    run = trained(Path(made["root"]), Path(made["split"]))
    later(mask, b"")
    assert main(["runs", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)["runs"]
    assert (listed["run"], listed["changed_masks"]) == (run.name, [data.cases[1].name])
    assert main(["runs", "list"]) == 0
    assert "stale: 1 mask that it learned from was changed since" in capsys.readouterr().out


def test_the_list_of_runs_shows_what_is_stale(data: DataSet, store: ReviewStore, tmp_path: Path, qtbot: QtBot) -> None:
    for place in (0, 1):
        decide(store, data, place, "accepted", corrected(data, place, tmp_path / "masks"))
    made = make_reviewed_set(data, store.latest(), tmp_path / "out", draw=DRAW)
    run = trained(made.root, made.split)
    run.append({"event": "state", "state": "finished"})
    runs = Runs(default_runs_root())
    table = RunList(runs)
    qtbot.addWidget(table)
    runs.start_watching()
    qtbot.waitUntil(lambda: runs.has_looked, timeout=30_000)
    assert runs.changed_masks(run.name) == ()
    decide(store, data, 1, "rejected")
    with qtbot.waitSignal(runs.masks_changed, timeout=30_000):
        runs.compare_masks()
    assert runs.changed_masks(run.name) == (data.cases[1].name,)
    model = table.model()
    texts = [model.index(0, column).data() for column in range(model.columnCount())]
    assert "stale: masks changed" in texts
    tips = [str(model.index(0, column).data(Qt.ItemDataRole.ToolTipRole)) for column in range(model.columnCount())]
    assert any(data.cases[1].name in tip for tip in tips)
    runs.stop_watching()
