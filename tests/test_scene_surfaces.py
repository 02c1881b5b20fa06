"""Surfaces lie where their voxels are, in RAS mm, in any orientation; and picking finds them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from workstation.core.geometry import Grid
from workstation.core.labels import SCHEMES
from workstation.core.volume import LabelMap, Volume
from workstation.gui.scene.camera import Camera
from workstation.gui.scene.surfaces import (
    Surface,
    SurfaceQuestion,
    head_surface,
    label_surfaces,
    mask_surface,
    pick,
)

SHAPE = (24, 28, 20)


def box(lower: tuple[int, int, int], upper: tuple[int, int, int]) -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[tuple(slice(low, high) for low, high in zip(lower, upper, strict=True))] = True
    return mask


def volume_mm3(surface: Surface) -> float:
    """By the divergence theorem; positive if the triangles are wound outwards."""
    a, b, c = (surface.points[surface.triangles[:, corner]].astype(float) for corner in range(3))
    return float((np.cross(a, b) * c).sum() / 6)


def orientations() -> list[np.ndarray]:
    """Affines of all 48 orientations, with three different zooms and an origin."""
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            affine = np.eye(4)
            affine[:3, :3] = 0
            for axis in range(3):
                affine[axis, order[axis]] = signs[axis] * (1.0, 1.5, 2.0)[axis]
            affine[:3, 3] = (7, -20, 31)
            found.append(affine)
    return found


@pytest.mark.parametrize("affine", orientations(), ids=lambda affine: "".join(map(str, Grid(SHAPE, affine).axis_codes)))
def test_a_box_comes_out_at_its_place_wound_outwards(affine: np.ndarray) -> None:
    mask = box((3, 5, 4), (13, 17, 16))
    surface = mask_surface(mask, affine)
    assert surface is not None
    middle = Grid(SHAPE, affine).to_world((7.5, 10.5, 9.5))
    assert surface.points.mean(axis=0) == pytest.approx(middle, abs=0.05)
    voxels_mm3 = mask.sum() * abs(np.linalg.det(affine))
    # Smoothing rounds the edges and corners off, and adds nothing.
    assert 0.9 * voxels_mm3 < volume_mm3(surface) <= voxels_mm3
    outwards = ((surface.points - middle) * surface.normals).sum(axis=1)
    assert (outwards > 0).mean() > 0.99


def test_an_oblique_grid_turns_its_surface() -> None:
    angle = np.radians(20)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    surface = mask_surface(box((2, 9, 8), (22, 12, 11)), affine)
    assert surface is not None
    middle = Grid(SHAPE, affine).to_world((11.5, 10.0, 9.0))
    assert surface.points.mean(axis=0) == pytest.approx(middle, abs=0.05)
    longest = np.linalg.svd(surface.points - surface.points.mean(axis=0), full_matrices=False)[2][0]
    assert abs(longest @ [np.cos(angle), np.sin(angle), 0]) > 0.999


def test_a_mask_that_touches_the_border_is_closed() -> None:
    surface = mask_surface(box((0, 0, 0), SHAPE), np.eye(4))
    assert surface is not None
    edges = np.sort(surface.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    assert set(np.unique(edges, axis=0, return_counts=True)[1]) == {2}


def test_an_empty_mask_has_no_surface() -> None:
    assert mask_surface(np.zeros(SHAPE, dtype=bool), np.eye(4)) is None


def nested() -> LabelMap:
    data = np.zeros(SHAPE, dtype=np.uint8)
    data[box((3, 3, 3), (19, 23, 17))] = 2
    data[box((6, 6, 6), (16, 18, 14))] = 4
    data[box((8, 8, 8), (13, 14, 12))] = 1
    return LabelMap("nested", data, Grid(SHAPE, np.diag([-1.0, -1.0, 1.0, 1.0])), SCHEMES["brats2021"])


def test_every_label_is_a_closed_surface_around_what_is_inside_it() -> None:
    mask = nested()
    surfaces = label_surfaces(mask, "all")
    colours = [mask.scheme.labels[value].colour for value in (2, 4, 1)]
    assert list(surfaces) == colours
    volumes = [volume_mm3(surfaces[colour]) for colour in colours]
    within = [(mask.data > 0).sum(), np.isin(mask.data, (1, 4)).sum(), (mask.data == 1).sum()]
    for volume, voxels in zip(volumes, within, strict=True):
        assert 0.7 * voxels < volume <= voxels


def test_a_region_leaves_the_other_labels_out() -> None:
    mask = nested()
    assert list(label_surfaces(mask, "ET")) == [mask.scheme.labels[4].colour]


def test_comparison_has_shells_of_agreement_and_errors() -> None:
    grid = Grid(SHAPE, np.eye(4))
    scheme = SCHEMES["brats2021"]
    truth = LabelMap("t", box((2, 2, 2), (12, 12, 12)).astype(np.uint8) * 2, grid, scheme)
    prediction = LabelMap("p", box((2, 2, 2), (12, 12, 18)).astype(np.uint8) * 2, grid, scheme)
    both = SurfaceQuestion(truth, prediction, "comparison", "all").answer()
    assert list(both) == ["prediction", "agreement"]
    # The prediction goes on for six slices where the truth ends; the shared face belongs to the agreement.
    assert 0.9 * 10 * 10 * 10 < volume_mm3(both["agreement"]) <= 10 * 10 * 10
    assert both["prediction"].points[:, 2].min() > 10
    alone = SurfaceQuestion(truth, None, "comparison", "all").answer()
    assert list(alone) == ["truth"]
    errors = SurfaceQuestion(truth, prediction, "errors", "WT").answer()
    assert list(errors) == ["prediction"]
    assert errors["prediction"].points[:, 2].min() > 10


def test_without_masks_there_are_no_surfaces() -> None:
    assert SurfaceQuestion(None, None, "comparison", "all").answer() == {}
    assert SurfaceQuestion(None, None, "labels", "all").answer() == {}


def test_the_head_is_found_with_and_without_a_skull_strip() -> None:
    head = box((4, 4, 4), (20, 24, 16))
    for background in (0, 40):
        data = np.where(head, 900, background).astype(np.int16)
        surface = head_surface(Volume("FLAIR", data, Grid(SHAPE, np.eye(4))))
        assert surface is not None
        assert surface.points.mean(axis=0) == pytest.approx([11, 13, 9], abs=0.6)
    assert head_surface(Volume("FLAIR", np.zeros(SHAPE, np.int16), Grid(SHAPE, np.eye(4)))) is None


def test_a_pick_hits_the_near_side() -> None:
    surface = mask_surface(box((4, 6, 4), (20, 22, 16)), np.eye(4))
    assert surface is not None
    size = (200.0, 150.0)
    camera = Camera.looking_from("A").fitted(surface.corners_mm, size)
    x, y, _ = camera.project(np.array([12.0, 21.5, 10.0]), size)
    hit = pick({"box": surface}, camera, (float(x), float(y)), size)
    assert hit == pytest.approx([12, 21.5, 10], abs=0.3)
    assert pick({"box": surface}, camera, (0.0, 0.0), size) is None
    assert pick({}, camera, (100.0, 75.0), size) is None
