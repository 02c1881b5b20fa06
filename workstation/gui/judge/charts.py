"""Box plots of a figure by region, and a scatter plot of two runs; a click on a point names its case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from workstation.core.cohort import BoxPlot
from workstation.gui.report.axes import Span
from workstation.gui.theme import SMALL, font_of, tokens_of

_RADIUS = 3.5
_REACH = 9.0
_HALF_BOX, _HALF_CAP, _JITTER = 0.26, 0.12, 0.13
_TOP, _RIGHT, _GAP = 12, 12, 6


@dataclass(frozen=True, slots=True)
class Group:
    """The values of one region.

    Parameters
    ----------
    name : str
    box : BoxPlot
    points : sequence of (str, float)
        Case and value.
    """

    name: str
    box: BoxPlot
    points: Sequence[tuple[str, float]]


class Chart(QWidget):
    """A frame with a grid, and points that can be asked for their cases."""

    chosen = Signal(str)
    """The case whose point was clicked twice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.marked = ""
        """The case whose points are drawn larger."""
        self._spots: list[tuple[QPointF, str, str]] = []

    def sizeHint(self) -> QSize:
        """Room for a handful of boxes."""
        return QSize(360, 220)

    def minimumSizeHint(self) -> QSize:
        """Below this the ticks touch."""
        return QSize(220, 150)

    def mark(self, case: str) -> None:
        """Make the points of a case stand out."""
        if case != self.marked:
            self.marked = case
            self.update()

    def case_at(self, at: QPointF) -> tuple[str, str]:
        """Case and words of the nearest point within reach; empty without one."""
        near = [(math.hypot((spot - at).x(), (spot - at).y()), case, words) for spot, case, words in self._spots]
        distance, case, words = min(near, default=(math.inf, "", ""))
        return (case, words) if distance <= _REACH else ("", "")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say which case a point is."""
        _, words = self.case_at(event.position())
        QToolTip.showText(event.globalPosition().toPoint(), words, self)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go to the case of a point."""
        case, _ = self.case_at(event.position())
        if case:
            self.chosen.emit(case)

    def _frame(self, painter: QPainter, x: Span, y: Span, *, has_x_ticks: bool) -> QRectF:
        """Draw axes, grid and ticks; where the values go."""
        tokens = tokens_of(self.palette())
        painter.setFont(font_of(self.font(), SMALL))
        metrics = painter.fontMetrics()
        left = max((metrics.horizontalAdvance(_word(tick, y)) for tick in y.ticks), default=0) + 2 * _GAP
        below = metrics.height() + _GAP
        inner = QRectF(left, _TOP, max(self.width() - left - _RIGHT, 1), max(self.height() - _TOP - below, 1))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for tick in y.ticks:
            level = _place(inner, x, y, x.low, tick).y()
            painter.setPen(QPen(QColor(tokens.line), 1))
            painter.drawLine(QPointF(inner.left(), level), QPointF(inner.right(), level))
            painter.setPen(QColor(tokens.faint))
            painter.drawText(QRectF(0, level - below, left - _GAP, 2 * below), right, _word(tick, y))
        for tick in x.ticks if has_x_ticks else ():
            across = _place(inner, x, y, tick, y.low).x()
            area = QRectF(across - 60, inner.bottom() + _GAP / 2, 120, metrics.height())
            painter.drawText(area, Qt.AlignmentFlag.AlignHCenter, _word(tick, x))
        return inner

    def _point(self, painter: QPainter, at: QPointF, case: str, words: str) -> None:
        tokens = tokens_of(self.palette())
        is_marked = case == self.marked
        fill = QColor(tokens.warning if is_marked else tokens.link)
        painter.setPen(QPen(QColor(tokens.base), 1))
        fill.setAlpha(255 if is_marked else 190)
        painter.setBrush(fill)
        radius = _RADIUS * (1.7 if is_marked else 1)
        painter.drawEllipse(at, radius, radius)
        self._spots.append((at, case, words))


