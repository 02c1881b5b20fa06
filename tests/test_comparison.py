"""Classes of agreement, their counts and volumes."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.core.comparison import (
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    TRUE_NEGATIVE,
    TRUE_POSITIVE,
    compare,
    count_classes,
)


def test_each_combination_has_its_class() -> None:
    truth = np.array([False, True, False, True]).reshape(4, 1, 1)
    prediction = np.array([False, False, True, True]).reshape(4, 1, 1)
    expected = [TRUE_NEGATIVE, FALSE_NEGATIVE, FALSE_POSITIVE, TRUE_POSITIVE]
    assert compare(truth, prediction).ravel().tolist() == expected


def test_counts_give_volumes_by_the_voxel_size() -> None:
    truth = np.zeros((10, 10, 10), dtype=bool, order="F")
    prediction = np.zeros_like(truth)
    truth[:4] = True
    prediction[2:5] = True
    # 2 slices shared, 2 missed, 1 too many, of 100 voxels each; a voxel of 2x1x1 mm is 0.002 ml
    counts = count_classes(compare(truth, prediction), voxel_ml=0.002)
    assert (counts.tp_ml, counts.fn_ml, counts.fp_ml) == pytest.approx((0.4, 0.4, 0.2))
    assert counts.dice == pytest.approx(2 * 200 / (400 + 300))


def test_masks_of_different_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="no common grid"):
        compare(np.zeros((2, 2, 2), bool), np.zeros((2, 3, 2), bool))
