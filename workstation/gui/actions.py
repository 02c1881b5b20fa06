"""Every user action once: id, words, keys, menu. Menus, tooltips, the shortcut sheet, the command palette and the
dialog that changes keys are all made from this list.

`keys` are what an action comes with; `gui/key_bindings.py` says which ones it has after the user's changes. An action
with `in_pane` is handled by the panes' key events, not by a menu shortcut: arrow keys must stay free for lists and
fields that have the focus. Actions of the Edit, View, Masks, Go, Tools and Decide menus rest while another workspace
than Review is shown. Both mouse schemes share the keys; the mouse's bindings are in `review/mouse_schemes`, those of
the edit tools in `review/edit_mouse`.
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
    has_large_step : bool
        Whether Shift and its key take five steps at once.
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
    has_large_step: bool = False

    @property
    def title(self) -> str:
        """The words, translated."""
        return QCoreApplication.translate("Actions", self.text)

    @property
    def is_of_review(self) -> bool:
        """Whether it means the panes, and so rests in other workspaces."""
        return self.menu in (EDIT, VIEW, MASKS, GO, TOOLS, DECIDE)


_T = cast("Callable[[str, str], str]", QT_TRANSLATE_NOOP)
FILE, VIEW, MASKS = _T("Actions", "File"), _T("Actions", "View"), _T("Actions", "Masks")
EDIT = _T("Actions", "Edit")
GO, TOOLS = _T("Actions", "Go"), _T("Actions", "Tools")
WINDOW, HELP = _T("Actions", "Window"), _T("Actions", "Help")
DECIDE = _T("Actions", "Decide")

ACTIONS: tuple[Action, ...] = (
    Action("file.open", _T("Actions", "Open case, image or mask..."), ("Ctrl+O",), FILE),
    Action("file.open_folder", _T("Actions", "Open case or data set folder..."), ("Ctrl+Shift+O",), FILE),
    Action("file.open_truth", _T("Actions", "Open mask as truth..."), (), FILE, "case"),
    Action("file.open_prediction", _T("Actions", "Open mask as prediction..."), (), FILE, "case"),
    Action("file.open_second", _T("Actions", "Open another mask to compare..."), (), FILE, "case"),
    Action("file.export", _T("Actions", "Export mask as NIfTI..."), ("Ctrl+Shift+E",), FILE, "mask"),
    Action("file.export_all", _T("Actions", "Export masks of the data set..."), (), FILE, "dataset"),
    Action("file.report", _T("Actions", "Report on the case..."), ("Ctrl+Shift+R",), FILE, "case"),
    Action("file.report_cohort", _T("Actions", "Report on the data set..."), (), FILE, "dataset"),
    Action("file.screenshot", _T("Actions", "Save screenshot..."), ("F12",), FILE),
    Action("file.slices", _T("Actions", "Save slices as PNG..."), (), FILE, "case"),
    Action("file.preferences", _T("Actions", "Preferences..."), ("Ctrl+,",), FILE),
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
    Action("edit.itksnap", _T("Actions", "Open mask in ITK-SNAP"), (), EDIT, "case"),
    Action("edit.slicer", _T("Actions", "Open mask in 3D Slicer"), (), EDIT, "case"),
    Action("edit.discard", _T("Actions", "Discard all edits..."), (), EDIT, "edits"),
    Action("view.sequence_1", _T("Actions", "Show T1"), ("1",), VIEW, "case"),
    Action("view.sequence_2", _T("Actions", "Show T1c"), ("2",), VIEW, "case"),
    Action("view.sequence_3", _T("Actions", "Show T2"), ("3",), VIEW, "case"),
    Action("view.sequence_4", _T("Actions", "Show FLAIR"), ("4",), VIEW, "case"),
    Action("view.previous_sequence", _T("Actions", "Previous sequence"), ("[",), VIEW, "case"),
    Action("view.next_sequence", _T("Actions", "Next sequence"), ("]",), VIEW, "case"),
    Action("view.entropy", _T("Actions", "Where the model is unsure"), ("U",), VIEW, "mask", is_switch=True),
    Action("view.sequences", _T("Actions", "Four sequences in one plane; again: next plane"), ("5",), VIEW, "case"),
    Action("view.planes", _T("Actions", "Three planes and 3D"), ("6",), VIEW),
    Action("view.lightbox", _T("Actions", "Lightbox of one plane; again: next plane"), ("7",), VIEW, "case"),
    Action("view.maximise", _T("Actions", "Maximise pane, or restore"), ("F",), VIEW, "case"),
    Action("view.restore", _T("Actions", "Back to all panes; put tools away"), ("Esc",), VIEW),
    Action("view.cine", _T("Actions", "Cine: run through the slices"), ("M",), VIEW, "case", is_switch=True),
    Action("view.fit", _T("Actions", "Fit slices to panes"), ("Ctrl+F",), VIEW, "case"),
    Action("view.reset", _T("Actions", "Reset view"), ("R",), VIEW, "case"),
    Action("view.auto_window", _T("Actions", "Automatic window"), ("Ctrl+J",), VIEW, "case"),
    Action("view.reset_window", _T("Actions", "Reset all windows"), ("Ctrl+Shift+J",), VIEW, "case"),
    Action("view.annotations", _T("Actions", "Annotations"), ("X",), VIEW, is_switch=True),
    Action("view.crosshair", _T("Actions", "Crosshair"), ("Shift+X",), VIEW, is_switch=True),
    Action("view.convention", _T("Actions", "Radiological: patient right on screen left"), (), VIEW, is_switch=True),
    Action("view.nose", _T("Actions", "Nose on the left in sagittal views"), (), VIEW, is_switch=True),
    Action("view.interpolation", _T("Actions", "Smooth pixels"), (), VIEW, is_switch=True),
    Action("view.scene_planes", _T("Actions", "Slices in the 3D view"), ("Shift+P",), VIEW, is_switch=True),
    Action("view.scene_volume", _T("Actions", "Volume in the 3D view"), (), VIEW, "case", is_switch=True),
    Action("view.copy_link", _T("Actions", "Copy view"), ("Ctrl+Shift+C",), VIEW, "case"),
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
    Action("masks.region_rc", _T("Actions", "Resection cavity alone"), ("Ctrl+4",), MASKS, "mask", is_switch=True),
    Action(
        "masks.diameters", _T("Actions", "Diameters of enhancing tumour"), ("Ctrl+D",), MASKS, "mask", is_switch=True
    ),
    Action("masks.palette", _T("Actions", "Colours for colour-blind readers"), (), MASKS, is_switch=True),
    Action(
        "go.slice_up",
        _T("Actions", "Next slice (Shift: five)"),
        ("PgUp",),
        GO,
        "case",
        in_pane=True,
        has_large_step=True,
    ),
    Action(
        "go.slice_down",
        _T("Actions", "Previous slice (Shift: five)"),
        ("PgDown",),
        GO,
        "case",
        in_pane=True,
        has_large_step=True,
    ),
    Action("go.first", _T("Actions", "First slice"), ("Home",), GO, "case", in_pane=True),
    Action("go.last", _T("Actions", "Last slice"), ("End",), GO, "case", in_pane=True),
    Action(
        "go.left",
        _T("Actions", "Crosshair left (Shift: five)"),
        ("Left",),
        GO,
        "case",
        in_pane=True,
        has_large_step=True,
    ),
    Action(
        "go.right",
        _T("Actions", "Crosshair right (Shift: five)"),
        ("Right",),
        GO,
        "case",
        in_pane=True,
        has_large_step=True,
    ),
    Action(
        "go.up", _T("Actions", "Crosshair up (Shift: five)"), ("Up",), GO, "case", in_pane=True, has_large_step=True
    ),
    Action(
        "go.down",
        _T("Actions", "Crosshair down (Shift: five)"),
        ("Down",),
        GO,
        "case",
        in_pane=True,
        has_large_step=True,
    ),
    Action("go.largest", _T("Actions", "Slice with the largest tumour in this plane"), ("L",), GO, "mask"),
    Action("go.next_lesion", _T("Actions", "Next lesion, largest first"), ("Shift+L",), GO, "mask"),
    Action("go.next_error", _T("Actions", "Next error, largest first"), ("N",), GO, "mask"),
    Action("go.previous_error", _T("Actions", "Previous error"), ("Shift+N",), GO, "mask"),
    Action("go.next_epoch", _T("Actions", "Next epoch of a training"), (".",), GO, "case"),
    Action("go.previous_epoch", _T("Actions", "Previous epoch of a training"), (",",), GO, "case"),
    Action("go.centre", _T("Actions", "Centre panes on crosshair"), ("C",), GO, "case"),
    Action("go.next_case", _T("Actions", "Next case"), ("Ctrl+Right",), GO, "dataset"),
    Action("go.previous_case", _T("Actions", "Previous case"), ("Ctrl+Left",), GO, "dataset"),
    Action("go.link", _T("Actions", "Go to view..."), ("Ctrl+Shift+G",), GO),
    Action("tools.ruler", _T("Actions", "Ruler (mm)"), ("Shift+R",), TOOLS, "case", is_switch=True),
    Action(
        "tools.area", _T("Actions", "Area (mm\N{SUPERSCRIPT TWO}, ml)"), ("Shift+A",), TOOLS, "case", is_switch=True
    ),
    Action("tools.remove_last", _T("Actions", "Remove the last measurement"), ("Del",), TOOLS, "case"),
    Action("tools.remove_all", _T("Actions", "Remove all measurements"), (), TOOLS, "case"),
    Action("tools.research", _T("Actions", "Mouse: Research scheme"), (), TOOLS, is_switch=True),
    Action("tools.pacs", _T("Actions", "Mouse: PACS scheme"), (), TOOLS, is_switch=True),
    Action("tools.scroll", _T("Actions", "PACS left drag: scroll slices"), (), TOOLS, is_switch=True),
    Action("tools.window", _T("Actions", "PACS left drag: window and level"), (), TOOLS, is_switch=True),
    Action("tools.pan", _T("Actions", "PACS left drag: pan"), (), TOOLS, is_switch=True),
    Action("tools.zoom", _T("Actions", "PACS left drag: zoom"), (), TOOLS, is_switch=True),
    Action("tools.crosshair", _T("Actions", "PACS left drag: crosshair"), (), TOOLS, is_switch=True),
    Action("go.next_unread", _T("Actions", "Next unread case"), ("Ctrl+Shift+Right",), GO, "dataset"),
    Action("decide.accept", _T("Actions", "Accept and next"), ("Ctrl+Enter", "Ctrl+Return"), DECIDE, "dataset"),
    Action("decide.reject", _T("Actions", "Reject..."), ("Ctrl+Shift+Backspace",), DECIDE, "dataset"),
    Action("decide.flag", _T("Actions", "Flag with a note..."), ("Ctrl+.",), DECIDE, "dataset"),
    Action("decide.corrected", _T("Actions", "Mark as corrected"), (), DECIDE, "dataset"),
    Action("decide.undo", _T("Actions", "Take the last decision back"), (), DECIDE, "dataset"),
    Action("decide.blinded", _T("Actions", "Hide predictions until decided"), (), DECIDE, is_switch=True),
    Action("decide.reader", _T("Actions", "Reader..."), (), DECIDE),
    Action("decide.predictions", _T("Actions", "Open predictions of the data set..."), (), DECIDE, "dataset"),
    Action("decide.agreement", _T("Actions", "Agreement of readers..."), (), DECIDE, "dataset"),
    Action("decide.train", _T("Actions", "Train on accepted and corrected..."), (), DECIDE, "dataset"),
    Action("decide.export", _T("Actions", "Export decisions..."), (), DECIDE, "dataset"),
    Action("window.review", _T("Actions", "Review"), ("Alt+1",), WINDOW, is_switch=True),
    Action("window.data", _T("Actions", "Data"), ("Alt+2",), WINDOW, is_switch=True),
    Action("window.train", _T("Actions", "Train"), ("Alt+3",), WINDOW, is_switch=True),
    Action("window.models", _T("Actions", "Models"), ("Alt+4",), WINDOW, is_switch=True),
    Action("window.theme_dark", _T("Actions", "Dark theme"), (), WINDOW, is_switch=True),
    Action("window.theme_light", _T("Actions", "Light theme"), (), WINDOW, is_switch=True),
    Action("window.theme_system", _T("Actions", "Theme of the system"), (), WINDOW, is_switch=True),
    Action("help.palette", _T("Actions", "Command palette..."), ("Ctrl+Shift+P",), HELP),
    Action("help.pages", _T("Actions", "Help"), ("F1",), HELP),
    Action("help.shortcuts", _T("Actions", "Keys and mouse"), ("?",), HELP),
    Action("help.keys", _T("Actions", "Change keys..."), (), HELP),
    Action("help.doctor", _T("Actions", "Check the installation..."), (), HELP),
    Action("help.about", _T("Actions", "About"), (), HELP),
)

MENUS = (FILE, EDIT, VIEW, MASKS, GO, TOOLS, DECIDE, WINDOW, HELP)
WORKSPACES = ("review", "data", "train", "models")
BY_ID = {action.id: action for action in ACTIONS}
Keys = tuple[str, ...]
# Of `key_bindings`: keys by action, where they differ from what the action comes with.
chosen_keys: dict[str, Keys] = {}
# What `with_keys` has made, so that a tooltip can be made again: text to words and action.
made_tips: dict[str, tuple[str, str]] = {}


def translated(menu: str) -> str:
    """A menu's name for people."""
    return QCoreApplication.translate("Actions", menu)


def keys_of(action: Action) -> Keys:
    """The portable key sequences that an action has now, the first one shown in menus."""
    return chosen_keys.get(action.id, action.keys)


def is_changed(action: Action) -> bool:
    """Whether the user gave it other keys than it comes with."""
    return action.id in chosen_keys


def key_text(action: Action) -> str:
    """Its keys for people, such as "Ctrl+Shift+E" or "Ctrl+Y or Ctrl+Shift+Z"; empty without any."""
    return " or ".join(keys_of(action))


def with_keys(words: str, name: str) -> str:
    """A tooltip: words, and the keys of an action in brackets."""
    keys = key_text(BY_ID[name])
    text = f"{words} ({keys})" if keys else words
    made_tips[text] = (words, name)
    return text
