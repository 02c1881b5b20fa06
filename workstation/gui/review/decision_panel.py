"""What the reader decides about the open case: three buttons, the note, and in their place the reasons of a rejection.

Nothing here is a dialog: the panes stay in sight and in reach while a reason is chosen or a note is written.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workstation.core.review import REASONS
from workstation.gui.actions import with_keys
from workstation.gui.review.case_model import status_icon
from workstation.gui.review.layers_panel import ElidedLabel
from workstation.gui.theme import NEAR, TIGHT, tokens_of
from workstation.session import reading
from workstation.session.session import Session

_ICON_SIZE = QSize(16, 16)


class DecisionPanel(QWidget):
    """Decides through the verbs of `session/reading.py`."""

    finished = Signal()
    """The reader is done here: keys belong to the panes again."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._sign = QLabel()
        self._words = ElidedLabel()
        self.accept = self._button(self.tr("Accept"), self.tr("Accept and next"), "decide.accept")
        self.reject = self._button(self.tr("Reject"), self.tr("Reject, with a reason"), "decide.reject")
        self.flag = self._button(self.tr("Flag"), self.tr("Flag with a note"), "decide.flag")
        self.note = QLineEdit(placeholderText=self.tr("Note"), maxLength=500)
        self.note.setToolTip(self.tr("Kept with Enter, or with the next decision about the case"))
        self.reasons = QListWidget()
        self.own_reason = QLineEdit(placeholderText=self.tr("or in your own words"), maxLength=200)
        self._question = QLabel()
        self._keep = QToolButton()
        self._cancel = QToolButton()
        self._asking = ""
        self._case = ""
        self._drafts: dict[str, str] = {}
        self._arrange()
        self._connect()
        self.refresh()

    @property
    def asking(self) -> str:
        """ "reject" or "flag" while that is being said; else empty."""
        return self._asking

    def ask_reason(self) -> None:
        """Let the reader choose why the mask is rejected."""
        if self._session.worklist.current is None:
            return
        self._ask("reject")
        self.own_reason.clear()
        self.reasons.setCurrentRow(0)
        self.reasons.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def ask_note(self) -> None:
        """Let the reader write why the case is flagged."""
        if self._session.worklist.current is None:
            return
        self._ask("flag")
        self.note.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.note.selectAll()

    def accept_and_next(self) -> None:
        """Accept; a note that was written but not kept yet goes with it."""
        reading.accept_and_next(self._session, note=self.note.text())

    def mark_corrected(self) -> None:
        """Say that the mask was corrected; a note goes with it as with accepting."""
        reading.mark_corrected(self._session, note=self.note.text())

    def refresh(self) -> None:
        """Show the open case's state; what is being written stays while the case does."""
        entry = self._session.worklist.current
        self.setEnabled(entry is not None)
        if entry is None:
            self._case = ""
            self._ask("")
            self._words.set_full_text("")
            return
        tokens = tokens_of(self.palette())
        self._sign.setPixmap(status_icon(entry.status, tokens).pixmap(_ICON_SIZE, self.devicePixelRatioF()))
        words = reading.status_word(entry.status).capitalize()
        if entry.own.reason:
            words = f"{words}: {entry.own.reason}"
        if self._session.worklist.is_holding:
            words = self.tr("{}; prediction hidden").format(words)
        self._words.set_full_text(words)
        if entry.name != self._case:
            self._turn_to(entry.name)
        if self.note.isModified():
            # Until the store has it, a note is the reader's: the decision may be refused, or the disk full.
            self.note.setModified(self.note.text().strip() != entry.own.note)
        elif self.note.text() != entry.own.note:
            self.note.setText(entry.own.note)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc leaves; digits choose a reason; neither reaches the window's own keys."""
        if not isinstance(event, QKeyEvent):
            return False
        key, is_plain = event.key(), event.modifiers() in (Qt.KeyboardModifier.NoModifier, _KEYPAD)
        number = key - Qt.Key.Key_1
        is_ours = key == Qt.Key.Key_Escape or (watched is self.reasons and is_plain and event.text() != "")
        if event.type() == QEvent.Type.ShortcutOverride and is_ours:
            event.accept()
            return True
        if event.type() != QEvent.Type.KeyPress:
            return False
        if key == Qt.Key.Key_Escape:
            self._leave()
            return True
        if watched is self.reasons and is_plain and 0 <= number < len(REASONS):
            self.reasons.setCurrentRow(number)
        elif not (watched is self.reasons and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)):
            return False
        self._on_keep()
        return True

    def changeEvent(self, event: QEvent) -> None:
        """Paint the sign anew in another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange):
            self.refresh()

    def _button(self, text: str, tip: str, action: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(with_keys(tip, action))
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _arrange(self) -> None:
        words = {
            "misses tumour": self.tr("misses tumour"),
            "marks healthy tissue": self.tr("marks healthy tissue"),
            "wrong label": self.tr("wrong label"),
            "poor boundary": self.tr("poor boundary"),
            "poor image quality": self.tr("poor image quality"),
            "wrong case or registration": self.tr("wrong case or registration"),
        }
        self.reasons.addItems([f"{number}  {words[reason]}" for number, reason in enumerate(REASONS, start=1)])
        self.reasons.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.reasons.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._question.setObjectName("quiet")
        self._cancel.setText(self.tr("Cancel"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(NEAR - 2)
        state = QHBoxLayout()
        state.setSpacing(NEAR - 2)
        state.addWidget(self._sign)
        state.addWidget(self._words, 1)
        self._buttons = QWidget()
        row = _row(self._buttons, (self.accept, self.reject, self.flag))
        for place in range(3):
            row.setStretch(place, 1)
        self._answer = QWidget()
        _row(self._answer, (self._keep, self._cancel)).addStretch(1)
        column.addLayout(state)
        for widget in (self._buttons, self._question, self.reasons, self.own_reason, self.note, self._answer):
            column.addWidget(widget)

    def _connect(self) -> None:
        self.accept.clicked.connect(self.accept_and_next)
        self.reject.clicked.connect(self.ask_reason)
        self.flag.clicked.connect(self.ask_note)
        self._keep.clicked.connect(self._on_keep)
        self._cancel.clicked.connect(self._leave)
        self.reasons.itemDoubleClicked.connect(self._on_keep)
        self.own_reason.returnPressed.connect(self._on_keep)
        self.note.returnPressed.connect(self._on_keep)
        for widget in (self.reasons, self.own_reason, self.note):
            widget.installEventFilter(self)
        worklist = self._session.worklist
        worklist.changed.connect(self.refresh)

    def _turn_to(self, case: str) -> None:
        """Begin with another case; a note that was written but not kept waits for the reader's return."""
        if self._case and self.note.isModified():
            self._drafts[self._case] = self.note.text()
        draft = self._drafts.pop(case, None)
        self._case = case
        self._ask("")
        self.note.setText(draft or "")
        self.note.setModified(draft is not None)

    def _ask(self, what: str) -> None:
        self._asking = what
        is_rejecting = what == "reject"
        self._buttons.setVisible(not what)
        self._question.setVisible(bool(what))
        self._answer.setVisible(bool(what))
        for widget in (self.reasons, self.own_reason):
            widget.setVisible(is_rejecting)
        rows = self.reasons.count() * self.reasons.sizeHintForRow(0)
        self.reasons.setFixedHeight(rows + 2 * self.reasons.frameWidth() + TIGHT)
        question = self.tr("Why is it rejected?") if is_rejecting else self.tr("What is to be looked at again?")
        self._question.setText(question)
        self._keep.setText(self.tr("Reject") if is_rejecting else self.tr("Flag"))

    def _on_keep(self) -> None:
        session, note = self._session, self.note.text()
        if self._asking == "reject":
            row = max(self.reasons.currentRow(), 0)
            reading.reject(session, self.own_reason.text().strip() or REASONS[row], note=note)
        elif self._asking == "flag":
            reading.flag(session, note)
        else:
            reading.write_note(session, note)
        self._ask("")
        self.finished.emit()

    def _leave(self) -> None:
        entry = self._session.worklist.current
        self.note.setText("" if entry is None else entry.own.note)
        self.note.setModified(False)
        self._ask("")
        self.finished.emit()


_KEYPAD = Qt.KeyboardModifier.KeypadModifier


def _row(holder: QWidget, widgets: tuple[QWidget, ...]) -> QHBoxLayout:
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(TIGHT)
    for widget in widgets:
        row.addWidget(widget)
    return row
