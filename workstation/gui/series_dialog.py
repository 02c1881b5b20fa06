"""What of a series of slices is to be written: plane, distance, folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QDoubleSpinBox, QFormLayout, QWidget

from workstation.gui.review.slice_painting import plane_name
from workstation.gui.theme import NEAR, PAGE
from workstation.session.view import LIGHTBOX_RANGE_MM, PLANES


class SeriesDialog(QDialog):
    """Asks which slices to save.

    Parameters
    ----------
    plane : str
        The plane offered first.
    parent : QWidget or None
    """

    def __init__(self, plane: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Save slices as PNG"))
        self._plane = QComboBox()
        for each in PLANES:
            self._plane.addItem(plane_name(each), each)
        self._plane.setCurrentIndex(PLANES.index(plane))
        self._distance = QDoubleSpinBox()
        self._distance.setRange(*LIGHTBOX_RANGE_MM)
        self._distance.setDecimals(1)
        self._distance.setPrefix(self.tr("every "))
        self._distance.setSuffix(self.tr(" mm"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(self.tr("Choose folder..."), QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        form.setContentsMargins(PAGE, PAGE, PAGE, PAGE)
        form.setVerticalSpacing(NEAR)
        form.addRow(self.tr("Plane"), self._plane)
        form.addRow(self.tr("Slices"), self._distance)
        form.addRow(buttons)

    @property
    def plane(self) -> str:
        """The plane chosen."""
        return str(self._plane.currentData())

    @property
    def every_mm(self) -> float:
        """The distance chosen, mm."""
        return self._distance.value()

    @staticmethod
    def folder_of(case: str, parent: Path) -> Path:
        """A folder of the case's own within the one that was chosen, so that series do not mix."""
        return parent / f"{case}_slices"
