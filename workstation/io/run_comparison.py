"""Two folders of masks against the truths of a data set, paired case by case; the folders may be of any tool."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.core.case import DataSet
from workstation.core.paired import FIGURES, Paired, compare_pairs
from workstation.errors import LayoutError
from workstation.io.cohort_report import CohortFacts, gather_cohort
from workstation.io.export_batch import Report, ShouldStop
from workstation.io.matching import masks_of_cases
from workstation.io.tables import write_table


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it.

    Parameters
    ----------
    a, b : CohortFacts
        Of the cases that have a mask in both folders.
    only_a, only_b : tuple of str
        Cases with a mask in one of them.
    masks : mapping of str to (Path, Path)
        The masks of each case.
    """

    a: CohortFacts
    b: CohortFacts
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    masks: Mapping[str, tuple[Path, Path]]

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that both were scored in."""
        return tuple(name for name in self.a.regions if name in self.b.regions)

    def paired(self, region: str, figure: str) -> Paired:
        """A figure of a region, the case where B got worse the most first."""
        return compare_pairs(figure, _by_case(self.a, region, figure), _by_case(self.b, region, figure))

    def problems(self) -> dict[str, str]:
        """Why a case was not scored, by case."""
        rows = [*self.a.rows, *self.b.rows]
        return {row.case: row.problem for row in rows if row.problem}


def compare_folders(
    data: DataSet,
    a: Path,
    b: Path,
    *,
    report: Report = lambda _done, _total, _text: None,
    should_stop: ShouldStop = lambda: False,
) -> Comparison:
    """Score the cases that both folders have a mask of.

    Parameters
    ----------
    data : DataSet
        With truths.
    a, b : Path
        Folders of masks; see `io.matching` for their names.
    report : callable
        Gets (masks done, masks, what is being done).
    should_stop : callable

    Raises
    ------
    FileMissing, LayoutError
        A folder is not there, holds no mask of a case, or they have no case with a truth in common.
    """
    of_a, of_b = masks_of_cases(data, a), masks_of_cases(data, b)
    shared = tuple(case for case in data.cases if case.name in of_a and case.name in of_b and case.truth is not None)
    if not shared:
        words = f"{a} and {b} have masks of no case with a truth in common"
        raise LayoutError(words, hint="Choose folders with masks of the same data set.", path=a)
    part = DataSet(data.name, data.root, data.layout, shared)
    sides = [
        gather_cohort(
            part,
            masks,
            name=name_of_masks(folder),
            report=_counting(report, side, len(shared)),
            should_stop=should_stop,
        )
        for side, (folder, masks) in enumerate(((a, of_a), (b, of_b)))
    ]
    return Comparison(
        sides[0],
        sides[1],
        tuple(sorted(of_a.keys() - of_b.keys())),
        tuple(sorted(of_b.keys() - of_a.keys())),
        {case.name: (of_a[case.name][0], of_b[case.name][0]) for case in shared},
    )


def comparison_json(found: Comparison) -> dict[str, Any]:
    """The object that `workstation compare --json` prints; what is undefined is null."""
    return {
        "a": found.a.predictions,
        "b": found.b.predictions,
        "cases": len(found.masks),
        "only_a": list(found.only_a),
        "only_b": list(found.only_b),
        "problems": found.problems(),
        "regions": {
            region: {figure: _paired_json(found.paired(region, figure)) for figure in FIGURES}
            for region in found.regions
        },
    }


def write_comparison(path: Path, found: Comparison) -> None:
    """Write one row per case and region as CSV: every figure under A, under B, and the difference."""
    columns = [f"{figure}_{which}" for figure in FIGURES for which in ("a", "b", "difference")]
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for region in found.regions:
        for figure in FIGURES:
            for pair in found.paired(region, figure).pairs:
                row = rows.setdefault((region, pair.case), {"case": pair.case, "region": region})
                row |= {f"{figure}_a": pair.a, f"{figure}_b": pair.b, f"{figure}_difference": pair.difference}
    write_table(path, ["case", "region", *columns], rows.values())


def name_of_masks(folder: Path) -> str:
    """What the masks of a folder are called together: of a run's predictions the run, which says more."""
    folder = folder.resolve()
    return folder.parent.name if folder.name == "predictions" else folder.name


def _by_case(facts: CohortFacts, region: str, figure: str) -> dict[str, float]:
    return {row.case: row.scores.get(region, {}).get(figure, math.nan) for row in facts.scored}


def _paired_json(found: Paired) -> dict[str, Any]:
    def plain(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "lower_is_better": found.lower_is_better,
        "n": len(found.pairs),
        "mean_a": plain(found.a.mean),
        "mean_b": plain(found.b.mean),
        "median_a": plain(found.a.median),
        "median_b": plain(found.b.median),
        "mean_difference": plain(found.differences.mean),
        "median_difference": plain(found.differences.median),
        "better": found.wins,
        "worse": found.losses,
        "equal": found.ties,
        "wilcoxon_p": plain(found.p_value),
        "pairs": [{"case": each.case, "a": each.a, "b": each.b, "difference": each.difference} for each in found.pairs],
    }


def _counting(report: Report, side: int, cases: int) -> Report:
    """Count the masks of both sides as one piece of work."""
    return lambda done, _total, text: report(side * cases + done, 2 * cases, f"{'AB'[side]} {text}".strip())
