"""How much memory this machine, or the container we are in, has and can still give, and how many cores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_CONTROL_GROUP = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


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


def machine_memory(control_group: Path = _CONTROL_GROUP, own_groups: Path = _OWN_GROUPS) -> MachineMemory:
    """The memory of the machine, or less where a control group above this process sets a limit.

    Parameters
    ----------
    control_group : Path
        Where the control groups are mounted.
    own_groups : Path
        File that says which of them are our own, as in /proc/self/cgroup.
    """
    machine = psutil.virtual_memory()
    total, available = int(machine.total), int(machine.available)
    for folder in _groups(control_group, own_groups):
        found = _limit_and_use(folder)
        if found is not None:
            limit, used = found
            total, available = min(total, limit), min(available, limit - used)
    return MachineMemory(total, max(0, available))


def machine_cores() -> int:
    """Cores that a process may use, not counting hyper-threads."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


def own_group(control_group: Path = _CONTROL_GROUP, own_groups: Path = _OWN_GROUPS) -> Path | None:
    """Folder of our own control group of version 2; None where there is none."""
    for mount, path in _own_paths(control_group, own_groups):
        if mount == control_group:
            return mount / path
    return None


def _groups(control_group: Path, own_groups: Path) -> Iterator[Path]:
    """Our groups and those above them; in a container its own is often mounted as the topmost."""
    yield control_group
    for mount, path in _own_paths(control_group, own_groups):
        yield mount
        folder = mount / path
        while folder != mount and mount in folder.parents:
            yield folder
            folder = folder.parent


def _own_paths(control_group: Path, own_groups: Path) -> Iterator[tuple[Path, str]]:
    """Where memory is controlled: the mount, and our path in it; version 2 is mounted as a whole, 1 by controller."""
    try:
        lines = own_groups.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            yield control_group, path.lstrip("/")
        elif "memory" in controllers.split(","):
            yield control_group / "memory", path.lstrip("/")


def _limit_and_use(folder: Path) -> tuple[int, int] | None:
    """Bytes that a group may take, and holds in a way that does not give way; None where there is no limit."""
    for limit_name, use_name in (
        ("memory.max", "memory.current"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        try:
            limit, used = int((folder / limit_name).read_text()), int((folder / use_name).read_text())
        except (OSError, ValueError):
            # No such version, or "max": no limit.
            continue
        return limit, max(0, used - _cached_bytes(folder))
    return None


def _cached_bytes(folder: Path) -> int:
    """File pages of a group, which are counted as used and given back under pressure."""
    try:
        facts = dict(line.split(maxsplit=1) for line in (folder / "memory.stat").read_text().splitlines())
        # Version 1 names the sums that include the groups below with "total_", version 2 has no others.
        return sum(int(facts.get(f"total_{name}", facts.get(name, 0))) for name in ("inactive_file", "active_file"))
    except (OSError, ValueError):
        return 0
