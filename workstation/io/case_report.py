"""What a report of one case says, as plain values: what was compared, how well, where it comes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from workstation.core.case import Case, ImageRef
from workstation.core.key_slices import ErrorSite, Slices, largest_slices, worst_error
from workstation.core.labels import REGION_NAMES, region_mask
from workstation.core.metrics import measure_pair
from workstation.core.surface import ShouldStop
from workstation.core.volume import LabelMap
from workstation.errors import GeometryError
from workstation.io.export_batch import region_volumes_ml
from workstation.io.provenance import ReviewMark, hashed_images, inherited_facts, versions

Scores = Mapping[str, Mapping[str, float]]
"""Of each region, the figures by their names, as in the JSON of `workstation evaluate`."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What is known of the masks of a case.

    Parameters
    ----------
    scores : mapping
        Figures of every region that both masks can express; empty without truth or prediction.
    truth_ml, prediction_ml : mapping of str to float
        Volume of each region that the mask can express; empty without the mask.
    region : str
        What the key slices are about: the largest region that the masks can express, or "all" labels.
    largest : tuple of int or None
        Slices of the case's grid in which that region is largest, in either mask; None if both are empty.
    error : ErrorSite or None
        Its largest error; None without one.
    """

    scores: Scores
    truth_ml: Mapping[str, float]
    prediction_ml: Mapping[str, float]
    region: str
    largest: Slices | None
    error: ErrorSite | None


@dataclass(frozen=True, slots=True, eq=False)
class CaseFacts:
    """A report of one case.

    Parameters
    ----------
    case : Case
    truth, prediction : LabelMap or None
        On the case's grid.
    compared : Compared
    review : ReviewMark or None
    sources : tuple of mapping
        "sequence", "file", "sha256" of each image, and of the masks.
    segmentation : mapping
        How the prediction was made, from its side-car; empty where it has none.
    edits : tuple of str
    versions : mapping of str to str
    created : str
        ISO 8601, UTC.
    """

    case: Case
    truth: LabelMap | None
    prediction: LabelMap | None
    compared: Compared
    review: ReviewMark | None = None
    sources: tuple[Mapping[str, Any], ...] = ()
    segmentation: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    edits: tuple[str, ...] = ()
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    created: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CaseInput:
    """What a report of a case is made from.

    Parameters
    ----------
    case : Case
    truth, prediction : LabelMap or None
        On the case's grid.
    review : ReviewMark or None
    edits : tuple of str
        What was done to the prediction by hand.
    """

    case: Case
    truth: LabelMap | None
    prediction: LabelMap | None
    review: ReviewMark | None = None
    edits: tuple[str, ...] = ()


def gather_case(given: CaseInput, *, should_stop: ShouldStop = lambda: False) -> CaseFacts:
    """Measure the masks of a case and hash its files; takes some seconds for a BraTS case.

    Raises
    ------
    GeometryError
        A mask is not on the case's grid.
    CancelledError
        `should_stop` said so.
    """
    case, truth, prediction = given.case, given.truth, given.prediction
    for mask in (truth, prediction):
        if mask is not None and mask.data.shape != case.grid.shape:
            raise GeometryError(f"{mask.name} is not on the grid of {case.name}", hint="Resample it first.")
    return CaseFacts(
        case,
        truth,
        prediction,
        compare_for_report(truth, prediction, should_stop=should_stop),
        review=given.review,
        sources=_sources(case, truth, prediction),
        segmentation=inherited_facts(_path_of(prediction)),
        edits=given.edits,
        versions=versions(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def compare_for_report(
    truth: LabelMap | None, prediction: LabelMap | None, *, should_stop: ShouldStop = lambda: False
) -> Compared:
    """Scores, volumes and key slices of the masks of a case."""
    masks = [mask for mask in (truth, prediction) if mask is not None]
    shared = [name for name in REGION_NAMES if masks and all(name in mask.scheme.regions for mask in masks)]
    region = shared[0] if shared else "all"
    found = [region_mask(mask.data, mask.scheme, region) if shared else mask.data > 0 for mask in masks]
    return Compared(
        scores=scores_of(truth, prediction, should_stop=should_stop)
        if truth is not None and prediction is not None
        else {},
        truth_ml={} if truth is None else region_volumes_ml(truth),
        prediction_ml={} if prediction is None else region_volumes_ml(prediction),
        region=region,
        largest=largest_slices(np.logical_or.reduce(found)) if found else None,
        error=worst_error(found[0], found[1]) if len(found) == 2 else None,
    )


def scores_of(truth: LabelMap, prediction: LabelMap, *, should_stop: ShouldStop = lambda: False) -> Scores:
    """Every figure of every region that both masks can express; CancelledError where it was stopped."""
    found = measure_pair(truth, prediction, should_stop=should_stop).regions
    return {name: dataclasses.asdict(each.scores) for name, each in found.items()}


def _sources(case: Case, *masks: LabelMap | None) -> tuple[Mapping[str, Any], ...]:
    images = dict(case.files.sequences)
    for name, mask in zip(("truth", "prediction"), masks, strict=True):
        path = _path_of(mask)
        if path is not None:
            images[name] = ImageRef(path)
    return tuple(hashed_images(images))


def _path_of(mask: LabelMap | None) -> Path | None:
    return mask.source.path if mask is not None and mask.source is not None else None
