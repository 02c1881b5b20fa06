"""All figures of a pair of label maps."""

from __future__ import annotations

import math
from concurrent.futures import CancelledError

import numpy as np
import pytest
from small_cases import box

from workstation.core.geometry import Grid
from workstation.core.label_pair import crop_pair
from workstation.core.labels import SCHEMES, region_scheme
from workstation.core.metrics import measure_pair
from workstation.core.volume import LabelMap


def slabs(*values: tuple[int, int, int], scheme: str = "brats2021", zooms: tuple[float, ...] = (1, 1, 1)) -> LabelMap:
    """A label map of 20 voxels a side: (start, stop, value) along K, 100 voxels a slice, 5 voxels from the border."""
    data = np.zeros((20, 20, 20), dtype=np.uint8)
    for start, stop, value in values:
        data[5:15, 5:15, start:stop] = value
    return LabelMap("slabs", data, Grid((20, 20, 20), np.diag([*zooms, 1.0])), SCHEMES[scheme])


def test_a_slab_moved_by_two_slices_of_three_mm() -> None:
    zooms = (1.0, 1.0, 3.0)
    found = measure_pair(slabs((4, 12, 2), zooms=zooms), slabs((6, 14, 2), zooms=zooms)).regions["WT"].scores
    # 8 slices each, 6 shared, of 100 voxels of 3 mm3.
    assert found.dice == pytest.approx(2 * 6 / 16)
    assert found.jaccard == pytest.approx(6 / 10)
    assert (found.sensitivity, found.precision) == pytest.approx((6 / 8, 6 / 8))
    assert found.specificity == pytest.approx((8000 - 800 - 200) / (8000 - 800))
    assert (found.truth_ml, found.prediction_ml, found.difference_ml) == pytest.approx((2.4, 2.4, 0.0))
    assert found.hd95_mm == 6.0
    assert (found.lesions_tp, found.lesions_fp, found.lesions_fn) == (1, 0, 0)
    assert (found.lesionwise_dice, found.lesionwise_hd95_mm) == (found.dice, found.hd95_mm)


def test_volumes_differ_by_prediction_minus_truth() -> None:
    found = measure_pair(slabs((4, 12, 2)), slabs((4, 9, 2))).regions["WT"].scores
    assert (found.truth_ml, found.prediction_ml, found.difference_ml) == pytest.approx((0.8, 0.5, -0.3))


def test_empty_regions_follow_the_challenge() -> None:
    found = measure_pair(slabs((4, 12, 2)), slabs((4, 12, 2), (12, 14, 1)))
    both_empty, one_empty = found.regions["ET"].scores, found.regions["TC"].scores
    assert (both_empty.dice, both_empty.hd95_mm, both_empty.nsd_1mm, both_empty.assd_mm) == (1.0, 0.0, 1.0, 0.0)
    assert (both_empty.lesionwise_dice, both_empty.lesionwise_hd95_mm, both_empty.sensitivity) == (1.0, 0.0, 1.0)
    assert (one_empty.dice, one_empty.hd95_mm, one_empty.nsd_2mm) == (0.0, 374.0, 0.0)
    assert (one_empty.lesionwise_dice, one_empty.lesionwise_hd95_mm, one_empty.lesions_fp) == (0.0, 374.0, 1)
    assert math.isnan(one_empty.assd_mm)


def test_labels_are_known_by_their_tissue() -> None:
    # Oedema is 2 in BraTS 2021 and 1 in the Decathlon; enhancing tumour is 4 and 3.
    truth, prediction = slabs((4, 8, 2), (8, 12, 4)), slabs((4, 8, 1), (8, 10, 3), scheme="msd")
    found = measure_pair(truth, prediction)
    assert list(found.labels) == [1, 2, 4]
    assert found.labels[2].scores.dice == 1.0
    assert found.labels[4].scores.dice == pytest.approx(2 * 2 / (4 + 2))
    assert found.labels[4] == found.regions["ET"]


def test_a_resection_cavity_is_a_region_where_both_schemes_have_one() -> None:
    new, old = slabs((4, 8, 4), scheme="brats2023"), slabs((4, 8, 4))
    assert list(measure_pair(new, new).regions) == ["WT", "TC", "ET", "RC"]
    assert list(measure_pair(new, old).regions) == ["WT", "TC", "ET"]


def test_a_mask_of_one_region_has_no_labels_to_compare() -> None:
    whole = slabs((4, 12, 1))
    whole = LabelMap(whole.name, whole.data, whole.grid, region_scheme("WT"))
    found = measure_pair(slabs((4, 12, 2)), whole)
    assert list(found.regions) == ["WT"]
    assert not found.labels


def test_lesions_are_placed_in_the_whole_volume() -> None:
    truth = slabs((2, 5, 2), (13, 18, 2))
    found = measure_pair(truth, truth).regions["WT"].lesions
    assert [lesion.voxels for lesion in found] == [500, 300]
    # The middle of an even number of voxels lies between two.
    assert found[0].voxel[2] == 15
    assert found[1].voxel[2] == 3
    assert all(index in (9, 10) for lesion in found for index in lesion.voxel[:2])


def test_two_empty_label_maps_are_measured() -> None:
    found = measure_pair(slabs(), slabs()).regions["WT"].scores
    assert (found.dice, found.specificity, found.truth_ml) == (1.0, 1.0, 0.0)


def test_a_pair_is_cut_to_its_labels_and_a_margin_within_the_volume() -> None:
    truth = slabs((1, 3, 2))
    pair = crop_pair(truth, slabs((1, 3, 2)), margin=3)
    assert pair.truth.shape == (16, 16, 6)
    assert pair.offset == (2, 2, 0)
    assert pair.in_grid((0, 1, 2)) == (2, 3, 2)
    assert np.count_nonzero(pair.truth) == np.count_nonzero(truth.data)
    moved = LabelMap("f", np.asfortranarray(truth.data), truth.grid, truth.scheme)
    assert crop_pair(moved, moved, margin=3).offset == pair.offset


def test_a_measurement_can_be_given_up() -> None:
    with pytest.raises(CancelledError):
        measure_pair(box(4, 14), box(8, 18), should_stop=lambda: True)
