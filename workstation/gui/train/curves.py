"""Loss and Dice of a run, live: steps as a thin line, epochs as points, the best epoch marked."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from workstation.gui.theme import tokens_of
from workstation.gui.train import colours
from workstation.gui.train.curve_data import Best, CurveData, Measure
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import dice_text


class _Plot(pg.PlotWidget):
    """One measure over epochs."""

    def __init__(self, measure: Measure, title: str, names: tuple[str, str, str, str]) -> None:
        super().__init__()
        self._measure = measure
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.showGrid(x=True, y=True, alpha=0.15)
        item.getAxis("left").enableAutoSIPrefix(False)
        item.setLabel("left", title)
        item.setLabel("bottom", names[3])
        self._legend = item.addLegend(offset=(-12, 12) if measure == "loss" else (-12, -12))
        faint = QColor(colours.TRAINING)
        faint.setAlpha(90)
        self._steps = self.plot(pen=pg.mkPen(faint, width=1), name=names[0])
        self._training = self._line(colours.TRAINING, names[1])
        self._validation = self._line(colours.VALIDATION, names[2])
        self._best = pg.InfiniteLine(angle=90, pen=pg.mkPen(colours.BEST, width=1, style=Qt.PenStyle.DashLine))
        self._best.hide()
        self.addItem(self._best, ignoreBounds=True)
        self._steps.setDownsampling(auto=True, method="peak")
        self._steps.setClipToView(True)
        item.getViewBox().setMouseEnabled(x=True, y=False)

    def show_data(self, data: CurveData) -> None:
        """Draw the curves and the best epoch."""
        for line, curve in (
            (self._steps, data.of_steps(self._measure)),
            (self._training, data.of_epochs(self._measure, of="training")),
            (self._validation, data.of_epochs(self._measure, of="validation")),
        ):
            line.setData(curve.epochs, curve.values)
        best = data.best
        self._best.setVisible(best is not None)
        if best is not None:
            self._best.setValue(best.epoch)

    def follow_palette(self, palette: QPalette) -> None:
        """Take ground and axes from the theme."""
        text = palette.color(QPalette.ColorRole.WindowText)
        self.setBackground(palette.color(QPalette.ColorRole.Base))
        for name in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(pg.mkPen(tokens_of(palette).faint))
            axis.setTextPen(text)
            axis.setStyle(tickFont=self.font())
            axis.label.setFont(self.font())
        for _, label in self._legend.items:
            label.setText(label.text, color=text)
        ground = QColor(palette.color(QPalette.ColorRole.Base))
        ground.setAlpha(210)
        self._legend.setBrush(pg.mkBrush(ground))

    def _line(self, colour: QColor, name: str) -> pg.PlotDataItem:
        return self.plot(
            pen=pg.mkPen(colour, width=2), symbol="o", symbolSize=5, symbolBrush=colour, symbolPen=None, name=name
        )


class CurvesView(QWidget):
    """Both plots side by side, or words where there is nothing to draw yet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        names = (self.tr("Training, steps"), self.tr("Training"), self.tr("Validation"), self.tr("Epoch"))
        self.loss = _Plot("loss", self.tr("Loss"), names)
        self.dice = _Plot("dice", self.tr("Dice"), names)
        self.loss.getPlotItem().getViewBox().setXLink(self.dice.getPlotItem().getViewBox())
        self.dice.setLimits(yMin=-0.02, yMax=1.02)
        self._empty = ToneLabel("faint", self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._best = ToneLabel("plain", self)
        self._plots = QWidget()
        self._arrange()
        self._follow_palette()

    def show_data(self, data: CurveData, *, empty_words: str) -> None:
        """Draw a run's curves; `empty_words` where it has none."""
        self._pages.setCurrentWidget(self._empty if data.is_empty else self._plots)
        self._empty.setText(empty_words)
        for plot in (self.loss, self.dice):
            plot.show_data(data)
        self._best.say(self._best_words(data.best))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._follow_palette()

    def _best_words(self, best: Best | None) -> str:
        if best is None:
            return ""
        if math.isnan(best.val_dice):
            return self.tr("Best epoch so far: {0} (dashed line)").format(best.epoch)
        return self.tr("Best epoch so far: {0} (dashed line), validation Dice {1}").format(
            best.epoch, dice_text(best.val_dice)
        )

    def _follow_palette(self) -> None:
        for plot in (self.loss, self.dice):
            plot.follow_palette(self.palette())

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.loss)
        row.addWidget(self.dice)
        column = QVBoxLayout(self._plots)
        column.setContentsMargins(0, 6, 0, 0)
        column.addLayout(row, 1)
        column.addWidget(self._best)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._plots)
