"""Flood fill, interpolation, islands and smoothing against shapes whose answer is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from workstation.core.label_operations import filled_region, interpolated_slices, smoothed_label, without_islands
from workstation.errors import EditError


def placed(box: tuple[slice, ...], part: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A part in a copy of the whole."""
    whole = np.zeros_like(like) if part.dtype == bool else like.copy()
    whole[box] = part
    return whole


def ball(shape: tuple[int, int, int], middle: tuple[float, ...], radius: float) -> np.ndarray:
    grid = np.indices(shape)
    return sum((axis - centre) ** 2 for axis, centre in zip(grid, middle, strict=True)) <= radius**2


# -- fill -------------------------------------------------------------------------------------------------------------


def ring() -> np.ndarray:
    """A square ring of label 2 in slices 3 to 5, and a voxel of it elsewhere."""
    data = np.zeros((12, 12, 9), dtype=np.uint8)
    data[2:9, 2:9, 3:6] = 2
    data[4:7, 4:7, 3:6] = 0
    data[11, 11, 4] = 2
    return data


def test_a_hole_is_filled_in_its_slice() -> None:
    data = ring()
    filled = placed(*filled_region(data, (5, 5, 4), axis=2), data).astype(bool)
    expected = np.zeros_like(filled)
    expected[4:7, 4:7, 4] = True
    assert np.array_equal(filled, expected)


def test_a_label_is_filled_as_far_as_it_hangs_together() -> None:
    data = ring()
    filled = placed(*filled_region(data, (2, 2, 3)), data).astype(bool)
    expected = data == 2
    expected[11, 11, 4] = False
    assert np.array_equal(filled, expected)


def test_open_background_is_refused() -> None:
    data = ring()
    # In its slice the hole is closed; along the third axis it is open.
    with pytest.raises(EditError, match="not enclosed"):
        filled_region(data, (5, 5, 4))
    with pytest.raises(EditError, match="not enclosed"):
        filled_region(data, (0, 0, 4), axis=2)


def test_a_fill_stays_within_the_intensities_that_are_allowed() -> None:
    data = ring()
    allowed = np.ones(data.shape, dtype=bool)
    allowed[5, :, :] = False
    filled = placed(*filled_region(data, (4, 4, 4), axis=2, allowed=allowed), data).astype(bool)
    assert np.argwhere(filled).tolist() == [[4, 4, 4], [4, 5, 4], [4, 6, 4]]
    with pytest.raises(EditError, match="intensity range"):
        filled_region(data, (5, 5, 4), axis=2, allowed=allowed)


# -- interpolation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_between_two_equal_slices_the_same_shape_is_drawn(axis: int) -> None:
    data = np.zeros((20, 20, 20), dtype=np.uint8)
    plane = np.moveaxis(data, axis, 0)
    plane[4, 5:12, 3:15] = plane[9, 5:12, 3:15] = 1
    box, mask = interpolated_slices(data, 1, axis=axis, zooms=(1.0, 2.0, 3.0))
    added = np.moveaxis(placed(box, mask, data), axis, 0).astype(bool)
    expected = np.zeros_like(added)
    expected[5:9, 5:12, 3:15] = True
    assert np.array_equal(added, expected)


def test_between_discs_of_two_radii_the_radius_grows_evenly() -> None:
    data = np.zeros((60, 60, 11), dtype=np.uint8)
    i, j = np.indices((60, 60))
    squared = (i - 30) ** 2 + (j - 30) ** 2
    data[..., 0][squared <= 8**2] = 4
    data[..., 10][squared <= 24**2] = 4
    box, mask = interpolated_slices(data, 4, axis=2, zooms=(1.0, 1.0, 5.0))
    areas = placed(box, mask, data).astype(bool).sum(axis=(0, 1))
    for k in range(1, 10):
        radius = 8 + (24 - 8) * k / 10
        assert math.sqrt(areas[k] / math.pi) == pytest.approx(radius, abs=0.6), k
    assert (areas[0], areas[10]) == (0, 0)


def test_without_a_gap_there_is_nothing_to_interpolate() -> None:
    data = np.zeros((9, 9, 9), dtype=np.uint8)
    for label in (1, 2):
        with pytest.raises(EditError, match="no gap"):
            interpolated_slices(data, label, axis=2, zooms=(1, 1, 1))
        data[3:6, 3:6, 2:7] = 2


