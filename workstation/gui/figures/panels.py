"""The plots: each a title, a pyqtgraph plot, and a legend below it.

A panel is told its data once (`show_...`) and its theme as often as that changes; every colour that depends on the
ground is set in `follow`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPalette, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from workstation.gui.figures.legend import Entry, FigureLegend
from workstation.gui.figures.results import GIB, Bar, Beside, Falloff, Line
from workstation.gui.figures.words import contestant_word, line_word, percent_word, point_word, tr
from workstation.gui.theme import NEAR, NORMAL, ROOMY, SMALL, TIGHT, font_of, tokens_of

# Mid tones that are told apart on a dark and on a light ground, also by colour-blind readers.
COLOURS = tuple(QColor(name) for name in ("#3d9be0", "#e08a1e", "#1fa67a", "#c264b5", "#c9a227", "#7a6ad8"))
SYMBOLS = ("o", "s", "t", "d")
BAND = 0.1
"""Error up to which an estimate is held to be good."""
_SYMBOL_SIZE = 9
_MOST_ROWS = 64


class Panel(QWidget):
    """A titled plot with a legend below.

    Parameters
    ----------
    title, x_title, y_title : str
        Axes with their units in brackets; empty for none.
    parent : QWidget or None

    Attributes
    ----------
    line_scale : float
        Pixels of the picture for one of the window: pyqtgraph's pens do not grow with the screen's. `follow` takes it.
    """

    def __init__(self, title: str, x_title: str, y_title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel(title)
        self.title.setFont(font_of(self.font(), NORMAL, is_bold=True))
        self.plot = pg.PlotWidget()
        self.plot.setMinimumSize(200, 140)
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.legend = FigureLegend()
        self.legend.setFont(font_of(self.font(), SMALL))
        item = self.plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.showGrid(x=True, y=True, alpha=0.15)
        for side, words in (("bottom", x_title), ("left", y_title)):
            item.getAxis(side).enableAutoSIPrefix(False)
            if words:
                item.setLabel(side, words)
        item.layout.setContentsMargins(NEAR, NEAR, ROOMY, TIGHT)
        self.line_scale = 1.0
        self._texts: list[tuple[pg.TextItem, str]] = []
        self._inks: list[Callable[[QColor, QColor], None]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.title)
        column.addWidget(self.plot, 1)
        column.addWidget(self.legend)
        column.setSpacing(NEAR)
        # A hidden widget takes no place: with this a page that is never shown, but painted, knows its size.
        self.title.show()
        self.plot.show()
        self.plot_items: list[pg.PlotDataItem | pg.BarGraphItem] = []
        self.follow()

    @property
    def words(self) -> list[str]:
        """The texts within the plot."""
        return [item.toPlainText() for item, _ in self._texts]

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_inks"):
            self.follow()

    def follow(self) -> None:
        """Take ground, axes and words from the palette."""
        palette, tokens = self.palette(), tokens_of(self.palette())
        ground, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.WindowText)
        self.plot.setBackground(ground)
        for name in ("left", "bottom"):
            axis = self.plot.getPlotItem().getAxis(name)
            axis.setPen(pg.mkPen(tokens.faint))
            axis.setTextPen(text)
            axis.setStyle(tickFont=font_of(self.font(), SMALL))
            axis.label.setFont(self.font())
            # The label's HTML keeps the colour it was made with.
            axis.setLabel(axis.labelText, color=text.name())
        for item, tone in self._texts:
            item.setColor(QColor(tokens.faint if tone == "faint" else tokens.text))
            item.setFont(font_of(self.font(), SMALL))
        for ink in self._inks:
            ink(text, ground)

    def _add_text(self, words: str, x: float, y: float, *, anchor: tuple[float, float], tone: str = "text") -> None:
        item = pg.TextItem(words, anchor=anchor)
        item.setPos(x, y)
        self._texts.append((item, tone))
        self.plot.addItem(item, ignoreBounds=True)

    def _add_points(
        self,
        x: Sequence[float],
        y: Sequence[float],
        colour: QColor,
        symbol: str,
        *,
        is_hollow: bool = False,
        line: Qt.PenStyle | None = None,
        size: float = _SYMBOL_SIZE,
    ) -> pg.PlotDataItem:
        item = self.plot.plot(np.asarray(x, float), np.asarray(y, float), pen=None, symbol=symbol, antialias=True)

        def ink(_text: QColor, ground: QColor) -> None:
            if line is not None:
                item.setPen(self._pen(colour, 2.0, line))
            item.setSymbolPen(self._pen(colour, 1.6, Qt.PenStyle.SolidLine))
            # Filled with the ground, so that a line or a band does not show through.
            item.setSymbolBrush(pg.mkBrush(ground if is_hollow else colour))
            item.setSymbolSize(size)

        self._inks.append(ink)
        self.plot_items.append(item)
        return item

    def _add_line(
        self, x: Sequence[float], y: Sequence[float], *, colour: QColor | None = None, style: Qt.PenStyle
    ) -> None:
        """A thin line; without a colour it has that of words, fainter."""
        item = self.plot.plot(np.asarray(x, float), np.asarray(y, float), antialias=True)

        def ink(text: QColor, _ground: QColor) -> None:
            faint = QColor(text)
            faint.setAlpha(150)
            item.setPen(self._pen(colour or faint, 1.3, style))

        self._inks.append(ink)

    def _pen(self, colour: QColor, width: float, style: Qt.PenStyle) -> QPen:
        return pg.mkPen(colour, width=width * max(self.line_scale, self.devicePixelRatioF()), style=style)

    def _name_rows(self, names: Sequence[str]) -> None:
        """Words at the left, from top to bottom, one a row."""
        axis = self.plot.getPlotItem().getAxis("left")
        axis.setTicks([[(len(names) - 1 - row, name) for row, name in enumerate(names)]])
        axis.setStyle(tickLength=0)
        self.plot.getPlotItem().showGrid(x=True, y=False, alpha=0.15)
        self.plot.setYRange(-0.6, len(names) - 0.4, padding=0)


class MemoryPanel(Panel):
    """The paper's Figure 3: peak memory against the voxels of the batch."""

    def __init__(self, lines: Sequence[Line], parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Peak memory of a training step"), tr("Voxels of the batch (millions)"), tr("Peak memory (GiB)"), parent
        )
        kinds = list(dict.fromkeys((line.precision, line.mode) for line in lines))
        batches = sorted({line.batch for line in lines})
        entries = []
        for line in lines:
            colour = COLOURS[kinds.index((line.precision, line.mode)) % len(COLOURS)]
            symbol = SYMBOLS[batches.index(line.batch) % len(SYMBOLS)]
            self._add_line(
                [voxels / 1e6 for voxels in line.voxels],
                [count / GIB for count in line.calculated],
                colour=colour,
                style=Qt.PenStyle.DashLine,
            )
            known = [
                (voxels / 1e6, count / GIB)
                for voxels, count in zip(line.voxels, line.measured, strict=True)
                if count is not None
            ]
            if known:
                style = Qt.PenStyle.SolidLine
                self._add_points([x for x, _ in known], [y for _, y in known], colour, symbol, line=style)
            entries.append(Entry(line_word(line.mode, line.precision, line.batch), colour, symbol, line="solid"))
        self.legend.show_entries([*entries, Entry(tr("calculated"), line="dash")])
        # From nothing on, so that proportions are seen as they are.
        self.plot.setXRange(0, 1.06 * max(max(line.voxels) for line in lines) / 1e6, padding=0)
        most = max(count for line in lines for count in (*line.measured, *line.calculated) if count is not None)
        self.plot.setYRange(0, 1.06 * most / GIB, padding=0)
        self.follow()


