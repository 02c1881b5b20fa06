"""Prediction of whole volumes: norms folded into the kernels, every tensor freed after its last reader."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from workstation.core.network import Layer, Shape, UNetPlan, norm_groups, padded_shape
from workstation.core.schedule import Instruction, Schedule, prediction_schedule
from workstation.engine import operations
from workstation.engine.choices import Choices
from workstation.engine.norms import norm_state
from workstation.engine.unet import NORM_EPSILON


class Predictor:
    """Predicts with the present weights of a model.

    Parameters
    ----------
    model : keras.Model
        Made by `build_unet` of the plan, or loaded from a model folder.
    plan : UNetPlan
    choices : Choices
    """

    def __init__(self, model: keras.Model, plan: UNetPlan, choices: Choices) -> None:
        self._plan = plan
        self._choices = choices
        self._weights = {layer.name: layer for layer in model.layers}

    def predict(self, inputs: tf.Tensor) -> tf.Tensor:
        """Probabilities (N, I, J, K, R) float32 of (N, I, J, K, C) float32, whose sides are multiples of 2**depth.

        With batch norm they follow from the moving statistics, with group and instance norm from the volume's own.
        """
        i, j, k = inputs.shape[1:4]
        shape: Shape = padded_shape((i, j, k), 1)
        schedule = prediction_schedule(self._plan, shape)
        values = {"input": inputs}
        for instruction in schedule.instructions:
            read = [values[name] for name in instruction.reads]
            written = self._computed(instruction, schedule, read)
            for name in instruction.frees:
                del values[name]
            del read
            values[instruction.writes[0]] = written
        return values[schedule.layers[-1].name]

    def _computed(self, instruction: Instruction, schedule: Schedule, read: list[tf.Tensor]) -> tf.Tensor:
        layer = schedule.by_name[instruction.layer]
        if instruction.operation == "conv_relu":
            conv = schedule.by_name[schedule.by_name[layer.inputs[0]].inputs[0]]
            return self._folded(conv, read) if self._plan.normalisation == "batch" else self._normed(conv, read)
        if instruction.operation == "pool":
            return self._run("pool", *read)
        weights = self._weights[layer.name]
        if instruction.operation == "output":
            weights = self._weights["output_conv"]
            return operations.output(*read, weights.kernel[0, 0, 0], tf.convert_to_tensor(weights.bias))
        if layer.kind == "nearest":
            return operations.nearest(*read)
        kernel, bias = tf.convert_to_tensor(weights.kernel), tf.convert_to_tensor(weights.bias)
        return self._run("transpose", *read, kernel, bias)

    def _folded(self, conv: Layer, read: list[tf.Tensor]) -> tf.Tensor:
        weights, norm = self._weights[conv.name], self._norm_of(conv)
        scale = norm.gamma.numpy() / np.sqrt(norm.moving_variance.numpy().astype(float) + NORM_EPSILON)
        offset = norm.beta.numpy() + (weights.bias.numpy() - norm.moving_mean.numpy()) * scale
        kernel, bias = weights.kernel * scale.astype(np.float32), tf.constant(offset, tf.float32)
        if len(read) == 1:
            return operations.conv_relu(*read, kernel, bias)
        return self._run("conv_relu_pair", *read, kernel, bias)

    def _normed(self, conv: Layer, read: list[tf.Tensor]) -> tf.Tensor:
        weights, norm = self._weights[conv.name], self._norm_of(conv)
        kernel = tf.convert_to_tensor(weights.kernel)
        z = operations.conv(*read, kernel) if len(read) == 1 else self._run("conv_pair", *read, kernel)
        mean, variance = self._run("statistics", z, z.shape[0])
        state = norm_state(
            mean.numpy(),
            variance.numpy(),
            bias=weights.bias.numpy(),
            gamma=norm.gamma.numpy(),
            beta=norm.beta.numpy(),
            groups=norm_groups(self._plan, conv.channels_out),
            epsilon=NORM_EPSILON,
        )
        return self._run("activate", z, tf.constant(state.scale, tf.float32), tf.constant(state.offset, tf.float32))

    def _norm_of(self, conv: Layer) -> keras.Layer:
        return self._weights[conv.name.removesuffix("_conv") + "_norm"]

    def _run(self, operation: str, *arguments: Any) -> tf.Tensor:
        return self._choices.form(operation, *arguments)(*arguments)
