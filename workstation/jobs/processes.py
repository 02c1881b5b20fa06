"""Processes, told apart by number and start since numbers are used again, and the memory they hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

# Where only the clock tells: the boot time behind every start time moves a little when the clock is set.
_SAME_START_SECONDS = 2.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A process that was seen once.

    Parameters
    ----------
    pid : int
    start_time : float
        Unix seconds, as psutil gives it.
    born : str
        The machine's boot and the clock ticks from it to the start of the process: unlike the time it does not change
        when the clock is set. Empty where the system does not tell.
    """

    pid: int
    start_time: float
    born: str = ""

    def is_alive(self) -> bool:
        """The same process still runs; a dead one that nobody has waited for yet does not count."""
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            if self.born and (born := _born(self.pid)):
                return born == self.born
            return abs(float(process.create_time()) - self.start_time) < _SAME_START_SECONDS
        except psutil.AccessDenied:
            return True
        except psutil.NoSuchProcess:
            return False

    def as_dict(self, prefix: str = "") -> dict[str, Any]:
        """The values that `mark_in` reads back."""
        return {f"{prefix}pid": self.pid, f"{prefix}start_time": self.start_time, f"{prefix}born": self.born}

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
        return ProcessMark(pid, psutil.Process(pid).create_time(), _born(pid))
    except psutil.NoSuchProcess:
        return None


def own_mark() -> ProcessMark:
    """The mark of this process."""
    return ProcessMark(os.getpid(), psutil.Process().create_time(), _born(os.getpid()))


def mark_in(values: Mapping[str, Any], prefix: str = "") -> ProcessMark | None:
    """The mark kept by `ProcessMark.as_dict`; None if there is none."""
    pid, start = values.get(f"{prefix}pid"), values.get(f"{prefix}start_time")
    # Zero and below mean groups of processes to the system.
    if not (isinstance(pid, int) and pid > 0 and isinstance(start, int | float)):
        return None
    try:
        return ProcessMark(pid, float(start), str(values.get(f"{prefix}born") or ""))
    except OverflowError:
        return None


def tree_of(pid: int) -> list[int]:
    """Numbers of a process and of all that come from it; empty once it is gone."""
    try:
        process = psutil.Process(pid)
        return [pid, *(child.pid for child in process.children(recursive=True))]
    except psutil.Error:
        return []


def resident_bytes(pids: Iterable[int]) -> int:
    """Memory that goes only when these processes go: anonymous and shared pages, and what of them is swapped out.

    Pages of mapped files (decoded cases, libraries) are left out: the kernel takes them back when it needs them. For
    the same reason, and since the kernel walks every page for it while it holds the process's lock, this is not PSS. On
    systems without /proc it is the resident set. Processes that are gone count nothing.
    """
    return sum(_own_bytes(pid) for pid in pids)


def _own_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_bytes().splitlines()
    except OSError:
        return _resident_set(pid)
    kinds = (b"RssAnon:", b"RssShmem:", b"VmSwap:")
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith(kinds))


def _resident_set(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _born(pid: int) -> str:
    """See `ProcessMark`; field 22 of /proc/PID/stat, counted behind the name, which may hold anything."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return f"{_BOOT.read_text().strip()}/{fields[19]}"
    except (OSError, IndexError):
        return ""
