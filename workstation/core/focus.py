"""Where to look first: the slice in which a mask is largest; its connected parts; the box that holds the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workstation.core.boxes import occupied_box


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """Connected parts of a mask, ranked by size: 1 is the largest.

    Parameters
    ----------
    start : tuple of int
        First voxel of the box that holds them.
    ranks : (I, J, K) int32 ndarray
        Of that box: 0 outside the mask, else the part's rank.
    count : int
    """

    start: tuple[int, int, int]
    ranks: np.ndarray
    count: int

    def rank_at(self, voxel: tuple[int, int, int]) -> int:
        """The rank of the part that a voxel of the whole volume belongs to; 0 for none."""
        inside = tuple(index - first for index, first in zip(voxel, self.start, strict=True))
        if any(not 0 <= index < side for index, side in zip(inside, self.ranks.shape, strict=True)):
            return 0
        return int(self.ranks[inside])

    def focus_voxel(self, rank: int, axis: int) -> tuple[int, int, int]:
        """The voxel of the whole volume near the middle of a part's largest slice across `axis`."""
        found = focus_voxel(self.ranks == rank, axis)
        if found is None:
            raise ValueError(f"there is no part of rank {rank}")
        return (found[0] + self.start[0], found[1] + self.start[1], found[2] + self.start[2])


def components(mask: np.ndarray) -> Components:
    """The connected parts of an (I, J, K) bool mask; voxels that touch by a corner belong together.

    Parts of equal size are ranked in the order of their first voxels.
    """
    # Half of the start's time would go into importing it.
    from scipy import ndimage

    box = occupied_box(mask)
    if box is None:
        return Components((0, 0, 0), np.zeros((0, 0, 0), dtype=np.int32), 0)
    labels, count = ndimage.label(mask[box], structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    rank_of = np.zeros(count + 1, dtype=np.int32)
    rank_of[1 + np.argsort(-sizes, kind="stable")] = np.arange(1, count + 1)
    return Components((box[0].start, box[1].start, box[2].start), rank_of[labels], count)


def largest_slice(mask: np.ndarray, axis: int) -> int | None:
    """Index of the slice across `axis` that holds most voxels of an (I, J, K) bool mask; None if it is empty."""
    box = occupied_box(mask)
    if box is None:
        return None
    others = tuple(each for each in range(3) if each != axis)
    return int(box[axis].start + np.count_nonzero(mask[box], axis=others).argmax())


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
