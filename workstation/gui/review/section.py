"""A part of the side panel that folds away under its title, and remembers whether it is open."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from workstation.gui.theme import TIGHT
from workstation.session.settings import settings


class Section(QWidget):
    """A title and what it opens.

    Parameters
    ----------
    name : str
        Under which the state is remembered.
    title : str
    body : QWidget
    is_open : bool
        At the first time.
    parent : QWidget or None
    """

    opened = Signal(bool)
    """The body is shown, or no longer."""

    def __init__(
        self, name: str, title: str, body: QWidget, *, is_open: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._key = f"review/sections/{name}"
        self.body = body
        self.button = QToolButton()
        self.button.setObjectName("section")
        self.button.setText(title)
        self.button.setAutoRaise(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        font = self.button.font()
        font.setBold(True)
        self.button.setFont(font)
        self.button.clicked.connect(lambda: self.set_open(is_open=not self.is_open))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TIGHT)
        column.addWidget(self.button)
        column.addWidget(body)
        self._is_open = settings().value(self._key, is_open, type=bool) is True
        self._missing = ""
        self._show()

    @property
    def is_open(self) -> bool:
        """Whether the body is to be shown."""
        return self._is_open

    def set_open(self, *, is_open: bool) -> None:
        """Fold or unfold; remembered for the next start."""
        if is_open != self._is_open:
            self._is_open = is_open
            settings().setValue(self._key, is_open)
            self._show()
            self.opened.emit(is_open)

    def set_missing(self, words: str) -> None:
        """Fold the part away for as long as something is missing, and say what; empty words bring it back."""
        if words != self._missing:
            self._missing = words
            self._show()

    def _show(self) -> None:
        is_shown = self._is_open and not self._missing
        self.body.setVisible(is_shown)
        self.button.setEnabled(not self._missing)
        self.button.setArrowType(Qt.ArrowType.DownArrow if is_shown else Qt.ArrowType.RightArrow)
        self.button.setToolTip(self._missing or (self.tr("Fold") if is_shown else self.tr("Unfold")))


def quiet_label(text: str = "") -> QLabel:
    """A sentence that may be overlooked, over as many lines as it needs."""
    label = QLabel(text)
    label.setObjectName("quiet")
    label.setWordWrap(True)
    return label
