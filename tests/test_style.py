"""The style sheet leaves every kind of field readable: the words it holds are painted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QComboBox, QDoubleSpinBox, QLineEdit, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from workstation.gui.theme import apply_theme


@pytest.fixture(params=["dark", "light"], autouse=True)
def theme(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    apply_theme(qapp, request.param)
    yield request.param
    apply_theme(qapp, "dark")


def painted(qtbot: QtBot, widget: QWidget) -> np.ndarray:
    """(height, width) grey levels of a shown widget, without its frame."""
    qtbot.addWidget(widget)
    widget.resize(120, 30)
    widget.show()
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    return np.array(image.constBits()).reshape(image.height(), image.bytesPerLine())[5:-5, 3:-24].astype(int)


def spin(*, has_buttons: bool) -> QDoubleSpinBox:
    field = QDoubleSpinBox(maximum=9999, value=8888)
    if not has_buttons:
        field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
    return field


def checked(*, is_raised: bool) -> QToolButton:
    button = QToolButton(text="Comparison", checkable=True, checked=True)
    button.setAutoRaise(not is_raised)
    return button


def combo() -> QComboBox:
    box = QComboBox()
    box.addItem("Comparison")
    return box


@pytest.mark.parametrize(
    "make",
    [
        lambda: spin(has_buttons=True),
        lambda: spin(has_buttons=False),
        lambda: checked(is_raised=True),
        lambda: checked(is_raised=False),
        lambda: QLineEdit("Comparison"),
        lambda: QPushButton("Comparison"),
        combo,
    ],
    ids=["spin box", "spin box without buttons", "checked button", "checked flat button", "field", "button", "choice"],
)
def test_words_stand_out_from_their_ground(qtbot: QtBot, make: object) -> None:
    grey = painted(qtbot, make())  # type: ignore[operator]
    ground = np.bincount(grey.ravel()).argmax()
    assert np.abs(grey - ground).max() > 100


def test_a_checked_button_has_another_ground(qtbot: QtBot) -> None:
    grounds = []
    for is_checked in (False, True):
        button = checked(is_raised=True)
        button.setChecked(is_checked)
        grounds.append(np.bincount(painted(qtbot, button).ravel()).argmax())
    assert abs(int(grounds[0]) - int(grounds[1])) > 20
