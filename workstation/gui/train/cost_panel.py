"""The memory arithmetic beside the form: the peak against what the machine has, and what it is made of."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workstation.gui.train.colours import TERMS
from workstation.gui.train.forecast import Forecast
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import bytes_text, flops_text, shape_text, term_word, whole_text


class MemoryBar(QWidget):
    """The terms of an estimate as parts of a bar, with a mark at the memory that is free."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cost: Forecast | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A line and a half of text high."""
        return QSize(120, round(1.5 * self.fontMetrics().height()))

    def show_cost(self, cost: Forecast | None) -> None:
        """Draw a forecast."""
        self._cost = cost
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
        if self._cost is not None:
            self._paint_terms(painter, frame, self._cost)

    def _paint_terms(self, painter: QPainter, frame: QRectF, cost: Forecast) -> None:
        scale = frame.width() / max(cost.peak_bytes, cost.memory.total_bytes)
        left = frame.left()
        for colour, count in zip(_term_colours(cost), cost.terms.values(), strict=True):
            painter.fillRect(QRectF(left, frame.top() + 0.5, count * scale, frame.height() - 1), colour)
            left += count * scale
        mark = frame.left() + cost.memory.available_bytes * scale
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.WindowText), 2))
        painter.drawLine(round(mark), 0, round(mark), self.height())


class CostPanel(QWidget):
    """What the drafted training will cost."""

    layers_requested = Signal()

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
        self._layers_button = QPushButton(self.tr("Layer by layer\N{HORIZONTAL ELLIPSIS}"))
        self._layers_button.clicked.connect(self.layers_requested)
        self._arrange()

    def show_cost(self, cost: Forecast | None) -> None:
        """Show a forecast; None where the draft is not one that could run."""
        self._bar.show_cost(cost)
        self._layers_button.setEnabled(cost is not None)
        if cost is None:
            self._headline.setText(self.tr("Memory: correct the fields marked above to see the estimate."))
            self.verdict.say("")
            self._network.say("")
            self._show_terms({}, [])
            return
        self._headline.setText(self.tr("Needs about {0} of memory").format(bytes_text(cost.peak_bytes)))
        self._headline.setToolTip(
            self.tr(
                "Expected peak of resident memory in a training step: the sum of the terms below, good to about 10 %."
            )
        )
        self.verdict.say(*self._verdict(cost))
        self._show_terms(dict(cost.terms), _term_colours(cost))
        text = self.tr("{0} parameters, {1} trainable. Volumes of {2} voxels; {3} a step.")
        numbers = whole_text(cost.parameters), whole_text(cost.trainable)
        self._network.say(text.format(*numbers, shape_text(cost.shape), flops_text(cost.step_flops)))

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

    def _show_terms(self, terms: dict[str, int], tones: list[QColor]) -> None:
        while len(self._cells) < len(terms):
            self._add_cells()
        for row, (swatch, name, amount) in enumerate(self._cells):
            is_used = row < len(terms)
            for cell in (swatch, name, amount):
                cell.setVisible(is_used)
            if is_used:
                term, count = list(terms.items())[row]
                swatch.setStyleSheet(f"background: {tones[row].name()}; border-radius: 2px;")
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
        layout.addWidget(self._network)
        row = QHBoxLayout()
        row.addWidget(self._layers_button)
        row.addStretch(1)
        layout.addLayout(row)


def _term_colours(cost: Forecast) -> list[QColor]:
    return [TERMS[index % len(TERMS)] for index in range(len(cost.terms))]
