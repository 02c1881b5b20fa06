"""The status bar: what is under the crosshair, the mouse scheme, the running job."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from workstation.core.volume import LabelMap
from workstation.session.session import Session


class ReadOut(QWidget):
    """Voxel, position, intensities, labels and class under the crosshair, in columns that do not dance.

    Painted here: a QLabel lays the whole status bar out anew at every step of the crosshair.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setToolTip(self.tr("Under the crosshair: voxel counted from 0, position RAS+ in mm, intensities, labels"))
        session.view.cursor_moved.connect(self.update)
        session.case_changed.connect(self.update)
        session.layers.masks_changed.connect(self.update)
        session.layers.comparison_ready.connect(self.update)

    @property
    def text(self) -> str:
        """What it says now."""
        return read_out(self._session)

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(400, self.fontMetrics().height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line, shortened at its end if there is no room."""
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect().adjusted(6, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)


def read_out(session: Session) -> str:
    """What is under the crosshair, as one line; empty without a case."""
    case = session.case
    if case is None:
        return ""
    cursor = session.view.cursor_mm
    position = "  ".join(f"{value:7.1f}" for value in cursor)
    voxel = case.grid.nearest_voxel(cursor)
    if voxel is None:
        return f"outside    RAS {position} mm"
    place = " ".join(f"{index:3d}" for index in voxel)
    parts = [f"voxel {place}", f"RAS {position} mm"]
    parts += [f"{name} {_intensity(volume.data[voxel])}" for name, volume in case.sequences.items()]
    layers = session.layers
    for name, mask in (("truth", layers.truth), ("prediction", layers.prediction)):
        if mask is not None:
            parts.append(f"{name}: {_label(mask, voxel)}")
    if layers.comparison is not None:
        parts.append(("", "TP", "FP", "FN")[int(layers.comparison.classes[voxel])])
    return "    ".join(part for part in parts if part)


def _intensity(value: float) -> str:
    return f"{value:5.0f}" if float(value).is_integer() else f"{value:7.3f}"


def _label(mask: LabelMap, voxel: tuple[int, int, int]) -> str:
    value = int(mask.data[voxel])
    label = mask.scheme.labels.get(value)
    return "-" if label is None else f"{value} {label.name}"


class StatusBar(QStatusBar):
    """Read-out left; scheme and job right."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.read_out = ReadOut(session)
        scheme = QLabel(self.tr("Mouse: Research"))
        scheme.setObjectName("quiet")
        scheme.setToolTip(self.tr("Left: crosshair; wheel: slice; right drag: zoom; middle: pan (F1 shows all)"))
        self.addWidget(self.read_out, 1)
        self.addPermanentWidget(scheme)
