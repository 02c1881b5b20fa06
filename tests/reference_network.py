"""A network of a plan in float64, straight from its layer list: what the engine's steps are compared with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from workstation.core.network import Layer, UNetPlan, expand, norm_groups

EPSILON = 1e-3


def probabilities(plan: UNetPlan, inputs: tf.Tensor, weights: Mapping[str, tf.Variable]) -> tf.Tensor:
    """Forward pass in training, (N, I, J, K, C) float64 to (N, I, J, K, R); weights by "layer/name"."""
    i, j, k = inputs.shape[1:4]
    values: dict[str, tf.Tensor] = {"input": inputs}
    for layer in expand(plan, (i, j, k))[1:]:
        read = [values[name] for name in layer.inputs]
        values[layer.name] = _computed(plan, layer, read, weights)
    return values["output"]


def _computed(plan: UNetPlan, layer: Layer, read: list[tf.Tensor], weights: Mapping[str, tf.Variable]) -> tf.Tensor:
    x = read[0]
    n, i, j, k, c = x.shape
    if layer.kind == "conv":
        return tf.nn.conv3d(x, weights[f"{layer.name}/kernel"], (1,) * 5, "SAME") + weights[f"{layer.name}/bias"]
    if layer.kind == "norm":
        groups = norm_groups(plan, c)
        axes = (0, 1, 2, 3, 5) if plan.normalisation == "batch" else (1, 2, 3, 5)
        split = tf.reshape(x, (n, i, j, k, groups, c // groups))
        mean = tf.reduce_mean(split, axes, keepdims=True)
        variance = tf.reduce_mean(tf.square(split - mean), axes, keepdims=True)
        normed = tf.reshape((split - mean) / tf.sqrt(variance + EPSILON), x.shape)
        return normed * weights[f"{layer.name}/gamma"] + weights[f"{layer.name}/beta"]
    if layer.kind == "relu":
        return tf.nn.relu(x)
    if layer.kind == "pool":
        corners = [x[:, a::2, b::2, d::2] for a in (0, 1) for b in (0, 1) for d in (0, 1)]
        return tf.reduce_max(tf.stack(corners), axis=0)
    if layer.kind == "transpose":
        # With a stride equal to the kernel, each voxel makes its own 2x2x2 block: (2, 2, 2, Co, Ci) times (Ci,).
        blocks = tf.einsum("nijkc,abdoc->niajbkdo", x, weights[f"{layer.name}/kernel"])
        return tf.reshape(blocks, (n, 2 * i, 2 * j, 2 * k, -1)) + weights[f"{layer.name}/bias"]
    if layer.kind == "nearest":
        return tf.repeat(tf.repeat(tf.repeat(x, 2, 1), 2, 2), 2, 3)
    return tf.concat(read, -1) if layer.kind == "concat" else tf.sigmoid(x)


def weights_of(model: object) -> dict[str, tf.Variable]:
    """The trainable weights of a Keras model as float64 variables, by path."""
    return {each.path: tf.Variable(np.asarray(each.value, np.float64)) for each in model.trainable_variables}  # type: ignore[attr-defined]
