"""Surfaces and their distances, against closed forms and against surface-distance 0.1."""

from __future__ import annotations

import math
from concurrent.futures import CancelledError

import numpy as np
import pytest

from workstation.core.surface import Surface, SurfaceDistances, SurfacePair, nearest_mm, surface_areas, surface_of

UNIT = (1.0, 1.0, 1.0)


def block(shape: tuple[int, int, int], start: tuple[int, int, int], size: int) -> np.ndarray:
    """A mask with a cube of `size` voxels a side."""
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(slice(first, first + size) for first in start)] = True
    return mask


def distances(truth: np.ndarray, prediction: np.ndarray, zooms: tuple[float, float, float] = UNIT) -> SurfaceDistances:
    return SurfacePair(surface_of(truth, zooms), surface_of(prediction, zooms)).distances()


def ball(radius_mm: float, zooms: tuple[float, float, float]) -> np.ndarray:
    """A ball in the middle of a cube of 36 mm."""
    sides = [round(36 / zoom) for zoom in zooms]
    places = [(np.arange(side) - (side - 1) / 2) * zoom for side, zoom in zip(sides, zooms, strict=True)]
    i, j, k = np.ix_(*places)
    mask: np.ndarray = i**2 + j**2 + k**2 < radius_mm**2
    return mask


def test_the_surface_of_a_voxel_is_that_of_an_octahedron_between_its_corners() -> None:
    # Eight triangles with sides of sqrt(1/2): the middles of the edges about a corner.
    voxel = np.ones((1, 1, 1), dtype=bool)
    assert surface_of(voxel, UNIT).areas_mm2.tolist() == pytest.approx([math.sqrt(3) / 8] * 8)


def test_the_surface_of_a_box_is_faces_bevelled_edges_and_corners() -> None:
    zooms, n = (1.0, 2.0, 3.0), 6
    found = surface_of(block((10, 10, 10), (2, 2, 2), n), zooms).areas_mm2.sum()
    faces = 2 * (n - 1) ** 2 * (1 * 2 + 1 * 3 + 2 * 3)
    # An edge along one axis is bevelled across the two others, between the middles of two sides.
    edges = 4 * (n - 1) * (1 * math.hypot(2, 3) + 2 * math.hypot(1, 3) + 3 * math.hypot(1, 2)) / 2
    corners = 8 * math.sqrt((2 * 3) ** 2 + (1 * 3) ** 2 + (1 * 2) ** 2) / 8
    assert found == pytest.approx(faces + edges + corners)


def test_a_mask_and_its_complement_have_one_surface() -> None:
    areas = surface_areas((1.0, 1.5, 4.0))
    assert areas[0] == areas[255] == 0.0
    assert areas.tolist() == pytest.approx(areas[::-1].tolist())


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_hd95_of_a_shifted_box_is_the_shift_in_mm(axis: int) -> None:
    # The face that moved is a sixth of the surface, more than the 5 % that HD95 leaves out.
    zooms = (0.8, 1.5, 2.5)
    truth = block((20, 20, 20), (4, 4, 4), 9)
    assert distances(truth, np.roll(truth, 2, axis=axis), zooms).hd95_mm == pytest.approx(2 * zooms[axis])


def test_nsd_takes_in_what_lies_exactly_at_the_tolerance() -> None:
    truth = block((20, 20, 20), (4, 4, 4), 9)
    one_off, three_off = np.roll(truth, 1, axis=0), np.roll(truth, 3, axis=0)
    assert distances(truth, one_off).nsd(1.0) == 1.0
    assert distances(truth, one_off).nsd(0.99) < 1.0
    assert distances(truth, three_off).nsd(2.0) < 1.0
    assert distances(truth, three_off).nsd(3.0) == 1.0


@pytest.mark.parametrize("zooms", [UNIT, (0.9, 1.2, 3.0)])
def test_concentric_balls_are_apart_by_the_difference_of_their_radii(zooms: tuple[float, float, float]) -> None:
    found = distances(ball(14.0, zooms), ball(9.0, zooms), zooms)
    # Either surface lies on corners up to half a voxel off the ball.
    assert found.assd_mm == pytest.approx(5.0, abs=max(zooms))
    assert found.hd95_mm == pytest.approx(5.0, abs=max(zooms))


