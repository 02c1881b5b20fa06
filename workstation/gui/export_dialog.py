"""What to export: which mask, which part of it, in which scheme."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.core.labels import REGION_NAMES, SCHEMES
from workstation.core.selection import Selection
from workstation.gui.review.mask_names import mask_name
from workstation.gui.theme import NEAR, PAGE
from workstation.session.layers import SLOTS, Slot
from workstation.session.session import Session

_WIDTH = 460


class ExportDialog(QDialog):
    """Asks what of the open case's masks to export; where to is asked afterwards.

    Parameters
    ----------
    session : Session
        With at least one mask.
    parent : QWidget or None
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export mask as NIfTI"))
        self._masks = {slot: mask for slot in reversed(SLOTS) if (mask := session.layers.mask(slot)) is not None}
        self.which, self.part, self.scheme = QComboBox(), QComboBox(), QComboBox()
        for slot in self._masks:
            self.which.addItem(mask_name(slot), slot)
        self.which.setCurrentIndex(max(0, self.which.findData(session.layers.pair[1])))
        self.keeps_header = QCheckBox(self.tr("Keep descriptions and extensions of the header"))
        self.keeps_header.setToolTip(
            self.tr("They may hold the patient's name. Without them, geometry is all that is kept.")
        )
        form = QFormLayout()
        form.addRow(self.tr("Mask"), self.which)
        form.addRow(self.tr("Part"), self.part)
        form.addRow(self.tr("Labels"), self.scheme)
        form.addRow("", self.keeps_header)
        note = QLabel(
            self.tr("Beside the mask goes a .json file: sources with hashes, model, versions, reviewer, edits.")
        )
        note.setObjectName("quiet")
        note.setWordWrap(True)
        buttons, choose = self._buttons()
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE, PAGE, PAGE, PAGE)
        column.setSpacing(NEAR)
        column.addLayout(form)
        column.addWidget(note)
        column.addWidget(buttons)
        # Only within the dialog is a button its default one.
        choose.setDefault(True)
        self.setMinimumWidth(_WIDTH)
        self.which.currentIndexChanged.connect(self._on_mask)
        self.part.currentIndexChanged.connect(self._on_part)
        self._on_mask()

    @property
    def kind(self) -> Slot:
        """The mask that is chosen."""
        return self.which.currentData()

    @property
    def selection(self) -> Selection:
        """The part and the scheme that are chosen."""
        part, value = self.part.currentData()
        if part == "region":
            return Selection(region=value)
        return Selection(label=value, scheme=self.scheme.currentData())

    def _buttons(self) -> tuple[QDialogButtonBox, QPushButton]:
        """The row of buttons, and the one that goes on."""
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        choose = buttons.addButton(self.tr("Choose file..."), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons, choose

    def _on_mask(self) -> None:
        """Offer what the mask has."""
        scheme = self._masks[self.kind].scheme
        self.part.clear()
        self.part.addItem(self.tr("All labels"), ("all", None))
        for region, name in REGION_NAMES.items():
            if region in scheme.regions and len(scheme.labels) > 1:
                self.part.addItem(self.tr("{0} ({1}) as 0 and 1").format(name.capitalize(), region), ("region", region))
        for value, label in scheme.labels.items():
            if len(scheme.labels) in range(2, 16):
                self.part.addItem(self.tr("Label {0} alone: {1}").format(value, label.name), ("label", value))
        self.scheme.clear()
        self.scheme.addItem(self.tr("As in the mask ({0})").format(scheme.title), None)
        if scheme.name in SCHEMES:
            for name, other in SCHEMES.items():
                if name != scheme.name:
                    self.scheme.addItem(other.title, name)
        self._on_part()

    def _on_part(self) -> None:
        """A region has no labels to choose a scheme for."""
        part = self.part.currentData()
        self.scheme.setEnabled(part is not None and part[0] != "region" and self.scheme.count() > 1)
