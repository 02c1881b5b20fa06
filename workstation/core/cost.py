"""The peak memory of a training step and of a prediction, term by term, by arithmetic and without TensorFlow.

In modes "exact" and "low" the engine executes `training_schedule` instruction by instruction, so what is alive at each
is known to the number; to it comes the scratch of the operation itself (`core/moments.py`). The peak is the largest
sum. All sizes of a schedule are multiples of the smallest volume's, so the smallest is simulated, once a plan and mode,
and scaled: any further answer takes microseconds.

Arithmetic: weights, gradients, optimiser, activations, transient, pipeline, and the tensors among the scratch. Measured
or fitted, each a named constant: `RUNTIME_BYTES`, `COMPILED_BYTES`, `HOLES`, `WEIGHT_BACK_BYTES`, `LOSS_TENSORS`.
Logits, probabilities, their gradients and inputs are float32 always; all else between layers is in the precision.

`COMPILED_BYTES` and `HOLES` were fitted, by hand. Peak resident memory of the second step of a fresh process with
operations chosen before, tensorflow-cpu 2.21, oneDNN on, two cores of an AMD EPYC (Zen 3), float32, default plan, in
GB, estimate / measured; mode "low" was fitted to the points with a star, mode "exact" to others, before the pool had
one region from the start (`engine/execution.py`), so the rest of these points tests the estimate:

                            exact          low
    80x80x80 batch 1        1.31 / 1.21    1.21 / 1.14
    80x80x80 batch 2        1.59 / 1.54    1.39 / 1.35*
    112x96x96 batch 1       1.60 / 1.53    1.39 / 1.33*
    128x112x96 batch 1      1.79 / 1.71    1.51 / 1.45
    112x112x112 batch 1     1.80 / 1.72    1.52 / 1.47
    112x96x96 batch 2       2.17 / 2.09    1.75 / 1.69
    128x128x128 batch 1     2.19 / 2.17
    128x112x96 batch 2      2.59 / 2.58    2.03 / 2.15*
    160x144x128 batch 1     2.71 / 2.72    2.11 / 2.08*
    160x144x128 batch 2     4.51 / 4.36    3.32 / 3.17
    240x240x144 batch 2    11.05 / 10.35   7.69 / 7.15*

On a processor with AVX-512 and AMX steps held 5.38 GB (exact) and 4.32 GB (low) at 240x240x144, batch 1, and a
prediction 2.97 GB. A whole training holds more than a step alone: 1.87 (exact) and 1.54 GB (low) at 112x112x112, 3.70
(exact, where 3.63 are estimated) at 144x192x160.
Measured runs refine the estimate (`core/refinement.py`).

What a plain Keras step keeps for its gradient follows from the layers (`_KEPT`). Checked once, with tensorflow-cpu
2.21, oneDNN on, two cores of an AMD EPYC (Zen 4), float32, the default plan, peak resident memory of a step in GB,
estimate / measured:

    96x96x96 batch 1      1.81 / 1.81        144x144x144 batch 1    4.4 / 4.2
    96x96x96 batch 2      2.9 / 3.0          240x240x144 batch 1   10.9 / 10.3

With oneDNN off the same 96x96x96 step took 4.6 GB: the estimate is for oneDNN on, and unproven on other processors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workstation.core.moments import LOSS_TENSORS, WEIGHT_BACK_BYTES, moments
from workstation.core.network import Layer, LayerKind, Shape, UNetPlan, expand, padded_shape
from workstation.core.schedule import ITEM_BYTES
from workstation.core.work import (
    LayerCost,
    ParameterCount,
    count_parameters,
    executed_flops,
    forward_flops,
    layer_costs,
    step_flops,
)

__all__ = [
    "COMPILED_BYTES",
    "HOLES",
    "LOSS_TENSORS",
    "READ_AHEAD",
    "TERMS",
    "WEIGHT_BACK_BYTES",
    "CostEstimate",
    "LayerCost",
    "ParameterCount",
    "count_parameters",
    "estimate_segment_bytes",
    "estimate_train_bytes",
    "estimate_validation_bytes",
    "executed_flops",
    "forward_flops",
    "layer_costs",
    "step_flops",
]

FLOAT_BYTES = 4
RUNTIME_BYTES = 765_000_000
"""Resident memory of Python with TensorFlow imported, measured; see the module docstring."""

COMPILED_BYTES = 50_000_000
"""What the compiled operations of a schedule add to the runtime; fitted, see the module docstring."""
HOLES: Mapping[str, float] = MappingProxyType({"exact": 2.0, "low": 0.5, "prediction": 0.3})
"""What TensorFlow's pool holds beyond what is alive, in tensors of the largest size: it gives nothing back to the
system and cannot always put a new tensor where old ones were. Fitted; it varies from 1 to 2.6 with the sizes, as the
pool grows in regions of powers of two, and is most of the estimate's error."""

READ_AHEAD = 2
"""Batches that are read while one is in use."""

TERMS = (
    "weights",
    "gradients",
    "optimiser",
    "activations",
    "transient",
    "scratch",
    "allocator",
    "pipeline",
    "runtime",
)
"""Names of the terms of an estimate, in the order in which a reader wants them."""

# Outputs that a plain Keras step keeps from the forward pass to the backward pass. A norm's output is not kept: the
# ReLU after it replaces it in place, and the gradient of both needs only their input and the ReLU's output.
_KEPT: frozenset[LayerKind] = frozenset({"input", "conv", "relu", "pool", "transpose", "nearest", "concat", "sigmoid"})
# Adam holds two floats per trainable weight.
_OPTIMISER_SLOTS = 2


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """Expected peak of resident memory.

    Parameters
    ----------
    terms : mapping of str to int
        Bytes by cause, one for each of `TERMS`; `peak_bytes` is their sum.
    """

    terms: Mapping[str, int]

    @property
    def peak_bytes(self) -> int:
        """Bytes at the peak."""
        return sum(self.terms.values())

    @property
    def volume_bytes(self) -> int:
        """The part that grows with the voxels at work: activations, transient, scratch and the allocator's share."""
        return sum(self.terms[name] for name in ("activations", "transient", "scratch", "allocator"))


