"""The cells of the table of cases, painted in one go.

Qt's own delegate asks a model for eight roles of every cell and goes through the style sheet for each: 48 ms of
processor time for a screen of 13 rows, which a scroll cannot wait for. This one takes the words that the model keeps.
"""

from __future__ import annotations

from dataclasses import asdict

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from workstation.core.examination import THUMBNAIL_SIDE
from workstation.gui.data.case_model import COLUMNS, CaseTableModel, side_of
from workstation.gui.data.case_pictures import SCALE
from workstation.gui.theme import tokens_of

PICTURE = THUMBNAIL_SIDE // SCALE
_MARGIN = 4
# Words that may be longer than their column.
_LONG = frozenset(COLUMNS.index(column) for column in ("name", "grid", "labels"))
_SIDES = tuple(side_of(column) | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine for column in COLUMNS)


class CaseDelegate(QStyledItemDelegate):
    """Paints rows of a model.

    Parameters
    ----------
    model : CaseTableModel
    parent : QWidget
    """

    def __init__(self, model: CaseTableModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._inks: dict[str, QColor] = {}
        self._palette_key = -1

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """A picture and a name, or a word in its tone."""
        row, column = index.row(), index.column()
        text, tone = self._model.cell(row, column)
        rect: QRect = option.rect  # type: ignore[attr-defined]
        palette: QPalette = option.palette  # type: ignore[attr-defined]
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        if is_selected:
            painter.fillRect(rect, palette.highlight())
        left = rect.left() + _MARGIN
        if column == 0:
            pixmap = self._model.picture(row)
            if pixmap is not None:
                painter.drawPixmap(left, rect.top() + (rect.height() - PICTURE) // 2, pixmap)
            left += PICTURE + 2 * _MARGIN
        if not text:
            return
        room = QRect(left, rect.top(), rect.right() - _MARGIN - left + 1, rect.height())
        painter.setPen(self._ink(palette, "on_accent" if is_selected else tone))
        if column in _LONG:
            metrics = option.fontMetrics  # type: ignore[attr-defined]
            text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, _SIDES[column], text)

    def _ink(self, palette: QPalette, tone: str) -> QColor:
        if palette.cacheKey() != self._palette_key:
            self._palette_key = palette.cacheKey()
            self._inks = {name: QColor(colour) for name, colour in asdict(tokens_of(palette)).items() if name != "name"}
        return self._inks[tone]
