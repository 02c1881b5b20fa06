"""The store of decisions: what is kept, what is never changed, two processes at once, damage, locks, migration."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from small_cases import truth_path, write_cases, write_shifted

from workstation.core.review import CaseFigures, Decision, ReviewedMask
from workstation.errors import GeometryError, LayoutError, ReviewError
from workstation.io import review_schema
from workstation.io.files import sha256_of
from workstation.io.review_figures import fingerprint_of, measure_case, predictions_in
from workstation.io.review_marks import marks_in
from workstation.io.review_schema import MIGRATIONS, prepare
from workstation.io.review_store import ReviewStore, review_path

MASK = ReviewedMask("/data/predictions/C1.nii.gz", "ab" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".workstation" / "reviews.sqlite"


def test_a_decision_comes_back_as_it_was_given(path: Path) -> None:
    given = Decision(
        "C1", "Ada", "rejected", "misses tumour", "left temporal", MASK, "2026-01-01T10:00:00.000+00:00", seconds=12.5
    )
    with ReviewStore(path) as store:
        kept = store.decide(given)
    assert (kept.number, kept.decided_at[10]) == (1, "T")
    with ReviewStore(path) as store:
        assert store.history() == (kept,)
        assert store.latest() == {("C1", "Ada"): kept}
    assert (kept.status, kept.reason, kept.note, kept.mask, kept.seconds) == (
        *("rejected", "misses tumour", "left temporal"),
        *(MASK, 12.5),
    )


def test_the_last_decision_of_each_reader_is_the_state(path: Path) -> None:
    with ReviewStore(path) as store:
        for case, reader, status in (
            ("C1", "Ada", "accepted"),
            ("C1", "Ben", "rejected"),
            ("C2", "Ada", "flagged"),
            ("C1", "Ada", "corrected"),
        ):
            store.decide(Decision(case, reader, status))
        states = {key: decision.status for key, decision in store.latest().items()}
        assert states == {("C1", "Ada"): "corrected", ("C1", "Ben"): "rejected", ("C2", "Ada"): "flagged"}
        assert [decision.status for decision in store.history("C1")] == ["accepted", "rejected", "corrected"]


def test_an_undo_is_a_decision_that_restores_the_one_before(path: Path) -> None:
    with ReviewStore(path) as store:
        first = store.decide(Decision("C1", "Ada", "accepted", note="fine"))
        second = store.decide(Decision("C1", "Ada", "rejected", "wrong label"))
        undone = store.undo(second.number)
        assert (undone.status, undone.note, undone.reason, undone.undoes) == ("accepted", "fine", "", second.number)
        assert len(store.history()) == 3
        # The undo may be taken back like any other decision.
        assert store.undo(undone.number).status == "rejected"
        with pytest.raises(ReviewError, match="decided on again since, as rejected"):
            store.undo(first.number)
        assert len(store.history()) == 4


def test_the_undo_of_a_first_decision_leaves_the_case_unread(path: Path) -> None:
    with ReviewStore(path) as store:
        only = store.decide(Decision("C1", "Ada", "accepted"))
        assert store.undo(only.number).status == "unread"
        with pytest.raises(ReviewError, match="no decision 99"):
            store.undo(99)


def test_history_cannot_be_changed_even_by_hand(path: Path) -> None:
    with ReviewStore(path) as store:
        store.decide(Decision("C1", "Ada", "accepted"))
    connection = sqlite3.connect(path)
    for statement in ("UPDATE decisions SET status = 'rejected'", "DELETE FROM decisions"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()


def test_what_is_no_decision_is_not_written(path: Path) -> None:
    with ReviewStore(path) as store:
        for wrong in (Decision("C1", "Ada", "liked"), Decision("", "Ada", "accepted"), Decision("C1", "", "accepted")):
            with pytest.raises(ValueError, match="no decision"):
                store.decide(wrong)
        # A check of the table itself stops the transaction half-way: nothing of it stays, and the next one works.
        with pytest.raises(sqlite3.IntegrityError):
            store.decide(Decision("C1", "Ada", "accepted", seconds=-1))
        assert store.history() == ()
        assert store.decide(Decision("C1", "Ada", "accepted")).number == 1


WRITER = """
import sys
from pathlib import Path
from workstation.core.review import Decision
from workstation.io.review_store import ReviewStore
reader, count = sys.argv[2], int(sys.argv[3])

def wait_for_the_other(word):
    print(word, flush=True)
    sys.stdin.readline()

