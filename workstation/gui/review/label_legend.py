"""What the colours of the labels mode stand for."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from workstation.core.labels import Label
from workstation.gui.colours import rgb_of
from workstation.gui.review.legend import swatch
from workstation.session.layers import Layers
from workstation.session.session import Session


class LabelLegend(QWidget):
    """A row for each label of the shown masks; there only in the labels mode."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers = session.layers
        self._shown: list[Label] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(2, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        session.layers.masks_changed.connect(self.refresh)
        session.layers.display_changed.connect(self.refresh)
        self.refresh()

    @property
    def texts(self) -> list[str]:
        """The names of the labels listed."""
        return [f"{label.value} {label.name}" for label in self._shown]

    def refresh(self) -> None:
        """List the labels of the session's masks."""
        labels = labels_shown(self._layers)
        self.setVisible(self._layers.mode == "labels" and bool(labels))
        if labels == self._shown:
            return
        self._shown = labels
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for row, label in enumerate(labels):
            colour = QLabel()
            colour.setPixmap(swatch(rgb_of(label.colour), self.devicePixelRatioF()))
            self._grid.addWidget(colour, row, 0)
            self._grid.addWidget(QLabel(f"{label.value} {label.name}"), row, 1)


def labels_shown(layers: Layers) -> list[Label]:
    """The labels of the visible masks within the chosen region, each once."""
    found: list[Label] = []
    for kind, mask in (("truth", layers.truth), ("prediction", layers.prediction)):
        if mask is None or not layers.is_visible(kind):
            continue
        every = frozenset(mask.scheme.labels)
        values = every if layers.region == "all" else mask.scheme.regions.get(layers.region, frozenset())
        found += [label for value, label in mask.scheme.labels.items() if value in values and label not in found]
    return found
