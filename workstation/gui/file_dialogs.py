"""What is asked for by dialogs: what to open, where to export and to save pictures, which view to go to."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog, QLineEdit

from workstation.errors import ExportError, WorkstationError
from workstation.gui.export_dialog import ExportDialog
from workstation.gui.picture_files import write_png
from workstation.gui.series_dialog import SeriesDialog
from workstation.gui.slice_series import SliceSeries
from workstation.gui.view_links import capture, command_line, go_to
from workstation.session import commands
from workstation.session.opening import Kind
from workstation.session.settings import settings
from workstation.session.view_link import find_token, read_token

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
            "file.open_second": lambda: self.open_mask("second"),
            "file.export": self.export,
            "file.screenshot": self.screenshot,
            "file.slices": self.slices,
            "view.copy_link": self.copy_view,
            "go.link": self.go_to_view,
        }

    def open_files(self) -> None:
        """Ask for files and open them; one file of a case opens the whole case."""
        title = self.tr("Open a case by any of its files, an image, or masks")
        names, _ = QFileDialog.getOpenFileNames(self._window, title, last_folder(), self._filter(_IMAGES))
        if names:
            remember_folder(Path(names[0]).parent)
            commands.open_paths(self._session, [Path(name) for name in names])

    def open_folder(self) -> None:
        """Ask for a folder and open it."""
        name = QFileDialog.getExistingDirectory(self._window, self.tr("Open case or data set"), last_folder())
        if name:
            remember_folder(Path(name).parent)
            commands.open_path(self._session, Path(name))

    def open_mask(self, kind: Kind) -> None:
        """Ask for a mask and lay it over the open case."""
        titles = {
            "truth": self.tr("Open mask as truth"),
            "prediction": self.tr("Open mask as prediction"),
            "second": self.tr("Open another mask to compare"),
        }
        name, _ = QFileDialog.getOpenFileName(self._window, titles[kind], last_folder(), self._filter(_IMAGES))
        if name:
            commands.open_mask(self._session, Path(name), kind=kind)

    def export(self) -> None:
        """Ask what to export, and where to."""
        dialog = ExportDialog(self._session, self._window)
        is_chosen = dialog.exec() == ExportDialog.DialogCode.Accepted
        kind, selection, keeps_header = dialog.kind, dialog.selection, dialog.keeps_header.isChecked()
        dialog.deleteLater()
        if not is_chosen:
            return
        part = selection.region or ("" if selection.label is None else f"label{selection.label}")
        stem = "_".join(word for word in (self._case_name("mask"), kind, part) if word)
        place = str(Path(last_folder()) / f"{stem}.nii.gz")
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Export mask"), place, _MASKS)
        if name:
            commands.export_mask(self._session, Path(name), kind=kind, selection=selection, keeps_header=keeps_header)

    def screenshot(self) -> None:
        """Ask where to save a picture."""
        stamp = datetime.datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
        place = str(Path(last_folder()) / f"{self._case_name('workstation')}_{stamp}.png")
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Save screenshot"), place, "PNG (*.png)")
        if name:
            self.save_screenshot(Path(name))

    def save_screenshot(self, path: Path) -> None:
        """Save the panes (or, in another workspace, the window) as PNG."""
        is_review = self._window.rail.current == "review" and self._session.case is not None
        picture = (self._window.review.panes if is_review else self._window).grab()
        try:
            write_png(picture.toImage(), path)
        except ExportError as error:
            self._session.problem.emit(error)
        else:
            self._session.notice.emit(self.tr("Saved {path}").format(path=path))

    def slices(self) -> None:
        """Ask which slices to save, and where."""
        dialog = SeriesDialog(self._window.review.panes.active_view.plane, self._window)
        is_accepted = dialog.exec() == QDialog.DialogCode.Accepted
        plane, every_mm = dialog.plane, dialog.every_mm
        dialog.deleteLater()
        title = self.tr("Folder for the slices")
        name = QFileDialog.getExistingDirectory(self._window, title, last_folder()) if is_accepted else ""
        if name:
            remember_folder(Path(name))
            folder = SeriesDialog.folder_of(self._case_name("case"), Path(name))
            self.save_slices(folder, plane, every_mm=every_mm)

    def save_slices(self, folder: Path, plane: str, *, every_mm: float) -> None:
        """Save slices as PNG, in a thread; says so when they are there."""
        series = SliceSeries.of(self._session, plane, every_mm=every_mm)

        def answer(paths: list[Path]) -> None:
            words = self.tr("Saved {count} slices in {folder}")
            self._session.notice.emit(words.format(count=len(paths), folder=folder))

        words = self.tr("Saving {} slices...").format(len(series.indices))
        self._session.background.ask("slices", lambda: series.write(folder), answer, words=words)

    def copy_view(self) -> None:
        """Put the view, and the command that opens it, on the clipboard."""
        try:
            link = capture(self._session, self._window.review.panes)
        except WorkstationError as error:
            self._session.problem.emit(error)
            return
        QGuiApplication.clipboard().setText(f"{link.token()}\n{command_line(link)}\n")
        words = self.tr("Copied the view. Paste it into a mail, a shell, or \u201cGo to view\u201d.")
        self._session.notice.emit(words)

    def go_to_view(self) -> None:
        """Ask for a copied view and go there; one on the clipboard is offered."""
        offered = find_token(QGuiApplication.clipboard().text())
        title, label = self.tr("Go to view"), self.tr("A copied view, or a text that holds one:")
        text, is_accepted = QInputDialog.getText(self._window, title, label, QLineEdit.EchoMode.Normal, offered)
        if is_accepted and text.strip():
            self.open_view(text)

    def open_view(self, text: str) -> None:
        """Go to the view that a text holds, or say why not."""
        try:
            go_to(self._session, self._window.review.panes, read_token(text))
        except WorkstationError as error:
            self._session.problem.emit(error)

    def _case_name(self, default: str) -> str:
        case = self._session.case
        return case.name if case else default

    def _filter(self, known: str) -> str:
        return known + ";;" + self.tr("All files") + " (*)"


def last_folder() -> str:
    """Where files were opened last."""
    return str(settings().value("folder", str(Path.home())))


def remember_folder(folder: Path) -> None:
    """Begin there the next time."""
    settings().setValue("folder", str(folder))
