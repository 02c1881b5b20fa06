"""The memory of an engine while it runs: what is told of it, when it is too much, and whether the kernel ended it.

Looked at about four times a second. There is no limit on the address space (RLIMIT_AS): TensorFlow maps far more than
it uses. Where control groups can be used, `jobs/memory_cap.py` sets a hard limit besides.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil

from workstation.jobs.memory import MachineMemory
from workstation.jobs.processes import resident_bytes, tree_of

GRANT_MARGIN = 0.15
"""Share of what was reserved that a run may take beyond it: estimates are good to about 10 %."""
LEAST_FREE_SHARE = 0.01
"""Share of the machine's memory below which whoever takes more than was reserved is ended at once."""
_MEMORY_CHANGE = 0.03
_MEMORY_SECONDS = 60.0
_VMSTAT = Path("/proc/vmstat")


def is_too_much(used_bytes: int, reserved_bytes: int, memory: MachineMemory) -> bool:
    """Whether a run takes more than it may: beyond the margin, or beyond the reservation where memory runs out."""
    is_short = memory.available_bytes < LEAST_FREE_SHARE * memory.total_bytes
    return used_bytes > reserved_bytes * (1 if is_short else 1 + GRANT_MARGIN)


def kernel_kills(vmstat: Path = _VMSTAT) -> int | None:
    """How many processes the kernel has ended for want of memory since boot; None where it does not tell."""
    try:
        lines = vmstat.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


class EngineMemory:
    """What an engine and the processes that come from it take.

    Parameters
    ----------
    pid : int
        Of the engine.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._pids = [pid]
        self._gauge = MemoryGauge(pid)
        self._report = MemoryReport()
        self._used_bytes = 0

    @property
    def peak_bytes(self) -> int:
        """Largest resident set of the engine; 0 if it was never seen."""
        # One that is ended for its memory at once has been looked at by `used_bytes` alone.
        return self._report.peak_bytes or self._used_bytes

    def used_bytes(self) -> int:
        """What goes only when they go, see `resident_bytes`; of the processes known at the last `event`."""
        used = resident_bytes(self._pids)
        self._used_bytes = max(self._used_bytes, used)
        return used

    def event(self, now: float) -> dict[str, Any] | None:
        """Look for processes that have come, and what is to be told of the memory, if anything."""
        self._pids = tree_of(self._pid)
        return self._report.take(self._gauge.read(), now)


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
