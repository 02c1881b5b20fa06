"""A calibration measures every kind of instruction that a step of any mode needs."""

from __future__ import annotations

import pytest

from workstation.core.calibration import Calibration, estimate_prediction_seconds, estimate_step_seconds
from workstation.core.network import UNetPlan
from workstation.engine.calibration import calibrate

PLAN = UNetPlan(filters=2, depth=1)


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    said: list[float] = []
    found = calibrate(
        "here", plan=PLAN, tiny=(4, 4, 4), small=(8, 8, 8), report=lambda fraction, text: said.append(fraction)
    )
    assert said == sorted(said)
    assert said[-1] == 1.0
    return found


def test_all_modes_can_be_predicted(calibration: Calibration) -> None:
    for mode in ("exact", "low", "plain"):
        seconds = estimate_step_seconds(PLAN, (32, 32, 32), calibration, mode=mode)
        assert seconds is not None
        assert seconds > 0
    assert estimate_prediction_seconds(PLAN, (32, 32, 32), calibration) is not None


def test_two_sizes_of_each_kind_were_timed(calibration: Calibration) -> None:
    for (precision, _), group in calibration.by_kind.items():
        assert precision == "float32"
        assert all([each.voxels for each in timings] for timings in group.values())
        assert all(len(timings) >= 2 for timings in group.values())


def test_a_calibration_comes_back_from_json_equal(calibration: Calibration) -> None:
    assert Calibration.from_dict(calibration.as_dict()) == calibration
