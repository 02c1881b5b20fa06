"""Executes the schedules of `core/schedule.py` on a Keras model's weights, one operation after another.

Operations run eagerly and in order, so what is alive is what the schedule says, and a step can be left between any two.
The model stays an ordinary Keras model: its weights are read by layer name, and its gradients are handed back in the
order of its trainable variables.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from workstation.core.cost import estimate_train_bytes
from workstation.core.network import Layer, Shape, UNetPlan, norm_groups
from workstation.core.schedule import Instruction, training_schedule
from workstation.engine import operations
from workstation.engine.choices import Choices
from workstation.engine.norms import NormState, norm_gradients, norm_state
from workstation.engine.unet import NORM_EPSILON, NORM_MOMENTUM

Observe = Callable[[Instruction, float], None]
LossGradient = Callable[[tf.Tensor], tf.Tensor]

_ROW_BYTES = 1 << 20
_ROOM = 2


class Execution:
    """One forward and backward pass at a time of one model at one shape.

    Parameters
    ----------
    model : keras.Model
        Made by `build_unet` of the plan.
    plan : UNetPlan
    shape : (I, J, K)
        Multiples of `plan.multiple`.
    choices : Choices
    memory : {"exact", "low"}
    precision : {"float32", "bfloat16"}
        Of activations and their gradients.
    observe : callable or None
        Gets each instruction and the seconds it took.
    """

    def __init__(
        self,
        model: keras.Model,
        plan: UNetPlan,
        shape: Shape,
        choices: Choices,
        *,
        memory: str = "exact",
        precision: str = "float32",
        observe: Observe | None = None,
    ) -> None:
        self._schedule = training_schedule(plan, shape, memory)
        self._plan = plan
        self._choices = choices
        self._type = tf.as_dtype(precision)
        self._observe = observe
        self._weights = {layer.name: layer for layer in model.layers}
        self._order = [variable.path for variable in model.trainable_variables]
        self._values: dict[str, tf.Tensor] = {}
        self._norms: dict[str, NormState] = {}
        self._gradients: dict[str, tf.Tensor] = {}
        self._loss_gradient: LossGradient = tf.identity
        self._counts = True
        self._shape, self._memory, self._reserved = shape, memory, 0

    def gradients(self, inputs: tf.Tensor, loss_gradient: LossGradient) -> list[tf.Tensor]:
        """Gradients of the trainable weights in the model's order; moving statistics follow the batch.

        Parameters
        ----------
        inputs : (N, I, J, K, C) float32 tensor
        loss_gradient : callable
            From probabilities to the gradient of the logits, (N, I, J, K, R) float32 both.
        """
        self._reserve(len(inputs))
        self._begin(inputs, loss_gradient, counts=True)
        try:
            for instruction in self._schedule.instructions:
                self._execute(instruction)
            return [self._gradients[path] for path in self._order]
        finally:
            self._end()

    def forward(self, inputs: tf.Tensor) -> tf.Tensor:
        """Probabilities as a training step sees them, with the batch's statistics; nothing changes."""
        self._begin(inputs, tf.identity, counts=False)
        try:
            for instruction in self._schedule.instructions:
                if instruction.operation == "loss":
                    break
                self._execute(instruction)
            return self._values[instruction.reads[0]]
        finally:
            self._end()

    def _reserve(self, samples: int) -> None:
        """Let TensorFlow's pool have one region larger than a step needs, before the first step of so many samples.

        Nothing is written to it, so it holds no memory yet. In regions that grow as they are asked for, tensors leave
        holes at every border: 40 to 75 bytes per voxel more. In one that is just large enough the batch that is read
        between two steps makes the next step overflow into a second region: 5.6 instead of 3.7 GB at 144x192x160.
        """
        if samples > self._reserved:
            estimate = estimate_train_bytes(
                self._plan, self._shape, batch=samples, mode=self._memory, precision=self._type.name
            )
            size = _ROOM * sum(estimate.terms[name] for name in ("activations", "transient", "scratch"))
            # In rows: an extent of a tensor made here must lie below 2 GiB.
            tf.raw_ops.Empty(shape=[size // _ROW_BYTES + 1, _ROW_BYTES], dtype=tf.uint8, init=False)
            self._reserved = samples

    def _begin(self, inputs: tf.Tensor, loss_gradient: LossGradient, *, counts: bool) -> None:
        self._values = {"input": tf.cast(inputs, self._type)}
        self._gradients, self._norms = {}, {}
        self._loss_gradient, self._counts = loss_gradient, counts

    def _end(self) -> None:
        self._values, self._gradients, self._norms = {}, {}, {}

    def _execute(self, instruction: Instruction) -> None:
        start = time.perf_counter()
        layer = self._schedule.by_name[instruction.layer]
        written = getattr(self, f"_{instruction.operation}")(instruction, layer)
        if instruction.writes:
            self._values[instruction.writes[0]] = written
        for name in instruction.frees:
            self._values.pop(name, None)
        if self._observe is not None:
            self._observe(instruction, time.perf_counter() - start)

    def _read(self, instruction: Instruction) -> list[tf.Tensor]:
        return [self._values[name] for name in instruction.reads]

    def _run(self, operation: str, *arguments: object) -> tf.Tensor:
        return self._choices.form(operation, *arguments)(*arguments)

    def _kernel(self, layer: Layer) -> tf.Tensor:
        return tf.cast(self._weights[layer.name].kernel, self._type)

    # Forward

    def _conv(self, instruction: Instruction, layer: Layer) -> tf.Tensor:
        sources, kernel = self._read(instruction), self._kernel(layer)
        z = operations.conv(*sources, kernel) if len(sources) == 1 else self._run("conv_pair", *sources, kernel)
        if not instruction.is_again:
            self._norms[layer.name] = self._statistics(z, layer)
        return z

    def _statistics(self, z: tf.Tensor, conv: Layer) -> NormState:
        norm = self._norm_of(conv)
        samples = 1 if self._plan.normalisation == "batch" else z.shape[0]
        mean, variance = self._run("statistics", z, samples)
        state = norm_state(
            mean.numpy(),
            variance.numpy(),
            bias=self._weights[conv.name].bias.numpy(),
            gamma=norm.gamma.numpy(),
            beta=norm.beta.numpy(),
            groups=norm_groups(self._plan, conv.channels_out),
            epsilon=NORM_EPSILON,
        )
        if self._plan.normalisation == "batch" and self._counts:
            for moving, seen in ((norm.moving_mean, state.mean), (norm.moving_variance, state.variance)):
                moving.assign(NORM_MOMENTUM * moving + (1 - NORM_MOMENTUM) * seen[0].astype(np.float32))
        return state

    def _norm_of(self, conv: Layer) -> keras.Layer:
        return self._weights[conv.name.removesuffix("_conv") + "_norm"]

    def _state_of(self, relu: Layer) -> NormState:
        return self._norms[relu.name.removesuffix("_relu") + "_conv"]

    def _activate(self, instruction: Instruction, relu: Layer) -> tf.Tensor:
        state = self._state_of(relu)
        return self._run("activate", *self._read(instruction), _tensor(state.scale), _tensor(state.offset))

    def _pool(self, instruction: Instruction, _layer: Layer) -> tf.Tensor:
        return self._run("pool", *self._read(instruction))

    def _up(self, instruction: Instruction, layer: Layer) -> tf.Tensor:
        if layer.kind == "nearest":
            return operations.nearest(*self._read(instruction))
        bias = tf.convert_to_tensor(self._weights[layer.name].bias)
        return self._run("transpose", *self._read(instruction), self._kernel(layer), bias)

    def _output(self, instruction: Instruction, _layer: Layer) -> tf.Tensor:
        bias = tf.convert_to_tensor(self._weights["output_conv"].bias)
        return operations.output(*self._read(instruction), self._output_kernel(), bias)

    def _output_kernel(self) -> tf.Tensor:
        return self._weights["output_conv"].kernel[0, 0, 0]

    # Backward

    def _loss(self, instruction: Instruction, _layer: Layer) -> tf.Tensor:
        return self._loss_gradient(*self._read(instruction))

    def _output_back(self, instruction: Instruction, layer: Layer) -> None:
        kernel, bias = operations.output_gradients(*self._read(instruction))
        weights = self._weights[layer.name]
        self._gradients[weights.kernel.path] = kernel[tf.newaxis, tf.newaxis, tf.newaxis]
        self._gradients[weights.bias.path] = bias

    def _activate_back(self, instruction: Instruction, relu: Layer) -> tf.Tensor:
        z, da = self._read(instruction)
        return self._norm_back(relu, z, partial(self._run, "activation_sums", da), "activation_gradient", (da,))

    def _head_back(self, instruction: Instruction, relu: Layer) -> tf.Tensor:
        z, dlogits = self._read(instruction)
        first = (dlogits, self._output_kernel())
        return self._norm_back(relu, z, partial(self._run, "head_sums", *first), "head_gradient", first)

    def _norm_back(
        self,
        relu: Layer,
        z: tf.Tensor,
        sums: Callable[..., tuple[tf.Tensor, tf.Tensor]],
        gradient: str,
        first: tuple[tf.Tensor, ...],
    ) -> tf.Tensor:
        """dz; the gradients of gamma, beta and the bias are kept on the way."""
        state, conv = self._state_of(relu), self._schedule.by_name[relu.name.removesuffix("_relu") + "_conv"]
        norm = self._norm_of(conv)
        affine = [_tensor(each) for each in (state.scale, state.offset, state.centre)]
        passed, passed_z = sums(z, *affine)
        found = norm_gradients(
            state,
            passed.numpy(),
            passed_z.numpy(),
            gamma=norm.gamma.numpy(),
            voxels=z.shape.num_elements() // (z.shape[-1] * state.scale.shape[0]),
        )
        for variable, value in (
            (norm.gamma, found.gamma),
            (norm.beta, found.beta),
            (self._weights[conv.name].bias, found.bias),
        ):
            self._gradients[variable.path] = _tensor(value)
        return self._run(gradient, *first, z, *affine, _tensor(found.maps))

    def _weight_back(self, instruction: Instruction, layer: Layer) -> None:
        """A kernel over two sources gets its gradient in two parts, in the order of its input channels."""
        found = self._run("weight_gradient", *self._read(instruction))
        path = self._weights[layer.name].kernel.path
        former = self._gradients.get(path)
        self._gradients[path] = found if former is None else tf.concat([former, found], axis=3)

    def _input_back(self, instruction: Instruction, layer: Layer) -> tf.Tensor:
        first, channels = self._channels_of(instruction, layer)
        return self._run(
            "input_gradient", self._kernel(layer)[..., first : first + channels, :], *self._read(instruction)
        )

    def _channels_of(self, instruction: Instruction, layer: Layer) -> tuple[int, int]:
        """First input channel, and their number, of the source whose gradient an instruction writes."""
        source = instruction.writes[0].removeprefix("d:").removesuffix("/skip")
        first = 0
        before = [self._schedule.by_name[name] for name in layer.inputs]
        if before[0].kind == "concat":
            before = [self._schedule.by_name[name] for name in before[0].inputs]
        for each in before:
            if each.name == source:
                return first, each.channels_out
            first += each.channels_out
        raise KeyError(source)

    def _pool_back(self, instruction: Instruction, _layer: Layer) -> tf.Tensor:
        return self._run("pool_gradient", *self._read(instruction))

    def _up_back(self, instruction: Instruction, layer: Layer) -> tf.Tensor:
        source, dup = self._read(instruction)
        if layer.kind == "nearest":
            return operations.nearest_gradient(dup)
        weights = self._weights[layer.name]
        dsource, kernel, bias = operations.transpose_gradients(source, self._kernel(layer), dup)
        self._gradients[weights.kernel.path], self._gradients[weights.bias.path] = kernel, bias
        return dsource


def _tensor(values: np.ndarray) -> tf.Tensor:
    return tf.constant(values, tf.float32)
