"""The neighbours of the open case, read before they are asked for, as far as a bound of memory allows."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from workstation.core.case import CaseFiles
from workstation.io.review_figures import fingerprint_of
from workstation.session.lane import Lane
from workstation.session.loading import LoadedCase, load_for_display
from workstation.session.worklist_entries import first_image

MOST_CASES = 3
MOST_BYTES = 2**30
# The open case is painted, compared and drawn first.
_AFTER_MS = 150


@dataclass(frozen=True, slots=True)
class Wanted:
    """A case and the mask that lies over it."""

    files: CaseFiles
    prediction: Path | None = None

    @property
    def key(self) -> str:
        """Another one after a file was written anew."""
        truth = self.files.truth.path if self.files.truth else None
        return f"{self.files.name};{fingerprint_of(first_image(self.files), truth, self.prediction)}"


@dataclass(frozen=True, slots=True, eq=False)
class _Ahead:
    """A case that is read, or was; `stop` ends the reading where it is not wanted any more."""

    future: Future[LoadedCase]
    stop: threading.Event

    @property
    def is_there(self) -> bool:
        return self.future.done() and not self.future.cancelled() and self.future.exception() is None


class Prefetch(QObject):
    """Reads ahead in one thread, and keeps what was read while it is a neighbour.

    Parameters
    ----------
    lane : Lane
    most_bytes : int
        Of all that is kept; a neighbour that would go beyond is not read.
    parent : QObject or None
    """

    def __init__(self, lane: Lane, parent: QObject | None = None, *, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(parent)
        self._lane = lane
        self._most_bytes = most_bytes
        self._kept: dict[str, _Ahead] = {}
        self._waiting: tuple[Wanted, ...] = ()
        self._timer = QTimer(self, singleShot=True, interval=_AFTER_MS)
        self._timer.timeout.connect(self._begin)

    @property
    def kept_bytes(self) -> int:
        """Memory of what was read ahead and not asked for yet."""
        return sum(each.future.result().byte_count for each in self._kept.values() if each.is_there)

    @property
    def is_settled(self) -> bool:
        """Whether all neighbours are there."""
        return not self._timer.isActive() and all(each.future.done() for each in self._kept.values())

    def has(self, wanted: Wanted) -> bool:
        """Whether a case is there already."""
        found = self._kept.get(wanted.key)
        return found is not None and found.is_there

    def want(self, neighbours: Sequence[Wanted], *, open_bytes: int) -> None:
        """Keep these and forget others; the first ones are read first.

        Parameters
        ----------
        neighbours : sequence of Wanted
        open_bytes : int
            Memory of the open case: what its neighbours are likely to need each.
        """
        room = min(MOST_CASES, self._most_bytes // max(open_bytes, 1))
        self._waiting = tuple(neighbours[:room])
        keys = {each.key for each in self._waiting}
        for key in [key for key in self._kept if key not in keys]:
            stale = self._kept.pop(key)
            stale.stop.set()
            stale.future.cancel()
        if self._waiting:
            self._timer.start()

    def take(self, wanted: Wanted) -> Future[LoadedCase] | None:
        """What was read, or is being read, of a case; it belongs to the caller from now on."""
        found = self._kept.pop(wanted.key, None)
        if found is None or found.is_there or found.future.running():
            return None if found is None else found.future
        # One that waits for its turn is read sooner without it; one that failed is read again, to say why.
        found.future.cancel()
        return None

    def forget(self) -> None:
        """Let go of everything."""
        self.want((), open_bytes=0)
        self._timer.stop()

    def give_back(self, key: str, loaded: LoadedCase) -> None:
        """Keep a case that is being left: it is the previous one now.

        Parameters
        ----------
        key : str
            As it was when the case was read: a file that was written anew since has another one, and is read again.
        loaded : LoadedCase
        """
        future: Future[LoadedCase] = Future()
        future.set_result(loaded)
        self._kept[key] = _Ahead(future, threading.Event())

    def _begin(self) -> None:
        for each in self._waiting:
            if each.key not in self._kept:
                self._kept[each.key] = self._read(each)

    def _read(self, wanted: Wanted) -> _Ahead:
        stop = threading.Event()
        future = self._lane.ask(
            lambda: load_for_display(wanted.files, prediction=wanted.prediction, should_stop=stop.is_set),
            lambda _loaded: None,
            # What is wrong with it is said when it is opened.
            on_error=lambda _error: None,
        )
        return _Ahead(future, stop)
