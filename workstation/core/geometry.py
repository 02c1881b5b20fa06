"""Voxel grids in world space, and reorientation by axis permutation and flips.

World is RAS+ in mm: the first axis grows to the patient's right, the second to the front, the third to the head. An
affine maps voxel indices (the centre of voxel i is at index i) to world. Nothing here resamples an image, except
`resample_nearest`, which a user must ask for.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from workstation.errors import GeometryError

SAME_GRID_MM = 1e-3
# Farther away than any scanner reaches; beyond it lies only noise in a header.
_FARTHEST_MM = 1e9
_CODES = (("L", "R"), ("P", "A"), ("I", "S"))


@dataclass(frozen=True, slots=True)
class AxisTransform:
    """A permutation of three axes, then flips of some of them.

    Parameters
    ----------
    axes : tuple of int
        Source axis of each new axis.
    flips : tuple of bool
        Whether each new axis runs against its source axis.
    """

    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    @property
    def inverse(self) -> AxisTransform:
        """The transform that undoes this one."""
        order = tuple(self.axes.index(axis) for axis in range(3))
        return AxisTransform((order[0], order[1], order[2]), tuple(self.flips[axis] for axis in order))  # type: ignore[arg-type]

    @property
    def is_identity(self) -> bool:
        """Whether it changes nothing."""
        return self.axes == (0, 1, 2) and not any(self.flips)

    def then(self, second: AxisTransform) -> AxisTransform:
        """This transform followed by `second`, as one."""
        axes = tuple(self.axes[axis] for axis in second.axes)
        flips = tuple(self.flips[axis] != flip for axis, flip in zip(second.axes, second.flips, strict=True))
        return AxisTransform(axes, flips)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Shape and place of a volume's voxels.

    Parameters
    ----------
    shape : tuple of int
        Voxels along (I, J, K).
    affine : (4, 4) float64 ndarray
        Voxel index to world, RAS+, mm.

    Raises
    ------
    GeometryError
        The shape is empty, or the affine is not finite or not invertible.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray
    # World to voxel index, and voxel spacing, made once: the window asks for them many times a frame.
    _inverse: np.ndarray = field(init=False, repr=False)
    _zooms: tuple[float, float, float] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise GeometryError(
                f"a grid of {self.shape} voxels is empty", hint="Write the image again with its source program."
            )
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise GeometryError(
                "the affine holds values that are not numbers",
                hint="Write the header again (sform or qform) with the program that made the image.",
            )
        if np.abs(affine).max() > _FARTHEST_MM:
            raise GeometryError(
                f"the affine places voxels {np.abs(affine).max():.3g} mm away",
                hint="Write the header again (sform or qform) with the program that made the image.",
            )
        sides = np.linalg.norm(affine[:3, :3], axis=0)
        if min(sides) <= 0 or abs(np.linalg.det(affine[:3, :3] / np.where(sides > 0, sides, 1))) < 1e-6:
            raise GeometryError(
                "the affine flattens the volume (it cannot be inverted)",
                hint="Write the header again (sform or qform) with the program that made the image.",
            )
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "_zooms", (float(sides[0]), float(sides[1]), float(sides[2])))
        object.__setattr__(self, "_inverse", np.linalg.inv(affine[:3, :3]).T)

    @property
    def zooms(self) -> tuple[float, float, float]:
        """Voxel spacing along (I, J, K), mm."""
        return self._zooms

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel, ml."""
        return abs(float(np.linalg.det(self.affine[:3, :3]))) / 1000

    @property
    def axis_codes(self) -> str:
        """The directions that the axes run to, such as "LPS"; the nearest ones if the affine is oblique."""
        transform = transform_to_ras(self.affine)
        codes = [""] * 3
        for world_axis, (axis, flip) in enumerate(zip(transform.axes, transform.flips, strict=True)):
            codes[axis] = _CODES[world_axis][0 if flip else 1]
        return "".join(codes)

    @property
    def corners_mm(self) -> np.ndarray:
        """World positions of the eight corner voxels, (8, 3)."""
        return self.to_world(np.array(list(itertools.product(*((0, side - 1) for side in self.shape)))))

    @property
    def centre_mm(self) -> np.ndarray:
        """World position of the grid's centre, (3,)."""
        return self.to_world((np.array(self.shape) - 1) / 2)

    def to_world(self, voxel: np.ndarray | tuple[float, ...]) -> np.ndarray:
        """World positions in mm of (..., 3) voxel indices."""
        result: np.ndarray = np.asarray(voxel, dtype=np.float64) @ self.affine[:3, :3].T + self.affine[:3, 3]
        return result

    def to_voxel(self, position_mm: np.ndarray | tuple[float, ...]) -> np.ndarray:
        """Voxel indices (not rounded) of (..., 3) world positions in mm."""
        result: np.ndarray = (np.asarray(position_mm, dtype=np.float64) - self.affine[:3, 3]) @ self._inverse
        return result

    def nearest_voxel(self, position_mm: np.ndarray | tuple[float, ...]) -> tuple[int, int, int] | None:
        """The voxel that holds a world position; None outside the grid."""
        voxel = np.floor(self.to_voxel(position_mm) + 0.5).astype(np.int64)
        if (voxel < 0).any() or (voxel >= self.shape).any():
            return None
        return (int(voxel[0]), int(voxel[1]), int(voxel[2]))

    def difference_mm(self, other: Grid) -> float:
        """How far apart the same corner voxel of two grids lies at most, mm; infinite if the shapes differ."""
        if self.shape != other.shape:
            return float("inf")
        return float(np.linalg.norm(self.corners_mm - other.corners_mm, axis=1).max())

    def is_same(self, other: Grid, tolerance_mm: float = SAME_GRID_MM) -> bool:
        """Whether two grids have one shape and agree within `tolerance_mm` at every corner."""
        return self.difference_mm(other) <= tolerance_mm

    def transformed(self, transform: AxisTransform) -> Grid:
        """The grid of an array after `reorient(array, transform)`."""
        shape = tuple(self.shape[axis] for axis in transform.axes)
        change = np.zeros((4, 4))
        change[3, 3] = 1
        for new_axis, (axis, flip) in enumerate(zip(transform.axes, transform.flips, strict=True)):
            change[axis, new_axis] = -1 if flip else 1
            change[axis, 3] = self.shape[axis] - 1 if flip else 0
        return Grid((shape[0], shape[1], shape[2]), self.affine @ change)

    def transform_onto(self, other: Grid, tolerance_mm: float = SAME_GRID_MM) -> AxisTransform | None:
        """The permutation and flips that lay this grid's voxels on those of `other`; None if there are none."""
        to_other = transform_to_ras(self.affine).then(transform_to_ras(other.affine).inverse)
        return to_other if self.transformed(to_other).is_same(other, tolerance_mm) else None


