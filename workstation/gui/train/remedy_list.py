"""Buttons for what would make a training fit, each with the memory and the time that it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.core.request_fields import parse_size
from workstation.gui.theme import NEAR, TIGHT
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.remedies import Remedy
from workstation.gui.train.wording import bytes_text, memory_word, precision_word, shape_text


class RemedyList(QWidget):
    """The ranked changes; nothing is seen where there are none.

    Parameters
    ----------
    parent : QWidget or None
    """

    chosen = Signal(object)
    """The `Remedy` of the button that was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: list[QPushButton] = []
        self._costs: list[QLabel] = []
        self._remedies: tuple[Remedy, ...] = ()
        self._title = ToneLabel("plain", self)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(NEAR)
        self._grid.setVerticalSpacing(TIGHT)
        self._grid.setColumnStretch(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TIGHT)
        column.addWidget(self._title)
        column.addLayout(self._grid)
        self.hide()

    def show_remedies(self, remedies: Sequence[Remedy]) -> None:
        """Show others; the buttons stay in place where they are the same, so that no click goes astray."""
        if tuple(remedies) == self._remedies:
            return
        self._remedies = tuple(remedies)
        while len(self.buttons) < len(remedies):
            self._add_row()
        self._title.say(self.tr("What would make it fit, the gentlest first:") if remedies else "")
        for row, (button, cost) in enumerate(zip(self.buttons, self._costs, strict=True)):
            is_used = row < len(remedies)
            button.setVisible(is_used)
            cost.setVisible(is_used)
            if is_used:
                button.setText(remedy_words(self._remedies[row].changes))
                button.setToolTip(_consequence(self._remedies[row]))
                cost.setText(_cost_words(self._remedies[row]))
        self.setVisible(bool(remedies))

    def _add_row(self) -> None:
        row = len(self.buttons)
        button, cost = QPushButton(), QLabel()
        button.clicked.connect(lambda: self.chosen.emit(self._remedies[row]))
        cost.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(button, row, 0)
        self._grid.addWidget(cost, row, 1)
        self.buttons.append(button)
        self._costs.append(cost)


def remedy_words(changes: Mapping[str, Any]) -> str:
    """What would be changed."""
    words = []
    for name, value in changes.items():
        match name:
            case "memory":
                words.append(_tr("Memory mode: {0}").format(memory_word(value)))
            case "precision":
                words.append(precision_word(value))
            case "micro_batch":
                words.append(_tr("Micro-batches of {0}").format(value))
            case "batch":
                words.append(_tr("Batch {0}").format(value))
            case "filters":
                words.append(_tr("{0} filters").format(value))
            case "size":
                words.append(_tr("Size {0}").format(shape_text(parse_size(value) or ())))
    return ", ".join(words)


def _cost_words(remedy: Remedy) -> str:
    if remedy.time_ratio is None:
        return bytes_text(remedy.peak_bytes)
    # A crop of an immense volume takes a thousandth of the time, not none.
    ratio = f"{remedy.time_ratio:.2f}" if remedy.time_ratio >= 0.01 else f"{remedy.time_ratio:.1g}"
    return _tr("{0}, {1} \N{MULTIPLICATION SIGN} time").format(bytes_text(remedy.peak_bytes), ratio)


def _consequence(remedy: Remedy) -> str:
    """What it means for the training."""
    words = (
        _tr("The same training: the gradients are equal."),
        _tr("Nearly the same training: statistics of batch norms are of a micro-batch, or numbers are rounded more."),
        _tr("Another training: more and smaller steps."),
        _tr("Another training: it sees the middle of each volume only."),
        _tr("Another network, with fewer weights."),
    )
    text = _tr("Time is per volume.") if remedy.time_ratio is not None else ""
    return f"{words[remedy.severity]} {text}".strip()


def _tr(text: str) -> str:
    return QCoreApplication.translate("Remedies", text)
