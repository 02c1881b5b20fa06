"""Hand-made mappings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workstation.errors import LabelError, LayoutError
from workstation.io.layouts import open_dataset


def make(root: Path, names: list[str], **mapping: object) -> Path:
    """Empty files and a mapping."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    root.mkdir(exist_ok=True)
    (root / "mapping.json").write_text(json.dumps(mapping))
    return root


def test_a_mapping_describes_any_folder(tmp_path: Path) -> None:
    names = ["P1/scan/axial_dark_fluid_3mm.nii.gz", "P1/truth.nii", "P2/scan/axial_dark_fluid.nii.gz", "P2/._x.nii.gz"]
    sequences = {"FLAIR": "{case}/scan/*dark_fluid*.nii.gz"}
    data_set = open_dataset(make(tmp_path, names, sequences=sequences, truth="{case}/truth.nii", scheme="msd"))
    first, second = data_set.cases
    assert (data_set.layout, first.name, second.name) == ("mapping", "P1", "P2")
    assert first.sequences["FLAIR"].path.name == "axial_dark_fluid_3mm.nii.gz"
    assert first.truth is not None
    assert second.truth is None
    assert first.scheme_name == "msd"


def test_a_case_name_may_stand_twice_in_a_pattern(tmp_path: Path) -> None:
    root = make(tmp_path, ["a/a_x.nii", "a/b_x.nii"], sequences={"T1": "{case}/{case}_x.nii"})
    (case,) = open_dataset(root).cases
    assert case.sequences["T1"].path.name == "a_x.nii"


def test_a_mapping_may_lie_elsewhere(tmp_path: Path) -> None:
    make(tmp_path / "data", ["a.nii"], sequences={"T1": "nothing/{case}.nii"})
    make(tmp_path / "mine", [], sequences={"T2": "{case}.nii"})
    (case,) = open_dataset(tmp_path / "data", mapping=tmp_path / "mine" / "mapping.json").cases
    assert tuple(case.sequences) == ("T2",)


def test_two_files_for_one_sequence_are_refused(tmp_path: Path) -> None:
    root = make(tmp_path, ["a/1.nii", "a/2.nii"], sequences={"T1": "{case}/*.nii"})
    with pytest.raises(LayoutError, match=r"1\.nii and 2\.nii"):
        open_dataset(root)


@pytest.mark.parametrize("sequences", [{}, [], None, {"PET": "{case}.nii"}, {"T1": "a.nii"}])
def test_a_mapping_that_says_nothing_useful_is_named(tmp_path: Path, sequences: object) -> None:
    with pytest.raises(LayoutError, match=r"mapping\.json") as caught:
        open_dataset(make(tmp_path, ["a.nii"], sequences=sequences))
    assert caught.value.hint


def test_an_unknown_scheme_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="brats1999"):
        open_dataset(make(tmp_path, ["a.nii"], sequences={"T1": "{case}.nii"}, scheme="brats1999"))


def test_a_mapping_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="no cases"):
        open_dataset(make(tmp_path, ["a.nii.gz"], sequences={"T1": "{case}.hdr"}))
