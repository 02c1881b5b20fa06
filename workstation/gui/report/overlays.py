"""What is drawn over the slices of a report: classes with fill and outline, each outline with a dash of its own.

Colours of equal brightness look the same when a page is printed in grey. The truth therefore has a solid outline and
the prediction a dashed one: inside both is agreement, inside one alone an error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QImage

from workstation.core.comparison import ComparisonCounts
from workstation.core.labels import LabelScheme
from workstation.core.overlap import OverlapCounts
from workstation.core.volume import LabelMap
from workstation.gui.colours import MaskColours, Rgb, rgb_of
from workstation.gui.report.blocks import Key, Legend
from workstation.gui.report.words import region_word, tr
from workstation.session.comparing import mask_of

SOLID: tuple[float, ...] = ()
DASHED: tuple[float, ...] = (3.0, 2.0)
_DASHES: tuple[tuple[float, ...], ...] = (SOLID, DASHED, (1.0, 1.4), (5.0, 1.4, 1.0, 1.4))
_MOST_KEYS = 6
_FILL = 0.36


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """One outlined mask.

    Parameters
    ----------
    mask : (I, J, K) bool ndarray
    colour : tuple of int
    dash : tuple of float
    """

    mask: np.ndarray
    colour: Rgb
    dash: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """All that is drawn over an image.

    Parameters
    ----------
    classes : (I, J, K) uint8 ndarray
        0 for nothing, else 1 + the place of its colour.
    colours : tuple of tuple of int
    outlines : tuple of Outline
    legend : Legend
    """

    classes: np.ndarray
    colours: tuple[Rgb, ...]
    outlines: tuple[Outline, ...]
    legend: Legend


def comparison_overlay(truth: LabelMap, prediction: LabelMap, region: str, palette: MaskColours) -> Overlay:
    """Truth against prediction in one region."""
    true, predicted = mask_of(truth, region), mask_of(prediction, region)
    classes = true.astype(np.uint8) + 2 * predicted.astype(np.uint8)
    voxels = np.bincount(classes.ravel(order="K"), minlength=4)
    overlap = OverlapCounts(tp=int(voxels[3]), fp=int(voxels[2]), fn=int(voxels[1]), tn=int(voxels[0]))
    counts = ComparisonCounts(overlap, truth.grid.voxel_ml)
    keys = (
        Key(tr("Both (TP)"), palette.agreement, value=_ml(counts.tp_ml), has_line=False),
        Key(tr("Prediction only (FP)"), palette.prediction, value=_ml(counts.fp_ml), has_line=False),
        Key(tr("Truth only (FN)"), palette.truth, value=_ml(counts.fn_ml), has_line=False),
        Key(tr("Outline of the truth"), palette.truth, SOLID, is_filled=False),
        Key(tr("Outline of the prediction"), palette.prediction, DASHED, is_filled=False),
    )
    return Overlay(
        classes,
        (palette.truth, palette.prediction, palette.agreement),
        (Outline(true, palette.truth, SOLID), Outline(predicted, palette.prediction, DASHED)),
        Legend(region_word(region), keys),
    )


def label_overlay(mask: LabelMap, title: str) -> Overlay:
    """The labels of one mask."""
    counts = np.bincount(mask.data.ravel(order="K"), minlength=256)
    present = [value for value in sorted(mask.scheme.labels) if counts[value]]
    table = np.zeros(256, dtype=np.uint8)
    table[present] = np.arange(1, len(present) + 1)
    keys, outlines = [], []
    for number, value in enumerate(present):
        colour, dash = _colour_of(mask.scheme, value), _DASHES[number % len(_DASHES)]
        outlines.append(Outline(mask.data == value, colour, dash))
        words = f"{value}: {mask.scheme.labels[value].name}"
        keys.append(Key(words, colour, dash, _ml(int(counts[value]) * mask.grid.voxel_ml)))
    remark = "" if present else tr("The mask is empty.")
    if len(keys) > _MOST_KEYS:
        remark = tr("and {0} more labels").format(len(keys) - _MOST_KEYS)
    legend = Legend(title, tuple(keys[:_MOST_KEYS]), remark)
    return Overlay(table[mask.data], tuple(each.colour for each in outlines), tuple(outlines), legend)


def empty_overlay(shape: tuple[int, int, int]) -> Overlay:
    """Nothing, and a legend that says so."""
    return Overlay(np.zeros(shape, np.uint8), (), (), Legend(tr("No mask"), (), tr("Neither truth nor prediction.")))


def fill_image(classes: np.ndarray, colours: tuple[Rgb, ...]) -> QImage:
    """The fill of one slice of classes, (rows, columns), to be laid over the image."""
    table = np.zeros(256, dtype=np.uint32)
    for number, colour in enumerate(colours, start=1):
        red, green, blue = (round(part * _FILL) for part in colour)
        table[number] = round(255 * _FILL) << 24 | red << 16 | green << 8 | blue
    pixels = np.take(table, np.ascontiguousarray(classes))
    rows, columns = pixels.shape
    return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32_Premultiplied).copy()


def _colour_of(scheme: LabelScheme, value: int) -> Rgb:
    return rgb_of(scheme.labels[value].colour)


def _ml(volume_ml: float) -> str:
    return tr("{0} ml").format(f"{volume_ml:.2f}")
