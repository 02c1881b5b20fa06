"""Which two of the open masks are compared; there only when there is more than a truth and a prediction."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from workstation.gui.review.mask_names import mask_name
from workstation.session.layers import KINDS, SLOTS
from workstation.session.session import Session


class PairChoice(QWidget):
    """The one that is judged, and what it is judged by."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers = session.layers
        self.judged, self.reference = QComboBox(), QComboBox()
        self.judged.setToolTip(self.tr("The mask that is judged: what it has alone counts as false positive"))
        self.reference.setToolTip(self.tr("What it is judged by: what this has alone counts as false negative"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in ((self.judged, 1), (QLabel(self.tr("by")), 0), (self.reference, 1)):
            row.addWidget(widget, stretch)
        for box in (self.judged, self.reference):
            box.activated.connect(self._on_chosen)
        session.layers.masks_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Offer the masks that are open."""
        layers = self._layers
        slots = [slot for slot in SLOTS if layers.mask(slot) is not None]
        for box, current in ((self.judged, layers.pair[1]), (self.reference, layers.pair[0])):
            box.clear()
            for slot in slots:
                box.addItem(mask_name(slot), slot)
            box.setCurrentIndex(box.findData(current))
        self.setVisible(len(slots) > 1 and not set(slots) <= set(KINDS))

    def _on_chosen(self) -> None:
        self._layers.set_pair(self.reference.currentData(), self.judged.currentData())
