"""The box of a volume that holds what is there: most of a mask is nothing, and work on it is best done in its box."""

from __future__ import annotations

import numpy as np

Box = tuple[slice, slice, slice]


def occupied_box(*arrays: np.ndarray, margin: int = 0) -> Box | None:
    """The smallest box that holds all that is not zero in any of the arrays.

    Parameters
    ----------
    *arrays : (I, J, K) bool or integer ndarray
        Of one shape.
    margin : int
        Voxels to leave about it, as far as the volume reaches.

    Returns
    -------
    tuple of slice or None
        None if all are zero.
    """
    first = arrays[0]
    box = [slice(0, side) for side in first.shape]
    # The slowest axis first: whole planes are looked through at once, and what they leave is small.
    for axis in sorted(range(3), key=lambda axis: -first.strides[axis]):
        place = tuple(box)
        others = tuple(each for each in range(3) if each != axis)
        ends = np.flatnonzero(np.logical_or.reduce([array[place].any(axis=others) for array in arrays]))
        if not ends.size:
            return None
        box[axis] = slice(int(ends[0]), int(ends[-1]) + 1)
    cut = [
        slice(max(0, each.start - margin), min(side, each.stop + margin))
        for each, side in zip(box, first.shape, strict=True)
    ]
    return (cut[0], cut[1], cut[2])