class BesidePanel(Panel):
    """The paper's Figure 5: measured beside calculated; the nearer the diagonal, the better."""

    def __init__(
        self, pairs: Sequence[Beside], title: str, unit: str, *, scale: float = 1.0, parent: QWidget | None = None
    ) -> None:
        super().__init__(title, tr("Measured ({0})").format(unit), tr("Calculated ({0})").format(unit), parent)
        self.plot.setLogMode(x=True, y=True)
        ends = [value / scale for pair in pairs for value in (pair.measured, pair.calculated)]
        low, high = min(ends, default=1.0) * 0.8, max(ends, default=1.0) * 1.25
        self._add_line([low, high], [low, high], style=Qt.PenStyle.SolidLine)
        for factor in (1 - BAND, 1 + BAND):
            self._add_line([low, high], [low * factor, high * factor], style=Qt.PenStyle.DashLine)
        kinds = _kinds(pairs)
        for pair_kind, is_fitted in ((kind, is_fitted) for kind in kinds for is_fitted in (True, False)):
            some = [pair for pair in pairs if _kind(pair) == pair_kind and pair.point.fitted == is_fitted]
            if some:
                measured, calculated = [p.measured / scale for p in some], [p.calculated / scale for p in some]
                colour = COLOURS[kinds.index(pair_kind) % len(COLOURS)]
                self._add_points(measured, calculated, colour, "o", is_hollow=not is_fitted)
        self._ticks(low, high)
        lines = [Entry(tr("equal"), line="solid"), Entry(tr("10 % off"), line="dash")]
        self.legend.show_entries([*_kind_entries(kinds), *lines])
        self.follow()

    def _ticks(self, low: float, high: float) -> None:
        """Round numbers in words: pyqtgraph writes powers."""
        ticks = [(math.log10(value), f"{value:g}") for value in _round_numbers(low, high)]
        for side in ("left", "bottom"):
            self.plot.getPlotItem().getAxis(side).setTicks([ticks])


