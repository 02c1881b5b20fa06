"""The table of cases: a picture, what each case has, its grid, labels and volumes, what was found, its part."""

from __future__ import annotations

import functools
from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from workstation.core.case import SEQUENCES, CaseFiles
from workstation.core.split import PARTS
from workstation.gui.data.case_delegate import PICTURE, CaseDelegate
from workstation.gui.data.case_model import COLUMNS, REGIONS, CaseTableModel
from workstation.session.scan import DataScan

_WIDTHS = {"name": 230, "FLAIR": 46, "truth": 46, "grid": 180, "labels": 58, "check": 92, "part": 78}
_WIDTHS = dict.fromkeys(SEQUENCES, 38) | dict.fromkeys(REGIONS, 56) | _WIDTHS


class CaseTable(QTableView):
    """The table; a double click or Enter wants a case opened."""

    case_wanted = Signal(object)
    """A CaseFiles."""
    move_wanted = Signal(str)
    """The selected cases are to go into this part."""
    sight_changed = Signal()
    """Other rows may be in sight."""

    def __init__(self, scan: DataScan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = CaseTableModel(scan, self)
        self.setModel(self.rows)
        self.setItemDelegate(CaseDelegate(self.rows, self))
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(PICTURE + 6)
        self._size_columns()
        self.doubleClicked.connect(self._on_wanted)
        self.customContextMenuRequested.connect(self._on_menu)
        self.verticalScrollBar().valueChanged.connect(self.sight_changed)

    def filter(self, text: str) -> None:
        """Show only cases whose name contains the text; the selected ones stay selected."""
        selected = self.selected_case()
        self.rows.set_filter(text)
        if selected is not None:
            self.select_case(selected.name)

    def selected_case(self) -> CaseFiles | None:
        """The case that the keys are on; None if there is none."""
        index = self.currentIndex()
        return self.rows.case(index.row()) if index.isValid() else None

    def selected_names(self) -> list[str]:
        """Names of all selected cases."""
        return [self.rows.case(index.row()).name for index in self.selectionModel().selectedRows()]

    def select_case(self, name: str) -> None:
        """Select the case of a name; the first one if that is not shown and none is selected."""
        row = self.rows.row_of(name)
        if row >= 0 or (self.rows.rowCount() and not self.selectionModel().hasSelection()):
            index = self.rows.index(max(row, 0), 0)
            flags = QItemSelectionModel.SelectionFlag
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.scrollTo(index)

    def numbers_in_sight(self) -> list[int]:
        """Numbers of the cases whose rows can be seen."""
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        if first < 0:
            return []
        return [self.rows.number(row) for row in range(first, (last if last >= 0 else self.rows.rowCount() - 1) + 1)]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the selected case."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._on_wanted()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or fewer rows are in sight; names take what room is left, and never less than they need."""
        header = self.horizontalHeader()
        left = self.viewport().width() - (header.length() - header.sectionSize(0))
        mode = QHeaderView.ResizeMode
        wanted = mode.Stretch if left >= _WIDTHS["name"] else mode.Interactive
        if header.sectionResizeMode(0) != wanted:
            header.setSectionResizeMode(0, wanted)
            if wanted == mode.Interactive:
                header.resizeSection(0, _WIDTHS["name"])
        super().resizeEvent(event)
        self.sight_changed.emit()

    def menu(self) -> QMenu:
        """What can be done with the selected cases."""
        menu = QMenu(self)
        self._add(menu, self.tr("Open in Review"), self._on_wanted)
        menu.addSeparator()
        words = (self.tr("Move to training"), self.tr("Move to validation"), self.tr("Move to test"))
        for part, text in zip(PARTS, words, strict=True):
            self._add(menu, text, functools.partial(self.move_wanted.emit, part))
        return menu

    def _add(self, menu: QMenu, text: str, do: Callable[[], object]) -> None:
        action = QAction(text, menu)
        action.triggered.connect(lambda _checked=False: do())
        menu.addAction(action)

    def _on_menu(self, position: QPoint) -> None:
        if self.indexAt(position).isValid():
            menu = self.menu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.viewport().mapToGlobal(position))

    def _on_wanted(self) -> None:
        case = self.selected_case()
        if case is not None:
            self.case_wanted.emit(case)

    def _size_columns(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(36)
        for column, name in enumerate(COLUMNS):
            self.setColumnWidth(column, _WIDTHS[name])
