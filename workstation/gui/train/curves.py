"""A run's training, live: loss and Dice, and below them learning rate, time of a step and memory."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import ExportError
from workstation.gui.picture_files import write_png
from workstation.gui.train import colours
from workstation.gui.train.curve_data import Best, CurveData
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.plot import Plot
from workstation.gui.train.wording import dice_text
from workstation.io.tables import write_table

_GIB = 2**30


class CurvesView(QWidget):
    """The plots of a run, or words where there is nothing to draw yet."""

    epoch_chosen = Signal(int)
    """An epoch of a plot was clicked, where there are masks to look at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        across = self.tr("Epoch")
        self.loss = Plot(self.tr("Loss"), across, legend="top")
        self.dice = Plot(self.tr("Dice"), across, legend="bottom")
        self.rate = Plot(self.tr("Learning rate"), across)
        self.seconds = Plot(self.tr("Seconds a step"), across)
        self.memory = Plot(self.tr("Memory, GiB"), across)
        self.plots = (self.loss, self.dice, self.rate, self.seconds, self.memory)
        self._measures: tuple[tuple[Plot, Literal["loss", "dice"]], ...] = ((self.loss, "loss"), (self.dice, "dice"))
        self._data = CurveData()
        self._shown_changes = -1
        self._empty = ToneLabel("faint", self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._best = ToneLabel("plain", self)
        self._best.setWordWrap(False)
        self.log_check = QCheckBox(self.tr("Logarithmic loss"))
        self.all_button = QPushButton(self.tr("Whole course"))
        self.all_button.setToolTip(self.tr("Wheel and drag zoom and move along the epochs; this shows all of them."))
        self.export_button = QPushButton(self.tr("Export\N{HORIZONTAL ELLIPSIS}"))
        self.export_button.setToolTip(self.tr("The picture as PNG, or every step and epoch as CSV."))
        self._add_lines()
        self._plots = QWidget()
        self._arrange()
        self._connect()
        self._follow_palette()

    def show_data(self, data: CurveData, *, empty_words: str) -> None:
        """Draw a run's curves; `empty_words` where it has none."""
        is_other = data is not self._data
        self._data = data
        self._pages.setCurrentWidget(self._empty if data.is_empty else self._plots)
        self._empty.setText(empty_words)
        self._show_steps(data)
        if is_other or data.epoch_changes != self._shown_changes:
            self._shown_changes = data.epoch_changes
            self._show_epochs(data)
        for plot in self.plots:
            plot.follow(data.last_epoch)

    def _show_steps(self, data: CurveData) -> None:
        """What may be another with every step."""
        for plot, measure in self._measures:
            plot.show_steps("steps", data.of_steps(measure))
        self.rate.show_steps("rate", data.of_steps("rate"))
        self.seconds.show_steps("seconds", data.of_steps("seconds"))
        self.seconds.show_steps("wait", data.of_steps("wait_seconds"))
        self.memory.show_steps("used", data.of_memory(at_peak=False, scale=1 / _GIB))
        self.memory.show_steps("peak", data.of_memory(at_peak=True, scale=1 / _GIB))

    def _show_epochs(self, data: CurveData) -> None:
        """What is another only at the end of an epoch, or once in a run."""
        for plot, measure in self._measures:
            plot.show_line("training", data.of_epochs(measure, of="training"))
            plot.show_line("validation", data.of_epochs(measure, of="validation"))
            plot.show_mark("best", data.best.epoch if data.best else None)
        for name, colour in zip(data.regions, colours.REGIONS, strict=False):
            if not self.dice.has_line(name):
                self.dice.add_epochs(name, colour, name, style=Qt.PenStyle.DotLine)
                self.dice.follow_palette(self.palette())
            self.dice.show_line(name, data.of_region(name))
        self.memory.show_mark("estimate", data.estimate_bytes / _GIB if data.estimate_bytes else None)
        self._best.say(self._words(data))
        has_masks = bool(data.sentinel_epochs)
        for plot in self.plots:
            plot.setCursor(Qt.CursorShape.PointingHandCursor if has_masks else Qt.CursorShape.ArrowCursor)

    def export(self, path: Path) -> None:
        """Write the plots as a picture, or all numbers as a table, by the ending of the name.

        Raises
        ------
        ExportError
            The file cannot be written, or has another ending.
        """
        if path.suffix.lower() == ".csv":
            write_table(path, self._data.columns, self._data.rows())
        elif path.suffix.lower() == ".png":
            write_png(self._plots.grab().toImage(), path)
        else:
            raise ExportError(f"{path} is neither .png nor .csv", hint="Choose one of the two.", path=path)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._follow_palette()

    def _words(self, data: CurveData) -> str:
        words = [self._best_words(data.best)]
        if data.sentinel_epochs:
            words.append(self.tr("Click an epoch to see its masks in Review."))
        return "  ".join(word for word in words if word)

    def _best_words(self, best: Best | None) -> str:
        if best is None:
            return ""
        if math.isnan(best.val_dice):
            return self.tr("Best epoch so far: {0} (dashed line)").format(best.epoch)
        return self.tr("Best epoch so far: {0} (dashed line), validation Dice {1}").format(
            best.epoch, dice_text(best.val_dice)
        )

    def _follow_palette(self) -> None:
        for plot in self.plots:
            plot.follow_palette(self.palette())

    def _add_lines(self) -> None:
        faint = QColor(colours.TRAINING)
        faint.setAlpha(90)
        for plot in (self.loss, self.dice):
            plot.add_steps("steps", faint, self.tr("Training, steps"))
            plot.add_epochs("training", colours.TRAINING, self.tr("Training"))
            plot.add_epochs("validation", colours.VALIDATION, self.tr("Validation"))
            plot.add_mark("best", colours.BEST, angle=90)
        self.rate.add_steps("rate", colours.TRAINING)
        self.seconds.add_steps("seconds", colours.TRAINING)
        self.seconds.add_steps("wait", colours.VALIDATION)
        self.seconds.set_title(
            (self.tr("computing"), colours.TRAINING), (self.tr("waiting for data"), colours.VALIDATION)
        )
        self.memory.add_steps("used", colours.TRAINING)
        self.memory.add_steps("peak", colours.VALIDATION)
        self.memory.add_mark("estimate", colours.BEST, angle=0)
        self.memory.set_title(
            (self.tr("in use"), colours.TRAINING),
            (self.tr("peak"), colours.VALIDATION),
            (self.tr("estimate"), colours.BEST),
        )
        self.rate.set_title((self.tr("of each step"), colours.TRAINING))
        self.dice.setLimits(yMin=-0.02, yMax=1.02)
        for plot in (self.seconds, self.memory):
            plot.setLimits(yMin=0)

    def _connect(self) -> None:
        for plot in self.plots:
            plot.zoomed.connect(self._on_zoomed)
            plot.epoch_clicked.connect(self._on_epoch_clicked)
        self.log_check.toggled.connect(lambda is_on: self.loss.set_logarithmic(is_on=is_on))
        self.all_button.clicked.connect(self._on_all_clicked)
        self.export_button.clicked.connect(self._on_export_clicked)

    def _on_epoch_clicked(self, epoch: int) -> None:
        if self._data.sentinel_epochs:
            self.epoch_chosen.emit(epoch)

    def _on_zoomed(self, first: float, last: float) -> None:
        """All plots show the same epochs."""
        for plot in self.plots:
            if plot is not self.sender():
                plot.show_epochs(first, last)

    def _on_all_clicked(self) -> None:
        for plot in self.plots:
            plot.show_all()

    def _on_export_clicked(self) -> None:
        kinds = self.tr("Picture (*.png);;Table (*.csv)")
        chosen, kind = QFileDialog.getSaveFileName(self, self.tr("Export the curves"), str(Path.home()), kinds)
        if not chosen:
            return
        path = Path(chosen)
        if not path.suffix:
            path = path.with_suffix(".csv" if "csv" in kind else ".png")
        try:
            self.export(path)
        except ExportError as error:
            self._best.say(f"{error.message} {error.hint}".strip(), "error")
        else:
            self._best.say(self.tr("Written: {0}").format(path), "good")

    def _arrange(self) -> None:
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self._best, 1)
        for widget in (self.log_check, self.all_button, self.export_button):
            above.addWidget(widget)
        grid = QGridLayout()
        grid.setSpacing(8)
        # Six columns: two plots above, three below.
        for place, plot in enumerate((self.loss, self.dice)):
            grid.addWidget(plot, 0, 3 * place, 1, 3)
        for place, plot in enumerate((self.rate, self.seconds, self.memory)):
            grid.addWidget(plot, 1, 2 * place, 1, 2)
        grid.setRowStretch(0, 3)
        grid.setRowStretch(1, 2)
        column = QVBoxLayout(self._plots)
        column.setContentsMargins(0, 6, 0, 0)
        column.addLayout(above)
        column.addLayout(grid, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._plots)
