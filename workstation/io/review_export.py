"""Decisions as tables and as JSON, for spreadsheets, papers and the next training set."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workstation.core.agreement import Agreement, agreements_of
from workstation.core.labels import REGIONS
from workstation.core.review import CaseFigures, Decision, latest_of
from workstation.io.files import write_json
from workstation.io.tables import write_table

COLUMNS = (
    *("case", "reader", "status", "reason", "note", "decided_at", "opened_at", "seconds", "is_blinded"),
    *("mask_path", "mask_sha256", "dice_wt", "dice_tc", "dice_et", "truth_ml", "prediction_ml"),
)


def review_rows(
    cases: Sequence[str], decisions: Iterable[Decision], figures: Mapping[str, CaseFigures]
) -> list[dict[str, Any]]:
    """One row per case and reader that decided on it, and one per case that nobody did; in the order of `cases`.

    Parameters
    ----------
    cases : sequence of str
        Names; decisions about others are left out.
    decisions : iterable of Decision
        In the order of their numbers.
    figures : mapping of str to CaseFigures
    """
    by_case: dict[str, list[Decision]] = {}
    for (case, _), decision in sorted(latest_of(decisions).items()):
        by_case.setdefault(case, []).append(decision)
    return [
        _row(decision, figures.get(case))
        for case in cases
        for decision in by_case.get(case, [Decision(case, "", "unread")])
    ]


def write_review_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows of `review_rows` as CSV.

    Raises
    ------
    ExportError
        The file cannot be written.
    """
    write_table(path, COLUMNS, rows)


def review_json(
    cases: Sequence[str], decisions: Sequence[Decision], figures: Mapping[str, CaseFigures]
) -> dict[str, Any]:
    """The object of `workstation worklist --json`: state per case, the whole history, agreement of readers."""
    rows = review_rows(cases, decisions, figures)
    read = {row["case"] for row in rows if row["status"] in ("accepted", "corrected", "rejected")}
    return {
        "cases": len(cases),
        "read": len(read),
        "rows": rows,
        "history": [dataclasses.asdict(decision) for decision in decisions],
        "agreement": [_agreement_facts(each) for each in agreements_of(decisions)],
    }


def write_review_json(
    path: Path, cases: Sequence[str], decisions: Sequence[Decision], figures: Mapping[str, CaseFigures]
) -> None:
    """Write `review_json`; `ExportError` if the file cannot be written."""
    write_json(path, review_json(cases, decisions, figures))


def _row(decision: Decision, figures: CaseFigures | None) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(decision, name, None) for name in COLUMNS}
    row["seconds"] = round(decision.seconds, 3)
    if decision.mask is not None:
        row["mask_path"], row["mask_sha256"] = decision.mask.path, decision.mask.sha256
    if figures is not None:
        row.update({f"dice_{name.lower()}": figures.dice.get(name) for name in REGIONS})
        row["truth_ml"], row["prediction_ml"] = figures.truth_ml, figures.prediction_ml
    return row


def _agreement_facts(agreement: Agreement) -> dict[str, Any]:
    facts = dataclasses.asdict(agreement)
    facts["differing"] = list(agreement.differing)
    ratios = {"share": agreement.share, "kappa": agreement.kappa}
    return facts | {"cases": agreement.cases} | {k: None if math.isnan(v) else v for k, v in ratios.items()}
