"""The legend of a comparison: agreement, prediction only and truth only, in voxels and millilitres; Dice per region."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from workstation.core.labels import REGIONS
from workstation.gui.colours import PALETTES, Rgb
from workstation.gui.review.mask_names import mask_name
from workstation.session.session import Session

_ROWS = ("agreement", "prediction", "truth")


class Legend(QWidget):
    """Counts of the shown comparison, and the Dice coefficient of every region."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(3)
        self._grid.setColumnStretch(1, 1)
        self._swatches: dict[str, QLabel] = {}
        self._names: dict[str, QLabel] = {}
        self._cells: dict[tuple[str, str], QLabel] = {}
        self._add_header()
        for row, kind in enumerate(_ROWS, start=1):
            self._add_row(row, kind)
        self._dice = self._add_dice(len(_ROWS) + 1)
        self._hint = QLabel(self.tr("Shown once there are a truth and a prediction."))
        self._hint.setObjectName("quiet")
        self._hint.setWordWrap(True)
        self._grid.addWidget(self._hint, self._grid.rowCount(), 0, 1, 4)
        session.layers.comparison_ready.connect(self.refresh)
        session.layers.masks_changed.connect(self.refresh)
        session.layers.display_changed.connect(self.refresh)
        session.case_changed.connect(self.refresh)
        self.refresh()

    def text_of(self, kind: str, column: str) -> str:
        """What a cell says: kind "agreement", "prediction" or "truth"; column "voxels" or "ml"."""
        return self._cells[kind, column].text()

    def dice_text(self, region: str) -> str:
        """What stands for the Dice of "shown", "WT", "TC" or "ET"."""
        return self._dice[region].text()

    def refresh(self) -> None:
        """Write the figures of the session's comparison."""
        palette = PALETTES[self._session.layers.palette]
        for kind, colour in zip(_ROWS, (palette.agreement, palette.prediction, palette.truth), strict=True):
            self._swatches[kind].setPixmap(swatch(colour, self.devicePixelRatioF()))
        layers = self._session.layers
        reference, judged = (mask_name(slot) for slot in layers.pair)
        self._names["prediction"].setText(self.tr("{} only (FP)").format(judged))
        self._names["truth"].setText(self.tr("{} only (FN)").format(reference))
        self._hint.setVisible(layers.truth is None or layers.prediction is None)
        comparison = layers.comparison
        if comparison is None:
            for cell in (*self._cells.values(), *self._dice.values()):
                cell.setText("-")
            return
        counts = comparison.counts
        figures = {
            "agreement": (counts.overlap.tp, counts.tp_ml),
            "prediction": (counts.overlap.fp, counts.fp_ml),
            "truth": (counts.overlap.fn, counts.fn_ml),
        }
        for kind, (voxels, volume_ml) in figures.items():
            self._cells[kind, "voxels"].setText(f"{voxels:,}")
            self._cells[kind, "ml"].setText(f"{volume_ml:,.2f}")
        self._dice["shown"].setText(dice_words(counts.dice))
        for region in REGIONS:
            found = comparison.regions.get(region)
            self._dice[region].setText("-" if found is None else dice_words(found.dice))

    def _add_header(self) -> None:
        for column, text in ((2, self.tr("voxels")), (3, self.tr("ml"))):
            label = QLabel(text)
            label.setObjectName("quiet")
            self._grid.addWidget(label, 0, column, Qt.AlignmentFlag.AlignRight)

    def _add_row(self, row: int, kind: str) -> None:
        tips = {
            "agreement": self.tr("True positives: in the prediction and in the truth"),
            "prediction": self.tr("False positives: in the prediction alone"),
            "truth": self.tr("False negatives: in the truth alone"),
        }
        self._swatches[kind] = QLabel()
        self._grid.addWidget(self._swatches[kind], row, 0)
        # The two that differ are named after the masks that are compared.
        name = QLabel(self.tr("Both (TP)"))
        name.setToolTip(tips[kind])
        self._names[kind] = name
        self._grid.addWidget(name, row, 1)
        for column, unit in ((2, "voxels"), (3, "ml")):
            cell = QLabel("-")
            cell.setObjectName("figure")
            self._cells[kind, unit] = cell
            self._grid.addWidget(cell, row, column, Qt.AlignmentFlag.AlignRight)

    def _add_dice(self, row: int) -> dict[str, QLabel]:
        tip = self.tr(
            "Dice coefficient, 2 TP / (2 TP + FP + FN), from 0 to 1.\n"
            "Undefined where both masks are empty. Dice LR, Ecology 26(3), 1945."
        )
        found: dict[str, QLabel] = {}
        names = {
            "shown": self.tr("Dice (shown)"),
            "WT": self.tr("Dice WT"),
            "TC": self.tr("Dice TC"),
            "ET": self.tr("Dice ET"),
        }
        for offset, (region, text) in enumerate(names.items()):
            name = QLabel(text)
            name.setToolTip(tip)
            cell = QLabel("-")
            cell.setObjectName("figure")
            cell.setToolTip(tip)
            self._grid.addWidget(name, row + offset, 1)
            self._grid.addWidget(cell, row + offset, 3, Qt.AlignmentFlag.AlignRight)
            found[region] = cell
        return found


def dice_words(value: float) -> str:
    """A Dice coefficient for people; "both empty" where it is 0/0."""
    return "both empty" if math.isnan(value) else f"{value:.4f}"


def swatch(colour: Rgb, ratio: float = 1.0) -> QPixmap:
    """A small square of a colour, crisp at the screen's ratio."""
    side = 12
    pixmap = QPixmap(QSize(side, side) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*colour))
    painter.drawRoundedRect(0, 0, side, side, 3, 3)
    painter.end()
    return pixmap


def swatch_icon(colour: Rgb) -> QIcon:
    """The same as an icon."""
    return QIcon(swatch(colour, 2.0))
