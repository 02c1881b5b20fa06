"""Short work beside the window: one answer per question, and only the newest one.

A question is asked under a topic ("case", "comparison"). Asking again under the same topic makes the earlier question
stale: it is not begun if it still waits for a thread, may look at `should_stop` where it is long, and its answer is
dropped when it comes. Answers arrive in the thread of the window.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from workstation.errors import WorkstationError

# More than cores, so that a case that is opened does not wait behind the surfaces of the last one.
THREADS = 4

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """One that is open."""

    number: int
    answer: Callable[[Any], None]
    words: str
    future: Future[Any]


class Background(QObject):
    """Runs functions in threads and hands their results back to the thread of the window."""

    failed = Signal(object)
    """A WorkstationError of a question that is not stale."""
    busy_changed = Signal(str)
    """What is being done, in words; empty when nothing is that has words."""
    _answered = Signal(str, int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="session")
        self._numbers: dict[str, int] = {}
        self._open: dict[str, _Question] = {}
        self._words = ""
        self._answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._open)

    def is_asked(self, topic: str) -> bool:
        """Whether an answer is awaited under a topic."""
        return topic in self._open

    @property
    def words(self) -> str:
        """What is being done; empty when nothing is that has words."""
        return self._words

    def ask(self, topic: str, question: Callable[[], Any], answer: Callable[[Any], None], *, words: str = "") -> None:
        """Run `question` in a thread, then `answer` with its result here, unless the topic was asked anew.

        Parameters
        ----------
        topic : str
        question : callable
            Knows no widget and no session; it may raise a WorkstationError, which `failed` then carries.
        answer : callable
            Takes what `question` returned.
        words : str
            Shown while it lasts, such as "Opening BraTS2021_00006".
        """
        self._drop(topic)
        number = self._numbers[topic]
        future = self._pool.submit(question)
        self._open[topic] = _Question(number, answer, words, future)
        self._say()
        future.add_done_callback(lambda done: self._answered.emit(topic, number, done))

    def stop_sign(self, topic: str) -> Callable[[], bool]:
        """A `should_stop` for the question that is asked next under a topic: true once that one is stale."""
        number = self._numbers.get(topic, 0) + 1
        return lambda: self._numbers.get(topic, 0) > number

    def forget(self, topic: str) -> None:
        """Make the topic's open question stale."""
        self._drop(topic)
        self._say()

    def close(self) -> None:
        """Drop what is open and wait for what is running."""
        for topic in list(self._open):
            self.forget(topic)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _drop(self, topic: str) -> None:
        self._numbers[topic] = self._numbers.get(topic, 0) + 1
        stale = self._open.pop(topic, None)
        if stale is not None:
            stale.future.cancel()

    def _say(self) -> None:
        words = next((question.words for question in self._open.values() if question.words), "")
        if words != self._words:
            self._words = words
            self.busy_changed.emit(words)

    @Slot(str, int, object)
    def _on_answered(self, topic: str, number: int, done: Future[Any]) -> None:
        question = self._open.get(topic)
        if question is None or question.number != number or done.cancelled():
            return
        del self._open[topic]
        self._say()
        error = done.exception()
        if isinstance(error, WorkstationError):
            _LOG.info("%s: %s", topic, error)
            self.failed.emit(error)
        elif error is not None:
            raise error
        else:
            question.answer(done.result())
