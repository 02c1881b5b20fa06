"""Predictions scored against truths: pairs found, read, counted; the table as JSON and CSV.

The figures are those of the BraTS challenge on the regions WT, TC and ET, with its rules for empty masks
(`core.overlap.challenge_value`); their names are the keys of the JSON and the columns of the CSV.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.core.labels import REGIONS, LabelScheme, region_mask
from workstation.core.overlap import OverlapCounts, challenge_value, count_overlap
from workstation.core.volume import LabelMap
from workstation.errors import AmbiguousScheme, FileMissing, GeometryError, LayoutError
from workstation.io.cases import read_mask
from workstation.io.files import replacing
from workstation.io.layouts import open_dataset
from workstation.io.nifti import image_stem, is_image_name, read_label_map


@dataclass(frozen=True, slots=True)
class RegionScores:
    """Overlap of one region of one pair; ratios 0 to 1 by the challenge's rules, volumes in ml."""

    dice: float
    jaccard: float
    sensitivity: float
    specificity: float
    precision: float
    truth_ml: float
    prediction_ml: float


@dataclass(frozen=True, slots=True)
class PairResult:
    """One prediction scored against its truth."""

    prediction: Path
    truth: Path
    regions: Mapping[str, RegionScores]


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
    return PairResult(prediction, truth, score_regions(truth_map, prediction_map))


def score_regions(truth: LabelMap, prediction: LabelMap) -> dict[str, RegionScores]:
    """Scores of every region that both label maps can express, in the order WT, TC, ET."""
    shared = [name for name in REGIONS if name in truth.scheme.regions and name in prediction.scheme.regions]
    return {
        name: _scores(
            count_overlap(
                region_mask(truth.data, truth.scheme, name), region_mask(prediction.data, prediction.scheme, name)
            ),
            truth.grid.voxel_ml,
        )
        for name in shared
    }


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


def case_of_mask(mask: Path, names: Collection[str]) -> str | None:
    """The case that a mask's file name begins with, the longest of several; None where it begins with none."""
    stem = image_stem(mask)
    fitting = [name for name in names if stem == name or (stem.startswith(name) and not stem[len(name)].isalnum())]
    return max(fitting, key=len, default=None)


def as_json(results: Sequence[PairResult]) -> dict[str, Any]:
    """The object that `workstation evaluate --json` prints."""
    return {
        "cases": [
            {
                "prediction": str(result.prediction),
                "truth": str(result.truth),
                "regions": {name: dataclasses.asdict(scores) for name, scores in result.regions.items()},
            }
            for result in results
        ]
    }


def write_csv(path: Path, results: Sequence[PairResult]) -> None:
    """Write one row per case and region."""
    columns = [field.name for field in dataclasses.fields(RegionScores)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["prediction", "truth", "region", *columns])
    for result in results:
        for name, scores in result.regions.items():
            values = [getattr(scores, column) for column in columns]
            writer.writerow([result.prediction, result.truth, name, *values])
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def _read_prediction(path: Path, truth_scheme: LabelScheme, *, scheme: str | None, region: str | None) -> LabelMap:
    try:
        return read_mask(path, scheme=f"region:{region}" if region else scheme)
    except AmbiguousScheme:
        return read_label_map(path, scheme=truth_scheme)


def _scores(counts: OverlapCounts, voxel_ml: float) -> RegionScores:
    def ratio(value: float) -> float:
        return challenge_value(value, counts)

    return RegionScores(
        dice=ratio(counts.dice),
        jaccard=ratio(counts.jaccard),
        sensitivity=ratio(counts.sensitivity),
        specificity=ratio(counts.specificity),
        precision=ratio(counts.precision),
        truth_ml=counts.truth * voxel_ml,
        prediction_ml=counts.prediction * voxel_ml,
    )


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
