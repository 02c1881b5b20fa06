"""A compact table of places in the volume: sorted by a click on a title, and a click on a row goes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from workstation.gui.measure.rows_table import Cell, RowsModel
from workstation.gui.theme import SMALL, font_of

_ROWS_SHOWN = 8
_APART = 8
_FALLING, _RISING = "\N{BLACK DOWN-POINTING SMALL TRIANGLE}", "\N{BLACK UP-POINTING SMALL TRIANGLE}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row.

    Parameters
    ----------
    cells : sequence of Cell
    keys : sequence of float or str
        What each cell is sorted by.
    value : object
        What the row stands for.
    """

    cells: Sequence[Cell]
    keys: Sequence[float | str]
    value: object


class FindingsTable(QTableView):
    """The table; a click, Enter or the arrow keys choose a row.

    Parameters
    ----------
    titles : sequence of Cell
        The first column is words, the others numbers.
    parent : QWidget or None
    """

    chosen = Signal(object)
    """The value of the row that the user chose; not emitted by `show_current`."""

    def __init__(self, titles: Sequence[Cell], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titles = tuple(titles)
        self._column = -1
        self._is_falling = False
        self._given: Sequence[Finding] = ()
        self._sorted: Sequence[Finding] = ()
        self._is_showing = False
        self._rows = RowsModel(titles, words=(0,), parent=self)
        self.setModel(self._rows)
        self.setFont(font_of(self.font(), SMALL))
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setIconSize(QSize(9, 9))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self._set_up_header()
        self.selectionModel().currentRowChanged.connect(self._on_current)
        self.clicked.connect(self._on_clicked)
        self._fit()

    @property
    def values(self) -> list[object]:
        """What the rows stand for, from top to bottom."""
        return [finding.value for finding in self._sorted]

    def text(self, row: int, column: int) -> str:
        """The text of a cell."""
        return str(self._rows.data(self._rows.index(row, column)))

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Replace all rows; they are sorted as the last ones were."""
        self._given = findings
        self._sort()
        self._fit()

    def show_current(self, value: object) -> None:
        """Mark the row of a value, or none."""
        self._is_showing = True
        rows = [row for row, each in enumerate(self.values) if each is value]
        if rows:
            self.selectRow(rows[0])
            self.scrollTo(self._rows.index(rows[0], 0))
        else:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        self._is_showing = False

    def _set_up_header(self) -> None:
        header = self.horizontalHeader()
        header.setFont(self.font())
        header.setHighlightSections(False)
        header.setMinimumSectionSize(_APART)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self.sort_by)

    def sort_by(self, column: int) -> None:
        """Sort by a column, numbers from the largest, words from A; the same column again turns the order round."""
        is_same = column == self._column
        self._is_falling = not self._is_falling if is_same else column > 0
        self._column = column
        self._sort()

    def _sort(self) -> None:
        """By the column that was clicked; before the first click, as the findings came."""
        current = self.currentIndex().row()
        value = self._sorted[current].value if 0 <= current < len(self._sorted) else None
        self._sorted = list(self._given)
        titles = list(self._titles)
        if self._column >= 0:
            self._sorted.sort(key=lambda finding: finding.keys[self._column], reverse=self._is_falling)
            mark = _FALLING if self._is_falling else _RISING
            titles[self._column] = replace(titles[self._column], text=f"{mark}{titles[self._column].text}")
        self._is_showing = True
        self._rows.show_titles(titles)
        self._rows.show_rows([finding.cells for finding in self._sorted])
        self._is_showing = False
        self.show_current(value)

    def _on_current(self, index: QModelIndex) -> None:
        if index.isValid() and not self._is_showing:
            self.chosen.emit(self._sorted[index.row()].value)

    def _on_clicked(self, index: QModelIndex) -> None:
        # The current row is chosen anew: the crosshair may have gone elsewhere meanwhile.
        self.chosen.emit(self._sorted[index.row()].value)

    def _fit(self) -> None:
        height = round(1.55 * self.fontMetrics().height())
        self.verticalHeader().setMinimumSectionSize(height)
        self.verticalHeader().setDefaultSectionSize(height)
        rows = min(max(self._rows.rowCount(), 1), _ROWS_SHOWN)
        header = self.horizontalHeader()
        for column, title in enumerate(self._titles):
            words = self.fontMetrics().horizontalAdvance(_FALLING + title.text)
            header.resizeSection(column, max(self.sizeHintForColumn(column), words) + _APART)
        self.setFixedHeight(header.sizeHint().height() + height * rows + 2 * self.frameWidth())
