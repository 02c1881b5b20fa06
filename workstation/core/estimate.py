"""The whole answer to "what will this training cost?": memory, servers, savings and time, in one value.

`make_estimate` is pure and takes a few milliseconds. The command line prints it (`cli/estimate.py`), the window shows
it. The savings are the paper's tricks of small machines, each applied alone to the training that was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, lru_cache
from typing import Any

from workstation.core.calibration import ADDITIVE, Calibration, estimate_prediction_seconds, estimate_step_seconds
from workstation.core.cost import CostEstimate, estimate_train_bytes, estimate_validation_bytes
from workstation.core.network import Shape, UNetPlan, padded_shape
from workstation.core.refinement import (
    MeasuredRun,
    Refinement,
    memory_refinement,
    refined_estimate,
    time_refinement,
)
from workstation.core.servers import HEAD_ROOM, PAPER_SERVERS, Fit, Server, fits
from workstation.core.split import split_counts
from workstation.core.work import (
    LayerCost,
    ParameterCount,
    count_parameters,
    executed_flops,
    forward_flops,
    layer_costs,
)

TILE = 128
"""Sides of the tiles that are offered as a saving."""


@dataclass(frozen=True, slots=True)
class Job:
    """A training whose cost is asked for; fields as in `TrainRequest` and `estimate_train_bytes`."""

    plan: UNetPlan
    shape: Shape
    batch: int = 1
    mode: str = "exact"
    precision: str = "float32"
    micro_batch: int = 0
    cases: int = 0
    loss: str = "dice"

    @property
    def padded(self) -> Shape:
        """Voxels of a volume as the network sees it."""
        return padded_shape(self.shape, self.plan.multiple)

    @property
    def at_work(self) -> int:
        """Volumes that are in memory at once."""
        return min(self.batch, self.micro_batch) if self.micro_batch else self.batch

    @property
    def flops(self) -> int:
        """Work of a step, with what is computed again, and with the forward pass that micro-batches may cost."""
        again = self.at_work < self.batch and self.loss not in ADDITIVE
        work = _smallest_executed(self.plan, self.mode) + (_smallest_forward(self.plan) if again else 0)
        return work * self.scale * self.batch

    @property
    def scale(self) -> int:
        """How many of the smallest volume make one of these; all work is in proportion."""
        return math.prod(self.padded) // self.plan.multiple**3


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What was measured of the machine: a calibration, and runs; both may be missing."""

    calibration: Calibration | None = None
    runs: Sequence[MeasuredRun] = ()

    def memory(self, job: Job) -> CostEstimate:
        """Peak of a training: of a step, or of the prediction of a case between two steps where that takes more."""
        step = self.step_memory(job)
        if job.mode == "plain":
            return step
        validation = estimate_validation_bytes(job.plan, job.shape, batch=job.batch)
        return max(step, validation, key=lambda each: each.peak_bytes)

    def step_memory(self, job: Job) -> CostEstimate:
        """Peak of a step, refined."""
        estimate = estimate_train_bytes(
            job.plan,
            job.shape,
            batch=job.batch,
            mode=job.mode,
            precision=job.precision,
            micro_batch=job.micro_batch,
        )
        return refined_estimate(estimate, self.memory_refinement(job))

    def seconds(self, job: Job) -> float | None:
        """Seconds of a step, refined; None where nothing is known."""
        if self.calibration is None:
            return None
        seconds = estimate_step_seconds(
            job.plan,
            job.shape,
            self.calibration,
            batch=job.batch,
            mode=job.mode,
            precision=job.precision,
            micro_batch=job.micro_batch,
            loss=job.loss,
        )
        return None if seconds is None else seconds * self.time_refinement(job).ratio

    def memory_refinement(self, job: Job) -> Refinement:
        """By the runs of the job's mode and precision."""
        return memory_refinement(self.runs, mode=job.mode, precision=job.precision)

    def time_refinement(self, job: Job) -> Refinement:
        """By the runs of the job's mode and precision; none without a calibration."""
        if self.calibration is None:
            return Refinement()
        return time_refinement(self.runs, self.calibration, mode=job.mode, precision=job.precision)


