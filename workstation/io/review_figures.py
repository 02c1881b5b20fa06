"""Dice and volumes of a case's masks, measured from files; and which files they were measured from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from workstation.core.case import CaseFiles
from workstation.core.labels import REGIONS, region_mask, scheme_named
from workstation.core.overlap import challenge_value, count_overlap
from workstation.core.review import CaseFigures
from workstation.core.volume import LabelMap
from workstation.errors import AmbiguousScheme, LayoutError
from workstation.io.cases import mask_onto, read_mask
from workstation.io.layouts import images_below
from workstation.io.nifti import case_of_mask, is_map_name, read_label_map


def predictions_in(folder: Path, cases: Iterable[CaseFiles]) -> dict[str, Path]:
    """The masks of a folder, some levels deep, by the case that each one's name begins with.

    Parameters
    ----------
    folder : Path
        Such as the `predictions` of a run: "CASE_prediction.nii.gz", or "CASE/CASE_pred.nii.gz".
    cases : iterable of CaseFiles
        Files that belong to a case itself are no prediction.

    Raises
    ------
    LayoutError
        No mask there belongs to any of the cases.
    """
    known = {files.name: files for files in cases}
    own = {path.resolve() for files in known.values() for path in own_paths(files)}
    found: dict[str, Path] = {}
    for path in images_below(folder.resolve()):
        name = None if is_map_name(path) else case_of_mask(path, known)
        if name is not None and path not in own:
            found.setdefault(name, path)
    if not found:
        raise LayoutError(
            f"no mask in {folder} belongs to a case of the data set",
            hint="A prediction's file name must begin with the name of its case, such as BraTS2021_00006.nii.gz.",
            path=folder,
        )
    return found


def own_paths(files: CaseFiles) -> list[Path]:
    """The files that a case consists of."""
    references = [*files.sequences.values(), *([files.truth] if files.truth else [])]
    return [reference.path for reference in references]


def fingerprint_of(*paths: Path | None) -> str:
    """What tells these files from others and from themselves after a change: names, sizes, times; "" where absent."""
    return ";".join(_stamp(path) for path in paths)


def measure_case(files: CaseFiles, prediction: Path | None) -> CaseFigures:
    """Read a case's truth and a prediction, and measure them.

    Raises
    ------
    GeometryError
        They are on different grids.
    InputError
        A file cannot be read, or its labels are unclear.
    """
    fingerprint = fingerprint_of(files.truth.path if files.truth else None, prediction)
    scheme = scheme_named(files.scheme_name) if files.scheme_name else None
    truth = read_label_map(files.truth, scheme=scheme, layout=files.layout) if files.truth else None
    mask = None if prediction is None else _read_prediction(prediction, truth)
    if truth is not None and mask is not None:
        mask = mask_onto(mask, truth.grid, image_path=files.truth.path if files.truth else None)
    return figures_of(truth, mask, fingerprint=fingerprint)


def figures_of(truth: LabelMap | None, prediction: LabelMap | None, *, fingerprint: str) -> CaseFigures:
    """Dice and volumes of masks that are on one grid.

    Parameters
    ----------
    truth, prediction : LabelMap or None
    fingerprint : str
        Of their files.
    """
    dice = _dice_of(truth, prediction) if truth is not None and prediction is not None else {}
    return CaseFigures(fingerprint, dice, _tumour_ml(truth), _tumour_ml(prediction))


def _dice_of(truth: LabelMap, prediction: LabelMap) -> Mapping[str, float]:
    """Of every region that both can express; nothing slower, since whole data sets are measured so."""
    dice = {}
    for name in REGIONS:
        if name in truth.scheme.regions and name in prediction.scheme.regions:
            masks = [region_mask(mask.data, mask.scheme, name) for mask in (truth, prediction)]
            counts = count_overlap(*masks)
            dice[name] = challenge_value(counts.dice, counts)
    return dice


def _read_prediction(path: Path, truth: LabelMap | None) -> LabelMap:
    try:
        return read_mask(path)
    except AmbiguousScheme:
        if truth is None:
            raise
        return read_label_map(path, scheme=truth.scheme)


def _tumour_ml(mask: LabelMap | None) -> float | None:
    if mask is None:
        return None
    whole = region_mask(mask.data, mask.scheme, "WT") if "WT" in mask.scheme.regions else mask.data != 0
    return int(np.count_nonzero(whole)) * mask.grid.voxel_ml


def _stamp(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{path}|{status.st_size}|{status.st_mtime_ns}"