def transform_to_ras(affine: np.ndarray) -> AxisTransform:
    """The axis transform that turns an array of this affine as near to RAS+ as permutation and flips can.

    Parameters
    ----------
    affine : (4, 4) ndarray
        Voxel index to world, RAS+, mm; may be oblique.
    """
    rotation = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    # Of the six assignments of voxel axes to world axes take the one with the largest sum of cosines: the greedy choice
    # of the largest cosine, axis by axis, can leave a pair that barely fits.
    best = max(
        itertools.permutations(range(3)),
        key=lambda order: sum(abs(rotation[world, order[world]]) for world in range(3)),
    )
    flips = tuple(bool(rotation[world, best[world]] < 0) for world in range(3))
    return AxisTransform((best[0], best[1], best[2]), (flips[0], flips[1], flips[2]))


def reorient(array: np.ndarray, transform: AxisTransform) -> np.ndarray:
    """A view of an (I, J, K, ...) array with its first three axes permuted and flipped; nothing is copied."""
    axes = (*transform.axes, *range(3, array.ndim))
    return array.transpose(axes)[tuple(slice(None, None, -1 if flip else 1) for flip in transform.flips)]


def resample_nearest(array: np.ndarray, source: Grid, target: Grid) -> np.ndarray:
    """The labels of `array` at the voxels of another grid, nearest neighbour; 0 outside.

    Parameters
    ----------
    array : (I, J, K) ndarray
        Labels on `source`.
    source, target : Grid
        Where the labels are, and where they are wanted.

    Returns
    -------
    ndarray
        Of the target's shape and the array's dtype.
    """
    result = np.zeros(target.shape, dtype=array.dtype, order="F")
    to_source = np.linalg.inv(source.affine) @ target.affine
    i, j = np.meshgrid(np.arange(target.shape[0]), np.arange(target.shape[1]), indexing="ij")
    for k in range(target.shape[2]):
        indices = [
            np.floor(row[0] * i + row[1] * j + row[2] * k + row[3] + 0.5).astype(np.int64) for row in to_source[:3]
        ]
        inside = np.logical_and.reduce(
            [(index >= 0) & (index < side) for index, side in zip(indices, source.shape, strict=True)]
        )
        result[..., k][inside] = array[tuple(index[inside] for index in indices)]
    return result
