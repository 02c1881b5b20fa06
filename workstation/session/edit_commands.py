"""The verbs that edit: what the pen, the panel and the menu call. They know the session and no widget.

What takes longer than a frame is computed in a thread on a copy of the labels; if they were changed meanwhile, it is
computed again on what they have become.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication

from workstation.core.boxes import Box
from workstation.core.drawing import polygon_mask, stroke_mask
from workstation.core.label_operations import filled_region, interpolated_slices, smoothed_label, without_islands
from workstation.session.session import Session

Voxel = tuple[int, int, int]
Work = Callable[[np.ndarray], tuple[Box, np.ndarray]]


def paint_way(session: Session, start: Sequence[float], stop: Sequence[float], *, axis: int, label: int) -> None:
    """Draw with the brush from one place to another, as part of a stroke.

    Parameters
    ----------
    session : Session
    start, stop : sequence of float
        Voxel indices, not rounded.
    axis : int
        The slice lies across it; a ball does not mind.
    label : int
        0 erases.
    """
    case, tools = session.case, session.editing.tools
    if case is None:
        return
    found = stroke_mask(
        start,
        stop,
        radius_mm=tools.radius_mm,
        zooms=case.grid.zooms,
        shape=case.grid.shape,
        axis=None if tools.is_ball else axis,
    )
    if found is not None:
        box, mask = found
        session.editing.paint(box, mask & _allowed(session, box), label)


def draw_polygon(session: Session, vertices: np.ndarray, *, axis: int, index: int, label: int) -> None:
    """Give a label (0 erases) to the voxels of one slice inside a polygon.

    Parameters
    ----------
    session : Session
    vertices : (n, 3) ndarray
        Voxel indices, not rounded.
    axis, index : int
        The slice: across which axis, and where.
    label : int
    """
    case = session.case
    if case is None:
        return
    within = [each for each in range(3) if each != axis]
    shape = case.grid.shape
    found = polygon_mask(vertices[:, within], (shape[within[0]], shape[within[1]]))
    if found is None:
        return
    sides = dict(zip(within, found[0], strict=True)) | {axis: slice(index, index + 1)}
    box = (sides[0], sides[1], sides[2])
    mask = np.expand_dims(found[1], axis) & _allowed(session, box)
    session.editing.begin_stroke()
    session.editing.paint(box, mask, label)
    session.editing.end_stroke("polygon")


def fill(session: Session, voxel: Voxel, *, axis: int, label: int) -> None:
    """Give a label (0 erases) to what hangs together with a voxel and has its label, in its slice or in 3D."""
    case, tools = session.case, session.editing.tools
    if case is None:
        return
    plane = None if tools.is_ball else axis
    limits = intensity_range(session)
    volume = case.sequences[session.view.sequence].data if limits is not None else None

    def work(labels: np.ndarray) -> tuple[Box, np.ndarray]:
        allowed = None if volume is None or limits is None else (volume >= limits[0]) & (volume <= limits[1])
        box, mask = filled_region(labels, voxel, axis=plane, allowed=allowed)
        return box, np.where(mask, np.uint8(label), labels[box])

    _compute(session, "fill", work, _tr("Filling..."))


def pick_label(session: Session, voxel: Voxel) -> None:
    """Draw from now on with the label of a voxel: of the mask that is edited, else of the truth."""
    editing = session.editing
    labels, truth = editing.labels(), session.layers.mask("truth")
    scheme = editing.scheme
    if labels is None or scheme is None:
        return
    found = int(labels[voxel])
    if not found and truth is not None and truth.scheme.name == scheme.name:
        found = int(truth.data[voxel])
    if found in scheme.labels:
        editing.tools.set_label(found)


def interpolate(session: Session, *, axis: int) -> None:
    """Draw the label in the slices between those where it was drawn; the slices lie across `axis`."""
    case, label = session.case, session.editing.tools.label
    if case is None:
        return
    zooms = case.grid.zooms

    def work(labels: np.ndarray) -> tuple[Box, np.ndarray]:
        box, mask = interpolated_slices(labels, label, axis=axis, zooms=zooms)
        return box, np.where(mask, np.uint8(label), labels[box])

    _compute(session, "interpolation", work, _tr("Interpolating..."))


def remove_islands(session: Session) -> None:
    """Give small islands of the label to what surrounds them."""
    case, tools = session.case, session.editing.tools
    if case is None:
        return
    # A hair less, so that 0.1 ml of voxels of 1 mm3 are 100 voxels and not 101.
    smallest = math.ceil(tools.island_ml / case.grid.voxel_ml - 1e-6)
    label = tools.label
    _compute(
        session,
        "islands",
        lambda labels: without_islands(labels, label, smallest_voxels=smallest),
        _tr("Removing islands..."),
    )


def smooth(session: Session) -> None:
    """Smooth the surface of the label."""
    case, tools = session.case, session.editing.tools
    if case is None:
        return
    label, sigma_mm, zooms = tools.label, tools.sigma_mm, case.grid.zooms
    _compute(
        session,
        "smoothing",
        lambda labels: smoothed_label(labels, label, sigma_mm=sigma_mm, zooms=zooms),
        _tr("Smoothing..."),
    )


def intensity_range(session: Session) -> tuple[float, float] | None:
    """The intensities of the shown sequence that are drawn on; None if there is no limit."""
    tools, sequence = session.editing.tools, session.view.sequence
    if not tools.is_limited or session.case is None:
        return None
    return tools.range_of(sequence) or session.view.window(sequence)


def edit_words(verb: str) -> str:
    """What an edit is called in the menu: "Undo brush stroke"."""
    return {
        "brush": _tr("brush stroke"),
        "eraser": _tr("eraser stroke"),
        "polygon": _tr("polygon"),
        "fill": _tr("fill"),
        "interpolation": _tr("interpolation"),
        "islands": _tr("removal of islands"),
        "smoothing": _tr("smoothing"),
    }.get(verb, verb)


def _allowed(session: Session, box: Box) -> np.ndarray | np.bool_:
    """Which voxels of a box may be drawn on."""
    limits, case = intensity_range(session), session.case
    if limits is None or case is None:
        return np.True_
    values = case.sequences[session.view.sequence].data[box]
    allowed: np.ndarray = (values >= limits[0]) & (values <= limits[1])
    return allowed


def _compute(session: Session, verb: str, work: Work, words: str) -> None:
    editing, case = session.editing, session.case
    labels = editing.labels()
    if labels is None:
        return
    revision, labels = editing.revision, labels.copy(order="K")

    def answer(found: tuple[Box, np.ndarray]) -> None:
        if session.case is not case:
            return
        if editing.revision != revision or editing.is_drawing:
            _compute(session, verb, work, words)
        else:
            editing.change(verb, *found)

    session.background.ask("edit", lambda: work(labels), answer, words=words)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Edits", text)
