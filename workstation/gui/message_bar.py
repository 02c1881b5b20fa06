"""What went wrong and what to do, in a bar until it is dismissed; good news, over the window for a while."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from workstation.errors import WorkstationError

Action = tuple[str, Callable[[], object]]
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
        self._report = ""
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

    def show_problem(self, error: WorkstationError, *, report: str = "") -> None:
        """Say what happened and what to do; with a report, that is what can be copied."""
        self._report = report
        self._copy.setText(self.tr("Copy report") if report else self.tr("Copy"))
        self._text.setText(error.message)
        self._hint.setText(error.hint)
        self._hint.setVisible(bool(error.hint))
        self.show()

    def show_notice(self, text: str, *, action: Action | None = None) -> None:
        """Say something good for a while, with a button for what may be done about it."""
        self.notice.show_over(self.window(), text, action=action)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._report or f"{self._text.text()}\n{self._hint.text()}".strip())


class Notice(QLabel):
    """A sentence over the lower part of a window; the mouse goes through it, unless there is a button on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self.setProperty("kind", "notice")
        self.setContentsMargins(16, 8, 16, 8)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = QPushButton(self)
        self.button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.button.clicked.connect(self._on_clicked)
        self._action: Callable[[], object] | None = None
        self._timer = QTimer(self, singleShot=True, interval=_NOTICE_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def show_over(self, window: QWidget, text: str, *, action: Action | None = None) -> None:
        """Say it in the lower middle of a window.

        Parameters
        ----------
        window : QWidget
        text : str
        action : (str, callable) or None
            Text of a button, and what it does.
        """
        self.setParent(window)
        self.setText(text)
        self._action = action[1] if action else None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, action is None)
        self.button.setText(action[0] if action else "")
        self.button.setVisible(action is not None)
        room = self.button.sizeHint().width() + 8 if action else 0
        self.setContentsMargins(16, 8, 16 + room, 8)
        width = min(_NOTICE_WIDTH, window.width() - 2 * _ABOVE_BOTTOM)
        width = min(width, self.fontMetrics().horizontalAdvance(text) + 40 + room)
        self.resize(width, max(self.heightForWidth(width), self.button.sizeHint().height() + 12 if action else 0))
        self.move(QPoint((window.width() - self.width()) // 2, window.height() - self.height() - _ABOVE_BOTTOM))
        size = self.button.sizeHint()
        self.button.setGeometry(self.width() - size.width() - 10, (self.height() - size.height()) // 2, *size.toTuple())
        self.show()
        self.raise_()
        self._timer.start()

    def _on_clicked(self) -> None:
        action, self._action = self._action, None
        self.hide()
        if action is not None:
            action()


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
