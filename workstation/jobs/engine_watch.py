"""What a supervisor watches while its engine runs: memory against the reservation, progress, room on the disk."""

from __future__ import annotations

import subprocess
import sys
import time
from types import TracebackType
from typing import Any

from workstation.errors import RunError, WorkstationError
from workstation.io.runs import RunFolder
from workstation.jobs.disk import free_bytes, wanted_bytes
from workstation.jobs.engine_process import kill_tree
from workstation.jobs.memory import machine_memory
from workstation.jobs.memory_cap import make_cap
from workstation.jobs.memory_watch import GRANT_MARGIN, EngineMemory, is_too_much, kernel_kills
from workstation.jobs.outcome import MemoryStory
from workstation.jobs.stall import StallWatch
from workstation.jobs.ticket import Ticket
from workstation.jobs.turns import Turns
from workstation.jobs.waiting import amount

DISK = "disk"
"""Sender of the commands that let a run rest for want of room, and go on."""


class EngineWatch:
    """Watches over one engine; as a context manager it leaves no engine behind.

    A run that takes more than its reservation and the margin gets a larger one while the budget has it: an estimate
    that was wrong is no reason to lose hours. Where the budget does not, the run is ended, alone, before others suffer.

    Parameters
    ----------
    run : RunFolder
    engine : Popen
    ticket : Ticket
        Of the run, which names the engine.
    turns : Turns
    stall_after : float
        Seconds without progress before that is worth a warning.
    """

    def __init__(
        self, run: RunFolder, engine: subprocess.Popen[bytes], ticket: Ticket, turns: Turns, *, stall_after: float
    ) -> None:
        self._run = run
        self._engine = engine
        self._ticket = ticket
        self._turns = turns
        self.memory = EngineMemory(engine.pid)
        self.ended_at_bytes = 0
        self.has_failed = False
        self.has_company = False
        self._events_offset = run.events.stat().st_size if run.events.exists() else 0
        self._control_offset = run.control_start()
        self._stall = StallWatch(time.monotonic(), patience=stall_after)
        self._wanted_disk = wanted_bytes(run.request())
        self._rests_for_disk = False
        self._warning = ""
        self._complaint = ""
        self._cap = make_cap(run.name, engine.pid)
        self._kills = kernel_kills()

    def __enter__(self) -> EngineWatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        kill_tree(self._engine)
        if self._cap is not None:
            self._cap.remove()

    def guard_memory(self) -> None:
        """Enlarge the reservation of an engine that takes too much, or end it."""
        used = self.memory.used_bytes()
        if (
            self.ended_at_bytes
            or used <= self._ticket.bytes
            or not is_too_much(used, self._ticket.bytes, machine_memory())
        ):
            return
        try:
            extended = self._turns.try_extend(self._ticket, round(used * (1 + GRANT_MARGIN)))
        except WorkstationError as error:
            # It cannot be written down, which is no reason to lose hours: the next look tries again.
            self._complain(error)
            return
        if extended is None:
            self.ended_at_bytes = used
            kill_tree(self._engine)
            return
        self._ticket = extended
        self._say({"event": "granted", "reserved_bytes": extended.bytes})

    def look(self) -> None:
        """Tell of memory and progress, and see to the disk; every few seconds."""
        now = time.monotonic()
        event = self.memory.event(now)
        if event is not None:
            self._say(event)
        self._read_events(now)
        self._look_at_others()
        warning = self._see_to_disk() or self._see_to_progress(now)
        if warning != self._warning:
            self._warning = warning
            self._say({"event": "warning", "text": warning})
        self._kills = kernel_kills()

    def story(self, estimate_bytes: int) -> MemoryStory:
        """What is known of the memory of an engine that has ended."""
        self._read_events(time.monotonic())
        peak = self.memory.peak_bytes
        ended_at = self.ended_at_bytes or (peak if self._cap is not None and self._cap.kills() else 0)
        before, now = self._kills, kernel_kills()
        is_kernels = None if before is None or now is None else now > before
        return MemoryStory(peak, estimate_bytes, ended_at, is_kernels)

    def _look_at_others(self) -> None:
        try:
            queue = self._turns.look()
        except WorkstationError as error:
            self._complain(error)
            return
        others = [each for each in queue.running if each.name != self._run.name]
        self.has_company = bool(others)
        if self._cap is not None:
            left = queue.limits.budget_bytes - sum(each.bytes for each in others)
            # What was granted stays granted, also where the budget was made smaller since.
            self._cap.limit(max(left, self._ticket.bytes))

    def _complain(self, error: WorkstationError) -> None:
        """Say in the supervisor's log what cannot be written, once."""
        if error.message != self._complaint:
            self._complaint = error.message
            print(f"supervisor: {error.message}", file=sys.stderr, flush=True)

    def _read_events(self, now: float) -> None:
        events, self._events_offset = self._run.read_events(self._events_offset)
        self.has_failed |= any(event.get("event") == "failed" for event in events)
        self._stall.take(events, now)

    def _see_to_progress(self, now: float) -> str:
        silent = self._stall.seconds_without(now)
        if silent is None:
            return ""
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(time.time() - silent))
        return f"No progress since {since}: look at the log; stop the run and resume it if it hangs."

    def _see_to_disk(self) -> str:
        """Let the run rest while room is short; what to say of it."""
        free = free_bytes(self._run.path)
        if self._rests_for_disk and free >= self._wanted_disk:
            self._rests_for_disk = False
            if self._last_pause_is_ours():
                self._send("resume")
        elif not self._rests_for_disk and free < self._wanted_disk // 2:
            self._rests_for_disk = True
            self._send("pause")
        if not self._rests_for_disk:
            return ""
        return (
            f"The run rests: {amount(free)} free on the disk of {self._run.root}. It goes on by itself when there are "
            f"{amount(self._wanted_disk)}."
        )

    def _last_pause_is_ours(self) -> bool:
        """The user has not asked for a pause, or anything else, since."""
        records, _ = self._run.commands(self._control_offset)
        return bool(records) and records[-1].get("sender") == DISK

    def _send(self, command: str) -> None:
        try:
            self._run.send(command, sender=DISK)
        except RunError as error:
            print(f"supervisor: {error}", file=sys.stderr, flush=True)

    def _say(self, event: dict[str, Any]) -> None:
        try:
            self._run.append(event)
        except RunError as error:
            print(f"supervisor: {error}; lost {event}", file=sys.stderr, flush=True)
