"""The review store of the open data set, read and written in one thread, watched for what other windows write.

The file is made with the first write: looking at a data set leaves nothing in it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from workstation.errors import ReviewError, WorkstationError
from workstation.io.review_store import ReviewStore, review_path
from workstation.session.lane import Lane
from workstation.session.worklist_entries import StoreContent

_WATCH_MS = 1000


class _Holder:
    """The store, in the thread of the lane."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._store: ReviewStore | None = None
        self._mark = 0

    def turn_to(self, root: Path | None) -> StoreContent:
        """Close the store and turn to that of another data set."""
        self.close()
        self._path = None if root is None else review_path(root)
        return self.changed_content() or StoreContent()

    def changed_content(self) -> StoreContent | None:
        """What the store holds, if another window wrote or it was not read yet; None without a change."""
        if self._store is None:
            if self._path is None or not self._path.is_file():
                return None
            self._store = ReviewStore(self._path)
        elif self._store.change_mark() == self._mark:
            return None
        return self._content(self._store)

    def write(self, action: Callable[[ReviewStore], Any]) -> tuple[Any, StoreContent]:
        """Write, and read what the store holds then."""
        if self._path is None:
            raise ReviewError("there is no data set to decide about", hint="Open a data set first.")
        if self._store is None:
            self._store = ReviewStore(self._path)
        answer = action(self._store)
        return answer, self._content(self._store)

    def close(self) -> None:
        """Close the file."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _content(self, store: ReviewStore) -> StoreContent:
        # The mark first: what is written meanwhile is then read at the next look.
        self._mark = store.change_mark()
        return StoreContent(store.history(), store.predictions(), store.figures(), store.entropies())


class ReviewAccess(QObject):
    """Content of the review store of one data set, as it was read last."""

    content_changed = Signal()
    failed = Signal(object)
    """A WorkstationError."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._holder = _Holder()
        self._lane = Lane("reviews", self)
        self._lane.failed.connect(self._on_failed)
        self._root: Path | None = None
        self._number = 0
        self.content = StoreContent()
        self.is_read = False
        """Whether the store of this data set was read."""
        self._watch = QTimer(self, interval=_WATCH_MS)
        self._watch.timeout.connect(self.look)

    @property
    def is_busy(self) -> bool:
        """Whether something is being read or written."""
        return self._lane.is_busy

    def use(self, root: Path | None) -> None:
        """Turn to the data set in a folder; None for none."""
        self._root = root
        self._number += 1
        number = self._number
        self.content, self.is_read = StoreContent(), False
        self._watch.stop()
        if root is not None or number > 1:
            self._lane.ask(lambda: self._holder.turn_to(root), lambda content: self._take(number, content))

    def look(self) -> None:
        """Read what other windows wrote."""
        number = self._number
        if not self._lane.is_busy:
            self._lane.ask(self._holder.changed_content, lambda content: self._take(number, content))

    def write(
        self,
        action: Callable[[ReviewStore], Any],
        answer: Callable[[Any], None],
        *,
        on_error: Callable[[WorkstationError], None] | None = None,
    ) -> None:
        """Let `action` write in the thread; `answer` takes its result after the content was read anew."""
        number = self._number

        def on_written(written: tuple[Any, StoreContent]) -> None:
            self._take(number, written[1])
            answer(written[0])

        self._lane.ask(lambda: self._holder.write(action), on_written, on_error=on_error)

    def close(self) -> None:
        """Write what was asked for, and close the file."""
        self._watch.stop()
        if not self._lane.is_closed:
            self._lane.ask(self._holder.close, lambda _nothing: None)
            self._lane.close()

    def _take(self, number: int, content: StoreContent | None) -> None:
        if number != self._number:
            return
        is_first = not self.is_read
        self.is_read = True
        if self._root is not None:
            self._watch.start()
        if content is not None:
            self.content = content
        if content is not None or is_first:
            self.content_changed.emit()

    def _on_failed(self, error: WorkstationError) -> None:
        # Said once: the next write tries again.
        self._watch.stop()
        self.failed.emit(error)
