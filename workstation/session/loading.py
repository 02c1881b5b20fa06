"""What is read for the window in a thread: a case ready to be painted, a mask laid on its grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workstation.core.case import Case, CaseFiles
from workstation.core.focus import components, focus_voxel
from workstation.core.volume import LabelMap
from workstation.errors import AmbiguousScheme, InputError, WorkstationError
from workstation.io.cases import load_case, mask_onto, read_mask
from workstation.io.nifti import read_label_map
from workstation.session.images import DisplayImage, make_display_image

Point = tuple[float, float, float]
# Directions of the voxel axis that runs across the slices of a plane.
_ACROSS = {"axial": "IS", "coronal": "PA", "sagittal": "LR"}


@dataclass(frozen=True, slots=True, eq=False)
class LoadedCase:
    """A case with its images prepared for display.

    Parameters
    ----------
    case : Case
    images : mapping of str to DisplayImage
    focus_mm : tuple of float
        Where to look first: the middle of the truth's largest axial slice, else of the volume.
    problem : WorkstationError or None
        Why a mask could not be shown.
    prediction : LabelMap or None
        The mask that belongs to it, where there is one.
    prediction_focus_mm : tuple of float or None
        Where to look first if the prediction is seen and there is no truth.
    """

    case: Case
    images: Mapping[str, DisplayImage]
    focus_mm: Point
    problem: WorkstationError | None = None
    prediction: LabelMap | None = None
    prediction_focus_mm: Point | None = None

    @property
    def byte_count(self) -> int:
        """Memory of its voxels."""
        masks = [mask.data for mask in (self.case.truth, self.prediction) if mask is not None]
        stored = [volume.data for volume in self.case.sequences.values()]
        levels = [image.levels for image in self.images.values()]
        own = [each for each in levels if not any(np.may_share_memory(each, other) for other in stored)]
        return sum(each.nbytes for each in (*masks, *stored, *own))


def load_for_display(
    files: CaseFiles, *, prediction: Path | None = None, should_stop: Callable[[], bool] = lambda: False
) -> LoadedCase:
    """Read a case and the mask that belongs to it; masks that cannot be used are left away, with the reason.

    Raises
    ------
    InputError
        The images cannot be read.
    CancelledError
        `should_stop` said so, before reading or before the images were prepared.
    """
    if should_stop():
        raise CancelledError
    problem: WorkstationError | None = None
    try:
        case = load_case(files)
    except InputError as error:
        if files.truth is None:
            raise
        case, problem = load_case(files, with_truth=False), error
    if should_stop():
        raise CancelledError
    with ThreadPoolExecutor(2, thread_name_prefix="prepare") as pool:
        reading = None if prediction is None else pool.submit(load_mask, prediction, case)
        images = dict(zip(case.sequences, pool.map(make_display_image, case.sequences.values()), strict=True))
    mask = None
    if reading is not None:
        try:
            mask = reading.result()
        except WorkstationError as error:
            problem = problem or error
    seen = focus_of(mask) if case.truth is None else None
    focus = focus_of(case.truth) or _point(case.grid.centre_mm)
    return LoadedCase(case, images, focus, problem, mask, seen)


def load_mask(path: Path, case: Case, *, scheme: str | None = None, may_resample: bool = False) -> LabelMap:
    """Read a mask and lay it on the case's grid.

    Where the mask does not say what its labels mean, those of the case's truth are taken.

    Raises
    ------
    AmbiguousScheme
        There is no truth either; the user must name a scheme.
    GeometryError
        The mask is on another grid and `may_resample` is False.
    InputError
        The file cannot be read.
    """
    try:
        mask = read_mask(path, scheme=scheme)
    except AmbiguousScheme:
        if case.truth is None:
            raise
        mask = read_label_map(path, scheme=case.truth.scheme)
    first = next(iter(case.sequences.values()))
    image_path = first.source.path if first.source else None
    return mask_onto(mask, case.grid, image_path=image_path, may_resample=may_resample)


def focus_of(mask: LabelMap | None, plane: str = "axial") -> Point | None:
    """World position of the middle of a mask's largest slice of a plane; None without one."""
    if mask is None:
        return None
    codes = mask.grid.axis_codes
    across = next(axis for axis, code in enumerate(codes) if code in _ACROSS[plane])
    voxel = focus_voxel(mask.data != 0, across)
    return None if voxel is None else _point(mask.grid.to_world(voxel))


def next_lesion_of(masks: Sequence[LabelMap], cursor_mm: Point) -> Point | None:
    """World position of a voxel of the connected part that follows the one at the cursor, largest first.

    Parameters
    ----------
    masks : sequence of LabelMap
        The first one that is not empty counts.
    cursor_mm : tuple of float

    Returns
    -------
    tuple of float or None
        In its largest axial slice, near its middle; None if all masks are empty.
    """
    for mask in masks:
        parts = components(mask.data != 0)
        if parts.count:
            voxel = mask.grid.nearest_voxel(cursor_mm)
            current = 0 if voxel is None else parts.rank_at(voxel)
            across = next(axis for axis, code in enumerate(mask.grid.axis_codes) if code in _ACROSS["axial"])
            return _point(mask.grid.to_world(parts.focus_voxel(current % parts.count + 1, across)))
    return None


def _point(values: object) -> Point:
    x, y, z = (float(value) for value in values)  # type: ignore[attr-defined]
    return (x, y, z)
