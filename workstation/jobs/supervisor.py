"""The small process that carries a run out: waits its turn, starts the engine, watches over it, writes its last event.

    waiting -> preparing -> (the engine: running, paused, stopping) -> finished | stopped | failed | killed

It knows the engine only as a command with a process number and an exit status, and never loads TensorFlow. If it
dies itself, its heartbeat goes stale and readers call the run lost; on Linux the kernel then kills the engine too
(PR_SET_PDEATHSIG), so that nothing trains on unseen; elsewhere the next start of the run ends what is left.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workstation.errors import RunError, WorkstationError
from workstation.io.runs import RunFolder
from workstation.jobs.admission import Verdict
from workstation.jobs.disk import free_bytes, wanted_bytes
from workstation.jobs.engine_process import kill_tree, last_line, signals_noted, start_engine
from workstation.jobs.engine_watch import EngineWatch
from workstation.jobs.need import Need, need_of, remember_training
from workstation.jobs.notification import is_wanted, notify
from workstation.jobs.outcome import EXIT_FAILED, EXIT_FINISHED, EXIT_STOPPED, Ending, ending_of
from workstation.jobs.processes import mark_of, own_mark
from workstation.jobs.queue_settings import cores_of_share, read_queue_settings
from workstation.jobs.supervision import leftover_engine, only_supervisor, write_supervision
from workstation.jobs.ticket import Ticket
from workstation.jobs.turns import Turns
from workstation.jobs.waiting import quoted, waiting_event

_STOPS = frozenset({"stop_now", "stop_after_epoch"})


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a supervisor looks, and how long it is patient; seconds.

    Parameters
    ----------
    look, beat : float
        Between two looks at engine, its memory and commands; between two heartbeats.
    terminate_after, kill_after : float
        From "stop now" to SIGTERM, and to SIGKILL.
    stall_after : float
        Without progress before that is worth a warning, see `StallWatch`.
    """

    look: float = 0.2
    beat: float = 2.0
    terminate_after: float = 20.0
    kill_after: float = 40.0
    stall_after: float = 600.0


def supervise(run_path: Path, *, engine: Sequence[str] = (), pace: Pace = Pace()) -> int:
    """Carry a run out to its end.

    Parameters
    ----------
    run_path : Path
    engine : sequence of str
        The command that gets the run folder as its last word; empty takes the environment's WORKSTATION_ENGINE
        (words as in a shell), and without that this program's own engine.
    pace : Pace

    Returns
    -------
    int
        0 finished, 3 stopped, 1 anything else.

    Raises
    ------
    RunError
        The folder is no run, or another supervisor carries it out.
    """
    run = RunFolder(run_path)
    command = [*(engine or _default_engine()), str(run_path)]
    with only_supervisor(run):
        ending = _Supervisor(run, command, pace).carry_out()
    return {"finished": EXIT_FINISHED, "stopped": EXIT_STOPPED}.get(ending.state, EXIT_FAILED)


def _default_engine() -> list[str]:
    return shlex.split(os.environ.get("WORKSTATION_ENGINE", "")) or [sys.executable, "-m", "workstation.engine"]


