"""Runs with a stand-in engine, killed at random moments: `pytest tests/test_kill_loop.py --count 200 -s`."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_engine import engine_variable
from kill_loop import KillLoop

from workstation.core.requests import TrainRequest
from workstation.io.files import read_json


def end_without_interruption() -> int:
    """What the stand-in's forty steps come to."""
    weight = 1
    for step in range(1, 41):
        weight = weight * 6364136223846793005 % 2**61 + step
    return weight


def test_killed_runs_tell_the_truth_leave_nothing_and_end_as_if_nothing_had_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("train"))
    asked = TrainRequest(data="/data", size="32x32x16", filters=2, depth=1)
    count = request.config.getoption("--count")
    loop = KillLoop(tmp_path, asked, seconds=0.5, seed=count)
    for number in range(count or 4):
        run = loop.once(number, with_windows=bool(count))
        assert read_json(run.checkpoints / "end.json")["weight"] == end_without_interruption()
    print(loop.report())
