"""The cases of the open data set, with a filter by name and what each case has."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from workstation.core.case import CaseFiles
from workstation.session import commands
from workstation.session.session import Session

_Index = QModelIndex | QPersistentModelIndex


class CaseModel(QAbstractListModel):
    """Rows of cases."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases: tuple[CaseFiles, ...] = ()

    def set_cases(self, cases: tuple[CaseFiles, ...]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._cases = cases
        self.endResetModel()

    def case(self, row: int) -> CaseFiles:
        """The case of a row."""
        return self._cases[row]

    def row_of(self, name: str) -> int:
        """The row of a case; -1 if it is not there."""
        return next((row for row, files in enumerate(self._cases) if files.name == name), -1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of cases."""
        return 0 if parent.isValid() else len(self._cases)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Name, and in the tooltip what the case has."""
        files = self._cases[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return files.name
        if role == Qt.ItemDataRole.ToolTipRole:
            truth = self.tr("with truth") if files.truth else self.tr("without truth")
            return f"{files.name}\n{', '.join(files.sequences)}; {truth}"
        return None


class CaseList(QWidget):
    """The list left of the panes; a click or Enter opens a case."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._model = CaseModel(self)
        self._filtered = QSortFilterProxyModel(self)
        self._filtered.setSourceModel(self._model)
        self._filtered.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.filter_field = QLineEdit(placeholderText=self.tr("Filter by name"), clearButtonEnabled=True)
        self.filter_field.textChanged.connect(self._filtered.setFilterFixedString)
        self.list = QListView()
        self.list.setModel(self._filtered)
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._on_chosen)
        self.list.activated.connect(self._on_chosen)
        self._count = QLabel()
        self._count.setObjectName("quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 4, 8)
        column.setSpacing(6)
        column.addWidget(self.filter_field)
        column.addWidget(self.list, 1)
        column.addWidget(self._count)
        session.data_set_changed.connect(self._on_cases)
        session.case_changed.connect(self._on_case)
        self._on_cases()

    def _on_cases(self) -> None:
        cases = self._session.case_files
        self._model.set_cases(cases)
        self.filter_field.setVisible(len(cases) > 1)
        truths = sum(files.truth is not None for files in cases)
        self._count.setText(self.tr("%n case(s)", "", len(cases)).replace("(s)", "" if len(cases) == 1 else "s"))
        if cases:
            self._count.setText(f"{self._count.text()}, {truths} " + self.tr("with truth"))
        self._select_open()

    def _on_case(self) -> None:
        if self._session.data_set is None:
            self._on_cases()
        self._select_open()

    def _select_open(self) -> None:
        case = self._session.case
        row = -1 if case is None else self._model.row_of(case.name)
        if row >= 0:
            index = self._filtered.mapFromSource(self._model.index(row))
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)

    def _on_chosen(self, index: QModelIndex) -> None:
        files = self._model.case(self._filtered.mapToSource(index).row())
        if self._session.case is None or files.name != self._session.case.name:
            commands.open_case(self._session, files)
