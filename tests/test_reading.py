"""Reading a data set: decisions in the store, two windows, what comes next, reading ahead, blinded mode, figures."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_cases, write_shifted

from workstation.core.case import DataSet
from workstation.core.review import Decision
from workstation.errors import FileMissing
from workstation.io.files import sha256_of
from workstation.io.layouts import open_dataset
from workstation.io.review_store import ReviewStore, review_path
from workstation.session import commands, reading
from workstation.session.loading import LoadedCase
from workstation.session.prefetch import Wanted
from workstation.session.runs import Runs
from workstation.session.session import Session
from workstation.session.worklist_entries import Choice


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four cases, and one prediction per case; the shift grows, so that the Dice falls."""
    root = tmp_path_factory.mktemp("originals")
    data = write_cases(root / "data", cases=4)
    for number, files in enumerate(data.cases):
        out = root / "predictions" / f"{files.name}_prediction.nii.gz"
        write_shifted(truth_path(files), out, by=number + 1)
    return root


@pytest.fixture
def data(tmp_path: Path, originals: Path) -> DataSet:
    """A data set of the test's own: decisions are kept in it."""
    return open_dataset(Path(shutil.copytree(originals / "data", tmp_path / "data")))


@pytest.fixture
def predictions(tmp_path: Path, originals: Path) -> Path:
    return Path(shutil.copytree(originals / "predictions", tmp_path / "predictions"))


def start(qtbot: QtBot, data: DataSet, runs: Path) -> Session:
    session = Session(runs=Runs(runs))
    session.worklist.set_reader("Ada")
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, data.root)
    qtbot.waitUntil(lambda: session.worklist.access.is_read)
    return session


@pytest.fixture
def session(qtbot: QtBot, data: DataSet, tmp_path: Path) -> Iterator[Session]:
    session = start(qtbot, data, tmp_path / "runs")
    yield session
    session.close()


def settle(session: Session, qtbot: QtBot) -> None:
    def is_settled() -> bool:
        busy = (session.background, session.worklist.access, session.ahead)
        return not any(each.is_busy for each in busy) and session.prefetch.is_settled and not session.figures.left

    qtbot.waitUntil(is_settled)


def open_name(session: Session) -> str:
    assert session.case is not None
    return session.case.name


def stored(data: DataSet) -> tuple[Decision, ...]:
    with ReviewStore(review_path(data.root)) as store:
        return store.history()


def with_predictions(session: Session, folder: Path, qtbot: QtBot) -> None:
    reading.open_predictions(session, folder)
    settle(session, qtbot)
    assert all(entry.prediction is not None for entry in session.worklist.entries)


def test_looking_at_a_data_set_leaves_nothing_in_it(session: Session, data: DataSet, qtbot: QtBot) -> None:
    commands.step_case(session, 1)
    settle(session, qtbot)
    assert not (data.root / ".workstation").exists()


def test_accepting_writes_the_decision_and_opens_the_next_case(
    session: Session, data: DataSet, predictions: Path, qtbot: QtBot
) -> None:
    with_predictions(session, predictions, qtbot)
    with qtbot.waitSignal(session.case_changed):
        reading.accept_and_next(session)
    assert open_name(session) == data.cases[1].name
    (kept,) = stored(data)
    mask = predictions / f"{data.cases[0].name}_prediction.nii.gz"
    assert (kept.case, kept.reader, kept.status, kept.is_blinded) == (data.cases[0].name, "Ada", "accepted", False)
    assert kept.mask is not None
    assert (kept.mask.path, kept.mask.sha256) == (str(mask), sha256_of(mask))
    assert kept.opened_at < kept.decided_at
    assert 0 < kept.seconds < 60
    assert session.worklist.entries[0].status == "accepted"
    assert session.worklist.progress.read == 1


def test_a_second_press_before_the_first_was_written_decides_nothing(
    session: Session, data: DataSet, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.case_changed):
        reading.accept_and_next(session)
        reading.accept_and_next(session)
        reading.flag(session, "")
    settle(session, qtbot)
    assert [(each.case, each.status) for each in stored(data)] == [(data.cases[0].name, "accepted")]


