"""Parameters and work of a network, of its layers and of the instructions of a step, by arithmetic.

Everything follows from `expand(plan, shape)` and from `core/schedule.py`, in about a millisecond, so the window can
answer while a slider moves. Work counts the multiply-adds of convolutions as two operations each and leaves out the
rest (under 2 %).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from workstation.core.network import Layer, Shape, UNetPlan, expand, padded_shape
from workstation.core.schedule import ITEM_BYTES, Instruction, Schedule, prediction_schedule, training_schedule


class ParameterCount(NamedTuple):
    """Weights of a network; `fixed` are the moving statistics, which no gradient changes."""

    total: int
    trainable: int
    fixed: int


@dataclass(frozen=True, slots=True)
class LayerCost:
    """One row of the layer table.

    Parameters
    ----------
    name, kind : str
        As in `Layer`.
    shape : (I, J, K)
        Voxels of the output.
    channels : int
        Of the output.
    parameters, fixed : int
        All weights, and those among them that are not trained.
    flops : int
        Forward work of the batch, two per multiply-add of a convolution.
    bytes : int
        Size of the output of the batch.
    """

    name: str
    kind: str
    shape: Shape
    channels: int
    parameters: int
    fixed: int
    flops: int
    bytes: int


@lru_cache(maxsize=256)
def count_parameters(plan: UNetPlan) -> ParameterCount:
    """Weights of a network: total, trainable, fixed.

    The default plan has 5,650,801 / 5,647,857 / 2,944, as the paper's. Group and instance norm have no moving
    statistics, so theirs are all trainable.
    """
    layers = expand(plan, (plan.multiple,) * 3)
    total = sum(_parameters(plan, layer) for layer in layers)
    fixed = sum(_fixed(plan, layer) for layer in layers)
    return ParameterCount(total, total - fixed, fixed)


def layer_costs(plan: UNetPlan, shape: Shape, *, batch: int = 1, precision: str = "float32") -> tuple[LayerCost, ...]:
    """The layer table for a batch of volumes; `shape` is padded to a multiple of 2**depth first."""
    return tuple(
        LayerCost(
            name=layer.name,
            kind=layer.kind,
            shape=layer.shape,
            channels=layer.channels_out,
            parameters=_parameters(plan, layer),
            fixed=_fixed(plan, layer),
            flops=_flops(layer) * batch,
            bytes=layer.voxels * layer.channels_out * ITEM_BYTES[precision] * batch,
        )
        for layer in expand(plan, padded_shape(shape, plan.multiple))
    )


def forward_flops(plan: UNetPlan, shape: Shape, *, batch: int = 1) -> int:
    """Work of one prediction."""
    return sum(layer.flops for layer in layer_costs(plan, shape, batch=batch))


def step_flops(plan: UNetPlan, shape: Shape, *, batch: int = 1) -> int:
    """Work of one training step: forward, weight gradients, and input gradients but for the first layer's."""
    layers = layer_costs(plan, shape, batch=batch)
    first = next(layer for layer in layers if layer.flops)
    return 3 * sum(layer.flops for layer in layers) - first.flops


def executed_flops(plan: UNetPlan, shape: Shape, *, batch: int = 1, mode: str = "exact") -> int:
    """Work that a training step really does: `step_flops` and what the mode computes again."""
    if mode == "plain":
        return step_flops(plan, shape, batch=batch)
    schedule = training_schedule(plan, padded_shape(shape, plan.multiple), mode)
    return batch * sum(instruction_flops(schedule, each) for each in schedule.instructions)


def prediction_flops(plan: UNetPlan, shape: Shape) -> int:
    """Work of the prediction of one volume, by its schedule; the same as `forward_flops`."""
    schedule = prediction_schedule(plan, padded_shape(shape, plan.multiple))
    return sum(instruction_flops(schedule, each) for each in schedule.instructions)


def instruction_flops(schedule: Schedule, instruction: Instruction) -> int:
    """Work of one instruction for one volume; 0 where nothing is multiplied by a kernel."""
    layer = convolution_of(schedule, instruction)
    factor = _PASSES.get(instruction.operation, 0)
    if factor == 0 or layer is None:
        return 0
    if instruction.operation == "weight_back":
        source = instruction.reads[0]
        return _flops(layer) // layer.channels_in * channels_of(schedule, source)
    if instruction.operation == "input_back":
        return _flops(layer) // layer.channels_in * channels_of(schedule, instruction.writes[0])
    return factor * _flops(layer)


def convolution_of(schedule: Schedule, instruction: Instruction) -> Layer | None:
    """The layer whose kernel an instruction uses; None where it uses none."""
    layer = schedule.by_name[instruction.layer]
    if instruction.operation == "conv_relu":
        norm = schedule.by_name[layer.inputs[0]]
        return schedule.by_name[norm.inputs[0]]
    if instruction.operation in ("output", "output_back", "head_back"):
        return schedule.by_name["output_conv"]
    return layer if layer.kind in ("conv", "transpose") else None


def channels_of(schedule: Schedule, value: str) -> int:
    """Channels of a value of a schedule, a gradient's being those of what it is the gradient of."""
    name = value.removeprefix("d:").removesuffix("/skip")
    return schedule.by_name[name].channels_out


# How many times the forward work of its layer an operation does; of `weight_back` and `input_back` the share of one
# source. `up_back` computes the gradients of both its source and its kernel.
_PASSES = {
    "conv": 1,
    "conv_relu": 1,
    "up": 1,
    "output": 1,
    "output_back": 1,
    "head_back": 1,
    "weight_back": 1,
    "input_back": 1,
    "up_back": 2,
}


def _parameters(plan: UNetPlan, layer: Layer) -> int:
    if layer.kind in ("conv", "transpose"):
        return (layer.kernel**3 * layer.channels_in + 1) * layer.channels_out
    return 2 * layer.channels_out + _fixed(plan, layer) if layer.kind == "norm" else 0


def _fixed(plan: UNetPlan, layer: Layer) -> int:
    return 2 * layer.channels_out if layer.kind == "norm" and plan.normalisation == "batch" else 0


def _flops(layer: Layer) -> int:
    """A transposed convolution of stride equal to its kernel touches each output voxel once."""
    if layer.kind == "conv":
        return 2 * layer.kernel**3 * layer.channels_in * layer.channels_out * layer.voxels
    return 2 * layer.channels_in * layer.channels_out * layer.voxels if layer.kind == "transpose" else 0
