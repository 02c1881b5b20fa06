"""Where a slice lies on the screen, over all 48 orientations and both conventions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from workstation.core.geometry import Grid, reorient, transform_to_ras
from workstation.gui.review.slice_geometry import SliceGeometry

SHAPE_RAS = (9, 11, 7)
ZOOMS_RAS = (1.0, 2.0, 3.0)
ORIENTATIONS = list(itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)))


def grid_of(axes: tuple[int, ...], signs: tuple[int, ...]) -> Grid:
    """A grid whose voxel axis n runs along world axis axes[n], with or against it."""
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for voxel_axis, (world_axis, sign) in enumerate(zip(axes, signs, strict=True)):
        affine[world_axis, voxel_axis] = sign * ZOOMS_RAS[world_axis]
        if sign < 0:
            affine[world_axis, 3] = ZOOMS_RAS[world_axis] * (SHAPE_RAS[world_axis] - 1)
    shape = tuple(SHAPE_RAS[axis] for axis in axes)
    return Grid((shape[0], shape[1], shape[2]), affine)


def marked(grid: Grid, position_mm: tuple[float, float, float]) -> np.ndarray:
    """A volume of zeros with a one at a world position."""
    volume = np.zeros(grid.shape, dtype=np.uint8)
    voxel = grid.nearest_voxel(position_mm)
    assert voxel is not None
    volume[voxel] = 1
    return volume


@pytest.mark.parametrize(("axes", "signs"), ORIENTATIONS)
@pytest.mark.parametrize("convention", ["radiological", "neurological"])
def test_a_mark_stands_where_the_letters_say(axes: tuple[int, ...], signs: tuple[int, ...], convention: str) -> None:
    """The mark lies near the patient's right, front and head, off every middle."""
    grid = grid_of(axes, signs)
    position = (7.0, 16.0, 15.0)  # voxel (7, 8, 5) of (9, 11, 7) in RAS order
    volume = reorient(marked(grid, position), transform_to_ras(grid.affine))
    for plane in ("axial", "coronal", "sagittal"):
        geometry = SliceGeometry.of(grid, plane, convention=convention, sagittal_nose="left")
        index, x, y = geometry.to_screen(position)
        rows, columns = np.nonzero(geometry.slice_of(volume, index))
        assert (columns.tolist(), rows.tolist()) == ([int(x)], [int(y)])
        left, right, top, bottom = geometry.letters
        width, height = geometry.size
        towards = {"axial": ("R", "A"), "coronal": ("R", "S"), "sagittal": ("A", "S")}[plane]
        assert (left if x < width / 2 else right) == towards[0]
        assert (top if y < height / 2 else bottom) == towards[1]


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_the_patients_right_is_on_the_left_in_radiological_convention(plane: str) -> None:
    grid = grid_of((0, 1, 2), (-1, -1, 1))  # LPS, as BraTS
    letters = {
        convention: SliceGeometry.of(grid, plane, convention=convention, sagittal_nose="left").letters[:2]
        for convention in ("radiological", "neurological")
    }
    expected = {"radiological": ("R", "L"), "neurological": ("L", "R")}
    assert letters == (expected if plane != "sagittal" else dict.fromkeys(expected, ("A", "P")))


def test_the_nose_changes_side_alone() -> None:
    grid = grid_of((0, 1, 2), (1, 1, 1))
    sides = [
        SliceGeometry.of(grid, "sagittal", convention="radiological", sagittal_nose=nose).letters[0]
        for nose in ("left", "right")
    ]
    assert sides == ["A", "P"]


@pytest.mark.parametrize(("axes", "signs"), ORIENTATIONS[::5])
@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_the_way_to_the_screen_and_back_ends_where_it_began(
    axes: tuple[int, ...], signs: tuple[int, ...], plane: str
) -> None:
    geometry = SliceGeometry.of(grid_of(axes, signs), plane, convention="radiological", sagittal_nose="left")
    position = (3.0, 8.0, 12.0)  # the middle of voxel (3, 4, 4)
    assert geometry.to_mm(*geometry.to_screen(position)) == pytest.approx(position)


def test_pixels_have_the_size_of_the_voxels_shown() -> None:
    grid = grid_of((2, 0, 1), (1, -1, 1))
    sizes = {
        plane: SliceGeometry.of(grid, plane, convention="radiological", sagittal_nose="left").pixel_mm
        for plane in ("axial", "coronal", "sagittal")
    }
    assert sizes == {"axial": (1.0, 2.0), "coronal": (1.0, 3.0), "sagittal": (2.0, 3.0)}


def test_a_place_beyond_the_edge_means_the_last_voxel() -> None:
    grid = grid_of((0, 1, 2), (1, 1, 1))
    geometry = SliceGeometry.of(grid, "axial", convention="neurological", sagittal_nose="left")
    assert geometry.voxel_centre_mm(99, -5.0, 400.0) == pytest.approx((0.0, 0.0, 18.0))
