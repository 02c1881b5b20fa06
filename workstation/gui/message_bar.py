"""What went wrong and what to do, in a bar until it is dismissed; good news, over the window for a while."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from workstation.errors import WorkstationError

_NOTICE_MS = 6000
_NOTICE_WIDTH = 640
_ABOVE_BOTTOM = 56


class MessageBar(QFrame):
    """Shows one problem at a time until it is dismissed, and one notice that leaves by itself.

    A notice lies over the window: panes that change their size for some seconds would disturb the reader.
    """

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
        self.notice = Notice(self)
        self.setProperty("kind", "problem")
        self.hide()

    @property
    def text(self) -> str:
        """The problem shown; empty while hidden."""
        return "" if self.isHidden() else self._text.text()

    def show_problem(self, error: WorkstationError) -> None:
        """Say what happened and what to do."""
        self._text.setText(error.message)
        self._hint.setText(error.hint)
        self._hint.setVisible(bool(error.hint))
        self.show()

    def show_notice(self, text: str) -> None:
        """Say something good for a while."""
        self.notice.show_over(self.window(), text)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self._text.text()}\n{self._hint.text()}".strip())


class Notice(QLabel):
    """A sentence over the lower part of a window; the mouse goes through it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self.setProperty("kind", "notice")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setContentsMargins(16, 8, 16, 8)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._timer = QTimer(self, singleShot=True, interval=_NOTICE_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def show_over(self, window: QWidget, text: str) -> None:
        """Say it in the lower middle of a window."""
        self.setParent(window)
        self.setText(text)
        width = min(_NOTICE_WIDTH, window.width() - 2 * _ABOVE_BOTTOM)
        words = self.fontMetrics().horizontalAdvance(text) + 40
        self.resize(min(width, words), self.heightForWidth(min(width, words)))
        self.move(QPoint((window.width() - self.width()) // 2, window.height() - self.height() - _ABOVE_BOTTOM))
        self.show()
        self.raise_()
        self._timer.start()


def _label(*, is_bold: bool) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    # Names of files may look like markup.
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    font = label.font()
    font.setBold(is_bold)
    label.setFont(font)
    return label
