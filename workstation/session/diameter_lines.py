"""The two diameters that a reader sees in the axial pane, and whose ends may be moved; they go with the masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workstation.session.background import Background
from workstation.session.comparing import mask_of
from workstation.session.layers import Layers

if TYPE_CHECKING:
    from workstation.core.diameters import Diameters

REGION = "ET"
_TOPIC = "diameters"
Point = tuple[float, float, float]


class DiameterLines(QObject):
    """Diameters of enhancing tumour: of the prediction, or of the truth where there is no prediction.

    Parameters
    ----------
    layers : Layers
    background : Background
    parent : QObject or None
    """

    changed = Signal()

    def __init__(self, layers: Layers, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layers = layers
        self._background = background
        self._lines: Diameters | None = None
        layers.masks_changed.connect(self.clear)

    @property
    def lines(self) -> Diameters | None:
        """What is shown; None while nothing is."""
        return self._lines

    def measure(self, then: Callable[[], None]) -> None:
        """Find the diameters of the shown mask in a thread, then call `then`; `lines` is None if there are none."""
        mask = self._layers.prediction or self._layers.truth
        if mask is None:
            return

        def question() -> Diameters | None:
            # Imported here, in a thread: SciPy takes a third of a second to load.
            from workstation.core.diameters import measure_diameters

            return measure_diameters(mask_of(mask, REGION), mask.grid)

        def answer(found: Diameters | None) -> None:
            self._show(found)
            then()

        self._background.ask(_TOPIC, question, answer)

    def move_end(self, end: str, position: Point) -> None:
        """Move one of `core.diameters.ENDS`; positions are world mm."""
        if self._lines is not None:
            self._show(self._lines.moved(end, position))

    def clear(self) -> None:
        """Show none."""
        self._background.forget(_TOPIC)
        self._show(None)

    def _show(self, lines: Diameters | None) -> None:
        if lines != self._lines:
            self._lines = lines
            self.changed.emit()
