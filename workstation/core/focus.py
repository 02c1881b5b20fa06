"""Where to look first: the slice in which a mask is largest."""

from __future__ import annotations

import numpy as np


def largest_slice(mask: np.ndarray, axis: int) -> int | None:
    """Index of the slice across `axis` that holds most voxels of an (I, J, K) bool mask; None if it is empty."""
    others = tuple(each for each in range(3) if each != axis)
    areas = np.count_nonzero(mask, axis=others)
    return int(areas.argmax()) if areas.any() else None


def focus_voxel(mask: np.ndarray, axis: int = 2) -> tuple[int, int, int] | None:
    """The voxel of a mask nearest to the middle of its largest slice across `axis`; None if the mask is empty.

    The middle itself may lie in a hole (a rim around a necrotic core), so a voxel of the mask is taken.
    """
    index = largest_slice(mask, axis)
    if index is None:
        return None
    within = np.argwhere(np.take(mask, index, axis=axis))
    nearest = within[np.square(within - within.mean(axis=0)).sum(axis=1).argmin()]
    voxel = [int(value) for value in nearest]
    voxel.insert(axis, index)
    return (voxel[0], voxel[1], voxel[2])
