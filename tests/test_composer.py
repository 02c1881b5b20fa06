"""Classes, colours and outlines of a slice."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.gui.colours import PALETTES
from workstation.gui.review.composer import (
    AGREEMENT,
    BACKGROUND,
    PREDICTION_ONLY,
    TRUTH_ONLY,
    ClassRule,
    colour_table,
    compose,
)
from workstation.gui.review.outline import outline_segments

MEMBERS = np.array([0] + [1] * 255, dtype=np.uint8)
COLOURS = (PALETTES["standard"].agreement, PALETTES["standard"].truth, PALETTES["standard"].prediction)


def comparing(**changes: object) -> ClassRule:
    """A rule that compares all labels of both masks."""
    values: dict[str, object] = {"truth": MEMBERS, "prediction": MEMBERS, "is_comparing": True}
    values |= {"colours": COLOURS, "is_shown": (True, True, True)}
    return ClassRule(**(values | changes))  # type: ignore[arg-type]


def channels(pixel: np.uint32) -> tuple[int, int, int]:
    """Red, green and blue of 0xffRRGGBB."""
    return (int(pixel) >> 16 & 255, int(pixel) >> 8 & 255, int(pixel) & 255)


def test_each_combination_of_truth_and_prediction_has_its_class() -> None:
    truth, prediction = np.array([[0, 2, 0, 4]], np.uint8), np.array([[0, 0, 1, 1]], np.uint8)
    classes = comparing().classes(truth, prediction)
    assert classes is not None
    assert classes.tolist() == [[BACKGROUND, TRUTH_ONLY, PREDICTION_ONLY, AGREEMENT]]


def test_a_mask_alone_keeps_its_own_colour() -> None:
    labels = np.array([[0, 2]], np.uint8)
    only_truth = comparing(prediction=None).classes(labels, labels)
    only_prediction = comparing(truth=None).classes(labels, labels)
    assert only_truth is not None
    assert only_prediction is not None
    assert only_truth.tolist() == [[BACKGROUND, TRUTH_ONLY]]
    assert only_prediction.tolist() == [[BACKGROUND, PREDICTION_ONLY]]


def test_without_masks_there_are_no_classes() -> None:
    assert comparing().classes(None, None) is None


def test_in_labels_mode_the_prediction_lies_over_the_truth() -> None:
    identity = np.arange(256, dtype=np.uint8)
    rule = ClassRule(identity, identity, False, COLOURS, (True, True, True))
    classes = rule.classes(np.array([[1, 1, 0]], np.uint8), np.array([[0, 2, 3]], np.uint8))
    assert classes is not None
    assert classes.tolist() == [[1, 2, 3]]


def test_a_window_maps_its_ends_to_black_and_white() -> None:
    levels = np.array([[0, 1000, 1500, 2000, 4095]], np.uint16)
    pixels = compose(levels, None, colour_table(1000, 2000, comparing(), opacity=0.4))
    assert [channels(pixel) for pixel in pixels[0]] == [(0,) * 3, (0,) * 3, (128,) * 3, (255,) * 3, (255,) * 3]


def test_a_class_is_blended_by_its_opacity() -> None:
    table = colour_table(0, 4095, comparing(), opacity=0.4)
    pixels = compose(np.array([[4095]], np.uint16), np.array([[PREDICTION_ONLY]], np.uint8), table)
    expected = tuple(round(0.6 * 255 + 0.4 * part) for part in PALETTES["standard"].prediction)
    assert channels(pixels[0, 0]) == pytest.approx(expected, abs=1)


def test_errors_mode_leaves_agreement_grey() -> None:
    table = colour_table(0, 4095, comparing(is_shown=(False, True, True)), opacity=1.0)
    pixels = compose(np.full((1, 2), 4095, np.uint16), np.array([[AGREEMENT, TRUTH_ONLY]], np.uint8), table)
    assert [channels(pixel) for pixel in pixels[0]] == [(255, 255, 255), PALETTES["standard"].truth]


def test_what_is_lit_up_lies_over_every_class_and_hides_most_of_the_image() -> None:
    colours = (*COLOURS, PALETTES["standard"].highlight)
    rule = comparing(colours=colours, is_shown=(True,) * 4, is_highlighting=True)
    classes = rule.lit(np.array([[AGREEMENT, PREDICTION_ONLY]], np.uint8), np.array([[True, False]]))
    assert classes.tolist() == [[4, PREDICTION_ONLY]]
    pixels = compose(np.zeros((1, 2), np.uint16), classes, colour_table(0, 4095, rule, opacity=0.1))
    expected = tuple(round(0.75 * part) for part in PALETTES["standard"].highlight)
    assert channels(pixels[0, 0]) == pytest.approx(expected, abs=1)
    assert rule.opacities(0.9) == [0.9, 0.9, 0.9, 0.9]


def test_what_is_lit_up_needs_no_masks_beneath() -> None:
    rule = comparing(truth=None, prediction=None, is_highlighting=True)
    assert rule.lit(None, np.array([[True, False]])).tolist() == [[len(COLOURS), 0]]


def test_the_outline_of_a_box_is_its_four_sides() -> None:
    classes = np.zeros((10, 12), np.uint8)
    classes[2:6, 3:8] = 1
    segments = outline_segments(classes)[1]
    sides = {tuple(segment) for segment in segments.tolist()}
    assert sides == {(3, 2, 3, 6), (8, 2, 8, 6), (3, 2, 8, 2), (3, 6, 8, 6)}


def test_where_two_classes_meet_the_higher_one_draws_the_edge() -> None:
    classes = np.array([[AGREEMENT, PREDICTION_ONLY]], np.uint8)
    segments = outline_segments(classes)
    assert (1, 0, 1, 1) in {tuple(segment) for segment in segments[PREDICTION_ONLY].tolist()}
    assert (1, 0, 1, 1) not in {tuple(segment) for segment in segments[AGREEMENT].tolist()}


def test_an_empty_slice_has_no_outline() -> None:
    assert outline_segments(np.zeros((4, 4), np.uint8)) == {}
