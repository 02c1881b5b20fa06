"""Reading NIfTI of every kind, against nibabel, and masks of every type."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from image_files import LPS, header_bytes, labels, oblique, orientations, ramp, save, write

from workstation.core.case import ImageRef
from workstation.core.labels import SCHEMES
from workstation.errors import AmbiguousScheme, ImageFormatError, LabelError
from workstation.io.nifti import guess_content, image_stem, is_image_name, read_header, read_label_map, read_volume

NAMES = ("a.nii", "a.nii.gz", "a.hdr", "a.img", "a.img.gz", "a.hdr.gz")
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64", "int64", "uint64")
BRATS = SCHEMES["brats2021"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("endianness", ["<", ">"])
def test_every_container_reads_as_nibabel_reads_it(tmp_path: Path, name: str, version: int, endianness: str) -> None:
    path = save(tmp_path / name, ramp(), version=version, endianness=endianness)
    volume, expected = read_volume(path), nib.load(path)
    assert np.array_equal(volume.data, np.asanyarray(expected.dataobj))
    assert np.array_equal(volume.grid.affine, expected.affine)
    assert volume.data.dtype == np.int16
    assert volume.data.dtype.isnative


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("endianness", ["<", ">"])
def test_every_type_reads_as_nibabel_reads_it(tmp_path: Path, dtype: str, endianness: str) -> None:
    path = save(tmp_path / "a.nii.gz", ramp(dtype=dtype), endianness=endianness)
    volume = read_volume(path)
    assert np.array_equal(volume.data, nib.load(path).get_fdata())
    assert volume.data.dtype == (dtype if np.dtype(dtype).itemsize <= 4 else "float32")


@pytest.mark.parametrize("dtype", DTYPES)
def test_scaled_images_read_as_nibabel_reads_them(tmp_path: Path, dtype: str) -> None:
    path = save(tmp_path / "a.nii.gz", ramp(dtype=dtype), scale=(0.25, -10.5))
    volume = read_volume(path)
    assert volume.data.dtype == np.float32
    assert np.array_equal(volume.data, nib.load(path).get_fdata())


@pytest.mark.parametrize("scale", [(0.0, 5.0), (np.nan, 0.0), (1.0, 0.0)])
def test_a_scale_that_means_none_changes_nothing(tmp_path: Path, scale: tuple[float, float]) -> None:
    path = save(tmp_path / "a.nii", ramp(), scale=scale)
    assert np.array_equal(read_volume(path).data, ramp())
    assert read_volume(path).data.dtype == np.int16


@pytest.mark.parametrize("affine", [*orientations(), *(oblique(each) for each in orientations())])
@pytest.mark.parametrize("codes", [(1, 1), (2, 0), (0, 1), (0, 0)])
def test_every_orientation_has_nibabels_affine(tmp_path: Path, affine: np.ndarray, codes: tuple[int, int]) -> None:
    path = save(tmp_path / "a.nii", ramp(), affine, sform_code=codes[0], qform_code=codes[1])
    header = read_header(path)
    assert np.array_equal(header.affine, nib.load(path).affine)
    assert (header.sform_code, header.qform_code) == codes


def test_a_qform_alone_places_the_image(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", ramp(), LPS, sform_code=0)
    assert read_volume(path).grid.affine == pytest.approx(LPS)


def test_voxels_are_a_view_of_what_was_read(tmp_path: Path) -> None:
    data = read_volume(save(tmp_path / "a.nii.gz", ramp())).data
    assert not data.flags.owndata
    assert not data.flags.writeable
    assert data.flags.f_contiguous


def test_converted_voxels_cannot_be_written_either(tmp_path: Path) -> None:
    data = read_volume(save(tmp_path / "a.nii.gz", ramp(dtype="float64"))).data
    assert not data.flags.writeable
    assert data.flags.f_contiguous


def test_double_values_beyond_single_precision_become_infinite(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", np.full((2, 2, 2), 1e300))
    assert np.isinf(read_volume(path).data).all()


def test_negative_standardised_intensities_stay(tmp_path: Path) -> None:
    data = np.linspace(-3, 3, 210, dtype=np.float32).reshape(5, 6, 7)
    assert np.array_equal(read_volume(save(tmp_path / "a.nii.gz", data)).data, data)


@pytest.mark.parametrize("channel", range(4))
def test_a_channel_of_a_4d_file_is_one_volume(tmp_path: Path, channel: int) -> None:
    data = ramp((3, 4, 5, 4))
    volume = read_volume(ImageRef(save(tmp_path / "a.nii.gz", data), channel), name="T2")
    assert np.array_equal(volume.data, data[..., channel])
    assert volume.name == "T2"
    assert volume.source is not None
    assert volume.source.channel == channel


@pytest.mark.parametrize("channel", [None, 4, -1])
def test_a_volume_that_a_4d_file_does_not_have_is_refused(tmp_path: Path, channel: int | None) -> None:
    path = save(tmp_path / "a.nii.gz", ramp((3, 4, 5, 4)))
    with pytest.raises(ImageFormatError, match="holds 4 volumes"):
        read_volume(ImageRef(path, channel))


def test_axes_of_length_one_at_the_end_do_not_count(tmp_path: Path) -> None:
    content = header_bytes((3, 4, 5, 1, 1)) + ramp((3, 4, 5)).tobytes(order="F")
    assert read_volume(write(tmp_path / "a.nii", content)).data.shape == (3, 4, 5)


def test_a_gzip_file_of_several_members_is_read_whole(tmp_path: Path) -> None:
    content = save(tmp_path / "a.nii", ramp()).read_bytes()
    members = [gzip.compress(content[start : start + 97]) for start in range(0, len(content), 97)]
    (tmp_path / "b.nii.gz").write_bytes(b"".join(members))
    assert np.array_equal(read_volume(tmp_path / "b.nii.gz").data, ramp())


def test_zeros_after_the_gzip_member_are_padding(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", ramp())
    path.write_bytes(path.read_bytes() + bytes(512))
    assert np.array_equal(read_volume(path).data, ramp())


def test_bytes_behind_the_voxels_are_not_voxels(tmp_path: Path) -> None:
    content = save(tmp_path / "a.nii", ramp()).read_bytes()
    path = write(tmp_path / "b.nii.gz", content + b"trailing notes")
    assert np.array_equal(read_volume(path).data, ramp())


def test_the_size_in_the_gzip_trailer_is_not_believed(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", ramp())
    path.write_bytes(path.read_bytes()[:-4] + b"\xff\xff\xff\x7f")
    with pytest.raises(ImageFormatError, match="damaged"):
        read_volume(path)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("endianness", ["<", ">"])
def test_masks_of_every_type_are_labels(tmp_path: Path, dtype: str, endianness: str) -> None:
    path = save(tmp_path / "a.nii.gz", labels().astype(dtype), endianness=endianness)
    mask = read_label_map(path, scheme=BRATS)
    assert mask.data.dtype == np.uint8
    assert np.array_equal(mask.data, labels())


@pytest.mark.parametrize("almost_four", [3.9999999990686774, 4.0000000009, 3.9991])
def test_labels_a_hair_off_are_rounded_not_truncated(tmp_path: Path, almost_four: float) -> None:
    data = np.where(labels() == 4, almost_four, np.where(labels() == 1, 0.99999997, labels())).astype(np.float64)
    assert np.array_equal(read_label_map(save(tmp_path / "a.nii.gz", data), scheme=BRATS).data, labels())


def test_a_scaled_mask_is_rounded_not_truncated(tmp_path: Path) -> None:
    # In single precision 1/41 is a little less than it is, so that 41 reads 0.99999998.
    path = save(tmp_path / "a.nii.gz", labels() * np.uint8(41), scale=(float(np.float32(1 / 41)), 0))
    assert 0 < 1 - nib.load(path).get_fdata()[1, 1, 0] < 1e-6
    assert np.array_equal(read_label_map(path, scheme=BRATS).data, labels())


def test_a_mask_scaled_between_the_integers_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", labels(), scale=(0.3, 0))
    with pytest.raises(LabelError, match="fractions"):
        read_label_map(path, scheme=BRATS)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.5, "fractions"), (np.nan, "not numbers"), (-1.0, "-1"), (256.0, "256"), (np.inf, "not numbers")],
)
def test_what_is_no_label_is_refused_by_name(tmp_path: Path, value: float, words: str) -> None:
    data = labels().astype(np.float64)
    data[2, 2, 2] = value
    path = save(tmp_path / "case7_seg.nii.gz", data)
    with pytest.raises(LabelError, match=words) as caught:
        read_label_map(path, scheme=BRATS)
    assert "case7_seg" in caught.value.message
    assert caught.value.hint


def test_a_foreign_value_is_refused_where_the_scheme_is_given(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", labels(values=(1, 2, 3)))
    with pytest.raises(LabelError, match=r"\[3\]"):
        read_label_map(path, scheme=BRATS)


def test_an_ambiguous_mask_is_asked_about_by_name(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", labels())
    with pytest.raises(AmbiguousScheme, match=r"a\.nii\.gz"):
        read_label_map(path)
    assert read_label_map(path, layout="brats2021").scheme is BRATS


def test_a_file_is_told_apart_as_mask_or_image(tmp_path: Path) -> None:
    assert guess_content(save(tmp_path / "x.nii.gz", labels())) == "label"
    assert guess_content(save(tmp_path / "y.nii.gz", ramp())) == "image"
    assert guess_content(save(tmp_path / "z.nii.gz", ramp().astype(np.float32) / 7)) == "image"
    assert guess_content(save(tmp_path / "four.nii.gz", ramp((3, 4, 5, 4)))) == "image"
    assert guess_content(save(tmp_path / "ten.nii.gz", ramp() % 10)) == "unsure"


@pytest.mark.parametrize(
    ("name", "stem"), [("a.b_t1.nii.gz", "a.b_t1"), ("a.NII", "a"), ("a.hdr.gz", "a"), ("a.img", "a"), ("a.json", "a")]
)
def test_the_stem_is_the_name_without_its_format(name: str, stem: str) -> None:
    assert image_stem(Path(name)) == stem


def test_names_that_another_system_left_are_no_images() -> None:
    assert is_image_name(Path("a.nii.gz"))
    assert not is_image_name(Path("._a.nii.gz"))
    assert not is_image_name(Path(".hidden.nii"))
    assert not is_image_name(Path("a.json"))


@pytest.mark.real
def test_real_images_read_as_nibabel_reads_them(real_cases: Path) -> None:
    for path in sorted(real_cases.glob("*/*.nii.gz")):
        volume, expected = read_volume(path), nib.load(path)
        assert np.array_equal(volume.data, np.asanyarray(expected.dataobj)), path
        assert np.array_equal(volume.grid.affine, expected.affine), path
        assert volume.data.dtype == expected.get_data_dtype(), path
