"""The measurements of a slice: lines, ends, and what they measure in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
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
    for mark in view.session.marks.shown:
        places = [view.picture.place(point) for point in mark.points_mm]
        if mark.plane == view.plane and places[0][0] == view.slice_index:
            points = [view.to_pane(QPointF(x, y)) for _, x, y in places]
            paint_mark(painter, mark, points, area=QRectF(view.rect()))


def words_of(mark: Mark) -> str:
    """What a mark measures."""
    if isinstance(mark, Ruler):
        return QCoreApplication.translate("SliceView", "{0:.1f} mm").format(mark.length_mm)
    words = QCoreApplication.translate("SliceView", "{0:.0f} mm\u00b2   {1:.2f} ml in this slice ({2:g} mm)")
    return words.format(mark.area_mm2, mark.volume_ml, round(mark.slice_mm, 2))


def paint_mark(
    painter: QPainter, mark: Mark, points: list[QPointF], *, area: QRectF, is_elsewhere: bool = False
) -> None:
    """One mark.

    Parameters
    ----------
    painter : QPainter
    mark : Mark
    points : list of QPointF
        Where its points go.
    area : QRectF
        What its words stay within.
    is_elsewhere : bool
        Whether it lies on another slice than the one that is painted: its line is dashed.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shape = QPolygonF(points)
    for colour, width in ((_SHADOW, 3.5), (_LINE, 1.5)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.DashLine if is_elsewhere else Qt.PenStyle.SolidLine))
        if isinstance(mark, Ruler):
            painter.drawPolyline(shape)
        else:
            painter.drawPolygon(shape)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_LINE)
    for end in points if isinstance(mark, Ruler) else points[:1]:
        painter.drawEllipse(end, _END, _END)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _paint_words(painter, words_of(mark), points, area)
    painter.restore()


def _paint_words(painter: QPainter, words: str, points: list[QPointF], area: QRectF) -> None:
    """On a plate beside the lowest point, within the area."""
    metrics = QFontMetricsF(painter.font())
    size = metrics.boundingRect(words).size()
    lowest = max(points, key=lambda point: point.y())
    plate = QRectF(lowest.x() + 10, lowest.y() + 6, size.width() + 2 * _PADDING, size.height() + _PADDING)
    plate.moveLeft(max(area.left(), min(plate.left(), area.right() - plate.width())))
    plate.moveTop(max(area.top(), min(plate.top(), area.bottom() - plate.height())))
    painter.fillRect(plate, _PLATE)
    painter.setPen(_LINE)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)
