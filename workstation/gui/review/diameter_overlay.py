"""Diameters over the axial pane: two lines with their lengths, and ends that the mouse can take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workstation.gui.theme import NORMAL, font_of
from workstation.session.diameter_lines import REGION

if TYPE_CHECKING:
    from workstation.core.diameters import Diameters
    from workstation.gui.review.slice_view import SliceView

_LINE = QColor(255, 255, 255)
_SHADOW = QColor(0, 0, 0, 200)
_HANDLE = 4.0
_REACH = 9.0
_EDGE = 8.0
_ENDS = (("longest_start", "longest_end"), ("across_start", "across_end"))


class DiameterOverlay:
    """What of the session's diameters lies in the slice that a pane shows."""

    def __init__(self, view: SliceView) -> None:
        self._view = view

    def paint(self, painter: QPainter) -> None:
        """Draw lines, ends and lengths; nothing in other slices and planes."""
        lines = self._lines_here()
        if lines is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for pen in (QPen(_SHADOW, 4), QPen(_LINE, 1.5)):
            painter.setPen(pen)
            for start, end in _ENDS:
                painter.drawLine(self._place(lines, start), self._place(lines, end))
        painter.setPen(QPen(_SHADOW, 1))
        painter.setBrush(_LINE)
        for name in (*_ENDS[0], *_ENDS[1]):
            painter.drawEllipse(self._place(lines, name), _HANDLE, _HANDLE)
        self._paint_words(painter, lines)
        painter.restore()

    def end_at(self, position: QPointF) -> str | None:
        """The end under a position in the pane; None if there is none."""
        lines = self._lines_here()
        if lines is None:
            return None
        near = {name: (self._place(lines, name) - position).manhattanLength() for pair in _ENDS for name in pair}
        nearest = min(near, key=lambda name: near[name])
        return nearest if near[nearest] <= _REACH else None

    def move_end(self, name: str, position: QPointF) -> None:
        """Take an end to a position in the pane."""
        view = self._view
        if view.picture.geometry is not None:
            place = view.to_slice(position)
            view.session.diameters.move_end(name, view.picture.geometry.to_mm(view.slice_index, place.x(), place.y()))

    def _lines_here(self) -> Diameters | None:
        view, lines = self._view, self._view.session.diameters.lines
        if lines is None or view.plane != "axial" or view.picture.geometry is None:
            return None
        return lines if view.picture.place(lines.longest_start)[0] == view.slice_index else None

    def _place(self, lines: Diameters, name: str) -> QPointF:
        _, x, y = self._view.picture.place(getattr(lines, name))
        return self._view.to_pane(QPointF(x, y))

    def _paint_words(self, painter: QPainter, lines: Diameters) -> None:
        view = self._view
        painter.setFont(font_of(view.font(), NORMAL))
        words = view.tr("{0}: {1:.1f} \N{MULTIPLICATION SIGN} {2:.1f} mm, product {3:,.0f} mm\N{SUPERSCRIPT TWO}")
        text = words.format(REGION, lines.longest_mm, lines.across_mm, lines.product_mm2)
        area = QRectF(view.rect()).adjusted(_EDGE, 0, -_EDGE, -_EDGE + 2)
        side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        painter.setPen(_SHADOW)
        painter.drawText(area.translated(1, 1), side, text)
        painter.setPen(_LINE)
        painter.drawText(area, side, text)