def test_nothing_is_decided_about_a_case_while_another_one_is_being_opened(
    session: Session, data: DataSet, qtbot: QtBot
) -> None:
    commands.open_case(session, data.cases[3])
    if session.expected_case is None:
        pytest.fail("the case was there at once")
    reading.accept_and_next(session)
    settle(session, qtbot)
    assert open_name(session) == data.cases[3].name
    assert not (data.root / ".workstation").exists()


def test_a_rejection_needs_a_reason_and_stays_on_its_case(session: Session, data: DataSet, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.problem) as problem:
        reading.reject(session, "  ")
    assert problem.args[0].hint
    with qtbot.waitSignal(session.worklist.decided):
        reading.reject(session, "misses tumour", note="second lesion")
    with qtbot.waitSignal(session.worklist.decided):
        reading.write_note(session, "two more lesions")
    assert open_name(session) == data.cases[0].name
    assert [(each.status, each.reason, each.note) for each in stored(data)] == [
        ("rejected", "misses tumour", "second lesion"),
        ("rejected", "misses tumour", "two more lesions"),
    ]
    reading.write_note(session, "two more lesions")  # no change, no decision
    settle(session, qtbot)
    assert len(stored(data)) == 2


def test_a_corrected_mask_is_kept_with_its_hash(
    session: Session, data: DataSet, predictions: Path, qtbot: QtBot
) -> None:
    mask = predictions / f"{data.cases[0].name}_prediction.nii.gz"
    with qtbot.waitSignal(session.worklist.decided):
        reading.mark_corrected(session, mask)
    (kept,) = stored(data)
    assert kept.status == "corrected"
    assert kept.mask is not None
    assert kept.mask.sha256 == sha256_of(mask)


def test_a_mask_that_was_written_anew_since_is_not_decided_on(
    session: Session, data: DataSet, predictions: Path, qtbot: QtBot
) -> None:
    with_predictions(session, predictions, qtbot)
    write_shifted(truth_path(data.cases[0]), predictions / f"{data.cases[0].name}_prediction.nii.gz", by=5)
    with qtbot.waitSignal(session.problem) as problem:
        reading.accept_and_next(session)
    assert "written anew" in problem.args[0].message
    settle(session, qtbot)
    assert open_name(session) == data.cases[0].name
    assert stored(data) == ()


def test_undo_takes_the_last_decision_back_and_returns_to_its_case(
    session: Session, data: DataSet, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.case_changed):
        reading.accept_and_next(session)
    with qtbot.waitSignals([session.notice, session.case_changed]):
        reading.undo_decision(session)
    assert open_name(session) == data.cases[0].name
    assert session.worklist.entries[0].status == "unread"
    assert [each.undoes for each in stored(data)] == [None, 1]
    reading.undo_decision(session)  # nothing left to take back
    settle(session, qtbot)
    assert len(stored(data)) == 2


