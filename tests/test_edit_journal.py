"""The journal keeps every finished edit, drops a torn tail, and never mixes up two windows' work."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from workstation.core.geometry import Grid
from workstation.core.label_edits import Edit, EditableLabelMap, History
from workstation.core.labels import SCHEMES
from workstation.core.volume import LabelMap
from workstation.errors import EditError, ExportError
from workstation.io.edit_journal import (
    EditJournal,
    begin_journal,
    discard_journal,
    journals_of,
    read_journal,
    replayed,
    resume_journal,
)
from workstation.io.journal_records import fingerprint_of
from workstation.io.places import edits_folder

SHAPE = (9, 8, 7)
CASE = Path("/data/case_1/case_1_flair.nii.gz")
AFFINE = np.array([[-1.0, 0, 0, 239], [0, -1.0, 0, 1 / 3], [0, 0, 1.5, -70], [0, 0, 0, 1]])


@pytest.fixture
def base() -> LabelMap:
    data = np.random.default_rng(3).integers(0, 3, SHAPE).astype(np.uint8)
    return LabelMap("mask", data, Grid(SHAPE, AFFINE), SCHEMES["msd"])


class Work:
    """Random edits, with undo and redo, written down as they are made."""

    def __init__(self, base: LabelMap, journal: EditJournal, seed: int = 0) -> None:
        self.editable = EditableLabelMap(base)
        self.history = History(self.editable)
        self.journal = journal
        self._rng = np.random.default_rng(seed)

    def step(self) -> None:
        choice = self._rng.random()
        if choice < 0.2 and self.history.undo():
            self.journal.append_undo()
        elif choice < 0.35 and self.history.redo():
            self.journal.append_redo()
        else:
            i, j, k = (int(self._rng.integers(0, side - 2)) for side in SHAPE)
            box = (slice(i, i + 2), slice(j, j + 2), slice(k, k + 2))
            edit = Edit("brush", self.editable.replace(box, self._rng.integers(0, 4, (2, 2, 2)).astype(np.uint8)))
            self.history.add(edit)
            self.journal.append_edit(edit)


@pytest.mark.parametrize("seed", range(10))
def test_any_work_comes_back_with_its_history(base: LabelMap, tmp_path: Path, seed: int) -> None:
    work = Work(base, begin_journal(tmp_path / "edits", CASE, base, origin="prediction"), seed)
    for _ in range(40):
        work.step()
    work.journal.sync()
    work.journal.close()
    (path,) = journals_of(tmp_path / "edits", CASE)
    contents = read_journal(path)
    assert (contents.origin, contents.base.name, contents.base.scheme.name) == ("prediction", "mask", "msd")
    assert np.array_equal(contents.base.grid.affine, AFFINE)
    editable, history = replayed(contents)
    assert np.array_equal(editable.data, work.editable.data)
    for move in ("undo", "redo", "undo"):
        while True:
            mine, theirs = getattr(history, move)(), getattr(work.history, move)()
            assert (mine is None) == (theirs is None)
            if mine is None:
                break
            assert np.array_equal(editable.data, work.editable.data)


def test_a_file_cut_anywhere_gives_the_work_up_to_the_last_whole_record(base: LabelMap, tmp_path: Path) -> None:
    work = Work(base, begin_journal(tmp_path, CASE, base, origin="truth"))
    begun = work.journal.path.stat().st_size
    ends, states = [begun], [work.editable.snapshot().data]
    for _ in range(6):
        work.step()
        ends.append(work.journal.path.stat().st_size)
        states.append(work.editable.snapshot().data)
    work.journal.close()
    whole = work.journal.path.read_bytes()
    torn = tmp_path / "torn.journal"
    for length in range(begun, len(whole) + 1):
        torn.write_bytes(whole[:length])
        contents = read_journal(torn)
        kept = max(number for number, end in enumerate(ends) if end <= length)
        assert (len(contents.entries), contents.end) == (kept, ends[kept])
        assert np.array_equal(replayed(contents)[0].data, states[kept])


def test_a_flipped_bit_ends_the_journal_there(base: LabelMap, tmp_path: Path) -> None:
    work = Work(base, begin_journal(tmp_path, CASE, base, origin="truth"))
    work.step()
    middle = work.journal.path.stat().st_size
    work.step()
    work.journal.close()
    data = bytearray(work.journal.path.read_bytes())
    for place in range(middle, len(data)):
        damaged = data.copy()
        damaged[place] ^= 4
        work.journal.path.write_bytes(damaged)
        assert len(read_journal(work.journal.path).entries) == 1


def test_work_goes_on_behind_a_torn_tail(base: LabelMap, tmp_path: Path) -> None:
    work = Work(base, begin_journal(tmp_path, CASE, base, origin="truth"))
    work.step()
    kept = work.editable.snapshot().data
    work.step()
    work.journal.close()
    with work.journal.path.open("r+b") as file:
        file.truncate(work.journal.path.stat().st_size - 3)
    contents = read_journal(work.journal.path)
    editable, history = replayed(contents)
    assert np.array_equal(editable.data, kept)
    journal = resume_journal(contents)
    edit = Edit("brush", editable.paint((slice(0, 2), slice(0, 2), slice(0, 2)), np.ones((2, 2, 2), bool), 3))
    history.add(edit)
    journal.append_edit(edit)
    journal.close()
    again = read_journal(work.journal.path)
    assert np.array_equal(replayed(again)[0].data, editable.data)
    assert again.edit_count == 2


def test_nobody_else_can_read_it(base: LabelMap) -> None:
    before = os.umask(0)
    try:
        journal = begin_journal(edits_folder(), CASE, base, origin="truth")
    finally:
        os.umask(before)
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(edits_folder().stat().st_mode) == 0o700
    journal.remove()
    assert list(edits_folder().iterdir()) == []


def test_what_is_written_by_a_window_is_offered_to_no_other(base: LabelMap, tmp_path: Path) -> None:
    journal = begin_journal(tmp_path, CASE, base, origin="truth")
    journal.append_undo()
    assert journals_of(tmp_path, CASE) == []
    with pytest.raises(EditError, match="cannot be taken up"):
        resume_journal(read_journal(journal.path))
    journal.close()
    assert journals_of(tmp_path, CASE) == [journal.path]
    assert journals_of(tmp_path, CASE.with_name("case_2.nii.gz")) == []


def test_work_that_another_window_went_on_with_is_neither_cut_off_nor_deleted(base: LabelMap, tmp_path: Path) -> None:
    work = Work(base, begin_journal(tmp_path, CASE, base, origin="truth"))
    work.step()
    work.journal.close()
    os.utime(work.journal.path, (1, 1))  # a clock that stands still for a moment would hide what follows
    offered = read_journal(work.journal.path)
    other = resume_journal(read_journal(work.journal.path))
    other.append_edit(Edit("brush", work.editable.paint((slice(0, 2),) * 3, np.ones((2, 2, 2), bool), 3)))
    other.close()
    for use in (resume_journal, discard_journal):
        with pytest.raises(EditError, match="since it was read"):
            use(offered)
    assert len(read_journal(work.journal.path).entries) == 2


def test_work_that_another_window_finished_is_not_gone_on_with(
    base: LabelMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_journal(tmp_path, CASE, base, origin="truth").close()
    (path,) = journals_of(tmp_path, CASE)
    offered = read_journal(path)
    real_open = os.open

    def open_at_the_last_moment(path: Path, flags: int) -> int:
        descriptor = real_open(path, flags)
        Path(path).unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_at_the_last_moment)
    with pytest.raises(EditError, match="since it was read"):
        resume_journal(offered)


def test_new_work_leaves_old_work_alone(base: LabelMap, tmp_path: Path) -> None:
    first = begin_journal(tmp_path, CASE, base, origin="truth")
    first.close()
    os.utime(first.path, (1, 1))
    before = first.path.read_bytes()
    second = begin_journal(tmp_path, CASE, base, origin="truth")
    second.append_undo()
    second.close()
    assert first.path.read_bytes() == before
    assert journals_of(tmp_path, CASE) == [second.path, first.path]


def test_unfinished_is_what_was_edited_and_not_exported(base: LabelMap, tmp_path: Path) -> None:
    journal = begin_journal(tmp_path, CASE, base, origin="truth")
    work = Work(base, journal)
    assert not read_journal(journal.path).is_unfinished
    edit = Edit("brush", work.editable.paint((slice(0, 2), slice(0, 2), slice(0, 2)), np.ones((2, 2, 2), bool), 3))
    journal.append_edit(edit)
    assert read_journal(journal.path).is_unfinished
    journal.append_saved(Path("/tmp/out.nii.gz"))
    assert not read_journal(journal.path).is_unfinished
    journal.append_edit(Edit("brush", edit.diff.inverse))
    assert read_journal(journal.path).is_unfinished
    for _ in range(2):
        journal.append_undo()
    assert not read_journal(journal.path).is_unfinished
    journal.close()


def test_a_full_disk_is_said_and_leaves_whole_records(
    base: LabelMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begin_journal(tmp_path, CASE, base, origin="truth")
    work = Work(base, journal)
    work.step()
    real_write = os.write

    def write_a_part(descriptor: int, data: bytes) -> int:
        if len(data) > 5:
            return real_write(descriptor, bytes(data[:5]))
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_a_part)
        # The first five bytes of a record go to the disk, the next do not.
        patch.setattr("workstation.io.edit_journal.record", lambda kind, payload: b"x" * 8)
        with pytest.raises(ExportError, match="No space left"):
            journal.append_undo()
    journal.append_undo()
    journal.close()
    assert len(read_journal(journal.path).entries) == 2


def test_a_journal_that_cannot_be_begun_leaves_no_file_and_no_handle(
    base: LabelMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handles = len(list(Path("/proc/self/fd").iterdir()))

    def is_full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", is_full)
        with pytest.raises(ExportError, match="No space left"):
            begin_journal(tmp_path, CASE, base, origin="truth")
    assert list(tmp_path.iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == handles


@pytest.mark.parametrize("content", [b"", b"no journal at all", b"BraTS workstation edits 1\n", b"\x1f\x8b" * 40])
def test_another_file_is_no_journal(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.journal"
    path.write_bytes(content)
    with pytest.raises(EditError):
        read_journal(path)
    with pytest.raises(EditError):
        read_journal(tmp_path / "absent.journal")


def test_the_fingerprint_is_of_labels_and_not_of_memory(base: LabelMap) -> None:
    same = LabelMap("other name", np.asfortranarray(base.data), base.grid, base.scheme)
    assert fingerprint_of(same) == fingerprint_of(base)
    data = base.data.copy()
    data[0, 0, 0] += 1
    assert fingerprint_of(LabelMap("mask", data, base.grid, base.scheme)) != fingerprint_of(base)
    assert fingerprint_of(LabelMap("mask", base.data, base.grid, SCHEMES["brats2023"])) != fingerprint_of(base)
