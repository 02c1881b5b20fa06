"""Lengths and areas, from arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workstation.core.focus import components
from workstation.core.marks import Outline, Ruler


def test_a_ruler_is_as_long_as_pythagoras_says() -> None:
    assert Ruler("axial", (1.0, 2.0, 3.0), (4.0, 6.0, 3.0)).length_mm == pytest.approx(5.0)


def test_the_area_of_a_rectangle_and_of_a_tilted_triangle() -> None:
    rectangle = Outline("axial", ((0, 0, 7), (10, 0, 7), (10, 4, 7), (0, 4, 7)), slice_mm=2.5)
    assert rectangle.area_mm2 == pytest.approx(40.0)
    assert rectangle.volume_ml == pytest.approx(40 * 2.5 / 1000)
    # Sides of 3 and 4 at a right angle, in no plane of the axes.
    turn = math.sqrt(0.5)
    tilted = Outline("axial", ((5, 5, 5), (5 + 3 * turn, 5, 5 + 3 * turn), (5, 9, 5)), slice_mm=1)
    assert tilted.area_mm2 == pytest.approx(6.0)


def test_two_corners_have_no_area() -> None:
    assert Outline("axial", ((0, 0, 0), (1, 1, 0)), slice_mm=1).area_mm2 == 0


def test_parts_are_ranked_by_size_and_touch_by_corners() -> None:
    mask = np.zeros((12, 10, 8), dtype=bool)
    mask[1, 1, 1] = mask[2, 2, 2] = True  # one part of two voxels
    mask[6:9, 5:7, 4] = True  # one of six
    mask[11, 9, 7] = True
    parts = components(mask)
    assert parts.count == 3
    assert [parts.rank_at(voxel) for voxel in ((6, 5, 4), (1, 1, 1), (2, 2, 2), (11, 9, 7), (0, 0, 0))] == [
        1,
        2,
        2,
        3,
        0,
    ]
    assert mask[parts.focus_voxel(1, 2)]
    assert parts.focus_voxel(3, 2) == (11, 9, 7)
    assert components(np.zeros((3, 3, 3), dtype=bool)).count == 0
