"""The cases of the open data set, with a filter by name and badges for what each case has."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workstation.core.case import CaseFiles
from workstation.core.plain_text import one_line
from workstation.gui.colours import PALETTES
from workstation.gui.tooltips import plain_tip
from workstation.session import commands
from workstation.session.session import Session

_Index = QModelIndex | QPersistentModelIndex
TRUTH_ROLE = Qt.ItemDataRole.UserRole
PREDICTION_ROLE = Qt.ItemDataRole.UserRole + 1
_DOT = 7
_DOT_STEP = 12
_TEXT_MARGIN = 14
_LEAST_WIDTH = 170


class CaseModel(QAbstractListModel):
    """Rows of cases."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases: tuple[CaseFiles, ...] = ()
        self._predicted: frozenset[str] = frozenset()

    def set_cases(self, cases: tuple[CaseFiles, ...]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._cases = cases
        self.endResetModel()

    def set_predicted(self, names: frozenset[str]) -> None:
        """Say which cases a prediction was seen of."""
        if names != self._predicted:
            self._predicted = names
            self.dataChanged.emit(self.index(0), self.index(len(self._cases) - 1))

    def case(self, row: int) -> CaseFiles:
        """The case of a row."""
        return self._cases[row]

    def row_of(self, files: CaseFiles) -> int:
        """The row of a case; -1 if it is not there."""
        return self._cases.index(files) if files in self._cases else -1

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of cases."""
        return 0 if parent.isValid() else len(self._cases)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Name, badges, and in the tooltip what the case has."""
        files = self._cases[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(files.name)
        if role == TRUTH_ROLE:
            return files.truth is not None
        if role == PREDICTION_ROLE:
            return files.name in self._predicted
        if role == Qt.ItemDataRole.ToolTipRole:
            has = [", ".join(files.sequences), self.tr("truth") if files.truth else self.tr("no truth")]
            if files.name in self._predicted:
                has.append(self.tr("a prediction was shown"))
            return plain_tip(f"{one_line(files.name)}\n{'; '.join(has)}")
        return None


class _BadgeDelegate(QStyledItemDelegate):
    """Draws a dot in the mask's colour for truth and prediction, right of the name."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        """Shorten the name in its middle where it would run into the dots."""
        super().initStyleOption(option, index)
        room = option.rect.width() - 2 * _DOT_STEP - _TEXT_MARGIN  # type: ignore[attr-defined]
        name = str(index.data())
        option.text = option.fontMetrics.elidedText(  # type: ignore[attr-defined]
            name, Qt.TextElideMode.ElideMiddle, max(room, 0)
        )

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Name and dots."""
        super().paint(painter, option, index)
        colours = PALETTES[self._session.layers.palette]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        # On the selection's own blue a blue dot needs a rim.
        painter.setPen(QColor(255, 255, 255, 230) if is_selected else QColor(0, 0, 0, 90))
        rect = QRectF(option.rect)  # type: ignore[attr-defined]
        for place, (role, colour) in enumerate(((TRUTH_ROLE, colours.truth), (PREDICTION_ROLE, colours.prediction))):
            if index.data(role):
                painter.setBrush(QColor(*colour))
                x = rect.right() - _DOT_STEP * (place + 1)
                painter.drawEllipse(QRectF(x, rect.center().y() - _DOT / 2, _DOT, _DOT))
        painter.restore()


class CaseList(QWidget):
    """The list left of the panes; a click or Enter opens a case."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._predicted: set[str] = set()
        self.model = CaseModel(self)
        self._filtered = QSortFilterProxyModel(self)
        self._filtered.setSourceModel(self.model)
        self._filtered.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.filter_field = QLineEdit(placeholderText=self.tr("Filter by name"), clearButtonEnabled=True)
        self.filter_field.textChanged.connect(self._filtered.setFilterFixedString)
        self.list = QListView()
        self.list.setModel(self._filtered)
        self.list.setItemDelegate(_BadgeDelegate(session, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._on_chosen)
        self.list.activated.connect(self._on_chosen)
        self._count = QLabel()
        self._count.setObjectName("quiet")
        self.setMinimumWidth(_LEAST_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 4, 8)
        column.setSpacing(6)
        column.addWidget(self.filter_field)
        column.addWidget(self.list, 1)
        column.addWidget(self._count)
        session.data_set_changed.connect(self._on_cases)
        session.case_changed.connect(self._on_case)
        session.layers.masks_changed.connect(self._on_masks)
        session.layers.display_changed.connect(self.list.viewport().update)
        self._on_cases()

    def _on_cases(self) -> None:
        cases = self._session.case_files
        self.model.set_cases(cases)
        self._predicted.clear()
        self.model.set_predicted(frozenset())
        self.filter_field.clear()
        self.filter_field.setVisible(len(cases) > 1)
        truths = sum(files.truth is not None for files in cases)
        words = self.tr("1 case") if len(cases) == 1 else self.tr("{:,} cases").format(len(cases))
        self._count.setText(self.tr("{}, {:,} with truth").format(words, truths) if cases else "")
        self._select_open()

    def _on_case(self) -> None:
        if self._session.data_set is None:
            self._on_cases()
        self._on_masks()
        self._select_open()

    def _on_masks(self) -> None:
        case = self._session.case
        if case is not None and self._session.layers.prediction is not None:
            self._predicted.add(case.name)
            self.model.set_predicted(frozenset(self._predicted))

    def _select_open(self) -> None:
        case = self._session.case
        row = -1 if case is None else self.model.row_of(case.files)
        if row >= 0:
            index = self._filtered.mapFromSource(self.model.index(row))
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)
        else:
            self.list.clearSelection()

    def _on_chosen(self, index: QModelIndex) -> None:
        files = self.model.case(self._filtered.mapToSource(index).row())
        if self._session.case is None or files != self._session.case.files:
            commands.open_case(self._session, files)
