"""The verbs of the window: what menus, keys, buttons and drops call. They know the session and no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workstation.core.case import CaseFiles, DataSet
from workstation.core.requests import SegmentRequest
from workstation.core.volume import LabelMap
from workstation.errors import AmbiguousScheme, GeometryError, LayoutError, WorkstationError
from workstation.io.export import export_label_map
from workstation.io.layouts import find_case, open_dataset
from workstation.io.nifti import guess_content
from workstation.session.loading import LoadedCase, focus_of, load_for_display, load_mask
from workstation.session.session import Session
from workstation.session.settings import remember_path


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a path turned out to be."""

    data_set: DataSet | None = None
    loaded: LoadedCase | None = None
    prediction: LabelMap | None = None
    mask: Path | None = None
    problem: WorkstationError | None = None


def open_paths(session: Session, paths: Sequence[Path]) -> None:
    """Open what several paths hold: one as `open_path` does; several cases as a data set of their own."""
    if len(paths) == 1:
        open_path(session, paths[0])
        return

    def question() -> tuple[DataSet, LoadedCase]:
        cases = {(files.name, files.layout): files for path in paths for files in _cases_of(path.resolve())}
        ordered = tuple(sorted(cases.values(), key=lambda files: files.name))
        return DataSet("selection", paths[0].parent, ordered[0].layout, ordered), load_for_display(ordered[0])

    def answer(opened: tuple[DataSet, LoadedCase]) -> None:
        session.take_data_set(opened[0])
        session.take_case(opened[1])
        session.review_wanted.emit()

    session.background.ask("case", question, answer)


def open_path(session: Session, path: Path, *, truth: Path | None = None, prediction: Path | None = None) -> None:
    """Open what a path holds: a data set, a case, an image, or (with a case open) a mask.

    Parameters
    ----------
    session : Session
    path : Path
    truth, prediction : Path or None
        Masks to lay over the case at once.
    """
    has_case = session.case is not None

    def answer(opened: _Opened) -> None:
        if opened.mask is not None:
            kind = "truth" if session.layers.truth is None and "pred" not in opened.mask.name else "prediction"
            open_mask(session, opened.mask, kind=kind)
            return
        remember_path(path)
        session.take_data_set(opened.data_set)
        if opened.loaded is not None:
            session.take_case(opened.loaded, prediction=opened.prediction)
            session.review_wanted.emit()
        if opened.problem is not None:
            session.problem.emit(opened.problem)
        if truth is not None:
            open_mask(session, truth, kind="truth")

    session.background.ask("case", lambda: _open(path, prediction, has_case=has_case), answer)


def open_case(session: Session, files: CaseFiles) -> None:
    """Open a case of the data set."""

    def answer(loaded: LoadedCase) -> None:
        session.take_case(loaded)
        session.review_wanted.emit()

    session.background.ask("case", lambda: load_for_display(files), answer)


def step_case(session: Session, by: int) -> None:
    """Open the next (1) or previous (-1) case of the data set; stays at the ends."""
    names = [files.name for files in session.case_files]
    if session.case is None or session.case.name not in names:
        return
    index = names.index(session.case.name) + by
    if 0 <= index < len(names):
        open_case(session, session.case_files[index])


def open_mask(
    session: Session, path: Path, *, kind: str, scheme: str | None = None, may_resample: bool = False
) -> None:
    """Lay a mask over the open case.

    Parameters
    ----------
    session : Session
    path : Path
    kind : {"truth", "prediction"}
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
        if isinstance(mask, AmbiguousScheme):
            session.scheme_wanted.emit(path, kind)
        elif isinstance(mask, GeometryError):
            session.resampling_wanted.emit(path, kind, mask)
        elif isinstance(mask, LabelMap):
            _take_mask(session, mask, kind)

    session.background.ask(f"mask {kind}", question, answer)


def export_mask(session: Session, out: Path, *, kind: str = "prediction") -> None:
    """Write a mask of the open case on its source's grid; says so only after reading it back."""
    mask = session.layers.prediction if kind == "prediction" else session.layers.truth
    if mask is None:
        session.problem.emit(LayoutError(f"there is no {kind} to export", hint="Open or compute one first."))
        return
    image = next(iter(session.case.sequences.values())) if session.case else None
    like = mask.source or (image.source if image else None)

    def answer(path: Path) -> None:
        session.notice.emit(f"Exported {path} ({mask.scheme.title}); read back and compared.")

    session.background.ask("export", lambda: export_label_map(mask, out, like=like), answer)


def jump_to_largest(session: Session) -> None:
    """Go to the slice where the tumour is largest: of the prediction, or of the truth where there is none."""
    position = focus_of(session.layers.prediction) or focus_of(session.layers.truth)
    if position is not None:
        session.jump_to(position)


def step_sequence(session: Session, by: int) -> None:
    """Show the next or previous sequence, round and round."""
    names: Sequence[str] = session.view.sequences
    if session.view.sequence in names:
        session.view.set_sequence(names[(names.index(session.view.sequence) + by) % len(names)])


def segment_open_case(session: Session, model: Path, *, threshold: float = 0.5) -> str | None:
    """Start a run that segments the open case; its mask shows itself when it is finished.

    Returns
    -------
    str or None
        Name of the run; None if it could not be started (the session says why).
    """
    if session.case is None:
        session.problem.emit(LayoutError("there is no case to segment", hint="Open a case first."))
        return None
    image = next(iter(session.case.files.sequences.values())).path
    try:
        request = SegmentRequest(model=str(model), cases=(str(image),), threshold=threshold)
        name = session.runs.start(request, label=session.case.name)
    except WorkstationError as error:
        session.problem.emit(error)
        return None
    session.notice.emit(f"Segmenting {session.case.name} in the background; the mask shows itself when it is ready.")
    return name


def show_finished_mask(session: Session, path: Path) -> None:
    """Lay the mask of a finished segmentation over its case, if that is the open one; else say where it is."""
    if session.case is not None and path.name.startswith(session.case.name):
        open_mask(session, path, kind="prediction")
        session.notice.emit(f"The segmentation of {session.case.name} is ready.")
        session.review_wanted.emit()
    else:
        session.notice.emit(f"A segmentation is ready: {path}")


def _open(path: Path, prediction: Path | None, *, has_case: bool) -> _Opened:
    """Find out what a path is, and read it."""
    path = path.resolve()
    if path.is_dir():
        data_set = open_dataset(path)
        files = data_set.cases[0]
        found = data_set if len(data_set.cases) > 1 else None
    else:
        files, found = find_case(path), None
        is_own_truth = files.truth is not None and files.truth.path == path
        is_alone = not is_own_truth and len(files.sequences) == 1
        if has_case and (is_own_truth or is_alone) and guess_content(path) == "label":
            return _Opened(mask=path)
    loaded = load_for_display(files)
    if prediction is None:
        return _Opened(found, loaded)
    try:
        return _Opened(found, loaded, load_mask(prediction.resolve(), loaded.case))
    except WorkstationError as error:
        return _Opened(found, loaded, problem=error)


def _cases_of(path: Path) -> tuple[CaseFiles, ...]:
    return open_dataset(path).cases if path.is_dir() else (find_case(path),)


def _take_mask(session: Session, mask: LabelMap, kind: str) -> None:
    if kind == "truth":
        session.layers.set_truth(mask)
    else:
        session.layers.set_prediction(mask)
    session.layers.set_visible(kind, visible=True)
