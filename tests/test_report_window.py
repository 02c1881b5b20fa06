"""Reports and exports from the window: asked for by keys and dialogs, made beside it, watched and stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_cases, write_shifted
from test_report_pages import pdf_text

from workstation.core.case import DataSet
from workstation.core.selection import Selection
from workstation.errors import ExportError, WorkstationError
from workstation.gui import report_dialogs
from workstation.gui.export_dialog import ExportDialog
from workstation.gui.main_window import MainWindow
from workstation.gui.report import making
from workstation.gui.task_bar import TaskBar
from workstation.io.case_report import CaseInput
from workstation.io.files import read_json
from workstation.io.review_marks import marks_in
from workstation.io.tables import read_table
from workstation.session import commands
from workstation.session.session import Session


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return write_cases(tmp_path_factory.mktemp("data"), cases=2)


@pytest.fixture
def window(qtbot: QtBot, data: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    # The 3D picture has a test of its own.
    monkeypatch.setattr(making, "scene_picture", lambda *_arguments, **_options: None)
    window = MainWindow(Session())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    prediction = write_shifted(truth_path(data.cases[0]), tmp_path / "masks" / f"{data.cases[0].name}_pred.nii.gz")
    with qtbot.waitSignal(window.session.case_changed):
        commands.open_path(window.session, data.root, prediction=prediction)
    qtbot.waitUntil(lambda: window.session.layers.prediction is not None)
    yield window
    window.close()


def answering(monkeypatch: pytest.MonkeyPatch, out: Path, *, folder: Path | None = None) -> None:
    """File dialogs that answer with these paths."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(out), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_arguments: str(folder or out))


def task_bar(window: MainWindow) -> TaskBar:
    return window.findChildren(TaskBar)[0]


def finished(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.session.tasks.title and not window.session.background.is_busy, timeout=20_000)


def test_a_key_writes_a_report_beside_the_window(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: DataSet
) -> None:
    out = tmp_path / "report.pdf"
    answering(monkeypatch, out)
    window.session.view.set_sequence("T2")
    with qtbot.waitSignal(window.session.notice, timeout=20_000) as told:
        QTest.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        assert window.session.tasks.title == f"Report on {data.cases[0].name}"
        assert task_bar(window).isVisible()
    assert str(out) in told.args[0]
    finished(window, qtbot)
    assert not task_bar(window).isVisible()
    (text,) = pdf_text(out)
    assert data.cases[0].name in text
    assert "T2" in text