class _Supervisor:
    """One start of one run."""

    def __init__(self, run: RunFolder, command: Sequence[str], pace: Pace) -> None:
        self._run = run
        self._command = command
        self._pace = pace
        self._turns = Turns(run.root)
        self._need = Need(0)
        self._ticket = Ticket(run.name, run.asked_at(), False, own_mark())
        self._control_offset = run.control_start()
        self._asked: set[str] = set()
        self._stop_asked_at: float | None = None
        self._beaten_at = -float("inf")
        self._watch: EngineWatch | None = None
        self._ran_beside = False

    def carry_out(self) -> Ending:
        """Wait, run, and write the last event; whatever happens, the turn is given back and no engine is left."""
        write_supervision(self._run, self._ticket.supervisor, leftover_engine(self._run))
        with signals_noted(self._ask_to_stop):
            try:
                self._ask_for_turn()
                ending = self._run_engine() if self._wait_for_turn() else Ending("stopped")
            except WorkstationError as error:
                ending = Ending("failed", type(error).__name__, error.message, error.hint)
            except BaseException as error:
                self._finish(Ending("failed", "SupervisorFailure", f"The supervisor failed: {error}", "See its log."))
                raise
            self._finish(ending)
        return ending

    def _ask_for_turn(self) -> None:
        """Take a place, find out what the run needs, and write that down."""
        self._beat()
        self._turns.ask(self._ticket)
        leftover = leftover_engine(self._run)
        if leftover is not None:
            leftover.end()
        self._need = need_of(self._run)
        self._ticket = replace(self._ticket, bytes=self._need.bytes, is_alone=self._need.is_alone)
        self._turns.ask(self._ticket)
        self._say({"event": "estimate", "estimate_bytes": 0 if self._need.is_alone else self._need.bytes})

    def _wait_for_turn(self) -> bool:
        """True when it is our turn; False if the run was stopped before."""
        said: Verdict | None = None
        while True:
            self._hear()
            self._beat()
            if self._asked & _STOPS:
                return False
            verdict = self._lack_of_disk()
            if verdict is None:
                self._ticket, verdict = self._turns.try_take(self._ticket)
            if verdict.may_start:
                return True
            if said is None or _differ(said, verdict):
                said = verdict
                self._say(waiting_event(verdict))
            time.sleep(self._pace.look)

    def _lack_of_disk(self) -> Verdict | None:
        """What there is too little of to begin with, if there is."""
        wanted, free = wanted_bytes(self._run.request()), free_bytes(self._run.path)
        return Verdict("disk", 1, wanted, free) if free < wanted else None

    def _run_engine(self) -> Ending:
        self._say({"event": "state", "state": "preparing", "text": ""})
        cores = cores_of_share(read_queue_settings(self._run.root), self._ticket.slot)
        self._say_granted(cores)
        with ExitStack() as stack:
            log = stack.enter_context(self._run.log.open("ab"))
            try:
                engine = start_engine(self._command, log, cores=cores)
            except OSError as error:
                return Ending("failed", "EngineMissing", f"The engine could not be started: {error}.")
            stack.enter_context(engine)
            stack.callback(kill_tree, engine)
            self._register(engine.pid)
            watch = stack.enter_context(
                EngineWatch(self._run, engine, self._ticket, self._turns, stall_after=self._pace.stall_after)
            )
            self._watch = watch
            self._look_after(engine, watch)
            return self._ending_of(engine.returncode, watch)

    def _say_granted(self, cores: Sequence[int]) -> None:
        """What is reserved, and who shares the processor; a run may be joined by others later."""
        beside = [each.name for each in self._turns.look().running if each.name != self._run.name]
        self._ran_beside = bool(beside or cores)
        grant = {"reserved_bytes": self._ticket.bytes, "beside": quoted(beside), "cores": list(cores)}
        self._say({"event": "granted", **grant})

    def _register(self, pid: int) -> None:
        """Let the ticket and supervisor.json name the engine, so that it is found should we die."""
        self._ticket = replace(self._ticket, engine=mark_of(pid))
        self._turns.ask(self._ticket)
        write_supervision(self._run, self._ticket.supervisor, self._ticket.engine)

    def _look_after(self, engine: subprocess.Popen[bytes], watch: EngineWatch) -> None:
        """Look after the engine until it ends."""
        while engine.poll() is None:
            self._hear()
            watch.guard_memory()
            if self._beat():
                watch.look()
                self._ran_beside |= watch.has_company
            if self._stop_asked_at is not None:
                waited = time.monotonic() - self._stop_asked_at
                if waited > self._pace.kill_after:
                    engine.kill()
                elif waited > self._pace.terminate_after:
                    engine.terminate()
            time.sleep(self._pace.look)

    def _ending_of(self, returncode: int, watch: EngineWatch) -> Ending:
        story = watch.story(0 if self._need.is_alone else self._need.bytes)
        return ending_of(
            returncode,
            was_stopped=self._stop_asked_at is not None,
            has_reason=watch.has_failed,
            memory=story,
            last_line=last_line(self._run.log),
        )

    def _hear(self) -> None:
        """Take in what was asked of the run since."""
        records, self._control_offset = self._run.commands(self._control_offset)
        for record in records:
            self._asked.add(str(record.get("command")))
        if "stop_now" in self._asked and self._stop_asked_at is None:
            self._stop_asked_at = time.monotonic()
            self._say({"event": "state", "state": "stopping"})

    def _ask_to_stop(self) -> None:
        """The machine or somebody wants this process to go: the engine gets its time to stop in order."""
        self._run.send("stop_now")

    def _beat(self) -> bool:
        """Beat the heart if it is time to; says whether it was.

        Raises
        ------
        RunError
            The folder is gone; a run without a folder is nobody's.
        """
        now = time.monotonic()
        if now - self._beaten_at < self._pace.beat:
            return False
        self._beaten_at = now
        try:
            self._run.beat()
        except RunError as error:
            # A disk that fails for a moment is no reason to end a training of days.
            if not self._run.path.is_dir():
                raise
            print(f"supervisor: {error.message}", file=sys.stderr, flush=True)
        return True

    def _finish(self, ending: Ending) -> None:
        """Give the turn back, write the last events, remember what was measured, and tell the desktop."""
        try:
            self._turns.leave(self._run.name)
        except RunError as error:
            # The place goes with this process.
            print(f"supervisor: {error.message}", file=sys.stderr, flush=True)
        peak = self._watch.memory.peak_bytes if self._watch else 0
        if peak:
            self._say({"event": "memory", "rss_bytes": 0, "peak_bytes": peak})
        if ending.kind:
            self._say({"event": "failed", "kind": ending.kind, "text": ending.reason, "hint": ending.hint})
        last: dict[str, Any] = {"event": "state", "state": ending.state, "text": ""}
        if ending.reason:
            last |= {"reason": ending.reason, "hint": ending.hint}
        self._say(last)
        try:
            self._run.write_summary()
        except WorkstationError as error:
            print(f"supervisor: {error.message}", file=sys.stderr, flush=True)
        if self._need.shape is not None and peak:
            remember_training(self._run, self._need.shape, peak_bytes=peak, was_alone=not self._ran_beside)
        if ending.state != "stopped" and is_wanted(self._run.root):
            is_bad = ending.state != "finished"
            notify(f"{self._run.name}: {ending.state}", self._run.status().reason, is_bad=is_bad)

    def _say(self, event: dict[str, Any]) -> None:
        """Append an event; a full disk must not end a training that may still be saved."""
        try:
            self._run.append(event)
        except RunError as error:
            print(f"supervisor: {error}; lost {event}", file=sys.stderr, flush=True)


def _differ(said: Verdict, verdict: Verdict) -> bool:
    """Whether a reader should be told; what is free changes with every breath of other programs."""
    is_close = abs(said.free_bytes - verdict.free_bytes) <= 0.05 * max(said.free_bytes, verdict.free_bytes)
    return not is_close or replace(said, free_bytes=0) != replace(verdict, free_bytes=0)
