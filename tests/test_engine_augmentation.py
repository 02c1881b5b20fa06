"""Augmentation moves voxels and depends on seed, epoch and case alone."""

from __future__ import annotations

import numpy as np

from workstation.engine.augmentation import Augmentation, Warp, draw_augmentation, draw_warp

DRAWS = [draw_augmentation(1, epoch=epoch, case="a", shape=(6, 6, 4)) for epoch in range(64)]


def test_the_draw_is_the_same_whenever_it_is_made() -> None:
    again = [draw_augmentation(1, epoch=epoch, case="a", shape=(6, 6, 4)) for epoch in reversed(range(64))]
    assert again[::-1] == DRAWS


def test_seed_epoch_and_case_each_change_the_draw() -> None:
    def draws(seed: int, case: str) -> list[Augmentation]:
        return [draw_augmentation(seed, epoch=epoch, case=case, shape=(6, 6, 4)) for epoch in range(64)]

    assert len(set(DRAWS)) > 10
    assert draws(2, "a") != DRAWS
    assert draws(1, "b") != DRAWS


def test_only_equal_axes_are_turned() -> None:
    assert {draw.plane for draw in DRAWS} == {(0, 1)}
    assert {draw.turns for draw in DRAWS} == {0, 1, 2, 3}


def test_nothing_is_turned_where_no_two_axes_are_equal() -> None:
    turns = {draw_augmentation(1, epoch=epoch, case="a", shape=(4, 5, 6)).turns for epoch in range(32)}
    assert turns == {0}


def test_a_draw_keeps_the_shape_and_every_value() -> None:
    data = np.arange(6 * 6 * 4 * 2).reshape(6, 6, 4, 2)
    for draw in DRAWS:
        moved = draw.apply(data)
        assert moved.shape == data.shape
        assert np.array_equal(np.sort(moved, axis=None), np.sort(data, axis=None))


def test_a_flip_mirrors_its_axis() -> None:
    data = np.arange(2 * 3 * 4).reshape(2, 3, 4, 1)
    assert np.array_equal(Augmentation(flips=(2,)).apply(data), data[:, :, ::-1])


def ball(radius: float, *, side: int = 41) -> np.ndarray:
    """(I, J, K, 1) uint8 about the centre."""
    places = np.indices((side, side, side)) - side // 2
    return (np.sqrt((places**2).sum(axis=0)) <= radius).astype(np.uint8)[..., np.newaxis]


def test_a_warp_is_a_turn_and_a_scale_within_its_bounds() -> None:
    scales = []
    for epoch in range(100):
        matrix = draw_warp(1, epoch=epoch, case="a").matrix
        scale = np.linalg.det(matrix) ** (-1 / 3)
        np.testing.assert_allclose(matrix @ matrix.T * scale**2, np.eye(3), atol=1e-12)
        # Three turns of up to 15 degrees each lie within one of 45.
        assert np.trace(matrix) * scale >= 1 + 2 * np.cos(np.radians(45))
        scales.append(scale)
    assert 0.85 <= min(scales) < 0.9 < 1.1 < max(scales) <= 1.2


def test_a_larger_scale_enlarges_image_and_mask_alike() -> None:
    warp, mask = Warp(np.eye(3) / 1.2), ball(10.0)
    moved = warp.masks(mask)
    assert abs(moved.sum() / mask.sum() / 1.2**3 - 1) < 0.05
    image = warp.images(mask.astype(np.float32) - 3, np.array([-3.0], np.float32))
    assert ((image >= -2.5) == moved.astype(bool)).all()


def test_a_quarter_turn_moves_voxels_as_numpy_does_and_what_enters_is_background() -> None:
    image = np.random.default_rng(3).random((5, 5, 4, 2)).astype(np.float32)
    about = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    turned = Warp(about).images(image, np.zeros(2, np.float32))
    np.testing.assert_allclose(turned, np.rot90(image, axes=(0, 1)), atol=1e-5)
    shrunk = Warp(np.eye(3) * 2).images(image, np.array([7.0, 9.0], np.float32))
    assert (shrunk[0, 0, 0] == [7, 9]).all()


def test_the_warp_depends_on_seed_epoch_and_case() -> None:
    drawn = [draw_warp(seed, epoch=epoch, case=case).matrix for seed, epoch, case in ((1, 1, "a"), (2, 1, "a"))]
    drawn += [draw_warp(1, epoch=2, case="a").matrix, draw_warp(1, epoch=1, case="b").matrix]
    assert len({each.tobytes() for each in drawn}) == 4
    assert (draw_warp(1, epoch=1, case="a").matrix == drawn[0]).all()
