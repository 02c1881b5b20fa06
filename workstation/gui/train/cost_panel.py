"""The arithmetic beside the form: the peak against what the machine has, what it is made of, and the time it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workstation.gui.train.colours import term_colour
from workstation.gui.train.forecast import Durations, Forecast
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import (
    bytes_text,
    duration_text,
    flops_text,
    seconds_text,
    shape_text,
    term_word,
    when_text,
    whole_text,
)


class MemoryBar(QWidget):
    """The terms of an estimate as parts of a bar, with a mark at some amount of memory."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._terms: Mapping[str, int] = {}
        self._total_bytes = self._mark_bytes = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A line and a half of text high."""
        return QSize(120, round(1.5 * self.fontMetrics().height()))

    def show_terms(self, terms: Mapping[str, int], *, total_bytes: int, mark_bytes: int = 0) -> None:
        """Draw terms; the whole bar is `total_bytes`, or their sum where that is more. 0 draws no mark."""
        self._terms, self._total_bytes, self._mark_bytes = terms, total_bytes, mark_bytes
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground, parts and mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 3.5, -0.5, -3.5)
        palette = self.palette()
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Mid)))
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawRect(frame)
        scale = frame.width() / max(sum(self._terms.values()), self._total_bytes, 1)
        left = frame.left()
        for name, count in self._terms.items():
            painter.fillRect(QRectF(left, frame.top() + 0.5, count * scale, frame.height() - 1), term_colour(name))
            left += count * scale
        if self._mark_bytes:
            mark = round(frame.left() + self._mark_bytes * scale)
            painter.setPen(QPen(palette.color(QPalette.ColorRole.WindowText), 2))
            painter.drawLine(mark, 0, mark, self.height())


def durations_words(durations: Durations, *, now: float | None = None) -> str:
    """Seconds a step, and when the training would end if it started now."""
    if durations.step is None:
        if durations.is_calibrated:
            return _tr("Time: this mode and precision were not measured on this machine.")
        return _tr("Time: not known before this machine is calibrated.")
    words = [_tr("A step takes about {0}.").format(seconds_text(durations.step))]
    if durations.epoch is not None and durations.whole is not None:
        end = when_text((time.time() if now is None else now) + durations.whole)
        text = _tr("An epoch of {0} steps takes {1}; {2} epochs take {3}, until {4} if started now.")
        parts = duration_text(durations.epoch), durations.epochs, duration_text(durations.whole), end
        words.append(text.format(durations.steps, *parts))
    return " ".join(words)


def _tr(text: str) -> str:
    return QCoreApplication.translate("CostPanel", text)


class CostPanel(QWidget):
    """What the drafted training will cost."""

    layers_requested = Signal()
    calibration_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headline = QLabel()
        font = self._headline.font()
        font.setBold(True)
        self._headline.setFont(font)
        self._headline.setWordWrap(True)
        self.verdict = ToneLabel("plain", self)
        self._bar = MemoryBar()
        self._bar.setToolTip(
            self.tr("The whole bar is the memory of this machine, or the peak where that is more. The mark: free now.")
        )
        self._terms = QGridLayout()
        self._terms.setHorizontalSpacing(8)
        self._terms.setVerticalSpacing(2)
        self._terms.setColumnStretch(1, 1)
        self._cells: list[tuple[QLabel, QLabel, QLabel]] = []
        self._network = ToneLabel("faint", self)
        self.time = ToneLabel("plain", self)
        self.calibrate_button = QPushButton(self.tr("Calibrate (about 10 s)"))
        self.calibrate_button.setToolTip(
            self.tr("Measures how fast this machine is, in the background; then times are known of any training.")
        )
        self.calibrate_button.clicked.connect(self.calibration_wanted)
        self._layers_button = QPushButton(self.tr("Layer by layer\N{HORIZONTAL ELLIPSIS}"))
        self._layers_button.clicked.connect(self.layers_requested)
        self._arrange()

    def show_cost(self, cost: Forecast | None) -> None:
        """Show a forecast; None where the draft is not one that could run."""
        self._layers_button.setEnabled(cost is not None)
        if cost is None:
            self._headline.setText(self.tr("Memory: correct the fields marked above to see the estimate."))
            self.verdict.say("")
            self._network.say("")
            self.time.say("")
            self.calibrate_button.hide()
            self._show_terms({})
            self._bar.show_terms({}, total_bytes=0)
            return
        memory = cost.memory
        self._bar.show_terms(cost.terms, total_bytes=memory.total_bytes, mark_bytes=memory.available_bytes)
        self._headline.setText(self.tr("Needs about {0} of memory").format(bytes_text(cost.peak_bytes)))
        self._headline.setToolTip(
            self.tr(
                "Expected peak of resident memory in a training step: the sum of the terms below, good to about 10 %."
            )
        )
        self.verdict.say(*self._verdict(cost))
        self.time.say(durations_words(cost.durations), "plain")
        self.calibrate_button.setVisible(not cost.durations.is_calibrated)
        self._show_terms(cost.terms)
        text = self.tr("{0} parameters, {1} trainable. Volumes of {2} voxels; {3} a step.")
        numbers = whole_text(cost.parameters), whole_text(cost.trainable)
        self._network.say(text.format(*numbers, shape_text(cost.shape), flops_text(cost.step_flops)))

    def show_calibrating(self, text: str, problem: str) -> None:
        """Say how a calibration goes on, or why it failed; empty words where there is none."""
        self.calibrate_button.setEnabled(not text)
        self.calibrate_button.setText(text or self.tr("Calibrate (about 10 s)"))
        if problem:
            self.time.say(problem, "error")

    def _verdict(self, cost: Forecast) -> tuple[str, str]:
        free, total = bytes_text(cost.memory.available_bytes), bytes_text(cost.memory.total_bytes)
        if cost.fit == "fits":
            return self.tr("Fits: {0} of {1} are free.").format(free, total), "good"
        if cost.fit == "tight":
            return self.tr("Tight: {0} of {1} are free. End other programs first.").format(free, total), "warning"
        if cost.could_ever_fit:
            text = self.tr(
                "Does not fit now: {0} of {1} are free. End other programs, or choose a smaller size or batch."
            )
            return text.format(free, total), "error"
        text = self.tr("Does not fit: this machine has {0}. Choose a smaller size, batch or number of filters.")
        return text.format(total), "error"

    def _show_terms(self, terms: Mapping[str, int]) -> None:
        while len(self._cells) < len(terms):
            self._add_cells()
        for row, (swatch, name, amount) in enumerate(self._cells):
            is_used = row < len(terms)
            for cell in (swatch, name, amount):
                cell.setVisible(is_used)
            if is_used:
                term, count = list(terms.items())[row]
                swatch.setStyleSheet(f"background: {term_colour(term).name()}; border-radius: 2px;")
                name.setText(term_word(term))
                amount.setText(bytes_text(count))

    def _add_cells(self) -> None:
        row = len(self._cells)
        swatch, name, amount = QLabel(), QLabel(), QLabel()
        swatch.setFixedSize(10, 10)
        for column, cell in enumerate((swatch, name, amount)):
            side = Qt.AlignmentFlag.AlignRight if column == 2 else Qt.AlignmentFlag.AlignLeft
            self._terms.addWidget(cell, row, column, side | Qt.AlignmentFlag.AlignVCenter)
        self._cells.append((swatch, name, amount))

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self._headline, self.verdict, self._bar):
            layout.addWidget(widget)
        layout.addLayout(self._terms)
        layout.addSpacing(4)
        layout.addWidget(self.time)
        layout.addWidget(self.calibrate_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._network)
        row = QHBoxLayout()
        row.addWidget(self._layers_button)
        row.addStretch(1)
        layout.addLayout(row)
