"""The list of runs: state, progress, time left, memory and Dice of each, newest first."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPen, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from workstation.gui.icons import icon
from workstation.gui.tooltips import guarded_tip, plain_tip
from workstation.gui.train.colours import state_colour
from workstation.gui.train.wording import (
    bytes_text,
    dice_text,
    duration_text,
    kind_word,
    progress_words,
    state_word,
    waiting_words,
    when_text,
)
from workstation.io.runs import RunStatus
from workstation.session.runs import Runs

_Index = QModelIndex | QPersistentModelIndex
_STATE, _NAME, _KIND, _PROGRESS, _LEFT, _MEMORY, _DICE, _STARTED = range(8)
_NUMBERS = (_LEFT, _MEMORY, _DICE, _STARTED)
_MARGIN = 5
_MOST_NAMED = 10
StatusRole = Qt.ItemDataRole.UserRole


def dot_icon(colour: QColor) -> QIcon:
    """A round dot; large, so that it stays round at any scale. On a selected row it has a white rim."""
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        pixmap = QPixmap(64, 64)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_selected = mode == QIcon.Mode.Selected
        painter.setPen(QPen(Qt.GlobalColor.white, 8) if is_selected else Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(8, 8, 48, 48)
        painter.end()
        icon.addPixmap(pixmap, mode)
    return icon


class RunModel(QAbstractTableModel):
    """One row a run, as the session's runs last read it; of some kinds alone if those are named."""

    def __init__(self, runs: Runs, parent: QWidget | None = None, *, kinds: Collection[str] = ()) -> None:
        super().__init__(parent)
        self._runs = runs
        self._kinds = frozenset(kinds)
        self._rows = self._wanted()
        self._titles = (
            self.tr("State"),
            self.tr("Run"),
            self.tr("Kind"),
            self.tr("Progress"),
            self.tr("Time left"),
            self.tr("Peak memory"),
            self.tr("Validation Dice"),
            self.tr("Asked at"),
        )
        runs.runs_changed.connect(self._on_runs_changed)
        runs.status_changed.connect(self._on_status_changed)
        runs.masks_changed.connect(self._on_runs_changed)

    def row_of(self, name: str) -> int:
        """Row of a run; -1 if it is not there."""
        return next((row for row, status in enumerate(self._rows) if status.name == name), -1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Number of runs."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Number of columns."""
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles above; no numbers at the side."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return self._titles[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, dot, side and tooltip of a cell."""
        status, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(status, column)
        if role == StatusRole:
            return status
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.DecorationRole and column == _NAME and self._runs.changed_masks(status.name):
            return icon("warning")
        if role == Qt.ItemDataRole.DecorationRole and column == _STATE:
            return dot_icon(state_colour(status.state))
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tool_tip(status, column)
        return None

    def _tool_tip(self, status: RunStatus, column: int) -> str:
        changed = self._runs.changed_masks(status.name)
        if changed and column == _NAME:
            words = self.tr("Stale: masks that it learned from were changed since ({0}):").format(len(changed))
            return plain_tip(
                "\n".join([words, *changed[:_MOST_NAMED], *(["..."] if len(changed) > _MOST_NAMED else [])])
            )
        trouble = f"{status.reason} {status.hint}".strip()
        said = plain_tip(trouble) if trouble else guarded_tip(status.warning or waiting_words(status))
        return said if said and column in (_STATE, _PROGRESS) else guarded_tip(self._text(status, column))

    def _text(self, status: RunStatus, column: int) -> str:
        if column == _STATE:
            place = self.tr("Waiting ({0})").format(status.place) if status.why else ""
            return place or state_word(status.state)
        if column == _NAME:
            return status.name
        if column == _KIND:
            return kind_word(status.kind)
        if column == _PROGRESS:
            words = progress_words(status)
            return self.tr("stale: masks changed") if self._runs.changed_masks(status.name) and not words else words
        if column == _LEFT:
            return duration_text(status.seconds_left)
        if column == _MEMORY:
            return bytes_text(status.peak_bytes)
        return dice_text(status.val_dice) if column == _DICE else when_text(status.created)

    def _on_runs_changed(self) -> None:
        self.beginResetModel()
        self._rows = self._wanted()
        self.endResetModel()

    def _wanted(self) -> list[RunStatus]:
        return [status for status in self._runs.statuses if not self._kinds or status.kind in self._kinds]

    def _on_status_changed(self, name: str) -> None:
        row, status = self.row_of(name), self._runs.status(name)
        if row >= 0 and status is not None:
            self._rows[row] = status
            self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))