wait_for_the_other("ready")
with ReviewStore(Path(sys.argv[1])) as store:
    wait_for_the_other("open")
    number = since = 0
    while since < count:
        kept = store.decide(Decision(f"C{number}", reader, "accepted", note=f"{reader} {number}"))
        if number % 5 == 0:
            store.undo(kept.number)
        number += 1
        # Only what is written after the other one began counts: the two are at work at once.
        since += since > 0 or any(each.reader != reader for each in store.history())
print(number)
"""


def test_two_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    count = 30
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [
        subprocess.Popen([*command, reader, str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for reader in ("Ada", "Ben")
    ]
    # Both make the store, its tables and its log at one moment, then write from one moment on.
    for word in ("ready\n", "open\n"):
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == word
        for writer in writers:
            assert writer.stdin is not None
            writer.stdin.write("\n")
            writer.stdin.flush()
    written = dict(zip(("Ada", "Ben"), (int(writer.communicate(timeout=60)[0]) for writer in writers), strict=True))
    assert [writer.returncode for writer in writers] == [0, 0]
    with ReviewStore(path) as store:
        history = store.history()
    assert [each.number for each in history] == list(range(1, len(history) + 1))
    for reader, number in written.items():
        own = [each for each in history if each.reader == reader]
        assert [each.note for each in own if each.undoes is None] == [f"{reader} {n}" for n in range(number)]
        assert sum(each.undoes is not None for each in own) == len(range(0, number, 5))
    readers = [each.reader for each in history]
    assert readers not in (sorted(readers), sorted(readers, reverse=True))


def test_another_windows_write_changes_the_mark_and_an_own_one_does_not(path: Path) -> None:
    with ReviewStore(path) as store, ReviewStore(path) as other:
        before = store.change_mark()
        store.decide(Decision("C1", "Ada", "accepted"))
        assert store.change_mark() == before
        other.decide(Decision("C1", "Ben", "rejected"))
        assert store.change_mark() != before
        assert store.latest()["C1", "Ben"].status == "rejected"


def test_folder_and_files_are_the_users_alone(path: Path) -> None:
    old = os.umask(0)
    try:
        with ReviewStore(path) as store:
            store.decide(Decision("C1", "Ada", "accepted"))
            modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "reviews.sqlite-wal" in modes
    assert set(modes.values()) == {0o600}


def test_a_file_that_is_no_store_is_named_with_a_hint_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"these are no decisions, " * 100)
    before = path.read_bytes()
    with pytest.raises(ReviewError, match="is damaged") as caught:
        ReviewStore(path)
    assert "Move the file away" in caught.value.hint
    assert str(path) in caught.value.message
    assert path.read_bytes() == before


def test_a_store_with_damaged_pages_is_found_at_opening(path: Path) -> None:
    with ReviewStore(path) as store:
        for number in range(100):
            store.decide(Decision(f"C{number}", "Ada", "accepted", note="n" * 200))
    data = bytearray(path.read_bytes())
    page = 4096
    for start in range(page, len(data), page):
        data[start : start + 64] = b"\xff" * 64
    path.write_bytes(data)
    with pytest.raises(ReviewError, match="is damaged"):
        ReviewStore(path)


def test_a_locked_store_says_so_and_writes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_schema, "BUSY_SECONDS", 0.05)
    with ReviewStore(path) as store:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(ReviewError, match="locked by another program") as caught:
            store.decide(Decision("C1", "Ada", "accepted"))
        assert "Nothing was written" in caught.value.hint
        holder.execute("ROLLBACK")
        holder.close()
        assert store.history() == ()
        store.decide(Decision("C1", "Ada", "accepted"))


def test_an_older_store_is_brought_up_to_date_and_a_newer_one_refused(path: Path) -> None:
    with ReviewStore(path) as store:
        store.decide(Decision("C1", "Ada", "accepted"))

    def add_a_column(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE predictions ADD COLUMN model TEXT")

    connection = sqlite3.connect(path, isolation_level=None)
    prepare(connection, path, migrations=(*MIGRATIONS, add_a_column))
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
    assert connection.execute("SELECT model FROM predictions").fetchall() == []
    assert connection.execute("SELECT status FROM decisions").fetchall() == [("accepted",)]
    connection.close()
    with pytest.raises(ReviewError, match="newer version") as caught:
        ReviewStore(path)
    assert "Update the program" in caught.value.hint


def test_a_migration_that_fails_leaves_the_store_as_it_was(path: Path) -> None:
    ReviewStore(path).close()

    def break_half_way(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (n INTEGER)")
        raise sqlite3.IntegrityError("no")

    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        prepare(connection, path, migrations=(*MIGRATIONS, break_half_way))
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert "half" not in tables
    ReviewStore(path).close()


def test_a_store_lies_beside_the_data_or_among_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "set"
    data.mkdir()
    assert review_path(data) == data / ".workstation" / "reviews.sqlite"
    monkeypatch.setattr(os, "access", lambda *_: False)
    own = review_path(data)
    assert own.parent.parent == Path(os.environ["XDG_DATA_HOME"]) / "brats-workstation" / "reviews"
    assert own.parent.name.startswith("set-")
    other = tmp_path / "other" / "set"
    assert review_path(other) != own


def test_a_decision_taken_back_leaves_that_of_another_reader_standing(tmp_path: Path) -> None:
    with ReviewStore(review_path(tmp_path)) as store:
        store.decide(Decision("C1", "Ada", "accepted"))
        kept = store.decide(Decision("C1", "Ben", "rejected", "wrong label"))
        assert (marks_in(tmp_path)["C1"].reviewer, marks_in(tmp_path)["C1"].decision) == ("Ben", "rejected")
        store.undo(kept.number)
        assert (marks_in(tmp_path)["C1"].reviewer, marks_in(tmp_path)["C1"].decision) == ("Ada", "accepted")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReviewError, match="cannot be kept") as caught:
        ReviewStore(tmp_path / "file" / ".workstation" / "reviews.sqlite")
    assert caught.value.hint


def test_predictions_and_figures_are_replaced_not_added(path: Path) -> None:
    figures = CaseFigures("a", {"WT": 0.8, "TC": 1.0}, 12.0, 11.5)
    with ReviewStore(path) as store:
        store.set_predictions({"C1": Path("/p/C1.nii.gz"), "C2": Path("/p/C2.nii.gz")})
        store.set_predictions({"C1": Path("/q/C1.nii.gz"), "C2": None})
        assert store.predictions() == {"C1": Path("/q/C1.nii.gz")}
        store.keep_figures({"C1": CaseFigures("old", {}), "C2": CaseFigures("b", {}, prediction_ml=3.0)})
        store.keep_figures({"C1": figures})
        assert store.figures() == {"C1": figures, "C2": CaseFigures("b", {}, None, 3.0)}


def test_predictions_are_found_by_the_names_of_their_cases(tmp_path: Path) -> None:
    data = write_cases(tmp_path / "data", cases=2)
    first, second = data.cases
    one = write_shifted(truth_path(first), tmp_path / "guesses" / f"{first.name}_prediction.nii.gz")
    two = write_shifted(truth_path(second), tmp_path / "guesses" / second.name / f"{second.name}.nii.gz")
    assert predictions_in(tmp_path / "guesses", data.cases) == {first.name: one, second.name: two}
    with pytest.raises(LayoutError, match="no mask"):
        predictions_in(data.root, data.cases)  # the truths there are nobody's predictions


def test_figures_of_a_shifted_mask_by_hand(tmp_path: Path) -> None:
    data = write_cases(tmp_path / "data", cases=1)
    files = data.cases[0]
    same = measure_case(files, truth_path(files))
    assert same.dice == {"WT": 1.0, "TC": 1.0, "ET": 1.0}
    assert same.truth_ml == same.prediction_ml
    alone = measure_case(files, None)
    assert (alone.dice, alone.truth_ml, alone.prediction_ml) == ({}, same.truth_ml, None)
    shifted = write_shifted(truth_path(files), tmp_path / "shifted.nii.gz")
    moved = measure_case(files, shifted)
    # The shift carries nothing out of the volume.
    assert moved.prediction_ml == moved.truth_ml
    assert 0 < moved.dice["WT"] < 1
    assert moved.fingerprint == fingerprint_of(truth_path(files), shifted)
    write_shifted(truth_path(files), shifted, by=3)
    assert fingerprint_of(truth_path(files), shifted) != moved.fingerprint
    other = write_cases(tmp_path / "other", cases=1).cases[0]
    assert sha256_of(truth_path(other)) == sha256_of(truth_path(files))


def test_masks_on_different_grids_are_not_measured(tmp_path: Path) -> None:
    import nibabel
    import numpy as np

    data = write_cases(tmp_path / "data", cases=1)
    path = tmp_path / "small_seg.nii.gz"
    nibabel.Nifti1Image(np.ones((4, 4, 4), dtype=np.uint8), np.eye(4)).to_filename(path)
    with pytest.raises(GeometryError):
        measure_case(data.cases[0], path)
