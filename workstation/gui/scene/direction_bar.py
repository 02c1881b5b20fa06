"""Six small buttons that turn the head: front, back, left, right, top, bottom."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

_SIDE = 22


class DirectionBar(QWidget):
    """A row of A, P, L, R, S and I.

    Parameters
    ----------
    parent : QWidget or None
    """

    chosen = Signal(str)
    """The letter of the side to look from."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("direction_bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        words = {
            "A": self.tr("From the front (anterior)"),
            "P": self.tr("From behind (posterior)"),
            "L": self.tr("From the patient's left"),
            "R": self.tr("From the patient's right"),
            "S": self.tr("From above (superior)"),
            "I": self.tr("From below (inferior)"),
        }
        self.buttons: dict[str, QToolButton] = {}
        for letter, tip in words.items():
            button = QToolButton(self)
            button.setText(letter)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.setAutoRaise(True)
            button.setFixedSize(_SIDE, _SIDE)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _checked=False, side=letter: self.chosen.emit(side))
            row.addWidget(button)
            self.buttons[letter] = button
