"""Decisions as CSV and JSON: every case, every reader, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from workstation.core.review import CaseFigures, Decision, ReviewedMask
from workstation.io.review_export import COLUMNS, review_json, review_rows, write_review_csv, write_review_json

CASES = ("C1", "C2", "C3")
HISTORY = (
    Decision("C2", "Ben", "rejected", "wrong label", seconds=4.0, number=1),
    Decision("C1", "Ada", "flagged", number=2),
    Decision("C2", "Ada", "accepted", mask=ReviewedMask("/p/C2.nii.gz", "cd" * 32), seconds=2.25, number=3),
    Decision("C1", "Ada", "accepted", note="after all", number=4),
    Decision("C9", "Ada", "accepted", number=5),
    Decision("C1", "Ben", "accepted", number=6),
)
FIGURES = {"C2": CaseFigures("x", {"WT": 0.75, "ET": 0.5}, 20.0, 18.5)}


def test_a_row_for_every_case_and_reader_in_the_order_of_the_list() -> None:
    rows = review_rows(CASES, HISTORY, FIGURES)
    assert [(row["case"], row["reader"], row["status"]) for row in rows] == [
        ("C1", "Ada", "accepted"),
        ("C1", "Ben", "accepted"),
        ("C2", "Ada", "accepted"),
        ("C2", "Ben", "rejected"),
        ("C3", "", "unread"),
    ]
    second = rows[2]
    assert (second["dice_wt"], second["dice_tc"], second["dice_et"]) == (0.75, None, 0.5)
    assert (second["mask_path"], second["mask_sha256"], second["seconds"]) == ("/p/C2.nii.gz", "cd" * 32, 2.25)


def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path) -> None:
    notes = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", 'plain "quoted", with comma', "line\nbreak")
    cases = tuple(f"C{number}" for number in range(len(notes)))
    history = [Decision(case, "=Ada", "accepted", note=note) for case, note in zip(cases, notes, strict=True)]
    path = tmp_path / "out.csv"
    write_review_csv(path, review_rows(cases, history, {"C0": CaseFigures("x", {}, None, 2.5)}))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["note"] for row in rows] == [*(f"'{note}" for note in notes[:5]), "'\nx", *notes[6:]]
    assert rows[0]["reader"] == "'=Ada"
    assert rows[0]["prediction_ml"] == "2.5"
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\n"))]


def test_json_holds_state_history_and_agreement(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    write_review_json(path, CASES, HISTORY, FIGURES)
    found = json.loads(path.read_text())
    assert found == json.loads(json.dumps(review_json(CASES, HISTORY, FIGURES)))
    assert (found["cases"], found["read"]) == (3, 2)
    assert [each["number"] for each in found["history"]] == [1, 2, 3, 4, 5, 6]
    (agreement,) = found["agreement"]
    # C1 both accept; C2 Ada accepts, Ben rejects: p_o = 1/2, p_e = 1 * 1/2 + 0 = 1/2, kappa 0.
    assert (agreement["both_accept"], agreement["only_first_accepts"], agreement["cases"]) == (1, 1, 2)
    assert agreement["differing"] == ["C2"]
    assert (agreement["share"], agreement["kappa"]) == (0.5, 0.0)
