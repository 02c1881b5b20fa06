"""Malformed and hostile files: each is refused by a named error that says which file, before memory is taken."""

from __future__ import annotations

import contextlib
import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from image_files import header_bytes, ramp, save, write

from workstation.errors import FileMissing, GeometryError, ImageFormatError, ImageTooLarge, InputError
from workstation.io import nifti_header
from workstation.io.nifti import read_header, read_volume

VOXELS = bytes(2 * 5 * 6 * 7)
SHAPE = (5, 6, 7)


def refused(read: Callable[[], object], error: type[InputError], path: Path, words: str) -> None:
    """Assert the refusal, its file, its hint, and that it took next to no memory."""
    tracemalloc.start()
    try:
        with pytest.raises(error, match=words) as caught:
            read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert type(caught.value) is error
    assert path.name in caught.value.message
    assert caught.value.path is not None
    assert caught.value.hint
    assert peak < 2_000_000


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.hdr"])
def test_a_missing_file(tmp_path: Path, name: str) -> None:
    refused(lambda: read_volume(tmp_path / name), FileMissing, tmp_path / name, "missing|cannot be read")


@pytest.mark.parametrize("half", [".hdr", ".img"])
def test_half_of_a_pair(tmp_path: Path, half: str) -> None:
    path = save(tmp_path / "a.hdr", ramp())
    path.with_suffix(half).unlink()
    refused(lambda: read_volume(path), FileMissing, path.with_suffix(half), "belong together")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"")
    refused(lambda: read_volume(path), ImageFormatError, path, "is empty")


def test_a_folder_named_like_an_image(tmp_path: Path) -> None:
    path = tmp_path / "a.nii"
    path.mkdir()
    refused(lambda: read_volume(path), ImageFormatError, path, "folder")


