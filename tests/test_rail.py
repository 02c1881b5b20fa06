"""The rail says which workspace is wanted, by mouse and by keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from workstation.gui.rail import WorkspaceRail


@pytest.fixture
def rail(qtbot: QtBot) -> WorkspaceRail:
    rail = WorkspaceRail()
    qtbot.addWidget(rail)
    rail.resize(80, 400)
    rail.show()
    return rail


def button(rail: WorkspaceRail, text: str) -> QAbstractButton:
    return next(each for each in rail.findChildren(QAbstractButton) if each.text() == text)


def test_a_click_chooses_a_workspace(rail: WorkspaceRail, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rail.workspace_chosen) as chosen:
        qtbot.mouseClick(button(rail, "Train"), Qt.MouseButton.LeftButton)
    assert (chosen.args, rail.current) == (["train"], "train")


def test_the_chosen_workspace_is_not_announced_again(rail: WorkspaceRail, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(rail.workspace_chosen):
        qtbot.mouseClick(button(rail, "Review"), Qt.MouseButton.LeftButton)


def test_the_arrow_keys_go_round(rail: WorkspaceRail, qtbot: QtBot) -> None:
    button(rail, "Review").setFocus()
    qtbot.keyClick(button(rail, "Review"), Qt.Key.Key_Up)
    assert rail.current == "models"
    qtbot.keyClick(button(rail, "Models"), Qt.Key.Key_Down)
    assert rail.current == "review"


def test_exactly_one_button_is_checked(rail: WorkspaceRail) -> None:
    rail.choose("data")
    assert [each.text() for each in rail.findChildren(QAbstractButton) if each.isChecked()] == ["Data"]


def test_every_button_has_a_name_for_screen_readers(rail: WorkspaceRail) -> None:
    names = [each.accessibleName() for each in rail.findChildren(QAbstractButton)]
    assert names == ["Review", "Data", "Train", "Models"]
