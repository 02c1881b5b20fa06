"""Losses and metrics against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from workstation.engine.losses import (
    LOSSES,
    Sums,
    batch_sums,
    cross_entropy_dice_of,
    log_dice_of,
    logits_gradient,
    rounded_dice,
    soft_dice,
    sums_gradient,
)


def boxes(*masks: tuple[int, float]) -> tuple[tf.Tensor, tf.Tensor]:
    """(N, 4, 4, 4, 1) truth and prediction; each sample is (voxels of truth, probability everywhere)."""
    truth = np.zeros((len(masks), 64, 1), np.float32)
    prediction = np.zeros((len(masks), 64, 1), np.float32)
    for sample, (voxels, probability) in enumerate(masks):
        truth[sample, :voxels] = 1
        prediction[sample] = probability
    return tf.reshape(truth, (-1, 4, 4, 4, 1)), tf.reshape(prediction, (-1, 4, 4, 4, 1))


def test_log_dice_of_a_perfect_prediction_is_zero() -> None:
    truth, _ = boxes((16, 0.0))
    # log(32 + eps) - log(2 (16 + eps)) = log((32 + 1e-4) / (32 + 2e-4)), about -3e-6
    assert float(log_dice_of(batch_sums(truth, truth))) == pytest.approx(0, abs=1e-5)


def test_log_dice_averages_sums_over_the_batch_before_the_logarithm() -> None:
    truth, prediction = boxes((16, 0.5), (32, 0.25))
    # intersections 8 and 8; sums of truth and prediction 16 + 32 and 32 + 16
    expected = math.log(48 + 1e-4) - math.log(2 * (8 + 1e-4))
    assert float(log_dice_of(batch_sums(truth, prediction))) == pytest.approx(expected, rel=1e-6)


def test_log_dice_is_finite_where_truth_and_prediction_are_empty() -> None:
    truth, prediction = boxes((0, 0.0))
    assert float(log_dice_of(batch_sums(truth, prediction))) == pytest.approx(-math.log(2), rel=1e-5)


def test_cross_entropy_dice_of_one_half_everywhere() -> None:
    truth, prediction = boxes((32, 0.5))
    expected = math.log(2) + 1 - (2 * 16 + 1e-4) / (32 + 32 + 1e-4)
    assert float(cross_entropy_dice_of(batch_sums(truth, prediction))) == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_dice_is_finite_where_a_probability_is_quite_wrong() -> None:
    truth, prediction = boxes((64, 0.0))
    assert math.isfinite(float(cross_entropy_dice_of(batch_sums(truth, prediction))))


def test_soft_dice_has_one_value_per_sample_and_region() -> None:
    truth, prediction = boxes((16, 0.5), (0, 0.0))
    expected = [[(2 * 8 + 1e-4) / (16 + 32 + 1e-4)], [1.0]]
    assert np.allclose(soft_dice(truth, prediction), expected, rtol=1e-6)


def test_rounded_dice_is_of_the_mask_above_one_half() -> None:
    truth, prediction = boxes((16, 0.51), (16, 0.5))
    expected = [[(2 * 16 + 1e-4) / (16 + 64 + 1e-4)], [1e-4 / (16 + 1e-4)]]
    assert np.allclose(rounded_dice(truth, prediction), expected, rtol=1e-5)


def test_the_gradient_of_log_dice_is_that_of_float64_arithmetic() -> None:
    random = np.random.default_rng(0)
    truth = (random.random((2, 3, 4, 5, 2)) > 0.7).astype(np.float32)
    prediction = random.random((2, 3, 4, 5, 2)).astype(np.float32)
    with tf.GradientTape() as tape:
        variable = tf.constant(prediction)
        tape.watch(variable)
        loss = log_dice_of(batch_sums(tf.constant(truth), variable))
    # d/dP of log(mean(T + P)) - log(mean(T P)), with means over the four (sample, region) pairs
    t, p = truth.astype(np.float64), prediction.astype(np.float64)
    expected = 1 / (t.sum() + p.sum() + 4e-4) - t / ((t * p).sum() + 4e-4)
    assert np.allclose(tape.gradient(loss, variable), expected, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_of_the_logits_is_the_losses_slope(loss: str) -> None:
    random = np.random.default_rng(3)
    truth = tf.constant(random.random((2, 4, 3, 5, 2)) > 0.6, tf.float64)
    logits = random.standard_normal((2, 4, 3, 5, 2))

    def value(at: np.ndarray) -> float:
        return float(LOSSES[loss](batch_sums(truth, tf.sigmoid(tf.constant(at)))))

    probabilities = tf.sigmoid(tf.constant(logits))
    _, gradient = sums_gradient(loss, batch_sums(truth, probabilities))
    found = logits_gradient(truth, probabilities, gradient).numpy()
    for place in ((0, 1, 2, 3, 0), (1, 3, 0, 4, 1)):
        step = np.zeros_like(logits)
        step[place] = 1e-6
        assert found[place] == pytest.approx((value(logits + step) - value(logits - step)) / 2e-6, rel=1e-4)


def test_a_loss_of_parts_is_that_of_their_sums() -> None:
    truth, prediction = boxes((16, 0.5), (32, 0.25), (0, 0.1))
    parts = [batch_sums(truth[at : at + 1], prediction[at : at + 1]) for at in range(3)]
    joined = Sums(*(tf.concat(each, 0) for each in zip(*parts, strict=True)))
    for loss in LOSSES.values():
        assert float(loss(joined)) == pytest.approx(float(loss(batch_sums(truth, prediction))), rel=1e-6)
