"""Overlap metrics against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workstation.core.overlap import OverlapCounts, challenge_value, count_overlap, dice


def box(start: int, stop: int) -> np.ndarray:
    """A mask of 10x10x10 voxels with a slab [start, stop) of 100-voxel slices along the first axis."""
    mask = np.zeros((10, 10, 10), dtype=bool)
    mask[start:stop] = True
    return mask


def test_dice_of_a_box_shifted_along_one_axis() -> None:
    # 4 slices each, 3 shared: 2 * 3 / (4 + 4)
    assert dice(box(2, 6), box(3, 7)) == pytest.approx(6 / 8)


def test_counts_of_a_box_shifted_along_one_axis() -> None:
    assert count_overlap(box(2, 6), box(3, 7)) == OverlapCounts(tp=300, fp=100, fn=100, tn=500)


def test_ratios_follow_their_formulas() -> None:
    counts = OverlapCounts(tp=6, fp=2, fn=4, tn=88)
    assert counts.dice == pytest.approx(12 / 18)
    assert counts.jaccard == pytest.approx(6 / 12)
    assert counts.sensitivity == pytest.approx(6 / 10)
    assert counts.specificity == pytest.approx(88 / 90)
    assert counts.precision == pytest.approx(6 / 8)


def test_dice_is_zero_for_disjoint_and_one_for_equal_masks() -> None:
    assert dice(box(0, 2), box(5, 7)) == 0.0
    assert dice(box(0, 2), box(0, 2)) == 1.0


def test_dice_of_two_empty_masks_is_undefined_and_counts_as_one_in_the_challenge() -> None:
    counts = count_overlap(box(0, 0), box(0, 0))
    assert math.isnan(counts.dice)
    assert challenge_value(counts.dice, counts) == 1.0


def test_sensitivity_without_truth_counts_as_zero_if_something_was_predicted() -> None:
    counts = count_overlap(box(0, 0), box(0, 1))
    assert math.isnan(counts.sensitivity)
    assert challenge_value(counts.sensitivity, counts) == 0.0


def test_masks_of_different_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="no common grid"):
        count_overlap(np.zeros((2, 2, 2), bool), np.zeros((2, 2, 3), bool))
