"""The verbs that start runs other than trainings: segment the open case, or many; measure."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication

from workstation.core.requests import BenchRequest, ProfileRequest, SeamsRequest, SegmentRequest
from workstation.errors import LayoutError, WorkstationError
from workstation.session.session import Session


def segment_open_case(
    session: Session, model: Path, *, threshold: float = 0.0, flips: bool = False, entropy: bool = False
) -> str | None:
    """Start a run that segments the open case; its mask shows itself when it is finished.

    Parameters
    ----------
    session : Session
    model : Path
        Its folder.
    threshold : float
        0 takes the model's own.
    flips, entropy : bool
        Average the eight flips of the volume; write a map of where the model is unsure.

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
        request = SegmentRequest(
            model=str(model), cases=(str(image),), threshold=threshold, flips=flips, entropy=entropy
        )
        name = session.runs.start(request, label=session.case.name)
    except WorkstationError as error:
        session.problem.emit(error)
        return None
    words = _tr("Segmenting {} in the background; the mask shows itself when it is ready.")
    session.notice.emit(words.format(session.case.name))
    return name


def start_measurement(session: Session, request: ProfileRequest | BenchRequest | SeamsRequest) -> str:
    """Start a run that measures; `WorkstationError` if it cannot be.

    Returns
    -------
    str
        Name of the run.
    """
    label = Path(request.case).name.split(".nii")[0] if isinstance(request, SeamsRequest) else request.name
    return session.runs.start(request, label=f"{request.kind}-{label}" if label else request.kind)


def start_batch(session: Session, request: SegmentRequest) -> str:
    """Start a run that segments many cases; `WorkstationError` if it cannot be.

    Returns
    -------
    str
        Its name.
    """
    data = session.data_set
    return session.runs.start(request, label=f"batch-{data.name if data else 'cases'}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("Starting", text)
