"""Diameters of shapes that have known ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workstation.core.diameters import measure_diameters
from workstation.core.geometry import Grid

UNIT = np.eye(4)


def rectangle(sides: tuple[int, int], *, index: int = 5, shape: tuple[int, int, int] = (40, 40, 12)) -> np.ndarray:
    """A rectangle of voxels in one axial slice, from (6, 8)."""
    mask = np.zeros(shape, dtype=bool)
    mask[6 : 6 + sides[0], 8 : 8 + sides[1], index] = True
    return mask


def test_a_rectangle_has_its_diagonal_and_the_chord_across_it() -> None:
    found = measure_diameters(rectangle((20, 10)), Grid((40, 40, 12), UNIT))
    assert found is not None
    diagonal = math.hypot(20, 10)
    assert found.longest_mm == pytest.approx(diagonal)
    # The line across the diagonal of an a x b rectangle through a corner: b * d / a with d the diagonal.
    assert found.across_mm == pytest.approx(10 * diagonal / 20)
    assert found.product_mm2 == pytest.approx(found.longest_mm * found.across_mm)


def test_lengths_are_in_mm_of_unequal_voxels() -> None:
    grid = Grid((40, 40, 12), np.diag([0.5, 2.0, 5.0, 1.0]))
    found = measure_diameters(rectangle((24, 8)), grid)
    assert found is not None
    # 12 mm by 16 mm.
    assert found.longest_mm == pytest.approx(20.0)
    assert found.across_mm == pytest.approx(12 * 20 / 16)


def test_a_disc_is_as_wide_as_long() -> None:
    i, j = np.ogrid[:64, :64]
    mask = np.zeros((64, 64, 3), dtype=bool)
    mask[..., 1] = (i - 31.5) ** 2 + (j - 31.5) ** 2 < 20**2
    found = measure_diameters(mask, Grid(mask.shape, UNIT))
    assert found is not None
    # Corners of voxels lie at most a diagonal outside the circle, at both ends.
    assert found.longest_mm == pytest.approx(40, abs=math.sqrt(2))
    assert found.across_mm == pytest.approx(40, abs=math.sqrt(2))


def test_an_ellipse_turned_in_the_plane_keeps_its_axes() -> None:
    i, j = np.meshgrid(np.arange(100) - 50, np.arange(100) - 50, indexing="ij")
    angle = math.radians(30)
    along, across = i * math.cos(angle) + j * math.sin(angle), j * math.cos(angle) - i * math.sin(angle)
    mask = np.zeros((100, 100, 1), dtype=bool)
    mask[..., 0] = (along / 40) ** 2 + (across / 15) ** 2 < 1
    found = measure_diameters(mask, Grid(mask.shape, UNIT))
    assert found is not None
    assert found.longest_mm == pytest.approx(80, abs=1.5)
    assert found.across_mm == pytest.approx(30, abs=1.5)
    start, end = np.array(found.longest_start), np.array(found.longest_end)
    low, high = np.array(found.across_start), np.array(found.across_end)
    assert (end - start) @ (high - low) == pytest.approx(0.0, abs=1e-6)


def test_a_hollow_counts_as_lesion() -> None:
    ring = rectangle((20, 20))
    ring[9:23, 11:25, 5] = False
    whole, hollow = (measure_diameters(mask, Grid((40, 40, 12), UNIT)) for mask in (rectangle((20, 20)), ring))
    assert whole is not None
    assert hollow is not None
    assert (hollow.longest_mm, hollow.across_mm) == pytest.approx((whole.longest_mm, whole.across_mm))


def test_the_slice_is_that_of_the_largest_connected_area() -> None:
    # 12 voxels in two parts of 6, against 9 in one.
    mask = rectangle((3, 3), index=8)
    mask[0:2, 0:3, 2] = mask[30:32, 30:33, 2] = True
    found = measure_diameters(mask, Grid((40, 40, 12), UNIT))
    assert found is not None
    assert found.longest_start[2] == found.across_end[2] == 8.0
    assert found.longest_mm == pytest.approx(3 * math.sqrt(2))


def test_axial_is_the_axis_that_runs_to_the_head() -> None:
    # Axes stored as S, R, A: the first one is axial.
    affine = np.array([[0, 1.0, 0, 0], [0, 0, 1.0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]])
    mask = np.zeros((12, 40, 40), dtype=bool)
    mask[5, 6:26, 8:18] = True
    found = measure_diameters(mask, Grid(mask.shape, affine))
    assert found is not None
    assert found.longest_mm == pytest.approx(math.hypot(20, 10))
    assert found.longest_start[2] == 15.0


def test_one_voxel_has_its_diagonals() -> None:
    found = measure_diameters(rectangle((1, 1)), Grid((40, 40, 12), UNIT))
    assert found is not None
    assert (found.longest_mm, found.across_mm) == pytest.approx((math.sqrt(2), math.sqrt(2)))


def test_an_empty_mask_has_no_diameters() -> None:
    assert measure_diameters(np.zeros((4, 4, 4), dtype=bool), Grid((4, 4, 4), UNIT)) is None


def test_an_end_can_be_moved() -> None:
    found = measure_diameters(rectangle((20, 10)), Grid((40, 40, 12), UNIT))
    assert found is not None
    moved = found.moved("across_end", found.across_start)
    assert moved.across_mm == 0.0
    assert moved.longest_mm == found.longest_mm
