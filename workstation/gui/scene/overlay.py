"""What stands over the 3D picture: crosshair, orientation letters, title. Painted by QPainter, so it costs no frame."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QWidget

from workstation.core.geometry import Grid
from workstation.gui.labels_on_images import draw_label
from workstation.gui.scene.camera import Camera

# As in the slices.
_LETTER = QColor(255, 214, 102)
_TITLE = QColor(205, 210, 216)
_QUIET = QColor(140, 146, 154)
_ABSENT = QColor(80, 86, 94)
_CROSSHAIR = QColor(94, 220, 150, 150)
_EDGE = 8.0
_RING = 5.0

_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_TOP, _BOTTOM = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
_MIDDLE, _CENTRE = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignHCenter


def paint_cursor(painter: QPainter, pane: QWidget, camera: Camera, grid: Grid, cursor_mm: np.ndarray) -> None:
    """Three lines along the voxel axes through the cursor, from edge to edge of the volume, and a ring about it."""
    voxel = grid.to_voxel(cursor_mm)
    ends = np.repeat(voxel[None, None], 3, axis=0).repeat(2, axis=1)
    for axis in range(3):
        ends[axis, 0, axis], ends[axis, 1, axis] = -0.5, grid.shape[axis] - 0.5
    size = (pane.width(), pane.height())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(_CROSSHAIR, 1))
    for start, end in camera.project(grid.to_world(ends), size)[..., :2]:
        painter.drawLine(QPointF(*start), QPointF(*end))
    painter.setPen(QPen(_CROSSHAIR, 1.5))
    painter.drawEllipse(QPointF(*camera.project(cursor_mm, size)[:2]), _RING, _RING)


def paint_letters(painter: QPainter, pane: QWidget, camera: Camera) -> None:
    """The patient's sides at the four edges."""
    painter.setFont(_font(pane, 1.15, is_bold=True))
    sides = (_LEFT | _MIDDLE, _RIGHT | _MIDDLE, _CENTRE | _TOP, _CENTRE | _BOTTOM)
    for letters, side in zip(camera.edge_letters, sides, strict=True):
        draw_label(painter, _area(pane), side, letters, _LETTER)


def paint_title(painter: QPainter, pane: QWidget, title: str, *, is_absent: bool = False) -> None:
    """The pane's name in its corner."""
    painter.setFont(_font(pane, 1.0))
    draw_label(painter, _area(pane), _LEFT | _TOP, title, _ABSENT if is_absent else _TITLE)


def paint_remark(painter: QPainter, pane: QWidget, text: str) -> None:
    """A quiet word in the lower left corner."""
    painter.setFont(_font(pane, 0.9))
    draw_label(painter, _area(pane), _LEFT | _BOTTOM, text, _QUIET)


def _area(pane: QWidget) -> QRectF:
    return QRectF(pane.rect()).adjusted(_EDGE, _EDGE - 2, -_EDGE, -_EDGE + 2)


def _font(pane: QWidget, scale: float, *, is_bold: bool = False) -> QFont:
    font = QFont(pane.font())
    font.setPointSizeF(max(7.0, font.pointSizeF() * scale))
    font.setBold(is_bold)
    return font