class ErrorPanel(Panel):
    """By how much the calculation is off at each point, in percent; one row a point."""

    def __init__(self, pairs: Sequence[Beside], title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, tr("Calculated against measured (%)"), "", parent)
        kinds = _kinds(pairs)
        rows = list(pairs)[:_MOST_ROWS]
        reach = max([100 * BAND, *(abs(100 * pair.error) for pair in rows)]) * 1.15
        for edge in (-100 * BAND, 0, 100 * BAND):
            style = Qt.PenStyle.DashLine if edge else Qt.PenStyle.SolidLine
            self._add_line([edge, edge], [-0.6, len(rows) - 0.4], style=style)
        for row, pair in enumerate(rows):
            y = len(rows) - 1 - row
            error = 100 * pair.error
            colour = COLOURS[kinds.index(_kind(pair)) % len(COLOURS)]
            self._add_line([0, error], [y, y], colour=colour, style=Qt.PenStyle.SolidLine)
            self._add_points([error], [y], colour, "o", is_hollow=not pair.point.fitted)
            self._add_text(percent_word(pair.error), 1.7 * reach, y, anchor=(1.0, 0.5))
        self._name_rows([point_word(pair.point) for pair in rows])
        # The figures stand in a column at the right, where no line is, and where the axis says nothing.
        ticks = [(value, f"{value:+g}" if value else "0") for value in _steps(-reach, reach)]
        self.plot.getPlotItem().getAxis("bottom").setTicks([ticks])
        self.plot.setXRange(-reach, 1.72 * reach, padding=0)
        self.plot.setMinimumHeight(90 + 17 * len(rows))
        self.legend.show_entries([*_kind_entries(kinds), Entry(tr("10 % off"), line="dash")])
        self.follow()


