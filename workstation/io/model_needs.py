"""What a segmentation with a model needs on this machine: memory by arithmetic, time calibrated and as it was seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from workstation.core.calibration import estimate_prediction_seconds
from workstation.core.cost import estimate_segment_bytes
from workstation.core.network import Shape
from workstation.core.request_fields import EngineSettings
from workstation.core.requests import SegmentRequest
from workstation.errors import WorkstationError
from workstation.io.machine_records import machine_records
from workstation.io.models import ModelCard
from workstation.io.runs import RunFolder


@dataclass(frozen=True, slots=True)
class ModelNeeds:
    """What the segmentation of one case needs.

    Parameters
    ----------
    shape : (I, J, K)
        Voxels of the case that is meant: of those that the model was trained on.
    memory_bytes : int
        Expected peak.
    estimated_seconds : float or None
        Of computing, without files; None on a machine that was not calibrated.
    measured_seconds : float or None
        From reading the files to the written mask: the median over cases that were segmented here.
    measured_count : int
        How many cases that were.
    """

    shape: Shape
    memory_bytes: int
    estimated_seconds: float | None
    measured_seconds: float | None
    measured_count: int

    def as_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {**asdict(self), "shape": list(self.shape)}


def needs_of(folder: Path, card: ModelCard, runs: Iterable[RunFolder]) -> ModelNeeds:
    """What a model needs.

    Parameters
    ----------
    folder : Path
        Of the model.
    card : ModelCard
    runs : iterable of RunFolder
        Whose segmentations are looked at.
    """
    calibration = machine_records(EngineSettings()).calibration()
    estimated = None if calibration is None else estimate_prediction_seconds(card.plan, card.shape, calibration)
    seconds = [each for run in runs for each in _seconds_in(run, folder.resolve())]
    return ModelNeeds(
        card.shape,
        estimate_segment_bytes(card.plan, card.shape).peak_bytes,
        estimated,
        median(seconds) if seconds else None,
        len(seconds),
    )


def _seconds_in(run: RunFolder, folder: Path) -> list[float]:
    """Seconds of each case that a run segmented with just this model."""
    try:
        request = run.request() if run.kind == SegmentRequest.kind else None
    except WorkstationError:
        return []
    if not isinstance(request, SegmentRequest) or Path(request.model).resolve() != folder:
        return []
    results = [event for event in run.read_events()[0] if event.get("event") == "result"]
    masks = [mask for event in results for mask in event.get("masks", ()) if isinstance(mask, dict)]
    return [float(mask["seconds"]) for mask in masks if isinstance(mask.get("seconds"), int | float)]
