"""One slice as one picture: grey levels and classes composed by a single table look-up.

A pixel's index is (class << 12) + grey level; a table of 32-bit colours, made anew only when the window or the colours
change, gives the pixel. This is several times cheaper than blending two images at every paint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtGui import QImage

from workstation.core.intensity import GREY_LEVELS
from workstation.core.labels import LabelScheme
from workstation.core.volume import LabelMap
from workstation.gui.colours import PALETTES, Rgb, rgb_of
from workstation.session.layers import Layers

# Classes of the comparison in the order in which one wins over another where two meet: the outline between two classes
# takes the colour of the higher one.
BACKGROUND, AGREEMENT, TRUTH_ONLY, PREDICTION_ONLY = range(4)
# A pixel has four bits for its class; one class is kept for what is lit up.
_MOST_CLASSES = 15
HIGHLIGHT_OPACITY = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class ClassRule:
    """How the labels of truth and prediction become classes, and the classes' colours.

    Parameters
    ----------
    truth, prediction : (256,) uint8 ndarray or None
        Class of each label in labels mode, 0 or 1 in the comparing modes; None if the mask is absent or not shown.
    is_comparing : bool
        Whether the two are combined into truth only, prediction only and agreement.
    colours : sequence of tuple of int
        Colour of each class from 1 on.
    is_shown : sequence of bool
        Whether each class from 1 on is painted.
    is_highlighting : bool
        Whether the last class is lit up: painted over all others, and hardly transparent.
    """

    truth: np.ndarray | None
    prediction: np.ndarray | None
    is_comparing: bool
    colours: Sequence[Rgb]
    is_shown: Sequence[bool]
    is_highlighting: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to paint over the image."""
        return self.truth is None and self.prediction is None

    def opacities(self, opacity: float) -> list[float]:
        """Of each class from 1 on, where the layers ask for `opacity`."""
        found = [opacity if is_shown else 0.0 for is_shown in self.is_shown]
        if self.is_highlighting:
            found[-1] = max(opacity, HIGHLIGHT_OPACITY)
        return found

    def lit(self, classes: np.ndarray | None, highlight: np.ndarray) -> np.ndarray:
        """The classes of one slice with what is lit up over them."""
        number = np.uint8(len(self.colours))
        under = np.uint8(0) if classes is None else classes
        lit: np.ndarray = np.where(highlight, number, under)
        return lit

    def classes(self, truth: np.ndarray | None, prediction: np.ndarray | None) -> np.ndarray | None:
        """Classes of one slice from the labels of both masks there; None if nothing is painted."""
        truth_classes = None if truth is None or self.truth is None else np.take(self.truth, truth)
        prediction_classes = (
            None if prediction is None or self.prediction is None else np.take(self.prediction, prediction)
        )
        if truth_classes is None and prediction_classes is None:
            return None
        if not self.is_comparing:
            # The prediction's labels lie over the truth's.
            if prediction_classes is None:
                return truth_classes
            if truth_classes is None:
                return prediction_classes
            return np.where(prediction_classes > 0, prediction_classes, truth_classes)
        in_truth = 0 if truth_classes is None else truth_classes * np.uint8(TRUTH_ONLY)
        in_prediction = 0 if prediction_classes is None else prediction_classes * np.uint8(PREDICTION_ONLY)
        # Bit by bit, 2 and 3 together are 1, which is agreement; a table would take one look-up more.
        classes: np.ndarray = np.bitwise_xor(in_truth, in_prediction)
        return classes


def rule_of(layers: Layers) -> ClassRule:
    """The rule that the layers' state asks for."""
    rule = _mask_rule(layers)
    if layers.highlight is None or layers.hidden:
        return rule
    return replace(
        rule,
        colours=(*rule.colours, PALETTES[layers.palette].highlight),
        is_shown=(*rule.is_shown, True),
        is_highlighting=True,
    )


def _mask_rule(layers: Layers) -> ClassRule:
    shown = {
        kind: mask
        for kind, mask in (("truth", layers.truth), ("prediction", layers.prediction))
        if mask is not None and layers.is_visible(kind) and not layers.hidden
    }
    if layers.mode == "labels":
        return _label_rule(shown, layers.region)
    palette = PALETTES[layers.palette]
    tables = {kind: _membership(mask.scheme, layers.region) for kind, mask in shown.items()}
    is_error = layers.mode == "errors"
    return ClassRule(
        tables.get("truth"),
        tables.get("prediction"),
        True,
        (palette.agreement, palette.truth, palette.prediction),
        (not is_error, True, True),
    )


