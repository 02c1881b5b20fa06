"""Whether an engine still gets anywhere, by what it writes into its run folder."""

from __future__ import annotations

from statistics import median
from typing import Any

_MARKS = ("step", "progress", "epoch")


class StallWatch:
    """Notices when nothing has come of a running engine for long.

    Long is ten times the median of the times between its last signs of progress, and at least `patience`; before the
    first of them it is three times the patience, since cases are decoded and operations chosen then. A rest that was
    asked for is no stall.

    Parameters
    ----------
    now : float
        Seconds of a steady clock.
    patience : float
        Seconds.
    """

    def __init__(self, now: float, *, patience: float) -> None:
        self._patience = patience
        self._seen_at = now
        self._gaps: list[float] = []
        self._has_progress = self._rests = False

    def take(self, events: list[dict[str, Any]], now: float) -> None:
        """Take in what the engine has written since."""
        for event in events:
            if event.get("event") == "state":
                self._rests = event.get("state") == "paused"
                self._seen_at = now
        if any(event.get("event") in _MARKS for event in events):
            if self._has_progress:
                self._gaps = [*self._gaps[-19:], now - self._seen_at]
            self._has_progress = True
            self._seen_at = now

    def seconds_without(self, now: float) -> float | None:
        """Seconds since the last sign of progress, if those are too many; None else."""
        silent = now - self._seen_at
        usual = 10 * median(self._gaps) if self._gaps else 0.0
        allowed = max(usual, self._patience * (1 if self._has_progress else 3))
        return silent if silent > allowed and not self._rests else None