def choosing(window: MainWindow, words: str) -> None:
    """Press the button with these words in the question that comes next."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(button for button in box.buttons() if words in button.text()).click()

    QTimer.singleShot(100, window, press)


def test_a_report_on_a_data_set_from_its_menu(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "cohort.html"
    answering(monkeypatch, out, folder=tmp_path / "masks")
    choosing(window, "folder")
    with qtbot.waitSignal(window.session.notice, timeout=20_000):
        window.menus.actions["file.report_cohort"].trigger()
    finished(window, qtbot)
    assert "Cohort report" in out.read_text()


@pytest.mark.parametrize(("words", "count"), [("truths", 2), ("worklist", 1)])
def test_a_data_set_is_exported_beside_the_window(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    data: DataSet,
    words: str,
    count: int,
) -> None:
    out = tmp_path / "out"
    answering(monkeypatch, out)
    worklist = window.session.worklist
    worklist.attach({data.cases[0].name: next((tmp_path / "masks").iterdir())})
    qtbot.waitUntil(lambda: worklist.entries[0].prediction is not None)
    choosing(window, words)
    with qtbot.waitSignal(window.session.notice, timeout=20_000) as told:
        window.menus.actions["file.export_all"].trigger()
    assert f"Exported {count} masks" in told.args[0]
    finished(window, qtbot)
    rows = read_table(out / "export.csv")
    assert [row["status"] for row in rows] == ["exported"] * count + ["no mask"] * (2 - count)


def test_what_the_reader_decided_goes_along(window: MainWindow, qtbot: QtBot, tmp_path: Path, data: DataSet) -> None:
    session = window.session
    qtbot.waitUntil(lambda: session.worklist.access.is_read)
    session.worklist.set_reader("R. Eader")
    with qtbot.waitSignal(session.worklist.decided):
        session.worklist.decide("rejected", reason="misses tumour", note="=1+1")
    out = tmp_path / "report.html"
    with qtbot.waitSignal(session.notice, timeout=20_000):
        report_dialogs.report_open_case(session, out)
    finished(window, qtbot)
    text = out.read_text()
    assert all(words in text for words in ("Rejected", "R. Eader", "misses tumour", "=1+1"))
    with qtbot.waitSignal(session.notice, timeout=20_000):
        commands.export_mask(session, tmp_path / "mask.nii.gz")
    facts = read_json(tmp_path / "mask.json")
    assert (facts["review"]["decision"], facts["review"]["reviewer"]) == ("rejected", "R. Eader")
    marks = marks_in(data.root)
    assert marks[data.cases[0].name].reason == "misses tumour"


def test_the_export_dialog_writes_the_part_that_is_chosen(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: DataSet
) -> None:
    out = tmp_path / "tc.nii.gz"
    answering(monkeypatch, out)
    seen: list[bool] = []

    def choose() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ExportDialog)
        dialog.which.setCurrentText("Truth")
        dialog.part.setCurrentText("Tumour core (TC) as 0 and 1")
        seen.append(dialog.scheme.isEnabled())
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    QTimer.singleShot(100, window, choose)
    with qtbot.waitSignal(window.session.notice, timeout=20_000) as told:
        QTest.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert seen == [False]
    assert "read back and compared" in told.args[0]
    truth = np.asanyarray(nib.load(truth_path(data.cases[0])).dataobj)
    assert np.array_equal(np.asanyarray(nib.load(out).dataobj), np.isin(truth, (1, 4)))
    assert read_json(tmp_path / "tc.json")["case"] == data.cases[0].name


def test_the_dialog_offers_what_the_mask_has(window: MainWindow, qtbot: QtBot) -> None:
    dialog = ExportDialog(window.session)
    qtbot.addWidget(dialog)
    assert dialog.kind == "prediction"
    assert [dialog.part.itemText(row) for row in range(dialog.part.count())] == [
        "All labels",
        "Whole tumour (WT) as 0 and 1",
        "Tumour core (TC) as 0 and 1",
        "Enhancing tumour (ET) as 0 and 1",
        "Label 1 alone: necrotic and non-enhancing core",
        "Label 2 alone: oedema",
        "Label 4 alone: enhancing tumour",
    ]
    assert dialog.scheme.isEnabled()
    dialog.part.setCurrentIndex(6)
    dialog.scheme.setCurrentIndex(2)
    assert dialog.selection == Selection(label=4, scheme="msd")
    assert not dialog.keeps_header.isChecked()


def test_a_report_calls_only_the_truth_truth(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, data: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, layers = window.session, window.session.layers
    qtbot.waitUntil(lambda: session.worklist.access.is_read)
    with qtbot.waitSignal(session.worklist.decided):
        session.worklist.decide("accepted")
    for by, kind in ((2, "prediction"), (3, "second")):
        mask = write_shifted(truth_path(data.cases[0]), tmp_path / f"{kind}.nii.gz", by=by)
        commands.open_mask(session, mask, kind=kind)
        qtbot.waitUntil(lambda: layers.mask(kind) is not None)  # noqa: B023 - waited for here
    layers.set_pair("prediction", "second")
    given: list[CaseInput] = []
    monkeypatch.setattr(making, "make_case_report", lambda what, _outs, **_how: given.append(what))
    with qtbot.waitSignal(session.notice, timeout=20_000):
        report_dialogs.report_open_case(session, tmp_path / "report.html")
    assert [(each.truth, each.prediction) for each in given] == [(layers.mask("truth"), layers.mask("second"))]
    # What was accepted is the prediction.
    assert given[0].review is None


def waiting_task(window: MainWindow, title: str = "Long work") -> tuple[threading.Event, list[object]]:
    """A task that goes on until it is stopped, and its results."""
    begun, results = threading.Event(), []

    def work(report, should_stop):  # type: ignore[no-untyped-def]
        report(1, 4, "case 2")
        begun.set()
        while not should_stop():
            begun.wait(0.01)
        raise CancelledError

    window.session.tasks.start(title, work, results.append)
    return begun, results


def test_a_task_shows_its_progress_and_is_stopped_by_its_button(window: MainWindow, qtbot: QtBot) -> None:
    _, results = waiting_task(window)
    bar = task_bar(window)
    qtbot.waitUntil(lambda: bar.bar.value() == 1)
    assert bar.bar.maximum() == 4
    assert bar.words.text() == "Long work: case 2"
    before = bar.grab().toImage()
    with qtbot.waitSignal(window.session.notice) as told:
        QTest.mouseClick(bar.stop, Qt.MouseButton.LeftButton)
    assert "stopped" in told.args[0]
    finished(window, qtbot)
    assert results == []
    assert not bar.isVisible()
    assert not before.isNull()


def test_a_file_name_in_a_task_is_words_and_no_html(window: MainWindow, qtbot: QtBot) -> None:
    waiting_task(window, "Importing <b>x.model.zip")
    bar = task_bar(window)
    assert bar.words.textFormat() == Qt.TextFormat.PlainText
    assert "&lt;b&gt;x.model.zip" in bar.words.toolTip()
    window.session.tasks.stop()
    finished(window, qtbot)


def test_a_second_task_waits_for_the_user(window: MainWindow, qtbot: QtBot) -> None:
    waiting_task(window)
    with qtbot.waitSignal(window.session.problem) as told:
        window.session.tasks.start("Another", lambda _report, _stop: None, lambda _result: None)
    assert "Long work is not finished" in str(told.args[0])
    window.session.tasks.stop()
    finished(window, qtbot)


def test_a_task_that_fails_says_why_and_leaves_room_for_the_next(window: MainWindow, qtbot: QtBot) -> None:
    def work(_report, _should_stop):  # type: ignore[no-untyped-def]
        raise ExportError("the disk is full", hint="Make room.")

    with qtbot.waitSignal(window.session.problem) as told:
        window.session.tasks.start("Failing", work, lambda _result: None)
    error: WorkstationError = told.args[0]
    assert error.message == "the disk is full"
    assert window.messages.text == "the disk is full"
    finished(window, qtbot)
    done: list[int] = []
    window.session.tasks.start("Next", lambda _report, _stop: 7, done.append)
    qtbot.waitUntil(lambda: done == [7])


def test_a_report_without_a_case_asks_for_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    window = MainWindow(Session())
    qtbot.addWidget(window)
    assert not window.menus.actions["file.report"].isEnabled()
    report_dialogs.report_open_case(window.session, tmp_path / "a.pdf")
    assert not window.session.tasks.title
    window.close()


def test_closing_the_window_ends_a_task(qtbot: QtBot) -> None:
    window = MainWindow(Session())
    qtbot.addWidget(window)
    begun, _ = waiting_task(window)
    qtbot.waitUntil(begun.is_set)
    window.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("session-task")]


def test_the_panes_do_not_wait_for_a_task(window: MainWindow, qtbot: QtBot) -> None:
    waiting_task(window)
    qtbot.waitUntil(lambda: not window.session.background.is_busy)
    assert window.session.tasks.title == "Long work"
    window.session.tasks.stop()
    finished(window, qtbot)
