"""The two diameters of a lesion as response criteria take them: the longest one in an axial slice, and across it.

They are an aid to a reader, who moves their ends; no rule of measurability or of progression is applied here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull

from workstation.core.geometry import Grid

Point = tuple[float, float, float]
ENDS = ("longest_start", "longest_end", "across_start", "across_end")


@dataclass(frozen=True, slots=True)
class Diameters:
    """Two lines in one axial slice; their ends are world positions, RAS+ mm.

    Parameters
    ----------
    longest_start, longest_end : tuple of float
        Ends of the longest diameter.
    across_start, across_end : tuple of float
        Ends of the longest one perpendicular to it.
    """

    longest_start: Point
    longest_end: Point
    across_start: Point
    across_end: Point

    @property
    def longest_mm(self) -> float:
        """Length of the first line."""
        return math.dist(self.longest_start, self.longest_end)

    @property
    def across_mm(self) -> float:
        """Length of the second line."""
        return math.dist(self.across_start, self.across_end)

    @property
    def product_mm2(self) -> float:
        """Product of both lengths.

        References
        ----------
        Macdonald DR et al. J Clin Oncol 8(7), 1990, 1277-1280; Wen PY et al. J Clin Oncol 28(11), 2010, 1963-1972.
        """
        return self.longest_mm * self.across_mm

    def moved(self, end: str, position: Point) -> Diameters:
        """With one of `ENDS` at another position."""
        return replace(self, **{end: position})


def measure_diameters(mask: np.ndarray, grid: Grid) -> Diameters | None:
    """Diameters of a lesion in the axial slice where it is largest.

    The slice is the one that holds the largest connected area (by edges and corners). Diameters run between the outer
    corners of its voxels and may cross a hollow, such as necrosis within an enhancing rim, which counts as lesion.

    Parameters
    ----------
    mask : (I, J, K) bool ndarray
        Such as enhancing tumour.
    grid : Grid
        Its axis nearest to head-foot counts as axial.

    Returns
    -------
    Diameters or None
        None if the mask is empty.
    """
    axis = next(number for number, code in enumerate(grid.axis_codes) if code in "IS")
    found = _largest_area(mask, axis)
    if found is None:
        return None
    index, area = found
    one, other = (number for number in range(3) if number != axis)
    pixels = np.argwhere(area)
    corners = np.concatenate([pixels + offset for offset in ((-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5))])
    outline = corners[ConvexHull(corners).vertices]
    voxels = np.empty((len(outline), 3))
    voxels[:, axis], voxels[:, one], voxels[:, other] = index, outline[:, 0], outline[:, 1]
    return _diameters(grid.to_world(voxels))


def _largest_area(mask: np.ndarray, axis: int) -> tuple[int, np.ndarray] | None:
    """(index, (n, m) bool) of the slice with the largest connected area, and that area."""
    best: tuple[int, np.ndarray] | None = None
    most = 0
    others = tuple(number for number in range(3) if number != axis)
    sizes = np.count_nonzero(mask, axis=others)
    # From the fullest slice on: a slice with fewer voxels in all than the best area cannot hold a larger one.
    for index in np.argsort(-sizes, kind="stable").tolist():
        if sizes[index] <= most:
            break
        labelled, _ = ndimage.label(np.take(mask, index, axis=axis), np.ones((3, 3)))
        areas = np.bincount(labelled.ravel())
        areas[0] = 0
        if areas.max() > most:
            most = int(areas.max())
            best = (index, labelled == areas.argmax())
    return best


def _diameters(outline_mm: np.ndarray) -> Diameters:
    """Of the (n, 3) corners of a convex outline in a plane, in their order."""
    apart = np.linalg.norm(outline_mm[:, None] - outline_mm, axis=2)
    start, end = np.unravel_index(apart.argmax(), apart.shape)
    origin = outline_mm[start]
    along = (outline_mm[end] - origin) / apart[start, end]
    # The normal of the plane, from the corner farthest off the line.
    off = outline_mm - origin - np.outer((outline_mm - origin) @ along, along)
    across = off[np.linalg.norm(off, axis=1).argmax()]
    across = across / np.linalg.norm(across)
    places, sides = (outline_mm - origin) @ along, (outline_mm - origin) @ across
    # A convex outline is widest across the line at one of its corners.
    widths = [_across(places, sides, place) for place in places]
    widest = max(range(len(places)), key=lambda corner: widths[corner][1] - widths[corner][0])
    foot = origin + places[widest] * along
    low, high = (foot + side * across for side in widths[widest])
    return Diameters(_point(origin), _point(outline_mm[end]), _point(low), _point(high))


def _across(places: np.ndarray, sides: np.ndarray, place: float) -> tuple[float, float]:
    """The two sides of a closed convex outline at a place along its longest diameter."""
    first, last = places, np.roll(places, -1)
    span = last - first
    crosses = (np.minimum(first, last) <= place) & (place <= np.maximum(first, last)) & (np.abs(span) > 1e-9)
    share = (place - first[crosses]) / span[crosses]
    hits = sides[crosses] + share * (np.roll(sides, -1)[crosses] - sides[crosses])
    # An edge that runs straight across has no span; its ends are hits of its neighbours.
    return (float(hits.min()), float(hits.max()))


def _point(values: np.ndarray) -> Point:
    return (float(values[0]), float(values[1]), float(values[2]))
