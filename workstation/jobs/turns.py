"""The queue of a folder of runs, without a daemon: tickets in RUNS/.turns, and one file lock.

Each supervisor keeps a ticket (`jobs/ticket.py`); whoever looks does so under the lock, drops the tickets of the dead
(told by process number and start time) and applies the rule of `jobs/admission.py`. So two windows, a command line and
any number of supervisors agree, and a reservation ends with the process that holds it, however that ends.
"""

from __future__ import annotations

import fcntl
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from workstation.errors import RunError
from workstation.jobs.admission import Limits, Verdict, judge
from workstation.jobs.memory import machine_memory
from workstation.jobs.processes import resident_bytes
from workstation.jobs.queue_settings import memory_budget, read_queue_settings
from workstation.jobs.ticket import Ticket, read_ticket


@dataclass(frozen=True, slots=True)
class QueueLook:
    """The queue at one moment.

    Parameters
    ----------
    running, waiting : tuple of Ticket
        In the order in which they were asked for.
    limits : Limits
    """

    running: tuple[Ticket, ...]
    waiting: tuple[Ticket, ...]
    limits: Limits

    @property
    def reserved_bytes(self) -> int:
        """Memory that is promised to those that run."""
        return sum(ticket.bytes for ticket in self.running)

    @property
    def free_bytes(self) -> int:
        """What is left of the budget."""
        return max(0, self.limits.budget_bytes - self.reserved_bytes)


class Turns:
    """The tickets of a folder of runs.

    Parameters
    ----------
    root : Path
        The folder of runs; the tickets live in its `.turns`.

    Raises
    ------
    RunError, ExportError
        By every method: the tickets cannot be written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / ".turns"

    def ask(self, ticket: Ticket) -> None:
        """Take a place, or change what the ticket of that name says."""
        with self._locked():
            ticket.write(self._path(ticket.name))

    def reserve(self, ticket: Ticket) -> None:
        """Take a place for a supervisor that has just been started, unless it has taken it already.

        The starter does so, since of two supervisors started one after the other the second may be quicker.
        """
        with self._locked():
            present = read_ticket(self._path(ticket.name))
            if present is None or present.supervisor.pid != ticket.supervisor.pid:
                ticket.write(self._path(ticket.name))

    def try_take(self, ticket: Ticket) -> tuple[Ticket, Verdict]:
        """Take the turn if the run may start; the ticket as it then is, running and with its reservation or as before.

        A place that was lost (somebody removed the file) is taken again.
        """
        with self._locked():
            tickets = self._held()
            if not any(each.name == ticket.name for each in tickets):
                ticket.write(self._path(ticket.name))
            verdict = judge(ticket, tickets, self._limits(tickets))
            if verdict.may_start:
                slots = {each.slot for each in tickets if each.is_running}
                slot = next(number for number in range(len(slots) + 1) if number not in slots)
                ticket = replace(ticket, is_running=True, bytes=verdict.need_bytes, slot=slot)
                ticket.write(self._path(ticket.name))
            return ticket, verdict

    def try_extend(self, ticket: Ticket, wanted_bytes: int) -> Ticket | None:
        """Reserve more for a run that runs already; None if the budget does not have it.

        Those that wait are not asked: to end a run that could go on is worse than to delay another.
        """
        with self._locked():
            tickets = self._held()
            others = sum(each.bytes for each in tickets if each.is_running and each.name != ticket.name)
            if others + wanted_bytes > self._limits(tickets).budget_bytes:
                return None
            extended = replace(ticket, bytes=wanted_bytes)
            extended.write(self._path(ticket.name))
            return extended

    def look(self) -> QueueLook:
        """The queue as it is now; a folder without runs has none, and nothing is made."""
        if not self._folder.is_dir():
            return QueueLook((), (), self._limits([]))
        with self._locked():
            tickets = sorted(self._held(), key=lambda ticket: ticket.place)
            running = tuple(ticket for ticket in tickets if ticket.is_running)
            waiting = tuple(ticket for ticket in tickets if not ticket.is_running)
            return QueueLook(running, waiting, self._limits(tickets))

    def leave(self, name: str) -> None:
        """Give the place and what was reserved back."""
        with self._locked():
            self._path(name).unlink(missing_ok=True)

    def _limits(self, tickets: list[Ticket]) -> Limits:
        settings = read_queue_settings(self._root)
        memory = machine_memory()
        engines = (ticket.engine for ticket in tickets if ticket.is_running)
        in_use = sum(resident_bytes([engine.pid]) for engine in engines if engine is not None)
        return Limits(memory_budget(settings, memory), memory.available_bytes + in_use, settings.at_once)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _held(self) -> list[Ticket]:
        """The tickets of the living on this machine; those of the dead and the damaged are dropped."""
        held = []
        for path in self._folder.glob("*.json"):
            if path.name.startswith("."):
                continue
            ticket = read_ticket(path)
            if ticket is None or (ticket.host == platform.node() and not ticket.is_held()):
                path.unlink(missing_ok=True)
            elif ticket.host == platform.node():
                held.append(ticket)
        return held

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self._folder / "lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise RunError(
                f"The queue in {self._folder} cannot be written: {error.strerror or error}.",
                hint="Check that the folder may be written and the disk is not full.",
                path=self._folder,
            ) from error
