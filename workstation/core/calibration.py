"""How long a step takes on a machine, from the seconds of its instructions on small volumes; values, no TensorFlow.

`engine/calibration.py` runs real steps on a tiny and on a small volume and keeps the seconds of every kind of
instruction. Between the two, and beyond, an instruction's time is taken to be linear in voxels: what the tiny volume
took is mostly the fixed cost of starting it. A step of any plan, size, batch and mode is the sum over its schedule;
where no instruction with the same channels was measured, the nearest one's seconds per voxel are scaled by its work.

Runs that were measured refine the sum, see `core/refinement.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from workstation.core.network import Shape, UNetPlan, padded_shape
from workstation.core.schedule import Instruction, Schedule, prediction_schedule, training_schedule
from workstation.core.work import channels_of, convolution_of, count_parameters
from workstation.errors import InputError

Kind = tuple[str, int, int, int]
"""What the time of an instruction depends on: operation, channels in, channels out, voxels of one volume."""

ADDITIVE = frozenset({"bce+dice"})
"""Losses that are means over samples, as in `engine/losses.py`."""

# A prediction computes norm and ReLU within its convolutions; a convolution that is computed again has its statistics.
_STAND_INS = {"conv_relu": "conv", "conv_relu+": "conv+", "conv again": "conv", "conv+ again": "conv+"}


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one kind of instruction at one size.

    Parameters
    ----------
    operation : str
        Of `core/schedule.py`, with "+" where it reads two sources and " again" where it has no statistics to take.
    channels_in, channels_out : int
        Of the values it reads (the sources together) and writes.
    voxels : int
        Of the larger of them, of the whole batch.
    seconds : float
    precision : str
    """

    operation: str
    channels_in: int
    channels_out: int
    voxels: int
    seconds: float
    precision: str = "float32"


