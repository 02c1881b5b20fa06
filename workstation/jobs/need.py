"""How much memory a run is expected to need: the same arithmetic and measured corrections as the window's estimate.

The supervisor works it out before it asks for its turn, since for a training of full volumes it reads the header of
every case. What a former start of the same run was seen to take counts too: a run that was ended for memory asks for
more when it is resumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from workstation.core.estimate import Job, Knowledge
from workstation.core.network import Shape, UNetPlan
from workstation.core.requests import BenchRequest, ProfileRequest, SeamsRequest, SegmentRequest, TrainRequest
from workstation.core.segment_cost import segment_bytes
from workstation.errors import ExportError, WorkstationError
from workstation.io.layouts import find_case, open_dataset
from workstation.io.machine_records import machine_records, training_run
from workstation.io.models import read_model_card
from workstation.io.nifti import read_header
from workstation.io.runs import RunFolder

ASSUMED_SHAPE: Shape = (240, 240, 155)
"""A BraTS volume, where the data cannot be read: the engine will say why in its own words."""
_SEEN_AND_MORE = 1.1


@dataclass(frozen=True, slots=True)
class Need:
    """What a run is expected to need.

    Parameters
    ----------
    bytes : int
        Peak of memory; of a measurement, of what runs beside the measured step.
    is_alone : bool
        It measures times, which mean nothing while another run shares the processor, and memory up to what is free.
    shape : (I, J, K) or None
        Voxels of a volume of a training.
    """

    bytes: int
    is_alone: bool = False
    shape: Shape | None = None


def need_of(run: RunFolder) -> Need:
    """What a run is expected to need.

    Raises
    ------
    RunError, RequestError
        Its request cannot be read.
    """
    request = run.request()
    match request:
        case TrainRequest():
            need = _of_training(request)
        case SegmentRequest():
            need = _of_prediction(request)
        case SeamsRequest():
            need = _of_prediction(SegmentRequest(request.model, (request.case,)))
        case ProfileRequest() | BenchRequest():
            return Need(1, is_alone=True)
    seen = round(_SEEN_AND_MORE * run.status().peak_bytes)
    return Need(max(need.bytes, seen), shape=need.shape)


def remember_training(run: RunFolder, shape: Shape, *, peak_bytes: int, was_alone: bool) -> None:
    """Keep the measured peak and time of a training among the machine's records, from which estimates learn.

    A training that did not get as far as its third step has nothing to tell. Its time counts only if no other run
    shared the processor.
    """
    request = run.request()
    events = run.read_events()[0]
    start = max((index for index, event in enumerate(events) if event.get("state") == "preparing"), default=0)
    steps = [event.get("seconds") for event in events[start:] if event.get("event") == "step"]
    seconds = [float(each) for each in steps if isinstance(each, int | float)]
    if not isinstance(request, TrainRequest) or len(seconds) < 3 or peak_bytes <= 0:
        return
    step_seconds = median(seconds[1:]) if was_alone else 0.0
    measured = training_run(request, shape, peak_bytes=peak_bytes, step_seconds=step_seconds)
    try:
        machine_records(request.settings).add_run(measured)
    except ExportError as error:
        print(f"supervisor: {error.message}", flush=True)


def _of_training(request: TrainRequest) -> Need:
    shape = request.shape or _common_shape(request)
    job = Job(
        request.plan,
        shape,
        batch=request.batch,
        mode=request.memory,
        precision=request.precision,
        micro_batch=request.micro_batch,
        loss=request.loss,
    )
    knowledge = Knowledge(runs=machine_records(request.settings).runs())
    return Need(knowledge.memory(job).peak_bytes, shape=shape)


def _common_shape(request: TrainRequest) -> Shape:
    """The smallest shape that holds every case, its axes as they are stored."""
    name = request.plan.inputs[0]
    try:
        cases = [case for case in open_dataset(Path(request.data)).cases if name in case.sequences]
        wanted = [case for case in cases if not request.cases or case.name in request.cases]
        shapes = [read_header(case.sequences[name].path).grid.shape for case in wanted]
    except WorkstationError:
        return ASSUMED_SHAPE
    if not shapes:
        return ASSUMED_SHAPE
    i, j, k = (max(sides) for sides in zip(*shapes, strict=True))
    return i, j, k


def _of_prediction(request: SegmentRequest) -> Need:
    """Of the largest of the cases."""
    shapes: set[Shape] = set()
    for case in request.cases:
        try:
            image = next(iter(find_case(Path(case)).sequences.values()))
            shapes.add(read_header(image.path).grid.shape)
        except (WorkstationError, StopIteration):
            shapes.add(ASSUMED_SHAPE)
    plans = [_plan_of(folder) for folder in request.folders]
    flips, entropy = request.flips, request.entropy
    return Need(max(segment_bytes(plans, shape, flips=flips, entropy=entropy) for shape in shapes))


def _plan_of(folder: str) -> UNetPlan:
    try:
        return read_model_card(Path(folder), verify=False).plan
    except WorkstationError:
        return TrainRequest(data="-").plan
