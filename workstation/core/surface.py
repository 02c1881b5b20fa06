"""Surfaces of masks, and the distances between them: HD95, mean surface distance, normalised surface Dice.

A surface is taken on the lattice of voxel corners: each corner whose eight voxels are partly in the mask carries one
surface element, whose area is that of the surface which marching cubes puts there. Distances are between such corners,
and every figure weighs them by area: the definition of DeepMind's surface-distance, which the BraTS challenge uses.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.spatial import cKDTree

ShouldStop = Callable[[], bool]
Corner = tuple[int, int, int]

# Nearest points are looked up in parts, so that a question may be given up in between.
_QUERY_POINTS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The surface elements of one mask.

    Parameters
    ----------
    corners : (n, 3) int64 ndarray
        Lattice points in C order: (i, j, k) is the corner between the voxels (i-1, j-1, k-1) and (i, j, k).
    keys : (n,) int64 ndarray
        The same as one number each, ascending; surfaces of arrays of one shape have common keys.
    areas_mm2 : (n,) float64 ndarray
        Area of each element.
    zooms : tuple of float
        Distance of neighbouring corners, mm.
    """

    corners: np.ndarray
    keys: np.ndarray
    areas_mm2: np.ndarray
    zooms: tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceDistances:
    """From every element of one surface to the nearest of the other, both ways; infinite where there is no other.

    Parameters
    ----------
    truth_mm, prediction_mm : (n,), (m,) float64 ndarray
        Distances from the elements of the truth, and from those of the prediction.
    truth_mm2, prediction_mm2 : (n,), (m,) float64 ndarray
        Areas of the elements.
    """

    truth_mm: np.ndarray
    prediction_mm: np.ndarray
    truth_mm2: np.ndarray
    prediction_mm2: np.ndarray

    @property
    def hd95_mm(self) -> float:
        """The larger of the two directed 95th percentiles, by area; 0 if both masks are empty, infinite if one is.

        Other definitions pool both directions, or count elements instead of areas, and give other numbers.

        References
        ----------
        Nikolov S et al. J Med Internet Res 23(7), 2021, e26151; github.com/google-deepmind/surface-distance.
        """
        if not self.truth_mm.size and not self.prediction_mm.size:
            return 0.0
        if not self.truth_mm.size or not self.prediction_mm.size:
            return math.inf
        return max(
            _percentile(self.truth_mm, self.truth_mm2, 0.95), _percentile(self.prediction_mm, self.prediction_mm2, 0.95)
        )

    @property
    def assd_mm(self) -> float:
        """Average symmetric surface distance: the mean over both surfaces by area; NaN if just one mask is empty.

        0 if both are.
        """
        area = self.truth_mm2.sum() + self.prediction_mm2.sum()
        if not area:
            return 0.0
        if not self.truth_mm.size or not self.prediction_mm.size:
            return math.nan
        # Not as a product of matrices: for so few numbers its threads cost more than they bring.
        total = (self.truth_mm * self.truth_mm2).sum() + (self.prediction_mm * self.prediction_mm2).sum()
        return float(total / area)

    def nsd(self, tolerance_mm: float) -> float:
        """Normalised surface Dice: the share of both surfaces within a tolerance of the other one.

        1 if both masks are empty, 0 if one is.
        """
        area = self.truth_mm2.sum() + self.prediction_mm2.sum()
        if not area:
            return 1.0
        near = self.truth_mm2[self.truth_mm <= tolerance_mm].sum()
        near += self.prediction_mm2[self.prediction_mm <= tolerance_mm].sum()
        return float(near / area)


def surface_of(mask: np.ndarray, zooms: tuple[float, float, float]) -> Surface:
    """The surface of a mask.

    Parameters
    ----------
    mask : (I, J, K) bool ndarray
        What lies outside the array is not in the mask.
    zooms : tuple of float
        Voxel spacing, mm.
    """
    codes: np.ndarray = np.pad(mask.view(np.uint8), 1)
    # The eight voxels about each corner as bits, one axis at a time.
    codes = codes[:, :, :-1] | codes[:, :, 1:] << 1
    codes = codes[:, :-1] | codes[:, 1:] << 2
    codes = codes[:-1] | codes[1:] << 4
    # 0 and 255 are no surface, and become 1 and 0.
    found = np.flatnonzero((codes + np.uint8(1)) > 1)
    corners = np.stack(np.unravel_index(found, codes.shape), axis=1)
    return Surface(corners, found, surface_areas(zooms)[codes.ravel()[found]], zooms)


