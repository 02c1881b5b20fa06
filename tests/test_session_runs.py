"""The runs in the session: every change is announced once, and reading never happens in the window's thread."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_engine import engine_variable, write_epoch
from pytestqt.qtbot import QtBot

from workstation.core.requests import SegmentRequest, TrainRequest
from workstation.io.runs import RunFolder
from workstation.session.run_reader import RunReader
from workstation.session.runs import Runs


def new_run(root: Path, label: str = "x") -> RunFolder:
    return RunFolder.create(root, TrainRequest(data="/data", epochs=3), label=label)


def new_segmentation(root: Path) -> RunFolder:
    run = RunFolder.create(root, SegmentRequest(model="/model", cases=("/case",)), label="seg")
    run.predictions.mkdir()
    (run.predictions / "case.nii.gz").write_bytes(b"")
    return run


def finish_with_mask(run: RunFolder) -> None:
    run.append({"event": "result", "masks": ["predictions/case.nii.gz", "predictions/deleted.nii.gz"]})
    run.append({"event": "state", "state": "finished"})


@pytest.fixture
def runs(tmp_path: Path, qtbot: QtBot) -> Iterator[Runs]:
    runs = Runs(tmp_path)
    yield runs
    runs.stop_watching()


def test_a_look_tells_what_changed_since_the_last(tmp_path: Path) -> None:
    reader = RunReader(tmp_path)
    assert reader.look().statuses == ()
    run = new_run(tmp_path)
    assert reader.look().changed == (run.name,)
    assert reader.look().changed == ()
    run.append({"event": "step", "step": 1})
    look = reader.look()
    assert (look.changed, look.has_new_order) == ((run.name,), False)


def test_a_look_brings_events_and_log_of_the_followed_run_once(tmp_path: Path) -> None:
    run, reader = new_run(tmp_path), RunReader(tmp_path)
    run.log.write_text("one\n")
    run.append({"event": "step", "step": 1})
    look = reader.look(run.name, 1)
    assert ([event["step"] for event in look.events], look.log) == ([1], "one\n")
    run.append({"event": "step", "step": 2})
    assert [event["step"] for event in reader.look(run.name, 1).events] == [2]
    assert [event["step"] for event in reader.look(run.name, 2).events] == [1, 2]


def test_a_long_log_begins_near_its_end(tmp_path: Path) -> None:
    run, reader = new_run(tmp_path), RunReader(tmp_path)
    run.log.write_text("x" * 200_000 + "end")
    log = reader.look(run.name, 1).log
    assert (len(log), log[-3:]) == (65536, "end")


def test_a_removed_run_disappears(tmp_path: Path) -> None:
    run, reader = new_run(tmp_path), RunReader(tmp_path)
    assert len(reader.look().statuses) == 1
    shutil.rmtree(run.path)
    look = reader.look()
    assert (look.statuses, look.has_new_order) == ((), True)


def test_masks_are_announced_when_a_segmentation_finishes_and_not_for_old_ones(tmp_path: Path) -> None:
    old, new = new_segmentation(tmp_path), new_segmentation(tmp_path)
    finish_with_mask(old)
    reader = RunReader(tmp_path)
    assert reader.look().masks == ()
    finish_with_mask(new)
    assert reader.look().masks == ((new.name, new.predictions / "case.nii.gz"),)
    assert reader.look().masks == ()


def test_runs_are_announced_as_they_come_and_change(runs: Runs, qtbot: QtBot) -> None:
    with qtbot.waitSignal(runs.runs_changed):
        runs.start_watching()
    assert (runs.statuses, runs.has_looked) == ((), True)
    with qtbot.waitSignal(runs.runs_changed):
        run = new_run(runs.root)
    with qtbot.waitSignal(runs.status_changed) as changed:
        write_epoch(run, 1)
    assert changed.args == [run.name]
    assert runs.active is not None
    assert runs.active.epoch == 1


def test_following_announces_events_from_the_beginning_each_time(runs: Runs, qtbot: QtBot) -> None:
    run, other = new_run(runs.root, "a"), new_run(runs.root, "b")
    write_epoch(run, 1)
    runs.start_watching()
    for _ in range(2):
        with qtbot.waitSignal(runs.events_appended) as appended:
            runs.follow(run.name)
        name, events = appended.args or ["", []]
        assert (name, len(events)) == (run.name, 3)
        # Back and forth without waiting: the answers about the other run are stale.
        runs.follow(other.name)


def test_a_finished_segmentation_announces_its_mask(runs: Runs, qtbot: QtBot) -> None:
    run = new_segmentation(runs.root)
    with qtbot.waitSignal(runs.runs_changed):
        runs.start_watching()
    with qtbot.waitSignal(runs.mask_ready) as ready:
        finish_with_mask(run)
    assert ready.args == [run.name, run.predictions / "case.nii.gz"]
    assert runs.masks(run.name) == [run.predictions / "case.nii.gz"]


def test_a_run_is_started_paused_resumed_stopped_and_resumed(
    runs: Runs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("work"))
    runs.start_watching()
    name = runs.start(TrainRequest(data="/data", epochs=3), label="phantoms")

    def wait_for(state: str) -> None:
        def has_state() -> bool:
            status = runs.status(name)
            return status is not None and status.state == state

        qtbot.waitUntil(has_state, timeout=20_000)

    wait_for("running")
    runs.pause(name)
    wait_for("paused")
    runs.resume(name)
    wait_for("running")
    runs.stop_now(name)
    wait_for("stopped")
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("finish"))
    runs.resume(name)
    wait_for("finished")
    assert runs.active is None
    assert runs.request(name) == TrainRequest(data="/data", epochs=3)


def test_the_running_run_matters_more_than_those_that_wait(runs: Runs, qtbot: QtBot) -> None:
    waiting, running, _ = (new_run(runs.root, label) for label in "abc")
    running.append({"event": "state", "state": "running"})
    with qtbot.waitSignal(runs.runs_changed):
        runs.start_watching()
    assert runs.active is not None
    assert runs.active.name == running.name
    assert runs.waiting_count == 2
    running.append({"event": "state", "state": "finished"})
    qtbot.waitUntil(lambda: runs.active is not None and runs.active.name == waiting.name)


def test_a_long_course_comes_piece_by_piece_and_whole(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, TrainRequest(data="/data"), label="x")
    # 200 bytes each: three looks of half a MiB.
    lines = [json.dumps({"event": "step", "step": number, "pad": "x" * 160}) for number in range(6000)]
    run.events.write_text("\n".join(lines) + "\n")
    reader = RunReader(tmp_path)
    looks = [reader.look(run.name, 1)]
    while looks[-1].has_more:
        looks.append(reader.look(run.name, 1))
    assert len(looks) > 2
    assert [event["step"] for look in looks for event in look.events] == list(range(6000))


def test_masks_that_change_during_a_comparison_are_compared_again(
    runs: Runs, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, gate, found = new_run(tmp_path), threading.Event(), [(), ("case_2",)]

    def compared(_run: RunFolder, **_how: object) -> tuple[str, ...]:
        gate.wait(60)
        return found.pop(0) if len(found) > 1 else found[0]

    monkeypatch.setattr("workstation.session.runs.changed_masks", compared)
    runs.start_watching()
    qtbot.waitUntil(lambda: runs.has_looked, timeout=30_000)  # The first look has begun a comparison.
    runs.compare_masks()
    gate.set()
    qtbot.waitUntil(lambda: runs.changed_masks(run.name) == ("case_2",), timeout=30_000)
