"""The cine: runs through the slices of the active pane, round and round."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from workstation.gui.review.slice_view import SliceView
from workstation.session.session import Session


class Cine(QObject):
    """Steps a pane at the session's speed.

    Parameters
    ----------
    session : Session
    pane : callable
        Says which pane to step, each time anew.
    parent : QObject or None
    """

    changed = Signal()
    """It started or stopped."""

    def __init__(self, session: Session, pane: Callable[[], SliceView], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._pane = pane
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._step)
        session.case_changed.connect(self.stop)
        session.view.decoration_changed.connect(self._take_speed)
        self._take_speed()

    @property
    def is_running(self) -> bool:
        """Whether slices run."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Start, or stop."""
        if self.is_running:
            self.stop()
        elif self._session.case is not None:
            self._timer.start()
            self.changed.emit()

    def stop(self) -> None:
        """Stop where it is."""
        if self.is_running:
            self._timer.stop()
            self.changed.emit()

    def _take_speed(self) -> None:
        self._timer.setInterval(round(1000 / self._session.view.cine_per_second))

    def _step(self) -> None:
        pane = self._pane()
        before = pane.slice_index
        pane.step(1)
        if pane.slice_index == before:
            pane.step(-before)
