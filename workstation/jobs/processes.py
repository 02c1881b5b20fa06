"""Processes, told apart by number and start time since numbers are used again, and the memory they hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

# The boot time behind every start time moves a little when the clock is set.
_SAME_START_SECONDS = 2.0
_MEMORY_CHANGE = 0.03
_MEMORY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A process that was seen once.

    Parameters
    ----------
    pid : int
    start_time : float
        Unix seconds, as psutil gives it.
    """

    pid: int
    start_time: float

    def is_alive(self) -> bool:
        """The same process still runs; a dead one that nobody has waited for yet does not count."""
        try:
            process = psutil.Process(self.pid)
            drift = float(process.create_time()) - self.start_time
            return abs(drift) < _SAME_START_SECONDS and bool(process.status() != psutil.STATUS_ZOMBIE)
        except psutil.AccessDenied:
            return True
        except psutil.NoSuchProcess:
            return False

    def end(self, *, patience_seconds: float = 5.0) -> None:
        """Terminate it, and kill it if it has not gone in time; nothing happens if it is gone already."""
        if not self.is_alive():
            return
        try:
            process = psutil.Process(self.pid)
            process.terminate()
            try:
                process.wait(patience_seconds)
            except psutil.TimeoutExpired:
                process.kill()
        except psutil.NoSuchProcess:
            return


def mark_of(pid: int) -> ProcessMark | None:
    """The mark of a running process; None if there is none of that number."""
    try:
        return ProcessMark(pid, psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def own_mark() -> ProcessMark:
    """The mark of this process."""
    return ProcessMark(os.getpid(), psutil.Process().create_time())


def mark_in(values: Mapping[str, Any], prefix: str = "") -> ProcessMark | None:
    """The mark kept as `<prefix>pid` and `<prefix>start_time`; None if there is none."""
    pid, start = values.get(f"{prefix}pid"), values.get(f"{prefix}start_time")
    return ProcessMark(pid, float(start)) if isinstance(pid, int) and isinstance(start, int | float) else None


class MemoryGauge:
    """Resident memory of a process, now and at its peak.

    Parameters
    ----------
    pid : int
    """

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._pid = pid
        self._peak = 0

    def read(self) -> tuple[int, int] | None:
        """(now, peak) in bytes; None once the process is gone.

        The kernel's own high-water mark is used where there is one: a peak between two looks is not missed.
        """
        try:
            now = int(psutil.Process(self._pid).memory_info().rss)
        except psutil.Error:
            return None
        self._peak = max(self._peak, now, self._high_water_mark())
        return now, self._peak

    def _high_water_mark(self) -> int:
        try:
            lines = self._status.read_text().splitlines()
        except OSError:
            return 0
        marks = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
        return int(marks[0]) * 1024 if marks else 0


class MemoryReport:
    """Turns samples of memory into few events: on a change of 3 %, and once a minute."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._said_bytes = 0
        self._said_at = -float("inf")

    def take(self, sample: tuple[int, int] | None, now: float) -> dict[str, Any] | None:
        """The event that a sample is worth, if any."""
        if sample is None:
            return None
        rss, peak = sample
        has_new_peak = peak > self.peak_bytes * (1 + _MEMORY_CHANGE)
        self.peak_bytes = max(self.peak_bytes, peak)
        has_changed = abs(rss - self._said_bytes) > _MEMORY_CHANGE * self._said_bytes
        if not (has_new_peak or has_changed or now - self._said_at > _MEMORY_SECONDS):
            return None
        self._said_bytes, self._said_at = rss, now
        return {"event": "memory", "rss_bytes": rss, "peak_bytes": self.peak_bytes}
