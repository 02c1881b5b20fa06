"""The engine's process: a run folder in, events and an exit code out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from engine_cases import write_cases

from workstation.core.requests import EngineSettings, Request, SegmentRequest, TrainRequest
from workstation.io.runs import RunFolder


def start(run: RunFolder) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "workstation.engine", str(run.path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def carry_out(folder: Path, request: Request) -> tuple[RunFolder, int, bytes]:
    run = RunFolder.create_at(folder, request)
    engine = start(run)
    out, _ = engine.communicate(timeout=120)
    return run, engine.returncode, out


def kinds_of(run: RunFolder) -> list[str]:
    return [str(event["event"]) for event in run.read_events()[0]]


def last_event(run: RunFolder, kind: str) -> dict[str, Any]:
    return [event for event in run.read_events()[0] if event["event"] == kind][-1]


def request_for(data: Path, *, epochs: int) -> TrainRequest:
    settings = EngineSettings(nice=0)
    return TrainRequest(str(data), filters=2, depth=1, epochs=epochs, validation=0.0, test=0.0, settings=settings)


def test_a_training_and_a_segmentation_with_its_model(tmp_path: Path) -> None:
    data = write_cases(tmp_path / "data", count=2)
    run, code, out = carry_out(tmp_path / "train", request_for(data, epochs=1))
    assert (code, out) == (0, b"")
    assert last_event(run, "result")["model"] == "model"
    assert last_event(run, "state")["state"] == "finished"

    run, code, _ = carry_out(tmp_path / "segment", SegmentRequest(str(run.model), (str(data / "tiny_0"),)))
    assert code == 0
    assert [Path(mask["mask"]).parent for mask in last_event(run, "result")["masks"]] == [run.predictions]


def test_a_reason_that_a_user_understands_is_an_event_and_exit_code_1(tmp_path: Path) -> None:
    run, code, _ = carry_out(tmp_path / "run", request_for(tmp_path / "nothing", epochs=1))
    assert code == 1
    assert last_event(run, "failed")["kind"] == "FileMissing"
    assert last_event(run, "state")["state"] == "failed"


def test_sigterm_stops_the_run_with_its_checkpoint(tmp_path: Path) -> None:
    data = write_cases(tmp_path / "data", count=2)
    run = RunFolder.create_at(tmp_path / "run", request_for(data, epochs=100_000))
    engine = start(run)
    deadline = time.monotonic() + 100
    while "epoch" not in kinds_of(run):
        assert engine.poll() is None
        assert time.monotonic() < deadline
        os.sched_yield()
    engine.send_signal(signal.SIGTERM)
    engine.communicate(timeout=60)
    assert engine.returncode == 3
    assert last_event(run, "state")["state"] == "stopped"
    assert (run.checkpoints / "last.npz").exists()
    assert (run.model / "card.json").exists()