class BoxChart(Chart):
    """One box a region, with every case beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups: Sequence[Group] = ()

    def show_groups(self, groups: Sequence[Group]) -> None:
        """Draw other values."""
        self._groups = groups
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Boxes, then points."""
        self._spots = []
        if not self._groups:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        values = [value for group in self._groups for _, value in group.points]
        x, y = Span(-0.6, len(self._groups) - 0.4), _figure_span(values)
        inner = self._frame(painter, x, y, has_x_ticks=False)
        for number, group in enumerate(self._groups):
            self._draw_box(painter, inner, (x, y), number, group.box)
            for place, (case, value) in enumerate(group.points):
                # The golden ratio spreads neighbours evenly, and the same way every time.
                aside = ((place * 0.618034) % 1 - 0.5) * 2 * _JITTER
                words = f"{case}\n{group.name} {value:.4g}"
                self._point(painter, _place(inner, x, y, number + aside, value), case, words)
            painter.setPen(QColor(tokens_of(self.palette()).text))
            across = _place(inner, x, y, number, y.low).x()
            words = f"{group.name} (n = {group.box.summary.count})"
            area = QRectF(across - 90, inner.bottom() + _GAP / 2, 180, painter.fontMetrics().height())
            painter.drawText(area, Qt.AlignmentFlag.AlignHCenter, words)

    def _draw_box(self, painter: QPainter, inner: QRectF, spans: tuple[Span, Span], x: float, box: BoxPlot) -> None:
        tokens = tokens_of(self.palette())
        summary = box.summary
        if not summary.count:
            return

        def at(aside: float, value: float) -> QPointF:
            return _place(inner, *spans, x + aside, value)

        painter.setPen(QPen(QColor(tokens.faint), 1.2))
        for edge, whisker in ((summary.q1, box.low_whisker), (summary.q3, box.high_whisker)):
            painter.drawLine(at(0, edge), at(0, whisker))
            painter.drawLine(at(-_HALF_CAP, whisker), at(_HALF_CAP, whisker))
        ground = QColor(tokens.accent)
        ground.setAlpha(70)
        painter.setBrush(ground)
        painter.drawRect(QRectF(at(-_HALF_BOX, summary.q3), at(_HALF_BOX, summary.q1)))
        painter.setPen(QPen(QColor(tokens.text), 2.2))
        painter.drawLine(at(-_HALF_BOX, summary.median), at(_HALF_BOX, summary.median))


class ScatterChart(Chart):
    """A figure of every case under A (across) and B (upwards), with the line on which both are equal."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: Sequence[tuple[str, float, float]] = ()
        self._names = ("A", "B")

    def show_points(self, points: Sequence[tuple[str, float, float]], names: tuple[str, str]) -> None:
        """Draw other cases: name, value under A, value under B."""
        self._points, self._names = points, names
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line, then the points, then which is which."""
        self._spots = []
        if not self._points:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = tokens_of(self.palette())
        span = _figure_span([value for _, a, b in self._points for value in (a, b)])
        inner = self._frame(painter, span, span, has_x_ticks=True)
        painter.setPen(QPen(QColor(tokens.faint), 1, Qt.PenStyle.DashLine))
        painter.drawLine(_place(inner, span, span, span.low, span.low), _place(inner, span, span, span.high, span.high))
        for case, a, b in self._points:
            self._point(painter, _place(inner, span, span, a, b), case, f"{case}\nA {a:.4g}, B {b:.4g}")
        painter.setPen(QColor(tokens.faint))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        painter.drawText(inner.adjusted(0, 0, -_GAP, -_GAP), right, "A \N{RIGHTWARDS ARROW}")
        painter.drawText(inner.adjusted(_GAP, 0, 0, 0), Qt.AlignmentFlag.AlignLeft, "B \N{UPWARDS ARROW}")


def _figure_span(values: Sequence[float]) -> Span:
    """Ratios up to 1, and from a round number below the lowest."""
    span = Span.around(list(values))
    is_ratio = bool(values) and min(values) >= 0 and max(values) <= 1
    return Span(max(0.0, math.floor(span.low * 10) / 10), 1.02) if is_ratio else span


def _place(inner: QRectF, x: Span, y: Span, across: float, up: float) -> QPointF:
    return QPointF(
        inner.left() + (across - x.low) / (x.high - x.low) * inner.width(),
        inner.bottom() - (up - y.low) / (y.high - y.low) * inner.height(),
    )


def _word(tick: float, span: Span) -> str:
    return f"{tick:.{span.digits}f}"
