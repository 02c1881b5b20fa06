"""Kill a run's engine, its supervisor or both at a random moment, and see that the truth is told and nothing is left.

After each kill: the state that a new reader sees is the true one, no process of the run lives, nothing is reserved for
it, and Resume carries it to the end.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from fake_engine import state, until

from workstation.core.requests import TrainRequest
from workstation.io.runs import RunFolder
from workstation.jobs.control import resume_from_checkpoint
from workstation.jobs.local import start
from workstation.jobs.processes import ProcessMark, mark_in, mark_of
from workstation.jobs.supervision import read_supervision
from workstation.jobs.turns import Turns

VICTIMS = ("engine", "supervisor", "both")
PHASES = ("waiting", "preparing", "running")
# A supervisor that dies before it could say its number is missed only when its heartbeat is stale.
PATIENCE_SECONDS = 60.0
STRANGER = "Somebody outside the program ended it (SIGKILL)."


class KillLoop:
    """Kills runs and counts what it met.

    Parameters
    ----------
    root : Path
        A folder of runs.
    request : TrainRequest
    seconds : float
        About how long each phase of a start takes; moments are drawn from it.
    seed : int
    """

    def __init__(self, root: Path, request: TrainRequest, *, seconds: float, seed: int) -> None:
        self._root = root
        self._request = request
        self._seconds = seconds
        self._chance = random.Random(seed)
        self._seen: set[ProcessMark] = set()
        self.counts: Counter[tuple[str, str, str]] = Counter()

    def once(self, number: int) -> RunFolder:
        """Start a run, kill it once or twice, and resume it until it is finished."""
        run = RunFolder.create(self._root, self._request, label=f"k{number}")
        pid = start(run)
        for _ in range(self._chance.choice((1, 1, 2))):
            self._kill(run, pid)
            self._check_nothing_is_left(run)
            if state(run) == "finished":
                return run
            pid = resume_from_checkpoint(run)
        until(lambda: RunFolder(run.path).status().is_ended, 120)
        assert state(run) == "finished", run.status().reason
        self._check_nothing_is_left(run)
        return run

    def _kill(self, run: RunFolder, supervisor: int) -> None:
        victim = self._chance.choice(VICTIMS)
        phase = self._chance.choice(PHASES)
        # Whatever the machine's speed, each phase is met.
        until(lambda: state(run) in (phase, "running") or RunFolder(run.path).status().is_ended, PATIENCE_SECONDS)
        moment = time.monotonic() + self._chance.uniform(0, self._seconds)
        until(lambda: time.monotonic() >= moment, 2 * self._seconds)
        supervised = mark_of(supervisor)
        engine = self._engine_of(run, supervisor)
        before = state(run)
        if victim == "engine" and engine is None:
            victim = "supervisor"
        pids = {
            "engine": [engine.pid if engine else 0],
            "supervisor": [supervisor],
            "both": [supervisor, *([engine.pid] if engine else [])],
        }
        self._seen |= {mark for mark in (supervised, engine) if mark is not None}
        for pid in pids[victim]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: RunFolder(run.path).status().is_ended, PATIENCE_SECONDS)
        self._check_truth(run, victim, before)

    def _engine_of(self, run: RunFolder, supervisor: int) -> ProcessMark | None:
        """The engine of this start, if it is there."""
        values = read_supervision(run)
        engine = mark_in(values, "engine_") if values.get("pid") == supervisor else None
        return engine if engine is not None and engine.is_alive() else None

    def _check_truth(self, run: RunFolder, victim: str, before: str) -> None:
        status = RunFolder(run.path).status()
        # It may have come to its end just before it was killed.
        expected = {"killed", "finished"} if victim == "engine" else {"lost", "finished"}
        assert status.state in expected, (victim, before, status)
        if status.state == "killed":
            assert status.reason == STRANGER
        assert status.can_resume == (status.state != "finished")
        self.counts[victim, before, status.state] += 1

    def _check_nothing_is_left(self, run: RunFolder) -> None:
        mark = mark_in(read_supervision(run), "engine_")
        self._seen |= {mark} if mark else set()
        until(lambda: not any(mark.is_alive() for mark in self._seen), 10)
        self._seen.clear()
        # A finished engine says so before its process is gone.
        until(lambda: (look := Turns(self._root).look()).running == look.waiting == (), 10)

    def report(self) -> str:
        """How often which process was killed in which state, and what became of it."""
        rows = [
            f"{victim:10} {before:10} -> {after:8} {n}" for (victim, before, after), n in sorted(self.counts.items())
        ]
        return "\n".join([f"{sum(self.counts.values())} kills", *rows])
