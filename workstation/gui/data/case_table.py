"""The table of cases: name, a mark for each sequence and the truth, part of the split, folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from workstation.core.case import SEQUENCES, CaseFiles
from workstation.gui.data.case_rows import PARTS, folder_of

_Index = QModelIndex | QPersistentModelIndex
_NAME, _FIRST_SEQUENCE = 0, 1
_TRUTH = _FIRST_SEQUENCE + len(SEQUENCES)
_PART, _FOLDER = _TRUTH + 1, _TRUTH + 2
_THERE, _ABSENT = "\N{CHECK MARK}", "\N{EN DASH}"
# A role of its own to sort by, so that marks and parts come in an order that makes sense.
_SORT_ROLE = Qt.ItemDataRole.UserRole


class CaseTableModel(QAbstractTableModel):
    """Rows of cases."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases: Sequence[CaseFiles] = ()
        self._root = Path()
        self._part_of: Mapping[str, str] = {}
        self._headers = (
            self.tr("Case"),
            *SEQUENCES,
            self.tr("Truth"),
            self.tr("Part"),
            self.tr("Folder"),
        )
        self._part_words = {
            "train": self.tr("training"),
            "validation": self.tr("validation"),
            "test": self.tr("test"),
        }

    def set_cases(self, cases: Sequence[CaseFiles], root: Path) -> None:
        """Replace all rows; folders are shown relative to `root`."""
        self.beginResetModel()
        self._cases, self._root = cases, root
        self.endResetModel()

    def set_parts(self, part_of: Mapping[str, str]) -> None:
        """Show another split."""
        self._part_of = part_of
        if self._cases:
            self.dataChanged.emit(self.index(0, _PART), self.index(len(self._cases) - 1, _PART))

    def case(self, row: int) -> CaseFiles:
        """The case of a row."""
        return self._cases[row]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of cases."""
        return 0 if parent.isValid() else len(self._cases)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of columns."""
        return 0 if parent.isValid() else len(self._headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._headers[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | self._side(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, alignment, key to sort by, and the whole path as a tooltip."""
        case, column = self._cases[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(case, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | self._side(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(case, column)
        if role == _SORT_ROLE:
            return self._key(case, column)
        return None

    def _text(self, case: CaseFiles, column: int) -> str:
        if column == _NAME:
            return case.name
        if column == _PART:
            return self._part_words.get(self._part_of.get(case.name, ""), _ABSENT)
        if column == _FOLDER:
            folder = folder_of(case)
            return str(folder.relative_to(self._root)) if folder.is_relative_to(self._root) else str(folder)
        return _THERE if self._has(case, column) else _ABSENT

    def _tip(self, case: CaseFiles, column: int) -> str | None:
        if column == _FOLDER:
            return str(folder_of(case))
        if column == _TRUTH:
            return str(case.truth.path) if case.truth else self.tr("no truth")
        if _FIRST_SEQUENCE <= column < _TRUTH:
            name = SEQUENCES[column - _FIRST_SEQUENCE]
            reference = case.sequences.get(name)
            return str(reference.path) if reference else self.tr("{} is missing").format(name)
        return None

    def _key(self, case: CaseFiles, column: int) -> object:
        if column in (_NAME, _FOLDER):
            return self._text(case, column)
        if column == _PART:
            part = self._part_of.get(case.name, "")
            return PARTS.index(part) if part in PARTS else len(PARTS)
        return int(not self._has(case, column))

    def _has(self, case: CaseFiles, column: int) -> bool:
        return case.truth is not None if column == _TRUTH else SEQUENCES[column - _FIRST_SEQUENCE] in case.sequences

    def _side(self, column: int) -> Qt.AlignmentFlag:
        is_mark = _FIRST_SEQUENCE <= column <= _TRUTH
        return Qt.AlignmentFlag.AlignHCenter if is_mark else Qt.AlignmentFlag.AlignLeft


class CaseTable(QTableView):
    """The table; a double click or Enter wants a case opened."""

    case_wanted = Signal(object)
    """A CaseFiles."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = CaseTableModel(self)
        self._filtered = QSortFilterProxyModel(self)
        self._filtered.setSourceModel(self.rows)
        self._filtered.setSortRole(_SORT_ROLE)
        self._filtered.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self._filtered)
        self.setSortingEnabled(True)
        self.sortByColumn(_NAME, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 11)
        self._size_columns()
        self.doubleClicked.connect(self._on_wanted)

    def filter(self, text: str) -> None:
        """Show only cases whose name contains the text."""
        self._filtered.setFilterFixedString(text)

    def selected_case(self) -> CaseFiles | None:
        """The selected case; None if there is none."""
        index = self.currentIndex()
        return self.rows.case(self._filtered.mapToSource(index).row()) if index.isValid() else None

    def select_case(self, name: str) -> None:
        """Select the case of a name; the first one if that is not shown and none is selected."""
        rows = range(self._filtered.rowCount())
        named = [row for row in rows if self._filtered.index(row, _NAME).data() == name]
        if named or (rows and not self.selectionModel().hasSelection()):
            self.selectRow(named[0] if named else 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the selected case."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._on_wanted()
        else:
            super().keyPressEvent(event)

    def _on_wanted(self) -> None:
        case = self.selected_case()
        if case is not None:
            self.case_wanted.emit(case)

    def _size_columns(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setColumnWidth(_NAME, 220)
        for column in range(_FIRST_SEQUENCE, _TRUTH + 1):
            self.setColumnWidth(column, 68)
        self.setColumnWidth(_PART, 110)
