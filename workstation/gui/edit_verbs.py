"""The actions of the Edit menu bound to verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMessageBox

from workstation.gui.actions import BY_ID
from workstation.io.editors import EDITORS
from workstation.session import edit_commands
from workstation.session.edit_tools import TOOLS
from workstation.session.external_edits import ExternalEdits

if TYPE_CHECKING:
    from workstation.gui.main_window import MainWindow


class EditVerbs(QObject):
    """What the Edit menu does."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session
        self.external = ExternalEdits(window.session)

    @property
    def verbs(self) -> dict[str, Callable[[], object]]:
        """By action."""
        session, editing, tools = self._session, self._session.editing, self._session.editing.tools
        return {
            "edit.undo": editing.undo,
            "edit.redo": editing.redo,
            **{f"edit.{tool}": partial(tools.set_tool, tool) for tool in TOOLS},
            "edit.larger": lambda: tools.step_radius(1),
            "edit.smaller": lambda: tools.step_radius(-1),
            "edit.ball": lambda: tools.set_ball(is_ball=not tools.is_ball),
            "edit.limit": lambda: tools.set_limited(is_limited=not tools.is_limited),
            "edit.interpolate": lambda: edit_commands.interpolate(session, axis=self._axis()),
            "edit.islands": lambda: edit_commands.remove_islands(session),
            "edit.smooth": lambda: edit_commands.smooth(session),
            "edit.discard": self._discard,
            **{f"edit.{name}": partial(self.external.open_in, editor) for name, editor in EDITORS.items()},
        }

    @property
    def switches(self) -> dict[str, Callable[[], bool]]:
        """What the ticked actions stand for."""
        tools = self._session.editing.tools
        return {
            **{f"edit.{tool}": partial(lambda name: tools.tool == name, tool) for tool in TOOLS},
            "edit.ball": lambda: tools.is_ball,
            "edit.limit": lambda: tools.is_limited,
        }

    def name(self, actions: Mapping[str, QAction]) -> None:
        """Say what an undo takes back, and what a redo does again."""
        editing = self._session.editing
        for action, verb in (("edit.undo", editing.undo_verb), ("edit.redo", editing.redo_verb)):
            title = BY_ID[action].title
            actions[action].setText(title if verb is None else f"{title}: {edit_commands.edit_words(verb)}")

    def _axis(self) -> int:
        """The voxel axis that the slices of the active pane lie across."""
        return self._window.review.panes.active_view.edit.axis()

    def _discard(self) -> None:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Discard all edits?"))
        box.setText(self.tr("All edits of this case are given up. This cannot be undone."))
        box.setInformativeText(self.tr("Truth, prediction and exported masks stay as they are."))
        discard = box.addButton(self.tr("Discard"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        if box.clickedButton() is discard:
            self._session.editing.discard()
