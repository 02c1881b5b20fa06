"""The running task in the status bar: what it is, how far it is, and a button that ends it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from workstation.gui.theme import NEAR
from workstation.gui.tooltips import plain_tip
from workstation.session.session import Session

_BAR_WIDTH = 110
_WORDS_WIDTH = 230


class TaskBar(QWidget):
    """Shows the session's task while there is one."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = session.tasks
        self.words = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.words.setObjectName("quiet")
        self.bar = QProgressBar()
        self.bar.setFixedWidth(_BAR_WIDTH)
        self.bar.setMaximumHeight(self.fontMetrics().height())
        self.bar.setTextVisible(False)
        self.stop = QToolButton()
        self.stop.setText(self.tr("Stop"))
        self.stop.setToolTip(self.tr("End this at its next step; what is written stays"))
        self.stop.clicked.connect(self._tasks.stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, NEAR, 0)
        row.setSpacing(NEAR)
        for part in (self.words, self.bar, self.stop):
            row.addWidget(part)
        self._tasks.changed.connect(self.refresh)
        session.tasks.stopped.connect(lambda title: session.notice.emit(self.tr("{0}: stopped.").format(title)))
        self.refresh()

    def refresh(self) -> None:
        """Say how far the task is."""
        done, total, step = self._tasks.progress
        self.setVisible(bool(self._tasks.title))
        self.stop.setEnabled(not self._tasks.is_stopping)
        words = self._tasks.title
        if self._tasks.is_stopping:
            words = self.tr("{0}: stopping...").format(words)
        elif step:
            words = self.tr("{0}: {1}").format(words, step)
        self.words.setText(self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, _WORDS_WIDTH))
        self.words.setToolTip(plain_tip(words))
        # Without a total it runs to and fro.
        self.bar.setRange(0, total)
        self.bar.setValue(done)
