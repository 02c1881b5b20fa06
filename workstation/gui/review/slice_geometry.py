"""Where a slice of a plane lies on the screen: axes, flips, letters, and the way between mm and pixels.

Arrays come in RAS order (views of the original, `core.geometry.reorient`). On screen x runs right and y runs down, and
pixel column c covers c to c + 1, so that its middle is at c + 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workstation.core.geometry import Grid, transform_to_ras

# (slice axis, axis along x, axis along y) of RAS arrays.
_AXES = {"axial": (2, 0, 1), "coronal": (1, 0, 2), "sagittal": (0, 1, 2)}
_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))


@dataclass(frozen=True, slots=True, eq=False)
class SliceGeometry:
    """One plane of one grid on the screen.

    Parameters
    ----------
    plane : {"axial", "sagittal", "coronal"}
    ras_grid : Grid
        The grid after reorientation to RAS.
    flips_x : bool
        Whether x on the screen runs against its RAS axis; y always does (anterior and superior are up).
    """

    plane: str
    ras_grid: Grid
    flips_x: bool

    @classmethod
    def of(cls, grid: Grid, plane: str, *, convention: str, sagittal_nose: str) -> SliceGeometry:
        """The plane of a case's grid, by the conventions of the view."""
        ras_grid = grid.transformed(transform_to_ras(grid.affine))
        flips_x = sagittal_nose == "left" if plane == "sagittal" else convention == "radiological"
        return cls(plane, ras_grid, flips_x)

    @property
    def ras_axis(self) -> int:
        """The axis of RAS arrays that the slices lie across."""
        return _AXES[self.plane][0]

    @property
    def slice_count(self) -> int:
        """Number of slices."""
        return self.ras_grid.shape[_AXES[self.plane][0]]

    @property
    def size(self) -> tuple[int, int]:
        """Pixels along x and y."""
        _, x_axis, y_axis = _AXES[self.plane]
        return (self.ras_grid.shape[x_axis], self.ras_grid.shape[y_axis])

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Size of a pixel along x and y, mm."""
        _, x_axis, y_axis = _AXES[self.plane]
        return (self.ras_grid.zooms[x_axis], self.ras_grid.zooms[y_axis])

    @property
    def slice_mm(self) -> float:
        """Thickness of a slice, mm."""
        return self.ras_grid.zooms[_AXES[self.plane][0]]

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """The patient's directions at the left, right, top and bottom edges."""
        _, x_axis, y_axis = _AXES[self.plane]
        low, high = _LETTERS[x_axis]
        left, right = (high, low) if self.flips_x else (low, high)
        return (left, right, _LETTERS[y_axis][1], _LETTERS[y_axis][0])

    def slice_of(self, ras_array: np.ndarray, index: int) -> np.ndarray:
        """The (rows, columns) view of one slice of an array in RAS order, as it stands on the screen."""
        slice_axis, x_axis, y_axis = _AXES[self.plane]
        within = ras_array.transpose(slice_axis, y_axis, x_axis)[index]
        return within[::-1, :: -1 if self.flips_x else 1]

    def to_screen(self, position_mm: tuple[float, float, float]) -> tuple[int, float, float]:
        """(slice index, x, y) of a world position; the index is clipped to the volume, x and y are not."""
        slice_axis, x_axis, y_axis = _AXES[self.plane]
        voxel = self.ras_grid.to_voxel(position_mm)
        width, height = self.size
        x = float(voxel[x_axis]) + 0.5
        y = float(voxel[y_axis]) + 0.5
        index = int(np.clip(np.floor(voxel[slice_axis] + 0.5), 0, self.slice_count - 1))
        return index, (width - x if self.flips_x else x), height - y

    def to_mm(self, index: float, x: float, y: float) -> tuple[float, float, float]:
        """World position of a place on a slice."""
        slice_axis, x_axis, y_axis = _AXES[self.plane]
        width, height = self.size
        voxel = np.empty(3)
        voxel[slice_axis] = index
        voxel[x_axis] = (width - x if self.flips_x else x) - 0.5
        voxel[y_axis] = height - y - 0.5
        position = self.ras_grid.to_world(voxel)
        return (float(position[0]), float(position[1]), float(position[2]))

    def voxel_centre_mm(self, index: int, x: float, y: float) -> tuple[float, float, float]:
        """World position of the middle of the voxel under a place on a slice, clipped to the volume."""
        width, height = self.size
        column = int(np.clip(np.floor(x), 0, width - 1))
        row = int(np.clip(np.floor(y), 0, height - 1))
        return self.to_mm(int(np.clip(index, 0, self.slice_count - 1)), column + 0.5, row + 0.5)
