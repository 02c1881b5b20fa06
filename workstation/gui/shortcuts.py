"""The sheet of keys and mouse bindings, made from the action registry."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from workstation.gui.actions import ACTIONS, MENUS, key_text

_MOUSE = (
    ("left drag", "crosshair; all panes follow"),
    ("wheel; Shift+wheel", "one slice; five slices"),
    ("right drag; Ctrl+wheel; pinch", "zoom"),
    ("middle drag; Space+left; Alt+left", "pan"),
    ("Ctrl+Shift+left drag", "window: right wider, up brighter; Alt finer"),
    ("Ctrl+double-click", "reset the window"),
    ("double-click", "maximise a pane, or restore"),
    ("right click", "menu"),
    ("3D: left, middle, wheel", "rotate, pan, zoom"),
)


class ShortcutSheet(QDialog):
    """All bindings on one page, grouped as in the menus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and mouse"))
        self.resize(760, 640)
        content = QWidget()
        grid = QGridLayout(content)
        grid.setHorizontalSpacing(24)
        groups = [
            (menu, [(key_text(action), action.title) for action in ACTIONS if action.menu == menu and action.keys])
            for menu in MENUS
        ]
        groups.append((self.tr("Mouse in a slice"), [(keys, self.tr(text)) for keys, text in _MOUSE]))
        row = 0
        for title, bindings in groups:
            row = self._add_group(grid, row, title, bindings)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(row, 1)
        area = QScrollArea(widgetResizable=True)
        area.setWidget(content)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(area)
        column.addWidget(buttons)

    def _add_group(self, grid: QGridLayout, row: int, title: str, bindings: list[tuple[str, str]]) -> int:
        heading = QLabel(title)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        grid.addWidget(heading, row, 0, 1, 2)
        for keys, text in bindings:
            row += 1
            grid.addWidget(QLabel(keys), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(QLabel(text), row, 1)
        return row + 1
