"""Every user action once: id, words, keys, menu. Menus, tooltips and the shortcut sheet are all made from this list.

An action with `in_pane` is handled by the panes' key events, not by a menu shortcut: arrow keys must stay free for
lists and fields that have the focus. Actions of the Edit, View, Masks and Go menus rest while another workspace than
Review is shown. Both mouse schemes share the keys; the mouse's bindings are in `review/mouse_schemes`, those of the
edit tools in `review/edit_mouse`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

Needs = Literal["nothing", "case", "mask", "dataset", "undo", "redo", "edits"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a user can do.

    Parameters
    ----------
    id : str
        "group.verb"; what code binds to.
    text : str
        In English; `title` translates it.
    keys : tuple of str
        Portable key sequences, the first one shown in menus.
    menu : str
        The menu it stands in; empty for none.
    needs : str
        What must be there for it to be enabled.
    in_pane : bool
        Whether the panes' key events handle it.
    is_switch : bool
        Whether it stands in the menu with a tick: it switches something on and off.
    """

    id: str
    text: str
    keys: tuple[str, ...] = ()
    menu: str = ""
    needs: Needs = "nothing"
    in_pane: bool = False
    is_switch: bool = False

    @property
    def title(self) -> str:
        """The words, translated."""
        return QCoreApplication.translate("Actions", self.text)

    @property
    def is_of_review(self) -> bool:
        """Whether it means the panes, and so rests in other workspaces."""
        return self.menu in (EDIT, VIEW, MASKS, GO)


_T = cast("Callable[[str, str], str]", QT_TRANSLATE_NOOP)
FILE, VIEW, MASKS = _T("Actions", "File"), _T("Actions", "View"), _T("Actions", "Masks")
EDIT = _T("Actions", "Edit")
GO, WINDOW, HELP = _T("Actions", "Go"), _T("Actions", "Window"), _T("Actions", "Help")