@pytest.mark.parametrize(
    ("zooms", "expected"),
    [
        # hd95_mm, assd_mm pooled by area, nsd at 1 and 2 mm, area of either surface.
        (
            UNIT,
            (2.23606797749979, 0.9800639131226262, 0.6179928837544993, 0.9392753080391004, 581.6162376, 583.5709623),
        ),
        (
            (0.9, 1.1, 2.5),
            (5.0, 1.3407702895725255, 0.4657985203365123, 0.6679796666153504, 1003.4208116, 1095.1147465),
        ),
    ],
)
def test_two_ellipsoids_agree_with_surface_distance(
    zooms: tuple[float, float, float], expected: tuple[float, ...]
) -> None:
    """Figures of the package surface-distance, version 0.1."""
    i, j, k = np.ogrid[:24, :24, :16]
    truth = (i - 11) ** 2 / 81 + (j - 11) ** 2 / 49 + (k - 7) ** 2 / 16 < 1
    prediction = (i - 12) ** 2 / 64 + (j - 9) ** 2 / 49 + (k - 8) ** 2 / 25 < 1
    found = distances(truth, prediction, zooms)
    areas = (found.truth_mm2.sum(), found.prediction_mm2.sum())
    assert (found.hd95_mm, found.assd_mm, found.nsd(1.0), found.nsd(2.0), *areas) == pytest.approx(expected)


def test_equal_masks_are_nowhere_apart() -> None:
    mask = block((8, 8, 8), (2, 2, 2), 3)
    found = distances(mask, mask)
    assert (found.hd95_mm, found.assd_mm, found.nsd(0.0)) == (0.0, 0.0, 1.0)


def test_empty_masks_have_stated_results() -> None:
    nothing, something = np.zeros((6, 6, 6), dtype=bool), block((6, 6, 6), (1, 1, 1), 2)
    both = distances(nothing, nothing)
    assert (both.hd95_mm, both.assd_mm, both.nsd(1.0)) == (0.0, 0.0, 1.0)
    for found in (distances(something, nothing), distances(nothing, something)):
        assert math.isinf(found.hd95_mm)
        assert math.isnan(found.assd_mm)
        assert found.nsd(1.0) == 0.0


def test_parts_of_surfaces_have_the_distances_of_masks_of_their_own() -> None:
    near, far = block((30, 12, 12), (2, 3, 3), 4), block((30, 12, 12), (20, 3, 3), 4)
    truth, prediction = near | far, np.roll(near, 1, axis=1)
    pair = SurfacePair(surface_of(truth, UNIT), surface_of(prediction, UNIT))
    is_far = pair.truth.corners[:, 0] > 15
    everything = np.ones(len(pair.prediction.corners), dtype=bool)
    found, alone = pair.distances_between(is_far, everything), distances(far, prediction)
    assert sorted(found.truth_mm) == sorted(alone.truth_mm)
    # The elements of the prediction lie nearest to the part left out: they were looked up anew.
    assert sorted(found.prediction_mm) == sorted(alone.prediction_mm)


def test_a_point_is_as_far_as_pythagoras_says() -> None:
    points, others = np.array([[0, 0, 0], [5, 5, 5]]), np.array([[3, 4, 0], [5, 5, 5]])
    assert nearest_mm(points, others, (1.0, 2.0, 1.0)).tolist() == [math.hypot(3, 8), 0.0]
    assert math.isinf(nearest_mm(points, others[:0], UNIT)[0])


def test_a_long_search_can_be_given_up() -> None:
    truth = surface_of(block((20, 20, 20), (2, 2, 2), 6), UNIT)
    prediction: Surface = surface_of(block((20, 20, 20), (9, 9, 9), 6), UNIT)
    with pytest.raises(CancelledError):
        SurfacePair(truth, prediction, should_stop=lambda: True)
