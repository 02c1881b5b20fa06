"""Small pictures of cases as pixmaps, made when they come into sight and kept while they are likely to come again."""

from __future__ import annotations

import functools
from collections import OrderedDict

import numpy as np
from PySide6.QtGui import QColor, QImage, QPixmap

from workstation.core.case_facts import CaseFacts, Thumbnail
from workstation.core.labels import SCHEMES

_MOST = 600
_OPACITY = 0.5
SCALE = 2
"""Pixels of a picture to one of the table's: crisp at twice the scale."""


class CasePictures:
    """Pixmaps by the number of the case."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, QPixmap] = OrderedDict()

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()

    def picture(self, index: int, facts: CaseFacts | None) -> QPixmap | None:
        """The picture of a case; None before it was examined, or where it has none."""
        if facts is None or facts.thumbnail is None:
            return None
        if index not in self._kept:
            self._kept[index] = _pixmap(facts.thumbnail, facts.mask.scheme if facts.mask else "")
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(index)
        return self._kept[index]


def _pixmap(thumbnail: Thumbnail, scheme_name: str) -> QPixmap:
    height, width = thumbnail.grey.shape
    pixels = _colours(scheme_name)[thumbnail.labels, thumbnail.grey]
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    # The pixmap copies them, so the array may go.
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(SCALE)
    return pixmap


@functools.cache
def _colours(scheme_name: str) -> np.ndarray:
    """Colour of each label of a scheme over each grey, (256, 256) uint32."""
    grey = np.arange(256)
    table = np.repeat(_packed(grey, grey, grey)[None], 256, axis=0)
    for value, label in (SCHEMES[scheme_name].labels if scheme_name in SCHEMES else {}).items():
        ink = QColor(label.colour)
        mixed = [(1 - _OPACITY) * grey + _OPACITY * part for part in (ink.red(), ink.green(), ink.blue())]
        table[value] = _packed(*mixed)
    return table


def _packed(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    red, green, blue = (part.astype(np.uint32) for part in (red, green, blue))
    return np.uint32(0xFF000000) | red << 16 | green << 8 | blue
