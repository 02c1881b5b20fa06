"""Which masks are meant: those of a run, or a folder of any tool."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from workstation.errors import WorkstationError
from workstation.gui.file_dialogs import last_folder, remember_folder
from workstation.gui.icons import icon
from workstation.session.session import Session


class MasksChoice(QWidget):
    """Runs of segmentation, newest first, and folders that were chosen here.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    chosen = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._folders: list[Path] = []
        self.box = QComboBox()
        self.box.setPlaceholderText(self.tr("Choose a run, or a folder of masks"))
        # Names of runs are long: the box is as wide as there is room, not as its longest word.
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.folder_button = QPushButton(icon("folder"), "")
        self.folder_button.setToolTip(self.tr("Masks of any tool in a folder, named after their cases"))
        self.folder_button.setAccessibleName(self.tr("Choose a folder of masks"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box, 1)
        row.addWidget(self.folder_button)
        self.folder_button.clicked.connect(self._ask_folder)
        self.box.activated.connect(self.chosen)
        session.runs.runs_changed.connect(self.refresh)
        session.runs.status_changed.connect(self.refresh)
        self.refresh()

    @property
    def folder(self) -> Path | None:
        """The folder that is meant; None before one was chosen."""
        value = self.box.currentData()
        return None if value is None else Path(value)

    def choose(self, folder: Path) -> None:
        """Choose a folder, which is added where it is not offered yet."""
        if self.box.findData(str(folder)) < 0:
            self._folders.append(folder)
            self.refresh()
        self.box.setCurrentIndex(self.box.findData(str(folder)))
        self.chosen.emit()

    def refresh(self) -> None:
        """Offer what there is now; the choice stays."""
        offered = [(folder.name, str(folder)) for folder in self._folders]
        offered += [(name, str(folder)) for name, folder in self._runs()]
        if offered == [(self.box.itemText(row), self.box.itemData(row)) for row in range(self.box.count())]:
            return
        before = self.box.currentData()
        with QSignalBlocker(self.box):
            self.box.clear()
            for text, value in offered:
                self.box.addItem(text, value)
            self.box.setCurrentIndex(self.box.findData(before) if before is not None else -1)

    def _runs(self) -> list[tuple[str, Path]]:
        found = []
        for status in self._session.runs.statuses:
            if status.kind == "segment":
                try:
                    found.append((status.name, self._session.runs.folder(status.name).masks_folder))
                except WorkstationError:
                    continue
        return found

    def _ask_folder(self) -> None:
        title = self.tr("A folder of masks, named after their cases")
        name = QFileDialog.getExistingDirectory(self, title, last_folder())
        if name:
            remember_folder(Path(name))
            self.choose(Path(name))
