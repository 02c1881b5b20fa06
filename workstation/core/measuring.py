"""What is measured, as values: one point, a grid of points, pairs of step times; and the arithmetic on them.

A point is a network at one size, batch, mode and precision. Every point is measured in a fresh process
(`engine/points.py`); nothing here knows of processes or clocks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from statistics import median
from typing import Any

from workstation.core.cost import estimate_segment_bytes, estimate_train_bytes
from workstation.core.network import Shape, UNetPlan
from workstation.core.request_fields import check_choice, check_range, value_from_dict
from workstation.core.schedule import MODES, PRECISIONS
from workstation.errors import RequestError

POINT_KINDS = ("train", "predict", "inference")
COLUMNS = (
    *("shape", "batch", "mode", "precision", "measured_bytes", "estimated_bytes", "fitted"),
    *("measured_seconds", "estimated_seconds", "refined_bytes", "baseline_bytes", "error"),
)


@dataclass(frozen=True, slots=True)
class PointRequest:
    """What one measuring process does; the first line that it reads.

    Parameters
    ----------
    kind : {"train", "predict", "inference"}
        A training step; a prediction from tensor to tensor; or one from files to a mask on disk.
    plan : UNetPlan
    shape : (I, J, K)
        Voxels of a volume.
    batch : int
    mode : {"exact", "low", "plain"}
        "plain" is Keras's own step or prediction.
    precision : {"float32", "bfloat16"}
    micro_batch : int
        0 means the whole batch.
    onednn : bool
    threads : int
        Within one operation; 0 means all physical cores.
    nice : int
    warm_up, steps : int
        Before and while it is timed. A process that serves takes its steps when it is told to.
    read_ahead : int
        Further batches that are kept in memory, as a training keeps those that it has read ahead.
    seed : int
        Of weights and data.
    serves : bool
        Wait for commands after the warm-up instead of going through the steps at once.
    with_rate : bool
        Also measure how fast the network's forward convolutions are.
    model, case : str
        For kind "inference": a model folder and a case.
    """

    plan: UNetPlan
    shape: Shape
    kind: str = "train"
    batch: int = 1
    mode: str = "exact"
    precision: str = "float32"
    micro_batch: int = 0
    onednn: bool = True
    threads: int = 0
    nice: int = 10
    warm_up: int = 1
    steps: int = 2
    read_ahead: int = 0
    seed: int = 1
    serves: bool = False
    with_rate: bool = False
    model: str = ""
    case: str = ""

    def __post_init__(self) -> None:
        check_choice(self.kind, POINT_KINDS, "kind")
        check_choice(self.mode, MODES, "mode")
        check_choice(self.precision, PRECISIONS, "precision")
        check_range(self.batch, 1, 1024, "batch")
        check_range(self.steps, 1, 1000, "steps")
        check_range(self.warm_up, 0, 100, "warm_up")
        check_range(self.read_ahead, 0, 8, "read_ahead")

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        values = {name: getattr(self, name) for name in self.__slots__}
        plan = {name: getattr(self.plan, name) for name in UNetPlan.__slots__}
        plan |= {"inputs": list(self.plan.inputs), "outputs": list(self.plan.outputs)}
        return {**values, "plan": plan, "shape": list(self.shape)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PointRequest:
        """Build from a JSON object; `RequestError` on an unknown name, a wrong type or a value out of range."""
        plan, shape = values.get("plan"), values.get("shape")
        if not isinstance(plan, Mapping) or not isinstance(shape, list | tuple) or len(shape) != 3:
            raise RequestError("A point needs a plan and a shape of three sides.", field="shape")
        rest = {name: value for name, value in values.items() if name not in ("plan", "shape")}
        return value_from_dict(cls, rest, plan=value_from_dict(UNetPlan, plan), shape=tuple(map(int, shape)))

    def estimated_bytes(self) -> int:
        """Peak of resident memory as calculated beforehand."""
        if self.kind != "train":
            return estimate_segment_bytes(self.plan, self.shape).peak_bytes
        return estimate_train_bytes(
            self.plan,
            self.shape,
            batch=self.batch,
            mode=self.mode,
            precision=self.precision,
            micro_batch=self.micro_batch,
        ).peak_bytes


@dataclass(frozen=True, slots=True)
class MeasuredPoint:
    """A point of a profile: what was calculated, and what was measured where it could be.

    Parameters
    ----------
    shape, batch, mode, precision
        As in `PointRequest`.
    fitted : bool
        Whether the estimate may be refined by this point; the others are held out and only compared.
    estimated_bytes : int
    estimated_seconds : float or None
        None without a calibration of this machine.
    refined_bytes : int or None
        The estimate as corrected by the fitted points of its mode and precision.
    measured_bytes, baseline_bytes : int or None
        Peak of resident memory, and what was resident before the first step.
    measured_seconds : float or None
        Median of the steps.
    error : str
        Why there is no measurement; empty where there is one.
    """

    shape: Shape
    batch: int
    mode: str
    precision: str
    fitted: bool
    estimated_bytes: int
    estimated_seconds: float | None = None
    refined_bytes: int | None = None
    measured_bytes: int | None = None
    baseline_bytes: int | None = None
    measured_seconds: float | None = None
    error: str = ""

    @property
    def key(self) -> tuple[Shape, int, str, str]:
        """What tells it from the other points of a profile."""
        return self.shape, self.batch, self.mode, self.precision

    def as_dict(self) -> dict[str, Any]:
        """A JSON object; its keys are `COLUMNS`."""
        return {name: list(self.shape) if name == "shape" else getattr(self, name) for name in COLUMNS}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MeasuredPoint:
        """Build from what `as_dict` gave; KeyError, TypeError or ValueError if it is something else."""
        i, j, k = (int(side) for side in values["shape"])
        return cls(**{name: values[name] for name in COLUMNS if name != "shape"}, shape=(i, j, k))


@dataclass(frozen=True, slots=True)
class ErrorSummary:
    """How far estimates lie from measurements, as shares of what was measured.

    Parameters
    ----------
    count : int
        Points that have both.
    median, largest : float or None
        Of the absolute relative errors; None without points.
    """

    count: int
    median: float | None
    largest: float | None


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of two that took turns: the engine's, then the rival's.

    Parameters
    ----------
    seconds : tuple of (float, float)
    is_alternating : bool
        False where both did not fit into memory together, so that one came after the other.
    """

    seconds: tuple[tuple[float, float], ...]
    is_alternating: bool = True

    @property
    def ratio(self) -> float | None:
        """Median of first / second over the pairs; the ratio of the medians if they did not alternate."""
        if not self.seconds:
            return None
        if self.is_alternating:
            return median(first / second for first, second in self.seconds)
        return median(first for first, _ in self.seconds) / median(second for _, second in self.seconds)


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes of a grid of points."""

    shapes: tuple[Shape, ...]
    batches: tuple[int, ...] = (1,)
    modes: tuple[str, ...] = ("exact",)
    precisions: tuple[str, ...] = field(default=("float32",))


def grid_of(axes: Axes) -> list[tuple[Shape, int, str, str, bool]]:
    """(shape, batch, mode, precision, fitted) of every point, small ones first.

    Neighbours along any axis are by turns fitted and held out, as the fields of a chess-board, so that each value of
    each axis appears in both halves.
    """
    points = [
        (shape, batch, mode, precision, (a + b + c + d) % 2 == 0)
        for (a, shape), (b, batch), (c, mode), (d, precision) in product(
            enumerate(axes.shapes), enumerate(axes.batches), enumerate(axes.modes), enumerate(axes.precisions)
        )
    ]
    return sorted(points, key=lambda point: math.prod(point[0]) * point[1])


def summarised(pairs: Iterable[tuple[float | None, float | None]]) -> ErrorSummary:
    """The errors of (estimated, measured) pairs; those without one of the two are left out."""
    errors = [
        abs(estimated - measured) / measured
        for estimated, measured in pairs
        if estimated is not None and measured is not None and measured > 0
    ]
    return ErrorSummary(len(errors), median(errors) if errors else None, max(errors, default=None))


def summary_of(points: Sequence[MeasuredPoint]) -> dict[str, Any]:
    """Errors of the estimates, of fitted and held-out points apart; a JSON object.

    "bytes" and "seconds" are about the estimates as they are, "refined_bytes" about the corrected ones.
    """
    summary: dict[str, Any] = {}
    kinds = {
        "bytes": ("estimated_bytes", "measured_bytes"),
        "refined_bytes": ("refined_bytes", "measured_bytes"),
        "seconds": ("estimated_seconds", "measured_seconds"),
    }
    for what, (estimated, measured) in kinds.items():
        for half, is_fitted in (("fitted", True), ("held_out", False)):
            values = summarised(
                (getattr(point, estimated), getattr(point, measured)) for point in points if point.fitted == is_fitted
            )
            summary.setdefault(what, {})[half] = {
                "count": values.count,
                "median_error": values.median,
                "largest_error": values.largest,
            }
    return summary


def share_of_rate(flops: int, seconds: float | None, gflops: float | None) -> float | None:
    """What share of a rate (GFLOP/s) work done in some seconds comes to; None where one of them is unknown."""
    return flops / seconds / (gflops * 1e9) if seconds and gflops else None


def per_voxel(peak_bytes: int | None, baseline_bytes: int | None, voxels: int) -> dict[str, float | None]:
    """Bytes per voxel of a peak: in total, and above what was resident before the first step."""
    has_both = peak_bytes is not None and baseline_bytes is not None
    return {
        "total": None if peak_bytes is None else peak_bytes / voxels,
        "above_baseline": (peak_bytes - baseline_bytes) / voxels if has_both else None,  # type: ignore[operator]
    }
