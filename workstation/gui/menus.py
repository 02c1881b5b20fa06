"""The registry's actions bound to verbs, in menus; and the menu of a pane."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QMenu, QMessageBox

from workstation import __version__
from workstation.core.case import SEQUENCES
from workstation.gui.actions import ACTIONS, BY_ID, DECIDE, MENUS, WORKSPACES, key_text, keys_of, translated
from workstation.gui.decision_verbs import DecisionVerbs
from workstation.gui.edit_verbs import EditVerbs
from workstation.gui.file_dialogs import FileDialogs
from workstation.gui.reading_verbs import ReadingVerbs, next_of
from workstation.gui.report_dialogs import ReportDialogs
from workstation.gui.theme import THEMES, applied_theme, choose_theme
from workstation.session import commands
from workstation.session.layers import MODES, OUTLINES, REGION_CHOICES
from workstation.session.settings import recent_paths

if TYPE_CHECKING:
    from workstation.gui.main_window import MainWindow

_OPACITY_STEP = 0.05
_PANE_MENU = (
    *("view.fit", "view.maximise", "view.auto_window", "go.centre", "go.largest", ""),
    *("masks.toggle", "masks.mode", "masks.outline", "", "tools.ruler", "tools.area", "tools.remove_last", ""),
    *("view.planes", "view.sequences", "view.lightbox", "", "view.copy_link", "file.export", "file.screenshot"),
)


class Menus(QObject):
    """Makes the window's menus and carries out what is chosen in them."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session
        self.dialogs = FileDialogs(window)
        self.reports = ReportDialogs(window)
        self.decisions = DecisionVerbs(window)
        self.actions: dict[str, QAction] = {}
        self._recent = QMenu(self.tr("Open recent"), window)
        self._recent.aboutToShow.connect(self._fill_recent)
        self._edits = EditVerbs(window)
        reading = ReadingVerbs(self._session, window.review)
        self._verbs = {
            **self.dialogs.verbs,
            **self.reports.verbs,
            **self._edits.verbs,
            **self._other_verbs(),
            **self._view_verbs(),
            **self._mask_verbs(),
            **reading.verbs,
            **self.decisions.verbs,
        }
        self._switches = {**self._make_switches(), **self._edits.switches, **reading.switches}
        self._make()
        session = self._session
        for signal in (session.case_changed, session.data_set_changed, session.layers.masks_changed):
            signal.connect(self.refresh)
        window.rail.workspace_chosen.connect(self.refresh)
        session.worklist.reading_changed.connect(self._tick)
        view = session.view
        session.editing.changed.connect(self.refresh)
        session.editing.tools.changed.connect(self._tick)
        cine = window.review.panes.cine
        ticking = (session.layers.display_changed, view.decoration_changed, view.convention_changed)
        for signal in (*ticking, session.diameters.changed):
            signal.connect(self._tick)
        view.sequence_changed.connect(self._tick)
        for signal in (view.scene_changed, session.pointer.changed, cine.changed):
            signal.connect(self._tick)
        self.refresh()

    @property
    def bound(self) -> frozenset[str]:
        """The ids of the actions that have a verb."""
        return frozenset(self._verbs)

    def refresh(self) -> None:
        """Enable what can be done now, and tick what is on."""
        session = self._session
        has_mask = session.layers.truth is not None or session.layers.prediction is not None
        there = {
            "nothing": True,
            "case": session.case is not None,
            "mask": has_mask,
            "dataset": session.data_set is not None,
            "undo": session.editing.undo_verb is not None,
            "redo": session.editing.redo_verb is not None,
            "edits": session.editing.has_layer,
        }
        is_review = self._window.rail.current == "review"
        for name, action in self.actions.items():
            entry = BY_ID[name]
            # Elsewhere, letters belong to lists and buttons, and what they would change cannot be seen.
            action.setEnabled(there[entry.needs] and (is_review or not entry.is_of_review))
        for number, sequence in enumerate(SEQUENCES, start=1):
            is_there = is_review and sequence in session.view.sequences
            self.actions[f"view.sequence_{number}"].setEnabled(is_there)
        self._edits.name(self.actions)
        self._tick()

    def apply_keys(self) -> None:
        """Give every action the keys it has now."""
        for name, action in self.actions.items():
            action.setShortcuts([QKeySequence(key) for key in keys_of(BY_ID[name])])
        for name in WORKSPACES:
            self._window.rail.set_shortcut_hint(name, key_text(BY_ID[f"window.{name}"]))

    def show_pane_menu(self, position: QPoint) -> None:
        """The menu of a right click in a pane."""
        menu = QMenu(self._window)
        for name in _PANE_MENU:
            if name:
                menu.addAction(self.actions[name])
            else:
                menu.addSeparator()
        menu.exec(position)
        menu.deleteLater()

    def _tick(self) -> None:
        for name, is_on in self._switches.items():
            self.actions[name].setChecked(is_on())

    def _make(self) -> None:
        menus = {name: self._window.menuBar().addMenu(translated(name)) for name in MENUS}
        for entry in ACTIONS:
            action = QAction(entry.title, self._window)
            action.setCheckable(entry.is_switch)
            # A key that is held must not decide about one case after the other.
            action.setAutoRepeat(entry.menu != DECIDE)
            if entry.id in self._verbs:
                action.triggered.connect(self._slot(self._verbs[entry.id]))
            self.actions[entry.id] = action
            if not entry.in_pane:
                menus[entry.menu].addAction(action)
            if entry.id == "file.open_folder":
                menus[entry.menu].addMenu(self._recent)
        self._window.addActions([self.actions[entry.id] for entry in ACTIONS if not entry.in_pane])
        self.apply_keys()

    def _slot(self, verb: Callable[[], object]) -> Callable[[bool], None]:
        """A slot for QAction.triggered; Qt ticks by itself, but the session has the last word."""

        def slot(_is_checked: bool = False) -> None:
            verb()
            self._tick()

        return slot

    def _view_verbs(self) -> dict[str, Callable[[], object]]:
        session, view, panes = self._session, self._session.view, self._window.review.panes
        return {
            **{
                f"view.sequence_{number}": partial(view.set_sequence, name)
                for number, name in enumerate(SEQUENCES, start=1)
            },
            "view.previous_sequence": lambda: commands.step_sequence(session, -1),
            "view.next_sequence": lambda: commands.step_sequence(session, 1),
            "view.maximise": lambda: view.set_maximised(None if view.maximised else panes.active_view.name),
            "view.fit": view.fit_requested.emit,
            "view.reset": view.reset_requested.emit,
            "view.auto_window": lambda: view.reset_window(view.sequence),
            "view.reset_window": self._reset_windows,
            "go.next_error": lambda: commands.step_error(session, 1),
            "go.previous_error": lambda: commands.step_error(session, -1),
            "go.next_epoch": lambda: session.sentinels.step(1),
            "go.previous_epoch": lambda: session.sentinels.step(-1),
            "go.centre": view.centre_requested.emit,
            "go.next_case": lambda: commands.step_case(session, 1),
            "go.previous_case": lambda: commands.step_case(session, -1),
            "view.entropy": session.entropy.toggle,
            "view.annotations": view.toggle_annotations,
            "view.crosshair": view.toggle_crosshair,
            "view.convention": lambda: view.set_convention(next_of(("radiological", "neurological"), view.convention)),
            "view.nose": lambda: view.set_sagittal_nose(next_of(("left", "right"), view.sagittal_nose)),
            "view.interpolation": lambda: view.set_interpolation(next_of(("nearest", "linear"), view.interpolation)),
        }

    def _mask_verbs(self) -> dict[str, Callable[[], object]]:
        layers = self._session.layers
        return {
            "masks.toggle": layers.toggle_hidden,
            "masks.prediction": lambda: layers.set_visible("prediction", visible=not layers.is_visible("prediction")),
            "masks.truth": lambda: layers.set_visible("truth", visible=not layers.is_visible("truth")),
            "masks.fainter": lambda: layers.set_opacity(layers.opacity - _OPACITY_STEP),
            "masks.stronger": lambda: layers.set_opacity(layers.opacity + _OPACITY_STEP),
            "masks.outline": lambda: layers.set_outline(next_of(OUTLINES, layers.outline)),
            "masks.mode": lambda: layers.set_mode(next_of(MODES, layers.mode)),
            "masks.palette": lambda: layers.set_palette(next_of(("standard", "colour-blind"), layers.palette)),
            "masks.diameters": lambda: commands.toggle_diameters(self._session),
            **{f"masks.region_{each.lower()}": partial(layers.set_region, each) for each in REGION_CHOICES},
        }

    def _other_verbs(self) -> dict[str, Callable[[], object]]:
        return {
            "file.quit": self._window.close,
            **{f"window.{name}": partial(self._window.show_workspace, name) for name in WORKSPACES},
            **{f"window.theme_{name}": partial(choose_theme, name) for name in THEMES},
            "file.preferences": self._show_preferences,
            "help.palette": self._show_palette,
            "help.keys": self._show_keys,
            "help.pages": self._show_help,
            "help.shortcuts": self._show_shortcuts,
            "help.doctor": self._show_doctor,
            "help.about": self._show_about,
        }

    def _make_switches(self) -> dict[str, Callable[[], bool]]:
        """What each ticked action stands for."""
        view, layers, rail = self._session.view, self._session.layers, self._window.rail
        return {
            "view.annotations": lambda: view.annotations_visible,
            "view.crosshair": lambda: view.crosshair_visible,
            "view.convention": lambda: view.convention == "radiological",
            "view.nose": lambda: view.sagittal_nose == "left",
            "view.interpolation": lambda: view.interpolation == "linear",
            **{f"window.theme_{name}": partial(lambda name: applied_theme() == name, name) for name in THEMES},
            "decide.blinded": lambda: self._session.worklist.is_blinded,
            "masks.toggle": lambda: not layers.hidden,
            "masks.prediction": lambda: layers.is_visible("prediction"),
            "view.entropy": lambda: self._session.entropy.is_shown,
            "masks.truth": lambda: layers.is_visible("truth"),
            "masks.palette": lambda: layers.palette == "colour-blind",
            "masks.diameters": lambda: self._session.diameters.lines is not None,
            **{
                f"masks.region_{each.lower()}": partial(lambda name: layers.region == name, each)
                for each in REGION_CHOICES
            },
            **{f"window.{each}": partial(lambda name: rail.current == name, each) for each in WORKSPACES},
        }

    def _reset_windows(self) -> None:
        for name in self._session.view.sequences:
            self._session.view.reset_window(name)

    def _fill_recent(self) -> None:
        self._recent.clear()
        paths = recent_paths()
        for path in paths:
            self._recent.addAction(str(path)).triggered.connect(
                lambda _checked=False, path=path: self._open_recent(path)
            )
        if not paths:
            self._recent.addAction(self.tr("Nothing yet")).setEnabled(False)

    def _open_recent(self, path: Path) -> None:
        commands.open_path(self._session, path)

    def _show_help(self) -> None:
        from workstation.gui.help_window import HelpWindow

        help_window = self._window.findChild(HelpWindow) or HelpWindow(self._window)
        help_window.show()
        # It may have been open already, behind the window.
        help_window.activateWindow()

    def _show_shortcuts(self) -> None:
        from workstation.gui.shortcuts import ShortcutSheet

        _run_dialog(ShortcutSheet(self._window))

    def _show_keys(self) -> None:
        from workstation.gui.key_dialog import KeyDialog

        _run_dialog(KeyDialog(self._window, on_changed=self.apply_keys))

    def _show_doctor(self) -> None:
        from workstation.gui.doctor_dialog import DoctorDialog

        _run_dialog(DoctorDialog(self._session, self._window))

    def _show_preferences(self) -> None:
        from workstation.gui.preferences_dialog import PreferencesDialog

        dialog = PreferencesDialog(self._session, self._window)
        dialog.keys_wanted.connect(self._show_keys)
        _run_dialog(dialog)
        self._tick()

    def _show_palette(self) -> None:
        from workstation.gui.command_palette import CommandPalette

        palette = CommandPalette({name: self.actions[name] for name in self._verbs}, self._window)
        chosen = palette.choose()
        palette.deleteLater()
        if chosen is not None:
            chosen.trigger()

    def _show_about(self) -> None:
        QMessageBox.about(
            self._window,
            self.tr("About"),
            self.tr(
                "BraTS workstation {version}\n\nReview, compare and train brain-tumour segmentations at full "
                "resolution.\nFor research. Not a medical device."
            ).format(version=__version__),
        )


def _run_dialog(dialog: QDialog) -> None:
    dialog.exec()
    dialog.deleteLater()
