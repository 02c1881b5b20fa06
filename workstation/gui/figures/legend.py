"""A legend beside a plot, never over it: symbols with words that wrap to the width there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

_SAMPLE, _GAP, _APART = 22, 6, 18


@dataclass(frozen=True, slots=True)
class Entry:
    """One symbol and its word.

    Parameters
    ----------
    word : str
    colour : QColor or None
        None takes the colour of text.
    symbol : {"o", "s", "t", "d", ""}
        Circle, square, triangle, diamond, none; as pyqtgraph's.
    is_hollow : bool
    line : {"solid", "dash", ""}
    """

    word: str
    colour: QColor | None = None
    symbol: str = ""
    is_hollow: bool = False
    line: str = ""


class FigureLegend(QWidget):
    """Entries in lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What is shown."""
        return self._entries

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show others."""
        self._entries = tuple(entries)
        self.setAccessibleName(", ".join(entry.word for entry in entries))
        self.setVisible(bool(entries))
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Become as high as the lines need; layouts within layouts forget to ask `heightForWidth`."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Another font needs another height."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def sizeHint(self) -> QSize:
        """For the present width."""
        return QSize(max(self.width(), 200), self.height())

    def minimumSizeHint(self) -> QSize:
        """As wide as the longest entry."""
        widest = max((self._width_of(entry) for entry in self._entries), default=0)
        return QSize(widest, self._line_height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Symbols and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().color(QPalette.ColorRole.WindowText)
        for entry, box in zip(self._entries, self._boxes(self.width()), strict=True):
            colour = entry.colour or text
            middle = QPointF(box.left() + _SAMPLE / 2, box.center().y() + 0.5)
            if entry.line:
                style = Qt.PenStyle.DashLine if entry.line == "dash" else Qt.PenStyle.SolidLine
                painter.setPen(QPen(colour, 2, style))
                painter.drawLine(QPointF(box.left(), middle.y()), QPointF(box.left() + _SAMPLE, middle.y()))
            if entry.symbol:
                ground = self.palette().color(QPalette.ColorRole.Window)
                painter.setPen(QPen(colour, 1.6))
                painter.setBrush(ground if entry.is_hollow else colour)
                _draw_symbol(painter, entry.symbol, middle)
            painter.setPen(text)
            words = box.adjusted(_SAMPLE + _GAP, 0, 0, 0)
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, entry.word)

    def _fit(self) -> None:
        boxes = self._boxes(self.width())
        self.setFixedHeight(boxes[-1].bottom() + 1 if boxes else 0)

    def _boxes(self, width: int) -> list[QRect]:
        boxes: list[QRect] = []
        left, top, height = 0, 0, self._line_height()
        for entry in self._entries:
            wide = self._width_of(entry)
            if left and left + wide > width:
                left, top = 0, top + height
            boxes.append(QRect(left, top, wide, height))
            left += wide + _APART
        return boxes

    def _width_of(self, entry: Entry) -> int:
        return _SAMPLE + _GAP + self.fontMetrics().horizontalAdvance(entry.word) + 2

    def _line_height(self) -> int:
        return round(1.45 * self.fontMetrics().height())


def _draw_symbol(painter: QPainter, symbol: str, middle: QPointF) -> None:
    side = 9.0
    square = QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side)
    if symbol == "s":
        painter.drawRect(square)
    elif symbol == "t":
        # pyqtgraph's "t" points downwards.
        painter.drawPolygon(QPolygonF([square.topLeft(), square.topRight(), QPointF(middle.x(), square.bottom())]))
    elif symbol == "d":
        half = side / 2 + 1
        corners = [QPointF(0, -half), QPointF(half, 0), QPointF(0, half), QPointF(-half, 0)]
        painter.drawPolygon(QPolygonF([middle + corner for corner in corners]))
    else:
        painter.drawEllipse(square)
