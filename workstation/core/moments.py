"""What is alive while each instruction of a schedule runs, and the scratch of the operation itself; no TensorFlow.

All sizes of a schedule are multiples of those of the smallest volume, so that one is simulated, once a plan and mode,
and scaled by whoever asks (`core/cost.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from workstation.core.network import UNetPlan
from workstation.core.schedule import Instruction, Schedule, gradient_of, prediction_schedule, training_schedule
from workstation.core.work import channels_of

FLOAT_BYTES = 4
WEIGHT_BACK_BYTES = 128_000_000
"""Most scratch of a kernel's gradient, which goes through the volume in parts (`engine/operations.py`)."""
LOSS_TENSORS = 3
"""Tensors of the size of the probabilities that the loss and its gradient hold beside them."""

# Values that are float32 whatever the precision.
_ALWAYS_FLOAT = frozenset({"input", "output", gradient_of("output_conv")})


@dataclass(frozen=True, slots=True)
class Moment:
    """What is alive while an instruction runs, in numbers of the smallest volume: in the precision, and in float32.

    `kept` waits for the backward pass (in a prediction: for a later layer), `moving` does not; `limit_bytes` bounds
    `scratch_floats`, however large the volume; 0 is no bound.
    """

    kept: int
    kept_floats: int
    moving: int
    moving_floats: int
    scratch: int
    scratch_floats: int
    limit_bytes: int

    def bytes(self, scale: int, item: int) -> tuple[int, int, int]:
        """Activations, transient and scratch at `scale` times the smallest volume."""
        floats = scale * self.scratch_floats * FLOAT_BYTES
        return (
            scale * (self.kept * item + self.kept_floats * FLOAT_BYTES),
            scale * (self.moving * item + self.moving_floats * FLOAT_BYTES),
            scale * self.scratch * item + (min(floats, self.limit_bytes) if self.limit_bytes else floats),
        )


@lru_cache(maxsize=256)
def moments(plan: UNetPlan, mode: str) -> tuple[Moment, ...]:
    """One for each instruction of the smallest volume's schedule; mode "prediction" is of a prediction."""
    smallest = (plan.multiple,) * 3
    is_prediction = mode == "prediction"
    schedule = prediction_schedule(plan, smallest) if is_prediction else training_schedule(plan, smallest, mode)
    kept = _skips(schedule) if is_prediction else _kept_for_the_backward_pass(schedule)
    living = {"input"}
    found = []
    for instruction in schedule.instructions:
        living.update(instruction.writes)
        found.append(_moment(schedule, instruction, living & kept, living - kept))
        living.difference_update(instruction.frees)
        kept.difference_update(instruction.frees)
    return tuple(dict.fromkeys(found))


def _kept_for_the_backward_pass(schedule: Schedule) -> set[str]:
    """What is alive when the loss is computed, but for what the loss itself reads and writes."""
    living = {"input"}
    for instruction in schedule.instructions:
        if instruction.operation == "loss":
            return living - set(instruction.reads)
        living.update(instruction.writes)
        living.difference_update(instruction.frees)
    return living


def _skips(schedule: Schedule) -> set[str]:
    """The input, which stays, and what a decoder reads."""
    return {"input"} | {layer.inputs[1] for layer in schedule.layers if layer.kind == "concat"}


def _moment(schedule: Schedule, instruction: Instruction, kept: set[str], moving: set[str]) -> Moment:
    scratch, floats, limit = _scratch(schedule, instruction)
    elements = schedule.elements
    kept_floats, moving_floats = (sum(elements[name] for name in names & _ALWAYS_FLOAT) for names in (kept, moving))
    return Moment(
        kept=sum(elements[name] for name in kept) - kept_floats,
        kept_floats=kept_floats,
        moving=sum(elements[name] for name in moving) - moving_floats,
        moving_floats=moving_floats,
        scratch=scratch,
        scratch_floats=floats,
        limit_bytes=limit,
    )


def _scratch(schedule: Schedule, instruction: Instruction) -> tuple[int, int, int]:
    """What an operation needs beside what it reads and writes: numbers in the precision, in float32, limit of those.

    A convolution of two sources is the sum of two, one of which is scratch; its statistics, which are taken once, come
    from the fused norm, which writes a tensor that nobody reads. The two are not alive together. Elementwise chains are
    one kernel each.
    """
    operation, is_sum = instruction.operation, len(instruction.reads) > 1
    if (operation == "conv" and (is_sum or not instruction.is_again)) or (operation == "conv_relu" and is_sum):
        return schedule.elements[instruction.writes[0]], 0, 0
    if operation == "up":
        # The products of the transposed convolution, before they go to their places.
        return schedule.elements[instruction.writes[0]], 0, 0
    if operation == "loss":
        return 0, LOSS_TENSORS * schedule.elements[instruction.reads[0]], 0
    if operation == "weight_back":
        source, gradient = instruction.reads
        voxels = schedule.by_name[instruction.layer].voxels
        # Three shifted copies of the source and the source itself, padded, and the gradient, padded.
        per_voxel = 4 * channels_of(schedule, source) + channels_of(schedule, gradient)
        return 0, voxels * per_voxel, WEIGHT_BACK_BYTES
    return 0, 0, 0
