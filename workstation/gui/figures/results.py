"""The JSON of `profile`, `bench` and `seams` as points, lines and bars; no widget, no pyqtgraph.

A file of a result may come from another version or a damaged disk, so what is read of it is checked here: `InputError`
says that it cannot be drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from workstation.core.measuring import MeasuredPoint
from workstation.errors import InputError

GIB = 2**30
BENCH_ORDER = ("ours", "low", "plain", "plain_no_onednn", "peer")
"""From our own to the others, as bars stand from top to bottom."""


@dataclass(frozen=True, slots=True)
class Line:
    """Peak memory against voxels of the batch, of one mode, precision and batch.

    Parameters
    ----------
    mode, precision : str
    batch : int
    voxels : tuple of int
        Of the batch, rising.
    measured, calculated : tuple of float or None
        Bytes; None where there is no measurement.
    """

    mode: str
    precision: str
    batch: int
    voxels: tuple[int, ...]
    measured: tuple[int | None, ...]
    calculated: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """A measured point beside its calculation.

    Parameters
    ----------
    point : MeasuredPoint
    measured, calculated : float
        Bytes or seconds.
    """

    point: MeasuredPoint
    measured: float
    calculated: float

    @property
    def error(self) -> float:
        """By how much the calculation is off, as a share of what was measured."""
        return self.calculated / self.measured - 1


@dataclass(frozen=True, slots=True)
class Bar:
    """One contestant of a benchmark.

    Parameters
    ----------
    name : str
    value : float or None
        Seconds or bytes; None where it was not measured.
    share : float or None
        Ours over this one (for "low": this one over ours), as the median of the pairs; None where there are none.
    """

    name: str
    value: float | None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Falloff:
    """How much tiles change the probability of a region, by the distance from the nearest border of a tile.

    Parameters
    ----------
    region : str
    distances : tuple of int
        Voxels.
    mean, largest : tuple of float
    """

    region: str
    distances: tuple[int, ...]
    mean: tuple[float, ...]
    largest: tuple[float, ...]


def points_of(result: Mapping[str, Any]) -> tuple[MeasuredPoint, ...]:
    """The points of a profile, in its order."""
    with readable("profile"):
        return tuple(MeasuredPoint.from_dict(each) for each in result["points"])


def lines_of(points: Sequence[MeasuredPoint]) -> tuple[Line, ...]:
    """The lines of the paper's Figure 3."""

    def kind(point: MeasuredPoint) -> tuple[str, str, int]:
        return point.precision, point.mode, point.batch

    lines = []
    for (precision, mode, batch), group in groupby(sorted(points, key=kind), key=kind):
        ordered = sorted(group, key=voxels_of)
        lines.append(
            Line(
                mode,
                precision,
                batch,
                tuple(voxels_of(point) for point in ordered),
                tuple(point.measured_bytes for point in ordered),
                tuple(point.estimated_bytes for point in ordered),
            )
        )
    return tuple(lines)


def beside_bytes(points: Sequence[MeasuredPoint]) -> tuple[Beside, ...]:
    """Peak memory, measured beside calculated, of the points that were measured; the paper's Figure 5."""
    return tuple(Beside(point, point.measured_bytes, point.estimated_bytes) for point in points if point.measured_bytes)


def beside_seconds(points: Sequence[MeasuredPoint]) -> tuple[Beside, ...]:
    """The same of the time of a step; empty without a calibration."""
    return tuple(
        Beside(point, point.measured_seconds, point.estimated_seconds)
        for point in points
        if point.measured_seconds and point.estimated_seconds
    )


def voxels_of(point: MeasuredPoint) -> int:
    """Voxels of the whole batch."""
    return math.prod(point.shape) * point.batch


def second_bars(result: Mapping[str, Any]) -> tuple[Bar, ...]:
    """Seconds of a step of each contestant; the paper's Figure 6."""
    with readable("benchmark"):
        ratios = result["ratios"]
        shares = {name: _number(ratios.get("low/ours" if name == "low" else f"ours/{name}")) for name in BENCH_ORDER}
        return _bars(result["step_seconds"], shares)


def memory_bars(result: Mapping[str, Any]) -> tuple[Bar, ...]:
    """Peak memory of each contestant in bytes."""
    with readable("benchmark"):
        return _bars(result["peak_bytes"], {})


def falloffs_of(result: Mapping[str, Any]) -> tuple[Falloff, ...]:
    """The change of each region by distance from a border."""
    with readable("comparison of tiles"):
        return tuple(
            Falloff(
                str(name),
                tuple(int(each["distance"]) for each in region["by_distance"]),
                tuple(float(each["mean"]) for each in region["by_distance"]),
                tuple(float(each["largest"]) for each in region["by_distance"]),
            )
            for name, region in result["regions"].items()
        )


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn what goes wrong while a result is read into an `InputError` that names it."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"The result of this {what} cannot be read: {error!r}.", hint="Measure again with this version."
        ) from error


def _bars(values: Mapping[str, Any], shares: Mapping[str, float | None]) -> tuple[Bar, ...]:
    known = [name for name in BENCH_ORDER if name in values]
    others = [name for name in values if name not in BENCH_ORDER]
    return tuple(Bar(str(name), _number(values[name]), shares.get(name)) for name in (*known, *others))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
