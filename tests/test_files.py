"""Files written beside and renamed, JSON, hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from workstation.errors import ExportError, FileMissing, InputError
from workstation.io.files import read_json, replacing, sha256_of, side_car_of, stated_scheme, write_json


def test_a_file_appears_whole_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "a.nii.gz"
    with replacing(target) as temporary:
        temporary.write_bytes(b"new")
        assert temporary.name.endswith(".nii.gz")
        assert not target.exists()
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_bytes(b"old")

    def write_half_and_fail() -> None:
        with replacing(target) as temporary:
            temporary.write_bytes(b"ne")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_half_and_fail()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_cannot_be_made_is_an_export_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError) as caught:
        write_json(tmp_path / "file" / "a.json", {})
    assert caught.value.hint


def test_json_comes_back(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"name": "ödem", "values": [1, 2.5, None]})
    assert read_json(tmp_path / "a.json") == {"name": "ödem", "values": [1, 2.5, None]}


def test_what_json_cannot_say_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]"])
def test_a_damaged_json_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json"):
        read_json(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"a\.json"):
        read_json(tmp_path / "a.json")
    with pytest.raises(FileMissing, match=r"b\.bin"):
        sha256_of(tmp_path / "b.bin")


def test_the_hash_is_that_of_the_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_a_side_car_stands_beside_its_mask(tmp_path: Path) -> None:
    assert side_car_of(Path("x/case.1_seg.nii.gz")) == Path("x/case.1_seg.json")
    assert side_car_of(Path("x/a.nii")) == Path("x/a.json")
    write_json(tmp_path / "a.json", {"scheme": "msd"})
    assert stated_scheme(tmp_path / "a.nii.gz") == "msd"
    assert stated_scheme(tmp_path / "b.nii.gz") is None
