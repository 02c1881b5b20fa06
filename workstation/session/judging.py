"""What the pages that judge ask of a session: start batches, score and compare masks beside the window, show cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from workstation.core.case import CaseFiles, DataSet
from workstation.errors import LayoutError, WorkstationError
from workstation.io.cohort_report import CohortFacts, gather_cohort
from workstation.io.export_batch import Report, ShouldStop
from workstation.io.matching import masks_of_cases
from workstation.io.nifti import case_of_mask, image_stem
from workstation.io.run_comparison import Comparison, compare_folders, name_of_masks
from workstation.session import commands
from workstation.session.opening import Kind
from workstation.session.session import Session

WHICH = ("all", "shown", "missing")
"""Cases of a batch: all, those that the worklist shows, those without a prediction."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Masks against the truths of a data set.

    Parameters
    ----------
    facts : CohortFacts
    masks : mapping of str to Path
        By case.
    """

    facts: CohortFacts
    masks: Mapping[str, Path]


def cases_of(session: Session, which: str) -> tuple[CaseFiles, ...]:
    """The cases of a batch; `which` is one of `WHICH`."""
    if session.data_set is None:
        return ()
    if which == "shown":
        return tuple(entry.files for entry in session.worklist.shown)
    if which == "missing":
        return tuple(entry.files for entry in session.worklist.entries if entry.prediction is None)
    return session.data_set.cases


def evaluate_folder(session: Session, folder: Path, answer: Callable[[Evaluation], None]) -> None:
    """Score the masks of a folder against the open data set, as a task that can be watched and stopped."""
    data = session.data_set
    if data is None:
        session.problem.emit(_no_data_set())
        return

    def work(report: Report, should_stop: ShouldStop) -> Evaluation:
        masks = masks_of_cases(data, folder)
        part = _with_masks(data, masks)
        facts = gather_cohort(part, masks, name=name_of_masks(folder), report=report, should_stop=should_stop)
        return Evaluation(facts, {case: paths[0] for case, paths in masks.items()})

    session.tasks.start(_tr("Evaluating {0}").format(name_of_masks(folder)), work, answer)


def compare_masks(session: Session, a: Path, b: Path, answer: Callable[[Comparison], None]) -> None:
    """Compare two folders of masks of the open data set, as a task that can be watched and stopped."""
    data = session.data_set
    if data is None:
        session.problem.emit(_no_data_set())
        return

    def work(report: Report, should_stop: ShouldStop) -> Comparison:
        return compare_folders(data, a, b, report=report, should_stop=should_stop)

    session.tasks.start(_tr("Comparing {0} with {1}").format(name_of_masks(a), name_of_masks(b)), work, answer)


def show_case(session: Session, name: str, masks: Mapping[Kind, Path]) -> None:
    """Open a case of the data set in Review, with masks laid over it.

    Parameters
    ----------
    session : Session
    name : str
        Of the case.
    masks : mapping of kind to Path
        "prediction", "second".
    """
    files = next((each for each in session.case_files if each.name == name), None)
    if files is None:
        hint = _tr("Open the data set that the masks belong to.")
        session.problem.emit(LayoutError(_tr("{0} is not in the open data set").format(name), hint=hint))
        return

    def lay() -> None:
        for kind, path in masks.items():
            # A blinded reader's prediction is held back by itself; a second one would betray it.
            if kind == "prediction" or not session.worklist.is_blinded:
                commands.open_mask(session, path, kind=kind)

    commands.open_case(session, files, then=lay)


def take_masks(session: Session, paths: Sequence[Path]) -> None:
    """Make the masks of a finished batch the predictions of the worklist's cases."""
    names = {entry.files.name: entry.name for entry in session.worklist.entries}
    found = {}
    for path in paths:
        # Ours are named after their cases; the search is for the others.
        stem = image_stem(path).removesuffix("_prediction")
        case = stem if stem in names else case_of_mask(path, names)
        if case is not None:
            found[names[case]] = path
    session.worklist.attach(found)
    words = _tr("{0} masks are ready; {1} of them are predictions of the worklist now.")
    session.notice.emit(words.format(len(paths), len(found)))


def _with_masks(data: DataSet, masks: Mapping[str, Sequence[Path]]) -> DataSet:
    return DataSet(data.name, data.root, data.layout, tuple(case for case in data.cases if case.name in masks))


def _no_data_set() -> WorkstationError:
    return LayoutError(_tr("there is no data set open"), hint=_tr("Open one in Data, or drop its folder here."))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Judge", text)
