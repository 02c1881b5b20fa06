"""How a segmentation is asked for, of one case or of many: averaged over flips, with a map of where it is unsure."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QWidget

from workstation.gui.theme import ROOMY


class SegmentOptions(QWidget):
    """Two boxes to tick.

    Parameters
    ----------
    direction : QBoxLayout.Direction
        Beside each other, or one below the other.
    parent : QWidget or None
    """

    changed = Signal()

    def __init__(self, direction: QBoxLayout.Direction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.flips = QCheckBox(self.tr("Average the eight flips of each volume"))
        self.flips.setToolTip(self.tr("Test-time augmentation: steadier masks for eight times the time"))
        self.entropy = QCheckBox(self.tr("Write where the model is unsure"))
        self.entropy.setToolTip(
            self.tr("The entropy of the probabilities as an image; the worklist can be sorted by its mean.")
        )
        row = QBoxLayout(direction, self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(ROOMY)
        for tick in (self.flips, self.entropy):
            row.addWidget(tick)
            tick.toggled.connect(self.changed)
