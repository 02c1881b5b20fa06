"""Seconds of a step from a calibration, and what measured runs make of estimates, against numbers that are set."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workstation.core.calibration import (
    Calibration,
    Kind,
    Timing,
    estimate_prediction_seconds,
    estimate_step_seconds,
    kind_of,
)
from workstation.core.cost import TERMS, estimate_train_bytes
from workstation.core.network import Shape, UNetPlan
from workstation.core.refinement import (
    LEAST_RUNS,
    MOST_CORRECTION,
    MeasuredRun,
    Refinement,
    memory_refinement,
    refined_estimate,
    time_refinement,
)
from workstation.core.schedule import training_schedule
from workstation.errors import InputError

PLAN = UNetPlan()
TINY: Shape = (16, 16, 16)
SMALL: Shape = (64, 64, 64)
LARGE: Shape = (240, 240, 144)
FIXED, PER_VOXEL = 2e-4, 3e-8


def made_up(
    *, fixed: float = FIXED, per_voxel: float = PER_VOXEL, shapes: tuple[Shape, ...] = (TINY, SMALL)
) -> Calibration:
    """A machine on which every instruction takes `fixed` seconds and `per_voxel` for each of its voxels."""
    kinds = set()
    for shape in shapes:
        schedule = training_schedule(PLAN, shape, "exact")
        kinds |= {kind_of(schedule, each) for each in schedule.instructions}
    entries = tuple(Timing(*kind, FIXED + PER_VOXEL * kind[3]) for kind in sorted(kinds))
    return Calibration("a machine", entries, plain_ratio=2.0, created="2026-11-24T00:00:00+00:00")


def seconds_by_hand(shape: Shape, batch: int = 1) -> float:
    schedule = training_schedule(PLAN, shape, "exact")
    voxels = [kind_of(schedule, each)[3] for each in schedule.instructions]
    return len(voxels) * FIXED + batch * sum(voxels) * PER_VOXEL


@pytest.mark.parametrize("shape", [TINY, SMALL, LARGE])
@pytest.mark.parametrize("batch", [1, 3])
def test_a_step_is_the_sum_of_its_instructions(shape: Shape, batch: int) -> None:
    assert estimate_step_seconds(PLAN, shape, made_up(), batch=batch) == pytest.approx(seconds_by_hand(shape, batch))


def test_a_plain_step_takes_the_measured_multiple() -> None:
    exact = estimate_step_seconds(PLAN, LARGE, made_up())
    plain = estimate_step_seconds(PLAN, LARGE, made_up(), mode="plain")
    assert exact is not None
    assert plain == pytest.approx(2 * exact)


def test_low_takes_longer_than_exact() -> None:
    exact, low = (estimate_step_seconds(PLAN, LARGE, made_up(), mode=mode) for mode in ("exact", "low"))
    assert exact is not None
    assert low is not None
    assert exact < low < 1.5 * exact


def test_channels_that_were_not_measured_are_scaled_by_their_work() -> None:
    # A machine on which products take time as their multiply-adds and nothing else takes any; the calibration knows
    # the default plan's channels, the question is about half as many.
    def work(plan: UNetPlan, shape: Shape) -> dict[Kind, int]:
        schedule = training_schedule(plan, shape, "exact")
        kinds = [kind_of(schedule, each) for each in schedule.instructions]
        products = ("conv", "weight", "input", "up", "output", "head")
        return {
            kind: kinds.count(kind) * (kind[1] * kind[2] * kind[3] if kind[0].startswith(products) else 0)
            for kind in kinds
        }

    def timed(kind: Kind) -> Timing:
        return Timing(*kind, 1e-11 * work(PLAN, SMALL)[kind] / count[kind])

    schedule = training_schedule(PLAN, SMALL, "exact")
    kinds = [kind_of(schedule, each) for each in schedule.instructions]
    count = {kind: kinds.count(kind) for kind in kinds}
    calibration = replace(made_up(), entries=tuple(timed(kind) for kind in count))
    half = replace(PLAN, filters=8)
    assert estimate_step_seconds(half, LARGE, calibration) == pytest.approx(1e-11 * sum(work(half, LARGE).values()))


def test_micro_batches_cost_another_forward_pass_where_the_loss_is_no_mean() -> None:
    def seconds(loss: str, micro_batch: int) -> float:
        found = estimate_step_seconds(PLAN, LARGE, made_up(), batch=4, micro_batch=micro_batch, loss=loss)
        assert found is not None
        return found

    schedule = training_schedule(PLAN, LARGE, "exact")
    loss_at = next(at for at, each in enumerate(schedule.instructions) if each.operation == "loss")
    forward = sum(FIXED + PER_VOXEL * kind_of(schedule, each)[3] for each in schedule.instructions[:loss_at])
    assert seconds("bce+dice", 1) == pytest.approx(4 * seconds_by_hand(LARGE))
    assert seconds("dice", 1) == pytest.approx(4 * (seconds_by_hand(LARGE) + forward))
    assert seconds("dice", 0) == seconds("bce+dice", 0)


def test_what_was_not_measured_is_not_predicted() -> None:
    assert estimate_step_seconds(PLAN, LARGE, made_up(), precision="bfloat16") is None
    assert estimate_step_seconds(PLAN, LARGE, replace(made_up(), plain_ratio=0.0), mode="plain") is None


def test_a_prediction_takes_less_than_half_a_step() -> None:
    step, prediction = (
        estimate_step_seconds(PLAN, LARGE, made_up()),
        estimate_prediction_seconds(PLAN, LARGE, made_up()),
    )
    assert step is not None
    assert prediction is not None
    assert 0 < prediction < step / 2


def test_noise_never_makes_time_negative() -> None:
    # The small volume was measured faster than the tiny one.
    slow = tuple(replace(each, seconds=1.0 if each.voxels <= 16**3 else 1e-3) for each in made_up().entries)
    seconds = estimate_step_seconds(PLAN, LARGE, replace(made_up(), entries=slow))
    assert seconds is not None
    assert seconds > 0


def test_a_calibration_comes_back_from_json_equal() -> None:
    assert Calibration.from_dict(made_up().as_dict()) == made_up()


@pytest.mark.parametrize(
    "change",
    [{"entries": [{"operation": "conv"}]}, {"plain_ratio": -1.0}, {"plain_ratio": float("nan")}, {"surprise": 1}],
)
def test_a_damaged_calibration_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Calibration.from_dict({**made_up().as_dict(), **change})


def runs(ratio: float, number: int, *, shape: Shape = LARGE, mode: str = "exact") -> list[MeasuredRun]:
    """Runs whose part that grows with the volume was `ratio` times the estimate."""
    estimate = estimate_train_bytes(PLAN, shape, mode=mode)
    fixed = estimate.peak_bytes - estimate.volume_bytes
    peak = fixed + round(ratio * estimate.volume_bytes)
    return [MeasuredRun(PLAN, shape, mode=mode, peak_bytes=peak, step_seconds=1.0)] * number


def test_measured_runs_refine_the_estimate_of_their_mode() -> None:
    found = memory_refinement(runs(1.1, 3) + runs(0.8, 2, mode="low"), mode="exact", precision="float32")
    assert (pytest.approx(1.1), 3) == (found.ratio, found.runs)


def test_too_few_runs_refine_nothing() -> None:
    few = runs(1.3, LEAST_RUNS - 1)
    assert memory_refinement(few, mode="exact", precision="float32") == Refinement(1.0, 0)


def test_small_volumes_tell_nothing_of_the_part_that_grows() -> None:
    assert memory_refinement(runs(1.3, 9, shape=TINY), mode="exact", precision="float32").runs == 0


def test_a_refinement_is_bounded() -> None:
    wild = memory_refinement(runs(5.0, 3), mode="exact", precision="float32")
    assert wild.ratio == MOST_CORRECTION


def test_the_terms_of_a_refined_estimate_still_add_up() -> None:
    estimate = estimate_train_bytes(PLAN, LARGE)
    refined = refined_estimate(estimate, Refinement(1.1, 3))
    assert tuple(refined.terms) == TERMS
    assert refined.terms["runtime"] == estimate.terms["runtime"]
    assert refined.peak_bytes == pytest.approx(estimate.peak_bytes + 0.1 * estimate.volume_bytes, abs=4)


def test_the_median_run_refines_time() -> None:
    calibration = made_up()
    seconds = estimate_step_seconds(PLAN, LARGE, calibration)
    assert seconds is not None
    measured = [MeasuredRun(PLAN, LARGE, step_seconds=ratio * seconds) for ratio in (0.9, 1.2, 4.0)]
    found = time_refinement(measured, calibration, mode="exact", precision="float32")
    assert (found.ratio, found.runs) == (pytest.approx(1.2), 3)
