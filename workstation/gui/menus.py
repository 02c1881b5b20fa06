"""The registry's actions bound to verbs, in menus; and the menu of a pane."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QPoint
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QMessageBox

from workstation import __version__
from workstation.core.case import SEQUENCES
from workstation.errors import ExportError
from workstation.gui.actions import ACTIONS, BY_ID, MENUS
from workstation.gui.shortcuts import ShortcutSheet
from workstation.session import commands
from workstation.session.layers import MODES, OUTLINES, PALETTES
from workstation.session.opening import Kind
from workstation.session.settings import recent_paths, settings

if TYPE_CHECKING:
    from workstation.gui.main_window import MainWindow

_IMAGES = "NIfTI (*.nii *.nii.gz *.hdr *.img);;All files (*)"
_OPACITY_STEP = 0.05
_THEMES = ("dark", "light", "system")


class Menus(QObject):
    """Makes the window's menus and carries out what is chosen in them."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session
        self.actions: dict[str, QAction] = {}
        self._recent = QMenu(self.tr("Open recent"), window)
        self._recent.aboutToShow.connect(self._fill_recent)
        self._make()
        session = self._session
        for signal in (session.case_changed, session.data_set_changed, session.layers.masks_changed):
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Enable what can be done now."""
        session = self._session
        has_mask = session.layers.truth is not None or session.layers.prediction is not None
        there = {
            "nothing": True,
            "case": session.case is not None,
            "mask": has_mask,
            "prediction": session.layers.prediction is not None,
            "dataset": session.data_set is not None,
        }
        for name, action in self.actions.items():
            action.setEnabled(there[BY_ID[name].needs])
        for number, sequence in enumerate(SEQUENCES, start=1):
            is_there = sequence in session.view.sequences
            self.actions[f"view.sequence_{number}"].setEnabled(is_there)

    @property
    def bound(self) -> frozenset[str]:
        """The ids of the actions that have a verb."""
        return frozenset(self._verbs())

    def open_folder(self) -> None:
        """Ask for a folder and open it."""
        folder = QFileDialog.getExistingDirectory(self._window, self.tr("Open case or data set"), _last_folder())
        if folder:
            self._open(Path(folder))

    def show_pane_menu(self, position: QPoint) -> None:
        """The menu of a right click in a pane."""
        menu = QMenu(self._window)
        names = ("view.fit", "view.maximise", "view.auto_window", "go.centre", "go.largest", "", "masks.toggle")
        for name in (*names, "masks.mode", "masks.outline", "", "file.export", "file.screenshot"):
            if name:
                menu.addAction(self.actions[name])
            else:
                menu.addSeparator()
        menu.exec(position)
        menu.deleteLater()

    def _make(self) -> None:
        verbs = self._verbs()
        menus = {name: self._window.menuBar().addMenu(_translated(name)) for name in MENUS}
        for entry in ACTIONS:
            action = QAction(entry.title, self._window)
            if entry.in_pane:
                # Shown for the sheet and the menu's reader; the keys themselves go to the panes.
                action.setText(f"{entry.title}\t{entry.keys[0]}")
            else:
                action.setShortcuts([QKeySequence(key) for key in entry.keys])
            if entry.id in verbs:
                action.triggered.connect(_without_checked(verbs[entry.id]))
            self.actions[entry.id] = action
            if not entry.in_pane:
                menus[entry.menu].addAction(action)
            if entry.id == "file.open_folder":
                menus[entry.menu].addMenu(self._recent)
        self._window.addActions([self.actions[entry.id] for entry in ACTIONS if not entry.in_pane])
        self._add_themes(menus["View"])

    def _add_themes(self, menu: QMenu) -> None:
        themes = menu.addMenu(self.tr("Theme"))
        words = {"dark": self.tr("Dark"), "light": self.tr("Light"), "system": self.tr("As the system")}
        for name in _THEMES:
            themes.addAction(words[name]).triggered.connect(lambda _checked=False, name=name: _choose_theme(name))

    def _verbs(self) -> dict[str, Callable[[], object]]:
        session, view, layers = self._session, self._session.view, self._session.layers
        panes = self._window.review.panes
        verbs: dict[str, Callable[[], object]] = {
            "file.open": self._open_file,
            "file.open_folder": self.open_folder,
            "file.open_truth": lambda: self._open_mask("truth"),
            "file.open_prediction": lambda: self._open_mask("prediction"),
            "file.export": self._export,
            "file.screenshot": self._screenshot,
            "file.quit": self._window.close,
            "view.previous_sequence": lambda: commands.step_sequence(session, -1),
            "view.next_sequence": lambda: commands.step_sequence(session, 1),
            "view.four_panes": lambda: view.set_maximised(None),
            "view.maximise": lambda: view.set_maximised(None if view.maximised else panes.active),
            "view.restore": lambda: view.set_maximised(None),
            "view.fit": view.fit_requested.emit,
            "view.reset": view.reset_requested.emit,
            "view.auto_window": lambda: view.reset_window(view.sequence),
            "view.reset_window": self._reset_windows,
            "view.annotations": view.toggle_annotations,
            "view.crosshair": view.toggle_crosshair,
            "view.convention": lambda: view.set_convention(_next(("radiological", "neurological"), view.convention)),
            "view.nose": lambda: view.set_sagittal_nose(_next(("left", "right"), view.sagittal_nose)),
            "view.interpolation": lambda: view.set_interpolation(_next(("nearest", "linear"), view.interpolation)),
            "masks.toggle": layers.toggle_hidden,
            "masks.prediction": lambda: layers.set_visible("prediction", visible=not layers.is_visible("prediction")),
            "masks.truth": lambda: layers.set_visible("truth", visible=not layers.is_visible("truth")),
            "masks.fainter": lambda: layers.set_opacity(layers.opacity - _OPACITY_STEP),
            "masks.stronger": lambda: layers.set_opacity(layers.opacity + _OPACITY_STEP),
            "masks.outline": lambda: layers.set_outline(_next(OUTLINES, layers.outline)),
            "masks.mode": lambda: layers.set_mode(_next(MODES, layers.mode)),
            "masks.palette": lambda: layers.set_palette(_next(PALETTES, layers.palette)),
            "go.largest": lambda: commands.jump_to_largest(session),
            "go.centre": view.centre_requested.emit,
            "go.next_case": lambda: commands.step_case(session, 1),
            "go.previous_case": lambda: commands.step_case(session, -1),
            "help.shortcuts": self._show_shortcuts,
            "help.about": self._show_about,
        }
        for number, sequence in enumerate(SEQUENCES, start=1):
            verbs[f"view.sequence_{number}"] = partial(view.set_sequence, sequence)
        for region in ("all", "WT", "TC", "ET"):
            verbs[f"masks.region_{region.lower()}"] = partial(layers.set_region, region)
        return verbs

    def _reset_windows(self) -> None:
        for name in self._session.view.sequences:
            self._session.view.reset_window(name)

    def _open(self, path: Path) -> None:
        settings().setValue("folder", str(path.parent))
        commands.open_path(self._session, path)

    def _open_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open"), _last_folder(), _IMAGES)
        if path:
            self._open(Path(path))

    def _open_mask(self, kind: Kind) -> None:
        path, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open mask"), _last_folder(), _IMAGES)
        if path:
            commands.open_mask(self._session, Path(path), kind=kind)

    def _export(self) -> None:
        kind: Kind = "prediction" if self._session.layers.prediction is not None else "truth"
        case = self._session.case
        name = f"{case.name if case else 'mask'}_{kind}.nii.gz"
        path, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Export mask"), str(Path(_last_folder()) / name), "NIfTI (*.nii.gz *.nii)"
        )
        if path:
            commands.export_mask(self._session, Path(path), kind=kind)

    def _screenshot(self) -> None:
        case = self._session.case
        stamp = datetime.datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
        name = f"{case.name if case else 'workstation'}_{stamp}.png"
        path, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Save screenshot"), str(Path(_last_folder()) / name), "PNG (*.png)"
        )
        if path:
            self.save_screenshot(Path(path))

    def save_screenshot(self, path: Path) -> None:
        """Save the panes (or, in another workspace, the window) as PNG."""
        is_review = self._window.rail.current == "review" and self._session.case is not None
        picture = (self._window.review.panes if is_review else self._window).grab()
        if picture.save(str(path), "PNG"):
            self._session.notice.emit(self.tr("Saved {path}").format(path=path))
        else:
            hint = self.tr("Choose another folder.")
            self._session.problem.emit(ExportError(f"{path} could not be written", hint=hint, path=path))

    def _fill_recent(self) -> None:
        self._recent.clear()
        paths = recent_paths()
        for path in paths:
            self._recent.addAction(str(path)).triggered.connect(lambda _checked=False, path=path: self._open(path))
        if not paths:
            self._recent.addAction(self.tr("Nothing yet")).setEnabled(False)

    def _show_shortcuts(self) -> None:
        sheet = ShortcutSheet(self._window)
        sheet.exec()
        sheet.deleteLater()

    def _show_about(self) -> None:
        QMessageBox.about(
            self._window,
            self.tr("About"),
            self.tr(
                "BraTS workstation {version}\n\nReview, compare and train brain-tumour segmentations at full "
                "resolution.\nFor research. Not a medical device."
            ).format(version=__version__),
        )


def _without_checked(verb: Callable[[], object]) -> Callable[[bool], None]:
    """A slot for QAction.triggered, which says whether the action is checked."""

    def slot(_is_checked: bool = False) -> None:
        verb()

    return slot


def _next(values: tuple[str, ...], value: str) -> str:
    return values[(values.index(value) + 1) % len(values)]


def _last_folder() -> str:
    return str(settings().value("folder", str(Path.home())))


def _translated(menu: str) -> str:
    return QCoreApplication.translate("Menus", menu)


def _choose_theme(name: str) -> None:
    from workstation.gui.theme import apply_theme

    app = QApplication.instance()
    if isinstance(app, QApplication):
        settings().setValue("theme", name)
        apply_theme(app, name)