class BarPanel(Panel):
    """The paper's Figure 6: one bar a contestant, with its value and how ours compares.

    Parameters
    ----------
    bars : sequence of Bar
    title, x_title : str
    word : callable
        Of a value, written at the end of its bar.
    scale : float
    """

    def __init__(
        self,
        bars: Sequence[Bar],
        title: str,
        x_title: str,
        word: Callable[[float], str],
        *,
        scale: float = 1.0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, x_title, "", parent)
        last = len(bars) - 1
        longest = max((bar.value / scale for bar in bars if bar.value is not None), default=1.0)
        for row, bar in enumerate(bars):
            y = last - row
            if bar.value is None:
                self._add_text(tr("  not measured"), 0, y, anchor=(0, 0.5), tone="faint")
                continue
            value = bar.value / scale
            colour = COLOURS[0] if bar.name in ("ours", "low") else COLOURS[1]
            item = pg.BarGraphItem(x0=[0], x1=[value], y=[y], height=0.56, pen=None, brush=pg.mkBrush(colour))
            self.plot.addItem(item)
            self.plot_items.append(item)
            self._add_text(f"  {word(value)}{self._share_words(bar)}", value, y, anchor=(0, 0.5))
        self._name_rows([contestant_word(bar.name) for bar in bars])
        # The grid stays behind the bars.
        self.plot.getPlotItem().getAxis("bottom").setZValue(-1)
        # Room at the right for the words of the longest bar.
        self.plot.setXRange(0, longest * (1.65 if any(bar.share for bar in bars) else 1.3), padding=0)
        self.plot.setMouseEnabled(x=False, y=False)
        self.legend.show_entries([])
        self.follow()

    def _share_words(self, bar: Bar) -> str:
        if not bar.share:
            return ""
        times = bar.share if bar.name == "low" else 1 / bar.share
        return tr("   ({0:.3g} times ours)").format(times)


class FalloffPanel(Panel):
    """How far from the border of a tile its prediction differs from the whole volume's."""

    def __init__(self, curves: Sequence[Falloff], parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Change of probability by tiles"),
            tr("Distance from the nearest border of a tile (voxels)"),
            tr("Change of probability"),
            parent,
        )
        entries = []
        for index, curve in enumerate(curves):
            colour = COLOURS[index % len(COLOURS)]
            self._add_points(curve.distances, curve.largest, colour, "o", line=Qt.PenStyle.SolidLine, size=6)
            self._add_points(
                curve.distances, curve.mean, colour, "s", is_hollow=True, line=Qt.PenStyle.DashLine, size=6
            )
            entries.append(Entry(tr("{0}, largest").format(curve.region), colour, "o", line="solid"))
            entries.append(Entry(tr("{0}, mean").format(curve.region), colour, "s", is_hollow=True, line="dash"))
        self.plot.getPlotItem().getViewBox().setLimits(yMin=-0.02)
        self.legend.show_entries(entries)
        self.follow()


def _round_numbers(low: float, high: float) -> list[float]:
    """Ones, twos and fives of each power of ten within a range; even steps where those are too few to read it by."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [digit * 10.0**power for power in powers for digit in (1, 2, 5) if low <= digit * 10.0**power <= high]
    return found if len(found) > 3 else _steps(low, high)


def _steps(low: float, high: float) -> list[float]:
    """Four to ten multiples of a round step within a range."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(digit for digit in (5, 2, 1) if digit * power <= rough)
    return [round(number * step, 12) for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _kind(pair: Beside) -> tuple[str, str]:
    return pair.point.precision, pair.point.mode


def _kinds(pairs: Sequence[Beside]) -> list[tuple[str, str]]:
    return sorted({_kind(pair) for pair in pairs})


def _kind_entries(kinds: Sequence[tuple[str, str]]) -> list[Entry]:
    entries = []
    for index, (precision, mode) in enumerate(kinds):
        words = mode if precision == "float32" else f"{mode}, {precision}"
        colour = COLOURS[index % len(COLOURS)]
        entries.append(Entry(tr("{0}, fitted").format(words), colour, "o"))
        entries.append(Entry(tr("{0}, held out").format(words), colour, "o", is_hollow=True))
    return entries