class _Cell(QStyledItemDelegate):
    """Text with the margins of the titles above it; in the column of progress also a thin bar below the words."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw the ground over the whole cell, then the text within its margins."""
        whole = QStyleOptionViewItem(option)
        self.initStyleOption(whole, index)
        style = QApplication.style() if option.widget is None else option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, whole, painter, option.widget)
        within = QStyleOptionViewItem(option)
        within.rect = option.rect.adjusted(_MARGIN, 0, -_MARGIN, 0)
        if index.column() == _NAME:
            # Names begin alike, with the day, and are told apart by their ends.
            within.textElideMode = Qt.TextElideMode.ElideMiddle
        super().paint(painter, within, index)
        status = index.data(StatusRole)
        if index.column() == _PROGRESS and status.fraction is not None and not status.is_ended:
            self._paint_bar(painter, option, status)

    def _paint_bar(self, painter: QPainter, option: QStyleOptionViewItem, status: RunStatus) -> None:
        margin = _MARGIN + 3
        whole = QRect(option.rect.left() + margin, option.rect.bottom() - 5, option.rect.width() - 2 * margin, 3)
        done = QRect(whole.topLeft(), QSize(round(whole.width() * (status.fraction or 0)), whole.height()))
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        palette = option.palette
        painter.fillRect(whole, palette.color(QPalette.ColorRole.Mid))
        ink = palette.color(QPalette.ColorRole.HighlightedText) if is_selected else state_colour(status.state)
        painter.fillRect(done, ink)


class RunList(QTableView):
    """The table of runs; its selection is one run or none."""

    run_selected = Signal(str)
    """Name of the run that was selected; empty if none is."""

    def __init__(self, runs: Runs, parent: QWidget | None = None, *, kinds: Collection[str] = ()) -> None:
        super().__init__(parent)
        self._name = ""
        self._model = RunModel(runs, self, kinds=kinds)
        self.setModel(self._model)
        self.setItemDelegate(_Cell(self))
        self._dress()
        if kinds:
            # Measurements have neither.
            for column in (_LEFT, _DICE):
                self.setColumnHidden(column, True)
            self.setColumnWidth(_PROGRESS, 46 * self.fontMetrics().averageCharWidth())
        self._model.modelReset.connect(self.keep_selection)
        self.selectionModel().selectionChanged.connect(self._on_selection_changed)

    @property
    def selected(self) -> str:
        """Name of the selected run; empty if none is."""
        return self._name

    def has(self, name: str) -> bool:
        """Whether a run is in the list."""
        return self._model.row_of(name) >= 0

    @property
    def count(self) -> int:
        """Number of runs in the list."""
        return self._model.rowCount()

    def select(self, name: str) -> None:
        """Select a run; one that is about to appear in the list is selected when it does."""
        self._name = name
        row = self._model.row_of(name)
        if row >= 0:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            index = self._model.index(row, 0)
            self.selectionModel().setCurrentIndex(index, flags)
            self.scrollTo(index)
        self.run_selected.emit(name)

    def _on_selection_changed(self) -> None:
        rows = self.selectionModel().selectedRows()
        if rows and (name := rows[0].data(StatusRole).name) != self._name:
            self._name = name
            self.run_selected.emit(name)

    def keep_selection(self) -> None:
        """Select the same run again, or the newest where nothing was chosen or what was chosen is gone."""
        row = self._model.row_of(self._name)
        if row < 0 and self._model.rowCount():
            row = 0
        if row >= 0:
            self.select(self._model.index(row, 0).data(StatusRole).name)
        elif self._name:
            self.select("")

    def showEvent(self, event: QShowEvent) -> None:
        """Make room for the titles in the theme's type; it is known only now."""
        super().showEvent(event)
        header = self.horizontalHeader()
        for column in range(self._model.columnCount()):
            needed = header.sectionSizeHint(column)
            if column != _NAME and header.sectionSize(column) < needed:
                header.resizeSection(column, needed)

    def _dress(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setIconSize(QSize(12, 12))
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(round(2.0 * self.fontMetrics().height()))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        letter = self.fontMetrics().averageCharWidth()
        widths = {_STATE: 18, _KIND: 14, _PROGRESS: 28, _LEFT: 12, _MEMORY: 12, _DICE: 12, _STARTED: 14}
        for column, letters in widths.items():
            self.setColumnWidth(column, letters * letter)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
