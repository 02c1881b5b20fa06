"""Training steps that really ran, and how they refine the estimates of memory and time.

Estimates are multiplied by the median of measured by estimated over the runs of the same mode and precision on the same
machine, within bounds. What is refined says by how many runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from types import MappingProxyType
from typing import Any

from workstation.core.calibration import Calibration, estimate_step_seconds
from workstation.core.cost import CostEstimate, estimate_train_bytes
from workstation.core.network import Shape, UNetPlan
from workstation.core.schedule import MODES, PRECISIONS
from workstation.errors import InputError, RequestError

LEAST_RUNS = 3
"""Measured runs from which on an estimate is refined."""
MOST_CORRECTION = 1.5
"""Largest factor, and one by it the smallest, of a refinement: what is further off is a fault to find, not to hide."""
TERMS_THAT_SCALE = ("activations", "transient", "scratch", "allocator")


# Of a side in voxels, or of volumes in a batch.
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """Peak and time of a training step that really ran.

    Parameters
    ----------
    plan : UNetPlan
    shape : (I, J, K)
    batch : int
    mode, precision : str
    micro_batch : int
    peak_bytes : int
        Resident memory at the peak; 0 where it was not measured.
    step_seconds : float
        0 where it was not measured.
    created : str
        ISO 8601.
    """

    plan: UNetPlan
    shape: Shape
    batch: int = 1
    mode: str = "exact"
    precision: str = "float32"
    micro_batch: int = 0
    peak_bytes: int = 0
    step_seconds: float = 0.0
    created: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MeasuredRun:
        """Build from a JSON object; `InputError` where it is none of ours."""
        try:
            plan = dict(values["plan"])
            plan |= {name: tuple(plan[name]) for name in ("inputs", "outputs")}
            i, j, k = (int(side) for side in values["shape"])
            found = cls(**{**values, "plan": UNetPlan(**plan), "shape": (i, j, k)})
            if not _is_sound(found) or not 0 <= found.peak_bytes < math.inf or not 0 <= found.step_seconds < math.inf:
                raise ValueError("a value is out of range")
        except (KeyError, TypeError, ValueError, OverflowError, RequestError) as error:
            raise InputError(f"A measured run cannot be read: {error}", hint="Remove the file.") from error
        return found


def _is_sound(run: MeasuredRun) -> bool:
    """Whether names are known and counts are such as a run may have had."""
    counts = (*run.shape, run.batch, run.micro_batch + 1)
    are_names = all(isinstance(name, str) for name in (*run.plan.inputs, *run.plan.outputs, run.created))
    is_known = run.mode in MODES and run.precision in PRECISIONS and are_names
    return is_known and all(isinstance(count, int) and 0 < count <= _MOST for count in counts)


@dataclass(frozen=True, slots=True)
class Refinement:
    """A factor to an estimate, and the number of runs it comes from; 1 and 0 where there are too few."""

    ratio: float = 1.0
    runs: int = 0


def memory_refinement(runs: Iterable[MeasuredRun], *, mode: str, precision: str) -> Refinement:
    """By what the part of the peak that grows with the volume was larger than estimated, as a median."""
    return _refinement(_memory_ratios(runs, mode, precision))


def time_refinement(runs: Iterable[MeasuredRun], calibration: Calibration, *, mode: str, precision: str) -> Refinement:
    """By what steps took longer than estimated, as a median."""
    return _refinement(_time_ratios(runs, calibration, mode, precision))


def refined_estimate(estimate: CostEstimate, refinement: Refinement) -> CostEstimate:
    """An estimate whose terms that grow with the volume are multiplied by the ratio."""
    terms = {
        name: round(count * refinement.ratio) if name in TERMS_THAT_SCALE else count
        for name, count in estimate.terms.items()
    }
    return CostEstimate(MappingProxyType(terms))


def _memory_ratios(runs: Iterable[MeasuredRun], mode: str, precision: str) -> Iterator[float]:
    for run in runs:
        if (run.mode, run.precision) != (mode, precision) or not run.peak_bytes:
            continue
        estimate = estimate_train_bytes(
            run.plan,
            run.shape,
            batch=run.batch,
            mode=mode,
            precision=precision,
            micro_batch=run.micro_batch,
        )
        fixed = estimate.peak_bytes - estimate.volume_bytes
        # Where the runtime is most of the peak, the rest cannot be told from its changes.
        if estimate.volume_bytes > fixed:
            yield (run.peak_bytes - fixed) / estimate.volume_bytes


def _time_ratios(runs: Iterable[MeasuredRun], calibration: Calibration, mode: str, precision: str) -> Iterator[float]:
    for run in runs:
        if (run.mode, run.precision) != (mode, precision) or not run.step_seconds:
            continue
        seconds = estimate_step_seconds(
            run.plan,
            run.shape,
            calibration,
            batch=run.batch,
            mode=mode,
            precision=precision,
            micro_batch=run.micro_batch,
        )
        if seconds:
            yield run.step_seconds / seconds


def _refinement(ratios: Iterable[float]) -> Refinement:
    found = list(ratios)
    if len(found) < LEAST_RUNS:
        return Refinement()
    return Refinement(min(max(median(found), 1 / MOST_CORRECTION), MOST_CORRECTION), len(found))
