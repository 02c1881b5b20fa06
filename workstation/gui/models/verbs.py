"""What is done to models in the window: import, export, rename, mark as default, remove; with their questions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QMessageBox, QWidget

from workstation.errors import WorkstationError
from workstation.gui.file_dialogs import last_folder, remember_folder
from workstation.gui.models.sources import ModelEntry, remove_folder
from workstation.io.model_exchange import ENDING, export_model, folder_name_of, import_model
from workstation.io.model_shelf import mark_default, remove_model, rename_model
from workstation.io.places import user_models_folder
from workstation.session.session import Session
from workstation.session.tasks import Report, ShouldStop


class ModelVerbs(QObject):
    """Asks, and does it beside the window.

    Parameters
    ----------
    session : Session
    window : QWidget
        Above which questions are asked.
    """

    done = Signal()
    """Something about the models is another."""
    imported = Signal(object)
    """The folder (Path) of a model that was taken in."""
    failed = Signal(object)
    """A WorkstationError."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._window = window

    def ask_import(self) -> None:
        """Ask for a model's file, and take it in."""
        kinds = self.tr("Models (*{0});;All files (*)").format(ENDING)
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Import a model"), last_folder(), kinds)
        if name:
            remember_folder(Path(name).parent)
            self.take_in(Path(name))

    def take_in(self, path: Path) -> None:
        """Import a model's file; what is wrong with it goes to `failed`."""

        def answer(folder: Path | WorkstationError) -> None:
            if isinstance(folder, WorkstationError):
                self.failed.emit(folder)
                return
            self._session.notice.emit(self.tr("Imported {0}").format(path.name))
            self.imported.emit(folder)

        title = self.tr("Importing {0}").format(path.name)
        models = user_models_folder()

        def work(_report: Report, should_stop: ShouldStop) -> Path | WorkstationError:
            try:
                return import_model(path, models, should_stop=should_stop)
            except WorkstationError as error:
                return error

        self._session.tasks.start(title, work, answer)

    def ask_export(self, entry: ModelEntry) -> None:
        """Ask where to, and write the model as one file."""
        place = str(Path(last_folder()) / f"{folder_name_of(entry.name)}{ENDING}")
        kinds = self.tr("Models (*{0})").format(ENDING)
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Export the model"), place, kinds)
        if name:
            remember_folder(Path(name).parent)
            self.give_away(entry, Path(name))

    def give_away(self, entry: ModelEntry, path: Path) -> None:
        """Export a model."""
        words = self.tr("Exported {0} to {1}, with hashes.")
        self._session.tasks.start(
            self.tr("Exporting {0}").format(entry.name),
            lambda _report, should_stop: export_model(entry.folder, path, should_stop=should_stop),
            lambda written: self._session.notice.emit(words.format(entry.name, written)),
        )

    def ask_name(self, entry: ModelEntry) -> None:
        """Ask for another name."""
        title, label = self.tr("Rename the model"), self.tr("Name:")
        name, is_chosen = QInputDialog.getText(self._window, title, label, QLineEdit.EchoMode.Normal, entry.name)
        if is_chosen and name.strip() != entry.name:
            self.rename(entry, name)

    def rename(self, entry: ModelEntry, name: str) -> None:
        """Give a model another name."""
        self._try(partial(rename_model, entry.folder, name))

    def make_default(self, entry: ModelEntry) -> None:
        """Mark a model as the default."""
        self._try(partial(mark_default, entry.folder))

    def remove(self, entry: ModelEntry) -> None:
        """Delete an imported model once the user says so; an added folder is only forgotten."""
        if entry.origin != "imported":
            remove_folder(entry.folder)
            self.done.emit()
        elif self._may_remove(entry.name):
            self._try(partial(remove_model, entry.folder))

    def _may_remove(self, name: str) -> bool:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle(self.tr("Delete model"))
        box.setText(self.tr("Delete {0}?").format(name))
        box.setInformativeText(self.tr("The imported copy is deleted; the file that it came from stays."))
        remove = box.addButton(self.tr("Delete"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        return box.clickedButton() is remove

    def _try(self, action: Callable[[], object]) -> None:
        """A few bytes are written or a folder renamed: no longer than a frame."""
        try:
            action()
        except WorkstationError as error:
            self.failed.emit(error)
        self.done.emit()