@dataclass(frozen=True, slots=True)
class Trick:
    """One way to need less.

    Parameters
    ----------
    name, change : str
        What it is called, and what it makes of the job.
    peak_bytes, saved_bytes : int
        `saved_bytes` is negative where it costs memory.
    time_ratio : float or None
        Time to train on a whole volume by that of the job as asked; None where it is not known.
    is_measured : bool
        Whether the ratio follows from a calibration; else it is that of the work.
    """

    name: str
    change: str
    peak_bytes: int
    saved_bytes: int
    time_ratio: float | None
    is_measured: bool

    @property
    def saved_share(self) -> float:
        """Of the peak as asked."""
        return self.saved_bytes / (self.peak_bytes + self.saved_bytes)


@dataclass(frozen=True, slots=True)
class Times:
    """How long a training takes; None where it is not known.

    Parameters
    ----------
    step_seconds, epoch_seconds, total_seconds : float or None
        An epoch trains on its share of the cases and validates on its own.
    steps : int
        Of an epoch; 0 where the number of cases is not known.
    train_cases, validation_cases : int
    epochs : int
    """

    step_seconds: float | None = None
    epoch_seconds: float | None = None
    total_seconds: float | None = None
    steps: int = 0
    train_cases: int = 0
    validation_cases: int = 0
    epochs: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a training will cost.

    Parameters
    ----------
    job : Job
    layers : tuple of LayerCost
        The paper's Table 1.
    parameters : ParameterCount
    memory : CostEstimate
    plain_peak_bytes : int
        What the same training would take in plain Keras.
    fits : tuple of Fit
    tricks : tuple of Trick
    forward_flops, executed_flops : int
        Of the batch; the second is of a step, with what is computed again.
    times : Times
    memory_refinement, time_refinement : Refinement
        How measured runs changed the estimates.
    calibrated : str
        When; empty where the machine has not been calibrated.
    """

    job: Job
    layers: tuple[LayerCost, ...]
    parameters: ParameterCount
    memory: CostEstimate
    plain_peak_bytes: int
    fits: tuple[Fit, ...]
    tricks: tuple[Trick, ...]
    forward_flops: int
    executed_flops: int
    times: Times
    memory_refinement: Refinement
    time_refinement: Refinement
    calibrated: str

    @property
    def peak_bytes(self) -> int:
        """Bytes at the peak."""
        return self.memory.peak_bytes

    @property
    def bytes_per_voxel(self) -> float:
        """The peak by the voxels of the batch."""
        i, j, k = self.job.padded
        return self.peak_bytes / (i * j * k * self.job.batch)

    @property
    def layer_bytes(self) -> int:
        """The outputs of all layers together, as the paper's Table 1 adds them up."""
        return sum(layer.bytes for layer in self.layers)

    def as_dict(self) -> dict[str, Any]:
        """A JSON object."""
        job = self.job
        return {
            "shape": list(job.shape),
            "padded_shape": list(job.padded),
            **{name: getattr(job, name) for name in ("batch", "mode", "precision", "micro_batch", "cases")},
            "plan": asdict(job.plan),
            "peak_bytes": self.peak_bytes,
            "bytes_per_voxel": self.bytes_per_voxel,
            "plain_peak_bytes": self.plain_peak_bytes,
            "terms": dict(self.memory.terms),
            "seconds_per_step": self.times.step_seconds,
            "seconds_per_epoch": self.times.epoch_seconds,
            "seconds_total": self.times.total_seconds,
            "steps_per_epoch": self.times.steps,
            "epochs": self.times.epochs,
            "head_room": HEAD_ROOM,
            "fits": [fit.as_dict() for fit in self.fits],
            "tricks": [asdict(trick) | {"saved_share": trick.saved_share} for trick in self.tricks],
            "totals": {
                "layer_bytes": self.layer_bytes,
                "parameters": self.parameters.total,
                "trainable": self.parameters.trainable,
                "forward_flops": self.forward_flops,
                "step_flops": self.executed_flops,
            },
            "layers": [asdict(layer) for layer in self.layers],
            "refined_by": {"memory": asdict(self.memory_refinement), "time": asdict(self.time_refinement)},
            "calibrated": self.calibrated or None,
        }