def components_of(surface: Surface, labelled: np.ndarray) -> np.ndarray:
    """The component that each surface element belongs to.

    Voxels that touch in a corner are one component, so an element never belongs to two.

    Parameters
    ----------
    surface : Surface
        Of the array's mask.
    labelled : (I, J, K) int ndarray
        Components with 26-connectivity, counted from 1.

    Returns
    -------
    (n,) int ndarray
    """
    if labelled.max(initial=0) <= 1:
        return np.ones(surface.keys.size, dtype=labelled.dtype)
    padded = np.pad(labelled, 1)
    about = np.array(list(itertools.product((0, 1), repeat=3)))
    voxels = np.ravel_multi_index(tuple((surface.corners[:, None] + about).transpose(2, 0, 1)), padded.shape)
    found: np.ndarray = padded.ravel()[voxels].max(axis=1)
    return found


class SurfacePair:
    """Two surfaces of arrays of one shape, and which element of the other is nearest to each.

    Parameters
    ----------
    truth, prediction : Surface
    should_stop : callable
        Asked between thousands of elements.

    Raises
    ------
    CancelledError
        `should_stop` said so.
    """

    def __init__(self, truth: Surface, prediction: Surface, *, should_stop: ShouldStop = lambda: False) -> None:
        self.truth = truth
        self.prediction = prediction
        self._should_stop = should_stop
        self._from_truth = _nearest(truth, prediction, should_stop)
        self._from_prediction = _nearest(prediction, truth, should_stop)

    def distances(self) -> SurfaceDistances:
        """Between the whole surfaces."""
        truth, prediction = self.truth, self.prediction
        return SurfaceDistances(
            _apart_mm(truth.corners, prediction.corners, self._from_truth, truth.zooms),
            _apart_mm(prediction.corners, truth.corners, self._from_prediction, truth.zooms),
            truth.areas_mm2,
            prediction.areas_mm2,
        )

    def distances_between(self, in_truth: np.ndarray, in_prediction: np.ndarray) -> SurfaceDistances:
        """Between parts of the surfaces, which (n,) and (m,) bool arrays choose."""
        return SurfaceDistances(
            self._between_mm(self.truth, self.prediction, self._from_truth, (in_truth, in_prediction)),
            self._between_mm(self.prediction, self.truth, self._from_prediction, (in_prediction, in_truth)),
            self.truth.areas_mm2[in_truth],
            self.prediction.areas_mm2[in_prediction],
        )

    def _between_mm(
        self, surface: Surface, other: Surface, nearest: np.ndarray, chosen: tuple[np.ndarray, np.ndarray]
    ) -> np.ndarray:
        """Distances of one part; only elements whose nearest one is not in the other part are looked up anew."""
        in_surface, in_other = chosen
        points, nearest = surface.corners[in_surface], nearest[in_surface]
        if not in_other.any() or not len(other.corners):
            return np.full(len(points), np.inf)
        found = _apart_mm(points, other.corners, nearest, surface.zooms)
        is_elsewhere = ~in_other[nearest]
        found[is_elsewhere] = nearest_mm(
            points[is_elsewhere], other.corners[in_other], surface.zooms, should_stop=self._should_stop
        )
        return found


def nearest_mm(
    points: np.ndarray, others: np.ndarray, zooms: Sequence[float], *, should_stop: ShouldStop = lambda: False
) -> np.ndarray:
    """Distance of each (n, 3) lattice point to the nearest of the (m, 3) others, mm; infinite if there are none."""
    return _apart_mm(points, others, _nearest_points(points, others, zooms, should_stop), zooms)


def _nearest(surface: Surface, other: Surface, should_stop: ShouldStop) -> np.ndarray:
    """Index of the other surface's nearest element for each one; those on one corner are not searched for."""
    if not other.keys.size:
        return np.zeros(surface.keys.size, dtype=np.int64)
    found = np.minimum(np.searchsorted(other.keys, surface.keys), other.keys.size - 1)
    is_apart = other.keys[found] != surface.keys
    found[is_apart] = _nearest_points(surface.corners[is_apart], other.corners, surface.zooms, should_stop)
    return found


def _nearest_points(
    points: np.ndarray, others: np.ndarray, zooms: Sequence[float], should_stop: ShouldStop
) -> np.ndarray:
    if not len(others) or not len(points):
        return np.zeros(len(points), dtype=np.int64)
    scale = np.asarray(zooms, dtype=np.float64)
    # A tree that is split in the middle is built and searched several times faster where all points lie on a lattice:
    # medians of many equal coordinates split badly.
    tree = cKDTree(others * scale, balanced_tree=False, compact_nodes=False)
    found = np.empty(len(points), dtype=np.int64)
    for start in range(0, len(points), _QUERY_POINTS):
        if should_stop():
            raise CancelledError
        some = slice(start, start + _QUERY_POINTS)
        found[some] = tree.query(points[some] * scale)[1]
    return found


def _apart_mm(points: np.ndarray, others: np.ndarray, nearest: np.ndarray, zooms: Sequence[float]) -> np.ndarray:
    """Distance of each point to the other one of an index, from whole steps: 2 mm is 2 mm to the last digit."""
    if not len(others):
        return np.full(len(points), np.inf)
    apart: np.ndarray = np.sqrt(np.square((points - others[nearest]) * np.asarray(zooms)).sum(axis=1))
    return apart


