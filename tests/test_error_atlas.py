"""Errors as components with distance and cost, and the confusion of labels, against counted examples."""

from __future__ import annotations

import math
from concurrent.futures import CancelledError

import numpy as np
import pytest

from workstation.core.confusion import confusion_mask, count_confusion
from workstation.core.error_atlas import ErrorComponent, error_mask, find_errors
from workstation.core.geometry import Grid
from workstation.core.labels import SCHEMES, region_scheme
from workstation.core.volume import LabelMap

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]


def label_map(*boxes: Box, scheme: str = "brats2021", zooms: tuple[float, ...] = (1, 1, 1)) -> LabelMap:
    """24 voxels a side; boxes of (I range, J range, K range, label)."""
    data = np.zeros((24, 24, 24), dtype=np.uint8)
    for i, j, k, value in boxes:
        data[slice(*i), slice(*j), slice(*k)] = value
    return LabelMap("boxes", data, Grid((24, 24, 24), np.diag([*zooms, 1.0])), SCHEMES[scheme])


TUMOUR: Box = ((4, 8), (4, 8), (4, 8), 2)


def errors(truth: LabelMap, prediction: LabelMap, region: str = "WT") -> tuple[ErrorComponent, ...]:
    return find_errors(truth, prediction).regions[region]


def test_a_made_up_lesion_has_its_distance_volume_and_cost() -> None:
    # A plate of 3 x 3 x 1 voxels, 7 voxels of 2 mm beyond the tumour along K: 64 voxels of tumour, all found.
    zooms = (1.0, 1.0, 2.0)
    plate: Box = ((4, 7), (4, 7), (14, 15), 2)
    (error,) = errors(label_map(TUMOUR, zooms=zooms), label_map(TUMOUR, plate, zooms=zooms))
    assert (error.kind, error.voxels, error.voxel) == ("fp", 9, (5, 5, 14))
    assert error.volume_ml == pytest.approx(0.018)
    assert error.distance_mm == error.reach_mm == 2 * 7
    assert error.dice_cost == pytest.approx(1 - 2 * 64 / (64 + 73))


def test_an_error_that_touches_reaches_as_far_as_it_grows() -> None:
    # A spur of 5 voxels: its first voxel touches the tumour, its last is 5 voxels of 1.5 mm away.
    zooms = (1.5, 1.0, 1.0)
    spur: Box = ((8, 13), (5, 6), (5, 6), 2)
    (error,) = errors(label_map(TUMOUR, zooms=zooms), label_map(TUMOUR, spur, zooms=zooms))
    assert (error.distance_mm, error.reach_mm) == (1.5, 7.5)
    assert error.voxel == (10, 5, 5)


def test_a_missed_part_is_measured_to_the_prediction() -> None:
    half: Box = ((4, 6), (4, 8), (4, 8), 2)
    (error,) = errors(label_map(TUMOUR), label_map(half))
    assert (error.kind, error.voxels, error.distance_mm, error.reach_mm) == ("fn", 32, 1.0, 2.0)
    assert error.dice_cost == pytest.approx(1 - 2 * 32 / (64 + 32))


def test_errors_stand_by_size_and_each_costs_what_its_mending_brings() -> None:
    missed: Box = ((15, 18), (15, 18), (15, 18), 2)
    made_up: Box = ((15, 17), (4, 6), (4, 6), 2)
    found = errors(label_map(TUMOUR, missed), label_map(TUMOUR, made_up))
    assert [(error.kind, error.voxels) for error in found] == [("fn", 27), ("fp", 8)]
    # 64 true positives, 8 false positives, 27 false negatives.
    now = 2 * 64 / (2 * 64 + 8 + 27)
    assert found[0].dice_cost == pytest.approx(2 * 91 / (2 * 91 + 8) - now)
    assert found[1].dice_cost == pytest.approx(2 * 64 / (2 * 64 + 27) - now)


def test_the_only_error_where_there_is_no_truth_costs_all_and_is_infinitely_far() -> None:
    core: Box = ((4, 6), (4, 6), (4, 6), 1)
    (error,) = errors(label_map(TUMOUR), label_map(TUMOUR, core), "TC")
    assert math.isinf(error.distance_mm)
    assert error.dice_cost == 1.0
    assert not errors(label_map(TUMOUR), label_map(TUMOUR, core), "WT")


