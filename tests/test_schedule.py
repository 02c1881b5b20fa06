"""What a step keeps, computes again and frees: counted by hand on a network of depth 1."""

from __future__ import annotations

import dataclasses

import pytest

from workstation.core.network import UNetPlan
from workstation.core.schedule import Schedule, gradient_of, prediction_schedule, training_schedule
from workstation.errors import RequestError

TINY = UNetPlan(filters=4, depth=1)
SHAPE = (8, 8, 8)
VOXELS = 8**3
PLANS = [
    UNetPlan(),
    UNetPlan(filters=2, depth=3, upsampling="nearest"),
    UNetPlan(filters=3, depth=2, normalisation="group", inputs=("T1", "FLAIR"), outputs=("WT", "TC", "ET")),
]


def schedules(plan: UNetPlan) -> list[Schedule]:
    shape = (plan.multiple * 2,) * 3
    return [training_schedule(plan, shape, mode) for mode in ("exact", "low")] + [prediction_schedule(plan, shape)]


@pytest.mark.parametrize("plan", PLANS)
def test_every_value_is_there_when_it_is_read_and_gone_when_it_was_freed(plan: UNetPlan) -> None:
    for schedule in schedules(plan):
        living = {"input"}
        for instruction in schedule.instructions:
            assert living.issuperset(instruction.reads)
            assert living.isdisjoint(instruction.writes)
            living.update(instruction.writes)
            assert living.issuperset(instruction.frees)
            living.difference_update(instruction.frees)
        assert living <= {"input", schedule.layers[-1].name}


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("mode", ["exact", "low"])
def test_every_weight_gets_its_gradient_once(plan: UNetPlan, mode: str) -> None:
    schedule = training_schedule(plan, (plan.multiple * 2,) * 3, mode)
    convs = [layer for layer in schedule.layers if layer.kind == "conv" and layer.name != "output_conv"]
    for conv in convs:
        sources = 2 if schedule.by_name[conv.inputs[0]].kind == "concat" else 1
        kernels = [each for each in schedule.instructions if (each.operation, each.layer) == ("weight_back", conv.name)]
        assert len(kernels) == sources
    relus = [layer.name for layer in schedule.layers if layer.kind == "relu"]
    backs = [each.layer for each in schedule.instructions if each.operation in ("activate_back", "head_back")]
    assert sorted(backs) == sorted(relus)


@pytest.mark.parametrize("plan", PLANS)
def test_the_exact_mode_computes_no_convolution_again_and_the_low_mode_most(plan: UNetPlan) -> None:
    shape = (plan.multiple * 2,) * 3
    again = {
        mode: [
            each.layer
            for each in training_schedule(plan, shape, mode).instructions
            if each.operation == "conv" and each.is_again
        ]
        for mode in ("exact", "low")
    }
    convs = 2 * (2 * plan.depth + 1)
    assert again["exact"] == []
    assert len(set(again["low"])) == len(again["low"]) == convs - 2


def test_the_exact_peak_of_a_tiny_network_by_hand() -> None:
    # The output of each convolution is kept: 4 channels in full four times, 8 channels in an eighth twice; beside them
    # the input and, while the gradient of the logits is computed, the last activation, probabilities and gradient.
    kept = 4 * 4 * VOXELS + 2 * 8 * VOXELS // 8
    assert training_schedule(TINY, SHAPE, "exact").peak_elements == kept + VOXELS + 4 * VOXELS + 2 * VOXELS


def test_the_low_peak_of_a_tiny_network_by_hand() -> None:
    # Kept: the skip, the bottom's output, and both convolutions of the last block; the rest as above.
    kept = 4 * VOXELS + 8 * VOXELS // 8 + 2 * 4 * VOXELS
    assert training_schedule(TINY, SHAPE, "low").peak_elements == kept + VOXELS + 4 * VOXELS + 2 * VOXELS


def test_a_prediction_of_a_tiny_network_holds_three_full_tensors_at_most() -> None:
    # While the first convolution of the decoder runs: skip, upsampled and result; with the input.
    assert prediction_schedule(TINY, SHAPE).peak_elements == 3 * 4 * VOXELS + VOXELS


def test_bytes_per_voxel_of_the_papers_network() -> None:
    shape = (240, 240, 144)
    voxels = 240 * 240 * 144
    # Convolution outputs: sum over levels of 4 x filters / 4**level floats for encoder and decoder, a little for the
    # bottom; the largest transient on top.
    exact = training_schedule(UNetPlan(), shape, "exact").peak_elements * 4 / voxels
    low = training_schedule(UNetPlan(), shape, "low").peak_elements * 4 / voxels
    assert 64 * 4 * (1 + 1 / 4 + 1 / 16 + 1 / 64) + 0.5 < exact < 450
    assert low < 350


def test_the_peak_grows_with_the_voxels() -> None:
    plan = dataclasses.replace(TINY, depth=2)
    for mode in ("exact", "low"):
        small, large = (training_schedule(plan, shape, mode).peak_elements for shape in ((8, 8, 8), (16, 8, 8)))
        assert large == 2 * small


def test_plain_has_no_schedule() -> None:
    with pytest.raises(RequestError, match="plain"):
        training_schedule(TINY, SHAPE, "plain")


def test_a_gradient_is_named_after_its_value() -> None:
    assert gradient_of("encoder0a_conv") == "d:encoder0a_conv"