def _label_rule(shown: Mapping[str, LabelMap], region: str) -> ClassRule:
    colours: dict[str, Rgb] = {}
    tables: dict[str, np.ndarray] = {}
    for kind, mask in shown.items():
        members = _membership(mask.scheme, region)
        tables[kind] = np.zeros(256, dtype=np.uint8)
        for value, label in mask.scheme.labels.items():
            if members[value] and (label.colour in colours or len(colours) < _MOST_CLASSES - 1):
                colours.setdefault(label.colour, rgb_of(label.colour))
                tables[kind][value] = list(colours).index(label.colour) + 1
    are_shown = (True,) * len(colours)
    return ClassRule(tables.get("truth"), tables.get("prediction"), False, tuple(colours.values()), are_shown)


def _membership(scheme: LabelScheme, region: str) -> np.ndarray:
    """1 for the labels of a region ("all": every label), as a table of 256."""
    table = np.zeros(256, dtype=np.uint8)
    table[list(scheme.labels if region == "all" else scheme.regions.get(region, frozenset()))] = 1
    return table


def colour_table(low: float, high: float, rule: ClassRule, *, opacity: float) -> np.ndarray:
    """Colours of every (class << 12) + level.

    Parameters
    ----------
    low, high : float
        Window in levels: black at `low`, white at `high`.
    rule : ClassRule
    opacity : float
        Of the classes over the image, 0 to 1.

    Returns
    -------
    (n * 4096,) uint32 ndarray
        0xffRRGGBB.
    """
    grey = (np.arange(GREY_LEVELS, dtype=np.float32) - np.float32(low)) * np.float32(255 / max(high - low, 1e-6))
    grey = np.clip(grey, 0, 255)
    table = np.empty((len(rule.colours) + 1, GREY_LEVELS), dtype=np.uint32)
    table[0] = np.uint32(0xFF000000) | (grey + np.float32(0.5)).astype(np.uint32) * np.uint32(0x010101)
    for number, (colour, share) in enumerate(zip(rule.colours, rule.opacities(opacity), strict=True), start=1):
        table[number] = _packed(*(grey * (1 - share) + part * share for part in colour))
    return table.ravel()


def overlay_table(rule: ClassRule, *, opacity: float) -> np.ndarray:
    """Colours of the classes alone, for a picture that lies over an image.

    Returns
    -------
    (n,) uint32 ndarray
        0xAARRGGBB, premultiplied; class 0 is clear.
    """
    table = np.zeros(len(rule.colours) + 1, dtype=np.uint32)
    for number, (colour, share) in enumerate(zip(rule.colours, rule.opacities(opacity), strict=True), start=1):
        red, green, blue = (round(part * share) for part in colour)
        table[number] = round(255 * share) << 24 | red << 16 | green << 8 | blue
    return table


def _packed(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    parts = [(part + np.float32(0.5)).astype(np.uint32) for part in (red, green, blue)]
    packed: np.ndarray = np.uint32(0xFF000000) | (parts[0] << 16) | (parts[1] << 8) | parts[2]
    return packed


def compose(levels: np.ndarray, classes: np.ndarray | None, table: np.ndarray) -> np.ndarray:
    """The picture of one slice.

    Parameters
    ----------
    levels : (rows, columns) uint16 ndarray
        Grey levels, 0 to 4095.
    classes : (rows, columns) uint8 ndarray or None
        Classes, below 16.
    table : uint32 ndarray
        Of `colour_table`.

    Returns
    -------
    (rows, columns) uint32 ndarray
        0xffRRGGBB, C order.
    """
    index = levels if classes is None else levels | (classes.astype(np.uint16) << 12)
    return np.take(table, np.ascontiguousarray(index))


def as_image(pixels: np.ndarray) -> QImage:
    """A QImage on the pixels of `compose`; the array must be kept as long as the image is."""
    rows, columns = pixels.shape
    return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32)
