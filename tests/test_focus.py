"""Where to look first."""

from __future__ import annotations

import numpy as np

from workstation.core.focus import content_box, focus_voxel, largest_slice


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


def test_the_content_box_holds_what_is_not_zero_and_one_voxel_more_at_most() -> None:
    data = np.zeros((20, 21, 22), dtype=np.int16)
    data[3:9, 4:21, 7:10] = -5
    first, behind = content_box(data)
    assert all(0 <= gap <= 1 for gap in np.array([3, 4, 7]) - first)
    assert all(0 <= gap <= 1 for gap in behind - np.array([9, 21, 10]))


def test_the_content_box_of_nothing_is_the_whole_volume() -> None:
    assert content_box(np.zeros((5, 6, 7))).tolist() == [[0, 0, 0], [5, 6, 7]]