def test_errors_that_touch_in_a_corner_are_one() -> None:
    one: Box = ((10, 11), (10, 11), (10, 11), 2)
    other: Box = ((11, 12), (11, 12), (11, 12), 2)
    apart: Box = ((13, 14), (11, 12), (11, 12), 2)
    assert [error.voxels for error in errors(label_map(TUMOUR), label_map(TUMOUR, one, other, apart))] == [2, 1]


def test_the_mask_of_an_error_holds_its_voxels_and_no_others() -> None:
    missed: Box = ((15, 18), (15, 18), (15, 18), 2)
    made_up: Box = ((15, 17), (4, 6), (4, 6), 2)
    truth, prediction = label_map(TUMOUR, missed), label_map(TUMOUR, made_up)
    for error, box in zip(errors(truth, prediction), (missed, made_up), strict=True):
        assert (error_mask(truth, prediction, error) == (label_map(box).data > 0)).all()


def test_a_search_for_errors_can_be_given_up() -> None:
    with pytest.raises(CancelledError):
        find_errors(label_map(TUMOUR), label_map(), should_stop=lambda: True)


def test_two_empty_label_maps_have_no_errors() -> None:
    assert find_errors(label_map(), label_map()).regions == {"WT": (), "TC": (), "ET": ()}


def test_confusion_counts_every_voxel_once() -> None:
    # Of 64 voxels of oedema 16 were called core and 16 were missed; 8 of background were called enhancing.
    truth = label_map(TUMOUR)
    prediction = label_map(((4, 6), (4, 8), (4, 8), 2), ((6, 7), (4, 8), (4, 8), 1), ((15, 17), (15, 17), (15, 17), 4))
    found = count_confusion(truth, prediction)
    assert [label and label.value for label in found.truth_labels] == [None, 1, 2, 4]
    assert found.voxels.tolist() == [[24**3 - 64 - 8, 0, 0, 8], [0, 0, 0, 0], [16, 16, 32, 0], [0, 0, 0, 0]]
    assert found.voxels.sum() == 24**3


def test_confusion_of_two_schemes_agrees_by_tissue() -> None:
    # Oedema is 2 in BraTS 2021 and 1 in the Decathlon.
    found = count_confusion(label_map(TUMOUR), label_map((*TUMOUR[:3], 1), scheme="msd"))
    agreements = [(row, column) for row in range(4) for column in range(4) if found.is_agreement(row, column) and row]
    assert sum(int(found.voxels[cell]) for cell in agreements) == 64
    assert len(agreements) == 3


def test_the_mask_of_a_cell_holds_its_voxels() -> None:
    truth, prediction = label_map(TUMOUR), label_map(((4, 6), (4, 8), (4, 8), 1))
    assert np.count_nonzero(confusion_mask(truth, prediction, truth_value=2, prediction_value=1)) == 32
    missed = confusion_mask(truth, prediction, truth_value=2, prediction_value=0)
    assert (missed == (label_map(((6, 8), (4, 8), (4, 8), 2)).data > 0)).all()
    nowhere = confusion_mask(truth, prediction, truth_value=0, prediction_value=0)
    assert np.count_nonzero(nowhere) == 24**3 - 64


def test_a_mask_of_one_region_is_confused_with_labels_by_name() -> None:
    whole = label_map((*TUMOUR[:3], 1))
    whole = LabelMap("whole", whole.data, whole.grid, region_scheme("WT"))
    found = count_confusion(label_map(TUMOUR), whole)
    assert [label and label.name for label in found.prediction_labels] == [None, "whole tumour"]
    assert found.voxels[2].tolist() == [0, 64]


def test_a_mixed_up_label_is_an_error_of_both_labels_and_of_no_whole_tumour() -> None:
    # A quarter of the oedema (label 2), 2 x 4 x 2 voxels, is called core (label 1).
    quarter: Box = ((4, 6), (4, 8), (4, 6), 1)
    truth, prediction = label_map(TUMOUR), label_map(TUMOUR, quarter)
    atlas = find_errors(truth, prediction)
    assert atlas.regions["WT"] == ()
    (made_up,), (missed,) = atlas.labels[1], atlas.labels[2]
    assert (made_up.kind, made_up.label, made_up.region, made_up.voxels) == ("fp", 1, "", 16)
    assert (missed.kind, missed.label, missed.voxels) == ("fn", 2, 16)
    # Oedema: 64 voxels, of which 48 are found.
    assert missed.dice_cost == pytest.approx(1 - 2 * 48 / (64 + 48))
    where = np.zeros((24, 24, 24), dtype=bool)
    where[4:6, 4:8, 4:6] = True
    assert np.array_equal(error_mask(truth, prediction, missed), where)
