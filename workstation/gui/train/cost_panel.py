"""The arithmetic beside the form: the peak against what the machine has, what it is made of, and the time it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.core.servers import Server
from workstation.gui.train.colours import term_colour
from workstation.gui.train.forecast import Durations, Forecast
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.memory_bar import MemoryBar
from workstation.gui.train.remedy_list import RemedyList
from workstation.gui.train.wording import (
    bytes_text,
    duration_text,
    flops_text,
    part_text,
    seconds_text,
    server_word,
    shape_text,
    term_word,
    when_text,
    whole_text,
)


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
            self.tr("In the order of the list below. What lies beyond the mark is more than this machine has.")
        )
        self.remedies = RemedyList()
        self.elsewhere = ToneLabel("faint", self)
        self.caution = ToneLabel("warning", self)
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

    def show_cost(self, cost: Forecast | None, *, elsewhere: Server | None = None, has_onednn: bool = True) -> None:
        """Show a forecast; None where the draft is not one that could run.

        Parameters
        ----------
        cost : Forecast or None
        elsewhere : Server or None
            Another machine on which it fits as it is.
        has_onednn : bool
            The training would run with oneDNN, as the estimate takes it to.
        """
        self._layers_button.setEnabled(cost is not None)
        if cost is None:
            self._show_nothing()
            return
        parts = self._parts(cost)
        total = cost.memory.total_bytes
        self._bar.show_terms(parts, mark_bytes=total, mark_words=self.tr("{0} in all").format(bytes_text(total)))
        self._headline.setText(self.tr("Needs about {0} of memory").format(bytes_text(cost.peak_bytes)))
        self._headline.setToolTip(
            self.tr(
                "Expected peak of resident memory, in a step or in the prediction of a case between two steps,\n"
                "whichever is more: the sum of its causes below, good to about 10 %."
            )
        )
        self.verdict.say(*self._verdict(cost))
        self.remedies.show_remedies(cost.remedies)
        self.elsewhere.say(self._elsewhere_words(cost, elsewhere))
        self.caution.say(
            "" if has_onednn else self.tr("Without oneDNN it takes more memory and time than is told here.")
        )
        self.time.say(durations_words(cost.durations), "plain")
        self.calibrate_button.setVisible(not cost.durations.is_calibrated)
        self._show_terms(parts)
        text = self.tr("{0} parameters, {1} trainable. Volumes of {2} voxels; {3} a step.")
        numbers = whole_text(cost.parameters), whole_text(cost.trainable)
        self._network.say(text.format(*numbers, shape_text(cost.shape), flops_text(cost.step_flops)))

    def _show_nothing(self) -> None:
        self._headline.setText(self.tr("Memory: correct the fields marked above to see the estimate."))
        for label in (self.verdict, self.elsewhere, self.caution, self._network, self.time):
            label.say("")
        self.remedies.show_remedies(())
        self.calibrate_button.hide()
        self._show_terms({})
        self._bar.show_terms({})

    def _parts(self, cost: Forecast) -> dict[str, int]:
        """What is taken already, then the causes of the training's own peak."""
        taken = {"used": cost.used_bytes, "promised": cost.others.promised_bytes}
        return {name: count for name, count in (*taken.items(), *cost.terms.items()) if count}

    def show_calibrating(self, text: str, problem: str) -> None:
        """Say how a calibration goes on, or why it failed; empty words where there is none."""
        self.calibrate_button.setEnabled(not text)
        self.calibrate_button.setText(text or self.tr("Calibrate (about 10 s)"))
        if problem:
            self.time.say(problem, "error")

    def _verdict(self, cost: Forecast) -> tuple[str, str]:
        free, total = bytes_text(cost.free_bytes), bytes_text(cost.memory.total_bytes)
        if cost.fit == "fits":
            text, tone = self.tr("Fits: {0} of {1} are free.").format(free, total), "good"
        elif cost.fit == "tight":
            text = self.tr("Tight: {0} of {1} are free. End other programs first.").format(free, total)
            tone = "warning"
        elif cost.could_ever_fit:
            text = self.tr("Does not fit now: {0} of {1} are free. End other programs, or choose below.")
            text, tone = text.format(free or self.tr("none"), total), "error"
        else:
            text, tone = self.tr("Does not fit: this machine has {0}.").format(total), "error"
        return f"{text} {self._others_words(cost)}".strip(), tone

    def _others_words(self, cost: Forecast) -> str:
        """Who else wants memory."""
        others = cost.others
        words = []
        if others.promised_bytes:
            text = self.tr("{0} more are promised to runs that have begun.")
            words.append(text.format(bytes_text(others.promised_bytes)))
        if others.waiting:
            one, several = self.tr("One run waits before it."), self.tr("{0} runs wait before it.")
            words.append(one if others.waiting == 1 else several.format(others.waiting))
        return " ".join(words)

    def _elsewhere_words(self, cost: Forecast, server: Server | None) -> str:
        if cost.fit != "too large":
            return ""
        nothing = "" if cost.remedies else self.tr("No change offered here makes it fit.")
        if server is None:
            return nothing
        text = self.tr("As it is, it fits on: {0} ({1}).")
        where = text.format(server_word(server.name), bytes_text(server.memory_bytes))
        return f"{nothing} {where}".strip()

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
                amount.setText(part_text(count, sum(terms.values())))

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
        for widget in (self._headline, self.verdict, self._bar, self.remedies, self.elsewhere, self.caution):
            layout.addWidget(widget)
        layout.addSpacing(4)
        layout.addLayout(self._terms)
        layout.addSpacing(4)
        layout.addWidget(self.time)
        layout.addWidget(self.calibrate_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._network)
        row = QHBoxLayout()
        row.addWidget(self._layers_button)
        row.addStretch(1)
        layout.addLayout(row)
