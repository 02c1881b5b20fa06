"""Brush and polygon against counting by hand and closed forms."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from workstation.core.drawing import polygon_mask, stroke_mask

SHAPE = (40, 44, 36)


def voxels(found: tuple[tuple[slice, ...], np.ndarray] | None, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """The mask in the whole volume."""
    whole = np.zeros(shape, dtype=bool)
    if found is not None:
        whole[found[0]] = found[1]
    return whole


def distance_mm(place: tuple[float, ...], start: np.ndarray, stop: np.ndarray, zooms: tuple[float, ...]) -> float:
    """From a voxel to a line between two others, by the textbook."""
    p, a, b = (np.array(each, dtype=float) * zooms for each in (place, start, stop))
    length = float((b - a) @ (b - a))
    share = min(1.0, max(0.0, float((p - a) @ (b - a)) / length)) if length else 0.0
    return float(np.linalg.norm(p - a - share * (b - a)))


@pytest.mark.parametrize("zooms", [(1.0, 1.0, 1.0), (0.5, 1.0, 3.0), (1.2, 0.9, 2.0)])
def test_a_ball_holds_the_voxels_within_its_radius_in_mm(zooms: tuple[float, float, float]) -> None:
    middle, radius_mm = np.array([20, 22, 18]), 4.7
    found = voxels(stroke_mask(middle, middle, radius_mm=radius_mm, zooms=zooms, shape=SHAPE))
    for voxel in itertools.product(range(8, 33), range(15, 30), range(11, 26)):
        is_within = math.dist(*(np.array(each) * zooms for each in (voxel, middle))) <= radius_mm
        assert found[voxel] == is_within, voxel
    volume = found.sum() * math.prod(zooms)
    assert volume == pytest.approx(4 / 3 * math.pi * radius_mm**3, rel=0.1)


def test_a_disc_stays_in_its_slice() -> None:
    place = (20.3, 22.0, 17.4)
    found = voxels(stroke_mask(place, place, radius_mm=3.0, zooms=(1, 1, 1), shape=SHAPE, axis=2))
    assert np.flatnonzero(found.any(axis=(0, 1))).tolist() == [17]
    expected = [(i, j) for i, j in itertools.product(range(40), range(44)) if (i - 20.3) ** 2 + (j - 22) ** 2 <= 9]
    assert [tuple(each) for each in np.argwhere(found[:, :, 17])] == expected


def test_a_disc_on_anisotropic_voxels_is_round_in_mm() -> None:
    place = (20, 22, 18)
    found = voxels(stroke_mask(place, place, radius_mm=6.0, zooms=(1.0, 1.0, 3.0), shape=SHAPE, axis=0))
    along_j, along_k = np.flatnonzero(found[20].any(axis=1)), np.flatnonzero(found[20].any(axis=0))
    assert (along_j[0], along_j[-1]) == (16, 28)
    assert (along_k[0], along_k[-1]) == (16, 20)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("axis", [None, 0, 1, 2])
def test_a_quick_stroke_covers_its_whole_way(seed: int, axis: int | None) -> None:
    rng = np.random.default_rng(seed)
    zooms = (1.0, 1.4, 2.5)
    start, stop = rng.uniform(4, 32, (2, 3))
    if axis is not None:
        start[axis] = stop[axis] = math.floor(start[axis] + 0.5)
    found = voxels(stroke_mask(start, stop, radius_mm=2.6, zooms=zooms, shape=SHAPE, axis=axis))
    near = np.floor(start + rng.uniform(0, 1, (400, 1)) * (stop - start) + rng.uniform(-4, 4, (400, 3))).astype(int)
    for voxel in map(tuple, np.clip(near, 0, np.array(SHAPE) - 1).tolist()):
        if axis is not None and voxel[axis] != start[axis]:
            assert not found[voxel]
            continue
        distance = distance_mm(voxel, start, stop, zooms)
        if abs(distance - 2.6) > 1e-3:  # the rim itself is a matter of rounding
            assert found[voxel] == (distance < 2.6), voxel


def test_the_smallest_brush_paints_the_voxel_under_it_and_leaves_no_gap() -> None:
    found = voxels(stroke_mask((3, 3, 5), (30, 17, 5), radius_mm=0.1, zooms=(1, 1, 1), shape=SHAPE, axis=2))
    painted = np.argwhere(found[:, :, 5])
    assert {int(i) for i, _ in painted} == set(range(3, 31))
    steps = np.abs(np.diff(painted, axis=0)).max(axis=1)
    assert steps.max() == 1
    alone = voxels(stroke_mask((7.4, 8.6, 9.0), (7.4, 8.6, 9.0), radius_mm=0.1, zooms=(1, 1, 1), shape=SHAPE))
    assert np.argwhere(alone).tolist() == [[7, 9, 9]]


def test_a_brush_over_the_edge_paints_what_is_inside() -> None:
    found = voxels(stroke_mask((0, 0, 0), (0, 0, 0), radius_mm=2.0, zooms=(1, 1, 1), shape=SHAPE))
    # An eighth of the ball of 33 lattice points, the axes counted once: 1 + 3 * 2 + 3 * 1 + 1.
    assert found.sum() == 11
    assert stroke_mask((-9, 4, 4), (-9, 4, 4), radius_mm=2.0, zooms=(1, 1, 1), shape=SHAPE) is None


def test_a_box_of_a_mask_is_no_larger_than_the_brush() -> None:
    found = stroke_mask((20, 20, 20), (22, 20, 20), radius_mm=3.0, zooms=(1, 1, 1), shape=SHAPE)
    assert found is not None
    assert found[1].shape == (9, 7, 7)


# -- polygon ----------------------------------------------------------------------------------------------------------


def test_a_rectangle_holds_the_pixels_whose_centres_it_holds() -> None:
    found = voxels(polygon_mask(np.array([[1.5, 2.5], [6.5, 2.5], [6.5, 9.5], [1.5, 9.5]]), (20, 20)), (20, 20))
    expected = np.zeros((20, 20), dtype=bool)
    expected[2:7, 3:10] = True
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("seed", range(8))
def test_pixels_are_inside_by_their_angle_to_the_vertices(seed: int) -> None:
    """A star about a middle: a pixel is inside if the vertices turn once about it (winding number)."""
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * math.pi, 9))
    vertices = np.array([15.1, 14.3]) + rng.uniform(4, 13, (9, 1)) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = voxels(polygon_mask(vertices, (30, 30)), (30, 30))
    for pixel in itertools.product(range(30), range(30)):
        spokes = vertices - pixel
        turns = np.angle(
            (spokes[:, 0] + 1j * spokes[:, 1]).conj() * np.roll(spokes[:, 0] + 1j * spokes[:, 1], -1)
        ).sum() / (2 * math.pi)
        assert found[pixel] == (round(turns) != 0), pixel


def test_neighbouring_polygons_share_no_pixel_and_leave_none() -> None:
    """Edges through pixel centres belong to one side only."""
    left = voxels(polygon_mask(np.array([[2, 2], [2, 8], [10, 8], [6, 5], [10, 2]]), (20, 20)), (20, 20))
    right = voxels(polygon_mask(np.array([[10, 8], [10, 2], [6, 5]]), (20, 20)), (20, 20))
    whole = voxels(polygon_mask(np.array([[2, 2], [2, 8], [10, 8], [10, 2]]), (20, 20)), (20, 20))
    assert not (left & right).any()
    assert np.array_equal(left | right, whole)


def test_a_scribble_that_crosses_itself_is_filled_all_over() -> None:
    once = np.array([[3, 3], [3, 12], [12, 12], [12, 3]])
    twice = np.concatenate([once, once])
    assert np.array_equal(
        voxels(polygon_mask(twice, (20, 20)), (20, 20)), voxels(polygon_mask(once, (20, 20)), (20, 20))
    )


@pytest.mark.parametrize("vertices", [[[1, 1], [5, 5]], [[30, 30], [40, 30], [40, 40]], [[2, 2], [5, 2], [9, 2]]])
def test_what_holds_no_pixel_is_none(vertices: list[list[float]]) -> None:
    assert polygon_mask(np.array(vertices), (20, 20)) is None


def test_a_polygon_beyond_the_slice_is_cut() -> None:
    found = voxels(polygon_mask(np.array([[-5, -5], [-5, 30], [4.5, 30], [4.5, -5]]), (20, 20)), (20, 20))
    expected = np.zeros((20, 20), dtype=bool)
    expected[:5] = True
    assert np.array_equal(found, expected)
