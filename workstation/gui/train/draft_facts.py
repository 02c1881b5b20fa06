"""What is found out beside the window about the data set and the split that a draft names."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from workstation.gui.train.data_facts import DataFacts, SplitFacts, facts_of, split_facts_of
from workstation.session.background import Background

# While somebody types a path, not every letter of it is looked up.
_DELAY_MS = 300


class DraftFacts(QObject):
    """Asks, and keeps the last answers.

    Parameters
    ----------
    background : Background
    parent : QObject
    """

    data_changed = Signal()
    """Other facts of the data set, or none: it has just been named."""
    split_changed = Signal()

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._path = ""
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self._ask)
        self.data: DataFacts | None = None
        self.split: SplitFacts | None = None

    @property
    def is_asking(self) -> bool:
        """A data set is named and nothing is known of it yet."""
        return bool(self._path) and self.data is None

    def name_data(self, path: str) -> None:
        """Take another folder; empty for none."""
        self._path, self.data = path.strip(), None
        self._background.forget("train data")
        if self._path:
            self._timer.start()
        else:
            self._timer.stop()
        self.data_changed.emit()

    def name_split(self, path: str) -> None:
        """Take another manifest; empty for none."""
        self._take_split(None)
        path = path.strip()
        if path:
            self._background.ask("train split", lambda: split_facts_of(path), self._take_split)
        else:
            self._background.forget("train split")

    def _ask(self) -> None:
        path = self._path
        self._background.ask("train data", lambda: facts_of(path), self._take_data)

    def _take_data(self, facts: DataFacts) -> None:
        self.data = facts
        self.data_changed.emit()

    def _take_split(self, facts: SplitFacts | None) -> None:
        self.split = facts
        self.split_changed.emit()
