"""Where to look first: the slice in which a mask is largest; the box that holds the head."""

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


def content_box(data: np.ndarray) -> np.ndarray:
    """The box that holds what is not zero, found from every second voxel along each axis.

    Parameters
    ----------
    data : (I, J, K) ndarray

    Returns
    -------
    (2, 3) int ndarray
        First voxel, and the one behind the last; up to one voxel larger than the content, of which specks thinner than
        two voxels may be missed. The whole volume if nothing is found.
    """
    is_content = data[::2, ::2, ::2] != 0
    shape = np.array(data.shape)
    box = np.array([np.zeros(3, dtype=int), shape])
    for axis in range(3):
        others = tuple(each for each in range(3) if each != axis)
        filled = np.flatnonzero(is_content.any(axis=others))
        if filled.size:
            box[0, axis] = max(0, 2 * filled[0] - 1)
            box[1, axis] = min(shape[axis], 2 * filled[-1] + 2)
    return box
