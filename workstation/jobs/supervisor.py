"""The small process that carries a run out: waits its turn, starts the engine, watches over it, writes its last event.

    waiting -> preparing -> (the engine: running, paused, stopping) -> finished | stopped | failed | killed

It knows the engine only as a command with a process number and an exit status, and never loads TensorFlow. If it
dies itself, its heartbeat goes stale and readers call the run lost; on Linux the kernel then kills the engine too
(PR_SET_PDEATHSIG), so that nothing trains on unseen; elsewhere the next start of the run ends what is left.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from workstation.errors import WorkstationError
from workstation.io.runs import RunFolder
from workstation.jobs.outcome import EXIT_FAILED, EXIT_FINISHED, EXIT_STOPPED, Ending, ending_of
from workstation.jobs.processes import MemoryGauge, MemoryReport, mark_of, own_mark
from workstation.jobs.supervision import leftover_engine, only_supervisor, write_supervision
from workstation.jobs.turns import Ticket, Turns

_PR_SET_PDEATHSIG = 1
_NICE = 10


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a supervisor looks, and how long it is patient; seconds.

    Parameters
    ----------
    look, beat : float
        Between two looks at engine and commands; between two heartbeats and memory samples.
    terminate_after, kill_after : float
        From "stop now" to SIGTERM, and to SIGKILL.
    """

    look: float = 0.2
    beat: float = 2.0
    terminate_after: float = 20.0
    kill_after: float = 40.0


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
        self._ticket = Ticket(run.name, run.asked_at(), False, own_mark())
        self._control_offset = run.control_start()
        self._events_offset = run.events.stat().st_size if run.events.exists() else 0
        self._asked: set[str] = set()
        self._stop_asked_at: float | None = None
        self._beaten_at = -float("inf")
        self._memory = MemoryReport()

    def carry_out(self) -> Ending:
        """Wait, run, and write the last event; whatever happens, the turn is given back and no engine is left."""
        write_supervision(self._run, self._ticket.supervisor, None)
        with _signals_noted(self._ask_to_stop):
            try:
                self._turns.ask(self._ticket)
                ending = self._run_engine() if self._wait_for_turn() else Ending("stopped")
            except BaseException as error:
                self._finish(Ending("failed", "SupervisorFailure", f"The supervisor failed: {error}", "See its log."))
                raise
            self._finish(ending)
        return ending

    def _wait_for_turn(self) -> bool:
        """True when it is our turn; False if the run was stopped before."""
        leftover = leftover_engine(self._run)
        if leftover is not None:
            leftover.end()
        ahead = -1
        while True:
            self._hear()
            self._beat()
            if self._asked & {"stop_now", "stop_after_epoch"}:
                return False
            if self._turns.try_take(self._run.name):
                return True
            if (now := self._turns.ahead(self._run.name)) != ahead:
                ahead = now
                text = "1 run is before this one" if ahead == 1 else f"{ahead} runs are before this one"
                self._say({"event": "state", "state": "waiting", "text": text})
            time.sleep(self._pace.look)

    def _run_engine(self) -> Ending:
        self._say({"event": "state", "state": "preparing", "text": ""})
        with ExitStack() as stack:
            log = stack.enter_context(self._run.log.open("ab"))
            try:
                engine = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    preexec_fn=_prepare_child,  # noqa: PLW1509  (this process has one thread)
                )
            except OSError as error:
                return Ending("failed", "EngineMissing", f"The engine could not be started: {error}.")
            stack.enter_context(engine)
            stack.callback(_kill, engine)
            self._register(engine.pid)
            self._watch(engine)
            return self._ending_of(engine.returncode)

    def _register(self, pid: int) -> None:
        """Let the ticket and supervisor.json name the engine, so that it is found should we die."""
        self._ticket = replace(self._ticket, is_running=True, engine=mark_of(pid))
        self._turns.ask(self._ticket)
        write_supervision(self._run, self._ticket.supervisor, self._ticket.engine)

    def _watch(self, engine: subprocess.Popen[bytes]) -> None:
        """Look after the engine until it ends."""
        gauge = MemoryGauge(engine.pid)
        while engine.poll() is None:
            self._hear()
            if self._beat():
                self._report_memory(gauge)
            if self._stop_asked_at is not None:
                waited = time.monotonic() - self._stop_asked_at
                if waited > self._pace.kill_after:
                    engine.kill()
                elif waited > self._pace.terminate_after:
                    engine.terminate()
            time.sleep(self._pace.look)

    def _ending_of(self, returncode: int) -> Ending:
        events, _ = self._run.read_events(self._events_offset)
        return ending_of(
            returncode,
            was_stopped=self._stop_asked_at is not None,
            has_reason=any(event.get("event") == "failed" for event in events),
            peak_bytes=self._memory.peak_bytes,
            last_line=_last_line(self._run.log),
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
        OSError
            The folder is gone; a run without a folder is nobody's.
        """
        now = time.monotonic()
        if now - self._beaten_at < self._pace.beat:
            return False
        self._beaten_at = now
        self._run.beat()
        return True

    def _report_memory(self, gauge: MemoryGauge) -> None:
        event = self._memory.take(gauge.read(), time.monotonic())
        if event is not None:
            self._say(event)

    def _finish(self, ending: Ending) -> None:
        """Give the turn back and write the last events."""
        self._turns.leave(self._run.name)
        if self._memory.peak_bytes:
            self._say({"event": "memory", "rss_bytes": 0, "peak_bytes": self._memory.peak_bytes})
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

    def _say(self, event: dict[str, Any]) -> None:
        """Append an event; a full disk must not end a training that may still be saved."""
        try:
            self._run.append(event)
        except OSError as error:
            print(f"supervisor: {self._run.events}: {error}; lost {event}", file=sys.stderr, flush=True)


def _prepare_child() -> None:
    """In the engine, before its program starts: stand back behind the window, and die with the supervisor."""
    os.nice(_NICE)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _kill(engine: subprocess.Popen[bytes]) -> None:
    if engine.poll() is None:
        engine.kill()


def _last_line(log: Path) -> str:
    """The last line of the log that is not empty, at most 300 characters."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


@contextmanager
def _signals_noted(note: Callable[[], None]) -> Iterator[None]:
    """Call `note` on SIGTERM or SIGINT, and take no notice of a hang-up."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        note()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
