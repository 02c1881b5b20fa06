"""How much memory this machine, or the container we are in, has and can still give, and how many cores."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

_CONTROL_GROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class MachineMemory:
    """Bytes of main memory.

    Parameters
    ----------
    total_bytes, available_bytes : int
        What there is, and what a new process can have without swapping.
    """

    total_bytes: int
    available_bytes: int


def machine_memory(control_group: Path = _CONTROL_GROUP) -> MachineMemory:
    """The memory of the machine, or less where a control group sets a limit."""
    machine = psutil.virtual_memory()
    total, available = int(machine.total), int(machine.available)
    try:
        limit = int((control_group / "memory.max").read_text())
        used = int((control_group / "memory.current").read_text())
    except (OSError, ValueError):
        # No control group of version 2, or "max": no limit.
        return MachineMemory(total, available)
    return MachineMemory(min(total, limit), max(0, min(available, limit - used)))


def machine_cores() -> int:
    """Cores that a process may use, not counting hyper-threads."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))
