"""One long piece of work beside the window, with progress and a stop: exporting a data set, writing a report.

Short questions go to `Background`; a task is what a user may want to watch and to end. There is one at a time, in a
thread of its own: panes wait while `Background` is busy, and must not wait for this.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal

from workstation.errors import RequestError
from workstation.session.lane import Lane

Report = Callable[[int, int, str], None]
ShouldStop = Callable[[], bool]


class Tasks(QObject):
    """Runs a task in a thread and says how far it is.

    Parameters
    ----------
    parent : QObject or None
    """

    changed = Signal()
    """Another title, progress, or state."""
    stopped = Signal(str)
    """The title of a task that was stopped before its end."""
    failed = Signal(object)
    """The WorkstationError that a task ended with, or that kept it from starting."""
    _progressed = Signal(int, int, str)
    _ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = Lane("task", self)
        self._title = ""
        self._progress = (0, 0, "")
        self._stop = threading.Event()
        self._progressed.connect(self._on_progress, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    @property
    def title(self) -> str:
        """What is being done; empty if nothing is."""
        return self._title

    @property
    def progress(self) -> tuple[int, int, str]:
        """Steps done, steps in all (0: unknown), and what is being done now."""
        return self._progress

    @property
    def is_stopping(self) -> bool:
        """Whether the task was asked to stop and has not ended."""
        return bool(self._title) and self._stop.is_set()

    def start(self, title: str, work: Callable[[Report, ShouldStop], Any], answer: Callable[[Any], None]) -> bool:
        """Begin a task; `failed` if one is running.

        Parameters
        ----------
        title : str
            For people, such as "Exporting masks".
        work : callable
            Runs in a thread with `report` and `should_stop`; knows no widget. It may raise a WorkstationError, and
            CancelledError where it gave up on being asked to.
        answer : callable
            Gets its result, in the thread of the window.

        Returns
        -------
        bool
            Whether it was begun.
        """
        if self._title:
            words = _tr("{0} is not finished yet").format(self._title)
            self.failed.emit(RequestError(words, field="task", hint=_tr("Wait for it, or stop it in the status bar.")))
            return False
        self._stop.clear()
        self._title, self._progress = title, (0, 0, "")

        def question() -> Any:
            try:
                return work(self._progressed.emit, self._stop.is_set)
            except CancelledError as error:
                return error
            finally:
                # Whatever it ended with, a bug included, the next task may begin.
                self._ended.emit()

        self._lane.ask(question, lambda result: self._on_result(title, result, answer), on_error=self.failed.emit)
        self.changed.emit()
        return True

    def stop(self) -> None:
        """Ask the task to end at its next step."""
        if self._title:
            self._stop.set()
            self.changed.emit()

    def close(self) -> None:
        """Stop, and wait for the step that is being done."""
        self._stop.set()
        self._lane.close(drops=True)

    def _on_progress(self, done: int, total: int, words: str) -> None:
        if self._title:
            self._progress = (done, total, words)
            self.changed.emit()

    def _on_result(self, title: str, result: Any, answer: Callable[[Any], None]) -> None:
        if isinstance(result, CancelledError):
            self.stopped.emit(title)
        else:
            answer(result)

    def _on_ended(self) -> None:
        self._title = ""
        self.changed.emit()


def _tr(text: str) -> str:
    return QCoreApplication.translate("Tasks", text)