@pytest.mark.parametrize("text", [b"case,dice\n1,0.9\n", b"<html>404 Not Found</html>" * 100])
def test_text_named_nii_gz(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(text)
    refused(lambda: read_volume(path), ImageFormatError, path, "not a gzip file")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize(
    ("content", "words"), [(b"too short", "too short"), (b"no NIfTI at all " * 100, "not a NIfTI")]
)
def test_text_in_the_place_of_a_header(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = write(tmp_path / name, content)
    refused(lambda: read_volume(path), ImageFormatError, path, words)


def test_an_image_that_was_never_packed_though_its_name_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(save(tmp_path / "a.nii", ramp()).read_bytes())
    refused(lambda: read_volume(path), ImageFormatError, path, "not a gzip file")


def test_an_analyze_image_has_no_known_orientation(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nii", header_bytes(SHAPE, magic=b"") + VOXELS)
    refused(lambda: read_volume(path), ImageFormatError, path, "ANALYZE")


@pytest.mark.parametrize("part", [0.3, 0.9, 0.999])
def test_truncated_gzip(tmp_path: Path, part: float) -> None:
    noise = np.random.default_rng(1).integers(0, 1000, (20, 20, 20)).astype(np.int16)
    path = save(tmp_path / "a.nii.gz", noise)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    refused(lambda: read_volume(path), ImageFormatError, path, "truncated")


def test_a_gzip_cut_off_within_its_checksum(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", ramp())
    path.write_bytes(path.read_bytes()[:-4])
    refused(lambda: read_volume(path), ImageFormatError, path, "truncated")


def test_a_gzip_damaged_in_its_middle(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 1000, (20, 20, 20)).astype(np.int16)
    path = save(tmp_path / "a.nii.gz", noise)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    refused(lambda: read_volume(path), ImageFormatError, path, "damaged|truncated")


def test_voxels_cut_off_in_a_plain_file(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", ramp())
    path.write_bytes(path.read_bytes()[:-1])
    refused(lambda: read_volume(path), ImageFormatError, path, "holds only")


def test_a_gzip_that_holds_fewer_voxels_than_its_header_says(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nii.gz", header_bytes(SHAPE) + VOXELS[:-2])
    refused(lambda: read_volume(path), ImageFormatError, path, "truncated")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_header_that_claims_terabytes(tmp_path: Path, name: str) -> None:
    # 30000^3 voxels of two bytes: 54 TB
    path = write(tmp_path / name, header_bytes((30000, 30000, 30000)) + VOXELS)
    refused(lambda: read_volume(path), ImageTooLarge, path, "54.0 TB")
    refused(lambda: read_header(path), ImageTooLarge, path, "54.0 TB")


def test_a_nifti2_header_that_claims_more_than_numbers_of_64_bits_hold(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", ramp(), version=2)
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[16 : 16 + 32] = np.array([3, 2**40, 2**40, 2**40], dtype="<i8").tobytes()
    write(path, bytes(content))
    refused(lambda: read_volume(path), ImageTooLarge, path, "TB")


def test_a_gzip_bomb_is_inflated_no_further_than_its_header_asks(tmp_path: Path) -> None:
    # 300 MB of zeros in 300 KB, behind a header of 420 bytes of voxels: read, and the bomb stays packed.
    path = write(tmp_path / "a.nii.gz", header_bytes(SHAPE) + bytes(300_000_000))
    tracemalloc.start()
    try:
        volume = read_volume(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert volume.data.shape == SHAPE
    assert peak < 2_000_000


def test_a_gzip_bomb_whose_header_fits_it_is_refused_for_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nifti_header, "available_memory_bytes", lambda: 50_000_000)
    path = write(tmp_path / "a.nii.gz", header_bytes((500, 500, 200)) + bytes(100_000_000))
    refused(lambda: read_volume(path), ImageTooLarge, path, "50.0 MB of memory are free")


def test_a_gzip_bomb_in_front_of_the_voxels_is_refused_for_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nifti_header, "available_memory_bytes", lambda: 50_000_000)
    path = write(tmp_path / "a.nii.gz", header_bytes(SHAPE, vox_offset=100_000_000) + bytes(100_000_000))
    refused(lambda: read_volume(path), ImageTooLarge, path, "50.0 MB of memory are free")


def test_memory_for_the_scaled_copy_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 1000 voxels: 352 bytes of header and 1000 as stored, 4000 when scaled to single precision
    path = save(tmp_path / "a.nii", np.ones((10, 10, 10), np.uint8), scale=(0.5, 0))
    monkeypatch.setattr(nifti_header, "available_memory_bytes", lambda: 5352)
    assert read_volume(path).data.max() == 0.5
    monkeypatch.setattr(nifti_header, "available_memory_bytes", lambda: 5351)
    refused(lambda: read_volume(path), ImageTooLarge, path, "memory are free")


@pytest.mark.parametrize("shape", [(0, 6, 7), (5, 0, 7), (5, 6, 0), (5, -6, 7)])
def test_a_size_of_zero_or_less(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = write(tmp_path / "a.nii.gz", header_bytes(shape) + VOXELS)
    refused(lambda: read_volume(path), ImageFormatError, path, "no voxels")


@pytest.mark.parametrize("count", [0, -1, 8, 300])
def test_a_number_of_dimensions_that_cannot_be(tmp_path: Path, count: int) -> None:
    content = header_bytes(SHAPE, dim=[count, 5, 6, 7, 1, 1, 1, 1])
    path = write(tmp_path / "a.nii.gz", content + VOXELS)
    refused(lambda: read_volume(path), ImageFormatError, path, "dimensions")


@pytest.mark.parametrize("shape", [(210,), (30, 7)])
def test_an_image_of_fewer_than_three_dimensions(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = write(tmp_path / "a.nii.gz", header_bytes(shape) + VOXELS)
    refused(lambda: read_volume(path), ImageFormatError, path, "dimensions")


def test_an_image_of_five_dimensions(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nii.gz", header_bytes((5, 2, 7, 1, 3)) + VOXELS)
    refused(lambda: read_volume(path), ImageFormatError, path, "5 dimensions")


@pytest.mark.parametrize(("code", "words"), [(128, "colours"), (2304, "colours"), (32, "complex"), (1792, "complex")])
def test_colours_and_complex_numbers(tmp_path: Path, code: int, words: str) -> None:
    path = write(tmp_path / "a.nii.gz", header_bytes(SHAPE, datatype=code) + VOXELS * 8)
    refused(lambda: read_volume(path), ImageFormatError, path, words)


@pytest.mark.parametrize("code", [0, 1, 3, 9999, -4])
def test_an_unknown_type(tmp_path: Path, code: int) -> None:
    path = write(tmp_path / "a.nii.gz", header_bytes(SHAPE, datatype=code) + VOXELS * 8)
    refused(lambda: read_volume(path), ImageFormatError, path, "stores")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("field", ["srow_x", "srow_y", "srow_z"])
def test_an_affine_that_is_not_finite(tmp_path: Path, field: str, value: float) -> None:
    path = write(tmp_path / "a.nii.gz", header_bytes(SHAPE, **{field: [1, value, 0, 0]}) + VOXELS)
    refused(lambda: read_volume(path), GeometryError, path, "not numbers")


@pytest.mark.parametrize("row", [[0, 0, 0, 0], [0, 1, 0, 0]])
def test_a_singular_affine(tmp_path: Path, row: list[float]) -> None:
    path = write(tmp_path / "a.nii.gz", header_bytes(SHAPE, srow_x=row) + VOXELS)
    refused(lambda: read_volume(path), GeometryError, path, "flattens")


@pytest.mark.parametrize("value", [np.nan, 2.0])
def test_a_quaternion_that_is_none(tmp_path: Path, value: float) -> None:
    content = header_bytes(SHAPE, sform_code=0, qform_code=1, quatern_b=value)
    path = write(tmp_path / "a.nii.gz", content + VOXELS)
    refused(lambda: read_volume(path), GeometryError, path, "qform|not numbers")


@pytest.mark.parametrize("offset", [np.nan, -352.0, 100.0, np.inf])
def test_voxels_that_begin_nowhere(tmp_path: Path, offset: float) -> None:
    path = write(tmp_path / "a.nii.gz", header_bytes(SHAPE, vox_offset=offset) + VOXELS)
    refused(lambda: read_volume(path), ImageFormatError, path, "voxels begin")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_voxels_that_begin_behind_the_end(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, header_bytes(SHAPE, vox_offset=100_000) + VOXELS)
    refused(lambda: read_volume(path), ImageFormatError, path, "truncated|holds only")


def test_a_scale_without_an_offset(tmp_path: Path) -> None:
    path = write(tmp_path / "a.nii", header_bytes(SHAPE, scl_slope=2, scl_inter=np.nan) + VOXELS)
    refused(lambda: read_volume(path), ImageFormatError, path, "offset")


@pytest.mark.parametrize("seed", range(200))
def test_a_header_of_random_bytes_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    content = bytearray(header_bytes(SHAPE) + VOXELS)
    for place in random.integers(4, 344, 6):
        content[place] = random.integers(256)
    path = write(tmp_path / "a.nii.gz", bytes(content))
    # Whatever else comes out of it is a bug, and fails the test.
    with contextlib.suppress(InputError):
        assert read_volume(path).data.ndim == 3