ACTIONS: tuple[Action, ...] = (
    Action("file.open", _T("Actions", "Open case, image or mask..."), ("Ctrl+O",), FILE),
    Action("file.open_folder", _T("Actions", "Open case or data set folder..."), ("Ctrl+Shift+O",), FILE),
    Action("file.open_truth", _T("Actions", "Open mask as truth..."), (), FILE, "case"),
    Action("file.open_prediction", _T("Actions", "Open mask as prediction..."), (), FILE, "case"),
    Action("file.export", _T("Actions", "Export mask as NIfTI..."), ("Ctrl+Shift+E",), FILE, "mask"),
    Action("file.screenshot", _T("Actions", "Save screenshot..."), ("F12",), FILE),
    Action("file.quit", _T("Actions", "Quit"), ("Ctrl+Q",), FILE),
    Action("edit.undo", _T("Actions", "Undo"), ("Ctrl+Z",), EDIT, "undo"),
    Action("edit.redo", _T("Actions", "Redo"), ("Ctrl+Shift+Z", "Ctrl+Y"), EDIT, "redo"),
    Action("edit.brush", _T("Actions", "Brush"), ("B",), EDIT, "case", is_switch=True),
    Action("edit.eraser", _T("Actions", "Eraser"), ("Ctrl+E",), EDIT, "case", is_switch=True),
    Action("edit.polygon", _T("Actions", "Polygon"), ("G",), EDIT, "case", is_switch=True),
    Action("edit.fill", _T("Actions", "Fill"), ("K",), EDIT, "case", is_switch=True),
    Action("edit.larger", _T("Actions", "Larger brush"), ("+", "="), EDIT, "case"),
    Action("edit.smaller", _T("Actions", "Smaller brush"), ("-",), EDIT, "case"),
    Action("edit.ball", _T("Actions", "Draw and fill in 3D"), ("Shift+B",), EDIT, "case", is_switch=True),
    Action("edit.limit", _T("Actions", "Draw only within an intensity range"), (), EDIT, "case", is_switch=True),
    Action("edit.interpolate", _T("Actions", "Interpolate between drawn slices"), (), EDIT, "case"),
    Action("edit.islands", _T("Actions", "Remove small islands of the label"), (), EDIT, "case"),
    Action("edit.smooth", _T("Actions", "Smooth the label"), (), EDIT, "case"),
    Action("edit.discard", _T("Actions", "Discard all edits..."), (), EDIT, "edits"),
    Action("view.sequence_1", _T("Actions", "Show T1"), ("1",), VIEW, "case"),
    Action("view.sequence_2", _T("Actions", "Show T1c"), ("2",), VIEW, "case"),
    Action("view.sequence_3", _T("Actions", "Show T2"), ("3",), VIEW, "case"),
    Action("view.sequence_4", _T("Actions", "Show FLAIR"), ("4",), VIEW, "case"),
    Action("view.previous_sequence", _T("Actions", "Previous sequence"), ("[",), VIEW, "case"),
    Action("view.next_sequence", _T("Actions", "Next sequence"), ("]",), VIEW, "case"),
    Action("view.four_panes", _T("Actions", "Three planes and 3D"), ("6",), VIEW),
    Action("view.maximise", _T("Actions", "Maximise pane, or restore"), ("F",), VIEW, "case"),
    Action("view.restore", _T("Actions", "Leave the tool, or back to four panes"), ("Esc",), VIEW),
    Action("view.fit", _T("Actions", "Fit slices to panes"), ("Ctrl+F",), VIEW, "case"),
    Action("view.reset", _T("Actions", "Reset view"), ("R",), VIEW, "case"),
    Action("view.auto_window", _T("Actions", "Automatic window"), ("Ctrl+J",), VIEW, "case"),
    Action("view.reset_window", _T("Actions", "Reset all windows"), ("Ctrl+Shift+J",), VIEW, "case"),
    Action("view.annotations", _T("Actions", "Annotations"), ("X",), VIEW, is_switch=True),
    Action("view.crosshair", _T("Actions", "Crosshair"), ("Shift+X",), VIEW, is_switch=True),
    Action("view.convention", _T("Actions", "Radiological: patient right on screen left"), (), VIEW, is_switch=True),
    Action("view.nose", _T("Actions", "Nose on the left in sagittal views"), (), VIEW, is_switch=True),
    Action("view.interpolation", _T("Actions", "Smooth pixels"), (), VIEW, is_switch=True),
    Action("masks.toggle", _T("Actions", "All masks"), ("S",), MASKS, "mask", is_switch=True),
    Action("masks.hold", _T("Actions", "Hide masks while held"), ("H",), MASKS, "mask", in_pane=True),
    Action("masks.prediction", _T("Actions", "Prediction"), ("P",), MASKS, "mask", is_switch=True),
    Action("masks.truth", _T("Actions", "Truth"), ("T",), MASKS, "mask", is_switch=True),
    Action("masks.fainter", _T("Actions", "Masks fainter by 5 %"), ("A",), MASKS, "mask"),
    Action("masks.stronger", _T("Actions", "Masks stronger by 5 %"), ("D",), MASKS, "mask"),
    Action("masks.outline", _T("Actions", "Fill, outline, or both"), ("O",), MASKS, "mask"),
    Action("masks.mode", _T("Actions", "Labels, comparison, or errors only"), ("E",), MASKS, "mask"),
    Action("masks.region_all", _T("Actions", "All labels"), ("Ctrl+0",), MASKS, "mask", is_switch=True),
    Action("masks.region_wt", _T("Actions", "Whole tumour alone"), ("Ctrl+1",), MASKS, "mask", is_switch=True),
    Action("masks.region_tc", _T("Actions", "Tumour core alone"), ("Ctrl+2",), MASKS, "mask", is_switch=True),
    Action("masks.region_et", _T("Actions", "Enhancing tumour alone"), ("Ctrl+3",), MASKS, "mask", is_switch=True),
    Action("masks.palette", _T("Actions", "Colours for colour-blind readers"), (), MASKS, is_switch=True),
    Action("go.slice_up", _T("Actions", "Next slice (Shift: five)"), ("PgUp",), GO, "case", in_pane=True),
    Action("go.slice_down", _T("Actions", "Previous slice (Shift: five)"), ("PgDown",), GO, "case", in_pane=True),
    Action("go.first", _T("Actions", "First slice"), ("Home",), GO, "case", in_pane=True),
    Action("go.last", _T("Actions", "Last slice"), ("End",), GO, "case", in_pane=True),
    Action(
        "go.arrows",
        _T("Actions", "Move crosshair by a voxel (Shift: five)"),
        ("Left", "Right", "Up", "Down"),
        GO,
        "case",
        in_pane=True,
    ),
    Action("go.largest", _T("Actions", "Slice with the largest tumour"), ("L",), GO, "mask"),
    Action("go.centre", _T("Actions", "Centre panes on crosshair"), ("C",), GO, "case"),
    Action("go.next_case", _T("Actions", "Next case"), ("Ctrl+Right",), GO, "dataset"),
    Action("go.previous_case", _T("Actions", "Previous case"), ("Ctrl+Left",), GO, "dataset"),
    Action("window.review", _T("Actions", "Review"), ("Alt+1",), WINDOW, is_switch=True),
    Action("window.data", _T("Actions", "Data"), ("Alt+2",), WINDOW, is_switch=True),
    Action("window.train", _T("Actions", "Train"), ("Alt+3",), WINDOW, is_switch=True),
    Action("window.models", _T("Actions", "Models"), ("Alt+4",), WINDOW, is_switch=True),
    Action("help.shortcuts", _T("Actions", "Keys and mouse"), ("?", "F1"), HELP),
    Action("help.about", _T("Actions", "About"), (), HELP),
)

MENUS = (FILE, EDIT, VIEW, MASKS, GO, WINDOW, HELP)
WORKSPACES = ("review", "data", "train", "models")
BY_ID = {action.id: action for action in ACTIONS}


def key_text(action: Action) -> str:
    """The action's keys for people, such as "Ctrl+Shift+E" or "? or F1"."""
    return " or ".join(action.keys)


def translated(menu: str) -> str:
    """A menu's name for people."""
    return QCoreApplication.translate("Actions", menu)


def with_keys(words: str, name: str) -> str:
    """A tooltip: words, and the keys of an action in brackets."""
    return f"{words} ({key_text(BY_ID[name])})"
