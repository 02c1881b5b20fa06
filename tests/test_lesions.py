"""Lesions matched as the BraTS 2023 challenge does, against counted examples."""

from __future__ import annotations

from concurrent.futures import CancelledError

import numpy as np
import pytest
from scipy import ndimage

from workstation.core.lesions import HD95_PENALTY_MM, LesionInput, LesionScores, central_voxels, dilated, score_lesions
from workstation.core.surface import SurfacePair, surface_of

SHAPE = (60, 20, 20)


def cube(start: int, size: int = 5) -> np.ndarray:
    """A mask with a cube at I = `start`, J = K = 6."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[start : start + size, 6 : 6 + size, 6 : 6 + size] = True
    return mask


def scores(truth: np.ndarray, prediction: np.ndarray, *, voxel_ml: float = 0.001) -> LesionScores:
    zooms = (1.0, 1.0, 1.0)
    surfaces = SurfacePair(surface_of(truth, zooms), surface_of(prediction, zooms))
    return score_lesions(LesionInput(truth, prediction, surfaces, voxel_ml))


NOTHING = np.zeros(SHAPE, dtype=bool)


def test_a_mask_grows_by_faces_and_edges() -> None:
    mask = np.random.default_rng(7).random((15, 12, 9)) < 0.03
    structure = ndimage.generate_binary_structure(3, 2)
    for steps in (1, 3):
        assert (dilated(mask, steps) == ndimage.binary_dilation(mask, structure, iterations=steps)).all()


def test_components_whose_dilations_touch_are_one_lesion() -> None:
    # Both grow by 3 voxels: with a gap of 6 they touch, with 7 one voxel stays between them.
    assert len(scores(cube(5) | cube(16), NOTHING).lesions) == 1
    assert len(scores(cube(5) | cube(17), NOTHING).lesions) == 2


def test_a_found_a_missed_and_a_made_up_lesion_share_the_mean() -> None:
    truth = cube(5) | cube(25)
    found = scores(truth, cube(5) | cube(45))
    assert (found.detected, found.false_positives, found.missed) == (1, 1, 1)
    # Dice 1, 0 for the missed one, 0 for the false positive; HD95 0 and twice the penalty.
    assert found.dice == pytest.approx(1 / 3)
    assert found.hd95_mm == pytest.approx(2 * HD95_PENALTY_MM / 3)
    assert [lesion.dice for lesion in found.lesions] == [1.0, 0.0]
    assert found.lesions[1].hd95_mm == HD95_PENALTY_MM


def test_a_component_within_the_dilation_belongs_to_the_lesion_and_lowers_its_dice() -> None:
    # A cube of 2 voxels a side, 2 voxels away: 125 voxels of the lesion found, 8 more predicted.
    beside = cube(12, size=2)
    found = scores(cube(5), cube(5) | beside)
    assert (found.detected, found.false_positives, found.missed) == (1, 0, 0)
    assert found.dice == pytest.approx(2 * 125 / (125 + 133))
    # Four voxels away it reaches nothing.
    assert scores(cube(5), cube(5) | cube(14, size=2)).false_positives == 1


def test_a_component_that_reaches_two_lesions_counts_for_both() -> None:
    truth = cube(5) | cube(25)
    bridge = np.zeros(SHAPE, dtype=bool)
    bridge[5:30, 6:11, 6:11] = True
    found = scores(truth, bridge)
    assert (found.detected, found.false_positives) == (2, 0)
    # 25 slices of 25 voxels predicted, 5 of them in each lesion.
    assert [lesion.dice for lesion in found.lesions] == pytest.approx([2 * 5 / (5 + 25)] * 2)


def test_lesions_up_to_50_mm3_are_left_out_but_what_finds_them_is_no_false_positive() -> None:
    # 3 x 3 x 3 = 27 voxels.
    small = cube(40, size=3)
    found = scores(cube(5) | small, cube(5) | small)
    assert (found.detected, found.false_positives, found.missed, found.dice) == (1, 0, 0, 1.0)
    assert [lesion.is_counted for lesion in found.lesions] == [True, False]
    assert scores(cube(5) | small, cube(5)).missed == 0
    # The same voxels of 2 mm3 make 54 mm3.
    assert scores(cube(5) | small, cube(5), voxel_ml=0.002).missed == 1


def test_exactly_50_mm3_is_left_out() -> None:
    truth = np.zeros(SHAPE, dtype=bool)
    truth[5:10, 6:11, 6:8] = True
    assert not scores(truth, NOTHING).lesions[0].is_counted
    truth[5, 6, 8] = True
    assert scores(truth, NOTHING).lesions[0].is_counted


def test_a_small_false_positive_counts_all_the_same() -> None:
    found = scores(cube(5), cube(5) | cube(45, size=1))
    assert (found.false_positives, found.dice) == (1, 0.5)


def test_hd95_of_a_lesion_is_measured_to_its_own_components() -> None:
    # Each lesion is found one voxel off; the other one is far away and must not count.
    truth = cube(5) | cube(35)
    found = scores(truth, np.roll(truth, 1, axis=1))
    assert [lesion.hd95_mm for lesion in found.lesions] == [1.0, 1.0]


def test_without_lesions_and_predictions_the_scores_are_perfect() -> None:
    found = scores(NOTHING, NOTHING)
    assert (found.dice, found.hd95_mm, found.lesions, found.false_positives) == (1.0, 0.0, (), 0)


def test_a_lesion_at_the_border_does_not_grow_beyond_the_volume() -> None:
    truth = np.zeros(SHAPE, dtype=bool)
    truth[:5, :5, :5] = True
    assert scores(truth, truth).dice == 1.0


def test_the_central_voxel_lies_in_its_component_even_where_the_middle_does_not() -> None:
    ring = np.ones((5, 5, 1), dtype=np.int64)
    ring[1:4, 1:4] = 0
    ring[2, 2] = 2
    ((i, j, k), middle) = central_voxels(ring, 2).tolist()
    assert ring[i, j, k] == 1
    assert abs(i - 2) + abs(j - 2) == 2
    assert middle == [2, 2, 0]


def test_matching_can_be_given_up() -> None:
    zooms = (1.0, 1.0, 1.0)
    surfaces = SurfacePair(surface_of(cube(5), zooms), surface_of(cube(5), zooms))
    with pytest.raises(CancelledError):
        score_lesions(LesionInput(cube(5), cube(5), surfaces, 0.001), should_stop=lambda: True)
