"""Kill a run's engine, its supervisor, both, or the window that starts it at a random moment, and see that the truth is
told and nothing is left.

After each kill: the state that a new reader sees is the true one, no process of the run lives, nothing is reserved for
it, and Resume carries it to the end.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from fake_engine import state, until

from workstation.core.requests import TrainRequest
from workstation.io.runs import RunFolder, list_runs
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
# Every so many runs are started from a window.
WINDOW_EVERY = 4
# A window that says when it is about to start the run, and then watches it until it is killed.
WINDOW = """
import json, sys
from pathlib import Path
from workstation.core.requests import TrainRequest
from workstation.gui.application import make_application
from workstation.gui.main_window import MainWindow
from workstation.session.session import Session

app = make_application()
session = Session()
window = MainWindow(session)
window.show()
window.show_workspace("train")
app.processEvents()
print("ready", flush=True)
name = session.runs.start(TrainRequest.from_dict(json.loads(sys.argv[1])), label=sys.argv[2])
session.runs.follow(name)
app.exec()
"""


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

    def once(self, number: int, *, with_windows: bool = False) -> RunFolder:
        """Start a run, kill it once or twice, and resume it until it is finished.

        With windows, every fourth run is started from one, which is killed instead.
        """
        if with_windows and number % WINDOW_EVERY == WINDOW_EVERY - 1:
            started = self._from_window(f"w{number}")
            if started is not None:
                return started
        run = RunFolder.create(self._root, self._request, label=f"k{number}")
        pid = start(run)
        for _ in range(self._chance.choice((1, 1, 2))):
            self._kill(run, pid)
            self._check_nothing_is_left(run)
            if state(run) == "finished":
                return run
            pid = resume_from_checkpoint(run)
        until(lambda: RunFolder(run.path).status().is_ended, 600)
        assert state(run) == "finished", run.status().reason
        self._check_nothing_is_left(run)
        return run

    def _from_window(self, label: str) -> RunFolder | None:
        """Start a run from a window and kill that; None where it died before there was a run."""
        words = [sys.executable, "-c", WINDOW, json.dumps(self._request.as_dict()), label]
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "WORKSTATION_RUNS": str(self._root)}
        with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment) as window:
            assert window.stdout is not None
            assert window.stdout.readline() == b"ready\n"
            # Half of them within the start itself, which takes some 10 ms.
            moment = time.monotonic() + self._chance.choice((0.02, self._seconds)) * self._chance.random()
            until(lambda: time.monotonic() >= moment, 2 * self._seconds)
            window.kill()
        found = [run for run in list_runs(self._root) if f"_{label}_" in run.name]
        if not found:
            self.counts["window", "nothing", "nothing"] += 1
            return None
        (run,) = found
        before = state(run)
        until(lambda: RunFolder(run.path).status().is_ended, 600)
        self.counts["window", before, state(run)] += 1
        if state(run) != "finished":
            # It died between making the run and starting it.
            assert state(run) == "lost", run.status()
            resume_from_checkpoint(run)
            until(lambda: RunFolder(run.path).status().is_ended, 600)
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
        print(f"kill {sum(self.counts.values())}: {victim} {before} -> {status.state}", flush=True)

    def _check_nothing_is_left(self, run: RunFolder) -> None:
        mark = mark_in(read_supervision(run), "engine_")
        self._seen |= {mark} if mark else set()
        # One that has finished takes a while to go on a machine that is busy.
        until(lambda: not any(mark.is_alive() for mark in self._seen), PATIENCE_SECONDS)
        self._seen.clear()
        # A finished engine says so before its process is gone.
        until(lambda: (look := Turns(self._root).look()).running == look.waiting == (), PATIENCE_SECONDS)

    def report(self) -> str:
        """How often which process was killed in which state, and what became of it."""
        rows = [
            f"{victim:10} {before:10} -> {after:8} {n}" for (victim, before, after), n in sorted(self.counts.items())
        ]
        return "\n".join([f"{sum(self.counts.values())} kills", *rows])
