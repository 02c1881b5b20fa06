"""Legends: fills by colour and outlines by dash, so that a page printed in grey still tells them apart."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from workstation.gui.report.blocks import Key, Legend
from workstation.gui.report.canvas import FAINT_RULE, QUIET, SMALL_PT, TINY_PT, Canvas

_SAMPLE_MM = (5.0, 3.2)


def paint_legend(legend: Legend, canvas: Canvas, area: QRectF) -> None:
    """A legend in a framed square."""
    canvas.painter.setPen(QPen(FAINT_RULE, canvas.mm(0.15)))
    canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
    canvas.painter.drawRect(area)
    inner = area.adjusted(canvas.mm(2), canvas.mm(1.6), -canvas.mm(2), -canvas.mm(1.6))
    bold, font = canvas.font(SMALL_PT, is_bold=True), canvas.font(TINY_PT + 0.5)
    top = inner.top()
    for line in canvas.lines(legend.title, bold, inner.width()):
        canvas.text(line, QRectF(inner.left(), top, inner.width(), canvas.line_height(bold)), bold)
        top += canvas.line_height(bold)
    top += canvas.mm(1)
    for key in legend.keys:
        top = _paint_key(key, canvas, QRectF(inner.left(), top, inner.width(), 0))
    for line in canvas.lines(legend.remark, font, inner.width()) if legend.remark else []:
        canvas.text(line, QRectF(inner.left(), top, inner.width(), canvas.line_height(font)), font, colour=QUIET)
        top += canvas.line_height(font)


def _paint_key(key: Key, canvas: Canvas, area: QRectF) -> float:
    """One line at the top of an area; gives back where the next one begins."""
    font = canvas.font(TINY_PT + 0.5)
    wide, high = (canvas.mm(each) for each in _SAMPLE_MM)
    indent = wide + canvas.mm(1.6)
    width = area.width() - indent
    lines, height = canvas.lines(key.words, font, width), canvas.line_height(font)
    # The value stands at the end of the line where there is room, else below.
    is_beside = canvas.width(key.words, font) + canvas.width(key.value, font) + canvas.mm(2) < width
    rows = len(lines) + bool(key.value and not is_beside)
    sample = QRectF(area.left(), area.top() + (height * rows - high) / 2, wide, high)
    paint_sample(key, canvas, sample)
    for index, line in enumerate(lines):
        canvas.text(line, QRectF(area.left() + indent, area.top() + index * height, width, height), font)
    value_top = area.top() + (rows - 1) * height
    side = Qt.AlignmentFlag.AlignRight if is_beside else Qt.AlignmentFlag.AlignLeft
    canvas.text(key.value, QRectF(area.left() + indent, value_top, width, height), font, colour=QUIET, side=side)
    return area.top() + max(rows * height, high) + canvas.mm(1.1)


def paint_sample(key: Key, canvas: Canvas, area: QRectF) -> None:
    """Fill and outline of one line of a legend, on the grey of tissue."""
    painter = canvas.painter
    painter.fillRect(area, QColor(128, 128, 128))
    colour = QColor(*key.colour)
    if key.is_filled:
        painter.setOpacity(0.55)
        painter.fillRect(area, colour)
        painter.setOpacity(1.0)
    if key.has_line:
        y = area.center().y()
        start, end = QPointF(area.left(), y), QPointF(area.right(), y)
        for pen in outline_pens(key.colour, key.dash, canvas.mm(0.45)):
            painter.setPen(pen)
            painter.drawLine(start, end)


def outline_pens(colour: tuple[int, int, int], dash: Sequence[float], width: float) -> tuple[QPen, QPen]:
    """A dark pen below, and the colour's own, lightened so that it stands out on tissue when printed in grey."""
    below = QPen(QColor(0, 0, 0, 170), width * 1.9, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
    own = QPen(QColor(*colour).lighter(135), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
    if dash:
        for pen in (below, own):
            factor = width / pen.widthF()
            pen.setDashPattern([each * factor for each in dash])
    return below, own
