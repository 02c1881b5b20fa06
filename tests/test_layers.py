"""What is drawn over the images, and how truth and prediction compare."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from small_cases import box
from test_view import emissions

from workstation.core.labels import region_scheme
from workstation.core.volume import LabelMap
from workstation.session.background import Background
from workstation.session.comparing import compare_masks, recounted
from workstation.session.layers import Layers


@pytest.fixture
def layers(qtbot: QtBot) -> Iterator[Layers]:
    background = Background()
    yield Layers(background)
    background.close()


def test_two_boxes_compare_as_arithmetic_says(layers: Layers, qtbot: QtBot) -> None:
    # Slabs of 400 voxels a slice: K 4-14 and 8-18 share 6 slices; each has 4 of its own.
    with qtbot.waitSignal(layers.comparison_ready):
        layers.set_masks(truth=box(4, 14), prediction=box(8, 18))
    comparison = layers.comparison
    assert comparison is not None
    overlap = comparison.counts.overlap
    assert (overlap.tp, overlap.fp, overlap.fn) == (2400, 1600, 1600)
    assert comparison.counts.tp_ml == pytest.approx(2.4)
    assert comparison.counts.dice == pytest.approx(2 * 6 / (10 + 10))
    assert set(comparison.regions) == {"WT", "TC", "ET"}


def test_a_comparison_goes_with_its_masks(layers: Layers, qtbot: QtBot) -> None:
    with qtbot.waitSignal(layers.comparison_ready):
        layers.set_masks(truth=box(4, 14), prediction=box(8, 18))
    layers.set_prediction(None)
    assert layers.comparison is None


def test_only_the_last_region_is_counted(layers: Layers, qtbot: QtBot) -> None:
    with qtbot.waitSignal(layers.comparison_ready):
        layers.set_masks(truth=box(4, 14), prediction=box(8, 18))
        layers.set_region("TC")
        layers.set_region("WT")
    assert layers.comparison is not None
    assert layers.comparison.region == "WT"


def test_oedema_alone_is_no_core() -> None:
    comparison = compare_masks(box(4, 14), box(8, 18), "TC")
    assert comparison.counts.overlap.tp == 0
    assert comparison.regions["WT"].overlap.tp == 2400


def test_true_negatives_are_counted_beyond_the_box_of_the_masks() -> None:
    truth, prediction = box(4, 14), box(8, 18)
    comparison = compare_masks(truth, prediction, "all")
    counts = comparison.counts.overlap
    assert counts.tp + counts.fp + counts.fn + counts.tn == truth.data.size
    assert comparison.classes.shape == truth.data.shape
    assert np.array_equal(comparison.classes != 0, (truth.data != 0) | (prediction.data != 0))


def test_two_empty_masks_agree_everywhere() -> None:
    empty = box(4, 4)
    comparison = compare_masks(empty, empty, "all")
    assert comparison.counts.overlap.tn == empty.data.size
    assert not comparison.classes.any()


def test_masks_of_different_schemes_compare_by_region() -> None:
    # Oedema is 2 in BraTS 2021 and 1 in the Decathlon.
    comparison = compare_masks(box(4, 14), box(4, 14, value=1, scheme="msd"), "all")
    assert comparison.counts.dice == 1.0


def test_a_region_that_one_mask_cannot_express_has_no_row() -> None:
    whole = box(4, 14, value=1)
    whole = LabelMap(whole.name, whole.data, whole.grid, region_scheme("WT"))
    comparison = compare_masks(box(4, 14), whole, "all")
    assert set(comparison.regions) == {"WT"}
    assert comparison.counts.dice == 1.0


@pytest.mark.parametrize("region", ["all", "WT", "TC", "ET"])
def test_a_box_counted_anew_is_the_whole_counted_anew(region: str) -> None:
    """Random masks; the second prediction differs from the first in a box."""
    rng = np.random.default_rng(5)
    labels = np.array([0, 0, 1, 2, 4], dtype=np.uint8)
    truth, before = (dataclasses.replace(box(0, 1), data=rng.choice(labels, (20, 20, 20))) for _ in range(2))
    data = before.data.copy()
    data[3:9, 0:20, 7:8] = rng.choice(labels, (6, 20, 1))
    after = dataclasses.replace(before, data=data)
    last = compare_masks(truth, before, region)
    found = recounted(last, (truth, before), (truth, after), np.array([[3, 0, 7], [9, 20, 8]]))
    whole = compare_masks(truth, after, region)
    assert (found.region, found.counts, found.regions) == (whole.region, whole.counts, whole.regions)
    assert np.array_equal(found.classes, whole.classes)
    assert not np.array_equal(last.classes, whole.classes)


def test_edits_in_quick_succession_are_all_counted(layers: Layers, qtbot: QtBot) -> None:
    with qtbot.waitSignal(layers.comparison_ready):
        layers.set_masks(truth=box(4, 14), prediction=box(4, 14))
    # The layer begins with another mask than the prediction, and nothing of it has been counted when the edits come.
    layers.take_edited(box(2, 14))
    for stop in (15, 16, 17):
        # Each edit adds a slice of 400 voxels; the comparison of one may be dropped for the next.
        layers.take_edited(box(2, stop), box=np.array([[0, 0, stop - 1], [20, 20, stop]]))
    qtbot.waitUntil(lambda: layers.comparison is not None and layers.comparison.counts.overlap.fp == 5 * 400)
    assert layers.prediction is not None
    assert layers.comparison is not None
    assert layers.comparison.counts == compare_masks(box(4, 14), layers.prediction, "all").counts


def test_each_change_is_announced_once_and_only_if_it_is_one(layers: Layers) -> None:
    changes = emissions(layers.display_changed)
    layers.set_opacity(0.7)
    layers.set_opacity(0.7)
    layers.set_opacity(1.7)
    layers.set_opacity(2.0)
    assert (layers.opacity, len(changes)) == (1.0, 2)
    layers.set_mode("errors")
    layers.set_mode("errors")
    layers.set_mode("no such mode")
    layers.set_outline("fill")
    layers.set_palette("colour-blind")
    layers.set_visible("truth", visible=False)
    layers.set_visible("truth", visible=False)
    assert len(changes) == 6


def test_masks_are_hidden_while_toggled_or_held(layers: Layers) -> None:
    changes = emissions(layers.display_changed)
    layers.set_held(held=True)
    layers.set_held(held=True)
    assert layers.hidden
    layers.toggle_hidden()
    layers.set_held(held=False)
    assert layers.hidden
    layers.toggle_hidden()
    assert not layers.hidden
    assert len(changes) == 4


def test_a_new_mask_is_seen_whatever_was_hidden(layers: Layers) -> None:
    layers.toggle_hidden()
    layers.set_visible("prediction", visible=False)
    layers.show_mask("prediction", box(4, 14))
    assert layers.prediction is not None
    assert layers.is_visible("prediction")
    assert not layers.hidden


def test_a_second_mask_is_compared_with_the_truth(layers: Layers, qtbot: QtBot) -> None:
    layers.set_masks(truth=box(4, 14), prediction=box(8, 18))
    with qtbot.waitSignal(layers.comparison_ready):
        layers.show_mask("second", box(4, 10))
    assert layers.pair == ("truth", "second")
    assert layers.comparison is not None
    assert layers.comparison.counts.dice == pytest.approx(2 * 6 / (10 + 6))
    # What was opened as a prediction is still that, and the one to export.
    assert layers.mask("prediction") is not None
    assert layers.prediction is layers.mask("second")


def test_any_two_masks_make_a_pair_and_choosing_the_other_swaps(layers: Layers, qtbot: QtBot) -> None:
    layers.set_masks(truth=box(4, 14), prediction=box(8, 18))
    layers.show_mask("second", box(4, 10))
    with qtbot.waitSignal(layers.comparison_ready):
        layers.set_pair("prediction", "second")
    assert layers.comparison is not None
    # Slices 8 to 18 and 4 to 10 share two.
    assert layers.comparison.counts.dice == pytest.approx(2 * 2 / (10 + 6))
    layers.set_pair("second", "second")
    assert layers.pair == ("second", "prediction")
    layers.set_pair("prediction", "prediction")
    assert layers.pair == ("prediction", "second")


def test_without_a_truth_a_second_mask_is_compared_with_the_prediction(layers: Layers) -> None:
    layers.set_masks(truth=None, prediction=box(8, 18))
    layers.show_mask("second", box(4, 10))
    assert layers.pair == ("prediction", "second")


def test_a_new_prediction_and_a_new_case_are_seen_whatever_pair_was_chosen(layers: Layers) -> None:
    layers.set_masks(truth=box(4, 14), prediction=box(8, 18))
    layers.show_mask("second", box(4, 10))
    layers.show_mask("prediction", box(8, 12))
    assert layers.pair == ("truth", "prediction")
    layers.show_mask("second", box(4, 10))
    layers.set_masks(truth=box(4, 14), prediction=None)
    assert layers.pair == ("truth", "prediction")
    assert layers.mask("second") is None
