"""A folder of masks against a data set: figures of every case, and what they amount to; as a table too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from workstation.core.case import CaseFiles, DataSet
from workstation.core.cohort import BlandAltman, BoxPlot, bland_altman, box_plot
from workstation.core.labels import REGION_NAMES, LabelScheme
from workstation.core.volume import LabelMap
from workstation.errors import AmbiguousScheme, WorkstationError
from workstation.io.case_report import Scores, scores_of
from workstation.io.cases import mask_onto, read_mask
from workstation.io.export_batch import Report, ShouldStop
from workstation.io.files import stated_scheme
from workstation.io.layouts import scheme_beside
from workstation.io.nifti import read_label_map
from workstation.io.provenance import ReviewMark, Reviews, versions
from workstation.io.score_cache import kept_scores
from workstation.io.tables import write_table


@dataclass(frozen=True, slots=True)
class CohortRow:
    """One case.

    Parameters
    ----------
    case : str
    prediction : str
        Its file's name; empty without one.
    scores : mapping
        Of each region; empty where it could not be scored.
    problem : str
        Why it could not be.
    review : ReviewMark or None
    """

    case: str
    prediction: str
    scores: Scores
    problem: str = ""
    review: ReviewMark | None = None

    @property
    def mean_dice(self) -> float:
        """Over its regions; NaN where it was not scored."""
        values = [each["dice"] for each in self.scores.values()]
        return sum(values) / len(values) if values else math.nan


@dataclass(frozen=True, slots=True)
class CohortFacts:
    """Figures of many cases.

    Parameters
    ----------
    name : str
        Of the data set.
    predictions : str
        What the masks are called together.
    rows : tuple of CohortRow
        Scored cases, the worst first (by mean Dice over the regions), then the others by name.
    is_stopped : bool
        Whether the work was stopped before the last case.
    versions : mapping of str to str
    created : str
        ISO 8601, UTC.
    """

    name: str
    predictions: str
    rows: tuple[CohortRow, ...]
    is_stopped: bool
    versions: Mapping[str, str]
    created: str

    @property
    def scored(self) -> tuple[CohortRow, ...]:
        """The cases that were scored."""
        return tuple(row for row in self.rows if row.scores)

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that any case was scored in."""
        return tuple(name for name in REGION_NAMES if any(name in row.scores for row in self.rows))

    def values(self, region: str, figure: str) -> list[float]:
        """A figure of the cases scored in a region, the worst case first."""
        return [row.scores[region][figure] for row in self.scored if figure in row.scores.get(region, {})]

    def box(self, region: str, figure: str) -> BoxPlot:
        """A figure of a region over cases."""
        return box_plot(self.values(region, figure))

    def agreement(self, region: str) -> BlandAltman:
        """Volumes of truth and prediction, ml."""
        return bland_altman(self.values(region, "truth_ml"), self.values(region, "prediction_ml"))


def gather_cohort(
    data: DataSet,
    masks: Mapping[str, Sequence[Path]],
    *,
    name: str,
    reviews: Reviews = lambda _name: None,
    report: Report = lambda _done, _total, _text: None,
    should_stop: ShouldStop = lambda: False,
) -> CohortFacts:
    """Score masks against the truths of a data set; a case that cannot be scored stops no other.

    Parameters
    ----------
    data : DataSet
    masks : mapping of str to sequence of Path
        The predictions of each case; a case with several is not scored.
    name : str
        What they are called together, such as the name of their folder.
    reviews : callable
    report : callable
        Gets (cases done, cases, name of the next).
    should_stop : callable
        Asked often; what was scored is kept.
    """
    rows: list[CohortRow] = []
    for done, case in enumerate(data.cases):
        if should_stop():
            break
        report(done, len(data.cases), case.name)
        try:
            rows.append(_row(case, masks.get(case.name, []), reviews(case.name), should_stop))
        except CancelledError:
            break
    report(len(rows), len(data.cases), "")
    rows.sort(key=lambda row: (not row.scores, row.mean_dice if row.scores else 0.0, row.case))
    return CohortFacts(
        data.name,
        name,
        tuple(rows),
        len(rows) < len(data.cases),
        versions(),
        datetime.now(UTC).isoformat(timespec="seconds"),
    )


def write_cohort_table(path: Path, facts: CohortFacts) -> None:
    """Write one row per case and region as CSV, the worst case first; a case without scores has one row."""
    figures = list(dict.fromkeys(name for row in facts.rows for each in row.scores.values() for name in each))
    columns = ("case", "prediction", "region", *figures, "problem", "decision", "reviewer", "reviewed", "note")
    rows: list[dict[str, object]] = []
    for row in facts.rows:
        fixed: dict[str, object] = {"case": row.case, "prediction": row.prediction, "problem": row.problem}
        if row.review is not None:
            fixed |= {"decision": row.review.decision, "reviewer": row.review.reviewer}
            fixed |= {"reviewed": row.review.date, "note": row.review.note}
        rows += [{**fixed, "region": name, **_defined(each)} for name, each in row.scores.items()] or [fixed]
    write_table(path, columns, rows)


def _defined(scores: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in scores.items()}


def _row(case: CaseFiles, masks: Sequence[Path], review: ReviewMark | None, should_stop: ShouldStop) -> CohortRow:
    name = masks[0].name if masks else ""
    if case.truth is None or len(masks) != 1:
        problem = "no truth" if case.truth is None else "no prediction" if not masks else "several predictions"
        return CohortRow(case.name, name, {}, problem, review)
    try:
        measure = partial(_measured, case, case.truth.path, masks[0], should_stop)
        scores = kept_scores(case.truth.path, masks[0], measure, asked=_schemes(case, case.truth.path, masks[0]))
        return CohortRow(case.name, name, scores, "", review)
    except WorkstationError as error:
        return CohortRow(case.name, name, {}, error.message, review)


def _measured(case: CaseFiles, truth_path: Path, mask: Path, should_stop: ShouldStop) -> Scores:
    truth = read_mask(truth_path, scheme=case.scheme_name)
    prediction = mask_onto(_read_prediction(mask, truth.scheme), truth.grid, image_path=truth_path)
    return scores_of(truth, prediction, should_stop=should_stop)


def _schemes(case: CaseFiles, truth_path: Path, mask: Path) -> str:
    """What says how the labels are read and stands in other files than the masks."""
    of_truth = case.scheme_name or stated_scheme(truth_path) or case.layout
    return f"{of_truth};{_stated(mask) or ''}"


def _stated(mask: Path) -> str | None:
    return stated_scheme(mask) or scheme_beside(mask)


def _read_prediction(path: Path, truth_scheme: LabelScheme) -> LabelMap:
    try:
        return read_mask(path, scheme=_stated(path))
    except AmbiguousScheme:
        return read_label_map(path, scheme=truth_scheme)
