"""What a measurement will take, before it is started; arithmetic only."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication

from workstation.core.estimate import Job, Knowledge
from workstation.core.measuring import Axes, grid_of
from workstation.core.network import padded_shape
from workstation.core.request_fields import parse_size
from workstation.core.requests import BenchRequest, ProfileRequest
from workstation.gui.measure.forms import MeasuringRequest
from workstation.gui.train.wording import bytes_text, duration_text
from workstation.jobs.memory import MachineMemory

# A fresh process loads TensorFlow, builds the network and chooses its operations.
_START_SECONDS = 12.0
# A step without oneDNN by one with it, and of PyTorch by ours, as measured on one machine; for a rough time only.
_FACTORS = {"plain_no_onednn": 8.0, "peer": 2.5}


def preview(request: MeasuringRequest, knowledge: Knowledge, memory: MachineMemory) -> str:
    """What a request comes to, in a sentence or two; empty where nothing is known."""
    if isinstance(request, ProfileRequest):
        return _of_profile(request, knowledge, memory)
    return _of_bench(request, knowledge, memory) if isinstance(request, BenchRequest) else ""


def _of_profile(request: ProfileRequest, knowledge: Knowledge, memory: MachineMemory) -> str:
    plan = request.plan
    shapes = tuple(dict.fromkeys(padded_shape(parse_size(size) or (1, 1, 1), plan.multiple) for size in request.sizes))
    points = grid_of(Axes(shapes, request.batches, request.modes, request.precisions))
    jobs = [Job(plan, shape, batch=batch, mode=mode, precision=each) for shape, batch, mode, each, _ in points]
    peaks = [knowledge.step_memory(job).peak_bytes for job in jobs]
    free = memory.available_bytes * 9 // 10
    words = [_tr("{0} points; the largest is expected to take {1}.").format(len(jobs), bytes_text(max(peaks)))]
    too_large = sum(peak > free for peak in peaks)
    if too_large:
        text = _tr("{0} of them do not fit into the {1} that are free now; they will be left out, with the reason.")
        words.append(text.format(too_large, bytes_text(memory.available_bytes)))
    seconds = [knowledge.seconds(job) for job, peak in zip(jobs, peaks, strict=True) if peak <= free]
    words.append(
        _time_words(
            [None if each is None else _START_SECONDS + each * (request.warm_up + request.steps) for each in seconds]
        )
    )
    return " ".join(words)


def _of_bench(request: BenchRequest, knowledge: Knowledge, memory: MachineMemory) -> str:
    job = Job(request.plan, request.shape, batch=request.batch)
    plain = Job(request.plan, request.shape, batch=request.batch, mode="plain")
    low = Job(request.plan, request.shape, batch=request.batch, mode="low")
    peak = knowledge.step_memory(plain).peak_bytes + knowledge.step_memory(job).peak_bytes
    words = [_tr("Ours and plain Keras together are expected to take {0}.").format(bytes_text(peak))]
    if peak > memory.available_bytes * 9 // 10:
        words.append(_tr("They do not fit together now, so they are measured one after the other."))
    ours = knowledge.seconds(job)
    seconds: list[float | None] = []
    for name in request.rivals:
        factor = _FACTORS.get(name, 1.0)
        base = {"low": knowledge.seconds(low), "peer": ours}.get(name, knowledge.seconds(plain))
        is_known = base is not None and ours is not None
        steps = request.steps + request.warm_up
        seconds.append(_START_SECONDS + steps * ((base or 0) * factor + (ours or 0)) if is_known else None)
    words.append(_time_words(seconds))
    return " ".join(words)


def _time_words(seconds: list[float | None]) -> str:
    known = [each for each in seconds if each is not None]
    if not seconds or len(known) < len(seconds):
        return _tr("How long it takes is not known before this machine is calibrated (see Cost).") if seconds else ""
    minutes = math.ceil(sum(known) / 60)
    return _tr("It takes about {0}.").format(
        _tr("{0} min").format(minutes) if minutes < 60 else duration_text(60 * minutes)
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("Measure", text)
