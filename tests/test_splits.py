"""Manifests of splits: written with hashes, read back, and refused where they cannot be meant."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine_cases import write_cases

from workstation.core.case import DataSet
from workstation.core.split import Draw, Split
from workstation.errors import InputError, LayoutError
from workstation.io.layouts import open_dataset
from workstation.io.splits import check_manifest, fold_path, read_manifest, save_manifest

SPLIT = Split(("tiny_0", "tiny_2"), ("tiny_3",), ("tiny_1",))


@pytest.fixture
def data_set(tmp_path: Path) -> DataSet:
    return open_dataset(write_cases(tmp_path / "set", count=4))


@pytest.fixture
def manifest(data_set: DataSet, tmp_path: Path) -> Path:
    return save_manifest(tmp_path / "split.json", data_set, SPLIT, draw=Draw(seed=9), moved=["tiny_2"])


def test_a_manifest_comes_back_as_it_was_saved(manifest: Path, data_set: DataSet) -> None:
    read = read_manifest(manifest)
    assert (read.split, read.draw, read.moved) == (SPLIT, Draw(seed=9), ("tiny_2",))
    check_manifest(read, data_set)


def test_a_manifest_lists_every_file_with_its_hash(manifest: Path, data_set: DataSet) -> None:
    listed = json.loads(manifest.read_text())["cases"]["tiny_1"]["files"]
    names = ["flair", "seg", "t1", "t1ce", "t2"]
    assert [each["path"] for each in listed] == [f"tiny_1/tiny_1_{name}.nii.gz" for name in names]
    content = (data_set.root / "tiny_1/tiny_1_seg.nii.gz").read_bytes()
    assert listed[1]["sha256"] == hashlib.sha256(content).hexdigest()
    assert listed[1]["bytes"] == len(content)


def test_a_changed_file_is_noticed_even_if_its_size_stays(manifest: Path, data_set: DataSet) -> None:
    path = data_set.root / "tiny_3/tiny_3_t2.nii.gz"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(LayoutError, match="tiny_3_t2"):
        check_manifest(read_manifest(manifest), data_set)


def test_a_case_that_is_gone_is_noticed(manifest: Path, data_set: DataSet) -> None:
    smaller = DataSet(data_set.name, data_set.root, data_set.layout, data_set.cases[1:])
    with pytest.raises(LayoutError, match="no case tiny_0"):
        check_manifest(read_manifest(manifest), smaller)


def _edit(change: Callable[[dict[str, Any]], object], path: Path) -> Path:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))
    return path


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../other/t1.nii.gz", "tiny_0/../../t1.nii.gz", "C:/t1.nii.gz", "a\\b", "", "nul\0", 7]
)
def test_a_path_that_leads_out_of_the_data_set_is_refused(manifest: Path, path: object) -> None:
    _edit(lambda values: values["cases"]["tiny_0"]["files"][0].update(path=path), manifest)
    with pytest.raises(InputError, match="is damaged"):
        read_manifest(manifest)


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values["parts"]["test"].append("tiny_0"),
        lambda values: values["parts"]["test"].append("tiny_9"),
        lambda values: values["parts"].pop("test"),
        lambda values: values["parts"].update(extra=[]),
        lambda values: values["parts"].update(train="tiny_0"),
        lambda values: values["cases"].pop("tiny_0"),
        lambda values: values["cases"]["tiny_0"].pop("files"),
        lambda values: values["cases"]["tiny_0"]["files"][0].update(sha256="0"),
        lambda values: values["cases"]["tiny_0"]["files"][0].update(bytes=-1),
        lambda values: values["draw"].update(seed="one"),
        lambda values: values["draw"].update(folds=99),
        lambda values: values.update(format=2),
        lambda values: values.update(kind="model"),
        lambda values: values.update(cases=[]),
        lambda values: values.update(moved=None),
    ],
)
def test_what_cannot_be_meant_is_refused(manifest: Path, change: Callable[[dict[str, Any]], object]) -> None:
    _edit(change, manifest)
    with pytest.raises(InputError):
        read_manifest(manifest)


def test_a_split_of_a_case_that_is_not_there_is_not_saved(data_set: DataSet, tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="no case nobody"):
        save_manifest(tmp_path / "x.json", data_set, Split(("nobody",), (), ()), draw=Draw())
    assert not (tmp_path / "x.json").exists()


def test_each_fold_has_a_file_of_its_own() -> None:
    assert fold_path(Path("a/split.json"), Draw(folds=5, fold=1)) == Path("a/split-fold2of5.json")
    assert fold_path(Path("a/split.json"), Draw()) == Path("a/split.json")
