"""Augmentation moves voxels and depends on seed, epoch and case alone."""

from __future__ import annotations

import numpy as np

from workstation.engine.augmentation import Augmentation, draw_augmentation

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
