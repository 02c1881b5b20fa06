"""A bar below the menu that says what went wrong and what to do, until it is dismissed."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from workstation.errors import WorkstationError

_NOTICE_MS = 6000


class MessageBar(QFrame):
    """Shows one message at a time; a problem stays, a notice leaves by itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self._text = _label(is_bold=True)
        self._hint = _label(is_bold=False)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._text)
        words.addWidget(self._hint)
        self._copy = QToolButton()
        self._copy.setText(self.tr("Copy"))
        self._copy.setToolTip(self.tr("Copy the message and the hint"))
        self._copy.clicked.connect(self._on_copy)
        dismiss = QToolButton()
        dismiss.setText(self.tr("Dismiss"))
        dismiss.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.addLayout(words, 1)
        row.addWidget(self._copy)
        row.addWidget(dismiss)
        self._timer = QTimer(self, singleShot=True, interval=_NOTICE_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    @property
    def text(self) -> str:
        """What it says now; empty while hidden."""
        return "" if self.isHidden() else self._text.text()

    def show_problem(self, error: WorkstationError) -> None:
        """Say what happened and what to do."""
        self._timer.stop()
        self._show(error.message, error.hint, kind="problem")

    def show_notice(self, text: str) -> None:
        """Say something good for a while."""
        self._show(text, "", kind="notice")
        self._timer.start()

    def _show(self, text: str, hint: str, *, kind: str) -> None:
        self._text.setText(text)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._copy.setVisible(kind == "problem")
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self._text.text()}\n{self._hint.text()}".strip())


def _label(*, is_bold: bool) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    font = label.font()
    font.setBold(is_bold)
    label.setFont(font)
    return label
