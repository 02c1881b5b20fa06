"""Losses and overlap metrics on batches of probabilities.

Tensors are (N, I, J, K, C): `truth` holds 0 or 1, `prediction` 0 to 1. Sums run over space, so each sample and region
gives one number; the losses then average over samples and regions.

References
----------
The reference recipe of the paper: `-log(2 mean(I + eps)) + log(mean(T + P + eps))`, eps = 1e-4.
Milletari F, Navab N, Ahmadi SA. V-Net. 3DV 2016 (the soft Dice loss).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import tensorflow as tf

EPSILON = 1e-4
_SPACE = (1, 2, 3)


def log_dice_loss(truth: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
    """The paper's loss, about minus the logarithm of the soft Dice of the whole batch; a scalar.

    0 for a perfect prediction, larger for a worse one; -log 2 where truth and prediction are both empty.
    """
    intersection, sums = _overlap(truth, prediction)
    return tf.math.log(tf.reduce_mean(sums + EPSILON)) - tf.math.log(2 * tf.reduce_mean(intersection + EPSILON))


def cross_entropy_dice_loss(truth: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
    """Mean binary cross-entropy over voxels plus one minus the mean soft Dice; a scalar >= 0."""
    clipped = tf.clip_by_value(prediction, 1e-7, 1 - 1e-7)
    entropy = -tf.reduce_mean(truth * tf.math.log(clipped) + (1 - truth) * tf.math.log(1 - clipped))
    return entropy + 1 - tf.reduce_mean(soft_dice(truth, prediction))


def soft_dice(truth: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
    """Dice of the probabilities as they are, (N, C); 1 where both are empty."""
    intersection, sums = _overlap(truth, prediction)
    return (2 * intersection + EPSILON) / (sums + EPSILON)


def rounded_dice(truth: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
    """Dice of the mask at a threshold of one half, (N, C); 1 where both are empty."""
    return soft_dice(truth, tf.cast(prediction > 0.5, prediction.dtype))


def _overlap(truth: tf.Tensor, prediction: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Intersection, and sum of both, of each sample and region: (N, C) each."""
    intersection = tf.reduce_sum(truth * prediction, axis=_SPACE)
    return intersection, tf.reduce_sum(truth, axis=_SPACE) + tf.reduce_sum(prediction, axis=_SPACE)


LOSSES: Mapping[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = MappingProxyType(
    {"dice": log_dice_loss, "bce+dice": cross_entropy_dice_loss}
)
