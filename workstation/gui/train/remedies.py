"""What would make a training fit that does not: changes of its request, the gentlest first; no widget.

Each change is tried alone at its mildest: the largest micro-batch, batch or size that fits. Only where nothing alone
does are they combined. bfloat16 is offered only where this machine was measured with it: elsewhere the engine may
refuse it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from workstation.core.estimate import Job, Knowledge
from workstation.core.network import Shape, padded_shape
from workstation.core.requests import TrainRequest
from workstation.core.servers import largest_batch
from workstation.errors import RequestError

SIZES: tuple[Shape, ...] = (
    (192, 192, 144),
    (160, 192, 144),
    (144, 144, 144),
    (128, 128, 128),
    (96, 96, 96),
    (64, 64, 64),
)
"""Sizes to crop to, the largest first: the brain fits into the first two."""
_FEWEST_FILTERS = 4
# How far a change goes: the same training; other statistics of batch norms, or rounding; other steps; other data;
# another network.
_SAME, _NEARLY, _STEPS, _DATA, _NETWORK = range(5)
_MOST = 6

JobOf = Callable[[TrainRequest], Job]


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change.

    Parameters
    ----------
    changes : mapping of str to value
        Fields of `TrainRequest`.
    peak_bytes : int
    time_ratio : float or None
        Time to train on a whole volume by that of the request as it is; None where it is not known.
    severity : int
        0 the same training, 1 nearly, 2 other steps, 3 other data, 4 another network.
    """

    changes: Mapping[str, Any]
    peak_bytes: int
    time_ratio: float | None
    severity: int


def remedies(request: TrainRequest, *, job_of: JobOf, knowledge: Knowledge, limit_bytes: int) -> tuple[Remedy, ...]:
    """The changes that bring the peak within `limit_bytes`, the gentlest first and among equals the quickest.

    Parameters
    ----------
    request : TrainRequest
        One that does not fit.
    job_of : callable
        What a request amounts to on its data.
    knowledge : Knowledge
    limit_bytes : int

    Returns
    -------
    tuple of Remedy
        Empty where nothing helps.
    """
    weigher = _Weigher(request, job_of, knowledge, limit_bytes)
    found = list(weigher.fitting(_alone(request, weigher)))
    if not found:
        found = list(weigher.fitting(_together(request, weigher)))[:1]
    return tuple(sorted(found, key=lambda each: (each.severity, each.time_ratio or 1.0))[:_MOST])


class _Weigher:
    """Peaks and times of changed requests."""

    def __init__(self, request: TrainRequest, job_of: JobOf, knowledge: Knowledge, limit_bytes: int) -> None:
        self._request, self._job_of, self._knowledge, self.limit_bytes = request, job_of, knowledge, limit_bytes
        self.job = job_of(request)

    def peak(self, **changes: Any) -> int:
        """Bytes with some changes."""
        return self._knowledge.memory(self._job_of(replace(self._request, **changes))).peak_bytes

    def knows(self, precision: str) -> bool:
        """This machine was measured in a precision."""
        return self._knowledge.seconds(replace(self.job, precision=precision)) is not None

    def fitting(self, tried: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[Remedy]:
        """Those that are requests at all and fit."""
        for severity, changes in tried:
            try:
                peak = self.peak(**changes)
            except RequestError:
                continue
            if peak <= self.limit_bytes:
                yield Remedy(MappingProxyType(changes), peak, self._time_ratio(changes), severity)

    def _time_ratio(self, changes: Mapping[str, Any]) -> float | None:
        job, other = self.job, self._job_of(replace(self._request, **changes))
        seconds, others = self._knowledge.seconds(job), self._knowledge.seconds(other)
        if seconds and others:
            return (others / other.batch) / (seconds / job.batch)
        if other.precision != job.precision or (other.mode == "plain") != (job.mode == "plain"):
            # How fast a processor is in bfloat16, or Keras, is not a matter of the work.
            return None
        return (other.flops / other.batch) / (job.flops / job.batch)


def _alone(request: TrainRequest, weigher: _Weigher) -> Iterator[tuple[int, dict[str, Any]]]:
    modes = {"plain": ("exact", "low"), "exact": ("low",)}.get(request.memory, ())
    yield from ((_SAME, {"memory": mode}) for mode in modes)
    if request.precision == "float32" and request.memory != "plain" and weigher.knows("bfloat16"):
        yield _NEARLY, {"precision": "bfloat16"}
    if weigher.job.at_work > 1:
        # Keras's own step has no micro-batches.
        mode = {"memory": "exact"} if request.memory == "plain" else {}
        most = largest_batch(lambda count: weigher.peak(micro_batch=count, **mode), weigher.limit_bytes)
        if 0 < most < weigher.job.at_work:
            yield _micro_severity(request), {"micro_batch": most, **mode}
        most = largest_batch(lambda count: weigher.peak(batch=count), weigher.limit_bytes)
        if 0 < most < request.batch:
            yield _STEPS, {"batch": most}
    size = next((each for each in _smaller(weigher.job) if weigher.peak(size=each) <= weigher.limit_bytes), None)
    if size is not None:
        yield _DATA, {"size": size}
    yield from ((_NETWORK, {"filters": count}) for count in _fewer(request, weigher))


def _fewer(request: TrainRequest, weigher: _Weigher) -> Iterator[int]:
    """The first half, quarter, ... of the filters that fits."""
    count = request.filters // 2
    while count >= _FEWEST_FILTERS:
        if weigher.peak(filters=count) <= weigher.limit_bytes:
            yield count
            return
        count //= 2


def _together(request: TrainRequest, weigher: _Weigher) -> Iterator[tuple[int, dict[str, Any]]]:
    """All that leaves the training as it is, then with smaller and smaller volumes, then with fewer filters too."""
    gentle: dict[str, Any] = {"memory": "low"}
    severity = _SAME
    if request.batch > 1:
        gentle["micro_batch"], severity = 1, _micro_severity(request)
    yield severity, gentle
    for size in _smaller(weigher.job):
        yield _DATA, {**gentle, "size": size}
    for size in _smaller(weigher.job):
        yield _NETWORK, {**gentle, "size": size, "filters": max(1, min(request.filters, _FEWEST_FILTERS))}


def _micro_severity(request: TrainRequest) -> int:
    """The statistics of batch norms are those of a micro-batch."""
    return _NEARLY if request.normalisation == "batch" else _SAME


def _smaller(job: Job) -> Iterator[str]:
    for shape in SIZES:
        padded = padded_shape(shape, job.plan.multiple)
        if padded != job.padded and all(new <= old for new, old in zip(padded, job.padded, strict=True)):
            yield "x".join(map(str, shape))
