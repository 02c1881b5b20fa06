"""The lightbox: slices of one plane every n mm, on one sheet, with masks and the crosshair's slice marked."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workstation.gui.review.choice import Choice
from workstation.gui.review.lightbox_sheet import LightboxSheet
from workstation.gui.review.slice_painting import plane_name
from workstation.session.session import Session
from workstation.session.view import LIGHTBOX_RANGE_MM, PLANES


class Lightbox(QWidget):
    """The sheet, and above it which plane it shows and how far apart its slices are.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    menu_wanted = Signal(QPoint)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.sheet = LightboxSheet(session, self)
        self.planes = Choice([(plane, plane_name(plane), "") for plane in PLANES])
        self.distance = QDoubleSpinBox()
        self._count = QLabel()
        self._count.setObjectName("quiet")
        self._arrange()
        self.planes.chosen.connect(lambda plane: session.view.set_layout("lightbox", plane))
        self.distance.valueChanged.connect(session.view.set_lightbox_mm)
        self.sheet.menu_wanted.connect(self.menu_wanted)
        self.sheet.arranged.connect(self._count_tiles)
        session.view.layout_changed.connect(self._on_layout)
        self.setFocusProxy(self.sheet)
        self._on_layout()

    def _arrange(self) -> None:
        self.distance.setRange(*LIGHTBOX_RANGE_MM)
        self.distance.setDecimals(1)
        self.distance.setSuffix(self.tr(" mm"))
        self.distance.setToolTip(self.tr("Distance of the slices; the thickness of a slice at least"))
        self.distance.setKeyboardTracking(False)
        every = QLabel(self.tr("every"))
        every.setBuddy(self.distance)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 4, 8, 2)
        bar.setSpacing(8)
        for widget in (self.planes, every, self.distance, self._count):
            bar.addWidget(widget)
        bar.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(bar)
        column.addWidget(self.sheet, 1)

    def _on_layout(self) -> None:
        view = self._session.view
        self.planes.set_value(view.layout_plane)
        self.distance.blockSignals(True)
        self.distance.setValue(view.lightbox_mm)
        self.distance.blockSignals(False)
        self._count_tiles()

    def _count_tiles(self) -> None:
        words = self.tr("{0} of {1} slices")
        geometry = self.sheet.picture.geometry
        self._count.setText("" if geometry is None else words.format(len(self.sheet.indices), geometry.slice_count))
