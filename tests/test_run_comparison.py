"""Folders of masks of any tool against each other: whose names are whose, which labels they have, what is written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from workstation.cli import main
from workstation.core.case import DataSet
from workstation.core.labels import scheme_named
from workstation.core.requests import SegmentRequest
from workstation.core.volume import LabelMap
from workstation.errors import LayoutError
from workstation.io import score_cache
from workstation.io.files import side_car_of
from workstation.io.layouts import open_dataset
from workstation.io.matching import case_named_by, identifiers_of, masks_of_cases
from workstation.io.nifti import read_label_map
from workstation.io.nifti_writing import write_label_map
from workstation.io.phantoms import write_phantoms
from workstation.io.run_comparison import compare_folders
from workstation.io.runs import RunFolder, default_runs_root
from workstation.io.tables import read_table

BRATS = ("BraTS-GLI-00006-000", "BraTS-GLI-00006-001", "BraTS-GLI-00012-000")


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    write_phantoms(tmp_path / "set", cases=3, shape=(24, 24, 24), layout="brats2021", seed=1)
    return open_dataset(tmp_path / "set")


def write_masks(data: DataSet, folder: Path, *, shift: int, ending: str = ".nii.gz") -> Path:
    """Every truth, moved by some voxels along the first axis."""
    for case in data.cases:
        assert case.truth is not None
        truth = read_label_map(case.truth, scheme=scheme_named("brats2021"))
        moved = LabelMap("m", np.roll(truth.data, shift, axis=0), truth.grid, truth.scheme)
        folder.mkdir(parents=True, exist_ok=True)
        write_label_map(folder / f"{case.name}{ending}", moved)
    return folder


@pytest.mark.parametrize(
    ("mask", "case"),
    [
        ("BraTS-GLI-00006-000.nii.gz", BRATS[0]),
        ("BraTS-GLI-00006-001_prediction.nii.gz", BRATS[1]),
        ("00006-001.nii.gz", BRATS[1]),
        ("output_00012_000.nii.gz", BRATS[2]),
        ("team7-00012-000-seg.nii.gz", BRATS[2]),
        ("BraTS-GLI-00006-000_entropy.nii.gz", None),
        ("fold-1-00012-000-2.nii.gz", BRATS[2]),
        ("00006-000_00012-000.nii.gz", None),
        ("00006.nii.gz", None),
        ("100012-000.nii.gz", None),
        ("00012-0001.nii.gz", None),
        ("other.nii.gz", None),
    ],
)
def test_the_name_of_a_mask_says_whose_it_is(mask: str, case: str | None) -> None:
    assert case_named_by(Path(mask), BRATS, identifiers_of(BRATS)) == case


def test_numbers_that_two_cases_share_say_nothing() -> None:
    assert identifiers_of(["siteA_0007", "siteB_0007", "siteB_0008"]) == {"0008": "siteB_0008"}


def test_masks_of_no_case_are_told(data: DataSet, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LayoutError, match="none of the masks"):
        masks_of_cases(data, tmp_path / "empty")


def test_a_moved_mask_is_worse_than_the_truth_itself(data: DataSet, tmp_path: Path) -> None:
    same, moved = write_masks(data, tmp_path / "a", shift=0), write_masks(data, tmp_path / "b", shift=2)
    steps: list[tuple[int, int]] = []
    found = compare_folders(data, same, moved, report=lambda done, total, _text: steps.append((done, total)))
    paired = found.paired("WT", "dice")
    assert (paired.wins, paired.losses, len(paired.pairs)) == (0, 3, 3)
    assert all(pair.a == 1 for pair in paired.pairs)
    assert steps[-1] == (6, 6)
    assert found.masks[data.cases[0].name][1].parent == moved


def test_only_cases_that_both_have_are_compared(data: DataSet, tmp_path: Path) -> None:
    a, b = write_masks(data, tmp_path / "a", shift=0), write_masks(data, tmp_path / "b", shift=1)
    (a / f"{data.cases[0].name}.nii.gz").unlink()
    (b / f"{data.cases[1].name}.nii.gz").unlink()
    found = compare_folders(data, a, b)
    assert list(found.masks) == [data.cases[2].name]
    assert (found.only_a, found.only_b) == ((data.cases[1].name,), (data.cases[0].name,))


def test_labels_of_another_tool_are_those_of_its_dataset_json(data: DataSet, tmp_path: Path) -> None:
    folder = tmp_path / "nnunet"
    folder.mkdir()
    for case in data.cases:
        assert case.truth is not None
        truth = read_label_map(case.truth, scheme=scheme_named("brats2021"))
        # nnU-Net's own BraTS conversion: oedema 1, necrosis 2, enhancing 3.
        data_of = np.select([truth.data == 2, truth.data == 1, truth.data == 4], [1, 2, 3]).astype(np.uint8)
        write_label_map(folder / f"{case.name}.nii.gz", LabelMap("m", data_of, truth.grid, scheme_named("msd")))
    labels = {"background": 0, "edema": 1, "non-enhancing": 2, "enhancing": 3}
    (folder / "dataset.json").write_text(json.dumps({"labels": labels}))
    found = compare_folders(data, folder, write_masks(data, tmp_path / "b", shift=0))
    assert {region: found.paired(region, "dice").a.lowest for region in ("WT", "TC", "ET")} == {
        "WT": 1.0,
        "TC": 1.0,
        "ET": 1.0,
    }


def test_what_was_scored_is_not_scored_again_until_a_file_changes(
    data: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = write_masks(data, tmp_path / "a", shift=0), write_masks(data, tmp_path / "b", shift=1)
    first = compare_folders(data, a, b)
    measured: list[Path] = []
    real = score_cache.kept_scores

    def counting(truth: Path, prediction: Path, measure: object, *, asked: str = "") -> object:
        return real(truth, prediction, lambda: measured.append(prediction) or measure(), asked=asked)

    monkeypatch.setattr("workstation.io.cohort_report.kept_scores", counting)
    second = compare_folders(data, a, b)
    assert measured == []
    assert second.paired("WT", "hd95_mm") == first.paired("WT", "hd95_mm")
    write_masks(data, b, shift=2)
    compare_folders(data, a, b)
    assert {path.parent for path in measured} == {b}
    assert len(measured) == 3


def test_what_was_scored_is_scored_again_where_a_side_car_says_that_labels_mean_something_else(
    data: DataSet, tmp_path: Path
) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    for case in data.cases:
        assert case.truth is not None
        truth = read_label_map(case.truth, scheme=scheme_named("brats2021"))
        # Core 1, oedema 2: all that the enhancing tumour adds to the core.
        core_and_oedema = np.where(truth.data == 4, 1, truth.data).astype(np.uint8)
        write_label_map(folder / f"{case.name}.nii.gz", LabelMap("m", core_and_oedema, truth.grid, truth.scheme))
    assert compare_folders(data, folder, folder).paired("TC", "dice").a.lowest == 1.0
    for mask in folder.glob("*.nii.gz"):
        # In this scheme 1 is oedema and 2 is core, which are nowhere where the truth has them.
        side_car_of(mask).write_text('{"scheme": "msd"}')
    assert compare_folders(data, folder, folder).paired("TC", "dice").a.highest == 0.0


def test_a_damaged_entry_of_the_cache_is_measured_again(data: DataSet, tmp_path: Path) -> None:
    a, b = write_masks(data, tmp_path / "a", shift=0), write_masks(data, tmp_path / "b", shift=1)
    first = compare_folders(data, a, b)
    for path in (score_cache.cache_folder() / "scores").iterdir():
        path.write_text('{"WT": 3}')
    assert compare_folders(data, a, b).paired("WT", "dice") == first.paired("WT", "dice")


def test_the_command_compares_a_run_with_a_folder(
    data: DataSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunFolder.create(default_runs_root(), SegmentRequest(model="/m", cases=("/c",)), label="s")
    write_masks(data, run.predictions, shift=0, ending="_prediction.nii.gz")
    b = write_masks(data, tmp_path / "theirs", shift=2)
    words = ["compare", run.name, str(b), "--truth", str(data.root), "--csv", str(tmp_path / "out.csv")]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["a"], found["b"], found["cases"]) == (run.name, "theirs", 3)
    whole = found["regions"]["WT"]["dice"]
    assert (whole["worse"], whole["better"], whole["n"]) == (3, 0, 3)
    # The smallest p that three pairs can have: 2 of 2**3 assignments of signs.
    assert whole["wilcoxon_p"] == pytest.approx(0.25)
    rows = read_table(tmp_path / "out.csv")
    assert len(rows) == 3 * len(found["regions"])
    assert main(words) == 0
    assert "where B got worse comes first" in capsys.readouterr().out
