"""Small pictures of cases as pixmaps, made when they come into sight and kept while they are likely to come again."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from PySide6.QtGui import QColor, QImage, QPixmap

from workstation.core.case_facts import CaseFacts, Thumbnail
from workstation.core.labels import SCHEMES, LabelScheme

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
            scheme = SCHEMES.get(facts.mask.scheme) if facts.mask else None
            self._kept[index] = _pixmap(facts.thumbnail, scheme)
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(index)
        return self._kept[index]


def _pixmap(thumbnail: Thumbnail, scheme: LabelScheme | None) -> QPixmap:
    pixels = np.repeat(thumbnail.grey[..., None], 3, axis=2)
    for value, label in (scheme.labels if scheme else {}).items():
        ink = QColor(label.colour)
        colour = np.array((ink.red(), ink.green(), ink.blue()))
        where = thumbnail.labels == value
        pixels[where] = ((1 - _OPACITY) * pixels[where] + _OPACITY * colour).astype(np.uint8)
    height, width = thumbnail.grey.shape
    content = np.ascontiguousarray(pixels).tobytes()
    image = QImage(content, width, height, 3 * width, QImage.Format.Format_RGB888)
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(SCALE)
    return pixmap
