"""How the batch that was started stands, with what can be done about it; a batch goes on without the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from workstation.errors import WorkstationError
from workstation.gui.theme import NEAR, TIGHT
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import progress_words, state_word
from workstation.session.session import Session

_RESUMABLE = ("stopped", "failed", "killed", "lost")


class BatchState(QWidget):
    """Progress of the newest segmentation of several cases.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    finished = Signal(str)
    """Name of a batch that has just finished."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._name = ""
        self._state = ""
        self.words = ToneLabel("plain", self)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.stop_button = QPushButton(self.tr("Stop"))
        self.stop_button.setToolTip(
            self.tr("End it after the case that is being segmented; masks that are there stay.")
        )
        self.resume_button = QPushButton(self.tr("Go on"))
        self.resume_button.setToolTip(self.tr("Segment the cases that are left."))
        buttons = QHBoxLayout()
        buttons.addWidget(self.stop_button)
        buttons.addWidget(self.resume_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TIGHT)
        column.addWidget(self.words)
        column.addWidget(self.bar)
        column.addSpacing(NEAR)
        column.addLayout(buttons)
        self.stop_button.clicked.connect(lambda: self._try(session.runs.stop_now))
        self.resume_button.clicked.connect(lambda: self._try(session.runs.resume))
        session.runs.status_changed.connect(self._on_status)
        session.runs.runs_changed.connect(self.refresh)
        self.setVisible(False)

    def follow(self, name: str) -> None:
        """Show another run."""
        self._name, self._state = name, ""
        self.refresh()

    def refresh(self) -> None:
        """Show how it stands."""
        status = self._session.runs.status(self._name)
        self.setVisible(status is not None)
        if status is None:
            return
        tones = {"finished": "good", "failed": "error", "killed": "error", "lost": "warning"}
        details = progress_words(status)
        text = f"{self._name}\n{state_word(status.state)}" + (f"  \N{MIDDLE DOT}  {details}" if details else "")
        self.words.say(text, tones.get(status.state, "plain"))
        self.bar.setVisible(not status.is_ended)
        # Without a total it runs to and fro.
        self.bar.setRange(0, int(status.total))
        self.bar.setValue(int(status.done))
        self.stop_button.setVisible(not status.is_ended)
        self.resume_button.setVisible(status.state in _RESUMABLE)
        before, self._state = self._state, status.state
        if status.state == "finished" and before not in ("", "finished"):
            self.finished.emit(self._name)

    def _on_status(self, name: str) -> None:
        if name == self._name:
            self.refresh()

    def _try(self, verb: Callable[[str], None]) -> None:
        try:
            verb(self._name)
        except WorkstationError as error:
            self._session.problem.emit(error)
