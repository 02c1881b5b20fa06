"""The training and validation steps of one model.

Everything else of the engine sees a `Steps` and the numbers it returns. With memory "plain" a step is Keras's own
gradient in one graph; else the schedule of `core/schedule.py`, executed operation by operation. Either leaves the model
an ordinary Keras model, with weights that differ by rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import keras
import tensorflow as tf

from workstation.core.network import Shape, UNetPlan, padded_shape
from workstation.engine.choices import Choices
from workstation.engine.execution import Execution, Observe
from workstation.engine.losses import (
    ADDITIVE,
    LOSSES,
    Sums,
    batch_sums,
    logits_gradient,
    rounded_dice,
    soft_dice,
    sums_gradient,
)
from workstation.engine.prediction import Predictor
from workstation.errors import OutOfMemory

_MEMORY_HINT = (
    "Use low memory mode, a smaller micro-batch or size, fewer filters, or a machine with more memory; "
    "`workstation estimate` tells."
)


class StepLeft(Exception):
    """Raised by `observe` to leave a step between two operations: the model stays as it was before."""


class Scores(NamedTuple):
    """Of one batch: the loss, and means over samples and regions of Dice at one half and of the probabilities.

    In validation also Dice at one half of each region, in the order of the plan's outputs.
    """

    loss: float
    dice: float
    soft_dice: float
    regions: tuple[float, ...] = ()


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
    memory, precision, micro_batch, averaging
        As in `TrainRequest`.
    choices : Choices or None
        None measures anew.
    observe : callable or None
        Gets each instruction of a step and its seconds, and may raise `StepLeft`; not with memory "plain".
    """

    def __init__(
        self,
        model: keras.Model,
        plan: UNetPlan,
        *,
        loss: str,
        learning_rate: float,
        shape: Shape,
        memory: str = "exact",
        precision: str = "float32",
        micro_batch: int = 0,
        averaging: float = 0.0,
        choices: Choices | None = None,
        observe: Observe | None = None,
    ) -> None:
        self.model = model
        self.optimiser = keras.optimizers.Adam(learning_rate)
        self.optimiser.build(model.trainable_variables)
        self._loss = loss
        self._shape = shape
        self._padded = padded_shape(shape, plan.multiple)
        self._inputs, self._outputs = len(plan.inputs), len(plan.outputs)
        self._micro_batch = micro_batch
        self._averaging = averaging
        self.averages = [tf.Variable(weight) for weight in model.weights] if averaging else []
        self._execution: Execution | None = None
        if memory != "plain":
            choices = choices or Choices()
            self._execution = Execution(
                model, plan, self._padded, choices, memory=memory, precision=precision, observe=observe
            )
            self._predictor = Predictor(model, plan, choices)
        images = tf.TensorSpec((None, *self._padded, self._inputs), tf.float32)
        masks = tf.TensorSpec((None, *self._padded, self._outputs), tf.uint8)
        self._plain_train = tf.function(self._plain_train_step, input_signature=(images, masks), autograph=False)
        self._plain_predict = tf.function(
            lambda inputs: model(inputs, training=False), input_signature=(images,), autograph=False
        )
        self._apply = tf.function(self._apply_gradients, autograph=False)
        self._score = tf.function(self._scored, autograph=False)
        self._score_regions = tf.function(self._scored_regions, autograph=False)

    def trace(self) -> None:
        """Build the graphs of a plain step, which takes seconds; other operations are built as they are met."""
        if self._execution is None:
            with refusing_to_run_out_of_memory():
                self._plain_train.get_concrete_function()
                self._plain_predict.get_concrete_function()

    def train(self, inputs: tf.Tensor, targets: tf.Tensor) -> Scores:
        """Change the weights once by one batch; the scores are of before.

        `OutOfMemory` if it does not fit, `StepLeft` if `observe` asked for it.

        Parameters
        ----------
        inputs : (N, I, J, K, C) float32 tensor
        targets : (N, I, J, K, R) uint8 tensor
            Both of the padded shape.
        """
        with refusing_to_run_out_of_memory():
            if self._execution is None:
                loss, dice, soft = (float(value) for value in self._plain_train(inputs, targets))
                return Scores(loss, dice, soft)
            moving = [variable.numpy() for variable in self.model.non_trainable_variables]
            try:
                gradients, scores = self.gradients(inputs, targets)
            except StepLeft:
                for variable, value in zip(self.model.non_trainable_variables, moving, strict=True):
                    variable.assign(value)
                raise
            self._apply(gradients)
            return scores

    def set_learning_rate(self, value: float) -> None:
        """Of the steps to come."""
        self.optimiser.learning_rate.assign(value)

    def gradients(self, inputs: tf.Tensor, targets: tf.Tensor) -> tuple[list[tf.Tensor], Scores]:
        """Gradients of a batch in the order of the trainable weights, and its scores; not with memory "plain".

        With micro-batches they are those of the whole batch, but for batch norm, whose statistics are those of each
        micro-batch. A loss that is not a mean over samples costs one more forward pass then.
        """
        if self._execution is None:
            raise ValueError("a plain step does not hand out its gradients")
        execution, parts = self._execution, self._parts(inputs, targets)
        total: Sums | None = None
        if len(parts) > 1 and self._loss not in ADDITIVE:
            sums = [batch_sums(tf.cast(truth, tf.float32), execution.forward(images)) for images, truth in parts]
            total = Sums(*(tf.concat(each, 0) for each in zip(*sums, strict=True)))
        gradients: list[tf.Tensor] = []
        scored: list[tuple[float, ...]] = []
        done = 0
        for images, truth in parts:
            part = _LossOfPart(self._loss, truth, total, first=done, of=len(inputs))
            found = execution.gradients(images, part)
            gradients = [a + b for a, b in zip(gradients, found, strict=True)] if gradients else found
            scored.append((float(part.value), *(float(value) for value in self._score(truth, part.prediction))))
            del part, found
            done += len(images)
        weights = [len(images) / len(inputs) for images, _ in parts]
        means = [
            sum(w * value for w, value in zip(weights, values, strict=True)) for values in zip(*scored, strict=True)
        ]
        return gradients, Scores(*means)

    def validate(self, inputs: tf.Tensor, targets: tf.Tensor) -> Scores:
        """Scores of one batch with the moving statistics and averaged weights, as in use; nothing changes."""
        with self.averaged(), refusing_to_run_out_of_memory():
            predict = self._plain_predict if self._execution is None else self._predictor.predict
            prediction = predict(inputs)
            loss = LOSSES[self._loss](batch_sums(tf.cast(targets, tf.float32), prediction))
            regions = tuple(self._score_regions(targets, prediction).numpy().tolist())
            dice, soft = (float(value) for value in self._score(targets, prediction))
            return Scores(float(loss), dice, soft, regions)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The model with the running mean of its weights, where there is one, within the context."""
        kept = [weight.numpy() for weight in self.model.weights] if self.averages else []
        try:
            for weight, average in zip(self.model.weights, self.averages, strict=False):
                weight.assign(average)
            yield
        finally:
            for weight, value in zip(self.model.weights, kept, strict=False):
                weight.assign(value)

    def _parts(self, inputs: tf.Tensor, targets: tf.Tensor) -> list[tuple[tf.Tensor, tf.Tensor]]:
        size = self._micro_batch or len(inputs)
        return [(inputs[at : at + size], targets[at : at + size]) for at in range(0, len(inputs), size)]

    def _apply_gradients(self, gradients: list[tf.Tensor]) -> None:
        self.optimiser.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        if self._averaging:
            # Of the first steps a shorter mean, or it would hold on to the first weights for long.
            steps = tf.cast(self.optimiser.iterations, tf.float32)
            kept = tf.minimum(self._averaging, (1 + steps) / (10 + steps))
            for average, weight in zip(self.averages, self.model.weights, strict=True):
                average.assign(kept * average + (1 - kept) * weight)

    def _plain_train_step(self, inputs: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape() as tape:
            prediction = self.model(inputs, training=True)
            loss = LOSSES[self._loss](batch_sums(tf.cast(targets, tf.float32), prediction))
        self._apply_gradients(tape.gradient(loss, self.model.trainable_variables))
        return loss, *self._scored(targets, prediction)

    def _scored(self, targets: tf.Tensor, prediction: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        truth, prediction = tf.cast(self._cropped(targets), tf.float32), self._cropped(prediction)
        return tf.reduce_mean(rounded_dice(truth, prediction)), tf.reduce_mean(soft_dice(truth, prediction))

    def _scored_regions(self, targets: tf.Tensor, prediction: tf.Tensor) -> tf.Tensor:
        truth = tf.cast(self._cropped(targets), tf.float32)
        return tf.reduce_mean(rounded_dice(truth, self._cropped(prediction)), axis=0)

    def _cropped(self, data: tf.Tensor) -> tf.Tensor:
        """(N, I, J, K, C) without the padding, which `Placement` puts about the centre."""
        i, j, k = ((padded - side) // 2 for padded, side in zip(self._padded, self._shape, strict=True))
        return data[:, i : i + self._shape[0], j : j + self._shape[1], k : k + self._shape[2]]


class _LossOfPart:
    """The gradient of a loss as to the logits of one micro-batch; remembers the loss and the probabilities.

    Parameters
    ----------
    loss : str
    truth : (n, I, J, K, R) tensor
    total : Sums or None
        Of the whole batch, where the loss needs them.
    first, of : int
        Place of the micro-batch in the batch, and the batch's size.
    """

    def __init__(self, loss: str, truth: tf.Tensor, total: Sums | None, *, first: int, of: int) -> None:
        self._loss, self._truth, self._total = loss, truth, total
        self._first, self._share = first, len(truth) / of

    def __call__(self, prediction: tf.Tensor) -> tf.Tensor:
        self.prediction = prediction
        if self._total is None:
            self.value, gradient = sums_gradient(self._loss, batch_sums(tf.cast(self._truth, tf.float32), prediction))
            return logits_gradient(self._truth, prediction, Sums(*(self._share * each for each in gradient)))
        self.value, gradient = sums_gradient(self._loss, self._total)
        last = self._first + len(self._truth)
        return logits_gradient(self._truth, prediction, Sums(*(each[self._first : last] for each in gradient)))


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
