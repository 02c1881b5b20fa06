"""Slices that are worth printing, of masks drawn by hand."""

from __future__ import annotations

import numpy as np

from workstation.core.key_slices import ErrorSite, largest_slices, worst_error


def test_the_largest_slice_is_found_along_each_axis() -> None:
    mask = np.zeros((6, 7, 8), dtype=bool)
    mask[1:5, 2, 3] = True
    mask[4, 2:6, 3:5] = True
    assert largest_slices(mask) == (4, 2, 3)
    assert largest_slices(np.zeros((2, 2, 2), dtype=bool)) is None


def test_the_largest_error_is_the_largest_connected_one() -> None:
    truth, prediction = (np.zeros((10, 10, 10), dtype=bool) for _ in range(2))
    truth[0:2, 0:2, 0] = True  # missed: 4 voxels
    prediction[5, 5, 5:9] = True  # added: 4 and, by a corner, 1 more
    prediction[6, 6, 9] = True
    truth[9, 9, 9] = prediction[9, 9, 9] = True
    assert worst_error(truth, prediction) == ErrorSite(is_missed=False, voxels=5, slices=(5, 5, 5))


def test_what_is_missed_and_what_is_added_do_not_join() -> None:
    truth, prediction = (np.zeros((4, 4, 4), dtype=bool) for _ in range(2))
    truth[0:2, 0, 0] = True
    prediction[2:4, 0, 0] = True
    found = worst_error(truth, prediction)
    assert found is not None
    assert (found.is_missed, found.voxels) == (True, 2)


def test_equal_masks_have_no_error() -> None:
    mask = np.ones((3, 3, 3), dtype=bool)
    assert worst_error(mask, mask) is None
