"""What a training will cost, for the form: memory against what the machine has, time, parameters, work; no widget."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from workstation.core.calibration import estimate_prediction_seconds
from workstation.core.cost import LayerCost, count_parameters, layer_costs
from workstation.core.estimate import Job, Knowledge
from workstation.core.network import Shape, padded_shape
from workstation.core.requests import TrainRequest
from workstation.core.servers import HEAD_ROOM, Server
from workstation.core.split import split_counts
from workstation.errors import RequestError
from workstation.gui.train.remedies import Remedy, remedies
from workstation.jobs.memory import MachineMemory
from workstation.session.reservations import OtherRuns

DEFAULT_SHAPE: Shape = (240, 240, 155)
"""A BraTS volume, where the data set has not said otherwise."""

# The estimate is good to about 10 %, and other programs want memory too.
_TIGHT = 0.85

Fit = Literal["fits", "tight", "too large"]


@dataclass(frozen=True, slots=True)
class Durations:
    """How long a training takes; None where it is not known.

    Parameters
    ----------
    step, epoch, whole : float or None
        Seconds of a step; of an epoch with its validation; of all epochs. The last two need the number of cases.
    epochs, steps : int
        Of the training; of an epoch.
    is_calibrated : bool
        The machine was calibrated; then a missing time is that of a mode or precision that was not measured.
    """

    step: float | None = None
    epoch: float | None = None
    whole: float | None = None
    epochs: int = 0
    steps: int = 0
    is_calibrated: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """The cost of one training.

    Parameters
    ----------
    shape : (I, J, K)
        Voxels of a volume as the network sees it, padded.
    batch : int
    peak_bytes : int
    terms : mapping of str to int
        Bytes by cause; their sum is the peak.
    memory : MachineMemory
    parameters, trainable : int
    step_flops : int
        Work of one training step.
    layers : tuple of LayerCost
    durations : Durations
    others : OtherRuns
        Runs that share the machine.
    remedies : tuple of Remedy
        What would make it fit; empty where it does.
    """

    shape: Shape
    batch: int
    peak_bytes: int
    terms: Mapping[str, int]
    memory: MachineMemory
    parameters: int
    trainable: int
    step_flops: int
    layers: tuple[LayerCost, ...]
    durations: Durations = field(default_factory=Durations)
    others: OtherRuns = field(default_factory=OtherRuns)
    remedies: tuple[Remedy, ...] = ()

    @property
    def used_bytes(self) -> int:
        """What other programs, and other runs so far, hold."""
        return self.memory.total_bytes - self.memory.available_bytes

    @property
    def free_bytes(self) -> int:
        """What this run may take now: neither in use nor promised to another run, nor the head room of the machine."""
        return max(0, min(self.memory.available_bytes - self.others.promised_bytes, _usable(self.memory)))

    @property
    def fit(self) -> Fit:
        """Whether the memory that is free now will do."""
        if self.peak_bytes > self.free_bytes:
            return "too large"
        return "tight" if self.peak_bytes > _TIGHT * self.free_bytes else "fits"

    @property
    def could_ever_fit(self) -> bool:
        """An idle machine would do."""
        return self.peak_bytes <= _usable(self.memory)


def forecast(
    request: TrainRequest,
    memory: MachineMemory,
    *,
    volume_shape: Shape | None,
    cases: int = 0,
    parts: tuple[int, int] | None = None,
    knowledge: Knowledge | None = None,
    others: OtherRuns | None = None,
) -> Forecast:
    """The cost of a request on data of `volume_shape` and so many cases; None and 0 where that is not known yet.

    `parts` are the cases that a saved split trains and validates on; None draws them from the request's shares.
    """
    known = knowledge or Knowledge()

    def job_of(asked: TrainRequest) -> Job:
        return _job(asked, volume_shape, cases)

    job = job_of(request)
    estimate = known.memory(job)
    count = count_parameters(job.plan)
    found = Forecast(
        shape=padded_shape(job.shape, job.plan.multiple),
        batch=job.batch,
        peak_bytes=estimate.peak_bytes,
        terms={name: count for name, count in estimate.terms.items() if count},
        memory=memory,
        parameters=count.total,
        trainable=count.trainable,
        step_flops=job.flops,
        layers=layer_costs(job.plan, job.shape, batch=job.batch, precision=job.precision),
        durations=_durations(request, job, known, parts=parts),
        others=others or OtherRuns(),
    )
    if found.fit != "too large":
        return found
    # Whoever looks for a way out does not want to land at the edge again.
    limit = int(_TIGHT * found.free_bytes)
    return replace(found, remedies=remedies(request, job_of=job_of, knowledge=known, limit_bytes=limit))


def fitting_server(cost: Forecast, servers: Iterable[Server]) -> Server | None:
    """The smallest of some servers on which the training fits as it is."""
    roomy = (server for server in servers if cost.peak_bytes <= server.usable_bytes)
    return min(roomy, key=lambda server: server.memory_bytes, default=None)


def _usable(memory: MachineMemory) -> int:
    return int(memory.total_bytes * (1 - HEAD_ROOM))


def _job(request: TrainRequest, volume_shape: Shape | None, cases: int) -> Job:
    return Job(
        request.plan,
        request.shape or volume_shape or DEFAULT_SHAPE,
        batch=request.batch,
        mode=request.memory,
        precision=request.precision,
        micro_batch=request.micro_batch,
        cases=cases,
        loss=request.loss,
    )


def _durations(request: TrainRequest, job: Job, known: Knowledge, *, parts: tuple[int, int] | None = None) -> Durations:
    """Of a step, and of epochs on the split that the request asks for."""
    if known.calibration is None:
        return Durations(epochs=request.epochs)
    step = known.seconds(job)
    found = Durations(step, epochs=request.epochs, is_calibrated=True)
    counts = parts or _drawn_parts(request, job.cases)
    if counts is None:
        return found
    train, validation = counts
    whole, part = divmod(train, job.batch)
    last = known.seconds(replace(job, batch=part)) if part else 0.0
    scored = estimate_prediction_seconds(job.plan, job.shape, known.calibration) or 0.0
    if step is None or last is None:
        return found
    epoch = whole * step + last + validation * scored
    steps = math.ceil(train / job.batch)
    return replace(found, epoch=epoch, whole=request.epochs * epoch, steps=steps)


def _drawn_parts(request: TrainRequest, cases: int) -> tuple[int, int] | None:
    """Cases to train and validate on; None where there are too few to split, which the engine says when it is asked."""
    shares = (1 - request.validation - request.test, request.validation, request.test)
    try:
        train, validation, _ = split_counts(cases, shares)
    except RequestError:
        return None
    return train, validation
