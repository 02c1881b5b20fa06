"""The measurements of a slice: lines, ends, and what they measure in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from workstation.core.marks import Mark, Ruler

if TYPE_CHECKING:
    from workstation.gui.review.slice_view import SliceView

_LINE = QColor(120, 230, 255)
_SHADOW = QColor(0, 0, 0, 170)
_PLATE = QColor(0, 0, 0, 190)
_END = 3.0
_PADDING = 4.0


def paint_marks(painter: QPainter, view: SliceView) -> None:
    """Every mark that lies on the slice shown."""
    marks = view.session.marks.shown
    if not marks:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for mark in marks:
        places = [view.picture.place(point) for point in mark.points_mm]
        if mark.plane == view.plane and places[0][0] == view.slice_index:
            _paint(painter, view, mark, [view.to_pane(QPointF(x, y)) for _, x, y in places])
    painter.restore()


def words_of(view: SliceView, mark: Mark) -> str:
    """What a mark measures."""
    if isinstance(mark, Ruler):
        return view.tr("{0:.1f} mm").format(mark.length_mm)
    words = view.tr("{0:.0f} mm\u00b2   {1:.2f} ml in this slice ({2:g} mm)")
    return words.format(mark.area_mm2, mark.volume_ml, round(mark.slice_mm, 2))


def _paint(painter: QPainter, view: SliceView, mark: Mark, points: list[QPointF]) -> None:
    shape = QPolygonF(points)
    for colour, width in ((_SHADOW, 3.5), (_LINE, 1.5)):
        painter.setPen(QPen(colour, width))
        if isinstance(mark, Ruler):
            painter.drawPolyline(shape)
        else:
            painter.drawPolygon(shape)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_LINE)
    for end in points if isinstance(mark, Ruler) else points[:1]:
        painter.drawEllipse(end, _END, _END)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _paint_words(painter, view, words_of(view, mark), points)


def _paint_words(painter: QPainter, view: SliceView, words: str, points: list[QPointF]) -> None:
    """On a plate beside the lowest point, within the pane."""
    metrics = QFontMetricsF(painter.font())
    size = metrics.boundingRect(words).size()
    lowest = max(points, key=lambda point: point.y())
    plate = QRectF(lowest.x() + 10, lowest.y() + 6, size.width() + 2 * _PADDING, size.height() + _PADDING)
    plate.moveLeft(max(0.0, min(plate.left(), view.width() - plate.width())))
    plate.moveTop(max(0.0, min(plate.top(), view.height() - plate.height())))
    painter.fillRect(plate, _PLATE)
    painter.setPen(_LINE)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)