def test_another_windows_decisions_appear_by_themselves(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    other = start(qtbot, data, tmp_path / "runs")
    other.worklist.set_reader("Ben")
    with qtbot.waitSignal(other.worklist.decided):
        reading.flag(other, "look at the pons")
    qtbot.waitUntil(lambda: bool(session.worklist.entries[0].others), timeout=5000)
    assert session.worklist.entries[0].others[0].note == "look at the pons"
    with qtbot.waitSignal(session.worklist.decided):
        reading.flag(session, "")
    other.worklist.access.look()
    qtbot.waitUntil(lambda: bool(other.worklist.entries[0].others), timeout=5000)
    other.close()


def test_a_decision_made_just_before_the_window_closes_is_kept(qtbot: QtBot, data: DataSet, tmp_path: Path) -> None:
    session = start(qtbot, data, tmp_path / "runs")
    reading.accept_and_next(session)
    session.close()
    assert [each.status for each in stored(data)] == ["accepted"]


def test_a_decision_written_after_another_data_set_was_opened_is_not_taken_for_one_of_it(
    session: Session, data: DataSet, originals: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    other = Path(shutil.copytree(originals / "data", tmp_path / "other"))
    ReviewStore(review_path(data.root)).close()
    with contextlib.closing(sqlite3.connect(review_path(data.root), isolation_level=None)) as slow:
        slow.execute("BEGIN IMMEDIATE")
        reading.accept_and_next(session)
        with qtbot.waitSignal(session.case_changed):
            commands.open_path(session, other)
        slow.execute("ROLLBACK")
    qtbot.waitUntil(lambda: not session.worklist.is_deciding)
    settle(session, qtbot)
    assert [each.status for each in stored(data)] == ["accepted"]
    assert session.data_set is not None
    assert session.data_set.root == other
    assert session.worklist.current == session.worklist.entries[0]
    # Undo would take back the decision of the same number in the other store.
    assert session.worklist.last is None


def test_a_damaged_store_is_said_once_and_decisions_are_refused(qtbot: QtBot, data: DataSet, tmp_path: Path) -> None:
    path = review_path(data.root)
    path.parent.mkdir()
    path.write_bytes(b"no store" * 1000)
    session = Session(runs=Runs(tmp_path / "runs"))
    problems: list[str] = []
    session.problem.connect(lambda error: problems.append(error.message))
    with qtbot.waitSignals([session.case_changed, session.problem]):
        commands.open_path(session, data.root)
    settle(session, qtbot)
    assert len(problems) == 1
    with qtbot.waitSignal(session.problem):
        reading.accept_and_next(session)
    settle(session, qtbot)
    assert open_name(session) == data.cases[0].name
    assert session.worklist.progress.read == 0
    assert "damaged" in problems[1]
    session.close()


def test_next_and_previous_follow_the_order_and_filter_of_the_list(
    session: Session, data: DataSet, qtbot: QtBot
) -> None:
    names = [files.name for files in data.cases]
    with qtbot.waitSignal(session.case_changed):
        commands.open_case(session, data.cases[2])
    with qtbot.waitSignal(session.case_changed):
        reading.accept_and_next(session)
    reading.choose(session, Choice(sort="status"))
    assert [entry.name for entry in session.worklist.shown] == [names[0], names[1], names[3], names[2]]
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, -1)
    assert open_name(session) == names[1]
    reading.choose(session, Choice(statuses=frozenset({"accepted"})))
    assert [entry.name for entry in session.worklist.shown] == [names[1], names[2]]  # the open case stays in sight
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, 1)
    assert [entry.name for entry in session.worklist.shown] == [names[2]]


def test_the_next_unread_case_is_opened_and_none_is_said(session: Session, data: DataSet, qtbot: QtBot) -> None:
    for status in ("accepted", "accepted", "flagged"):
        with qtbot.waitSignal(session.worklist.decided):
            session.worklist.decide(status)
        with qtbot.waitSignal(session.case_changed):
            commands.step_case(session, 1)
    with qtbot.waitSignal(session.worklist.decided):
        session.worklist.decide("accepted")
    with qtbot.waitSignal(session.case_changed):
        commands.open_case(session, data.cases[1])
    with qtbot.waitSignal(session.notice) as notice:
        reading.open_next_unread(session)
    assert "3 of 4 are read, 1 flagged" in notice.args[0]
    with qtbot.waitSignal(session.case_changed):
        reading.undo_decision(session)
    with qtbot.waitSignal(session.case_changed):
        commands.open_case(session, data.cases[0])
    with qtbot.waitSignal(session.case_changed):
        reading.open_next_unread(session)
    assert open_name(session) == data.cases[3].name


def test_neighbours_are_read_ahead_and_opened_at_once(
    session: Session, data: DataSet, predictions: Path, qtbot: QtBot
) -> None:
    with_predictions(session, predictions, qtbot)
    for number in (1, 2):
        qtbot.waitUntil(lambda: session.prefetch.has(_wanted(session, number)))  # noqa: B023 - waited for here
        commands.step_case(session, 1)
        assert open_name(session) == data.cases[number].name  # without a turn of the event loop
        assert session.layers.prediction is not None
    assert session.prefetch.has(_wanted(session, 1))  # the one that was left is the previous one
    settle(session, qtbot)
    assert session.prefetch.has(_wanted(session, 3))
    assert not session.prefetch.has(_wanted(session, 0))
    assert session.prefetch.kept_bytes > 0