@dataclass(frozen=True)
class Calibration:
    """What was measured of a machine.

    Parameters
    ----------
    machine : str
        What the times depend on, in words.
    entries : tuple of Timing
    plain_ratio : float
        Seconds of Keras's own step by those of a step in mode "exact"; 0 where it was not measured.
    created : str
        Date and time, ISO 8601.
    rest_seconds : float
        What a step takes beyond its instructions, which is the optimiser's work.
    parameters : int
        Of the network that was measured.
    """

    machine: str
    entries: tuple[Timing, ...]
    plain_ratio: float
    created: str
    rest_seconds: float = 0.0
    parameters: int = 0

    @cached_property
    def by_kind(self) -> Mapping[tuple[str, str], Mapping[tuple[int, int], tuple[Timing, ...]]]:
        """By precision and operation, then by channels: timings in order of voxels."""
        found: dict[tuple[str, str], dict[tuple[int, int], list[Timing]]] = {}
        for each in sorted(self.entries, key=lambda each: each.voxels):
            channels = (each.channels_in, each.channels_out)
            found.setdefault((each.precision, each.operation), {}).setdefault(channels, []).append(each)
        return MappingProxyType(
            {kind: {channels: tuple(each) for channels, each in group.items()} for kind, group in found.items()}
        )

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        return {**asdict(self), "entries": [asdict(each) for each in self.entries]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """Build from a JSON object; `InputError` where it is none of ours."""
        try:
            entries = tuple(Timing(**each) for each in values["entries"])
            found = cls(**{**values, "entries": entries})
            numbers = [found.plain_ratio, found.rest_seconds, float(found.parameters)]
            numbers += [each.seconds + each.voxels + each.channels_in + each.channels_out for each in entries]
            if not all(math.isfinite(number) and number >= 0 for number in numbers):
                raise ValueError("a number is negative or none")
            words = (
                found.machine,
                found.created,
                *(word for each in entries for word in (each.operation, each.precision)),
            )
            counts = [count for each in entries for count in (each.voxels, each.channels_in, each.channels_out)]
            if not all(isinstance(word, str) for word in words) or not all(isinstance(count, int) for count in counts):
                raise TypeError("a name is no text, or a count no whole number")
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InputError(f"A calibration cannot be read: {error}", hint="Calibrate again.") from error
        return found


def kind_of(schedule: Schedule, instruction: Instruction) -> Kind:
    """The kind of an instruction."""
    operation = instruction.operation
    is_sum = operation in ("conv", "conv_relu") and len(instruction.reads) > 1
    is_bare = operation == "conv" and instruction.is_again
    name = operation + ("+" if is_sum else "") + (" again" if is_bare else "")
    layer = schedule.by_name[instruction.layer]
    kernel = convolution_of(schedule, instruction)
    if operation == "weight_back":
        return name, channels_of(schedule, instruction.reads[0]), layer.channels_out, layer.voxels
    if operation == "input_back":
        return name, layer.channels_out, channels_of(schedule, instruction.writes[0]), layer.voxels
    if kernel is not None and operation != "loss":
        return name, kernel.channels_in, kernel.channels_out, kernel.voxels
    voxels = layer.voxels * 8 if layer.kind == "pool" else layer.voxels
    return name, layer.channels_in, layer.channels_out, voxels


def estimate_step_seconds(
    plan: UNetPlan,
    shape: Shape,
    calibration: Calibration,
    *,
    batch: int = 1,
    mode: str = "exact",
    precision: str = "float32",
    micro_batch: int = 0,
    loss: str = "dice",
) -> float | None:
    """Seconds of one training step; None where the calibration says nothing of the mode or precision.

    Parameters
    ----------
    plan : UNetPlan
    shape : (I, J, K)
        Padded to a multiple of 2**depth first.
    calibration : Calibration
    batch, mode, precision, micro_batch
        As in `estimate_train_bytes`.
    loss : str
        One that is no mean over samples costs micro-batches another forward pass.
    """
    if mode == "plain":
        ours = estimate_step_seconds(plan, shape, calibration, batch=batch)
        return ours * calibration.plain_ratio if ours is not None and calibration.plain_ratio else None
    at_work = min(batch, micro_batch) if micro_batch else batch
    whole, part = divmod(batch, at_work)
    scale = _scale(plan, shape)
    kinds = _kinds(plan, mode)
    if at_work < batch and loss not in ADDITIVE:
        kinds += _kinds(plan, mode, only_forward=True)
    total = 0.0
    for times, volumes in ((whole, at_work), (1, part)):
        if times and volumes:
            seconds = _schedule_seconds(kinds, scale * volumes, calibration, precision)
            if seconds is None:
                return None
            total += times * seconds
    if calibration.parameters:
        total += calibration.rest_seconds * count_parameters(plan).trainable / calibration.parameters
    return total


def estimate_prediction_seconds(plan: UNetPlan, shape: Shape, calibration: Calibration) -> float | None:
    """Seconds of the prediction of one volume in float32, from tensor to tensor."""
    return _schedule_seconds(_kinds(plan, "prediction"), _scale(plan, shape), calibration, "float32")


def _scale(plan: UNetPlan, shape: Shape) -> int:
    i, j, k = padded_shape(shape, plan.multiple)
    return i * j * k // plan.multiple**3


@lru_cache(maxsize=256)
def _kinds(plan: UNetPlan, mode: str, *, only_forward: bool = False) -> tuple[tuple[Kind, int], ...]:
    """Kinds of instructions of the smallest volume, and how often each comes."""
    smallest = (plan.multiple,) * 3
    is_prediction = mode == "prediction"
    schedule = prediction_schedule(plan, smallest) if is_prediction else training_schedule(plan, smallest, mode)
    counts: dict[Kind, int] = {}
    for instruction in schedule.instructions:
        if only_forward and instruction.operation == "loss":
            break
        kind = kind_of(schedule, instruction)
        counts[kind] = counts.get(kind, 0) + 1
    return tuple(counts.items())


def _schedule_seconds(
    kinds: tuple[tuple[Kind, int], ...], scale: int, calibration: Calibration, precision: str
) -> float | None:
    total = 0.0
    for (operation, channels_in, channels_out, voxels), count in kinds:
        seconds = _instruction_seconds(calibration, precision, operation, (channels_in, channels_out), voxels * scale)
        if seconds is None:
            return None
        total += count * seconds
    return total


def _instruction_seconds(
    calibration: Calibration, precision: str, operation: str, channels: tuple[int, int], voxels: int
) -> float | None:
    group = calibration.by_kind.get((precision, operation))
    if group is None:
        stand_in = _STAND_INS.get(operation)
        if stand_in is None:
            return None
        return _instruction_seconds(calibration, precision, stand_in, channels, voxels)
    nearest = _nearest(channels, tuple(group))
    timings = group[nearest]
    fixed, per_voxel = _line(timings, voxels)
    return fixed + voxels * per_voxel * _work(operation, channels) / _work(operation, nearest)


def _line(timings: Sequence[Timing], voxels: int) -> tuple[float, float]:
    """Fixed seconds and seconds per voxel of the line through the two timings about `voxels`, or nearest to it."""
    if len(timings) == 1:
        return 0.0, timings[0].seconds / timings[0].voxels
    above = next((index for index, each in enumerate(timings) if each.voxels >= voxels), len(timings) - 1)
    low, high = timings[max(above, 1) - 1], timings[max(above, 1)]
    slope = (high.seconds - low.seconds) / (high.voxels - low.voxels)
    # Noise can make the smaller volume the slower one, and a fixed cost negative.
    slope = min(max(slope, 0.0), high.seconds / high.voxels)
    return max(0.0, high.seconds - slope * high.voxels), slope


@lru_cache(maxsize=8192)
def _nearest(channels: tuple[int, int], measured: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    """Of channels that were measured those that are nearest to others; an estimate asks the same many times."""
    i, j = (math.log2(count) for count in channels)
    return min(measured, key=lambda other: abs(i - math.log2(other[0])) + abs(j - math.log2(other[1])))


_PRODUCTS = ("conv", "weight_back", "input_back", "up", "output", "head_back")


def _work(operation: str, channels: tuple[int, int]) -> int:
    """Work per voxel but for a factor: multiply-adds of convolutions, numbers touched of all else."""
    return channels[0] * channels[1] if operation.startswith(_PRODUCTS) else channels[0] + channels[1]
