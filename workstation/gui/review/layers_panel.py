"""Truth and prediction: on or off, from which file, how strong, filled or outlined, compared or not, which region."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from workstation.gui.actions import with_keys
from workstation.gui.colours import PALETTES
from workstation.gui.review.choice import Choice
from workstation.gui.review.label_legend import LabelLegend
from workstation.gui.review.legend import swatch
from workstation.gui.review.mask_names import mask_name
from workstation.gui.review.pair_choice import PairChoice
from workstation.gui.tooltips import plain_tip
from workstation.session.session import Session


class ElidedLabel(QLabel):
    """A label that shortens its text in the middle; the whole stands in its tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_full_text(self, text: str, tip: str = "") -> None:
        """The whole text, and a longer one for the tooltip."""
        self._full = text
        self.setToolTip(plain_tip(tip or text))
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten anew."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.setText(QFontMetrics(self.font()).elidedText(self._full, Qt.TextElideMode.ElideMiddle, self.width()))


class LayersPanel(QWidget):
    """How masks are drawn."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.boxes: dict[str, QCheckBox] = {}
        self._swatches: dict[str, QLabel] = {}
        self._files: dict[str, ElidedLabel] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._mask_rows())
        self.pair = PairChoice(session)
        column.addWidget(self.pair)
        self.mode, self.region, self.outline = self._choices()
        self.labels = LabelLegend(session)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self._percent = QLabel()
        for widget in (self.mode, self.labels, self.region, self.outline):
            column.addWidget(widget)
        column.addLayout(self._opacity_row())
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Show the session's state."""
        layers = self._session.layers
        palette = PALETTES[layers.palette]
        for slot, kind, mask in (
            (layers.pair[1], "prediction", layers.prediction),
            (layers.pair[0], "truth", layers.truth),
        ):
            self.boxes[kind].setText(mask_name(slot))
            colour = palette.prediction if kind == "prediction" else palette.truth
            self._swatches[kind].setPixmap(swatch(colour, self.devicePixelRatioF()))
            self.boxes[kind].setEnabled(mask is not None)
            self.boxes[kind].setChecked(mask is not None and layers.is_visible(kind))
            path = mask.source.path if mask is not None and mask.source else None
            tip = f"{path}\n{mask.scheme.title}" if mask is not None else ""
            is_held = kind == "prediction" and self._session.worklist.is_holding
            absent = self.tr("hidden until you decide") if is_held else self.tr("none")
            name = path.name if path else absent if mask is None else mask.name
            self._files[kind].set_full_text(self.tr("from {}").format(name) if slot == "edited" else name, tip)
        self.mode.set_value(layers.mode)
        self.region.set_value(layers.region)
        shown = [mask for mask in (layers.truth, layers.prediction) if mask is not None]
        has_cavity = any("RC" in mask.scheme.regions for mask in shown)
        self.region.button("RC").setVisible(has_cavity or layers.region == "RC")
        self.outline.set_value(layers.outline)
        self.opacity.blockSignals(True)
        self.opacity.setValue(round(100 * layers.opacity))
        self.opacity.blockSignals(False)
        self._percent.setText(f"{round(100 * layers.opacity)} %")

    def _choices(self) -> tuple[Choice, Choice, Choice]:
        modes = (
            ("labels", self.tr("Labels"), self.tr("Every label in its own colour")),
            ("comparison", self.tr("Comparison"), self.tr("Agreement, prediction only, truth only")),
            ("errors", self.tr("Errors"), self.tr("Prediction only and truth only")),
        )
        regions = (
            ("all", self.tr("All"), self.tr("All labels")),
            ("WT", "WT", self.tr("Whole tumour alone")),
            ("TC", "TC", self.tr("Tumour core alone")),
            ("ET", "ET", self.tr("Enhancing tumour alone")),
            ("RC", "RC", self.tr("Resection cavity alone")),
        )
        outlines = (
            ("fill", self.tr("Fill"), self.tr("Filled areas")),
            ("outline", self.tr("Outline"), self.tr("Outlines")),
            ("both", self.tr("Both"), self.tr("Filled areas with outlines")),
        )
        return (
            Choice([(value, text, with_keys(tip, "masks.mode")) for value, text, tip in modes]),
            Choice([(value, text, with_keys(tip, f"masks.region_{value.lower()}")) for value, text, tip in regions]),
            Choice([(value, text, with_keys(tip, "masks.outline")) for value, text, tip in outlines]),
        )

    def _mask_rows(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        tips = {"prediction": self.tr("Show or hide the prediction"), "truth": self.tr("Show or hide the truth")}
        for row, kind in enumerate(("prediction", "truth")):
            self._swatches[kind] = QLabel()
            self.boxes[kind] = QCheckBox(mask_name(kind))
            self.boxes[kind].setToolTip(with_keys(tips[kind], f"masks.{kind}"))
            self.boxes[kind].clicked.connect(
                lambda checked, kind=kind: self._session.layers.set_visible(kind, visible=checked)
            )
            self._files[kind] = ElidedLabel()
            self._files[kind].setObjectName("quiet")
            grid.addWidget(self._swatches[kind], row, 0)
            grid.addWidget(self.boxes[kind], row, 1)
            grid.addWidget(self._files[kind], row, 2)
        return grid

    def _opacity_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        label = QLabel(self.tr("Opacity"))
        label.setToolTip(with_keys(self.tr("Of filled areas; fainter"), "masks.fainter"))
        self.opacity.setToolTip(with_keys(self.tr("Of filled areas; stronger"), "masks.stronger"))
        self._percent.setMinimumWidth(self._percent.fontMetrics().horizontalAdvance("100 %"))
        self._percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for widget in (label, self.opacity, self._percent):
            row.addWidget(widget)
        return row

    def _connect(self) -> None:
        layers = self._session.layers
        self.mode.chosen.connect(layers.set_mode)
        self.region.chosen.connect(layers.set_region)
        self.outline.chosen.connect(layers.set_outline)
        self.opacity.valueChanged.connect(lambda value: layers.set_opacity(value / 100))
        layers.display_changed.connect(self.refresh)
        layers.masks_changed.connect(self.refresh)
        self._session.worklist.changed.connect(self.refresh)
