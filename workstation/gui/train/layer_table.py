"""The network layer by layer: shapes, parameters, work and memory, from the same plan that is trained."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from workstation.core.cost import LayerCost
from workstation.gui.train.forecast import Forecast
from workstation.gui.train.wording import bytes_text, flops_text, shape_text, whole_text

_Index = QModelIndex | QPersistentModelIndex


class LayerModel(QAbstractTableModel):
    """One row a layer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: tuple[LayerCost, ...] = ()
        self._titles = (
            self.tr("Layer"),
            self.tr("Kind"),
            self.tr("Voxels"),
            self.tr("Channels"),
            self.tr("Parameters"),
            self.tr("Work forward"),
            self.tr("Output"),
        )

    def show_layers(self, layers: tuple[LayerCost, ...]) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._layers = layers
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """Number of layers."""
        return 0 if parent.isValid() else len(self._layers)

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
        """The text of a cell and its side."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        layer = self._layers[index.row()]
        return (
            layer.name,
            layer.kind,
            shape_text(layer.shape),
            str(layer.channels),
            whole_text(layer.parameters) if layer.parameters else "",
            flops_text(layer.flops) if layer.flops else "",
            bytes_text(layer.bytes),
        )[index.column()]


class LayerDialog(QDialog):
    """A window beside the form that follows it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Network, layer by layer"))
        self.resize(760, 620)
        self.model = LayerModel(self)
        self._sum = QLabel()
        self._sum.setWordWrap(True)
        table = QTableView()
        table.setModel(self.model)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(round(1.6 * table.fontMetrics().height()))
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setStretchLastSection(True)
        layout = QVBoxLayout(self)
        layout.addWidget(self._sum)
        layout.addWidget(table)

    def show_cost(self, cost: Forecast) -> None:
        """Show the layers of a forecast and their sums."""
        self.model.show_layers(cost.layers)
        text = self.tr(
            "{0} parameters; {1} forward and {2} in a training step of {3} at {4} voxels; outputs together {5}."
        )
        work = flops_text(sum(layer.flops for layer in cost.layers)), flops_text(cost.step_flops)
        batch = self.tr("one volume") if cost.batch == 1 else self.tr("{0} volumes").format(cost.batch)
        outputs = bytes_text(sum(layer.bytes for layer in cost.layers))
        self._sum.setText(text.format(whole_text(cost.parameters), *work, batch, shape_text(cost.shape), outputs))


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column < 2 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
