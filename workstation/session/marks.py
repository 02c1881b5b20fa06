"""The measurements drawn on the open case; they go with it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from workstation.core.marks import Mark


class Marks(QObject):
    """Finished measurements in the order in which they were drawn, and the one that is being drawn."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._finished: tuple[Mark, ...] = ()
        self._draft: Mark | None = None

    @property
    def finished(self) -> tuple[Mark, ...]:
        """What has been measured."""
        return self._finished

    @property
    def draft(self) -> Mark | None:
        """What is being drawn; None if nothing is."""
        return self._draft

    @property
    def shown(self) -> tuple[Mark, ...]:
        """All of them."""
        return self._finished if self._draft is None else (*self._finished, self._draft)

    def draw(self, mark: Mark | None) -> None:
        """Show a mark that is not finished yet; None takes it away."""
        if mark != self._draft:
            self._draft = mark
            self.changed.emit()

    def finish(self) -> None:
        """Keep what is being drawn."""
        if self._draft is not None:
            self._finished = (*self._finished, self._draft)
            self._draft = None
            self.changed.emit()

    def remove_last(self) -> None:
        """Take away what is being drawn, else what was drawn last."""
        if self._draft is not None:
            self.draw(None)
        elif self._finished:
            self._finished = self._finished[:-1]
            self.changed.emit()

    def clear(self) -> None:
        """Take all away."""
        if self._finished or self._draft is not None:
            self._finished, self._draft = (), None
            self.changed.emit()
