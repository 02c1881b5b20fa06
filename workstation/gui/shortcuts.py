"""The sheet of keys and mouse bindings, made from the action registry."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from workstation.gui.actions import ACTIONS, MENUS, key_text, translated


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
            (translated(menu), [(key_text(each), each.title) for each in ACTIONS if each.menu == menu and each.keys])
            for menu in MENUS
        ]
        groups.append((self.tr("Mouse"), self._mouse()))
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

    def _mouse(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Left drag"), self.tr("Crosshair; all panes follow")),
            (self.tr("Wheel; Shift+wheel"), self.tr("One slice; five slices")),
            (self.tr("Right drag; Ctrl+wheel; pinch"), self.tr("Zoom")),
            (self.tr("Middle drag; Space+left; Alt+left"), self.tr("Pan")),
            (self.tr("Ctrl+Shift+left drag"), self.tr("Window: right wider, up brighter; with Alt finer")),
            (self.tr("Ctrl+double-click"), self.tr("Reset the window")),
            (self.tr("Double-click"), self.tr("Maximise a pane, or restore")),
            (self.tr("Right click"), self.tr("Menu")),
            (self.tr("With a tool: left, right"), self.tr("Draw; the opposite of the tool")),
            (self.tr("With a tool: Ctrl+click"), self.tr("Take the label that is there")),
            (self.tr("With a brush: Shift+wheel"), self.tr("Size of the brush")),
            (
                self.tr("With the polygon: clicks or a drag"),
                self.tr("Corners; Enter or a double-click closes"),
            ),
            (self.tr("3D: left, middle, wheel"), self.tr("Rotate, pan, zoom")),
        ]

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
