"""Trainings killed at random moments: `pytest --engine tests/test_engine_kill_loop.py --count 30 -s`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from engine_cases import write_cases
from fake_engine import state, until
from kill_loop import KillLoop

from workstation.core.requests import TrainRequest
from workstation.io.runs import RunFolder
from workstation.jobs.local import start


def weights_of(run: RunFolder) -> dict[str, np.ndarray]:
    with np.load(run.checkpoints / "last.npz") as stored:
        return {name: stored[name] for name in stored.files if name != "about"}


def test_a_training_that_was_killed_ends_with_the_weights_of_one_that_was_not(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    data = write_cases(tmp_path / "data", count=3)
    asked = TrainRequest(str(data), filters=2, depth=1, epochs=12, validation=0.0, test=0.0)
    whole = RunFolder.create(tmp_path / "whole", asked, label="whole")
    # In a folder of runs of its own, so that the others need not wait for it.
    start(whole)
    count = request.config.getoption("--count")
    loop = KillLoop(tmp_path / "runs", asked, seconds=4.0, seed=count)
    for number in range(count or 1):
        run = loop.once(number, with_windows=bool(count))
        until(lambda: whole.status().is_ended, 600)
        assert state(whole) == "finished", whole.status().reason
        expected, found = weights_of(whole), weights_of(run)
        assert found.keys() == expected.keys()
        for name, array in expected.items():
            np.testing.assert_allclose(found[name], array, rtol=1e-6, atol=1e-8, err_msg=name)
    print(loop.report())
