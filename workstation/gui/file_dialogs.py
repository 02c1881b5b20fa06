"""What is asked for by file dialogs: what to open, where to export and to save a picture."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from workstation.errors import ExportError
from workstation.session import commands
from workstation.session.opening import Kind
from workstation.session.settings import settings

if TYPE_CHECKING:
    from workstation.gui.main_window import MainWindow

_IMAGES = "NIfTI (*.nii *.nii.gz *.hdr *.img)"
_MASKS = "NIfTI (*.nii.gz *.nii)"


class FileDialogs(QObject):
    """Asks for paths, and hands them to the verbs."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session

    @property
    def verbs(self) -> dict[str, Callable[[], object]]:
        """What the actions of the File menu do."""
        return {
            "file.open": self.open_files,
            "file.open_folder": self.open_folder,
            "file.open_truth": lambda: self.open_mask("truth"),
            "file.open_prediction": lambda: self.open_mask("prediction"),
            "file.export": self.export,
            "file.screenshot": self.screenshot,
        }

    def open_files(self) -> None:
        """Ask for files and open them; one file of a case opens the whole case."""
        title = self.tr("Open a case by any of its files, an image, or masks")
        names, _ = QFileDialog.getOpenFileNames(self._window, title, _last_folder(), self._filter(_IMAGES))
        if names:
            _remember_folder(Path(names[0]).parent)
            commands.open_paths(self._session, [Path(name) for name in names])

    def open_folder(self) -> None:
        """Ask for a folder and open it."""
        name = QFileDialog.getExistingDirectory(self._window, self.tr("Open case or data set"), _last_folder())
        if name:
            _remember_folder(Path(name).parent)
            commands.open_path(self._session, Path(name))

    def open_mask(self, kind: Kind) -> None:
        """Ask for a mask and lay it over the open case."""
        title = self.tr("Open mask as truth") if kind == "truth" else self.tr("Open mask as prediction")
        name, _ = QFileDialog.getOpenFileName(self._window, title, _last_folder(), self._filter(_IMAGES))
        if name:
            commands.open_mask(self._session, Path(name), kind=kind)

    def export(self) -> None:
        """Ask where to write the prediction (without one, the truth)."""
        kind: Kind = "prediction" if self._session.layers.prediction is not None else "truth"
        what = "corrected" if self._session.layers.judged == "edited" else kind
        place = str(Path(_last_folder()) / f"{self._case_name('mask')}_{what}.nii.gz")
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Export mask"), place, _MASKS)
        if name:
            commands.export_mask(self._session, Path(name), kind=kind)

    def screenshot(self) -> None:
        """Ask where to save a picture."""
        stamp = datetime.datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
        place = str(Path(_last_folder()) / f"{self._case_name('workstation')}_{stamp}.png")
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save screenshot"), place, "PNG (*.png)")
        if name:
            self.save_screenshot(Path(name))

    def save_screenshot(self, path: Path) -> None:
        """Save the panes (or, in another workspace, the window) as PNG."""
        is_review = self._window.rail.current == "review" and self._session.case is not None
        picture = (self._window.review.panes if is_review else self._window).grab()
        if picture.save(str(path), "PNG"):
            self._session.notice.emit(self.tr("Saved {path}").format(path=path))
        else:
            hint = self.tr("Choose another folder.")
            self._session.problem.emit(ExportError(f"{path} could not be written", hint=hint, path=path))

    def _case_name(self, default: str) -> str:
        case = self._session.case
        return case.name if case else default

    def _filter(self, known: str) -> str:
        return known + ";;" + self.tr("All files") + " (*)"


def _last_folder() -> str:
    return str(settings().value("folder", str(Path.home())))


def _remember_folder(folder: Path) -> None:
    settings().setValue("folder", str(folder))
