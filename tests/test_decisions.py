"""Deciding with keys in the real window: store, state and pixels."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_cases, write_shifted

from workstation.core.case import DataSet
from workstation.core.review import Decision
from workstation.gui.colours import PALETTES
from workstation.gui.main_window import MainWindow
from workstation.gui.review.agreement_dialog import AgreementDialog
from workstation.gui.train.workspace import TrainWorkspace
from workstation.io.layouts import open_dataset
from workstation.io.review_store import ReviewStore, review_path
from workstation.session import commands, reading
from workstation.session.session import Session
from workstation.session.worklist_entries import Entry

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("originals")
    for files in write_cases(root / "data", cases=3).cases:
        write_shifted(truth_path(files), root / "predictions" / f"{files.name}_prediction.nii.gz", by=4)
    return root


@pytest.fixture
def data(tmp_path: Path, originals: Path) -> DataSet:
    shutil.copytree(originals / "predictions", tmp_path / "predictions")
    return open_dataset(Path(shutil.copytree(originals / "data", tmp_path / "data")))


@pytest.fixture
def window(qtbot: QtBot, data: DataSet) -> Iterator[MainWindow]:
    """The data set with its predictions open, reader Ada."""
    session = Session()
    session.worklist.set_reader("Ada")
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.resize(1200, 800)
    window.show()
    qtbot.waitExposed(window)
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, data.root)
    reading.open_predictions(session, data.root.parent / "predictions")
    qtbot.waitUntil(lambda: session.layers.comparison is not None and session.worklist.access.is_read)
    settle(window, qtbot)
    yield window
    window.close()


def settle(window: MainWindow, qtbot: QtBot) -> None:
    session = window.session
    busy = (session.background, session.worklist.access, session.ahead)
    qtbot.waitUntil(lambda: not any(each.is_busy for each in busy) and session.prefetch.is_settled)


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = CONTROL) -> None:
    """Press a key where the focus is."""
    QTest.keyClick(QApplication.focusWidget() or window, key, modifiers)


def stored(data: DataSet) -> list[Decision]:
    with ReviewStore(review_path(data.root)) as store:
        return list(store.history())


def current(window: MainWindow) -> Entry:
    entry = window.session.worklist.current
    assert entry is not None
    return entry


def shows_prediction(window: MainWindow) -> bool:
    """Whether a pane has a pixel of the prediction's outline."""
    QApplication.processEvents()
    pane = window.review.panes.slices["axial"]
    image: QImage = pane.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    wanted = 0xFF000000 | int("{:02x}{:02x}{:02x}".format(*PALETTES["standard"].prediction), 16)
    return any(image.pixel(x, y) == wanted for x in range(image.width()) for y in range(image.height()))


def test_control_enter_accepts_and_opens_the_next_case(window: MainWindow, data: DataSet, qtbot: QtBot) -> None:
    before = window.review.panes.slices["axial"].grab().toImage()
    with qtbot.waitSignal(window.session.case_changed):
        press(window, Qt.Key.Key_Return)
    assert current(window).name == data.cases[1].name
    assert [(each.case, each.status, each.reader) for each in stored(data)] == [
        (data.cases[0].name, "accepted", "Ada"),
    ]
    assert stored(data)[0].mask is not None
    assert window.review.panes.slices["axial"].grab().toImage() != before
    assert window.review.cases.words.text() == "1 of 3 read"
    assert window.messages.notice.isVisible()
    assert window.messages.notice.text() == f"{data.cases[0].name}: accepted"


def test_undo_in_the_message_takes_it_back(window: MainWindow, data: DataSet, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.session.case_changed):
        press(window, Qt.Key.Key_Enter)
    button = window.messages.notice.button
    assert window.messages.notice.rect().contains(button.geometry())
    with qtbot.waitSignal(window.session.case_changed):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert current(window).name == data.cases[0].name
    assert current(window).status == "unread"
    assert [each.status for each in stored(data)] == ["accepted", "unread"]
    assert not button.isVisible()


def test_control_shift_backspace_rejects_for_the_chosen_reason(window: MainWindow, data: DataSet, qtbot: QtBot) -> None:
    panel = window.review.cases.panel
    press(window, Qt.Key.Key_Backspace, CONTROL | SHIFT)
    assert panel.asking == "reject"
    assert panel.reasons.hasFocus()
    assert QApplication.activeModalWidget() is None
    press(window, Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier)
    with qtbot.waitSignal(window.session.worklist.decided):
        press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
    assert [(each.status, each.reason) for each in stored(data)] == [("rejected", "marks healthy tissue")]
    assert current(window).name == data.cases[0].name
    assert window.review.panes.active_view.hasFocus()
    assert panel.asking == ""


def test_a_digit_chooses_a_reason_and_does_not_change_the_sequence(
    window: MainWindow, data: DataSet, qtbot: QtBot
) -> None:
    press(window, Qt.Key.Key_Backspace, CONTROL | SHIFT)
    with qtbot.waitSignal(window.session.worklist.decided):
        press(window, Qt.Key.Key_3, Qt.KeyboardModifier.NoModifier)
    assert stored(data)[0].reason == "wrong label"
    assert window.session.view.sequence == "FLAIR"


