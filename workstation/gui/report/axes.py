"""The frame of a plot: title, axes with round numbers, and the way from values to places."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt

from workstation.gui.report.canvas import FAINT_RULE, QUIET, RULE, SMALL_PT, TINY_PT, Canvas
from workstation.gui.report.words import number_word

_CENTRE = Qt.AlignmentFlag.AlignHCenter
_RIGHT = Qt.AlignmentFlag.AlignRight


@dataclass(frozen=True, slots=True)
class Span:
    """The values along an axis, from low to high."""

    low: float
    high: float

    @classmethod
    def around(cls, values: list[float], *, margin: float = 0.06) -> Span:
        """A span that holds some values with a margin; 0 to 1 where there are none."""
        finite = [value for value in values if math.isfinite(value)]
        if not finite:
            return cls(0.0, 1.0)
        low, high = min(finite), max(finite)
        room = (high - low or abs(high) or 1.0) * margin
        return cls(low - room, high + room)

    @property
    def ticks(self) -> list[float]:
        """Four to eight round numbers within it."""
        step = 10.0 ** math.floor(math.log10((self.high - self.low) / 4))
        step *= next(factor for factor in (5, 2, 1) if (self.high - self.low) / (step * factor) >= 3 or factor == 1)
        first = math.ceil(self.low / step - 1e-9)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]

    @property
    def digits(self) -> int:
        """Decimals that its ticks need."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 1.0
        return max(0, -math.floor(math.log10(step) + 1e-9))


@dataclass(frozen=True, slots=True)
class Frame:
    """A plot's frame, once it is drawn.

    Parameters
    ----------
    inner : QRectF
        Where values are drawn.
    x, y : Span
    """

    inner: QRectF
    x: Span
    y: Span

    def place(self, x: float, y: float) -> QPointF:
        """Where a pair of values stands."""
        return QPointF(
            self.inner.left() + (x - self.x.low) / (self.x.high - self.x.low) * self.inner.width(),
            self.inner.bottom() - (y - self.y.low) / (self.y.high - self.y.low) * self.inner.height(),
        )


def draw_frame(
    canvas: Canvas, area: QRectF, *, title: str, axes: tuple[str, str], x: Span, y: Span, has_x_ticks: bool = True
) -> Frame:
    """Draw title, axes and grid; `axes` are the words below and at the left."""
    bold, font = canvas.font(SMALL_PT + 0.5, is_bold=True), canvas.font(TINY_PT + 0.5)
    line = canvas.line_height(font)
    y_words = [number_word(tick, digits=y.digits) for tick in y.ticks]
    widest = max((canvas.width(words, font) for words in y_words), default=0.0)
    inner = area.adjusted(
        widest + line + canvas.mm(2.5), canvas.line_height(bold) + canvas.mm(2), -canvas.mm(1), -2.6 * line
    )
    frame = Frame(inner, x, y)
    canvas.text(title, QRectF(area.left(), area.top(), area.width(), canvas.line_height(bold)), bold)
    for tick, words in zip(y.ticks, y_words, strict=True):
        at = frame.place(x.low, tick)
        canvas.rule(at, frame.place(x.high, tick), colour=FAINT_RULE)
        place = QRectF(inner.left() - widest - canvas.mm(1.2), at.y() - line / 2, widest, line)
        canvas.text(words, place, font, side=_RIGHT, colour=QUIET)
    for tick in x.ticks if has_x_ticks else []:
        at = frame.place(tick, y.low)
        canvas.rule(at, at + QPointF(0, canvas.mm(0.8)))
        place = QRectF(at.x() - area.width() / 2, at.y() + canvas.mm(0.8), area.width(), line)
        canvas.text(number_word(tick, digits=x.digits), place, font, side=_CENTRE, colour=QUIET)
    canvas.rule(inner.bottomLeft(), inner.bottomRight(), colour=RULE)
    canvas.rule(inner.topLeft(), inner.bottomLeft(), colour=RULE)
    canvas.text(axes[0], QRectF(inner.left(), area.bottom() - line, inner.width(), line), font, side=_CENTRE)
    _upright(canvas, axes[1], QRectF(area.left(), inner.top(), line, inner.height()))
    return frame


def _upright(canvas: Canvas, words: str, area: QRectF) -> None:
    """Words that run upwards."""
    painter = canvas.painter
    painter.save()
    painter.translate(area.left(), area.bottom())
    painter.rotate(-90)
    turned = QRectF(0, 0, area.height(), area.width())
    canvas.text(words, turned, canvas.font(TINY_PT + 0.5), side=_CENTRE)
    painter.restore()
