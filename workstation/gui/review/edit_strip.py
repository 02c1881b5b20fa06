"""The strip of tools left of the panes: brush, eraser, polygon, fill; undo and redo."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from workstation.gui.actions import with_keys
from workstation.gui.icons import icon

_TOOLS = ("edit.brush", "edit.eraser", "edit.polygon", "edit.fill")
_HISTORY = ("edit.undo", "edit.redo")
_ICON = 20


class EditStrip(QWidget):
    """A column of buttons that carry out the menu's own actions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QToolButton] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(4, 6, 4, 6)
        self._column.setSpacing(4)
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)

    def take_actions(self, actions: Mapping[str, QAction]) -> None:
        """Make the buttons."""
        for name in _TOOLS:
            self._add(name, actions[name])
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setFrameShadow(QFrame.Shadow.Plain)
        line.setForegroundRole(self.palette().ColorRole.Mid)
        self._column.addWidget(line)
        for name in _HISTORY:
            self._add(name, actions[name])

    def _add(self, name: str, action: QAction) -> None:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setIcon(icon(name.removeprefix("edit.")))
        button.setIconSize(QSize(_ICON, _ICON))
        button.setCheckable(action.isCheckable())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(action.trigger)
        action.changed.connect(lambda: _follow(button, name, action))
        _follow(button, name, action)
        self.buttons[name] = button
        self._column.addWidget(button)


def _follow(button: QToolButton, name: str, action: QAction) -> None:
    button.setEnabled(action.isEnabled())
    button.setChecked(action.isChecked())
    if button.accessibleName() != action.text():
        button.setToolTip(with_keys(action.text(), name))
        button.setAccessibleName(action.text())
