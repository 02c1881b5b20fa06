"""`workstation worklist`: the list, JSON, CSV, predictions and figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from small_cases import truth_path, write_cases, write_shifted

from workstation.cli import main
from workstation.core.case import DataSet
from workstation.core.review import Decision
from workstation.io.review_store import ReviewStore, review_path


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    return write_cases(tmp_path / "data", cases=2)


def decide(data: DataSet) -> None:
    with ReviewStore(review_path(data.root)) as store:
        store.decide(Decision(data.cases[0].name, "Ada", "accepted", note="=1"))
        store.decide(Decision(data.cases[0].name, "Ben", "rejected", "wrong label"))
        store.decide(Decision(data.cases[1].name, "Ada", "rejected", "misses tumour"))
        store.decide(Decision(data.cases[1].name, "Ben", "rejected", "misses tumour"))


def test_a_set_that_nobody_read_is_listed_and_left_alone(data: DataSet, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["worklist", str(data.root)]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == "0 of 2 cases read"
    assert told.count("unread") == 2
    assert not review_path(data.root).exists()


def test_decisions_and_agreement_are_listed(data: DataSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decide(data)
    out = tmp_path / "out.csv"
    assert main(["worklist", str(data.root), "--csv", str(out)]) == 0
    told = capsys.readouterr().out
    # p_o = 1/2; p_e = (1/2)(0) + (1/2)(1) = 1/2; kappa = 0.
    assert "Ada and Ben: one verdict on 1 of 2 cases, Cohen's kappa 0.000" in told
    assert "2 of 2 cases read" in told
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["reader"], row["status"], row["note"]) for row in rows[:2]] == [
        ("Ada", "accepted", "'=1"),
        ("Ben", "rejected", ""),
    ]


def test_json_holds_one_reader_if_asked(data: DataSet, capsys: pytest.CaptureFixture[str]) -> None:
    decide(data)
    assert main(["worklist", str(data.root), "--reader", "Ben", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["reader"] for row in found["rows"]} == {"Ben"}
    assert (found["cases"], found["read"], found["agreement"]) == (2, 2, [])
    assert found["store"] == str(review_path(data.root))


def test_predictions_are_attached_and_measured(
    data: DataSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_shifted(truth_path(data.cases[0]), tmp_path / "masks" / f"{data.cases[0].name}.nii.gz")
    words = ["worklist", str(data.root), "--predictions", str(tmp_path / "masks"), "--measure", "--json"]
    assert main(words) == 0
    first, second = json.loads(capsys.readouterr().out)["rows"]
    assert 0 < first["dice_wt"] < 1
    assert first["prediction_ml"] == pytest.approx(first["truth_ml"])
    assert (second["dice_wt"], second["prediction_ml"]) == (None, None)
    assert second["truth_ml"] > 0


def test_a_damaged_store_ends_with_1_and_a_hint(data: DataSet, capsys: pytest.CaptureFixture[str]) -> None:
    path = review_path(data.root)
    path.parent.mkdir()
    path.write_bytes(b"nothing of use" * 100)
    assert main(["worklist", str(data.root)]) == 1
    told = capsys.readouterr().err
    assert "is damaged" in told
    assert "Move the file away" in told
