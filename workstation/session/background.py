"""Short work beside the window: one answer per question, and only the newest one.

A question is asked under a topic ("case", "comparison"). Asking again under the same topic makes the earlier question
stale: its answer is dropped when it comes. Answers arrive in the thread of the window.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from workstation.errors import WorkstationError

_LOG = logging.getLogger(__name__)


class Background(QObject):
    """Runs functions in threads and hands their results back to the thread of the window."""

    failed = Signal(object)
    """A WorkstationError of a question that is not stale."""
    busy_changed = Signal(bool)
    _answered = Signal(str, int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="session")
        self._numbers: dict[str, int] = {}
        self._waiting: dict[str, Callable[[Any], None]] = {}
        self._answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._waiting)

    def ask(self, topic: str, question: Callable[[], Any], answer: Callable[[Any], None]) -> None:
        """Run `question` in a thread, then `answer` with its result here, unless the topic was asked anew."""
        was_busy = self.is_busy
        number = self._numbers.get(topic, 0) + 1
        self._numbers[topic] = number
        self._waiting[topic] = answer
        future = self._pool.submit(question)
        future.add_done_callback(lambda done: self._answered.emit(topic, number, done))
        if not was_busy:
            self.busy_changed.emit(True)

    def forget(self, topic: str) -> None:
        """Make the topic's open question stale."""
        self._numbers[topic] = self._numbers.get(topic, 0) + 1
        if self._waiting.pop(topic, None) and not self.is_busy:
            self.busy_changed.emit(False)

    def close(self) -> None:
        """Drop what is open and wait for what is running."""
        for topic in list(self._waiting):
            self.forget(topic)
        self._pool.shutdown(wait=True, cancel_futures=True)

    @Slot(str, int, object)
    def _on_answered(self, topic: str, number: int, done: Future[Any]) -> None:
        if number != self._numbers.get(topic) or done.cancelled():
            return
        answer = self._waiting.pop(topic)
        error = done.exception()
        if isinstance(error, WorkstationError):
            _LOG.info("%s: %s", topic, error)
            self.failed.emit(error)
        elif error is not None:
            raise error
        else:
            answer(done.result())
        if not self.is_busy:
            self.busy_changed.emit(False)