def test_a_reason_in_own_words_and_a_note_are_kept(window: MainWindow, data: DataSet, qtbot: QtBot) -> None:
    panel = window.review.cases.panel
    press(window, Qt.Key.Key_Backspace, CONTROL | SHIFT)
    QTest.keyClicks(panel.note, "ask Dr. B.")
    QTest.keyClicks(panel.own_reason, "surgical cavity")
    with qtbot.waitSignal(window.session.worklist.decided):
        QTest.keyClick(panel.own_reason, Qt.Key.Key_Return)
    assert [(each.reason, each.note) for each in stored(data)] == [("surgical cavity", "ask Dr. B.")]


def test_a_note_that_was_not_kept_waits_for_the_readers_return(window: MainWindow, data: DataSet, qtbot: QtBot) -> None:
    panel = window.review.cases.panel
    QTest.keyClicks(panel.note, "half a thought")
    for by, text in ((1, ""), (-1, "half a thought")):
        with qtbot.waitSignal(window.session.case_changed):
            commands.step_case(window.session, by)
        assert panel.note.text() == text
    with qtbot.waitSignal(window.session.case_changed):
        press(window, Qt.Key.Key_Return)
    assert [each.note for each in stored(data)] == ["half a thought"]
    assert panel.note.text() == ""


def test_a_note_stays_where_its_decision_could_not_be_kept(window: MainWindow, data: DataSet, qtbot: QtBot) -> None:
    panel, case = window.review.cases.panel, data.cases[0]
    QTest.keyClicks(panel.note, "edge is off")
    # Written anew since it was opened, so that nothing may be decided about it.
    write_shifted(truth_path(case), data.root.parent / "predictions" / f"{case.name}_prediction.nii.gz", by=6)
    with qtbot.waitSignal(window.session.problem):
        press(window, Qt.Key.Key_Return)
    window.session.worklist.changed.emit()
    assert stored(data) == []
    assert panel.note.text() == "edge is off"


def test_a_note_goes_with_the_word_that_a_mask_was_corrected(window: MainWindow, data: DataSet, qtbot: QtBot) -> None:
    panel = window.review.cases.panel
    QTest.keyClicks(panel.note, "by hand")
    with qtbot.waitSignal(window.session.worklist.decided):
        panel.mark_corrected()
    assert [(each.status, each.note) for each in stored(data)] == [("corrected", "by hand")]


