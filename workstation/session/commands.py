"""The verbs of the window: what menus, keys, buttons and drops call. They know the session and no widget.

Those that start runs are in `session/starting.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from workstation.core.case import CaseFiles
from workstation.core.selection import Selection
from workstation.core.volume import LabelMap
from workstation.errors import AmbiguousScheme, FileMissing, GeometryError, LayoutError, WorkstationError
from workstation.io.export import Exported, export_label_map
from workstation.session.layers import Highlight
from workstation.session.loading import LoadedCase, Point, focus_of, load_for_display, load_mask, next_lesion_of
from workstation.session.opening import Kind, Opened, is_mask_of, open_all
from workstation.session.origins import origin_of
from workstation.session.prefetch import Wanted
from workstation.session.session import Session
from workstation.session.settings import remember_path

if TYPE_CHECKING:
    from workstation.core.error_atlas import ErrorComponent


def open_path(session: Session, path: Path, *, truth: Path | None = None, prediction: Path | None = None) -> None:
    """Open what one path holds, as `open_paths` does."""
    open_paths(session, [path], truth=truth, prediction=prediction)


def open_paths(
    session: Session,
    paths: Sequence[Path],
    *,
    truth: Path | None = None,
    prediction: Path | None = None,
    are_images: bool = False,
    then: Callable[[], None] = lambda: None,
) -> None:
    """Open what paths hold: data sets, cases, images; masks are laid over the case that is given with them or open.

    Parameters
    ----------
    session : Session
    paths : sequence of Path
        Several cases become a data set of their own.
    truth, prediction : Path or None
        Masks to lay over the first case at once.
    are_images : bool
        Open lone files as images even where they look like masks.
    then : callable
        Called once they are open; never if they cannot be, or if something else is opened meanwhile.
    """
    if not paths:
        return
    may_be_masks = session.case is not None and not are_images
    should_stop = session.background.stop_sign("case")

    def question() -> Opened:
        return open_all(paths, prediction=prediction, may_be_masks=may_be_masks, should_stop=should_stop)

    def answer(opened: Opened) -> None:
        _take_opened(session, opened, paths)
        if truth is not None:
            open_mask(session, truth, kind="truth")
        then()

    session.expect_case(None)
    words = paths[0].name if len(paths) == 1 else _tr("{} files and folders").format(len(paths))
    session.background.ask("case", question, answer, words=_tr("Opening {}...").format(words))


def open_case(session: Session, files: CaseFiles, *, then: Callable[[], None] = lambda: None) -> None:
    """Open a case of the data set, at once where it was read ahead; `then` is called as by `open_paths`."""
    should_stop = session.background.stop_sign("case")
    wanted = Wanted(files, session.worklist.prediction_of(files))
    keeps_view = session.case is not None

    def answer(loaded: LoadedCase) -> None:
        session.take_case(loaded, keeps_view=keeps_view)
        session.review_wanted.emit()
        then()

    def question() -> LoadedCase:
        if ahead is not None:
            return ahead.result()
        return load_for_display(files, prediction=wanted.prediction, should_stop=should_stop)

    session.expect_case(files)
    ahead = session.prefetch.take(wanted)
    if ahead is not None and ahead.done() and ahead.exception() is None:
        session.background.forget("case")
        answer(ahead.result())
    else:
        session.background.ask("case", question, answer, words=_tr("Opening {}...").format(files.name))


def step_case(session: Session, by: int) -> None:
    """Open the next (1) or previous (-1) case of the worklist, counted from the one that is being opened."""
    current = session.expected_case or (session.case.files if session.case else None)
    cases = [entry.files for entry in session.worklist.shown]
    if current is None or current not in cases:
        return
    index = cases.index(current) + by
    if 0 <= index < len(cases):
        open_case(session, cases[index])


def open_mask(
    session: Session, path: Path, *, kind: Kind, scheme: str | None = None, may_resample: bool = False
) -> None:
    """Lay a mask over the open case.

    Parameters
    ----------
    session : Session
    path : Path
    kind : {"truth", "prediction", "second"}
        A second mask is compared with the truth, or with the prediction where there is no truth.
    scheme : str or None
        Its label scheme; None recognises it. Where that cannot be, the session asks (`scheme_wanted`).
    may_resample : bool
        Whether a mask on another grid is resampled; where it is not, the session asks (`resampling_wanted`).
    """
    case = session.case
    if case is None:
        session.problem.emit(LayoutError("a mask needs a case to lie on", hint="Open the case first.", path=path))
        return

    def question() -> LabelMap | WorkstationError:
        try:
            return load_mask(path, case, scheme=scheme, may_resample=may_resample)
        except (AmbiguousScheme, GeometryError) as error:
            return error

    def answer(mask: LabelMap | WorkstationError) -> None:
        if session.case is not case:
            return
        if isinstance(mask, AmbiguousScheme):
            session.scheme_wanted.emit(path, kind)
        elif isinstance(mask, GeometryError):
            session.resampling_wanted.emit(path, kind, mask)
        elif isinstance(mask, LabelMap):
            session.lay_mask(kind, mask)
            entry = session.worklist.current
            if kind == "prediction" and entry is not None:
                session.worklist.attach({entry.name: path})

    session.background.ask(f"mask {kind}", question, answer, words=_tr("Opening {}...").format(path.name))


def export_mask(
    session: Session,
    out: Path,
    *,
    kind: str | None = None,
    selection: Selection | None = None,
    keeps_header: bool = False,
) -> None:
    """Write a mask of the open case on its source's grid; says so only after reading it back.

    Parameters
    ----------
    session : Session
    out : Path
        Ending in .nii or .nii.gz.
    kind : {"truth", "prediction", "second", "edited"} or None
        None is the mask that is judged.
    selection : Selection or None
        What of it; None writes it as it is.
    keeps_header : bool
        Whether to keep descriptions and extensions of the source's header, which may name a patient.
    """
    kind = kind or session.layers.pair[1]
    mask = session.layers.mask(kind)
    if mask is None:
        session.problem.emit(LayoutError(f"there is no {kind} mask to export", hint="Open or compute one first."))
        return
    image = next(iter(session.case.sequences.values())) if session.case else None
    like = mask.source or (image.source if image else None)
    origin = origin_of(session, kind)
    wanted = selection or Selection()

    def question() -> Exported:
        return export_label_map(wanted.of(mask), out, like=like, origin=origin, keeps_header=keeps_header)

    def answer(done: Exported) -> None:
        if wanted.is_whole:
            session.editing.note_saved(mask, done.mask)
        words = _tr("Exported {} ({}) with {}; read back and compared.")
        session.notice.emit(words.format(done.mask, done.label_map.scheme.title, done.side_car.name))

    session.background.ask("export", question, answer, words=_tr("Exporting {}...").format(out.name))


def jump_to_largest(session: Session, plane: str = "axial") -> None:
    """Go to the slice of a plane where the tumour is largest: of the prediction, or of the truth without one."""
    position = focus_of(session.layers.prediction, plane) or focus_of(session.layers.truth, plane)
    if position is not None:
        session.jump_to(position)


def jump_to_next_lesion(session: Session) -> None:
    """Go to the next connected part of the tumour, from the largest to the smallest and round again.

    Of the prediction, or of the truth where there is no tumour in it. Which one is next is counted from the part that
    the crosshair is in; from outside all of them it is the largest.
    """
    masks = [mask for mask in (session.layers.prediction, session.layers.truth) if mask is not None]
    cursor = session.view.cursor_mm

    def answer(position: Point | None) -> None:
        if position is not None:
            session.jump_to(position)

    session.background.ask("lesion", lambda: next_lesion_of(masks, cursor), answer)


def go_to_error(session: Session, error: ErrorComponent) -> None:
    """Look at an error: the crosshair jumps to its middle and the panes follow."""
    session.assessment.look_at(error)
    if session.case is not None:
        x, y, z = session.case.grid.to_world(error.voxel)
        session.jump_to((float(x), float(y), float(z)))


def step_error(session: Session, by: int) -> None:
    """Go to the next (1) or previous (-1) error that is listed, the largest first, round and round.

    Errors that were not looked for yet are; the step follows when they are there.
    """
    assessment = session.assessment
    if not assessment.is_possible:
        session.notice.emit(_tr("Errors need a truth and a prediction."))
    elif assessment.atlas is None:
        assessment.when_errors(lambda: step_error(session, by))
    elif not assessment.errors:
        words = _tr("There are no errors of {} voxels and more in {}.")
        where = assessment.region if assessment.errors_of == "regions" else _tr("any label")
        session.notice.emit(words.format(assessment.least_voxels, where))
    else:
        error = assessment.neighbour(by)
        if error is not None:
            go_to_error(session, error)


def toggle_diameters(session: Session) -> None:
    """Draw the diameters of enhancing tumour and go to their slice, or take them away."""
    diameters = session.diameters
    if diameters.lines is not None:
        diameters.clear()
        return

    def on_measured() -> None:
        lines = diameters.lines
        if lines is None:
            session.notice.emit(_tr("There is no enhancing tumour to measure."))
            return
        x, y, z = ((one + other) / 2 for one, other in zip(lines.longest_start, lines.longest_end, strict=True))
        session.jump_to((x, y, z))

    diameters.measure(on_measured)


def light_up_cell(session: Session, name: str, *, truth_value: int, prediction_value: int) -> None:
    """Light up the voxels of one cell of the confusion matrix in every pane.

    Parameters
    ----------
    session : Session
    name : str
        Of the cell, for people.
    truth_value, prediction_value : int
        Its labels; 0 is background.
    """
    truth, prediction = session.layers.truth, session.layers.prediction
    if truth is None or prediction is None:
        return

    def question() -> Highlight:
        from workstation.core.confusion import confusion_mask

        mask = confusion_mask(truth, prediction, truth_value=truth_value, prediction_value=prediction_value)
        return Highlight(name, mask)

    def answer(highlight: Highlight) -> None:
        if session.layers.truth is truth and session.layers.prediction is prediction:
            session.layers.set_highlight(highlight)

    session.background.ask("highlight", question, answer)


def step_sequence(session: Session, by: int) -> None:
    """Show the next or previous sequence, round and round."""
    names: Sequence[str] = session.view.sequences
    if session.view.sequence in names:
        session.view.set_sequence(names[(names.index(session.view.sequence) + by) % len(names)])


def open_difference(session: Session, path: Path, *, voxel: tuple[int, int, int] | None = None) -> None:
    """Open a map of differences as an image of its own, at the voxel where it is largest.

    Parameters
    ----------
    session : Session
    path : Path
    voxel : tuple of int or None
        (i, j, k) of the file.
    """
    if not path.is_file():
        hint = "Compare again, or look into the folder of the run."
        session.problem.emit(FileMissing(f"{path} is no longer there", hint=hint, path=path))
        return

    def jump() -> None:
        if session.case is not None and voxel is not None:
            x, y, z = session.case.grid.to_world(voxel)
            session.jump_to((float(x), float(y), float(z)))

    open_paths(session, [path], are_images=True, then=jump)


def show_finished_mask(session: Session, path: Path) -> None:
    """Lay the mask of a finished segmentation over its case, if that is the open one; else say where it is."""
    try:
        is_of_open_case = session.case is not None and is_mask_of(path, session.case.files)
    except WorkstationError as error:
        session.problem.emit(error)
        return
    if session.case is not None and is_of_open_case:
        open_mask(session, path, kind="prediction")
        session.notice.emit(_tr("The segmentation of {} is ready.").format(session.case.name))
        session.review_wanted.emit()
    else:
        session.notice.emit(_tr("A segmentation is ready: {}").format(path))
        _attach_by_side_car(session, path)


def _attach_by_side_car(session: Session, path: Path) -> None:
    """Keep a mask as the prediction of the worklist's case that it is of; with a thousand cases it takes a while."""
    data, entries = session.data_set, session.worklist.entries

    def answer(names: list[str]) -> None:
        if session.data_set is data:
            session.worklist.attach(dict.fromkeys(names, path))

    if entries:
        question = lambda: [each.name for each in entries if is_mask_of(path, each.files)]  # noqa: E731 - used once
        session.background.ask(f"case of {path}", question, answer, is_urgent=False)


def _take_opened(session: Session, opened: Opened, paths: Sequence[Path]) -> None:
    if opened.loaded is not None:
        session.take_data_set(opened.data_set)
        session.take_case(opened.loaded)
        session.review_wanted.emit()
        if len(paths) == 1:
            remember_path(paths[0])
    if opened.problem is not None:
        session.problem.emit(opened.problem)
    kinds = _kinds(session, opened.masks)
    for mask, kind in zip(opened.masks, kinds, strict=False):
        open_mask(session, mask, kind=kind)
    if opened.unsure is not None:
        session.content_wanted.emit(opened.unsure)


def _kinds(session: Session, masks: Sequence[Path]) -> list[Kind]:
    """What masks are taken for: the first one as truth where there is none and its name speaks of no prediction."""
    if session.layers.mask("truth") is not None or not masks or "pred" in masks[0].name.lower():
        return ["prediction"]
    return ["truth", "prediction"]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Commands", text)