def estimate_train_bytes(
    plan: UNetPlan,
    shape: Shape,
    *,
    batch: int = 1,
    cases: int = 0,
    mode: str = "exact",
    precision: str = "float32",
    micro_batch: int = 0,
) -> CostEstimate:
    """Expected peak of a training step with oneDNN on.

    Parameters
    ----------
    plan : UNetPlan
    shape : (I, J, K)
        Voxels of a volume; padded to a multiple of 2**depth first.
    batch : int
    cases : int
        Of the data set. They are mapped from disk (`io/example_cache.py`), so that memory does not grow with them.
    mode : {"exact", "low", "plain"}
        See `core/schedule.py`.
    precision : {"float32", "bfloat16"}
        Of what is kept between layers; without meaning in mode "plain".
    micro_batch : int
        Volumes at work at once; 0 means the whole batch.
    """
    del cases
    padded = padded_shape(shape, plan.multiple)
    at_work = min(batch, micro_batch) if micro_batch else batch
    count = count_parameters(plan)
    if mode == "plain":
        at_work = batch
        found = _plain_terms(plan, padded, batch)
    else:
        found = _schedule_terms(plan, mode, _scale(plan, padded) * at_work, precision)
    if mode != "plain" and at_work == batch:
        # The batch in use is counted among the pipeline's; only a micro-batch is a copy of its part.
        found["activations"] -= batch * _voxels(padded) * len(plan.inputs) * FLOAT_BYTES
    sets_of_gradients = 2 if at_work < batch else 1
    return _estimate(
        weights=count.total * FLOAT_BYTES,
        gradients=count.trainable * FLOAT_BYTES * sets_of_gradients,
        optimiser=count.trainable * FLOAT_BYTES * _OPTIMISER_SLOTS,
        pipeline=_pipeline_bytes(plan, padded, batch=batch),
        **found,
    )


def estimate_validation_bytes(plan: UNetPlan, shape: Shape, *, batch: int = 1) -> CostEstimate:
    """Expected peak of a prediction between two steps: one volume in float32 beside what a training keeps.

    Weights and optimiser stay, and so do the batches that are read ahead; gradients are gone. In mode "low" with
    bfloat16 it is more than a step takes.

    Parameters
    ----------
    plan : UNetPlan
    shape : (I, J, K)
    batch : int
        Of the training.
    """
    count, padded = count_parameters(plan), padded_shape(shape, plan.multiple)
    terms = dict(estimate_segment_bytes(plan, shape).terms)
    terms["optimiser"] = count.trainable * FLOAT_BYTES * _OPTIMISER_SLOTS
    terms["pipeline"] = _pipeline_bytes(plan, padded, batch=batch)
    return CostEstimate(MappingProxyType(terms))


def estimate_segment_bytes(plan: UNetPlan, shape: Shape) -> CostEstimate:
    """Expected peak of the prediction of one volume in float32, which frees every value after its last reader."""
    padded = padded_shape(shape, plan.multiple)
    found = _schedule_terms(plan, "prediction", _scale(plan, padded), "float32")
    return _estimate(
        # The norms are folded into a second set of kernels.
        weights=2 * count_parameters(plan).total * FLOAT_BYTES,
        pipeline=_pipeline_bytes(plan, padded, batch=1),
        **found,
    )


def _estimate(**terms: int) -> CostEstimate:
    terms["runtime"] = RUNTIME_BYTES + (COMPILED_BYTES if terms.get("allocator") else 0)
    return CostEstimate(MappingProxyType({name: terms.get(name, 0) for name in TERMS}))


def _schedule_terms(plan: UNetPlan, mode: str, scale: int, precision: str) -> dict[str, int]:
    item = ITEM_BYTES[precision]
    activations, transient, scratch = max((each.bytes(scale, item) for each in moments(plan, mode)), key=sum)
    # A level below has twice the channels and an eighth of the voxels: the first block's tensors are the largest.
    allocator = round(HOLES[mode] * scale * plan.multiple**3 * plan.filters * item)
    return {"activations": activations, "transient": transient, "scratch": scratch, "allocator": allocator}


def _plain_terms(plan: UNetPlan, padded: Shape, batch: int) -> dict[str, int]:
    layers = expand(plan, padded)
    return {
        "activations": batch * sum(_output_bytes(layer) for layer in layers if layer.kind in _KEPT),
        "transient": batch * max(_output_bytes(layer) + _input_bytes(layer, layers) for layer in layers),
    }


def _output_bytes(layer: Layer) -> int:
    return layer.voxels * layer.channels_out * FLOAT_BYTES


def _input_bytes(layer: Layer, layers: tuple[Layer, ...]) -> int:
    return sum(_output_bytes(other) for other in layers if other.name in layer.inputs)


def _voxels(shape: Shape) -> int:
    return shape[0] * shape[1] * shape[2]


def _scale(plan: UNetPlan, padded: Shape) -> int:
    """How many of the smallest volume make this one."""
    return _voxels(padded) // plan.multiple**3


def _pipeline_bytes(plan: UNetPlan, padded: Shape, *, batch: int) -> int:
    """Batches read ahead and the one in use: float32 inputs and uint8 truth."""
    case = _voxels(padded) * (FLOAT_BYTES * len(plan.inputs) + len(plan.outputs))
    return (READ_AHEAD + 1) * batch * case
