"""What stands over a slice: crosshair, orientation letters, title; and the words of an empty pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

if TYPE_CHECKING:
    from workstation.gui.review.slice_view import SliceView

_LETTER = QColor(255, 214, 102)
_TITLE = QColor(205, 210, 216)
_QUIET = QColor(140, 146, 154)
_CROSSHAIR = QColor(70, 164, 112)
_FRAME = QColor(74, 124, 196)
_GAP = 14
_EDGE = 8.0


def paint_crosshair(painter: QPainter, view: SliceView, position: QPointF) -> None:
    """Two thin lines with a gap about the point itself, so that they do not hide it."""
    x, y = round(position.x()), round(position.y())
    # Opaque rectangles: a blended line costs twenty times as much.
    painter.fillRect(0, y, x - _GAP, 1, _CROSSHAIR)
    painter.fillRect(x + _GAP, y, view.width() - x - _GAP, 1, _CROSSHAIR)
    painter.fillRect(x, 0, 1, y - _GAP, _CROSSHAIR)
    painter.fillRect(x, y + _GAP, 1, view.height() - y - _GAP, _CROSSHAIR)


def paint_annotations(painter: QPainter, view: SliceView) -> None:
    """Orientation letters always; plane, slice and convention unless annotations are off."""
    geometry = view.picture.geometry
    if geometry is None:
        return
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing, True)
    area = QRectF(view.rect()).adjusted(_EDGE, _EDGE - 2, -_EDGE, -_EDGE + 2)
    sides = (
        Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
        Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop,
        Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom,
    )
    painter.setFont(_font(view, 1.15, is_bold=True))
    for letter, side in zip(geometry.letters, sides, strict=True):
        _shadowed(painter, area, side, letter, _LETTER)
    if not view.session.view.annotations_visible:
        return
    painter.setFont(_font(view, 1.0))
    words = {"axial": view.tr("Axial"), "sagittal": view.tr("Sagittal"), "coronal": view.tr("Coronal")}
    title = f"{words[view.plane]}  {view.slice_index + 1} / {geometry.slice_count}"
    _shadowed(painter, area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title, _TITLE)
    convention = {"radiological": view.tr("radiological"), "neurological": view.tr("neurological")}
    text = convention[view.session.view.convention]
    painter.setFont(_font(view, 0.9))
    _shadowed(painter, area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, text, _QUIET)


def paint_frame(painter: QPainter, view: SliceView) -> None:
    """A thin frame about the pane that keys mean."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(_FRAME, 1))
    painter.drawRect(view.rect().adjusted(0, 0, -1, -1))


def paint_empty(painter: QPainter, view: SliceView) -> None:
    """The name of the plane, quietly, where there is no case."""
    painter.setFont(_font(view, 1.0))
    painter.setPen(QColor(80, 86, 94))
    words = {"axial": view.tr("Axial"), "sagittal": view.tr("Sagittal"), "coronal": view.tr("Coronal")}
    painter.drawText(
        QRectF(view.rect()).adjusted(_EDGE, _EDGE - 2, 0, 0),
        Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop,
        words[view.plane],
    )


def _font(view: SliceView, scale: float, *, is_bold: bool = False) -> QFont:
    font = QFont(view.font())
    font.setPointSizeF(max(7.0, font.pointSizeF() * scale))
    font.setBold(is_bold)
    return font


def _shadowed(painter: QPainter, area: QRectF, side: Qt.AlignmentFlag, text: str, colour: QColor) -> None:
    """Text that stays readable on bright tissue."""
    painter.setPen(QColor(0, 0, 0, 200))
    painter.drawText(area.translated(1, 1), side, text)
    painter.setPen(colour)
    painter.drawText(area, side, text)