# -- islands ----------------------------------------------------------------------------------------------------------


def test_small_islands_take_the_label_round_them_and_large_ones_stay() -> None:
    data = np.zeros((30, 20, 20), dtype=np.uint8)
    data[2:12, 2:12, 2:12] = 2
    data[5, 5, 5] = data[5, 6, 6] = 4  # they share an edge: one island of two, within label 2
    data[20, 10, 10] = 4  # one voxel in the background
    data[22:25, 2:5, 2:5] = 4  # 27 voxels
    box, labels = without_islands(data, 4, smallest_voxels=27)
    expected = data.copy()
    expected[5, 5, 5] = expected[5, 6, 6] = 2
    expected[20, 10, 10] = 0
    assert np.array_equal(placed(box, labels, data), expected)


def test_an_island_at_the_edge_of_the_volume_goes_too() -> None:
    data = np.zeros((5, 5, 5), dtype=np.uint8)
    data[0, 0, 0] = 1
    box, labels = without_islands(data, 1, smallest_voxels=2)
    assert not placed(box, labels, data).any()


def test_nothing_small_and_nothing_at_all_are_said() -> None:
    data = np.zeros((9, 9, 9), dtype=np.uint8)
    with pytest.raises(EditError, match="does not occur"):
        without_islands(data, 1, smallest_voxels=5)
    data[2:5, 2:5, 2:5] = 1
    with pytest.raises(EditError, match="that small"):
        without_islands(data, 1, smallest_voxels=27)


# -- smoothing --------------------------------------------------------------------------------------------------------


def test_smoothing_takes_bumps_and_fills_dents_and_keeps_a_ball() -> None:
    data = ball((40, 40, 40), (20, 20, 20), 12).astype(np.uint8)
    smooth = data.astype(bool)
    data[20, 20, 33:36] = 1  # a thorn
    data[20, 20, 8:10] = 0  # a dent
    box, labels = smoothed_label(data, 1, sigma_mm=1.5, zooms=(1, 1, 1))
    found = placed(box, labels, data).astype(bool)
    assert not found[20, 20, 34:36].any()
    assert found[20, 20, 9]
    # Blurring moves a surface of radius r inwards by about sigma^2 / r: 0.19 voxels of 12.
    assert found.sum() == pytest.approx(smooth.sum(), rel=0.06)
    assert (found != smooth).sum() < 0.06 * smooth.sum()


def test_a_plane_stays_where_it_is_and_the_other_labels_too() -> None:
    data = np.zeros((20, 20, 20), dtype=np.uint8)
    data[:, :, :7] = 2
    data[:, :, 7:13] = 1
    box, labels = smoothed_label(data, 1, sigma_mm=1.0, zooms=(1.0, 1.0, 1.0))
    assert np.array_equal(placed(box, labels, data), data)


def test_what_is_given_up_goes_to_the_strongest_neighbour() -> None:
    data = np.zeros((21, 21, 21), dtype=np.uint8)
    data[:, :, :10] = 2
    data[10, 10, 5] = 1
    box, labels = smoothed_label(data, 1, sigma_mm=1.0, zooms=(1.0, 1.0, 1.0))
    assert placed(box, labels, data)[10, 10, 5] == 2


def test_smoothing_counts_in_mm() -> None:
    """A slab two voxels thick along an axis of 3 mm is 6 mm: 1 mm smooths nothing away; of 0.5 mm voxels it is 1 mm."""
    for zoom, is_left in ((3.0, True), (0.5, False)):
        data = np.zeros((9, 9, 40), dtype=np.uint8)
        data[:, :, 20:22] = 1
        box, labels = smoothed_label(data, 1, sigma_mm=1.0, zooms=(1.0, 1.0, zoom))
        assert placed(box, labels, data).any() == is_left


def test_no_operation_changes_its_input() -> None:
    data = ring()
    data[5, 5, 4] = 1
    before = data.copy()
    for run in (
        lambda: filled_region(data, (2, 2, 3)),
        lambda: without_islands(data, 1, smallest_voxels=9),
        lambda: smoothed_label(data, 2, sigma_mm=1.0, zooms=(1.0, 1.0, 1.0)),
    ):
        run()
        assert np.array_equal(data, before)
    assert list(itertools.islice(before[5, 5], 3, 6)) == [0, 1, 0]
