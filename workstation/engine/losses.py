"""Losses and overlap metrics on batches of probabilities.

Tensors are (N, I, J, K, R): `truth` holds 0 or 1, `prediction` 0 to 1. Everything here follows from three numbers per
sample and region (`Sums`), so a loss over a batch and its gradient can also be had one micro-batch at a time: first the
sums of all, then the gradient of each (`logits_gradient`).

References
----------
The reference recipe of the paper: `-log(2 mean(I + eps)) + log(mean(T + P + eps))`, eps = 1e-4.
Milletari F, Navab N, Ahmadi SA. V-Net. 3DV 2016 (the soft Dice loss).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import tensorflow as tf

EPSILON = 1e-4
_SPACE = (1, 2, 3)


class Sums(NamedTuple):
    """What a loss is made of, (N, R) each.

    Intersection of truth and prediction; sum of both; mean binary cross-entropy over voxels.
    """

    intersection: tf.Tensor
    both: tf.Tensor
    entropy: tf.Tensor


def batch_sums(truth: tf.Tensor, prediction: tf.Tensor) -> Sums:
    """The sums of a batch; probabilities of 0 and 1 count as 1e-7 from there in the entropy."""
    clipped = tf.clip_by_value(prediction, 1e-7, 1 - 1e-7)
    entropy = -tf.math.log(tf.where(truth > 0.5, clipped, 1 - clipped))
    return Sums(*_overlap(truth, prediction), tf.reduce_mean(entropy, axis=_SPACE))


def log_dice_of(sums: Sums) -> tf.Tensor:
    """The paper's loss, about minus the logarithm of the soft Dice of the whole batch; a scalar.

    0 for a perfect prediction, larger for a worse one; -log 2 where truth and prediction are both empty.
    """
    return tf.math.log(tf.reduce_mean(sums.both + EPSILON)) - tf.math.log(
        2 * tf.reduce_mean(sums.intersection + EPSILON)
    )


def cross_entropy_dice_of(sums: Sums) -> tf.Tensor:
    """Mean binary cross-entropy over voxels plus one minus the mean soft Dice; a scalar >= 0."""
    return tf.reduce_mean(sums.entropy) + 1 - tf.reduce_mean(_dice(sums.intersection, sums.both))


LOSSES: Mapping[str, Callable[[Sums], tf.Tensor]] = MappingProxyType(
    {"dice": log_dice_of, "bce+dice": cross_entropy_dice_of}
)
# Losses that are means over samples: a micro-batch needs to know nothing of the others.
ADDITIVE = frozenset({"bce+dice"})


def sums_gradient(loss: str, sums: Sums) -> tuple[tf.Tensor, Sums]:
    """A loss and its gradient as to each of the sums."""
    with tf.GradientTape() as tape:
        tape.watch(sums)
        value = LOSSES[loss](sums)
    return value, Sums(*tape.gradient(value, sums, unconnected_gradients=tf.UnconnectedGradients.ZERO))


@tf.function(autograph=False, jit_compile=True)  # type: ignore[untyped-decorator]
def logits_gradient(truth: tf.Tensor, prediction: tf.Tensor, gradient: Sums) -> tf.Tensor:
    """Gradient of a loss as to the logits, (N, I, J, K, R), from its gradient as to the sums.

    `truth` may be of any type. With p = sigmoid(x): dp/dx = p (1 - p), and the entropy's own gradient is p - truth.
    """
    truth = tf.cast(truth, prediction.dtype)
    intersection, both, entropy = (each[:, tf.newaxis, tf.newaxis, tf.newaxis] for each in gradient)
    voxels = tf.cast(prediction.shape[1:4].num_elements(), prediction.dtype)
    slope = prediction * (1 - prediction)
    return (intersection * truth + both) * slope + entropy / voxels * (prediction - truth)


def soft_dice(truth: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
    """Dice of the probabilities as they are, (N, R); 1 where both are empty."""
    return _dice(*_overlap(truth, prediction))


def rounded_dice(truth: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
    """Dice of the mask at a threshold of one half, (N, R); 1 where both are empty."""
    return soft_dice(truth, tf.cast(prediction > 0.5, prediction.dtype))


def _dice(intersection: tf.Tensor, both: tf.Tensor) -> tf.Tensor:
    return (2 * intersection + EPSILON) / (both + EPSILON)


def _overlap(truth: tf.Tensor, prediction: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Intersection, and sum of both, of each sample and region: (N, R) each."""
    intersection = tf.reduce_sum(truth * prediction, axis=_SPACE)
    return intersection, tf.reduce_sum(truth, axis=_SPACE) + tf.reduce_sum(prediction, axis=_SPACE)
