"""What a tool shows over a slice: the outline of the brush in its true size, the polygon that is being drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from workstation.gui.colours import rgb_of

if TYPE_CHECKING:
    from workstation.gui.review.slice_view import SliceView

STROKES = ("brush", "eraser")
_HALO = QColor(0, 0, 0, 170)
_ERASER = QColor(240, 243, 247)
_VERTEX = 3.0
_DOT = 1.2
# Of the line about the brush, outside its radius.
_RIM = 4
# Larger outlines, screen pixels, are drawn each time: a picture would take megabytes.
_LARGEST_KEPT = 300
# A line drawn by hand has a vertex every few pixels: dots would hide it.
_MOST_DOTS = 40


def paint_tool(painter: QPainter, view: SliceView) -> None:
    """Draw the outline of the tool over the slice."""
    tool = view.edit.tool
    if tool in STROKES and view.edit.position is not None:
        _paint_brush(painter, view, view.edit.position, is_eraser=tool == "eraser")
    elif tool == "polygon" and view.edit.vertices:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_polygon(painter, view)
        painter.restore()


def outline_rect(view: SliceView, middle: QPointF) -> QRect:
    """What the outline of the brush covers in a pane."""
    reach = _radius(view) + _RIM
    return QRectF(middle.x() - reach, middle.y() - reach, 2 * reach, 2 * reach).toAlignedRect()


def _radius(view: SliceView) -> float:
    # A pane's zoom is the same along both axes, in screen pixels per mm: the outline is a circle on any voxels.
    return view.session.editing.tools.radius_mm * view.zoom


def _paint_brush(painter: QPainter, view: SliceView, middle: QPointF, *, is_eraser: bool) -> None:
    radius, ratio = _radius(view), view.devicePixelRatioF()
    colour = _ERASER if is_eraser else _label_colour(view)
    if radius > _LARGEST_KEPT:
        painter.save()
        _draw_brush(painter, middle, radius, colour, is_eraser=is_eraser)
        painter.restore()
        return
    # Smooth circles cost a millisecond and more; a picture of one costs nothing.
    key = (radius, colour.rgb(), is_eraser, ratio)
    if view.edit.outline is None or view.edit.outline[0] != key:
        side = 2 * (math.ceil(radius) + _RIM)
        pixmap = QPixmap(QSize(side, side) * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        within = QPainter(pixmap)
        _draw_brush(within, QPointF(side / 2, side / 2), radius, colour, is_eraser=is_eraser)
        within.end()
        view.edit.outline = (key, pixmap)
    half = math.ceil(radius) + _RIM
    painter.drawPixmap(QPointF(middle.x() - half, middle.y() - half), view.edit.outline[1])


def _draw_brush(painter: QPainter, middle: QPointF, radius: float, colour: QColor, *, is_eraser: bool) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_HALO, 3))
    painter.drawEllipse(middle, radius, radius)
    pen = QPen(colour, 1.5)
    if is_eraser:
        pen.setDashPattern([4, 3])
    painter.setPen(pen)
    painter.drawEllipse(middle, radius, radius)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(middle, _DOT, _DOT)


def _paint_polygon(painter: QPainter, view: SliceView) -> None:
    corners = [view.to_pane(vertex) for vertex in view.edit.vertices]
    line = QPolygonF(corners if view.edit.position is None else [*corners, view.edit.position])
    colour = _label_colour(view)
    for pen in (QPen(_HALO, 3), QPen(colour, 1.5)):
        painter.setPen(pen)
        painter.drawPolyline(line)
    painter.setPen(QPen(_HALO, 1))
    painter.setBrush(colour)
    painter.drawEllipse(corners[0], _VERTEX + 1, _VERTEX + 1)
    if len(corners) < _MOST_DOTS:
        for corner in corners[1:]:
            painter.drawEllipse(corner, _VERTEX, _VERTEX)


def _label_colour(view: SliceView) -> QColor:
    scheme = view.session.editing.scheme
    label = None if scheme is None else scheme.labels.get(view.session.editing.tools.label)
    return _ERASER if label is None else QColor(*rgb_of(label.colour))
