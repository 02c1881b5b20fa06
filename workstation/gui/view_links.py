"""Copying a view, and going to one: between the session, the panes and `session/view_link`."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt

from workstation.core.case import CaseFiles
from workstation.errors import FileMissing, InputError, ViewLinkError
from workstation.gui.review.pane_grid import PaneGrid
from workstation.gui.scene.camera import Camera
from workstation.io.layouts import find_case
from workstation.session import commands
from workstation.session.opening import Kind
from workstation.session.session import Session
from workstation.session.view_link import Frame, ViewLink

KINDS: tuple[Kind, ...] = ("truth", "prediction")


def capture(session: Session, panes: PaneGrid) -> ViewLink:
    """What is looked at now.

    Raises
    ------
    ViewLinkError
        There is no case.
    """
    case, view = session.case, session.view
    if case is None:
        raise ViewLinkError("there is no view to copy", hint="Open a case first.")
    frames = {}
    for name, pane in panes.all_slices.items():
        fitted, zoom, middle = pane.frame
        frames[name] = Frame(fitted or "", zoom, middle)
    camera = panes.camera
    return ViewLink(
        case=case.name,
        path=str(path_of(case.files)),
        masks={kind: str(path) for kind in KINDS if (path := _mask_path(session, kind)) is not None},
        cursor_mm=view.cursor_mm,
        sequence=view.sequence,
        windows={name: view.window(name) for name in view.sequences},
        frames=frames,
        display=_display_of(session, panes),
        size=(float(panes.width()), float(panes.height())),
        camera=() if camera is None else (*camera.focus, *camera.right, *camera.up, camera.height_mm),
    )


def command_line(link: ViewLink) -> str:
    """The shell command that opens the view."""
    masks = [f"--{kind} {shlex.quote(path)}" for kind, path in link.masks.items()]
    return " ".join(["workstation", shlex.quote(link.path), *masks, "--view", link.token()])


def path_of(files: CaseFiles) -> Path:
    """Where a case can be opened again: its folder where that is its own, else one of its files."""
    paths = [reference.path for reference in files.sequences.values()]
    folders = {path.parent for path in paths}
    return paths[0].parent if len(folders) == 1 and len(paths) > 1 and paths[0].parent.name == files.name else paths[0]


def show(session: Session, panes: PaneGrid, link: ViewLink) -> None:
    """Look at the open case as the link says; masks stay as they are."""
    _show_display(session, link)
    view = session.view
    for name, window in link.windows.items():
        view.set_window(name, *window)
    view.set_sequence(link.sequence)
    view.set_cursor(link.cursor_mm)
    panes.choose_active(str(link.display["active"]))
    for name, pane in panes.all_slices.items():
        frame = link.frames.get(name)
        if frame is not None:
            pane.take_frame((frame.fitted or None, frame.zoom, frame.middle_mm))
    if link.camera:
        values = np.array(link.camera)
        panes.take_camera(Camera(values[:3], values[3:6], values[6:9], float(values[9])))


def go_to(session: Session, panes: PaneGrid, link: ViewLink) -> None:
    """Open the link's case, unless it is open, and its masks, and look at them as it says.

    Raises
    ------
    ViewLinkError
        The case is neither open, nor in the data set, nor where it was.
    """
    place, case = Path(link.path), session.case
    is_there = bool(link.path) and (place.is_file() or place.is_dir())
    if case is not None and case.name == link.case and (not is_there or path_of(case.files) == place):
        _lay_masks(session, link)
        show(session, panes, link)
        return
    files = _files_of(link, place) if is_there else None
    # Elsewhere on this machine, or on another one.
    files = files or next((each for each in session.case_files if each.name == link.case), None)
    if files is None:
        hint = "Open the case or its data set first, then go to the view."
        raise ViewLinkError(f"the view is of {link.case}, which is not at {link.path}", hint=hint, path=place)

    def show_it() -> None:
        _lay_masks(session, link)
        show(session, panes, link)

    commands.open_case(session, files, then=show_it)


def _files_of(link: ViewLink, place: Path) -> CaseFiles | None:
    """The link's case at its place; None if another one, or none, is there."""
    if place.is_dir() and place.name != link.case:
        # No folder of a case that `path_of` names; a stranger's "/" is not searched.
        return None
    try:
        files = find_case(place)
    except InputError:
        return None
    return files if files.name == link.case else None


