"""`workstation runs`: list, log, pause, stop, resume, remove and queue, for people and as JSON."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_engine import engine_variable, state, until

from workstation.cli import main
from workstation.core.cost import estimate_train_bytes
from workstation.core.course import Change
from workstation.core.requests import SegmentRequest, TrainRequest
from workstation.io.phantoms import write_phantoms
from workstation.io.runs import RunFolder, default_runs_root, list_runs
from workstation.jobs.local import start, supervisor_of
from workstation.jobs.processes import mark_in, own_mark
from workstation.jobs.queue_settings import QueueSettings, read_queue_settings
from workstation.jobs.supervision import read_supervision, write_supervision
from workstation.jobs.ticket import Ticket
from workstation.jobs.turns import Turns

GIB = 2**30
SMALL = TrainRequest(data="/data", size="32x32x16", filters=2, depth=1, epochs=3)


@pytest.fixture
def root() -> Iterator[Path]:
    """The folder of the user's runs; whatever still runs in it at the end is stopped."""
    root = default_runs_root()
    root.mkdir(parents=True)
    yield root
    for run in list_runs(root):
        for mark in (mark_in(read_supervision(run), "engine_"), supervisor_of(run)):
            if mark is not None and mark != own_mark():
                mark.end()


def ended(root: Path, label: str = "x") -> RunFolder:
    run = RunFolder.create(root, SMALL, label=label)
    run.append({"event": "state", "state": "failed", "reason": "The loss is NaN.", "hint": "Lower the rate."})
    return run


