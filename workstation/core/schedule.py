"""The order in which a step computes, keeps, recomputes and frees its tensors; no TensorFlow.

A training step is a list of operations with the values they read, write and free afterwards. Two things read it and
nothing else decides what is kept: the engine, which executes it (`engine/execution.py`), and the memory and time
arithmetic (`core/cost.py`), which adds up what is alive. So the estimate is about the very step that will run.

Values are named after the layers of `expand`: a convolution's output `z` by its `conv` layer, the activation
`a = relu(norm(z))` by its `relu` layer; the outputs of norms and concatenations are never stored. The gradient of a
value is `gradient_of(name)`; a skip's first part, from its concatenation, is `partial_gradient_of(name)`. Three modes
say what the forward pass leaves for the backward pass:

    exact   the outputs of all convolutions; norm and ReLU are computed again, at almost no cost
    low     the outputs of blocks (two convolutions each), and all of the last block; the rest is computed again, at the
            cost of most of a forward pass
    plain   whatever Keras keeps; there is no schedule for it

References
----------
Chen T, Xu B, Zhang C, Guestrin C. Training deep nets with sublinear memory cost. arXiv:1604.06174, 2016.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

from workstation.core.network import Layer, Shape, UNetPlan, expand
from workstation.errors import RequestError

Operation = Literal[
    "conv",  # z = conv3x3x3(sources) without bias, and its statistics per channel
    "activate",  # a = relu(norm(z))
    "conv_relu",  # a = relu(conv(sources)) with the norm folded into the weights; prediction only
    "pool",
    "up",
    "output",  # probabilities = sigmoid(conv1x1x1(a))
    "loss",  # gradient of the logits, from probabilities and truth
    "output_back",  # gradient of the 1x1x1 convolution's weights
    "activate_back",  # dz from da and z; gradients of the norm's weights
    "head_back",  # the same for the last activation, from the logits' gradient
    "weight_back",  # gradient of a kernel, as to one source
    "input_back",  # gradient of one source of a convolution
    "pool_back",  # da of a skip: its gradient so far plus what the pooling routes back
    "up_back",  # gradient of what was upsampled, and of the kernel
]
MODES = ("exact", "low", "plain")
PRECISIONS = ("float32", "bfloat16")
ITEM_BYTES: Mapping[str, int] = {"float32": 4, "bfloat16": 2}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One operation of a schedule.

    Parameters
    ----------
    operation : str
        One of `Operation`.
    layer : str
        The layer of the plan whose weights or sizes it is about.
    reads, writes, frees : tuple of str
        Names of values; `frees` are dropped when it is done.
    is_again : bool
        Whether the forward pass had computed it before.
    """

    operation: Operation
    layer: str
    reads: tuple[str, ...]
    writes: tuple[str, ...] = ()
    frees: tuple[str, ...] = ()
    is_again: bool = False


@dataclass(frozen=True)
class Schedule:
    """The instructions of a step and the sizes of the values they name.

    Parameters
    ----------
    instructions : tuple of Instruction
    elements : mapping of str to int
        Numbers (not bytes) in each value, for one volume.
    layers : tuple of Layer
        The expansion that it was made from.
    """

    instructions: tuple[Instruction, ...]
    elements: Mapping[str, int]
    layers: tuple[Layer, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Layer]:
        """The layers by their names."""
        return {layer.name: layer for layer in self.layers}

    def alive(self) -> list[int]:
        """Numbers alive while each instruction runs, its reads and writes included, scratch not; for one volume."""
        living = {"input"}
        counts = []
        for instruction in self.instructions:
            living.update(instruction.writes)
            counts.append(sum(self.elements[name] for name in living))
            living.difference_update(instruction.frees)
        return counts

    @property
    def peak_elements(self) -> int:
        """The most that is alive at once, for one volume."""
        return max(self.alive())


