"""What a workspace says while it has nothing to show: what belongs here, and the one button that brings it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.gui.icons import icon
from workstation.gui.theme import NEAR, PAGE, TITLE, font_of, tokens_of

_ICON_SIDE = 56


class EmptyPage(QWidget):
    """A drawing, a title, a few words and a button, in the middle.

    Parameters
    ----------
    icon_name : str
        Of `gui/icons.py`.
    title, words, action : str
        `action` is the button's text; empty for none.
    parent : QWidget or None
    """

    action_wanted = Signal()

    def __init__(
        self, icon_name: str, *, title: str, words: str, action: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self._drawing = QLabel()
        heading = QLabel(title)
        heading.setFont(font_of(self.font(), TITLE))
        text = QLabel(words)
        text.setObjectName("quiet")
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setSpacing(NEAR)
        column.addStretch(2)
        for widget in (self._drawing, heading, text):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        if action:
            self.button = QPushButton(action)
            self.button.setDefault(True)
            self.button.clicked.connect(self.action_wanted)
            column.addSpacing(PAGE - NEAR)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Draw anew in another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange):
            self._draw()

    def _draw(self) -> None:
        ink = QColor(tokens_of(self.palette()).disabled)
        size = QSize(_ICON_SIDE, _ICON_SIDE)
        self._drawing.setPixmap(icon(self._icon_name, colour=ink).pixmap(size, self.devicePixelRatioF()))
