"""Memory as a bar: what is in use, what a training would take by its causes, and how much there is."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.gui.theme import tokens_of
from workstation.gui.train.colours import term_colour

_GAP = 4


class MemoryBar(QWidget):
    """Parts from left to right, with a mark where the memory of a machine ends; what is beyond it does not fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._terms: Mapping[str, int] = {}
        self._mark_bytes = 0
        self._mark_words = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A line and a half of text high, and a line for the words of the mark."""
        return QSize(120, self._bar_height() + _GAP + self.fontMetrics().height())

    def show_terms(self, terms: Mapping[str, int], *, mark_bytes: int = 0, mark_words: str = "") -> None:
        """Draw parts, in their order.

        Parameters
        ----------
        terms : mapping of str to int
            Bytes; colours as in `term_colour`.
        mark_bytes : int
            The whole bar, or the mark within it where the parts are more together. 0 draws no mark.
        mark_words : str
            Written below the mark.
        """
        self._terms, self._mark_bytes, self._mark_words = terms, mark_bytes, mark_words
        self.setAccessibleName(mark_words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground, parts, mark and its words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(0, 0, self.width(), self._bar_height()).adjusted(0.5, 3.5, -0.5, -3.5)
        palette = self.palette()
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Mid)))
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRect(frame)
        scale = frame.width() / max(sum(self._terms.values()), self._mark_bytes, 1)
        left = frame.left()
        for name, count in self._terms.items():
            painter.fillRect(QRectF(left, frame.top() + 0.5, count * scale, frame.height() - 1), term_colour(name))
            left += count * scale
        if self._mark_bytes:
            self._draw_mark(painter, frame.left() + self._mark_bytes * scale)

    def _draw_mark(self, painter: QPainter, place: float) -> None:
        text = self.palette().color(QPalette.ColorRole.WindowText)
        mark = min(round(place), self.width() - 1)
        painter.setPen(QPen(text, 2))
        painter.drawLine(mark, 1, mark, self._bar_height() - 2)
        painter.setPen(QPen(tokens_of(self.palette()).faint))
        wide = self.fontMetrics().horizontalAdvance(self._mark_words) + 2
        left = max(0, min(mark - wide // 2, self.width() - wide))
        below = QRectF(left, self._bar_height() + _GAP / 2, wide, self.fontMetrics().height())
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._mark_words)

    def _bar_height(self) -> int:
        return round(1.5 * self.fontMetrics().height()) + _GAP
