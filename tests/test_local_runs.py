"""Runs carried out by real supervisor processes: they outlive their starter, take turns, obey and come back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_engine import engine_variable, state, until

from workstation.core.requests import TrainRequest
from workstation.errors import RunError
from workstation.io.runs import LOST_AFTER_SECONDS, RunFolder, list_runs
from workstation.jobs import control
from workstation.jobs.local import start, supervisor_of
from workstation.jobs.processes import ProcessMark, mark_in, own_mark
from workstation.jobs.supervision import read_supervision
from workstation.jobs.turns import Turns


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder of runs; whatever still runs in it at the end is stopped."""
    yield tmp_path
    for run in list_runs(tmp_path):
        for mark in (mark_in(read_supervision(run), "engine_"), supervisor_of(run)):
            if mark is not None:
                mark.end()


def new_run(root: Path, label: str = "x") -> RunFolder:
    return RunFolder.create(root, TrainRequest(data="/data", epochs=3), label=label)


def small_run(root: Path, label: str) -> RunFolder:
    """A run whose estimate, under 1 GiB, fits twice into any machine that runs tests."""
    request = TrainRequest(data="/data", size="32x32x16", filters=2, depth=1, epochs=3)
    return RunFolder.create(root, request, label=label)


def engine_mark(run: RunFolder) -> ProcessMark:
    until(lambda: mark_in(read_supervision(run), "engine_") is not None)
    mark = mark_in(read_supervision(run), "engine_")
    assert mark is not None
    return mark


def test_a_started_run_finishes_by_itself(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("finish"))
    run = new_run(root)
    start(run)
    until(lambda: state(run) == "finished")
    assert run.status().epoch == 3


def test_killing_the_process_that_started_a_run_leaves_it_going(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("release"))
    run = new_run(root)
    program = (
        "import sys; from pathlib import Path; from workstation.io.runs import RunFolder\n"
        "from workstation.jobs.local import start\n"
        "start(RunFolder(Path(sys.argv[1]))); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(run.path)], stdin=subprocess.PIPE) as window:
        until(lambda: state(run) == "running")
        window.send_signal(signal.SIGKILL)
        window.wait()
    assert engine_mark(run).is_alive()
    (run.path / "release").touch()
    until(lambda: state(run) == "finished")


def test_runs_that_do_not_fit_together_start_in_the_order_in_which_they_were_asked(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("release"))
    monkeypatch.setenv("WORKSTATION_MEMORY", "1GiB")
    runs = [new_run(root, label) for label in ("z", "y", "x")]
    for run in runs:
        start(run)
    until(lambda: state(runs[0]) == "running")
    until(lambda: runs[2].status().place == 2)
    # Before the first run has its turn, the second waits for another reason and says so.
    until(lambda: runs[1].status().text == f"waits for 1.0 GiB; 0 MiB free beside '{runs[0].name}'")
    assert [state(run) for run in runs] == ["running", "waiting", "waiting"]
    for run in reversed(runs):
        (run.path / "release").touch()
    until(lambda: all(state(run) == "finished" for run in runs))
    events = [run.read_events()[0] for run in runs]
    ended = [next(e["time"] for e in each if e.get("state") == "finished") for each in events]
    begun = [next(e["time"] for e in each if e.get("state") == "preparing") for each in events]
    # The turn is given back just before the last event is written.
    assert begun[0] < begun[1] < begun[2]
    assert ended[0] < begun[1] + 1 and ended[1] < begun[2] + 1


def test_runs_that_fit_together_run_together_and_say_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("release"))
    runs = [small_run(root, label) for label in "ab"]
    for run in runs:
        start(run)
    until(lambda: [state(run) for run in runs] == ["running", "running"])
    beside = {run.status().beside for run in runs}
    assert "" in beside and beside & {f"'{run.name}'" for run in runs}
    reserved = [run.status().reserved_bytes for run in runs]
    assert Turns(root).look().reserved_bytes == sum(reserved) == 2 * reserved[0] > 0
    for run in runs:
        (run.path / "release").touch()
    until(lambda: all(state(run) == "finished" for run in runs))
    assert Turns(root).look().reserved_bytes == 0


def test_a_waiting_run_can_be_stopped_and_the_next_one_moves_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("release"))
    monkeypatch.setenv("WORKSTATION_MEMORY", "1GiB")
    first, second = new_run(root, "a"), new_run(root, "b")
    start(first)
    until(lambda: state(first) == "running")
    start(second)
    control.stop_now(second)
    until(lambda: state(second) == "stopped")
    assert state(first) == "running"
    (first.path / "release").touch()
    until(lambda: state(first) == "finished")


def test_a_run_pauses_resumes_stops_and_goes_on_from_its_checkpoint(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("work"))
    run = new_run(root)
    start(run)
    until(lambda: state(run) == "running")
    control.pause(run)
    until(lambda: state(run) == "paused")
    control.resume(run)
    until(lambda: state(run) == "running")
    control.stop_after_epoch(run)
    until(lambda: state(run) == "stopped")
    with pytest.raises(RunError, match="has ended"):
        control.pause(run)
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("finish"))
    control.resume_from_checkpoint(run)
    until(lambda: state(run) == "finished")
    with pytest.raises(RunError, match="is finished"):
        control.resume_from_checkpoint(run)


def test_a_run_is_not_started_twice(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("work"))
    run = new_run(root)
    start(run)
    until(lambda: state(run) == "running")
    with pytest.raises(RunError, match="already"):
        start(run)
    with pytest.raises(RunError, match="has not ended"):
        control.resume_from_checkpoint(run)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends the engine on Linux only")
def test_a_lost_run_is_recognised_leaves_no_engine_and_can_be_resumed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("work"))
    run, waiting = new_run(root, "a"), new_run(root, "b")
    pid = start(run)
    until(lambda: state(run) == "running")
    engine = engine_mark(run)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not engine.is_alive())
    then = run.heartbeat.stat().st_mtime - 2 * LOST_AFTER_SECONDS
    os.utime(run.heartbeat, (then, then))
    assert state(run) == "lost"
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("finish"))
    start(waiting)
    until(lambda: state(waiting) == "finished")
    control.resume_from_checkpoint(run)
    until(lambda: state(run) == "finished")


def test_a_supervisor_that_is_asked_to_go_stops_its_engine_in_order(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("work"))
    run = new_run(root)
    pid = start(run)
    until(lambda: state(run) == "running")
    os.kill(pid, signal.SIGTERM)
    until(lambda: state(run) == "stopped")


def test_a_process_is_told_by_its_start_time_too() -> None:
    mark = own_mark()
    assert mark.is_alive()
    assert not ProcessMark(mark.pid, mark.start_time - 60).is_alive()


def test_a_process_stays_the_same_when_the_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = own_mark()
    assert replace(mark, start_time=mark.start_time + 3600).is_alive()
    assert not replace(mark, born=mark.born + "0").is_alive()
