"""Layouts recognised from names alone, in every variant that has been met."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from image_files import labels, ramp, save

from workstation.core.case import SEQUENCES, ImageRef
from workstation.errors import FileMissing, ImageFormatError, InputError, LayoutError
from workstation.io.layouts import find_case, guess_sequence, open_dataset


def touch(root: Path, *names: str) -> Path:
    """Files without content: listing a data set must not open them."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return root


def describe(root: Path, **facts: object) -> None:
    """A dataset.json."""
    (root / "dataset.json").write_text(json.dumps(facts))


BRATS2021 = ("_t1", "_t1ce", "_t2", "_flair", "_seg")
BRATS2023 = ("-t1n", "-t1c", "-t2w", "-t2f", "-seg")


@pytest.mark.parametrize(
    ("layout", "endings"),
    [
        ("brats2021", BRATS2021),
        ("brats2021", ("_t1", "_t1gd", "_t2W", "_flair", "_seg")),
        ("brats2021", ("_T1", "_T1c", "_T2", "_FLAIR", "_seg")),
        ("brats2023", BRATS2023),
    ],
)
@pytest.mark.parametrize("is_flat", [False, True])
@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".hdr"])
def test_brats_names_are_recognised(
    tmp_path: Path, layout: str, endings: tuple[str, ...], is_flat: bool, ending: str
) -> None:
    for name in ("BraTS_002", "BraTS_001"):
        touch(tmp_path if is_flat else tmp_path / name, *(name + part + ending for part in endings))
    data_set = open_dataset(tmp_path)
    assert data_set.layout == layout
    assert [case.name for case in data_set.cases] == ["BraTS_001", "BraTS_002"]
    for case in data_set.cases:
        assert tuple(case.sequences) == SEQUENCES
        paths = [*(reference.path for reference in case.sequences.values()), case.truth.path if case.truth else None]
        assert [path.name if path else "" for path in paths] == [case.name + part + ending for part in endings]


def test_a_sequence_and_the_truth_may_be_absent(tmp_path: Path) -> None:
    touch(tmp_path, "a/a_flair.nii.gz", "a/a_t1.nii.gz")
    (case,) = open_dataset(tmp_path).cases
    assert tuple(case.sequences) == ("T1", "FLAIR")
    assert case.truth is None


def test_a_truth_alone_is_no_case(tmp_path: Path) -> None:
    with pytest.raises(LayoutError):
        open_dataset(touch(tmp_path, "a/a_seg.nii.gz"))


def test_files_that_another_system_left_are_ignored(tmp_path: Path) -> None:
    touch(tmp_path, "a/a_flair.nii.gz", "a/._a_t1.nii.gz", "a/.a_t2.nii.gz", "__MACOSX/a/._a_t1.nii.gz", ".b/b_t1.nii")
    (case,) = open_dataset(tmp_path).cases
    assert tuple(case.sequences) == ("FLAIR",)


def test_cases_below_a_few_folders_are_found(tmp_path: Path) -> None:
    touch(tmp_path, "train/HGG/a/a_flair.nii.gz", "train/LGG/b/b_flair.nii.gz")
    assert [case.name for case in open_dataset(tmp_path).cases] == ["a", "b"]


def test_thousands_of_cases_are_listed_without_opening_one(tmp_path: Path) -> None:
    for number in range(500):
        touch(tmp_path / f"c{number:04d}", f"c{number:04d}_flair.nii.gz", f"c{number:04d}_seg.nii.gz")
    # The files are empty: opening one would raise.
    assert len(open_dataset(tmp_path).cases) == 500


def make_msd(root: Path, **facts: object) -> Path:
    """Two labelled cases and one without."""
    touch(root, "imagesTr/BRATS_001.nii.gz", "imagesTr/BRATS_002.nii.gz", "imagesTs/BRATS_485.nii.gz")
    touch(root, "labelsTr/BRATS_001.nii.gz", "labelsTr/BRATS_002.nii.gz", "imagesTr/._BRATS_001.nii.gz")
    describe(root, **facts)
    return root


