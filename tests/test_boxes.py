"""The box that holds what is there."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.core.boxes import occupied_box


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_box_holds_the_first_and_the_last_voxel_of_every_axis(order: str) -> None:
    mask = np.zeros((9, 8, 7), dtype=bool, order=order)  # type: ignore[call-overload]
    mask[2, 5, 1] = mask[6, 3, 4] = True
    assert occupied_box(mask) == (slice(2, 7), slice(3, 6), slice(1, 5))


def test_several_arrays_share_a_box() -> None:
    one, other = np.zeros((5, 5, 5), dtype=np.uint8), np.zeros((5, 5, 5), dtype=np.uint8)
    one[1, 1, 1], other[3, 2, 4] = 1, 4
    assert occupied_box(one, other) == (slice(1, 4), slice(1, 3), slice(1, 5))


def test_a_margin_ends_at_the_volume() -> None:
    mask = np.zeros((6, 6, 6), dtype=bool)
    mask[0, 3, 5] = True
    assert occupied_box(mask, margin=2) == (slice(0, 3), slice(1, 6), slice(3, 6))


def test_nothing_has_no_box() -> None:
    assert occupied_box(np.zeros((3, 3, 3), dtype=bool)) is None
