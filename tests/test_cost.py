"""The arithmetic of parameters, work and memory agrees with the paper and with hand counts."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from workstation.core.cost import (
    COMPILED_BYTES,
    HOLES,
    RUNTIME_BYTES,
    TERMS,
    count_parameters,
    estimate_segment_bytes,
    estimate_train_bytes,
    estimate_validation_bytes,
    executed_flops,
    forward_flops,
    layer_costs,
    step_flops,
)
from workstation.core.estimate import Job, Knowledge
from workstation.core.network import PRESETS, Shape, UNetPlan
from workstation.core.work import prediction_flops

FULL: Shape = (240, 240, 144)
VOXELS = 240 * 240 * 144
DEFAULT = UNetPlan()
# Two filters, one pooling: small enough that its schedule is written out by hand below.
HAND = UNetPlan(filters=2, depth=1)


def test_the_default_plan_has_the_papers_parameters() -> None:
    assert count_parameters(UNetPlan()) == (5_650_801, 5_647_857, 2_944)


def test_nearest_upsampling_has_its_own_count() -> None:
    assert count_parameters(UNetPlan(upsampling="nearest")) == (5_889_921, 5_886_977, 2_944)


def test_a_small_plan_counted_by_hand() -> None:
    # convolutions 27*in*out + out: 1->2 56, 2->2 110, 2->4 220, 4->4 436, and after joining 2+2: 4->2 218, 2->2 110;
    # transposed 8*4*2 + 2 = 66; output 2 + 1 = 3; norms 4 each over 2+2+4+4+2+2 = 16 channels = 64, half of them fixed.
    assert count_parameters(UNetPlan(filters=2, depth=1)) == (56 + 110 + 220 + 436 + 66 + 218 + 110 + 3 + 64, 1251, 32)


def test_group_norm_has_no_moving_statistics() -> None:
    # Of the default plan's 5,650,801 the 2,944 fixed ones go; gamma and beta stay.
    assert count_parameters(UNetPlan(normalisation="group")) == (5_647_857, 5_647_857, 0)


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


def test_a_schedule_does_the_work_that_the_layers_need() -> None:
    assert prediction_flops(DEFAULT, FULL) == forward_flops(DEFAULT, FULL)
    assert executed_flops(DEFAULT, FULL, batch=3, mode="plain") == step_flops(DEFAULT, FULL, batch=3)


def test_exact_computes_the_upsamplings_again_and_nothing_else_that_counts() -> None:
    # A transposed convolution of 2c to c channels on V output voxels: 2 * 2c * c * V, for 16, 32, 64, 128 at V/8^level.
    up = sum(2 * 2 * c * c * VOXELS // 8**level for level, c in enumerate((16, 32, 64, 128)))
    assert executed_flops(DEFAULT, FULL, mode="exact") == step_flops(DEFAULT, FULL) + up


def test_low_computes_less_than_a_forward_pass_again() -> None:
    again = executed_flops(DEFAULT, FULL, mode="low") - step_flops(DEFAULT, FULL)
    assert 0.5 * forward_flops(DEFAULT, FULL) < again < forward_flops(DEFAULT, FULL)


def test_the_peak_is_the_sum_of_its_terms_in_every_mode() -> None:
    for mode in ("exact", "low", "plain"):
        estimate = estimate_train_bytes(DEFAULT, FULL, batch=2, mode=mode)
        assert tuple(estimate.terms) == TERMS
        assert estimate.peak_bytes == sum(estimate.terms.values())


def test_the_optimiser_holds_two_floats_per_trainable_weight() -> None:
    assert estimate_train_bytes(DEFAULT, (16, 16, 16)).terms["optimiser"] == 8 * 5_647_857


def test_the_pipeline_holds_three_batches_whatever_the_size_of_the_data_set() -> None:
    case = 32**3 * (4 * 1 + 1)
    terms = [estimate_train_bytes(DEFAULT, (32, 32, 32), batch=2, cases=n).terms["pipeline"] for n in (0, 5, 10**6)]
    assert terms == [6 * case] * 3


def test_the_peak_of_a_network_of_depth_one_counted_by_hand() -> None:
    """Two filters at 240x240x144, mode exact, V voxels; numbers alive per V, scratch after the plus.

    Kept for the backward pass: encoder0a, encoder0b, decoder0a, decoder0b (2 each, at V), bottoma, bottomb (4 each, at
    V/8), and the input, which the pipeline's term has already.

        conv encoder0b     e0a 2, its relu 2, e0b 2                                          6    + 2
        up0                e0a 2, e0b 2, bottom 2 * 4/8, relu 4/8, up 2                      7.5  + 2
        conv decoder0a     e0a, e0b 4, bottom 1, up 2, relu of e0b 2, d0a 2                 11    + 2 (second product)
        conv decoder0b     e0a, e0b 4, bottom 1, d0a 2, its relu 2, d0b 2                   11    + 2 (statistics)
        output             e0a, e0b 4, bottom 1, d0a, d0b 4, relu 2, probabilities 1        12
        loss               the same and the gradient of the logits                          13    + 3 (of one)
        weight_back d0b    e0a, e0b 4, bottom 1, d0a 2, relu 2, dz 2; its parts of the volume are no larger
                           than (4 * 2 + 2) V floats, and never more than 128 MB            11    + 128 MB

    The loss is the peak in numbers, 13 + 3 = 16. Its kept values are 4 + 1 + 4 + 2 (the last ReLU) = 11 numbers, what
    passes 2 (probabilities and logits' gradient), its scratch 3; at 4 bytes and V = 8,294,400 the sum is 531 MB, where
    the kernel's gradient has 11 * 4 V + 128 MB = 493 MB.
    """
    terms = estimate_train_bytes(HAND, FULL).terms
    assert terms["activations"] == 11 * VOXELS * 4
    assert terms["transient"] == 2 * VOXELS * 4
    assert terms["scratch"] == 3 * VOXELS * 4
    assert terms["allocator"] == round(HOLES["exact"] * 2 * VOXELS * 4)
    # 1,283 weights of which 32 are fixed, see above; batches: 3 of V * (4 + 1) bytes.
    assert (terms["weights"], terms["gradients"], terms["optimiser"]) == (1283 * 4, 1251 * 4, 1251 * 8)
    assert (terms["pipeline"], terms["runtime"]) == (3 * 5 * VOXELS, RUNTIME_BYTES + COMPILED_BYTES)


def test_the_default_network_peaks_where_the_last_block_joins_its_skip() -> None:
    # At decoder0a_conv, per voxel: z of encoder0a and encoder0b 2 * 16; level 1 in encoder and decoder 4 * 32 / 8 = 16;
    # level 2 4 * 64 / 64 = 4; level 3 4 * 128 / 512 = 1; bottom 2 * 256 / 4096 = 1/8. Kept: 32 + 21.125 = 53.125, and z
    # itself 16: 69.125 floats. Passing: what comes up 16 and the skip's activation 16. Scratch: the second product 16.
    terms = estimate_train_bytes(DEFAULT, FULL).terms
    assert terms["activations"] == 69.125 * 4 * VOXELS
    assert terms["transient"] == 32 * 4 * VOXELS
    assert terms["scratch"] == 16 * 4 * VOXELS


def test_memory_grows_with_the_batch() -> None:
    for mode in ("exact", "low", "plain"):
        peaks = [estimate_train_bytes(DEFAULT, FULL, batch=batch, mode=mode).peak_bytes for batch in (1, 2, 3, 8, 16)]
        assert peaks == sorted(set(peaks))


@pytest.mark.parametrize("shape", [(96, 96, 96), (144, 144, 144), FULL])
def test_low_takes_less_than_exact_and_exact_less_than_plain(shape: Shape) -> None:
    low, exact, plain = (
        estimate_train_bytes(DEFAULT, shape, mode=mode).peak_bytes for mode in ("low", "exact", "plain")
    )
    assert low < exact < plain


def test_a_micro_batch_takes_the_memory_of_its_volumes_and_one_more_set_of_gradients() -> None:
    whole, parts = (estimate_train_bytes(DEFAULT, FULL, batch=8, micro_batch=n).terms for n in (0, 2))
    two = estimate_train_bytes(DEFAULT, FULL, batch=2).terms
    # The volumes of a micro-batch are a copy of their part of the batch: 4 bytes a voxel.
    assert parts["activations"] == two["activations"] + 2 * 4 * VOXELS
    assert (parts["transient"], parts["scratch"]) == (two["transient"], two["scratch"])
    assert parts["gradients"] == 2 * whole["gradients"]
    assert parts["pipeline"] == whole["pipeline"]


def test_a_micro_batch_as_large_as_the_batch_changes_nothing() -> None:
    whole, same, larger = (estimate_train_bytes(DEFAULT, FULL, batch=2, micro_batch=n) for n in (0, 2, 5))
    assert dict(whole.terms) == dict(same.terms) == dict(larger.terms)


def test_bfloat16_halves_what_lies_between_layers() -> None:
    full, half = (estimate_train_bytes(DEFAULT, FULL, precision=each).terms for each in ("float32", "bfloat16"))
    for term in ("activations", "transient", "scratch"):
        assert half[term] * 2 == full[term]
    for term in ("weights", "gradients", "optimiser", "pipeline", "runtime"):
        assert half[term] == full[term]


def test_probabilities_stay_float32_in_bfloat16() -> None:
    # The network of two filters peaks at its loss: probabilities, their gradient and scratch are 5 V floats still.
    full, half = (estimate_train_bytes(HAND, FULL, precision=each).terms for each in ("float32", "bfloat16"))
    assert half["activations"] * 2 == full["activations"]
    assert half["transient"] == full["transient"] == 2 * 4 * VOXELS


def test_an_estimate_takes_less_than_five_milliseconds() -> None:
    estimate_train_bytes(DEFAULT, FULL)
    start = time.process_time()
    for batch in range(1, 101):
        estimate_train_bytes(DEFAULT, (16 * batch, 160, 160), batch=batch)
    assert (time.process_time() - start) / 100 < 0.005


@pytest.mark.parametrize(
    ("shape", "batch", "measured"),
    [
        ((96, 96, 96), 1, 1.81e9),
        ((96, 96, 96), 2, 2.96e9),
        ((144, 144, 144), 1, 4.18e9),
        ((240, 240, 144), 1, 10.32e9),
    ],
)
def test_the_estimate_of_plain_keras_is_within_a_tenth_of_what_was_measured(
    shape: Shape, batch: int, measured: float
) -> None:
    estimate = estimate_train_bytes(DEFAULT, shape, batch=batch, mode="plain")
    assert estimate.peak_bytes == pytest.approx(measured, rel=0.1)


def test_prediction_takes_less_than_training() -> None:
    assert estimate_segment_bytes(DEFAULT, FULL).peak_bytes < estimate_train_bytes(DEFAULT, FULL).peak_bytes


def test_a_prediction_keeps_the_skips_that_are_still_to_be_read() -> None:
    # At decoder0a, per voxel: the skip 16 and the input 1 are kept, what comes up 16 and the result 16 pass, and the
    # product of the second source is scratch, 16.
    terms = estimate_segment_bytes(DEFAULT, FULL).terms
    assert terms["activations"] == 17 * 4 * VOXELS
    assert terms["transient"] == 32 * 4 * VOXELS
    assert terms["scratch"] == 16 * 4 * VOXELS


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("mode", ["exact", "low", "plain"])
def test_a_prediction_between_two_steps_takes_less_than_a_step(preset: str, mode: str) -> None:
    """Sentinel cases are predicted during a training: its estimate must hold for them too."""
    for shape in ((64, 64, 64), (240, 240, 155)):
        step = estimate_train_bytes(PRESETS[preset], shape, mode=mode)
        assert estimate_segment_bytes(PRESETS[preset], shape).peak_bytes < step.peak_bytes


def test_a_training_in_low_mode_and_bfloat16_peaks_in_its_validation() -> None:
    """As above at decoder0a: 17 + 32 + 16 = 65 floats a voxel, and 0.3 of a tensor of 16 that the pool holds beyond.

    Weights are there twice, once folded; Adam's two floats stay; of batches of one, three: 4 + 1 bytes a voxel each.
    """
    peak = 65 * 4 * VOXELS + round(HOLES["prediction"] * 16 * 4 * VOXELS)
    peak += 2 * 5_650_801 * 4 + 2 * 5_647_857 * 4 + 3 * 5 * VOXELS + RUNTIME_BYTES + COMPILED_BYTES
    assert estimate_validation_bytes(DEFAULT, FULL).peak_bytes == peak
    step = estimate_train_bytes(DEFAULT, FULL, mode="low", precision="bfloat16")
    assert step.peak_bytes < peak
    known = Knowledge()
    low = Job(DEFAULT, FULL, mode="low", precision="bfloat16")
    assert known.memory(low).peak_bytes == peak
    assert known.step_memory(low).peak_bytes == step.peak_bytes
    # Two volumes in a step are more than one in a prediction, and so is one in full precision.
    for job in (replace(low, batch=2), replace(low, precision="float32"), replace(low, mode="plain")):
        assert known.memory(job) == known.step_memory(job)
