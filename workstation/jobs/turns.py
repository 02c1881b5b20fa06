"""One running job at a time per folder of runs, first come, first served, without a daemon.

Each supervisor keeps a ticket, a small file in RUNS/.turns; whoever looks does so under a file lock and drops the
tickets of the dead. `next_in_turn` alone decides who may run: another rule (say, by memory) is another function.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.io.files import write_json
from workstation.jobs.processes import ProcessMark, mark_in


@dataclass(frozen=True, slots=True)
class Ticket:
    """A run's place among those that want to run.

    Parameters
    ----------
    name : str
        Of the run.
    asked : float
        When it was asked to start, in Unix seconds.
    is_running : bool
        It has its turn.
    supervisor : ProcessMark
    engine : ProcessMark or None
        Once it runs. While it lives the turn is taken, even if its supervisor died.
    """

    name: str
    asked: float
    is_running: bool
    supervisor: ProcessMark
    engine: ProcessMark | None = None

    def is_held(self) -> bool:
        """Somebody alive stands behind it."""
        return self.supervisor.is_alive() or (self.engine is not None and self.engine.is_alive())


def next_in_turn(tickets: Sequence[Ticket]) -> str | None:
    """Name of the run that may start now; None if one is running or nobody waits."""
    if not tickets or any(ticket.is_running for ticket in tickets):
        return None
    return min(tickets, key=_place).name


def count_ahead(tickets: Sequence[Ticket], name: str) -> int:
    """How many run, or will run, before the run `name`."""
    own = next((ticket for ticket in tickets if ticket.name == name), None)
    if own is None:
        return 0
    return sum(ticket.is_running or _place(ticket) < _place(own) for ticket in tickets if ticket.name != name)


class Turns:
    """The tickets of a folder of runs.

    Parameters
    ----------
    root : Path
        The folder of runs; the tickets live in its `.turns`.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / ".turns"

    def ask(self, ticket: Ticket) -> None:
        """Take a place, or change what the ticket of that name says."""
        with self._locked():
            self._write(ticket)

    def reserve(self, ticket: Ticket) -> None:
        """Take a place for a supervisor that has just been started, unless it has taken it already.

        The starter does so, since of two supervisors started one after the other the second may be quicker.
        """
        with self._locked():
            present = _read(self._path(ticket.name))
            if present is None or present.supervisor.pid != ticket.supervisor.pid:
                self._write(ticket)

    def try_take(self, name: str) -> bool:
        """Take the turn if it is this run's; its ticket then counts as running."""
        with self._locked():
            tickets = self._held()
            if next_in_turn(tickets) != name:
                return False
            mine = next(ticket for ticket in tickets if ticket.name == name)
            self._write(Ticket(name, mine.asked, True, mine.supervisor, mine.engine))
            return True

    def ahead(self, name: str) -> int:
        """How many run, or will run, before the run `name`."""
        with self._locked():
            return count_ahead(self._held(), name)

    def leave(self, name: str) -> None:
        """Give the place back."""
        with self._locked():
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _write(self, ticket: Ticket) -> None:
        values: dict[str, Any] = {
            "asked": ticket.asked,
            "is_running": ticket.is_running,
            "pid": ticket.supervisor.pid,
            "start_time": ticket.supervisor.start_time,
        }
        if ticket.engine is not None:
            values |= {"engine_pid": ticket.engine.pid, "engine_start_time": ticket.engine.start_time}
        write_json(self._path(ticket.name), values)

    def _held(self) -> list[Ticket]:
        """The tickets of the living; those of the dead and the damaged are dropped."""
        held = []
        for path in self._folder.glob("*.json"):
            if path.name.startswith("."):
                continue
            ticket = _read(path)
            if ticket is not None and ticket.is_held():
                held.append(ticket)
            else:
                path.unlink(missing_ok=True)
        return held

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _place(ticket: Ticket) -> tuple[float, str]:
    return ticket.asked, ticket.name


def _read(path: Path) -> Ticket | None:
    try:
        values = json.loads(path.read_bytes())
        supervisor = mark_in(values)
        if supervisor is None:
            return None
        asked, is_running = float(values["asked"]), values["is_running"] is True
        return Ticket(path.stem, asked, is_running, supervisor, mark_in(values, "engine_"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
