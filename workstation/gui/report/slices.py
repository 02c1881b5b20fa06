"""Slices of a case as square pictures: image, masks, orientation letters, plane and slice, convention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from workstation.core.case import Case
from workstation.core.geometry import reorient, transform_to_ras
from workstation.core.key_slices import Slices
from workstation.gui.report.canvas import FAMILIES
from workstation.gui.report.contours import contours_of
from workstation.gui.report.keys import outline_pens
from workstation.gui.report.overlays import Overlay, fill_image
from workstation.gui.report.words import plane_word
from workstation.gui.review.slice_geometry import SliceGeometry
from workstation.session.images import make_display_image

PLANES = ("axial", "sagittal", "coronal")
_SLICE_AXIS = {"axial": 2, "coronal": 1, "sagittal": 0}
SIDE = 640
_MARGIN = 0.05
_OUTLINE = 3.2
_LETTER, _TITLE = QColor(255, 214, 102), QColor(226, 230, 235)


@dataclass(frozen=True, slots=True)
class Convention:
    """How slices stand on the page.

    Parameters
    ----------
    side : {"radiological", "neurological"}
    sagittal_nose : {"left", "right"}
    """

    side: str = "radiological"
    sagittal_nose: str = "left"


class SlicePictures:
    """Draws slices of one sequence of a case.

    Parameters
    ----------
    case : Case
    sequence : str
    overlay : Overlay
    convention : Convention
    """

    def __init__(self, case: Case, sequence: str, overlay: Overlay, convention: Convention) -> None:
        self._grid = case.grid
        self._to_ras = transform_to_ras(case.grid.affine)
        image = make_display_image(case.sequences[sequence])
        low, high = ((value - image.lowest) / image.step for value in image.first_window)
        self._grey = reorient(image.levels, self._to_ras), low, high
        self._content = image.content
        self._overlay = overlay
        self._convention = convention

    def slice_number(self, plane: str, slices: Slices) -> tuple[int, int]:
        """The slice of a plane, counted from 1 as in the window, and how many there are."""
        index, geometry = self._index(plane, slices), self._geometry(plane)
        return index + 1, geometry.slice_count

    def picture(self, plane: str, slices: Slices) -> QImage:
        """The slice of a plane through voxel indices of the case's grid."""
        geometry, index = self._geometry(plane), self._index(plane, slices)
        image = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.black)
        painter = QPainter(image)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.save()
        self._place(painter, geometry)
        width, height = geometry.size
        painter.drawImage(QRectF(0, 0, width, height), self._grey_image(geometry, index))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        classes = geometry.slice_of(reorient(self._overlay.classes, self._to_ras), index)
        painter.drawImage(QRectF(0, 0, width, height), fill_image(classes, self._overlay.colours))
        self._draw_outlines(painter, geometry, index)
        painter.restore()
        self._annotate(painter, geometry, index)
        painter.end()
        return image

    def _geometry(self, plane: str) -> SliceGeometry:
        nose = self._convention.sagittal_nose
        return SliceGeometry.of(self._grid, plane, convention=self._convention.side, sagittal_nose=nose)

    def _index(self, plane: str, slices: Slices) -> int:
        world = _SLICE_AXIS[plane]
        axis = self._to_ras.axes[world]
        index = slices[axis]
        return self._grid.shape[axis] - 1 - index if self._to_ras.flips[world] else index

    def _place(self, painter: QPainter, geometry: SliceGeometry) -> None:
        """Slice pixels onto the picture, so that the head fills it and millimetres are equal in both directions."""
        corners = np.array([self._content[0], self._content[1]]) - 0.5
        start, end = (geometry.to_screen((x, y, z))[1:] for x, y, z in self._grid.to_world(corners).tolist())
        head = QRectF(QPointF(*start), QPointF(*end)).normalized()
        wide, high = geometry.pixel_mm
        side_mm = max(head.width() * wide, head.height() * high, 1.0) * (1 + 2 * _MARGIN)
        painter.translate(SIDE / 2, SIDE / 2)
        painter.scale(SIDE / side_mm * wide, SIDE / side_mm * high)
        painter.translate(-head.center())

    def _grey_image(self, geometry: SliceGeometry, index: int) -> QImage:
        levels, low, high = self._grey
        grey = (geometry.slice_of(levels, index).astype(np.float32) - low) * (255 / max(high - low, 1e-6))
        pixels = np.ascontiguousarray(np.clip(grey, 0, 255).round().astype(np.uint8))
        rows, columns = pixels.shape
        return QImage(pixels.data, columns, rows, columns, QImage.Format.Format_Grayscale8).copy()

    def _draw_outlines(self, painter: QPainter, geometry: SliceGeometry, index: int) -> None:
        for outline in self._overlay.outlines:
            polygons = contours_of(geometry.slice_of(reorient(outline.mask, self._to_ras), index))
            for pen in outline_pens(outline.colour, outline.dash, _OUTLINE):
                pen.setCosmetic(True)
                pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
                painter.setPen(pen)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                for polygon in polygons:
                    painter.drawPolyline(polygon)

    def _annotate(self, painter: QPainter, geometry: SliceGeometry, index: int) -> None:
        title = f"{plane_word(geometry.plane)} {index + 1} / {geometry.slice_count}"
        annotate(painter, geometry.letters, title)


def annotate(painter: QPainter, letters: tuple[str, str, str, str], title: str) -> None:
    """Orientation letters at the edges (left, right, top, bottom) and a title in the corner."""
    area = QRectF(12, 8, SIDE - 24, SIDE - 16)
    left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
    middle, centre = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignHCenter
    top, bottom = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
    font = QFont()
    font.setFamilies(list(FAMILIES))
    font.setPixelSize(36)
    font.setBold(True)
    painter.setFont(font)
    sides = (left | middle, right | middle, centre | top, centre | bottom)
    for letter, side in zip(letters, sides, strict=True):
        _shadowed(painter, area, side, letter, _LETTER)
    font.setPixelSize(28)
    font.setBold(False)
    painter.setFont(font)
    _shadowed(painter, area, left | bottom, title, _TITLE)


def _shadowed(painter: QPainter, area: QRectF, side: Qt.AlignmentFlag, words: str, colour: QColor) -> None:
    painter.setPen(QColor(0, 0, 0, 220))
    painter.drawText(area.translated(2, 2), side, words)
    painter.setPen(colour)
    painter.drawText(area, side, words)
