"""Predictions scored against truths: pairs found, read, measured; the table as JSON and CSV.

The figures are those of `core.metrics.Scores` on the regions WT, TC, ET (and RC where a scheme has a resection cavity)
and on single labels; their names are the keys of the JSON and the columns of the CSV.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.core.labels import LabelScheme
from workstation.core.metrics import Scores, measure_pair
from workstation.core.volume import LabelMap
from workstation.errors import AmbiguousScheme, FileMissing, GeometryError, LayoutError
from workstation.io.cases import read_mask
from workstation.io.layouts import open_dataset
from workstation.io.nifti import case_of_mask, image_stem, is_image_name, read_label_map
from workstation.io.tables import write_table


@dataclass(frozen=True, slots=True)
class PairResult:
    """One prediction scored against its truth.

    Parameters
    ----------
    prediction, truth : Path
    regions : mapping of str to Scores
        In the order WT, TC, ET, RC.
    labels : mapping of int to Scores
        By the value in the truth's scheme.
    label_names : mapping of int to str
        The scheme's words for them.
    """

    prediction: Path
    truth: Path
    regions: Mapping[str, Scores]
    labels: Mapping[int, Scores]
    label_names: Mapping[int, str]


def evaluate(
    prediction: Path, truth: Path, *, scheme: str | None = None, region: str | None = None
) -> tuple[PairResult, ...]:
    """Score one prediction, or a folder of them.

    Parameters
    ----------
    prediction, truth : Path
        Two masks; or a folder of masks and a folder of masks or a data set, paired by case name.
    scheme : str or None
        Label scheme of both; None recognises it (side-car, layout, values).
    region : str or None
        The predictions are 0/1 masks of this region.

    Raises
    ------
    FileMissing, LayoutError, LabelError, GeometryError
        A file is missing or without partner, its labels are unclear, or two grids differ.
    """
    pairs = pair_files(prediction, truth)
    return tuple(evaluate_pair(one, other, scheme=scheme, region=region) for one, other in pairs)


def evaluate_pair(prediction: Path, truth: Path, *, scheme: str | None = None, region: str | None = None) -> PairResult:
    """Score one prediction; see `evaluate`."""
    truth_map = read_mask(truth, scheme=scheme)
    prediction_map = _read_prediction(prediction, truth_map.scheme, scheme=scheme, region=region)
    if not truth_map.grid.is_same(prediction_map.grid):
        raise GeometryError(
            f"{prediction} and {truth} are on different voxel grids",
            hint="Export one of them onto the other's grid first: workstation export MASK OUT --like IMAGE.",
            path=prediction,
        )
    return score_pair(prediction_map, truth_map, paths=(prediction, truth))


def score_pair(prediction: LabelMap, truth: LabelMap, *, paths: tuple[Path, Path]) -> PairResult:
    """Score label maps on one grid that were read from `paths` (prediction, truth)."""
    found = measure_pair(truth, prediction)
    return PairResult(
        *paths,
        {name: each.scores for name, each in found.regions.items()},
        {value: each.scores for value, each in found.labels.items()},
        {value: truth.scheme.labels[value].name for value in found.labels},
    )


def pair_files(prediction: Path, truth: Path) -> list[tuple[Path, Path]]:
    """Pairs of (prediction, truth) files, sorted by name; see `evaluate`."""
    for path in (prediction, truth):
        if not path.exists():
            raise FileMissing(f"{path} does not exist", hint="Check the spelling of the path.", path=path)
    if prediction.is_file():
        return [(prediction, _truth_of(prediction, _truths_by_case(truth)) if truth.is_dir() else truth)]
    masks = [path for path in sorted(prediction.iterdir()) if is_image_name(path)]
    if not masks:
        raise LayoutError(f"{prediction} holds no masks", hint="Give a folder of .nii.gz masks.", path=prediction)
    if truth.is_file():
        raise LayoutError(f"{prediction} is a folder and {truth} a file", hint="Give two files or two folders.")
    truths = _truths_by_case(truth)
    return [(mask, _truth_of(mask, truths)) for mask in masks]


def as_json(results: Sequence[PairResult]) -> dict[str, Any]:
    """The object that `workstation evaluate --json` prints; what is undefined is null."""
    return {
        "cases": [
            {
                "prediction": str(result.prediction),
                "truth": str(result.truth),
                "regions": {name: _plain(scores) for name, scores in result.regions.items()},
                "labels": {
                    str(value): {"name": result.label_names[value], **_plain(scores)}
                    for value, scores in result.labels.items()
                },
            }
            for result in results
        ]
    }


def write_csv(path: Path, results: Sequence[PairResult], *, with_labels: bool = False) -> None:
    """Write one row per case and region, and per label ("label 2") where wanted; what is undefined is empty."""
    figures = [field.name for field in dataclasses.fields(Scores)]
    rows = (
        {"prediction": result.prediction, "truth": result.truth, "region": name, **_plain(scores)}
        for result in results
        for name, scores in named_scores(result, with_labels=with_labels)
    )
    write_table(path, ["prediction", "truth", "region", *figures], rows)


def named_scores(result: PairResult, *, with_labels: bool) -> Iterator[tuple[str, Scores]]:
    """The regions and their figures, then the labels ("label 2") where wanted."""
    yield from result.regions.items()
    if with_labels:
        yield from ((f"label {value}", scores) for value, scores in result.labels.items())


def _plain(scores: Scores) -> dict[str, float | int | None]:
    values = dataclasses.asdict(scores)
    return {name: None if math.isnan(value) else value for name, value in values.items()}


def _read_prediction(path: Path, truth_scheme: LabelScheme, *, scheme: str | None, region: str | None) -> LabelMap:
    try:
        return read_mask(path, scheme=f"region:{region}" if region else scheme)
    except AmbiguousScheme:
        return read_label_map(path, scheme=truth_scheme)


def _truths_by_case(folder: Path) -> dict[str, Path]:
    """Truth masks of a data set, or the masks of a plain folder, by the name of their case."""
    try:
        cases = open_dataset(folder).cases
        truths = {case.name: case.truth.path for case in cases if case.truth is not None}
    except LayoutError:
        truths = {}
    if not truths:
        masks = [path for path in folder.iterdir() if is_image_name(path)]
        truths = {image_stem(path).removesuffix("_seg").removesuffix("-seg"): path for path in masks}
    return truths


def _truth_of(prediction: Path, truths: Mapping[str, Path]) -> Path:
    name = case_of_mask(prediction, truths)
    if name is None:
        raise LayoutError(
            f"no truth belongs to {prediction}",
            hint="A prediction's file name must begin with the name of its case, such as BraTS2021_00006.nii.gz.",
            path=prediction,
        )
    return truths[name]
