"""The compiled training and validation steps of one model: the seam where a faster engine takes the plain one's place.

Everything else of the engine sees a `Steps` and the numbers it returns. Whatever is put here must leave the model an
ordinary Keras model and its weights what the plain step would have made them, within rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import keras
import tensorflow as tf

from workstation.core.network import Shape, UNetPlan, padded_shape
from workstation.engine.losses import LOSSES, rounded_dice, soft_dice
from workstation.errors import OutOfMemory

_MEMORY_HINT = "Use a smaller size or batch, fewer filters, or a machine with more memory; `workstation network` tells."


class Scores(NamedTuple):
    """Of one batch: the loss, and means over samples and regions of Dice at one half and of the probabilities."""

    loss: float
    dice: float
    soft_dice: float


class Steps:
    """A model, its optimiser and what is done with them.

    Parameters
    ----------
    model : keras.Model
    plan : UNetPlan
    loss : str
        A key of `LOSSES`.
    learning_rate : float
        Of Adam, whose other settings are Keras's defaults.
    shape : (I, J, K)
        Of the volumes before they are padded to a multiple of `plan.multiple`; metrics are taken inside it, the loss
        over the whole.
    """

    def __init__(self, model: keras.Model, plan: UNetPlan, *, loss: str, learning_rate: float, shape: Shape) -> None:
        self.model = model
        self.optimiser = keras.optimizers.Adam(learning_rate)
        self.optimiser.build(model.trainable_variables)
        self._loss = LOSSES[loss]
        self._shape = shape
        self._padded = padded_shape(shape, plan.multiple)
        images = tf.TensorSpec((None, *self._padded, len(plan.inputs)), tf.float32)
        masks = tf.TensorSpec((None, *self._padded, len(plan.outputs)), tf.uint8)
        self._train = tf.function(self._train_step, input_signature=(images, masks), autograph=False)
        self._validate = tf.function(self._validation_step, input_signature=(images, masks), autograph=False)

    def trace(self) -> None:
        """Build the graphs, which takes seconds, before the first step is timed."""
        with refusing_to_run_out_of_memory():
            self._train.get_concrete_function()
            self._validate.get_concrete_function()

    def train(self, inputs: tf.Tensor, targets: tf.Tensor) -> Scores:
        """Change the weights once by one batch; the scores are of before. `OutOfMemory` if it does not fit."""
        with refusing_to_run_out_of_memory():
            return Scores(*(float(value) for value in self._train(inputs, targets)))

    def validate(self, inputs: tf.Tensor, targets: tf.Tensor) -> Scores:
        """Scores of one batch with the moving statistics, as in use; nothing changes."""
        with refusing_to_run_out_of_memory():
            return Scores(*(float(value) for value in self._validate(inputs, targets)))

    def _train_step(self, inputs: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, ...]:
        truth = tf.cast(targets, tf.float32)
        with tf.GradientTape() as tape:
            prediction = self.model(inputs, training=True)
            loss = self._loss(truth, prediction)
        weights = self.model.trainable_variables
        self.optimiser.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return self._scored(loss, truth, prediction)

    def _validation_step(self, inputs: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, ...]:
        truth = tf.cast(targets, tf.float32)
        prediction = self.model(inputs, training=False)
        return self._scored(self._loss(truth, prediction), truth, prediction)

    def _scored(self, loss: tf.Tensor, truth: tf.Tensor, prediction: tf.Tensor) -> tuple[tf.Tensor, ...]:
        truth, prediction = self._cropped(truth), self._cropped(prediction)
        dice = tf.reduce_mean(rounded_dice(truth, prediction))
        return loss, dice, tf.reduce_mean(soft_dice(truth, prediction))

    def _cropped(self, data: tf.Tensor) -> tf.Tensor:
        """(N, I, J, K, C) without the padding, which `Placement` puts about the centre."""
        i, j, k = ((padded - side) // 2 for padded, side in zip(self._padded, self._shape, strict=True))
        return data[:, i : i + self._shape[0], j : j + self._shape[1], k : k + self._shape[2]]


@contextmanager
def refusing_to_run_out_of_memory() -> Iterator[None]:
    """Turn what TensorFlow, oneDNN and Python say when memory is exhausted into `OutOfMemory`."""
    try:
        yield
    except (tf.errors.ResourceExhaustedError, MemoryError) as e:
        raise OutOfMemory("The machine has not enough memory for this step.", hint=_MEMORY_HINT) from e
    except (tf.errors.AbortedError, tf.errors.InternalError, tf.errors.UnknownError) as e:
        # oneDNN's status 1 is dnnl_out_of_memory.
        if "Status: 1," not in str(e) and "bad_alloc" not in str(e):
            raise
        raise OutOfMemory("The machine has not enough memory for this step.", hint=_MEMORY_HINT) from e
