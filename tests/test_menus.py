"""The menus made from the registry: what is enabled where, what is ticked, which workspace is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QLabel, QMessageBox
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_cases

from workstation.core.case import DataSet
from workstation.gui.actions import ACTIONS, BY_ID, MENUS, key_text, with_keys
from workstation.gui.main_window import MainWindow
from workstation.gui.shortcuts import ShortcutSheet
from workstation.session import commands
from workstation.session.session import Session
from workstation.session.settings import recent_paths


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return write_cases(tmp_path_factory.mktemp("data"), cases=2)


@pytest.fixture
def window(qtbot: QtBot, data: DataSet) -> Iterator[MainWindow]:
    window = MainWindow(Session())
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    with qtbot.waitSignal(window.session.case_changed):
        commands.open_path(window.session, data.root)
    yield window
    window.close()


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(window, key, modifiers)


def test_letters_rest_in_other_workspaces(window: MainWindow) -> None:
    press(window, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert window.rail.current == "data"
    for key in (Qt.Key.Key_S, Qt.Key.Key_1, Qt.Key.Key_X, Qt.Key.Key_F, Qt.Key.Key_E):
        press(window, key)
    view, layers = window.session.view, window.session.layers
    assert not layers.hidden
    assert (view.sequence, view.maximised, layers.mode) == ("FLAIR", None, "comparison")
    assert view.annotations_visible
    press(window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    press(window, Qt.Key.Key_1)
    assert (window.rail.current, view.sequence) == ("review", "T1")


def test_ticks_follow_the_session_however_it_changed(window: MainWindow) -> None:
    actions, layers, view = window.menus.actions, window.session.layers, window.session.view
    assert actions["masks.toggle"].isChecked()
    press(window, Qt.Key.Key_S)
    assert not actions["masks.toggle"].isChecked()
    layers.toggle_hidden()
    assert actions["masks.toggle"].isChecked()
    actions["view.convention"].trigger()
    assert view.convention == "neurological"
    assert not actions["view.convention"].isChecked()
    actions["masks.region_tc"].trigger()
    actions["masks.region_tc"].trigger()  # chosen again, it stays chosen
    assert [name for name in ("all", "wt", "tc", "et") if actions[f"masks.region_{name}"].isChecked()] == ["tc"]


def test_every_key_is_a_key_and_every_menu_is_known() -> None:
    for action in ACTIONS:
        assert action.menu in MENUS
        for key in action.keys:
            assert QKeySequence(key).toString() == key, f"{key} of {action.id}"


def test_tooltips_take_their_keys_from_the_registry() -> None:
    assert with_keys("Show or hide", "masks.prediction") == "Show or hide (P)"
    assert key_text(BY_ID["decide.accept"]) == "Ctrl+Enter or Ctrl+Return"


def test_the_sheet_lists_every_key(qtbot: QtBot) -> None:
    sheet = ShortcutSheet()
    qtbot.addWidget(sheet)
    words = {label.text() for label in sheet.findChildren(QLabel)}
    assert {key_text(action) for action in ACTIONS if action.keys} <= words
    assert {action.title for action in ACTIONS if action.keys} <= words


def test_a_question_mark_opens_the_sheet_and_escape_closes_it(window: MainWindow, qtbot: QtBot) -> None:
    seen: list[bool] = []

    def look() -> None:
        sheet = QApplication.activeModalWidget()
        seen.append(isinstance(sheet, ShortcutSheet))
        assert sheet is not None
        QTest.keyClick(sheet, Qt.Key.Key_Escape)

    QTimer.singleShot(100, window, look)
    press(window, Qt.Key.Key_Question)
    assert seen == [True]


def write_values(path: Path, window: MainWindow, values: list[int]) -> Path:
    """A file on the grid of the open case that holds a few values and zeros."""
    case = window.session.case
    assert case is not None
    data = np.zeros(case.grid.shape, dtype=np.uint8)
    data[: len(values), 0, 0] = values
    nibabel.Nifti1Image(data, case.grid.affine).to_filename(path)
    return path


def answer_with(window: MainWindow, words: str) -> None:
    """Press this button of the question that comes."""

    def choose() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(button for button in box.buttons() if button.text().replace("&", "") == words).click()

    QTimer.singleShot(100, window, choose)


def test_a_file_that_may_be_either_is_opened_as_the_user_says(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = write_values(tmp_path / "thing.nii.gz", window, [1, 2, 4, 5, 6, 7, 8, 9])
    answer_with(window, "Image")
    with qtbot.waitSignal(window.session.case_changed):
        commands.open_path(window.session, path)
    assert window.session.view.sequences == ("thing",)


def test_a_file_that_is_said_to_be_a_prediction_is_laid_over_the_case(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = write_values(tmp_path / "thing.nii.gz", window, [1, 2, 4])
    answer_with(window, "Prediction")
    with qtbot.waitSignal(window.session.layers.comparison_ready):
        window.session.content_wanted.emit(path)
    assert window.session.layers.prediction is not None


def test_an_answer_is_not_about_a_case_that_came_meanwhile(
    window: MainWindow, data: DataSet, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []

    def answer_late(_window: object, _title: str, _words: str, lines: list[str], *_rest: object) -> tuple[str, bool]:
        with qtbot.waitSignal(window.session.case_changed):
            commands.step_case(window.session, 1)
        return lines[0], True

    monkeypatch.setattr(QInputDialog, "getItem", answer_late)
    monkeypatch.setattr(commands, "open_mask", lambda *what, **_how: opened.append(what))
    window.session.scheme_wanted.emit(truth_path(data.cases[0]), "prediction")
    assert window.session.case is not None
    assert window.session.case.name == data.cases[1].name
    assert opened == []


def test_recent_paths_are_offered_and_open(window: MainWindow, data: DataSet, qtbot: QtBot) -> None:
    folder = truth_path(data.cases[1]).parent
    with qtbot.waitSignal(window.session.case_changed):
        commands.open_path(window.session, folder)
    assert recent_paths() == [folder, data.root]
    window.menus._recent.aboutToShow.emit()
    first, second = window.menus._recent.actions()
    assert (first.text(), second.text()) == (str(folder), str(data.root))
    with qtbot.waitSignal(window.session.data_set_changed):
        second.trigger()
    qtbot.waitUntil(lambda: not window.session.background.is_busy)