def _wanted(session: Session, number: int) -> Wanted:
    entry = session.worklist.entries[number]
    return Wanted(entry.files, entry.prediction)


def test_a_case_whose_mask_was_written_anew_is_not_taken_from_what_was_read_ahead(
    session: Session, data: DataSet, predictions: Path, qtbot: QtBot
) -> None:
    with_predictions(session, predictions, qtbot)
    qtbot.waitUntil(lambda: session.prefetch.has(_wanted(session, 1)))
    write_shifted(truth_path(data.cases[1]), predictions / f"{data.cases[1].name}_prediction.nii.gz", by=7)
    assert not session.prefetch.has(_wanted(session, 1))
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, 1)
    prediction, truth = session.layers.prediction, session.layers.truth
    assert prediction is not None
    assert truth is not None
    assert (prediction.data[7:] == truth.data[:-7]).all()


def test_a_mask_written_anew_while_its_case_was_open_is_read_again(
    session: Session, data: DataSet, predictions: Path, qtbot: QtBot
) -> None:
    with_predictions(session, predictions, qtbot)
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, 1)
    write_shifted(truth_path(data.cases[1]), predictions / f"{data.cases[1].name}_prediction.nii.gz", by=7)
    for by in (1, -1):
        with qtbot.waitSignal(session.case_changed):
            commands.step_case(session, by)
    prediction, truth = session.layers.prediction, session.layers.truth
    assert prediction is not None
    assert truth is not None
    assert (prediction.data[7:] == truth.data[:-7]).all()


def test_a_case_that_could_not_be_read_ahead_says_why_when_it_is_opened(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: Future[LoadedCase] = Future()
    failed.set_exception(FileMissing("its disk is gone"))
    # It failed between being asked for and being looked at.
    monkeypatch.setattr(session.prefetch, "take", lambda _wanted: failed)
    with qtbot.waitSignal(session.problem) as told:
        commands.step_case(session, 1)
    assert told.args is not None
    assert "its disk is gone" in str(told.args[0])
    assert session.expected_case is None


def test_what_is_read_ahead_keeps_to_its_bound(session: Session, qtbot: QtBot) -> None:
    settle(session, qtbot)
    assert session.prefetch.kept_bytes > 0
    session.prefetch._most_bytes = session._loaded[1].byte_count if session._loaded else 0
    commands.step_case(session, 1)
    settle(session, qtbot)
    assert 0 < session.prefetch.kept_bytes <= session.prefetch._most_bytes
    session.prefetch._most_bytes = 0
    commands.step_case(session, 1)
    settle(session, qtbot)
    assert session.prefetch.kept_bytes == 0


def test_windows_and_overlays_stay_from_case_to_case(session: Session, qtbot: QtBot) -> None:
    resets: list[bool] = []
    session.view.reset_requested.connect(lambda: resets.append(True))
    image = session.images["FLAIR"]
    session.view.set_window("FLAIR", *image.window_of((20.0, 80.0)))
    session.layers.set_mode("labels")
    session.layers.set_region("TC")
    session.layers.set_opacity(0.7)
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, 1)
    assert not resets
    assert session.view.window("FLAIR") == pytest.approx(session.images["FLAIR"].window_of((20.0, 80.0)), rel=0.02)
    assert (session.layers.mode, session.layers.region, session.layers.opacity) == ("labels", "TC", 0.7)


