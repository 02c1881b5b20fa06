"""Runs carried out by real supervisor processes: they outlive their starter, take turns, obey and come back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
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
from workstation.jobs.turns import Ticket, count_ahead, next_in_turn


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


def test_two_runs_take_turns_in_the_order_in_which_they_were_asked(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("release"))
    runs = [new_run(root, label) for label in ("z", "y", "x")]
    for run in runs:
        start(run)
    until(lambda: state(runs[0]) == "running")
    until(lambda: "2 runs are before" in runs[2].status().text)
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


def test_a_waiting_run_can_be_stopped_and_the_next_one_moves_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("release"))
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


def ticket(name: str, asked: float, *, is_running: bool = False) -> Ticket:
    return Ticket(name, asked, is_running, ProcessMark(1, 0.0))


def test_the_earliest_ticket_is_next_and_nobody_while_one_runs() -> None:
    late, early = ticket("a", 2.0), ticket("b", 1.0)
    assert next_in_turn([]) is None
    assert next_in_turn([late, early]) == "b"
    assert next_in_turn([ticket("c", 3.0, is_running=True), early]) is None


def test_those_ahead_are_the_running_one_and_those_who_asked_before() -> None:
    tickets = [ticket("a", 3.0, is_running=True), ticket("b", 1.0), ticket("c", 2.0), ticket("d", 4.0)]
    assert [count_ahead(tickets, name) for name in "bcd"] == [1, 2, 3]


def test_a_process_is_told_by_its_start_time_too() -> None:
    mark = own_mark()
    assert mark.is_alive()
    assert not ProcessMark(mark.pid, mark.start_time - 60).is_alive()
