"""The sheet of keys and mouse bindings, made from the action registry and the tables of the mouse schemes."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.actions import ACTIONS, MENUS, key_text, translated
from workstation.gui.review.mouse_schemes import PACS, RESEARCH, MouseScheme, Tool
from workstation.gui.theme import NORMAL, PAGE, ROOMY, TIGHT, font_of

_MODIFIERS = (
    (Qt.KeyboardModifier.ControlModifier, "Ctrl"),
    (Qt.KeyboardModifier.ShiftModifier, "Shift"),
    (Qt.KeyboardModifier.AltModifier, "Alt"),
)
Bindings = list[tuple[str, str]]
Groups = list[tuple[str, Bindings]]
_SIZE = (1040, 760)


class ShortcutSheet(QDialog):
    """All bindings on one page, grouped as in the menus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and mouse"))
        self.resize(*_SIZE)
        groups: Groups = [
            (
                translated(menu),
                [(key_text(each), each.title) for each in ACTIONS if each.menu == menu and key_text(each)],
            )
            for menu in MENUS
        ]
        groups.append((self.tr("Mouse, Research scheme"), [*drags_of(RESEARCH), *self._mouse()]))
        groups.append((self.tr("Mouse, PACS scheme (wheel and clicks as above)"), drags_of(PACS)))
        groups.append((self.tr("Mouse with an edit tool"), self._mouse_edit()))
        groups.append((self.tr("Mouse in 3D"), self._mouse_3d()))
        content = QWidget()
        columns = QHBoxLayout(content)
        columns.setContentsMargins(ROOMY, ROOMY, ROOMY, ROOMY)
        columns.setSpacing(2 * PAGE)
        for part in halves_of([(title, bindings) for title, bindings in groups if bindings]):
            columns.addLayout(self._column(part), 1)
        area = QScrollArea(widgetResizable=True)
        area.setWidget(content)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(area)
        column.addWidget(buttons)

    def _mouse(self) -> Bindings:
        return [
            (self.tr("Space+left drag"), self.tr("Pan")),
            (self.tr("Wheel; Shift+wheel"), self.tr("One slice; five slices")),
            (self.tr("Ctrl+wheel; pinch"), self.tr("Zoom at the pointer")),
            (self.tr("Alt with a window drag"), self.tr("A fifth as fast")),
            (self.tr("Ctrl+double-click"), self.tr("Reset the window")),
            (self.tr("Double-click"), self.tr("Maximise a pane, or restore")),
            (self.tr("Right click"), self.tr("Menu")),
        ]

    def _mouse_edit(self) -> Bindings:
        return [
            (self.tr("Left, right"), self.tr("Draw; the opposite of the tool")),
            (self.tr("Ctrl+click"), self.tr("Take the label that is there")),
            (self.tr("Shift+wheel"), self.tr("Size of the brush")),
            (self.tr("Polygon: clicks or a drag"), self.tr("Corners; Enter or a double-click closes")),
        ]

    def _mouse_3d(self) -> Bindings:
        return [
            (self.tr("Left drag"), self.tr("Turn")),
            (self.tr("Middle or Shift+left drag"), self.tr("Pan")),
            (self.tr("Right drag; wheel"), self.tr("Zoom")),
            (self.tr("Ctrl+click on a surface"), self.tr("Crosshair there")),
            (self.tr("Double-click"), self.tr("Maximise the pane, or restore")),
        ]

    def _column(self, groups: Groups) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(PAGE)
        grid.setVerticalSpacing(TIGHT)
        row = 0
        for title, bindings in groups:
            heading = QLabel(title)
            heading.setFont(font_of(heading.font(), NORMAL, is_bold=True))
            heading.setContentsMargins(0, ROOMY if row else 0, 0, TIGHT)
            grid.addWidget(heading, row, 0, 1, 2)
            for number, (keys, text) in enumerate(bindings, start=row + 1):
                held = QLabel(keys)
                held.setObjectName("quiet")
                grid.addWidget(held, number, 0)
                grid.addWidget(QLabel(text), number, 1)
            row += len(bindings) + 1
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(row, 1)
        return grid


def halves_of(groups: Groups) -> tuple[Groups, Groups]:
    """Two columns of groups in their order, as equal in height as their order allows."""
    heights = [len(bindings) + 2 for _, bindings in groups]
    cut = min(range(len(groups) + 1), key=lambda place: abs(sum(heights[:place]) - sum(heights[place:])))
    return groups[:cut], groups[cut:]


def drags_of(scheme: MouseScheme) -> Bindings:
    """The drags of a scheme in words: what is held, and what it does."""
    tools = {
        Tool.CROSSHAIR: _tr("Crosshair; all panes follow"),
        Tool.SCROLL: _tr("Scroll slices"),
        Tool.WINDOW: _tr("Window: right wider, up brighter"),
        Tool.PAN: _tr("Pan"),
        Tool.ZOOM: _tr("Zoom about the press point: up larger"),
    }
    buttons = {
        Qt.MouseButton.LeftButton: _tr("left"),
        Qt.MouseButton.MiddleButton: _tr("middle"),
        Qt.MouseButton.RightButton: _tr("right"),
    }
    found: Bindings = []
    if scheme.left_tools:
        found.append((_tr("Left drag"), _tr("The chosen tool: scroll, window, pan, zoom or crosshair")))
    for (button, held), tool in scheme.drags.items():
        parts = [name for modifier, name in _MODIFIERS if held & modifier]
        # A fine drag of the window is told once, for both schemes.
        if not (tool is Tool.WINDOW and held & Qt.KeyboardModifier.AltModifier):
            words = _tr("{0} drag").format("+".join([*parts, buttons[button]]))
            found.append((words[0].upper() + words[1:], tools[tool]))
    return found


def _tr(text: str) -> str:
    return QCoreApplication.translate("ShortcutSheet", text)
