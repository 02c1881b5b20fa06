"""Reports from files to files: read, measured, drawn, written; for a thread of the window and for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workstation.core.case import CaseFiles, DataSet
from workstation.gui.report.blocks import Document
from workstation.gui.report.case_page import case_document
from workstation.gui.report.case_pictures import Style
from workstation.gui.report.cohort_page import cohort_document
from workstation.gui.report.scene import scene_picture
from workstation.gui.report.words import tr
from workstation.gui.report.writing import require_ending, write_document
from workstation.io.case_report import CaseInput, gather_case
from workstation.io.cohort_report import CohortFacts, gather_cohort, write_cohort_table
from workstation.io.export_batch import Report, ShouldStop
from workstation.io.matching import masks_of_cases
from workstation.io.provenance import ReviewMark, Reviews
from workstation.session.loading import load_for_display, load_mask

_STEPS = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a report says how far it is, and asks whether to go on.

    Parameters
    ----------
    report : callable
        Gets (steps done, steps, what is being done).
    should_stop : callable
    """

    report: Report = lambda _done, _total, _text: None
    should_stop: ShouldStop = lambda: False


def read_input(
    files: CaseFiles, *, truth: Path | None, prediction: Path | None, review: ReviewMark | None = None
) -> CaseInput:
    """Read a case and the masks to report on.

    Raises
    ------
    InputError
        A file cannot be read, or a mask does not lie on the case's grid.
    """
    loaded = load_for_display(files)
    if loaded.problem is not None and truth is None:
        raise loaded.problem
    case = loaded.case
    return CaseInput(
        case,
        truth=load_mask(truth, case) if truth else case.truth,
        prediction=load_mask(prediction, case) if prediction else None,
        review=review,
    )


def make_case_report(
    given: CaseInput, outs: Sequence[Path], *, style: Style | None = None, progress: Progress | None = None
) -> None:
    """Write the report of a case, once for each name.

    Parameters
    ----------
    given : CaseInput
    outs : sequence of Path
        Ending in .pdf or .html.
    style : Style or None
    progress : Progress or None

    Raises
    ------
    ExportError
        A file cannot be written, or has another ending.
    CancelledError
        It was stopped; nothing is written.
    """
    progress = progress or Progress()
    for out in outs:
        require_ending(out)
    _step(progress, 0, tr("measuring"))
    facts = gather_case(given, should_stop=progress.should_stop)
    _step(progress, 1, tr("drawing"))
    scene = partial(scene_picture, should_stop=progress.should_stop)
    document = case_document(facts, style or Style(), scene=scene)
    _step(progress, 2, tr("writing"))
    _write(document, outs)
    progress.report(_STEPS, _STEPS, "")


def make_cohort_report(
    data: DataSet,
    predictions: Path | Mapping[str, Path],
    outs: Sequence[Path],
    *,
    reviews: Reviews = lambda _name: None,
    progress: Progress | None = None,
) -> CohortFacts:
    """Write the report of masks against a data set, once for each name.

    Parameters
    ----------
    data : DataSet
    predictions : Path or mapping of str to Path
        A folder of masks whose names begin with those of their cases, or the mask of each case.
    outs : sequence of Path
        Ending in .pdf, .html or .csv.
    reviews : callable
        What was decided about a case.
    progress : Progress or None
        If it stops the work, what was scored until then is written, and says so.

    Raises
    ------
    ExportError
        A file cannot be written, or has another ending.
    InputError
        There are no masks of these cases.
    """
    progress = progress or Progress()
    tables = [out for out in outs if out.suffix.lower() == ".csv"]
    documents = [out for out in outs if out not in tables]
    for out in documents:
        require_ending(out)
    if isinstance(predictions, Path):
        masks, name = masks_of_cases(data, predictions), predictions.resolve().name
    else:
        masks, name = {case: [mask] for case, mask in predictions.items()}, tr("those of the worklist")
    facts = gather_cohort(
        data,
        masks,
        name=name,
        reviews=reviews,
        report=progress.report,
        should_stop=progress.should_stop,
    )
    for out in tables:
        write_cohort_table(out, facts)
    if documents:
        _write(cohort_document(facts), documents)
    return facts


def _step(progress: Progress, done: int, words: str) -> None:
    if progress.should_stop():
        raise CancelledError
    progress.report(done, _STEPS, words)


def _write(document: Document, outs: Sequence[Path]) -> None:
    for out in outs:
        write_document(document, out)
