"""One plot over epochs: its lines, in the colours of the theme.

Lines of steps are thinned to what the pixels can show (`step_line.py`). While the whole course is in view, its end is a
round number a little ahead, and axes with their grids are kept as pictures: a new step draws its line and nothing else.
"""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QGraphicsItem, QWidget

from workstation.gui.theme import tokens_of
from workstation.gui.train.curve_data import Curve
from workstation.gui.train.series import StepCurve
from workstation.gui.train.step_line import StepLine


class Plot(pg.PlotWidget):
    """One measure over epochs.

    Parameters
    ----------
    title, across : str
        Of the axes.
    legend : {"top", "bottom", ""}
        In which corner on the right; "" has none.
    parent : QWidget or None
    """

    epoch_clicked = Signal(int)
    """The nearest epoch to a click."""
    zoomed = Signal(float, float)
    """The first and last epoch in view, after the user changed them."""

    def __init__(self, title: str, across: str, *, legend: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: dict[str, pg.PlotDataItem] = {}
        self._step_lines: dict[str, StepLine] = {}
        self._shows_all = True
        self._end = 0.0
        self._marks: dict[str, pg.InfiniteLine] = {}
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.showGrid(x=True, y=True, alpha=0.15)
        item.getAxis("left").enableAutoSIPrefix(False)
        # Wide enough for "0.0001", so that the plots of a column stand in line.
        item.getAxis("left").setWidth(62)
        for side in ("left", "bottom"):
            # Lines of the grid for numbered ticks alone: those of finer ones are most of the time of a paint.
            item.getAxis(side).setStyle(maxTickLevel=0)
            item.getAxis(side).setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        item.setLabel("left", title)
        item.setLabel("bottom", across)
        offset = (-12, 12) if legend == "top" else (-12, -12)
        self._legend = item.addLegend(offset=offset, colCount=2) if legend else None
        item.getViewBox().setMouseEnabled(x=True, y=False)
        item.getViewBox().sigRangeChangedManually.connect(self._on_zoomed)
        self.scene().sigMouseClicked.connect(self._on_clicked)

    def add_steps(self, name: str, colour: QColor, title: str = "") -> None:
        """A thin line of steps."""
        line = self._step_lines[name] = StepLine(pen=pg.mkPen(colour, width=1), name=title or None)
        self.addItem(line)

    def add_epochs(self, name: str, colour: QColor, title: str = "", *, style: Qt.PenStyle | None = None) -> None:
        """A line with a point for each epoch."""
        pen = pg.mkPen(colour, width=2, style=style or Qt.PenStyle.SolidLine)
        look = {"symbol": "o", "symbolSize": 5, "symbolBrush": colour, "symbolPen": None}
        line = self.plot(pen=pen, name=title or None, **look)
        line.setClipToView(True)
        self._lines[name] = line

    def add_mark(self, name: str, colour: QColor, *, angle: int) -> None:
        """A dashed line across the plot, hidden until it has a place; 90 stands, 0 lies."""
        mark = pg.InfiniteLine(angle=angle, pen=pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine))
        mark.hide()
        self.addItem(mark, ignoreBounds=angle == 90)
        self._marks[name] = mark

    def has_line(self, name: str) -> bool:
        """Whether a line was added."""
        return name in self._lines

    def show_steps(self, name: str, curve: StepCurve) -> None:
        """Draw a line of steps, if it is another than before."""
        self._step_lines[name].show_curve(curve)

    def show_line(self, name: str, curve: Curve) -> None:
        """Draw a line's points."""
        self._lines[name].setData(curve.epochs, curve.values)

    def follow(self, last: float) -> None:
        """Show the course up to this epoch, unless the user looks at a part of it."""
        self._end = round_end(last)
        if self._shows_all and self.getPlotItem().getViewBox().viewRange()[0] != [0.0, self._end]:
            self.setXRange(0.0, self._end, padding=0)

    def show_mark(self, name: str, place: float | None) -> None:
        """Put a mark at its place, or hide it."""
        mark = self._marks[name]
        mark.setVisible(place is not None)
        if place is not None:
            mark.setValue(place)

    def set_logarithmic(self, *, is_on: bool) -> None:
        """Make the value axis logarithmic, or linear."""
        first, last = self.getPlotItem().getViewBox().viewRange()[0]
        self.getPlotItem().setLogMode(x=False, y=is_on)
        # It also lets the epochs in view choose themselves.
        self.setXRange(first, last, padding=0)

    def set_title(self, *words: tuple[str, QColor]) -> None:
        """Words above the plot in the colours of its lines: a small plot has no room for a legend."""
        spans = (f'<span style="color: {colour.name()}">{text}</span>' for text, colour in words)
        self.getPlotItem().setTitle("&nbsp;&nbsp;".join(spans), size=f"{self.font().pointSizeF():.0f}pt")

    def show_epochs(self, first: float, last: float) -> None:
        """Show these epochs alone. Not pyqtgraph's linked axes: those line up pixels of plots that differ in width."""
        self._shows_all = False
        self.setXRange(first, last, padding=0)

    def show_all(self) -> None:
        """The whole course, and from now on what is added to it."""
        self._shows_all = True
        self.getPlotItem().enableAutoRange(axis="y")
        if self._end:
            self.setXRange(0.0, self._end, padding=0)

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
        if self._legend is None:
            return
        for _, label in self._legend.items:
            label.setText(label.text, color=text)
        ground = QColor(palette.color(QPalette.ColorRole.Base))
        ground.setAlpha(210)
        self._legend.setBrush(pg.mkBrush(ground))

    def _on_zoomed(self) -> None:
        self._shows_all = False
        self.zoomed.emit(*self.getPlotItem().getViewBox().viewRange()[0])

    def _on_clicked(self, event: object) -> None:
        place: QPointF = event.scenePos()  # type: ignore[attr-defined]
        box = self.getPlotItem().getViewBox()
        if box.sceneBoundingRect().contains(place):
            self.epoch_clicked.emit(max(1, round(box.mapSceneToView(place).x())))


def round_end(last: float) -> float:
    """A round number above `last`, so that axes change only now and then; 1 for nothing."""
    if last <= 0:
        return 1.0
    step = 10.0 ** math.floor(math.log10(last)) / 20
    return float((math.floor(last / step * (1 + 1e-9)) + 1) * step)