def say(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(["runs", *words]) == 0
    return capsys.readouterr().out


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(say(capsys, *words, "--json"))
    return answer


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(["runs", *words]) == 1
    return capsys.readouterr().err


def test_the_list_says_what_a_run_waits_for_and_why_another_failed(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    failed, waits = ended(root), RunFolder.create(root, SMALL, label="waits")
    why = {"why": "memory", "place": 1, "free_bytes": GIB, "beside": "task01"}
    waits.append(
        {"event": "state", "state": "waiting", "text": "waits for 6.2 GiB; 1.0 GiB free beside 'task01'"} | why
    )
    told = say(capsys)
    assert f"{failed.name}: The loss is NaN." in told
    assert f"{waits.name}: waits for 6.2 GiB; 1.0 GiB free beside 'task01' (place 1)" in told
    facts = {each["run"]: each for each in answer(capsys, "list")["runs"]}
    assert facts[waits.name]["why"] == "memory" and facts[failed.name]["reason"] == "The loss is NaN."


def test_the_log_and_its_last_lines(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = ended(root)
    run.log.write_text("one\ntwo\nthree\n")
    assert say(capsys, "log", run.name) == "one\ntwo\nthree\n"
    assert answer(capsys, "log", str(run.path), "--lines", "2")["log"] == "two\nthree"
    assert say(capsys, "log", run.name, "--lines", "1", "--follow") == "three\n"


def test_a_training_is_paused_resumed_and_stopped(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("work"))
    run = RunFolder.create(root, SMALL, label="x")
    start(run)
    until(lambda: state(run) == "running")
    expected = estimate_train_bytes(SMALL.plan, (32, 32, 16)).peak_bytes / GIB
    assert f"it keeps the {expected:.1f} GiB reserved for it" in say(capsys, "pause", run.name)
    until(lambda: state(run) == "paused")
    assert Turns(root).look().reserved_bytes > 0
    say(capsys, "resume", run.name)
    until(lambda: state(run) == "running")
    assert answer(capsys, "stop", run.name)["asked"] == "stop"
    until(lambda: state(run) == "stopped")
    assert "has ended" in refusal(capsys, "pause", run.name)


def test_a_log_is_followed_byte_for_byte(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunFolder.create(root, SMALL, label="x")
    # Lines of other systems, bytes that are no text, a character that comes in two looks.
    run.log.write_bytes(b"caf\xe9 one\r\ntwo\n")
    coming = [b"thr\xc3", b"\xa9e\n"]

    def meanwhile(_seconds: float) -> None:
        with run.log.open("ab") as log:
            log.write(coming.pop(0))
        if not coming:
            run.append({"event": "state", "state": "finished"})

    monkeypatch.setattr("workstation.cli.queue.time.sleep", meanwhile)
    assert say(capsys, "log", run.name, "--follow") == "caf\N{REPLACEMENT CHARACTER} one\ntwo\nthr\u00e9e\n"


def test_what_knows_no_step_cannot_rest(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = RunFolder.create(root, SegmentRequest(model="/m", cases=("/c",)), label="x")
    assert "cannot rest" in refusal(capsys, "pause", run.name)


def test_a_lost_run_is_shown_as_lost_and_resumed(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("work"))
    run = RunFolder.create(root, SMALL, label="x")
    pid = start(run)
    until(lambda: state(run) == "running")
    os.kill(pid, 9)
    # By its number, long before its heartbeat is stale.
    until(lambda: state(run) == "lost", 5)
    assert answer(capsys)["runs"][0]["state"] == "lost"
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("finish"))
    assert "from its last checkpoint" in say(capsys, "resume", run.name)
    until(lambda: state(run) == "finished")


def test_only_what_has_ended_is_removed_and_only_if_that_is_meant(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, waits = ended(root), RunFolder.create(root, SMALL, label="waits")
    assert "has not ended" in refusal(capsys, "remove", waits.name, "--yes")
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert "--yes" in refusal(capsys, "remove", run.name)
    terminal = io.StringIO("n\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert "was not removed" in refusal(capsys, "remove", run.name)
    assert run.path.is_dir()
    (run.path / "request.json").stat()
    assert answer(capsys, "remove", run.name, "--yes")["removed_bytes"] > 0
    assert [path.name for path in root.iterdir()] == [waits.name]


def test_a_run_whose_supervisor_still_writes_is_not_removed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = ended(root)
    write_supervision(run, own_mark(), None)
    assert "just ending" in refusal(capsys, "remove", run.name, "--yes")
    assert run.path.is_dir()


def test_the_queue_says_who_has_what(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_MEMORY", "3GiB")
    for name, is_running in (("a", True), ("b", False)):
        Turns(root).ask(
            Ticket(RunFolder.create_at(root / name, SMALL).name, 1.0, is_running, own_mark(), bytes=2 * GIB)
        )
    told = answer(capsys, "queue")
    assert (told["budget_bytes"], told["reserved_bytes"], told["free_bytes"]) == (3 * GIB, 2 * GIB, GIB)
    assert [told["running"][0]["run"], told["waiting"][0]["run"]] == ["a", "b"]
    assert "3.0 GiB, 2.0 reserved, 1.0 free" in say(capsys, "queue")


def test_how_runs_share_the_machine_is_kept_beside_them(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    say(capsys, "queue", "--memory", "1GiB", "--at-once", "2", "--cores", "divided", "--notify", "off")
    assert read_queue_settings(root) == QueueSettings("1GiB", 2, "divided", notifies=False)
    assert answer(capsys, "queue")["budget_bytes"] == GIB
    say(capsys, "queue", "--memory", "auto")
    assert read_queue_settings(root).memory == ""
    assert "no amount" in refusal(capsys, "queue", "--memory", "much")
    assert "known number" in refusal(capsys, "queue", "--at-once", "0")


def test_a_command_without_its_run_or_with_an_unknown_one_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "needs a run" in refusal(capsys, "stop")
    assert "there is no run nothing" in refusal(capsys, "log", "nothing")


def test_a_training_is_lengthened_slowed_and_sent_back_to_its_best_epoch(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("finish"))
    run = RunFolder.create(root, SMALL, label="x")
    start(run)
    until(lambda: state(run) == "finished")
    assert "is finished" in refusal(capsys, "resume", run.name)
    assert "has 3 epochs already" in refusal(capsys, "extend", run.name, "--epochs", "3")
    said = say(capsys, "extend", run.name, "--epochs", "5", "--learning-rate", "1e-4")
    assert "started" in said and "to epoch 5" in said
    assert run.changes()[0] == [Change(epochs=5, learning_rate=1e-4, from_epoch=4)]
    until(lambda: state(run) == "finished")
    assert "no best checkpoint" in refusal(capsys, "resume", run.name, "--from", "best")
    run.checkpoints.mkdir()
    (run.checkpoints / "best.npz").touch()
    # Its best epoch is not its last, so there is somewhere to go back to.
    run.append({"event": "epoch", "epoch": 2, "is_best": True, "val_dice": 0.9})
    run.append({"event": "epoch", "epoch": 5, "val_dice": 0.8})
    told = say(capsys, "resume", run.name, "--from", "best", "--learning-rate", "1e-5")
    assert "from its best epoch, 2" in told and run.goes_on_from_best()
    assert run.changes()[0][-1] == Change(learning_rate=1e-5, from_epoch=3)
    until(lambda: state(run) == "finished")


def test_a_rate_of_epochs_that_are_behind_is_refused_while_a_training_runs(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("work"))
    run = RunFolder.create(root, SMALL, label="x")
    start(run)
    until(lambda: run.status().epoch >= 1)
    assert "behind it already" in refusal(capsys, "rate", run.name, "--learning-rate", "1e-4", "--from-epoch", "1")
    assert run.changes()[0] == []
    assert "from epoch 90 on" in say(capsys, "rate", run.name, "--learning-rate", "1e-4", "--from-epoch", "90")


def test_a_run_is_cloned_with_changes(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("finish"))
    run = ended(root, "task01")
    assert "names no field" in refusal(capsys, "clone", run.name, "--set", "speed=9")
    clone = RunFolder(Path(answer(capsys, "clone", run.name, "--set", "epochs=7", "--set", "loss=bce+dice")["run"]))
    assert "_task01_" in clone.name and clone.request() == replace(SMALL, epochs=7, loss="bce+dice")
    until(lambda: state(clone) == "finished")


def test_a_training_that_can_never_fit_is_refused_and_its_suggestion_makes_it_fit(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("finish"))
    write_phantoms(tmp_path / "data", cases=2, shape=(32, 32, 16), layout="brats2021", seed=1)
    words = ["train", str(tmp_path / "data"), "--size", "160x160x128", "--batch", "8", "--background", "--json"]
    monkeypatch.setenv("WORKSTATION_MEMORY", "6GiB")
    assert main(words) == 4
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "refused" and told["peak_bytes"] > told["budget_bytes"] == 6 * GIB
    assert list_runs(root) == []
    options = told["suggestions"][0]["options"].split()
    assert main([*words, *options]) == 0
    assert main([*words, "--override"]) == 0
    assert len(list_runs(root)) == 2
    for run in list_runs(root):
        until(lambda run=run: state(run) == "finished")  # type: ignore[misc]
