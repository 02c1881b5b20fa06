"""Which slices of a case are worth printing: where the tumour is largest, and where the largest error is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from workstation.core.focus import largest_slice

Slices = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ErrorSite:
    """The largest connected error of a prediction.

    Parameters
    ----------
    is_missed : bool
        Whether the truth holds it alone (false negative); else the prediction does (false positive).
    voxels : int
    slices : tuple of int
        Along each axis the slice in which it is largest.
    """

    is_missed: bool
    voxels: int
    slices: Slices


def largest_slices(mask: np.ndarray) -> Slices | None:
    """Along each axis the slice of an (I, J, K) bool mask that holds most of its voxels; None if it is empty."""
    found = [largest_slice(mask, axis) for axis in range(3)]
    i, j, k = found
    return None if i is None or j is None or k is None else (i, j, k)


def worst_error(truth: np.ndarray, prediction: np.ndarray) -> ErrorSite | None:
    """The largest 26-connected component of voxels that are in one of two (I, J, K) bool masks alone.

    Missed and added voxels never join into one component; of two of one size the missed one is taken. None where the
    masks are equal.
    """
    sites = [
        site
        for is_missed, mask in ((True, truth & ~prediction), (False, prediction & ~truth))
        if (site := _largest_site(mask, is_missed=is_missed)) is not None
    ]
    return max(sites, key=lambda site: site.voxels, default=None)


def _largest_site(mask: np.ndarray, *, is_missed: bool) -> ErrorSite | None:
    boxes = ndimage.find_objects(mask.view(np.uint8))
    if not boxes:
        return None
    box = boxes[0]
    labelled, _ = ndimage.label(mask[box], structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labelled.ravel())
    sizes[0] = 0
    largest = labelled == sizes.argmax()
    within = largest_slices(largest)
    if within is None:
        return None
    i, j, k = (index + part.start for index, part in zip(within, box, strict=True))
    return ErrorSite(is_missed, int(sizes.max()), (i, j, k))
