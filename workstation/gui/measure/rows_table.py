"""A table of words that is shown anew in a millisecond, as high as its rows if that is wanted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from workstation.gui.theme import tokens_of
from workstation.gui.tooltips import plain_tip

_APART = 14
_GAP = "\N{EM SPACE}"
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Cell:
    """A word of a table.

    Parameters
    ----------
    text : str
    tone : {"", "good", "error", "warning", "faint"}
    tip : str
    colour : str
        Of a swatch before the text, as "#rrggbb"; empty for none.
    """

    text: str
    tone: str = ""
    tip: str = ""
    colour: str = ""


Row = Sequence[Cell | str]


def _tip(cell: Cell) -> str | None:
    # A tip may tell the name of a file.
    return plain_tip(cell.tip) if cell.tip else None


def _cells(words: Row) -> tuple[Cell, ...]:
    return tuple(Cell(each) if isinstance(each, str) else each for each in words)


class RowsModel(QAbstractTableModel):
    """Titles, and rows of cells."""

    def __init__(self, titles: Row, *, words: Collection[int], parent: QWidget) -> None:
        super().__init__(parent)
        self._owner = parent
        self._titles = _cells(titles)
        self._words = frozenset(words)
        self._rows: tuple[tuple[Cell, ...], ...] = ()

    def show_titles(self, titles: Row, words: Collection[int] | None = None) -> None:
        """Replace the titles; where their number is another, the rows go with the columns."""
        cells = _cells(titles)
        if words is not None:
            self._words = frozenset(words)
        if len(cells) == len(self._titles):
            self._titles = cells
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(cells) - 1)
        else:
            self.beginResetModel()
            self._titles, self._rows = cells, ()
            self.endResetModel()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace all rows; where their number is the same, selection and place stay."""
        cells = tuple(_cells(row) for row in rows)
        if len(cells) == len(self._rows):
            self._rows = cells
            if cells:
                self.dataChanged.emit(self.index(0, 0), self.index(len(cells) - 1, len(self._titles) - 1))
            return
        self.beginResetModel()
        self._rows = cells
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Number of columns."""
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles above; no numbers at the side."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._side(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(self._titles[section])
        return self._apart(section) + self._titles[section].text if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, side, tone, swatch and tooltip of a cell."""
        cell = self._rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._apart(index.column()) + cell.text
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._side(index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(cell)
        if role == Qt.ItemDataRole.DecorationRole and cell.colour:
            return QColor(cell.colour)
        if role == Qt.ItemDataRole.ForegroundRole and cell.tone:
            tokens = tokens_of(self._owner.palette())
            return QColor(getattr(tokens, cell.tone))
        return None

    def _apart(self, column: int) -> str:
        """A gap before words that follow a number, which ends where they begin."""
        return _GAP if column in self._words and column and column - 1 not in self._words else ""

    def _side(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignLeft if column in self._words else Qt.AlignmentFlag.AlignRight
        return side | Qt.AlignmentFlag.AlignVCenter


class RowsTable(QTableView):
    """The table.

    Parameters
    ----------
    titles : sequence of Cell or str
    words : collection of int
        Columns whose words stand at the left; the others are numbers.
    is_whole : bool
        As high as its rows, without a bar to scroll.
    stretched : int
        Column that takes the room that is left.
    apart : int
        Room between columns, pixels.
    parent : QWidget or None
    """

    def __init__(
        self,
        titles: Row,
        *,
        words: Collection[int] = (0,),
        is_whole: bool = False,
        stretched: int = 0,
        apart: int = _APART,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._is_whole = is_whole
        self._apart = apart
        self._rows = RowsModel(titles, words=words, parent=self)
        self.setModel(self._rows)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setIconSize(QSize(10, 10))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
        if is_whole:
            self.setFrameShape(QFrame.Shape.NoFrame)
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self._fit()

    def show_titles(self, titles: Row, *, words: Collection[int] | None = None) -> None:
        """Replace titles and columns, and which of them hold words where that is another."""
        self._rows.show_titles(titles, words)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace all rows."""
        self._rows.show_rows(rows)
        self._fit()

    def text(self, row: int, column: int) -> str:
        """The text of a cell."""
        return str(self._rows.data(self._rows.index(row, column))).removeprefix(_GAP)

    def sizeHintForColumn(self, column: int) -> int:
        """With some room, so that neighbours stay apart."""
        return super().sizeHintForColumn(column) + self._apart

    def changeEvent(self, event: QEvent) -> None:
        """Another font needs another height."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_rows"):
            self._fit()

    def _fit(self) -> None:
        height = round(1.6 * self.fontMetrics().height())
        self.verticalHeader().setMinimumSectionSize(height)
        self.verticalHeader().setDefaultSectionSize(height)
        if self._is_whole:
            title = self.horizontalHeader().sizeHint().height()
            self.setFixedHeight(title + height * self._rows.rowCount() + 2)
