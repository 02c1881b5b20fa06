"""From how many voxels on a table of findings lists them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QWidget


class LeastSize(QWidget):
    """A number of voxels."""

    changed = Signal(int)

    def __init__(self, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number = QSpinBox()
        self.number.setRange(1, 1_000_000)
        self.number.setKeyboardTracking(False)
        self.number.setSuffix(self.tr(" voxels"))
        self.number.setToolTip(tip)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel(self.tr("From")))
        row.addWidget(self.number, 1)
        self.number.valueChanged.connect(self.changed)

    def set_value(self, voxels: int) -> None:
        """Show another number; `changed` is not emitted."""
        self.number.blockSignals(True)
        self.number.setValue(voxels)
        self.number.blockSignals(False)
