"""The job in the status bar: state, progress, memory and time left, in every workspace."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QToolButton, QWidget

from workstation.gui.tooltips import guarded_tip, plain_tip
from workstation.gui.train.colours import state_colour
from workstation.gui.train.run_list import dot_icon
from workstation.gui.train.wording import (
    bytes_text,
    duration_text,
    kind_word,
    progress_words,
    state_word,
    waiting_words,
)
from workstation.io.runs import RunStatus
from workstation.session.session import Session


class JobChip(QToolButton):
    """The run that matters most now; hidden while there is none.

    A run that ends in sight of the chip stays in it, with its ending, until the chip is clicked or another run comes.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    run_requested = Signal(str)
    """The chip was clicked: name of its run."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = session.runs
        self._shown: RunStatus | None = None
        self.setAutoRaise(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(12, 12))
        self.hide()
        self.clicked.connect(self._on_clicked)
        self._runs.runs_changed.connect(self._refresh)
        self._runs.status_changed.connect(self._refresh)
        self._runs.queue_changed.connect(self._refresh)
        self._refresh()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button, and the progress along its lower edge."""
        super().paintEvent(event)
        status = self._shown
        if status is None or status.fraction is None or status.is_ended:
            return
        painter = QPainter(self)
        whole = QRectF(6, self.height() - 3, self.width() - 12, 2)
        painter.fillRect(whole, self.palette().color(QPalette.ColorRole.Mid))
        whole.setWidth(whole.width() * status.fraction)
        painter.fillRect(whole, state_colour(status.state))

    def _refresh(self) -> None:
        status = self._runs.active
        if status is None and self._shown is not None:
            status = self._runs.status(self._shown.name)
        self._show(status)

    def _show(self, status: RunStatus | None) -> None:
        self._shown = status
        self.setVisible(status is not None)
        if status is None:
            return
        self.setIcon(dot_icon(state_colour(status.state)))
        self.setText(self._words(status))
        trouble = f"{status.reason} {status.hint}".strip()
        said = trouble or status.warning or waiting_words(status)
        click = self.tr("{0}: click to see it in Train.").format(status.name)
        self.setToolTip(plain_tip(trouble) if trouble else guarded_tip(f"{click}\n{said}" if said else click))
        self.update()

    def _words(self, status: RunStatus) -> str:
        if status.is_ended:
            return f"{kind_word(status.kind)} \N{MIDDLE DOT} {state_word(status.state)}"
        facts = [kind_word(status.kind), progress_words(status) or state_word(status.state)]
        if status.state not in ("running", "waiting", "preparing"):
            facts.insert(1, state_word(status.state))
        if status.state == "waiting" and status.why:
            facts.insert(1, self.tr("place {0}").format(status.place))
        if status.warning:
            facts.insert(1, self.tr("warning"))
        if status.rss_bytes:
            facts.append(bytes_text(status.rss_bytes))
        if status.seconds_left is not None:
            facts.append(self.tr("{0} left").format(duration_text(status.seconds_left)))
        if others := len(self._runs.beside(status.name)):
            facts.append(self.tr("{0} more").format(others))
        waiting = self._runs.waiting_count - (status.state == "waiting")
        if waiting:
            facts.append(self.tr("{0} waiting").format(waiting))
        return " \N{MIDDLE DOT} ".join(facts)

    def _on_clicked(self) -> None:
        if self._shown is None:
            return
        name, is_ended = self._shown.name, self._shown.is_ended
        if is_ended:
            self._show(None)
        self.run_requested.emit(name)