def show_when_open(session: Session, panes: PaneGrid, link: ViewLink) -> None:
    """Look as the link says as soon as a case is open; a link of a case of another name says so."""

    def on_case() -> None:
        case = session.case
        if case is None:
            return
        if case.name != link.case:
            message = f"the view is of {link.case}, not of {case.name}; it may not fit"
            session.problem.emit(ViewLinkError(message, hint="Open the case that the view was copied from."))
        _lay_masks(session, link)
        show(session, panes, link)

    # Not `case_changed`: the panes take the case by it too, whether or not they are reset for it.
    session.review_wanted.connect(on_case, Qt.ConnectionType.SingleShotConnection)


def _lay_masks(session: Session, link: ViewLink) -> None:
    for kind in KINDS:
        text = link.masks.get(kind)
        if text is None or ((shown := _mask_path(session, kind)) is not None and str(shown) == text):
            continue
        if Path(text).is_file():
            commands.open_mask(session, Path(text), kind=kind)
        else:
            error = FileMissing(f"{text} is no longer there", hint=f"Open the {kind} by hand.", path=Path(text))
            session.problem.emit(error)


def _mask_path(session: Session, kind: Kind) -> Path | None:
    """The file of a shown mask; None without one, and for the case's own truth, which comes with it."""
    mask = session.layers.mask(kind)
    own = session.case.truth if session.case is not None and kind == "truth" else None
    return None if mask is None or mask is own or mask.source is None else mask.source.path


def _display_of(session: Session, panes: PaneGrid) -> dict[str, object]:
    view, layers = session.view, session.layers
    return {
        "convention": view.convention,
        "sagittal_nose": view.sagittal_nose,
        "interpolation": view.interpolation,
        "layout": view.layout,
        "layout_plane": view.layout_plane,
        "maximised": view.maximised or "",
        "active": panes.active,
        "are_annotations_visible": view.annotations_visible,
        "is_crosshair_visible": view.crosshair_switched_on,
        "are_scene_planes_visible": view.scene_planes_visible,
        "lightbox_mm": view.lightbox_mm,
        "opacity": layers.opacity,
        "outline": layers.outline,
        "mode": layers.mode,
        "region": layers.region,
        "palette": layers.palette,
        "is_hidden": layers.hidden,
        "is_truth_visible": layers.is_visible("truth"),
        "is_prediction_visible": layers.is_visible("prediction"),
    }


def _show_display(session: Session, link: ViewLink) -> None:
    view, layers, wanted = session.view, session.layers, link.display
    view.set_convention(wanted["convention"])
    view.set_sagittal_nose(wanted["sagittal_nose"])
    view.set_interpolation(wanted["interpolation"])
    view.set_lightbox_mm(wanted["lightbox_mm"])
    view.set_layout(wanted["layout"], wanted["layout_plane"])
    view.set_maximised(wanted["maximised"] or None)
    for is_on, name, toggle in (
        (view.annotations_visible, "are_annotations_visible", view.toggle_annotations),
        (view.crosshair_switched_on, "is_crosshair_visible", view.toggle_crosshair),
        (view.scene_planes_visible, "are_scene_planes_visible", view.toggle_scene_planes),
        (layers.hidden, "is_hidden", layers.toggle_hidden),
    ):
        if is_on != wanted[name]:
            toggle()
    layers.set_opacity(wanted["opacity"])
    layers.set_outline(wanted["outline"])
    layers.set_mode(wanted["mode"])
    layers.set_region(wanted["region"])
    layers.set_palette(wanted["palette"])
    for kind in KINDS:
        layers.set_visible(kind, visible=wanted[f"is_{kind}_visible"])