def make_estimate(
    job: Job,
    *,
    epochs: int = 25,
    servers: Sequence[Server] = PAPER_SERVERS,
    knowledge: Knowledge | None = None,
) -> Estimate:
    """What a training will cost.

    Parameters
    ----------
    job : Job
        `cases` 0 leaves the times of epochs unknown.
    epochs : int
    servers : sequence of Server
    knowledge : Knowledge or None
        What was measured of this machine; without a calibration all times are unknown.
    """
    known = knowledge or Knowledge()
    memory = known.memory(job)

    @cache
    def peak_of(batch: int) -> int:
        """Servers are searched for their largest batch along the same ones."""
        return known.memory(replace(job, batch=batch)).peak_bytes

    return Estimate(
        job=job,
        layers=layer_costs(job.plan, job.shape, batch=job.batch, precision=job.precision),
        parameters=count_parameters(job.plan),
        memory=memory,
        plain_peak_bytes=known.memory(replace(job, mode="plain", precision="float32", micro_batch=0)).peak_bytes,
        fits=fits(servers, batch=job.batch, peak_of=peak_of),
        tricks=tuple(_weighed(job, known)),
        forward_flops=_smallest_forward(job.plan) * job.scale * job.batch,
        executed_flops=job.flops,
        times=_times(job, epochs, known),
        memory_refinement=known.memory_refinement(job),
        time_refinement=known.time_refinement(job),
        calibrated=known.calibration.created if known.calibration else "",
    )


@lru_cache(maxsize=256)
def _smallest_executed(plan: UNetPlan, mode: str) -> int:
    return executed_flops(plan, (plan.multiple,) * 3, mode=mode)


@lru_cache(maxsize=256)
def _smallest_forward(plan: UNetPlan) -> int:
    return forward_flops(plan, (plan.multiple,) * 3)


def _times(job: Job, epochs: int, known: Knowledge) -> Times:
    step = known.seconds(job)
    if not job.cases:
        return Times(step, epochs=epochs)
    train, validation, _ = split_counts(job.cases)
    times = Times(step, None, None, math.ceil(train / job.batch), train, validation, epochs)
    whole, part = divmod(train, job.batch)
    last = known.seconds(replace(job, batch=part)) if part else 0.0
    if step is None or last is None or known.calibration is None:
        return times
    scored = estimate_prediction_seconds(job.plan, job.shape, known.calibration) or 0.0
    epoch = whole * step + last + validation * scored
    return replace(times, epoch_seconds=epoch, total_seconds=epochs * epoch)


def _weighed(job: Job, known: Knowledge) -> Iterator[Trick]:
    peak, seconds = known.memory(job).peak_bytes, known.seconds(job)
    for name, change, other, parts in _tricks(job):
        less = known.memory(other).peak_bytes
        others = known.seconds(other)
        ratio: float | None
        if seconds and others:
            ratio = parts * (others / other.batch) / (seconds / job.batch)
        else:
            # How fast a processor is in bfloat16, or Keras, is not a matter of the work.
            is_alike = other.precision == job.precision and (other.mode == "plain") == (job.mode == "plain")
            ratio = parts * (other.flops / other.batch) / (job.flops / job.batch) if is_alike else None
        yield Trick(name, change, less, peak - less, ratio, is_measured=bool(seconds and others))


def _tricks(job: Job) -> Iterator[tuple[str, str, Job, int]]:
    """Name, change, the job with it, and how many such volumes make one of the job's."""
    multiple = job.plan.multiple
    half = padded_shape(tuple(max(1, side // 2) for side in job.padded), multiple)  # type: ignore[arg-type]
    if half != job.padded:
        yield "smaller image", _sides(half), replace(job, shape=half), 1
    if job.batch > 1:
        yield "smaller batch", "1 volume", replace(job, batch=1, micro_batch=0), 1
    side = -(-TILE // multiple) * multiple
    tile = tuple(min(side, each) for each in job.padded)
    if tile != job.padded:
        parts = math.prod(-(-whole // part) for whole, part in zip(job.padded, tile, strict=True))
        tiled = replace(job, shape=(tile[0], tile[1], tile[2]))
        yield "tiles", f"{parts} of {_sides(tiled.shape)}", tiled, parts
    if job.plan.filters > 1:
        fewer = replace(job.plan, filters=job.plan.filters // 2)
        yield "fewer filters", f"{fewer.filters} in the first block", replace(job, plan=fewer), 1
    if job.mode == "plain":
        yield "keep less", "exact mode", replace(job, mode="exact"), 1
    if job.at_work > 1 and job.mode != "plain":
        yield "accumulation", "micro-batches of 1", replace(job, micro_batch=1), 1
    if job.mode == "exact":
        yield "recompute", "low mode", replace(job, mode="low"), 1
    if job.precision == "float32" and job.mode != "plain":
        yield "bfloat16", "half the bytes between layers", replace(job, precision="bfloat16"), 1


def _sides(shape: Shape) -> str:
    return "x".join(map(str, shape))
