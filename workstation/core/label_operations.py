"""What is done to a label as a whole: flood fill, interpolation between slices, removal of islands, smoothing.

Each looks at the box that it needs and returns labels for that box; none changes its input. scipy is imported inside:
it takes a third of a second, and the window must be up before.
"""

from __future__ import annotations

import itertools

import numpy as np

from workstation.core.boxes import Box, occupied_box
from workstation.errors import EditError

# A Gaussian has fallen to nothing at this many of its widths.
_REACH_SIGMAS = 3.0
_HINT_DRAW = "Draw the label first, or choose the label that is meant."


def filled_region(
    data: np.ndarray, seed: tuple[int, int, int], *, axis: int | None = None, allowed: np.ndarray | None = None
) -> tuple[Box, np.ndarray]:
    """The voxels that hang together with one voxel and have its label; neighbours share a face.

    Parameters
    ----------
    data : (I, J, K) uint8 ndarray
    seed : tuple of int
    axis : int or None
        Stay in the slice across this axis; None fills in 3D.
    allowed : (I, J, K) bool ndarray or None
        Only these voxels.

    Returns
    -------
    tuple of (box, mask)
        Where the mask lies, and which voxels there: bool.

    Raises
    ------
    EditError
        The background there is open towards the edge of the volume (of the slice), or the seed is not allowed.
    """
    from scipy import ndimage

    plane = [slice(None)] * 3
    if axis is not None:
        plane[axis] = slice(seed[axis], seed[axis] + 1)
    part = data[tuple(plane)]
    same = part == data[seed]
    if allowed is not None:
        same &= allowed[tuple(plane)]
    place = tuple(0 if each == axis else seed[each] for each in range(3))
    if not same[place]:
        raise EditError(
            "The voxel lies outside the intensity range", hint="Widen the range, or switch the range limit off."
        )
    components, _ = ndimage.label(same)
    number = int(components[place])
    found = ndimage.find_objects(components, max_label=number)[number - 1]
    if data[seed] == 0 and _reaches_edge(found, same.shape, axis):
        raise EditError(
            "The background there is not enclosed: it is open towards the edge of the image",
            hint="Close the outline first, or fill inside a label to give it another one.",
        )
    offset = [seed[each] if each == axis else 0 for each in range(3)]
    box = tuple(slice(side.start + by, side.stop + by) for side, by in zip(found, offset, strict=True))
    return (box[0], box[1], box[2]), components[found] == number


def interpolated_slices(
    data: np.ndarray, label: int, *, axis: int, zooms: tuple[float, float, float]
) -> tuple[Box, np.ndarray]:
    """A label in the slices between those where it was drawn, by shape.

    Between two neighbouring slices that have the label, with slices between them that have none, the signed distances
    to the two outlines are mixed by the distance of the slice; the label is where the mixture is inside.

    Parameters
    ----------
    data : (I, J, K) uint8 ndarray
    label : int
    axis : int
        The slices lie across it.
    zooms : tuple of float
        Voxel spacing, mm.

    Returns
    -------
    tuple of (box, mask)
        Where the mask lies, and the voxels to be given the label: bool.

    Raises
    ------
    EditError
        There are no two slices with the label that have slices without it between them.

    References
    ----------
    Raya SP, Udupa JK. IEEE Trans Med Imaging 9(1), 1990, 32-42.
    """
    mask = data == label
    box = occupied_box(mask)
    drawn = np.array([], dtype=int)
    if box is not None:
        mask = np.moveaxis(mask[box], axis, 0)
        drawn = np.flatnonzero(mask.any(axis=(1, 2)))
    gaps = [(one, other) for one, other in itertools.pairwise(drawn.tolist()) if other - one > 1]
    if box is None or not gaps:
        raise EditError("There is no gap between drawn slices to fill", hint=_HINT_DRAW)
    within = [zoom for each, zoom in enumerate(zooms) if each != axis]
    added = np.zeros_like(mask)
    for one, other in gaps:
        below, above = (_signed_distance(mask[index], within) for index in (one, other))
        for index in range(one + 1, other):
            share = (index - one) / (other - one)
            added[index] = (1 - share) * below + share * above > 0
    return box, np.moveaxis(added, 0, axis)


