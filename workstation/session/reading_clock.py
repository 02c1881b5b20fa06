"""How long each case was looked at: over all visits until it is decided on, without the time the window rests."""

from __future__ import annotations

import time
from collections.abc import Callable


class ReadingClock:
    """Counts seconds for the case that is open.

    Parameters
    ----------
    now : callable
        A clock in seconds that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seconds: dict[str, float] = {}
        self._case: str | None = None
        self._since: float | None = None
        self._is_paused = False

    def turn_to(self, case: str | None) -> None:
        """Count for another case from now on; None for none."""
        self._book()
        self._case = case
        self._since = None if case is None or self._is_paused else self._now()

    def set_paused(self, *, paused: bool) -> None:
        """Stop or go on: while the user works elsewhere nothing is counted."""
        if paused != self._is_paused:
            self._book()
            self._is_paused = paused
            self._since = None if paused or self._case is None else self._now()

    def take(self, case: str) -> float:
        """The seconds of a case so far; they begin anew with this."""
        self._book()
        if self._since is not None:
            self._since = self._now()
        return self._seconds.pop(case, 0.0)

    def _book(self) -> None:
        if self._case is not None and self._since is not None:
            spent = self._now() - self._since
            self._seconds[self._case] = self._seconds.get(self._case, 0.0) + spent
            self._since = self._now()
