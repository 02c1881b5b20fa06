"""The arithmetic of parameters, work and memory agrees with the paper and with hand counts."""

from __future__ import annotations

import pytest

from workstation.core.cost import (
    CACHE_BYTES,
    count_parameters,
    estimate_segment_bytes,
    estimate_train_bytes,
    forward_flops,
    layer_costs,
    step_flops,
)
from workstation.core.network import UNetPlan

FULL = (240, 240, 144)


def test_the_default_plan_has_the_papers_parameters() -> None:
    assert count_parameters(UNetPlan()) == (5_650_801, 5_647_857, 2_944)


def test_nearest_upsampling_has_its_own_count() -> None:
    assert count_parameters(UNetPlan(upsampling="nearest")) == (5_889_921, 5_886_977, 2_944)


def test_a_small_plan_counted_by_hand() -> None:
    # convolutions 27*in*out + out: 1->2 56, 2->2 110, 2->4 220, 4->4 436, and after joining 2+2: 4->2 218, 2->2 110;
    # transposed 8*4*2 + 2 = 66; output 2 + 1 = 3; norms 4 each over 2+2+4+4+2+2 = 16 channels = 64, half of them fixed.
    assert count_parameters(UNetPlan(filters=2, depth=1)) == (56 + 110 + 220 + 436 + 66 + 218 + 110 + 3 + 64, 1251, 32)


def test_forward_work_per_voxel_counted_by_hand() -> None:
    # multiply-adds per input voxel: level 0 encoder 27*(16 + 256), each deeper encoder block 27*(c*2c + 4c^2)/8^level,
    # decoders 27*(2c*c + c*c), transposed 2c*c per output voxel, output 16.
    adds = 27 * (16 + 256) + 16
    for level in range(1, 5):
        c = 16 * 2 ** (level - 1)
        adds += 27 * (2 * c * c + 4 * c * c) / 8**level
    for level in range(4):
        c = 16 * 2**level
        adds += (27 * 3 * c * c + 2 * c * c) / 8**level
    assert forward_flops(UNetPlan(), FULL) == 2 * adds * 240 * 240 * 144


def test_a_step_is_three_forward_passes_without_the_input_gradient_of_the_first_convolution() -> None:
    voxels = 32**3
    first = 2 * 27 * 16 * voxels
    assert step_flops(UNetPlan(), (32, 32, 32)) == 3 * forward_flops(UNetPlan(), (32, 32, 32)) - first


def test_the_first_layer_of_the_papers_table_takes_half_a_gigabyte_at_batch_one() -> None:
    rows = {row.name: row for row in layer_costs(UNetPlan(), FULL)}
    assert rows["encoder0a_conv"].bytes == 240 * 240 * 144 * 16 * 4


def test_bytes_and_work_of_a_layer_are_proportional_to_the_batch() -> None:
    one, eight = (layer_costs(UNetPlan(), (32, 32, 32), batch=batch) for batch in (1, 8))
    assert [(8 * row.bytes, 8 * row.flops) for row in one] == [(row.bytes, row.flops) for row in eight]


def test_the_table_is_of_the_padded_shape() -> None:
    assert layer_costs(UNetPlan(), (240, 240, 155))[0].shape == (240, 240, 160)


def test_the_peak_is_the_sum_of_its_terms() -> None:
    estimate = estimate_train_bytes(UNetPlan(), FULL)
    assert estimate.peak_bytes == sum(estimate.terms.values())
    assert set(estimate.terms) == {
        "weights",
        "gradients",
        "optimiser",
        "activations",
        "transient",
        "pipeline",
        "runtime",
    }


def test_the_optimiser_holds_two_floats_per_trainable_weight() -> None:
    assert estimate_train_bytes(UNetPlan(), (16, 16, 16)).terms["optimiser"] == 8 * 5_647_857


def test_the_pipeline_holds_three_batches_and_the_cases_it_keeps_up_to_a_limit() -> None:
    case = 32**3 * (4 * 1 + 1)
    terms = [estimate_train_bytes(UNetPlan(), (32, 32, 32), batch=2, cases=n).terms["pipeline"] for n in (0, 5, 10**6)]
    assert terms == [6 * case, 6 * case + 5 * case, 6 * case + CACHE_BYTES]


@pytest.mark.parametrize(
    ("shape", "batch", "measured"),
    [
        ((96, 96, 96), 1, 1.81e9),
        ((96, 96, 96), 2, 2.96e9),
        ((144, 144, 144), 1, 4.18e9),
        ((240, 240, 144), 1, 10.32e9),
    ],
)
def test_the_estimate_is_within_a_tenth_of_what_was_measured(
    shape: tuple[int, int, int], batch: int, measured: float
) -> None:
    assert estimate_train_bytes(UNetPlan(), shape, batch=batch).peak_bytes == pytest.approx(measured, rel=0.1)


def test_prediction_takes_less_than_training() -> None:
    plan = UNetPlan()
    assert estimate_segment_bytes(plan, FULL).peak_bytes < estimate_train_bytes(plan, FULL).peak_bytes / 2