def without_islands(data: np.ndarray, label: int, *, smallest_voxels: int) -> tuple[Box, np.ndarray]:
    """The labels after small islands of one label were given the label that surrounds them most.

    Parameters
    ----------
    data : (I, J, K) uint8 ndarray
    label : int
    smallest_voxels : int
        Islands of fewer voxels go; voxels that share a corner hang together.

    Returns
    -------
    tuple of (box, labels)
        Where the labels lie, and the labels there: uint8.

    Raises
    ------
    EditError
        There is no island that small, or the label does not occur.
    """
    from scipy import ndimage

    box = occupied_box(data == label, margin=1)
    if box is None:
        raise EditError("The label does not occur in the mask", hint=_HINT_DRAW)
    part = data[box]
    labels = part.copy()
    touching = np.ones((3, 3, 3), dtype=bool)
    components, _ = ndimage.label(part == label, structure=touching)
    sizes = np.bincount(components.ravel())
    places = ndimage.find_objects(components)
    small = [number for number in range(1, sizes.size) if sizes[number] < smallest_voxels]
    for number in small:
        near = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in places[number - 1])
        island = components[near] == number
        ring = ndimage.binary_dilation(island, structure=touching) & ~island
        labels[near][island] = np.bincount(part[near][ring], minlength=1).argmax()
    if not small:
        raise EditError("No island of the label is that small", hint="Choose a larger volume.")
    return box, labels


def smoothed_label(
    data: np.ndarray, label: int, *, sigma_mm: float, zooms: tuple[float, float, float]
) -> tuple[Box, np.ndarray]:
    """The labels after the surface of one label was smoothed.

    The label's mask is blurred by a Gaussian and kept where more than half is left. What the label gives up goes to the
    other label, or the background, that is strongest there after the same blur.

    Parameters
    ----------
    data : (I, J, K) uint8 ndarray
    label : int
    sigma_mm : float
        Width of the Gaussian. Structures thinner than about twice that vanish.
    zooms : tuple of float
        Voxel spacing, mm.

    Returns
    -------
    tuple of (box, labels)
        Where the labels lie, and the labels there: uint8.

    Raises
    ------
    EditError
        The label does not occur.
    """
    from scipy import ndimage

    sigmas = [sigma_mm / zoom for zoom in zooms]
    box = occupied_box(data == label, margin=int(np.ceil(_REACH_SIGMAS * max(sigmas))))
    if box is None:
        raise EditError("The label does not occur in the mask", hint=_HINT_DRAW)
    part = data[box]
    mask = part == label

    def blurred(which: np.ndarray) -> np.ndarray:
        soft: np.ndarray = ndimage.gaussian_filter(which.astype(np.float32), sigmas, mode="nearest")
        return soft

    is_kept = blurred(mask) > 0.5
    labels = np.where(is_kept, np.uint8(label), part)
    given_up = mask & ~is_kept
    others = np.setdiff1d(np.append(np.unique(part), 0), [label]).astype(np.uint8)
    strongest = np.argmax([blurred(part == other)[given_up] for other in others], axis=0)
    labels[given_up] = others[strongest]
    return box, labels


def _signed_distance(mask: np.ndarray, zooms: list[float]) -> np.ndarray:
    """Distance to the outline of a 2-D mask, mm: positive inside."""
    from scipy import ndimage

    # A rim of background, so that there is an outside; far enough away not to matter inside.
    padded = np.pad(mask, 1)
    inside = ndimage.distance_transform_edt(padded, sampling=zooms)
    outside = ndimage.distance_transform_edt(~padded, sampling=zooms)
    distance: np.ndarray = (inside - outside)[1:-1, 1:-1]
    return distance


def _reaches_edge(box: tuple[slice, ...], shape: tuple[int, ...], axis: int | None) -> bool:
    return any(
        side.start == 0 or side.stop == length
        for each, (side, length) in enumerate(zip(box, shape, strict=True))
        if each != axis
    )