def _percentile(distances_mm: np.ndarray, areas_mm2: np.ndarray, share: float) -> float:
    """The distance that `share` of the area does not exceed; a distance that occurs, nothing in between."""
    order = np.argsort(distances_mm)
    covered = np.cumsum(areas_mm2[order])
    index = int(np.searchsorted(covered / covered[-1], share))
    return float(distances_mm[order[min(index, order.size - 1)]])


@lru_cache(maxsize=8)
def surface_areas(zooms: tuple[float, float, float]) -> np.ndarray:
    """Area of the surface about a corner, for each of the 256 ways in which its eight voxels may lie in a mask.

    Parameters
    ----------
    zooms : tuple of float
        Voxel spacing, mm.

    Returns
    -------
    (256,) float64 ndarray
        mm2, indexed by the voxels as bits: 1 for the next along K, 2 along J, 4 along I (so that bit 7 is the voxel
        next along all three). The polygons of marching cubes run through the middles of the edges; where a face can be
        cut in two ways the fewer voxels are kept apart, and a polygon that is not flat is taken with the triangles of
        the largest total area at equal spacing. That gives the areas of DeepMind's table at every spacing.

    References
    ----------
    Lorensen WE, Cline HE. Computer Graphics 21(4), 1987, 163-169.
    """
    across = np.array([zooms[1] * zooms[2], zooms[0] * zooms[2], zooms[0] * zooms[1]])
    areas = np.array([np.linalg.norm(_normals(code) * across, axis=1).sum() for code in range(256)])
    areas.setflags(write=False)
    return areas


@lru_cache(maxsize=256)
def _normals(code: int) -> np.ndarray:
    """Area vectors of the triangles about a corner at unit spacing, (n, 3)."""
    cube = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    inside = {corner for bit, corner in enumerate(cube) if code >> bit & 1}
    if len(inside) > 4:
        inside = set(cube) - inside
    return np.concatenate([np.empty((0, 3)), *(_widest(np.array(polygon)) for polygon in _polygons(inside))])


def _widest(polygon: np.ndarray) -> np.ndarray:
    """Area vectors of the triangulation with the largest area; (n - 2, 3) of the (n, 3) points of a polygon."""
    triangles = polygon[np.array(_triangulations(0, len(polygon) - 1))]
    first = triangles[..., 0, :]
    normals = np.cross(triangles[..., 1, :] - first, triangles[..., 2, :] - first) / 2
    widest: np.ndarray = normals[np.linalg.norm(normals, axis=-1).sum(axis=-1).argmax()]
    return widest


@lru_cache(maxsize=64)
def _triangulations(first: int, last: int) -> list[list[tuple[int, int, int]]]:
    """All ways to cut the polygon of the points `first` to `last` into triangles of their indices."""
    if last - first < 2:
        return [[]]
    return [
        [*left, *right, (first, index, last)]
        for index in range(first + 1, last)
        for left in _triangulations(first, index)
        for right in _triangulations(index, last)
    ]


def _polygons(inside: set[Corner]) -> list[list[tuple[float, ...]]]:
    """The closed lines on the faces of a unit cube that part the corners inside from the others."""
    following: dict[tuple[float, ...], tuple[float, ...]] = {}
    for face in _faces():
        cuts = [index for index in range(4) if (face[index] in inside) != (face[(index + 1) % 4] in inside)]
        # Round the face, a line begins where the inside is entered and ends where it is left.
        for index in cuts:
            if face[index] not in inside:
                leaves = next((index + step) % 4 for step in range(1, 4) if (index + step) % 4 in cuts)
                following[_middle(face, index)] = _middle(face, leaves)
    polygons = []
    while following:
        point, then = following.popitem()
        polygon = [point]
        while then != point:
            polygon.append(then)
            then = following.pop(then)
        polygons.append(polygon)
    return polygons


def _faces() -> Iterator[list[Corner]]:
    """The corners of the six faces, each in the same sense seen from outside."""
    for axis, side in itertools.product(range(3), (0, 1)):
        ring = [(0, 0), (1, 0), (1, 1), (0, 1)]
        yield [_on_face(axis, side, pair) for pair in (ring if side else ring[::-1])]


def _on_face(axis: int, side: int, pair: tuple[int, int]) -> Corner:
    corner = [0, 0, 0]
    corner[axis], corner[(axis + 1) % 3], corner[(axis + 2) % 3] = side, *pair
    return (corner[0], corner[1], corner[2])


def _middle(face: Sequence[Corner], index: int) -> tuple[float, ...]:
    return tuple((one + other) / 2 for one, other in zip(face[index], face[(index + 1) % 4], strict=True))
