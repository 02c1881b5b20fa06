"""Work beside the window that must all be done, in the order in which it was asked for.

Unlike `session/background.py` nothing becomes stale here: a decision that was made is written, also when the next one
follows at once or the window closes. Answers arrive in the thread of the window.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from workstation.errors import WorkstationError

_LOG = logging.getLogger(__name__)


class Lane(QObject):
    """One thread that answers questions one after the other.

    Parameters
    ----------
    name : str
        Of the thread.
    parent : QObject or None
    """

    failed = Signal(object)
    """A WorkstationError of a question that has no way of its own to hear of it."""
    _done = Signal(object, object, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"session-{name}")
        self._name = name
        self._open = 0
        self._is_closed = False
        self._done.connect(self._on_done, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._open > 0

    @property
    def is_closed(self) -> bool:
        """Whether the thread has ended."""
        return self._is_closed

    def ask(
        self,
        question: Callable[[], Any],
        answer: Callable[[Any], None],
        *,
        on_error: Callable[[WorkstationError], None] | None = None,
    ) -> Future[Any]:
        """Run `question` in the thread when its turn comes, then `answer` with its result here.

        Parameters
        ----------
        question : callable
            Knows no widget; it may raise a WorkstationError, or CancelledError where it was not wanted any more.
        answer : callable
        on_error : callable or None
            Takes the WorkstationError; None sends it to `failed`.
        """
        self._open += 1
        future = self._pool.submit(question)
        future.add_done_callback(lambda done: self._done.emit(done, answer, on_error))
        return future

    def close(self, *, drops: bool = False) -> None:
        """End the thread after what was asked for; `drops` leaves out what has not begun."""
        self._is_closed = True
        self._pool.shutdown(wait=True, cancel_futures=drops)

    @Slot(object, object, object)
    def _on_done(
        self, done: Future[Any], answer: Callable[[Any], None], on_error: Callable[[WorkstationError], None] | None
    ) -> None:
        self._open -= 1
        if self._is_closed or done.cancelled():
            return
        error = done.exception()
        if isinstance(error, WorkstationError):
            _LOG.info("%s: %s", self._name, error)
            (on_error or self.failed.emit)(error)
        elif error is None:
            answer(done.result())
        elif not isinstance(error, CancelledError):
            raise error
