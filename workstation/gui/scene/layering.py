"""Laying rendered pictures over each other: solid ones, and translucent ones where nothing solid is before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """What was drawn of some parts.

    Parameters
    ----------
    pixels : (height, width, 4) uint8 ndarray
        Red, green, blue, opacity; premultiplied; the first row is the upper one.
    depth : (height, width) float32 ndarray
        0 at the eye to 1; 1 where nothing is.
    """

    pixels: np.ndarray
    depth: np.ndarray

    def image(self) -> QImage:
        """The picture alone."""
        return _image(self.pixels)

    def in_front_of(self, solid: Rendering | None) -> QImage:
        """The picture without what lies behind something solid."""
        if solid is None:
            return self.image()
        return _image(np.where((self.depth < solid.depth)[..., None], self.pixels, 0))


def over_black(image: QImage) -> QImage:
    """A picture on black, without opacity."""
    picture = QImage(image.size(), QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.black)
    painter = QPainter(picture)
    painter.drawImage(0, 0, image)
    painter.end()
    return picture


def mixed(images: list[QImage]) -> QImage:
    """Pictures laid over each other: each as it is where it is alone, evenly mixed where several are."""
    picture = images[0].convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(picture)
    for count, image in enumerate(images[1:], start=2):
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        painter.setOpacity(1 / count)
        painter.drawImage(0, 0, image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationOver)
        painter.setOpacity(1.0)
        painter.drawImage(0, 0, image)
    painter.end()
    return picture


def _image(pixels: np.ndarray) -> QImage:
    height, width, _ = pixels.shape
    # The copy frees the picture from numpy's memory.
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied).copy()
