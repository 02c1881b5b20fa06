"""What a network costs, by arithmetic: parameters, work and memory of every layer, without TensorFlow.

Everything follows from `expand(plan, shape)`, in well under a millisecond, so the window can answer while a slider
moves. Work counts the multiply-adds of convolutions as two operations each and leaves out the rest (under 2 %).

The peak of a training step is a sum of named terms. What a plain Keras step keeps for its gradient follows from the
layers (`_KEPT`); only the runtime's own memory is measured. Checked once, with tensorflow-cpu 2.21, oneDNN on, two
cores of an AMD EPYC (Zen 4), float32, the default plan, peak resident memory of a step in GB, estimate / measured:

    96x96x96 batch 1      1.81 / 1.81        144x144x144 batch 1    4.4 / 4.2
    96x96x96 batch 2      2.9 / 3.0          240x240x144 batch 1   10.9 / 10.3

With oneDNN off the same 96x96x96 step took 4.6 GB: the estimate is for oneDNN on, and unproven on other processors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from workstation.core.network import Layer, LayerKind, Shape, UNetPlan, expand, padded_shape

FLOAT_BYTES = 4
RUNTIME_BYTES = 630_000_000
"""Resident memory of Python with TensorFlow imported, measured; see the module docstring."""

CACHE_BYTES = 256 * 2**20
"""Most that a training keeps of the cases it has read, so that small ones are read from disk once."""
READ_AHEAD = 2
"""Batches that are read while one is in use."""

# Outputs that a plain Keras step keeps from the forward pass to the backward pass. A norm's output is not kept: the
# ReLU after it replaces it in place, and the gradient of both needs only their input and the ReLU's output.
_KEPT: frozenset[LayerKind] = frozenset({"input", "conv", "relu", "pool", "transpose", "nearest", "concat", "sigmoid"})
# Adam holds two floats per trainable weight.
_OPTIMISER_SLOTS = 2


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
        Size of the output of the batch in float32.
    """

    name: str
    kind: str
    shape: Shape
    channels: int
    parameters: int
    fixed: int
    flops: int
    bytes: int


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """Expected peak of resident memory.

    Parameters
    ----------
    terms : mapping of str to int
        Bytes by cause, in the order in which a reader wants them; `peak_bytes` is their sum.
    """

    terms: Mapping[str, int]

    @property
    def peak_bytes(self) -> int:
        """Bytes at the peak."""
        return sum(self.terms.values())


def count_parameters(plan: UNetPlan) -> ParameterCount:
    """Weights of a network: total, trainable, fixed.

    The default plan has 5,650,801 / 5,647,857 / 2,944, as the paper's.
    """
    layers = expand(plan, (plan.multiple,) * 3)
    total = sum(_parameters(layer) for layer in layers)
    fixed = sum(_fixed(layer) for layer in layers)
    return ParameterCount(total, total - fixed, fixed)


def layer_costs(plan: UNetPlan, shape: Shape, *, batch: int = 1) -> tuple[LayerCost, ...]:
    """The layer table for a batch of volumes; `shape` is padded to a multiple of 2**depth first."""
    return tuple(
        LayerCost(
            name=layer.name,
            kind=layer.kind,
            shape=layer.shape,
            channels=layer.channels_out,
            parameters=_parameters(layer),
            fixed=_fixed(layer),
            flops=_flops(layer) * batch,
            bytes=_output_bytes(layer) * batch,
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


def estimate_train_bytes(plan: UNetPlan, shape: Shape, *, batch: int = 1, cases: int = 0) -> CostEstimate:
    """Expected peak of a training step in plain Keras, float32, oneDNN on.

    Parameters
    ----------
    plan : UNetPlan
    shape : (I, J, K)
        Voxels of a volume; padded to a multiple of 2**depth first.
    batch : int
    cases : int
        Of the data set, some of which are kept in memory; 0 if it is not known yet.

    Returns
    -------
    CostEstimate
        Terms weights, gradients, optimiser, activations, transient, pipeline, runtime.
    """
    layers = expand(plan, padded_shape(shape, plan.multiple))
    count = count_parameters(plan)
    kept = batch * sum(_output_bytes(layer) for layer in layers if layer.kind in _KEPT)
    return CostEstimate(
        MappingProxyType(
            {
                "weights": count.total * FLOAT_BYTES,
                "gradients": count.trainable * FLOAT_BYTES,
                "optimiser": count.trainable * FLOAT_BYTES * _OPTIMISER_SLOTS,
                "activations": kept,
                "transient": batch * _largest_transient(layers),
                "pipeline": _pipeline_bytes(plan, layers[0], batch=batch, cases=cases),
                "runtime": RUNTIME_BYTES,
            }
        )
    )


def estimate_segment_bytes(plan: UNetPlan, shape: Shape) -> CostEstimate:
    """Expected peak of the prediction of one volume, with terms as in `estimate_train_bytes` that apply.

    Only the skips outlive their reader, so the peak is the skips plus the largest input and output of one layer.
    """
    layers = expand(plan, padded_shape(shape, plan.multiple))
    names = {name for layer in layers if layer.kind == "concat" for name in layer.inputs[1:]}
    skips = sum(_output_bytes(layer) for layer in layers if layer.name in names)
    return CostEstimate(
        MappingProxyType(
            {
                "weights": count_parameters(plan).total * FLOAT_BYTES,
                "activations": skips,
                "transient": _largest_transient(layers),
                "pipeline": _pipeline_bytes(plan, layers[0], batch=1, cases=0),
                "runtime": RUNTIME_BYTES,
            }
        )
    )


def _parameters(layer: Layer) -> int:
    if layer.kind in ("conv", "transpose"):
        return (layer.kernel**3 * layer.channels_in + 1) * layer.channels_out
    return 4 * layer.channels_out if layer.kind == "norm" else 0


def _fixed(layer: Layer) -> int:
    return 2 * layer.channels_out if layer.kind == "norm" else 0


def _flops(layer: Layer) -> int:
    """A transposed convolution of stride equal to its kernel touches each output voxel once."""
    if layer.kind == "conv":
        return 2 * layer.kernel**3 * layer.channels_in * layer.channels_out * layer.voxels
    return 2 * layer.channels_in * layer.channels_out * layer.voxels if layer.kind == "transpose" else 0


def _output_bytes(layer: Layer) -> int:
    return layer.voxels * layer.channels_out * FLOAT_BYTES


def _input_bytes(layer: Layer, layers: tuple[Layer, ...]) -> int:
    return sum(_output_bytes(other) for other in layers if other.name in layer.inputs)


def _largest_transient(layers: tuple[Layer, ...]) -> int:
    """The most that the input and output of one layer take together; in training, their gradients."""
    return max(_output_bytes(layer) + _input_bytes(layer, layers) for layer in layers)


def _pipeline_bytes(plan: UNetPlan, first: Layer, *, batch: int, cases: int) -> int:
    """Batches read ahead and the one in use, and the cases kept: float32 inputs and uint8 truth."""
    case = first.voxels * (FLOAT_BYTES * len(plan.inputs) + len(plan.outputs))
    return (READ_AHEAD + 1) * batch * case + min(CACHE_BYTES, cases * case)
