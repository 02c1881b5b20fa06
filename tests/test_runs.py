"""Run folders: what is written comes back, whatever happened to the writer."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from workstation.core.requests import TrainRequest
from workstation.errors import RunError
from workstation.io.events import append_record, read_records
from workstation.io.runs import LOST_AFTER_SECONDS, RunFolder, default_runs_root, list_runs


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, TrainRequest(data="/data/Task01", epochs=4), label="Task01 BrainTumour!")


def add(run: RunFolder, *events: dict[str, object]) -> None:
    for event in events:
        run.append(dict(event))


def age_heartbeat(run: RunFolder, seconds: float) -> None:
    run.beat()
    then = time.time() - seconds
    os.utime(run.heartbeat, (then, then))


def test_a_new_run_is_named_by_its_day_and_label_and_remembers_the_request(run: RunFolder) -> None:
    assert run.name.split("_")[1] == "task01-braintumour"
    assert run.request() == TrainRequest(data="/data/Task01", epochs=4)
    assert run.kind == "train"
    assert abs(run.created - time.time()) < 60


def test_a_new_run_waits_and_counts_as_alive_until_its_supervisor_comes(run: RunFolder) -> None:
    status = run.status()
    assert (status.state, status.is_alive, status.epochs) == ("waiting", True, 4)


def test_a_run_is_not_made_in_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(RunError, match="not empty"):
        RunFolder.create_at(tmp_path, TrainRequest(data="/data"))


def test_events_come_back_in_order_from_an_offset(run: RunFolder) -> None:
    add(run, {"event": "step", "step": 1})
    first, offset = run.read_events()
    add(run, {"event": "step", "step": 2})
    second, _ = run.read_events(offset)
    assert [event["step"] for event in first + second] == [1, 2]
    assert all(isinstance(event["time"], float) for event in first + second)


def test_a_half_written_last_line_waits_until_it_is_whole(run: RunFolder) -> None:
    add(run, {"event": "step", "step": 1})
    with run.events.open("ab") as file:
        file.write(b'{"event":"step",')
    events, offset = run.read_events()
    assert [event["step"] for event in events] == [1]
    with run.events.open("ab") as file:
        file.write(b'"step":2}\n')
    assert [event["step"] for event in run.read_events(offset)[0]] == [2]


def test_half_a_line_of_a_dead_writer_does_not_swallow_the_next_event(run: RunFolder) -> None:
    run.events.write_bytes(b'{"event":"step","st')
    add(run, {"event": "state", "state": "running"})
    status = run.status()
    assert (status.state, status.damaged) == ("running", 1)


def test_damaged_lines_and_unknown_events_are_left_out_and_damage_is_counted(run: RunFolder) -> None:
    run.events.write_bytes(b'\xff\xfe\n[1]\n{"event":"weather","sun":true}\n{"event":"state","state":"dreaming"}\n\n')
    add(run, {"event": "step", "step": "many", "loss": 0.5})
    status = run.status()
    assert (status.state, status.step, status.loss, status.damaged) == ("waiting", 0, 0.5, 2)


def test_numbers_that_json_cannot_say_become_null(tmp_path: Path) -> None:
    append_record(tmp_path / "a.jsonl", {"loss": float("nan"), "more": [float("inf"), 1.0]})
    record = read_records(tmp_path / "a.jsonl").records[0]
    assert (record["loss"], record["more"]) == (None, [None, 1.0])


def test_status_follows_a_training(run: RunFolder) -> None:
    add(
        run,
        {"event": "state", "state": "running"},
        {"event": "memory", "rss_bytes": 7, "peak_bytes": 9},
        {"event": "memory", "rss_bytes": 3, "peak_bytes": 4},
        {"event": "epoch", "epoch": 1, "epochs": 4, "loss": 0.5, "val_dice": 0.7, "is_best": True},
        {"event": "epoch", "epoch": 2, "epochs": 4, "loss": 0.4, "val_dice": 0.6, "is_best": False},
        {"event": "progress", "done": 2, "total": 4, "unit": "epoch", "text": "epoch 2", "seconds_left": 60},
    )
    run.beat()
    status = run.status()
    assert (status.state, status.epoch, status.epochs, status.val_dice) == ("running", 2, 4, 0.6)
    assert (status.best_epoch, status.best_val_dice) == (1, 0.7)
    assert (status.rss_bytes, status.peak_bytes) == (3, 9)
    assert (status.fraction, status.seconds_left) == (0.5, 60)


def test_status_takes_only_what_was_appended(run: RunFolder) -> None:
    add(run, {"event": "step", "step": 1})
    assert run.status().step == 1
    size = run.events.stat().st_size
    run.events.write_bytes(b"x" * (size - 1) + b"\n")
    add(run, {"event": "step", "step": 2})
    assert (run.status().step, run.status().damaged) == (2, 0)


def test_a_run_without_heartbeat_is_lost_and_can_be_resumed(run: RunFolder) -> None:
    add(run, {"event": "state", "state": "running"})
    age_heartbeat(run, LOST_AFTER_SECONDS + 1)
    status = run.status()
    assert (status.state, status.is_alive, status.is_ended, status.can_resume) == ("lost", False, True, True)
    assert "Resume" in status.hint


def test_a_stalled_but_living_run_is_not_lost(run: RunFolder) -> None:
    add(run, {"event": "state", "state": "running"})
    age_heartbeat(run, LOST_AFTER_SECONDS / 2)
    assert run.status().state == "running"


def test_an_ended_run_stays_what_it_was_without_a_heartbeat(run: RunFolder) -> None:
    add(run, {"event": "state", "state": "finished"})
    age_heartbeat(run, 10 * LOST_AFTER_SECONDS)
    status = run.status()
    assert (status.state, status.can_resume) == ("finished", False)


def test_a_resumed_run_forgets_why_it_failed(run: RunFolder) -> None:
    failed = {"event": "failed", "kind": "NonFiniteLoss", "text": "The loss is NaN.", "hint": "Lower the rate."}
    add(run, failed, {"event": "state", "state": "failed"})
    assert (run.status().reason, run.status().hint) == ("The loss is NaN.", "Lower the rate.")
    add(run, {"event": "state", "state": "waiting"})
    assert (run.status().reason, run.status().hint) == ("", "")


def test_the_summary_spares_reading_the_events_only_while_it_is_about_them(run: RunFolder) -> None:
    add(run, {"event": "step", "step": 1}, {"event": "state", "state": "stopped"})
    RunFolder(run.path).write_summary()
    size = run.events.stat().st_size
    run.events.write_bytes(b"x" * (size - 1) + b"\n")
    assert RunFolder(run.path).status().step == 1
    add(run, {"event": "step", "step": 3})
    assert RunFolder(run.path).status().step == 3


@pytest.mark.parametrize("content", ["", "[]", '{"events_bytes": 0, "status": {"state": "finished"}}'])
def test_a_damaged_summary_is_ignored(run: RunFolder, content: str) -> None:
    add(run, {"event": "state", "state": "stopped"})
    (run.path / "summary.json").write_text(content)
    assert RunFolder(run.path).status().state == "stopped"


def test_commands_count_from_the_last_start(run: RunFolder) -> None:
    for command in ("start", "stop_now", "start", "pause"):
        run.send(command)
    records, _ = run.commands(run.control_start())
    assert [record["command"] for record in records] == ["pause"]
    assert run.asked_at() == run.commands()[0][2]["time"]


def test_an_unknown_command_is_refused(run: RunFolder) -> None:
    with pytest.raises(RunError, match="no command"):
        run.send("explode")


def test_runs_are_listed_newest_first_and_strange_folders_left_out(tmp_path: Path) -> None:
    made = [RunFolder.create(tmp_path, TrainRequest(data="/d"), label=label) for label in "abc"]
    for age, run in enumerate(made):
        path = run.path / "request.json"
        asked = json.loads(path.read_text()) | {"created": f"2026-01-0{3 - age}T00:00:00+00:00"}
        path.write_text(json.dumps(asked))
    (tmp_path / "notes").mkdir()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "request.json").write_text("{")
    assert [run.name for run in list_runs(tmp_path)] == [run.name for run in made]
    assert list_runs(tmp_path / "absent") == []


def test_the_environment_chooses_where_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_RUNS", str(tmp_path))
    assert default_runs_root() == tmp_path


def test_what_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"request\.json"):
        RunFolder(tmp_path).status()
