"""A hard limit to an engine's memory, where Linux lets us: a control group of version 2 beside our own.

The supervisor's own looks end a run that grows; the group also ends one that takes a great deal between two looks. It
is made where systemd delegates the user's groups (a desktop session, a user service); elsewhere there is none, and the
looks must do.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from workstation.jobs.memory import own_group


class MemoryCap:
    """A control group of one engine.

    Parameters
    ----------
    folder : Path
        Of the group, which is there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def limit(self, count: int) -> None:
        """Let the kernel end the engine, with all its processes, when they take more than so many bytes."""
        with suppress(OSError):
            (self._folder / "memory.max").write_text(str(count))

    def kills(self) -> int:
        """How many of its processes the kernel has ended for the limit."""
        with suppress(OSError, ValueError):
            for line in (self._folder / "memory.events").read_text().splitlines():
                name, _, count = line.partition(" ")
                if name == "oom_kill":
                    return int(count)
        return 0

    def remove(self) -> None:
        """Take the group away; it must be empty, and stays for systemd to clear away if it is not yet."""
        with suppress(OSError):
            self._folder.rmdir()


def make_cap(name: str, pid: int, *, group: Path | None = None) -> MemoryCap | None:
    """Put a process into a new control group; None where that is not possible.

    Parameters
    ----------
    name : str
        Of the run.
    pid : int
    group : Path or None
        Our own group; None looks for it.
    """
    own = group or own_group()
    if own is None:
        return None
    folder = own.parent / f"workstation-{name}"
    try:
        if "memory" not in (own.parent / "cgroup.subtree_control").read_text().split():
            return None
        folder.mkdir(exist_ok=True)
        (folder / "memory.oom.group").write_text("1")
        (folder / "cgroup.procs").write_text(str(pid))
    except OSError:
        with suppress(OSError):
            folder.rmdir()
        return None
    return MemoryCap(folder)
