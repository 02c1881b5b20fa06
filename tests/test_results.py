"""Pairs found, read and scored; the table as JSON and CSV; the published figures of the reference pairs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from workstation.core.geometry import Grid
from workstation.errors import FileMissing, GeometryError, LayoutError
from workstation.io.files import write_json
from workstation.io.nifti_writing import write_volume
from workstation.io.results import as_json, evaluate, pair_files, write_csv

GRID = Grid((10, 10, 10), np.diag([-1.0, -1.0, 2.0, 1.0]))


def write_labels(path: Path, **slabs: tuple[int, int, int]) -> Path:
    """A mask with slabs (first slice, end, value) of 100 voxels a slice along the first axis."""
    data = np.zeros(GRID.shape, dtype=np.uint8)
    for start, stop, value in slabs.values():
        data[start:stop] = value
    write_volume(path, data, GRID)
    return path


def test_regions_are_scored_by_hand_counted_figures(tmp_path: Path) -> None:
    truth = write_labels(tmp_path / "A_seg.nii.gz", oedema=(0, 4, 2), core=(4, 6, 1), rim=(6, 7, 4))
    prediction = write_labels(tmp_path / "A.nii.gz", oedema=(0, 3, 2), core=(3, 6, 1), rim=(6, 8, 4))
    (result,) = evaluate(prediction, truth)
    # WT 7 and 8 slices, 7 shared; TC 3 and 5, 3 shared; ET 1 and 2, 1 shared. A slice is 100 voxels of 0.002 ml.
    assert result.regions["WT"].dice == pytest.approx(14 / 15)
    assert result.regions["TC"].dice == pytest.approx(6 / 8)
    assert result.regions["ET"].dice == pytest.approx(2 / 3)
    assert result.regions["ET"].precision == pytest.approx(1 / 2)
    assert result.regions["TC"].truth_ml == pytest.approx(3 * 100 * 0.002)
    assert result.regions["TC"].prediction_ml == pytest.approx(5 * 100 * 0.002)


def test_a_whole_tumour_mask_is_scored_on_that_region_alone(tmp_path: Path) -> None:
    truth = write_labels(tmp_path / "A_seg.nii.gz", oedema=(0, 4, 2), rim=(4, 5, 4))
    prediction = write_labels(tmp_path / "A.nii.gz", tumour=(0, 5, 1))
    write_json(tmp_path / "A.json", {"scheme": "region:WT"})
    (result,) = evaluate(prediction, truth)
    assert list(result.regions) == ["WT"]
    assert result.regions["WT"].dice == 1.0


def test_the_region_of_a_plain_mask_can_be_named(tmp_path: Path) -> None:
    truth = write_labels(tmp_path / "A_seg.nii.gz", oedema=(0, 4, 2), rim=(4, 5, 4))
    prediction = write_labels(tmp_path / "A.nii.gz", tumour=(4, 5, 1))
    (result,) = evaluate(prediction, truth, region="ET")
    assert {name: scores.dice for name, scores in result.regions.items()} == {"ET": 1.0}


def test_two_empty_regions_count_as_one_and_a_missed_one_as_zero(tmp_path: Path) -> None:
    truth = write_labels(tmp_path / "A_seg.nii.gz", oedema=(0, 4, 2))
    prediction = write_labels(tmp_path / "A.nii.gz", oedema=(0, 4, 2), core=(4, 5, 1))
    (result,) = evaluate(prediction, truth)
    assert result.regions["ET"].dice == 1.0
    assert result.regions["TC"].dice == 0.0


def test_folders_are_paired_by_the_longest_case_name(tmp_path: Path) -> None:
    for name in ("A", "A_1", "B"):
        write_labels(tmp_path / "truth" / f"{name}_seg.nii.gz", oedema=(0, 4, 2))
    for name in ("A_1_prediction", "A-shifted", "B"):
        write_labels(tmp_path / "masks" / f"{name}.nii.gz", oedema=(0, 4, 2))
    pairs = {one.name: other.name for one, other in pair_files(tmp_path / "masks", tmp_path / "truth")}
    assert pairs == {
        "A-shifted.nii.gz": "A_seg.nii.gz",
        "A_1_prediction.nii.gz": "A_1_seg.nii.gz",
        "B.nii.gz": "B_seg.nii.gz",
    }


def test_a_prediction_without_truth_is_named(tmp_path: Path) -> None:
    write_labels(tmp_path / "truth" / "A_seg.nii.gz", oedema=(0, 4, 2))
    write_labels(tmp_path / "masks" / "AB.nii.gz", oedema=(0, 4, 2))
    with pytest.raises(LayoutError, match=r"AB\.nii\.gz") as caught:
        pair_files(tmp_path / "masks", tmp_path / "truth")
    assert "begin with the name of its case" in caught.value.hint


def test_different_grids_are_refused(tmp_path: Path) -> None:
    truth = write_labels(tmp_path / "A_seg.nii.gz", oedema=(0, 4, 2))
    write_volume(tmp_path / "A.nii.gz", np.zeros((10, 10, 10), np.uint8), Grid((10, 10, 10), np.eye(4)))
    with pytest.raises(GeometryError, match="different voxel grids"):
        evaluate(tmp_path / "A.nii.gz", truth)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="nothing"):
        evaluate(tmp_path / "nothing.nii.gz", tmp_path / "nothing_seg.nii.gz")


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    truth = write_labels(tmp_path / "A_seg.nii.gz", oedema=(0, 4, 2), rim=(4, 5, 4))
    prediction = write_labels(tmp_path / "A.nii.gz", oedema=(0, 3, 2), rim=(4, 5, 4))
    results = evaluate(prediction, truth)
    write_csv(tmp_path / "table.csv", results)
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["region"]: float(row["dice"]) for row in csv.DictReader(file)}
    (case,) = as_json(results)["cases"]
    assert rows == {region: scores["dice"] for region, scores in case["regions"].items()}
    assert list(rows) == ["WT", "TC", "ET"]
    assert [(value, label["name"]) for value, label in case["labels"].items()][1] == ("2", "oedema")


def test_what_is_undefined_is_null_and_an_empty_cell(tmp_path: Path) -> None:
    truth = write_labels(tmp_path / "A_seg.nii.gz", oedema=(0, 4, 2))
    prediction = write_labels(tmp_path / "A.nii.gz", oedema=(0, 4, 2), rim=(4, 5, 4))
    results = evaluate(prediction, truth)
    # No truth of ET: a mean distance to nothing is none.
    assert as_json(results)["cases"][0]["regions"]["ET"]["assd_mm"] is None
    write_csv(tmp_path / "table.csv", results, with_labels=True)
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        cells = {row["region"]: row["assd_mm"] for row in csv.DictReader(file)}
    assert list(cells) == ["WT", "TC", "ET", "label 1", "label 2", "label 4"]
    assert cells["ET"] == ""
    assert float(cells["label 2"]) == 0.0


@pytest.mark.real
def test_the_reference_pairs_agree_with_the_published_code(real_cases: Path, mask_pairs: Path) -> None:
    """All figures of rachitsaluja/BraTS-2023-Metrics, commit 43c9052, preset BraTS-GLI."""
    pairs = json.loads((mask_pairs / "expected.json").read_text(encoding="utf-8"))
    assert len(pairs) == 9
    for pair in pairs:
        truth = real_cases / pair["truth"].removesuffix("_seg.nii.gz") / pair["truth"]
        (result,) = evaluate(mask_pairs / pair["prediction"], truth)
        for expected in pair["results"]:
            scores = result.regions[expected.pop("region")]
            for name, value in expected.items():
                tolerance = 1e-3 if name.endswith(("_mm", "_ml")) else 1e-6
                assert getattr(scores, name) == pytest.approx(value, abs=tolerance), (pair["prediction"], name)