def test_a_blinded_readers_prediction_shows_itself_after_the_decision(
    session: Session, data: DataSet, predictions: Path, qtbot: QtBot
) -> None:
    with_predictions(session, predictions, qtbot)
    assert session.layers.prediction is not None
    session.worklist.set_blinded(blinded=True)
    assert session.layers.prediction is None  # hidden at once
    commands.step_case(session, 1)
    settle(session, qtbot)
    assert session.layers.prediction is None
    assert session.layers.comparison is None
    assert session.worklist.is_holding
    with qtbot.waitSignal(session.layers.comparison_ready):
        reading.accept_and_next(session)
    assert open_name(session) == data.cases[1].name  # it stays, to be looked at
    assert session.layers.prediction is not None
    with qtbot.waitSignal(session.case_changed):
        reading.accept_and_next(session)
    assert session.layers.prediction is None
    assert [each.is_blinded for each in stored(data)] == [True, False]
    assert all(each.mask is not None for each in stored(data))
    session.worklist.set_blinded(blinded=False)
    assert session.layers.prediction is not None


def test_a_case_seen_before_is_not_called_blinded(
    session: Session, data: DataSet, predictions: Path, qtbot: QtBot
) -> None:
    with_predictions(session, predictions, qtbot)
    session.worklist.set_blinded(blinded=True)
    with qtbot.waitSignal(session.worklist.decided):
        reading.flag(session, "")
    assert [each.is_blinded for each in stored(data)] == [False]


def test_a_prediction_opened_by_a_blinded_reader_is_held_back_and_remembered(
    session: Session, data: DataSet, predictions: Path, qtbot: QtBot
) -> None:
    session.worklist.set_blinded(blinded=True)
    path = predictions / f"{data.cases[0].name}_prediction.nii.gz"
    with qtbot.waitSignal(session.notice) as notice:
        commands.open_mask(session, path, kind="prediction")
    assert "blinded" in notice.args[0]
    assert session.layers.prediction is None
    settle(session, qtbot)
    assert session.worklist.entries[0].prediction == path


def test_predictions_come_back_with_the_data_set(
    session: Session, data: DataSet, predictions: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    with_predictions(session, predictions, qtbot)
    again = start(qtbot, data, tmp_path / "runs")
    qtbot.waitUntil(lambda: again.layers.prediction is not None)
    assert again.layers.prediction is not None
    assert again.layers.prediction.source is not None
    assert again.layers.prediction.source.path == predictions / f"{data.cases[0].name}_prediction.nii.gz"
    again.close()


def test_figures_are_measured_once_and_order_the_list(
    session: Session, data: DataSet, predictions: Path, qtbot: QtBot
) -> None:
    with_predictions(session, predictions, qtbot)
    reading.choose(session, Choice(sort="dice"))
    qtbot.waitUntil(lambda: all(entry.dice is not None for entry in session.worklist.entries))
    settle(session, qtbot)
    # The prediction of a later case is shifted farther.
    assert [entry.name for entry in session.worklist.shown] == [files.name for files in reversed(data.cases)]
    comparison = session.layers.comparison
    assert comparison is not None
    assert session.worklist.current is not None
    assert session.worklist.current.dice == pytest.approx(comparison.regions["WT"].dice)
    with ReviewStore(review_path(data.root)) as store:
        before = store.figures()
        altered = {name: dataclasses.replace(each, truth_ml=1.0) for name, each in before.items()}
        store.keep_figures(altered)
    session.figures.measure_all()
    settle(session, qtbot)
    with ReviewStore(review_path(data.root)) as store:
        assert store.figures() == altered  # nothing was measured again: the files are the same


def test_decisions_are_exported_as_csv(session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.worklist.decided):
        reading.flag(session, "=cmd")
    path = tmp_path / "out.csv"
    with qtbot.waitSignal(session.notice):
        reading.export_decisions(session, path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == [files.name for files in data.cases]
    assert (rows[0]["status"], rows[0]["note"], rows[1]["status"]) == ("flagged", "'=cmd", "unread")


def test_cases_picked_from_a_data_set_share_its_decisions(
    session: Session, data: DataSet, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.worklist.decided):
        reading.flag(session, "")
    other = Session(runs=Runs(tmp_path / "runs"))
    other.worklist.set_reader("Ada")
    with qtbot.waitSignal(other.case_changed):
        commands.open_paths(other, [truth_path(data.cases[number]).parent for number in (0, 2)])
    qtbot.waitUntil(lambda: other.worklist.access.is_read)
    assert [entry.status for entry in other.worklist.entries] == ["flagged", "unread"]
    other.close()
