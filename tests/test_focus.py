"""Where to look first."""

from __future__ import annotations

import numpy as np

from workstation.core.focus import focus_voxel, largest_slice


def test_the_largest_slice_is_found_across_each_axis() -> None:
    mask = np.zeros((6, 7, 8), dtype=bool)
    mask[1:5, 2:4, 3] = True
    mask[2, 2, 6] = True
    assert [largest_slice(mask, axis) for axis in range(3)] == [2, 2, 3]


def test_the_focus_of_a_ring_lies_on_the_ring() -> None:
    mask = np.zeros((9, 9, 3), dtype=bool)
    mask[1:8, 1:8, 1] = True
    mask[3:6, 3:6, 1] = False
    voxel = focus_voxel(mask)
    assert voxel is not None
    assert voxel[2] == 1
    assert mask[voxel]


def test_an_empty_mask_has_no_focus() -> None:
    assert focus_voxel(np.zeros((3, 3, 3), dtype=bool)) is None