def test_escape_leaves_without_a_decision(window: MainWindow, data: DataSet) -> None:
    panel = window.review.cases.panel
    window.session.view.set_maximised("axial")
    press(window, Qt.Key.Key_Backspace, CONTROL | SHIFT)
    press(window, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert panel.asking == ""
    assert window.session.view.maximised == "axial"  # Esc was the panel's
    assert panel.accept.isVisible()
    assert stored(data) == []


def test_control_full_stop_flags_with_a_note(window: MainWindow, data: DataSet, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_Period)
    assert window.review.cases.panel.note.hasFocus()
    QTest.keyClicks(window.review.cases.panel.note, "second lesion?")
    with qtbot.waitSignal(window.session.worklist.decided):
        press(window, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
    assert [(each.status, each.note) for each in stored(data)] == [("flagged", "second lesion?")]
    assert not window.review.cases.panel.note.isModified()
    assert window.review.cases.words.text() == "0 of 3 read, 1 flagged"


def test_arrows_with_control_walk_the_list_and_with_shift_to_the_next_unread(
    window: MainWindow, data: DataSet, qtbot: QtBot
) -> None:
    names = [files.name for files in data.cases]

    def go(key: Qt.Key, modifiers: Qt.KeyboardModifier = CONTROL) -> str:
        with qtbot.waitSignal(window.session.case_changed):
            press(window, key, modifiers)
        return current(window).name

    assert go(Qt.Key.Key_Right) == names[1]
    assert go(Qt.Key.Key_Return) == names[2]
    assert go(Qt.Key.Key_Left) == names[1]
    assert go(Qt.Key.Key_Right, CONTROL | SHIFT) == names[2]
    assert go(Qt.Key.Key_Right, CONTROL | SHIFT) == names[0]
    assert go(Qt.Key.Key_Right, CONTROL | SHIFT) == names[2]  # the one between them is read


def test_decisions_rest_in_other_workspaces_and_without_a_data_set(
    window: MainWindow, data: DataSet, qtbot: QtBot
) -> None:
    actions = window.menus.actions
    assert actions["decide.accept"].isEnabled()
    assert not actions["decide.accept"].autoRepeat()
    window.show_workspace("models")
    window.menus.refresh()
    assert not actions["decide.accept"].isEnabled()
    with qtbot.waitSignal(window.session.case_changed):
        commands.open_path(window.session, truth_path(data.cases[0]).parent)
    assert not actions["decide.accept"].isEnabled()
    assert not window.review.cases.isVisible()


def test_zoom_and_place_stay_from_case_to_case(window: MainWindow, qtbot: QtBot) -> None:
    axial, coronal = window.review.panes.slices["axial"], window.review.panes.slices["coronal"]
    fitted = coronal.zoom
    axial.zoom_at(QPointF(axial.rect().center()), 2.5)
    zoom = axial.zoom
    with qtbot.waitSignal(window.session.case_changed):
        press(window, Qt.Key.Key_Right)
    assert axial.zoom == zoom
    assert coronal.zoom == pytest.approx(fitted, rel=0.2)  # still fitted, to another head
    # What is zoomed is shown about the crosshair, which is in the tumour.
    _, x, y = axial.picture.place(window.session.view.cursor_mm)
    assert (axial.to_pane(QPointF(x, y)) - QPointF(axial.rect().center())).manhattanLength() < 3


def test_a_blinded_reader_sees_no_prediction_before_the_decision(
    window: MainWindow, data: DataSet, qtbot: QtBot
) -> None:
    window.session.view.toggle_crosshair()
    assert shows_prediction(window)
    window.menus.actions["decide.blinded"].trigger()
    with qtbot.waitSignal(window.session.case_changed):
        press(window, Qt.Key.Key_Right)
    settle(window, qtbot)
    assert not shows_prediction(window)
    assert window.review.side.legend.dice_text("WT") == "-"
    assert "prediction" not in window.status.read_out.text
    with qtbot.waitSignal(window.session.layers.comparison_ready):
        press(window, Qt.Key.Key_Return)
    assert current(window).name == data.cases[1].name
    assert shows_prediction(window)
    assert [each.is_blinded for each in stored(data)] == [True]
    assert window.review.cases.reader_button.text() == "Ada, blinded"


def test_agreement_lists_readers_and_opens_where_they_differ(window: MainWindow, data: DataSet, qtbot: QtBot) -> None:
    dialog = AgreementDialog(window.session, window)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.table.rowCount() == 0
    with ReviewStore(review_path(data.root)) as store:
        for reader, statuses in (
            ("Ada", ("accepted", "accepted", "rejected")),
            ("Ben", ("accepted", "rejected", "corrected")),
        ):
            for files, status in zip(data.cases, statuses, strict=True):
                store.decide(Decision(files.name, reader, status))
    window.session.worklist.access.look()
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 1)
    cells = [dialog.table.item(0, column).text() for column in range(dialog.table.columnCount())]
    # p_o = 2/3; p_e = (2/3)(1/3) + (1/3)(2/3) = 4/9; kappa = (2/3 - 4/9) / (5/9) = 0.4
    assert cells == ["Ada / Ben", "3", "1", "1", "0", "1", "67 %", "0.400"]
    item = dialog.differing.item(0)
    assert item.text() == data.cases[1].name
    with qtbot.waitSignal(window.session.case_changed):
        dialog.differing.itemActivated.emit(item)
    assert current(window).name == data.cases[1].name


def test_agreement_tells_a_blinded_reader_nothing_of_cases_to_come(
    window: MainWindow, data: DataSet, qtbot: QtBot
) -> None:
    worklist = window.session.worklist
    with ReviewStore(review_path(data.root)) as store:
        for reader, statuses in (("Ben", ("accepted", "rejected")), ("Cid", ("accepted", "accepted"))):
            for files, status in zip(data.cases, statuses, strict=False):
                store.decide(Decision(files.name, reader, status))
        store.decide(Decision(data.cases[0].name, "Ada", "accepted"))
    worklist.set_blinded(blinded=True)
    worklist.access.look()
    qtbot.waitUntil(lambda: worklist.entries[0].has_decided)
    dialog = AgreementDialog(window.session, window)
    qtbot.addWidget(dialog)
    cases = [dialog.table.item(row, 1).text() for row in range(dialog.table.rowCount())]
    assert (cases, dialog.differing.count()) == (["1", "1", "1"], 0)
    worklist.set_blinded(blinded=False)
    dialog.table.selectRow(2)
    assert [dialog.differing.item(row).text() for row in range(dialog.differing.count())] == [data.cases[1].name]


def test_accepted_cases_become_a_data_set_to_train_on(
    window: MainWindow, data: DataSet, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    for _ in range(2):
        with qtbot.waitSignal(session.worklist.decided):
            press(window, Qt.Key.Key_Return)
        settle(window, qtbot)
    out = tmp_path / "reviewed"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_options: (str(out), ""))
    window.menus.actions["decide.train"].trigger()
    qtbot.waitUntil(lambda: window.rail.current == "train", timeout=30_000)
    made = open_dataset(out)
    assert [case.name for case in made.cases] == [case.name for case in data.cases[:2]]
    train = window.workspace("train")
    assert isinstance(train, TrainWorkspace)
    qtbot.waitUntil(lambda: train.new._facts.data is not None, timeout=30_000)
    assert train.form.draft().split == str(out / "split.json")
    assert train.form.data_edit.text() == str(out)
