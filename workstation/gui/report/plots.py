"""The plots of a cohort: box plots of a figure by region, Bland and Altman's plot of volumes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from workstation.core.cohort import BlandAltman, BoxPlot
from workstation.gui.report.axes import Frame, Span, draw_frame
from workstation.gui.report.canvas import INK, QUIET, TINY_PT, Canvas
from workstation.gui.report.words import number_word, tr

_BOX, _POINT = QColor("#cfdcec"), QColor("#23609f")
_HALF_BOX, _HALF_CAP = 0.24, 0.12
_JITTER = 0.13


@dataclass(frozen=True, slots=True)
class BoxPlots:
    """One box a group, with the values beside it.

    Parameters
    ----------
    title, axis : str
        The axis with its unit.
    groups : sequence of (str, BoxPlot, sequence of float)
        Name, box, and all values.
    """

    title: str
    axis: str
    groups: Sequence[tuple[str, BoxPlot, Sequence[float]]]

    def paint(self, canvas: Canvas, area: QRectF) -> None:
        """Draw it."""
        values = [value for _, _, each in self.groups for value in each]
        span = Span.around(values)
        is_ratio = bool(values) and min(values) >= 0 and max(values) <= 1
        y = Span(max(0.0, math.floor(span.low * 10) / 10), 1.0) if is_ratio else span
        x = Span(-0.6, len(self.groups) - 0.4)
        frame = draw_frame(canvas, area, title=self.title, axes=("", self.axis), x=x, y=y, has_x_ticks=False)
        font = canvas.font(TINY_PT + 0.5)
        line = canvas.line_height(font)
        width = frame.inner.width() / max(len(self.groups), 1)
        for number, (name, box, points) in enumerate(self.groups):
            _draw_box(canvas, frame, number, box)
            _draw_points(canvas, frame, number, points)
            below = frame.place(number, y.low)
            words = tr("{0} (n = {1})").format(name, box.summary.count)
            place = QRectF(below.x() - width / 2, below.y() + canvas.mm(1), width, line)
            canvas.text(words, place, font, side=Qt.AlignmentFlag.AlignHCenter)


@dataclass(frozen=True, slots=True)
class AgreementPlot:
    """Difference of two measurements against their mean, with bias and 95 % limits of agreement.

    Parameters
    ----------
    title, unit : str
    agreement : BlandAltman
    """

    title: str
    unit: str
    agreement: BlandAltman

    def paint(self, canvas: Canvas, area: QRectF) -> None:
        """Draw it."""
        found = self.agreement
        limits = [found.lower, found.bias, found.upper]
        x = Span.around(list(found.means))
        y = Span.around([*found.differences, *limits, 0.0], margin=0.1)
        axes = (tr("Mean of truth and prediction ({0})"), tr("Prediction \N{MINUS SIGN} truth ({0})"))
        below, left = (words.format(self.unit) for words in axes)
        # Room at the right, in which the lines are named.
        named = canvas.mm(21)
        frame = draw_frame(canvas, area.adjusted(0, 0, -named, 0), title=self.title, axes=(below, left), x=x, y=y)
        canvas.rule(frame.place(x.low, 0), frame.place(x.high, 0), width_mm=0.1, colour=QUIET)
        pen = QPen(INK, canvas.mm(0.3), Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
        names = (tr("lower limit"), tr("bias"), tr("upper limit"))
        tops = _apart([frame.place(x.high, value).y() for value in limits], canvas.mm(5.2))
        for name, value, top in zip(names, limits, tops, strict=True):
            if not math.isfinite(value):
                continue
            pen.setStyle(Qt.PenStyle.SolidLine if value == found.bias else Qt.PenStyle.DashLine)
            canvas.painter.setPen(pen)
            canvas.painter.drawLine(frame.place(x.low, value), frame.place(x.high, value))
            _name_line(canvas, QPointF(frame.inner.right(), top), name, number_word(value, digits=2))
        for mean, difference in zip(found.means, found.differences, strict=True):
            _draw_point(canvas, frame.place(mean, difference))


def _draw_box(canvas: Canvas, frame: Frame, x: float, box: BoxPlot) -> None:
    """Box, median and whiskers; nothing without a value."""
    summary, painter = box.summary, canvas.painter
    if not summary.count:
        return
    painter.setPen(QPen(INK, canvas.mm(0.2)))
    for edge, whisker in ((summary.q1, box.low_whisker), (summary.q3, box.high_whisker)):
        painter.drawLine(frame.place(x, edge), frame.place(x, whisker))
        painter.drawLine(frame.place(x - _HALF_CAP, whisker), frame.place(x + _HALF_CAP, whisker))
    painter.setBrush(_BOX)
    painter.drawRect(QRectF(frame.place(x - _HALF_BOX, summary.q3), frame.place(x + _HALF_BOX, summary.q1)))
    painter.setPen(QPen(INK, canvas.mm(0.5), Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    painter.drawLine(frame.place(x - _HALF_BOX, summary.median), frame.place(x + _HALF_BOX, summary.median))


def _draw_points(canvas: Canvas, frame: Frame, x: float, values: Sequence[float]) -> None:
    for number, value in enumerate(values):
        # The golden ratio spreads neighbours evenly, and the same way every time.
        aside = ((number * 0.618034) % 1 - 0.5) * 2 * _JITTER
        if math.isfinite(value):
            _draw_point(canvas, frame.place(x + aside, value))


def _draw_point(canvas: Canvas, at: QPointF) -> None:
    fill = QColor(_POINT)
    fill.setAlpha(150)
    canvas.painter.setPen(QPen(_POINT, canvas.mm(0.12)))
    canvas.painter.setBrush(fill)
    canvas.painter.drawEllipse(at, canvas.mm(0.7), canvas.mm(0.7))


def _name_line(canvas: Canvas, at: QPointF, name: str, value: str) -> None:
    font, bold = canvas.font(TINY_PT + 0.5), canvas.font(TINY_PT + 0.5, is_bold=True)
    line, left = canvas.line_height(font), at.x() + canvas.mm(1.5)
    canvas.text(name, QRectF(left, at.y() - line, canvas.mm(20), line), font, colour=QUIET)
    canvas.text(value, QRectF(left, at.y(), canvas.mm(20), line), bold)


def _apart(tops: list[float], least: float) -> list[float]:
    """Places (from the lowest up, which is the largest first) moved so that words on them do not touch."""
    middle = tops[1]
    low, high = (value if math.isfinite(value) else middle for value in (tops[0], tops[2]))
    return [max(low, middle + least), middle, min(high, middle - least)]