MSD_FACTS = {
    "modality": {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"},
    "labels": {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
}


def test_the_decathlons_task_01_is_recognised(tmp_path: Path) -> None:
    data_set = open_dataset(make_msd(tmp_path, **MSD_FACTS))
    assert data_set.layout == "msd"
    first, _, last = data_set.cases
    image = tmp_path / "imagesTr" / "BRATS_001.nii.gz"
    assert first.sequences == {
        "T1": ImageRef(image, 1),
        "T1c": ImageRef(image, 2),
        "T2": ImageRef(image, 3),
        "FLAIR": ImageRef(image, 0),
    }
    assert first.truth == ImageRef(tmp_path / "labelsTr" / "BRATS_001.nii.gz")
    assert first.scheme_name == "msd"
    assert (last.name, last.truth) == ("BRATS_485", None)


def test_the_channel_order_is_that_of_the_description(tmp_path: Path) -> None:
    facts = MSD_FACTS | {"modality": {"0": "T1w", "1": "T2w", "2": "FLAIR", "3": "T1gd"}}
    case = open_dataset(make_msd(tmp_path, **facts)).cases[0]
    assert {name: reference.channel for name, reference in case.sequences.items()} == {
        "T1": 0,
        "T1c": 3,
        "T2": 1,
        "FLAIR": 2,
    }


def test_another_task_of_the_decathlon_is_refused_with_its_channel(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="CT") as caught:
        open_dataset(make_msd(tmp_path, modality={"0": "CT"}))
    assert caught.value.hint


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_damaged_description_is_named(tmp_path: Path, content: str) -> None:
    make_msd(tmp_path)
    (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(InputError, match=r"dataset\.json"):
        open_dataset(tmp_path)


def make_nnunet(root: Path, **facts: object) -> Path:
    """One case of four files."""
    touch(root, *(f"imagesTr/case_7_{channel:04d}.nii.gz" for channel in range(4)), "labelsTr/case_7.nii.gz")
    if facts:
        describe(root, **facts)
    return root


def test_nnunet_channels_are_named_by_the_description(tmp_path: Path) -> None:
    facts = {"channel_names": {"0": "FLAIR", "1": "T1w", "2": "T1gd", "3": "T2w"}, "labels": {"background": 0}}
    data_set = open_dataset(make_nnunet(tmp_path, **facts))
    (case,) = data_set.cases
    assert (data_set.layout, case.name) == ("nnunet", "case_7")
    assert [reference.path.name[-11:-7] for reference in case.sequences.values()] == ["0001", "0002", "0003", "0000"]
    assert case.truth is not None


def test_nnunet_channels_without_a_description_are_in_its_own_order(tmp_path: Path) -> None:
    (case,) = open_dataset(make_nnunet(tmp_path)).cases
    assert [reference.path.name[-11:-7] for reference in case.sequences.values()] == ["0000", "0001", "0002", "0003"]
    assert case.scheme_name is None


@pytest.mark.parametrize(
    ("named", "scheme"),
    [
        ({"background": 0, "edema": 1, "non-enhancing tumor": 2, "enhancing tumor": 3}, "msd"),
        ({"background": 0, "NCR": 1, "edema": 2, "enhancing": 4}, "brats2021"),
        ({"background": 0, "NCR": 1, "SNFH": 2, "enhancing tumour": 3, "resection cavity": 4}, "brats2023"),
        ({"background": 0, "whole tumor": [1, 2, 3], "tumor core": [2, 3], "enhancing tumor": [3]}, "msd"),
        ({"background": 0, "whole tumor": [1, 2, 3], "tumor core": [1, 3], "enhancing tumor": 3}, "brats2023"),
        ({"background": 0, "tumour": 1}, None),
        ({"background": 0, "edema": 2, "enhancing": 1}, None),
    ],
)
def test_nnunet_labels_tell_the_scheme(tmp_path: Path, named: dict[str, object], scheme: str | None) -> None:
    (case,) = open_dataset(make_nnunet(tmp_path, labels=named)).cases
    assert case.scheme_name == scheme


def test_the_folder_of_images_means_the_whole(tmp_path: Path) -> None:
    assert open_dataset(make_msd(tmp_path, **MSD_FACTS) / "imagesTr").root == tmp_path


def test_a_description_of_something_else_does_not_hide_brats_names(tmp_path: Path) -> None:
    touch(tmp_path, "a/a_flair.nii.gz")
    describe(tmp_path, name="my data")
    assert open_dataset(tmp_path).layout == "brats2021"


def test_a_folder_without_cases_says_what_is_known(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt", "scan.nii.gz")
    with pytest.raises(LayoutError) as caught:
        open_dataset(tmp_path)
    assert "NAME_flair" in caught.value.hint


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match="nowhere"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(FileMissing, match="nowhere"):
        find_case(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["a_flair.nii.gz", "a_t1ce.nii.gz", "a_seg.nii.gz"])
def test_a_file_of_a_case_finds_the_case(tmp_path: Path, name: str) -> None:
    touch(tmp_path, *(f"a{part}.nii.gz" for part in BRATS2021), *(f"b{part}.nii.gz" for part in BRATS2021))
    case = find_case(tmp_path / name)
    assert case.name == "a"
    assert tuple(case.sequences) == SEQUENCES


@pytest.mark.parametrize("name", ["imagesTr/BRATS_002.nii.gz", "labelsTr/BRATS_002.nii.gz"])
def test_a_file_of_the_decathlon_finds_its_case(tmp_path: Path, name: str) -> None:
    case = find_case(make_msd(tmp_path, **MSD_FACTS) / name)
    assert case.name == "BRATS_002"
    assert case.truth is not None


def test_a_folder_of_one_case_is_a_case(tmp_path: Path) -> None:
    touch(tmp_path / "a", *(f"a{part}.nii.gz" for part in BRATS2023))
    assert find_case(tmp_path / "a").layout == "brats2023"


def test_a_folder_of_several_cases_is_none(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="2 cases"):
        find_case(touch(tmp_path, "a_flair.nii.gz", "b_flair.nii.gz"))


@pytest.mark.parametrize(
    ("name", "sequence"),
    [("scan", "scan"), ("patient 3 FLAIR", "FLAIR"), ("x_T1c_reg", "T1c")],
)
def test_a_file_alone_opens(tmp_path: Path, name: str, sequence: str) -> None:
    case = find_case(save(tmp_path / f"{name}.nii.gz", ramp()))
    assert tuple(case.sequences) == (sequence,)
    assert case.truth is None


def test_a_4d_file_alone_opens_volume_by_volume(tmp_path: Path) -> None:
    case = find_case(save(tmp_path / "scan.nii.gz", ramp((3, 4, 5, 2))))
    assert [reference.channel for reference in case.sequences.values()] == [0, 1]


def test_a_decathlon_image_alone_has_its_sequences(tmp_path: Path) -> None:
    case = find_case(save(tmp_path / "BRATS_011.nii.gz", ramp((3, 4, 5, 4))))
    assert {name: reference.channel for name, reference in case.sequences.items()} == {
        "T1": 1,
        "T1c": 2,
        "T2": 3,
        "FLAIR": 0,
    }


def test_a_lone_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").write_bytes(b"text")
    with pytest.raises(ImageFormatError, match=r"a\.nii\.gz"):
        find_case(tmp_path / "a.nii.gz")


@pytest.mark.parametrize(("name", "sequence"), [("a_seg", None), ("a-t2f", "FLAIR"), ("A_T2W", "T2"), ("t1n.x", "T1")])
def test_a_name_speaks_of_a_sequence(name: str, sequence: str | None) -> None:
    assert guess_sequence(Path(f"{name}.nii.gz")) == sequence


@pytest.mark.real
def test_the_real_cases_are_recognised(real_cases: Path) -> None:
    data_set = open_dataset(real_cases)
    assert (data_set.layout, len(data_set.cases)) == ("brats2021", 11)
    assert all(tuple(case.sequences) == SEQUENCES and case.truth for case in data_set.cases)


def test_a_mask_alone_opens_as_a_file(tmp_path: Path) -> None:
    assert find_case(save(tmp_path / "mask.nii.gz", labels())).layout == "file"
