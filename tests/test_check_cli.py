"""`workstation check` and `workstation split`: what they print, and how they exit."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from workstation.cli import main
from workstation.io.phantoms import write_phantoms
from workstation.io.splits import read_manifest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_phantoms(tmp_path / "set", cases=3, shape=(24, 24, 24), layout="brats2021", seed=1)
    return tmp_path / "set"


def spoil(root: Path) -> None:
    """An identity affine on the mask of the second case."""
    seg = root / "Phantom_00002" / "Phantom_00002_seg.nii.gz"
    nib.save(nib.Nifti1Image(np.asarray(nib.load(seg).dataobj), np.eye(4)), seg)


def test_a_clean_data_set_exits_with_0(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(root)]) == 0
    output = capsys.readouterr().out
    assert "3 cases, 3 without errors" in output
    assert "Nothing was found." in output


def test_warnings_exit_with_0(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "Phantom_00001" / "Phantom_00001_t2.nii.gz").unlink()
    assert main(["check", str(root)]) == 0
    output = capsys.readouterr().out
    assert "WARNING  Cases that lack a sequence (1 case)" in output
    assert "Phantom_00001: lacks T2" in output


def test_an_unusable_case_exits_with_1(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(root)
    assert main(["check", str(root), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["unusable"] == ["Phantom_00002"]
    assert [(each["severity"], each["kind"]) for each in told["findings"]] == [("error", "mask-grid")]
    assert told["findings"][0]["mend"] == "copy-geometry"


def test_csv_has_a_line_for_each_place(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(root)
    (root / "Phantom_00001" / "Phantom_00001_t2.nii.gz").unlink()
    (root / "Phantom_00003" / "Phantom_00003_t2.nii.gz").unlink()
    assert main(["check", str(root), "--csv"]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["severity"], row["case"], row["parts"]) for row in rows] == [
        ("error", "Phantom_00002", "truth"),
        ("warning", "Phantom_00001", "T2"),
        ("warning", "Phantom_00003", "T2"),
    ]


def test_names_give_no_orders_to_the_terminal(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = root / "x"
    folder.mkdir()
    for path in (root / "Phantom_00001").iterdir():
        (folder / f"a\x1b[31m\nb_{path.name.rsplit('_', 1)[1]}").symlink_to(path)
    main(["check", str(root)])
    output = capsys.readouterr().out
    assert "\x1b" not in output
    assert "a�[31m�b" in output


def test_a_split_is_saved_and_checked_for_leaks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_phantoms(tmp_path / "set", cases=4, shape=(16, 16, 16), layout="brats2023", seed=1)
    # Phantoms 1 and 2 become two examinations of one patient.
    second = tmp_path / "set" / "Phantom-GLI-00002-000"
    for path in list(second.iterdir()):
        path.rename(second / path.name.replace("00002-000", "00001-001"))
    out = tmp_path / "split.json"
    options = ["--validation", "0.25", "--test", "0.25", "--seed", "3"]
    assert main(["split", str(tmp_path / "set"), str(out), *options]) == 0
    manifest = read_manifest(out)
    assert len(manifest.files) == 4
    capsys.readouterr()
    main(["check", str(tmp_path / "set"), "--split", str(out), "--json"])
    assert "leak" not in {each["kind"] for each in json.loads(capsys.readouterr().out)["findings"]}
    torn = json.loads(out.read_text())
    parts = torn["parts"]
    names = [name for part in parts.values() for name in part]
    first, other = "Phantom-GLI-00001-000", "Phantom-GLI-00001-001"
    torn["parts"] = {"train": [name for name in names if name != other], "validation": [], "test": [other]}
    out.write_text(json.dumps(torn))
    main(["check", str(tmp_path / "set"), "--split", str(out), "--json"])
    (leak,) = (each for each in json.loads(capsys.readouterr().out)["findings"] if each["kind"] == "leak")
    assert [place["case"] for place in leak["places"]] == [first, other]


def test_folds_are_written_a_file_each(root: Path, tmp_path: Path) -> None:
    assert main(["split", str(root), str(tmp_path / "cv.json"), "--folds", "3", "--test", "0", "--level"]) == 0
    held = [read_manifest(tmp_path / f"cv-fold{number}of3.json").split.validation for number in (1, 2, 3)]
    assert sorted(name for names in held for name in names) == ["Phantom_00001", "Phantom_00002", "Phantom_00003"]


def test_the_papers_split_of_three_cases_is_refused(root: Path, tmp_path: Path) -> None:
    assert main(["split", str(root), str(tmp_path / "x.json"), "--paper"]) == 1
    assert not (tmp_path / "x.json").exists()