def gradient_of(name: str) -> str:
    """The name of the gradient of a value."""
    return f"d:{name}"


def partial_gradient_of(name: str) -> str:
    """The name of the gradient of a skip as to its concatenation alone."""
    return f"d:{name}/skip"


@lru_cache(maxsize=64)
def training_schedule(plan: UNetPlan, shape: Shape, mode: str) -> Schedule:
    """What a training step does on volumes of `shape`, a multiple of 2**depth, in mode "exact" or "low"."""
    if mode not in ("exact", "low"):
        raise RequestError(f"There is no schedule for mode {mode!r}.", field="memory", hint="Known: exact, low.")
    return _Training(expand(plan, shape), mode).build()


@lru_cache(maxsize=64)
def prediction_schedule(plan: UNetPlan, shape: Shape) -> Schedule:
    """What a prediction does: every value is freed after its last reader."""
    return _Prediction(expand(plan, shape)).build()


class _Builder:
    """The layers as a graph of values: what each is computed from, and by which operation."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self._layers = layers
        self._by_name = {layer.name: layer for layer in layers}
        self._instructions: list[Instruction] = []
        self._living = {"input"}

    def _finish(self) -> Schedule:
        elements = {layer.name: layer.voxels * layer.channels_out for layer in self._layers}
        gradients = {
            make(name): count for make in (gradient_of, partial_gradient_of) for name, count in elements.items()
        }
        return Schedule(tuple(self._instructions), elements | gradients, self._layers)

    def _emit(
        self,
        operation: Operation,
        layer: str,
        reads: Sequence[str],
        writes: Sequence[str] = (),
        *,
        is_again: bool = False,
    ) -> None:
        self._instructions.append(Instruction(operation, layer, tuple(reads), tuple(writes), is_again=is_again))
        self._living.update(writes)

    def _free(self, *names: str) -> None:
        """Free values after the last instruction."""
        there = tuple(name for name in names if name in self._living)
        self._living.difference_update(there)
        self._instructions[-1] = replace(self._instructions[-1], frees=self._instructions[-1].frees + there)

    def _sources(self, name: str) -> tuple[str, ...]:
        """The stored values that a layer is computed from: through norms and concatenations."""
        layer = self._by_name[name]
        if layer.kind == "relu":
            return self._by_name[layer.inputs[0]].inputs
        found: list[str] = []
        for each in layer.inputs:
            found.extend(self._by_name[each].inputs if self._by_name[each].kind == "concat" else (each,))
        return tuple(found)

    @cached_property
    def _units(self) -> tuple[tuple[Layer, Layer], ...]:
        """Convolution and ReLU of each unit, in order."""
        relus = [layer for layer in self._layers if layer.kind == "relu"]
        return tuple((self._by_name[self._sources(relu.name)[0]], relu) for relu in relus)


class _Training(_Builder):
    """Forward, then backward; a value that is not alive is computed again from what is."""

    def __init__(self, layers: tuple[Layer, ...], mode: str) -> None:
        super().__init__(layers)
        units = self._units
        last_block = {conv.name for conv, _ in units[-2:]}
        if mode == "exact":
            self._kept = {conv.name for conv, _ in units}
        else:
            self._kept = {relu.name for _, relu in units[1:-1:2]} | last_block
        self._kept |= {"input", units[-1][1].name}
        self._is_forward = True

    def build(self) -> Schedule:
        output = self._layers[-1]
        self._need(output.name)
        self._is_forward = False
        logits = gradient_of("output_conv")
        self._emit("loss", output.name, (output.name,), (logits,))
        self._free(output.name)
        for conv, relu in reversed(self._units):
            self._unit_back(conv, relu, logits)
        return self._finish()

    def _need(self, name: str) -> None:
        """Emit what it takes until the value is alive; what was computed only on the way is freed again."""
        if name in self._living:
            return
        layer, sources = self._by_name[name], self._sources(name)
        if layer.kind == "sigmoid":
            sources = self._sources(sources[0])
        on_the_way = [source for source in sources if source not in self._living]
        for source in sources:
            self._need(source)
        operation: dict[str, Operation] = {
            "conv": "conv",
            "relu": "activate",
            "pool": "pool",
            "transpose": "up",
            "nearest": "up",
            "sigmoid": "output",
        }
        self._emit(operation[layer.kind], name, sources, (name,), is_again=not self._is_forward)
        self._free(*(source for source in on_the_way if self._is_spent(source)))

    def _is_spent(self, name: str) -> bool:
        """Whether a value on the way may go: a convolution's output is soon wanted again by its own gradient."""
        if name in self._kept:
            return False
        return self._is_forward or self._by_name[name].kind != "conv"

    def _unit_back(self, conv: Layer, relu: Layer, logits: str) -> None:
        """From the gradient of the activation to the gradients of kernel, norm and sources."""
        dz = gradient_of(conv.name)
        if gradient_of(relu.name) not in self._living:  # the last unit, which the output reads
            self._need(relu.name)
            self._emit("output_back", "output_conv", (relu.name, logits))
            self._free(relu.name)
            self._emit("head_back", relu.name, (conv.name, logits), (dz,))
            self._free(conv.name, logits)
        else:
            self._free(relu.name)
            self._need(conv.name)
            self._emit("activate_back", relu.name, (conv.name, gradient_of(relu.name)), (dz,))
            self._free(conv.name, gradient_of(relu.name))
        for source in self._sources(conv.name):
            was_there = source in self._living
            self._need(source)
            self._emit("weight_back", conv.name, (source, dz))
            if not was_there or source not in self._kept:
                self._free(source)
        for source in self._sources(conv.name):
            if source != "input":
                is_skip = self._by_name[source].kind == "relu" and len(self._sources(conv.name)) > 1
                gradient = partial_gradient_of(source) if is_skip else gradient_of(source)
                self._emit("input_back", conv.name, (dz,), (gradient,))
                self._source_back(source)
        self._free(dz)

    def _source_back(self, source: str) -> None:
        """Go on through a pooling or an upsampling at once, so that its gradient need not wait."""
        layer = self._by_name[source]
        if layer.kind not in ("pool", "transpose", "nearest"):
            return
        before = layer.inputs[0]
        was_there = before in self._living
        self._need(before)
        gradient = gradient_of(source)
        if layer.kind == "pool":
            partial = partial_gradient_of(before)
            self._emit("pool_back", source, (before, gradient, partial), (gradient_of(before),))
            self._free(gradient, partial)
        else:
            self._emit("up_back", source, (before, gradient), (gradient_of(before),))
            self._free(gradient)
        if not was_there:
            self._free(before)


class _Prediction(_Builder):
    """Forward with the norms folded into the kernels."""

    def build(self) -> Schedule:
        wanted = {layer.name: layer for layer in self._layers if layer.kind in ("relu", "pool", "transpose", "nearest")}
        for layer in wanted.values():
            operation: Operation = {"relu": "conv_relu", "pool": "pool"}.get(layer.kind, "up")  # type: ignore[assignment]
            self._emit(operation, layer.name, self._stored_sources(layer.name), (layer.name,))
        self._emit("output", self._layers[-1].name, (self._units[-1][1].name,), (self._layers[-1].name,))
        last_reader = {name: index for index, each in enumerate(self._instructions) for name in each.reads}
        self._instructions = [
            replace(each, frees=tuple(name for name in each.reads if last_reader[name] == index and name != "input"))
            for index, each in enumerate(self._instructions)
        ]
        return self._finish()

    def _stored_sources(self, name: str) -> tuple[str, ...]:
        """As `_sources`, with an activation computed straight from what its convolution reads."""
        sources = self._sources(name)
        return self._sources(sources[0]) if self._by_name[name].kind == "relu" else sources
