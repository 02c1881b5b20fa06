"""Exported masks, as nibabel reads them: the geometry of the source bit for bit, and nothing that names a person."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from image_files import LPS, labels, oblique, orientations, ramp, save

from workstation.core.geometry import AxisTransform, Grid, reorient
from workstation.core.labels import SCHEMES
from workstation.core.phantom import make_phantom
from workstation.core.selection import Selection
from workstation.core.volume import LabelMap
from workstation.errors import AmbiguousScheme, ExportError, GeometryError, LabelError
from workstation.io import export
from workstation.io.cases import load_case
from workstation.io.export import export_label_map, export_mask
from workstation.io.files import write_json
from workstation.io.layouts import find_case
from workstation.io.nifti import read_label_map
from workstation.io.nifti_writing import write_label_map

GEOMETRY_FIELDS = (
    *("pixdim", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d"),
    *("qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z", "xyzt_units", "dim_info"),
)


def exported(source: Path, out: Path, *, like: Path | None = None, **selection: Any) -> Path:
    """A mask file, exported."""
    return export_mask(source, out, like=like, selection=Selection(**selection)).mask


def assert_same_geometry(path: Path, source: Path) -> None:
    """Affine, both forms and their codes, zooms and shape are equal, without tolerance."""
    written, expected = nib.load(path), nib.load(source)
    assert written.shape == expected.shape[:3]
    assert np.array_equal(written.affine, expected.affine)
    assert written.header.get_zooms() == expected.header.get_zooms()[:3]
    for field in GEOMETRY_FIELDS:
        assert written.header[field].tobytes() == expected.header[field].tobytes(), field
    for form in ("get_sform", "get_qform"):
        (first, first_code), (second, second_code) = (
            getattr(image.header, form)(coded=True) for image in (written, expected)
        )
        assert first_code == second_code
        assert np.array_equal(first, second) if second is not None else first is None


@pytest.mark.parametrize("affine", [*orientations(), *(oblique(each) for each in orientations())])
@pytest.mark.parametrize("codes", [(1, 1), (2, 0), (0, 1), (4, 3)])
def test_every_orientation_of_a_phantom_comes_back(tmp_path: Path, affine: np.ndarray, codes: tuple[int, int]) -> None:
    truth = make_phantom((12, 10, 8), seed=1).labels
    source = save(tmp_path / "a_seg.nii.gz", truth, affine, sform_code=codes[0], qform_code=codes[1])
    out = exported(source, tmp_path / "out.nii.gz")
    assert_same_geometry(out, source)
    assert np.array_equal(np.asanyarray(nib.load(out).dataobj), truth)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.hdr", "a.img.gz"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("endianness", ["<", ">"])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_every_container_comes_back(tmp_path: Path, name: str, version: int, endianness: str, ending: str) -> None:
    source = save(tmp_path / name, labels(), version=version, endianness=endianness)
    out = exported(source, tmp_path / f"out{ending}")
    assert_same_geometry(out, source)
    assert nib.load(out).header["sizeof_hdr"] == (348 if version == 1 else 540)


def test_a_sheared_sform_beside_another_qform_comes_back(tmp_path: Path) -> None:
    sheared = LPS.copy()
    sheared[0, 1] = 0.3
    source = save(tmp_path / "a_seg.nii.gz", labels(), sheared, sform_code=2, qform_code=1)
    assert_same_geometry(exported(source, tmp_path / "out.nii.gz"), source)


def test_what_may_identify_a_person_stays_behind(tmp_path: Path) -> None:
    source = save(tmp_path / "a_seg.nii", labels())
    header = nib.load(source).header
    header["db_name"], header["intent_name"] = b"clinic", b"Jane Doe"
    image = nib.Nifti1Image(labels(), LPS, header)
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"Jane Doe, born 1970-01-01"))
    nib.save(image, source)
    assert b"Jane" in source.read_bytes()
    out = exported(source, tmp_path / "out.nii.gz")
    content = gzip.decompress(out.read_bytes())
    assert b"Jane" not in content
    assert b"jane" not in content
    assert b"clinic" not in content
    assert not nib.load(out).header.extensions
    # Nor does the gzip header tell the time or the name.
    assert out.read_bytes()[3:8] == bytes(5)


def test_equal_masks_are_equal_files(tmp_path: Path) -> None:
    source = save(tmp_path / "a_seg.nii.gz", labels())
    first, second = (exported(source, tmp_path / f"{number}.nii.gz") for number in range(2))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32", "float64"])
def test_a_mask_of_any_type_becomes_bytes(tmp_path: Path, dtype: str) -> None:
    source = save(tmp_path / "a_seg.nii.gz", labels().astype(dtype))
    out = nib.load(exported(source, tmp_path / "out.nii.gz"))
    assert out.get_data_dtype() == np.uint8
    assert np.array_equal(np.asanyarray(out.dataobj), labels())


def test_a_scaled_mask_is_written_without_its_scale(tmp_path: Path) -> None:
    source = save(tmp_path / "a_seg.nii.gz", labels() * np.uint8(41), scale=(float(np.float32(1 / 41)), 0))
    out = nib.load(exported(source, tmp_path / "out.nii.gz"))
    assert np.array_equal(np.asanyarray(out.dataobj), labels())
    assert out.dataobj.slope == 1


def test_labels_are_converted_to_another_scheme(tmp_path: Path) -> None:
    source = save(tmp_path / "a_seg.nii.gz", labels())
    out = nib.load(exported(source, tmp_path / "out.nii.gz", scheme="msd"))
    # core 1 -> 2, oedema 2 -> 1, enhancing 4 -> 3
    assert np.array_equal(np.asanyarray(out.dataobj), np.array([0, 2, 1, 0, 3])[labels()])


@pytest.mark.parametrize(("region", "values"), [("WT", (1, 2, 4)), ("TC", (1, 4)), ("ET", (4,))])
def test_a_region_is_written_as_zero_and_one(tmp_path: Path, region: str, values: tuple[int, ...]) -> None:
    source = save(tmp_path / "a_seg.nii.gz", labels())
    out = nib.load(exported(source, tmp_path / "out.nii.gz", region=region))
    assert np.array_equal(np.asanyarray(out.dataobj), np.isin(labels(), values))


def test_a_mask_of_unknown_scheme_is_copied_but_not_interpreted(tmp_path: Path) -> None:
    source = save(tmp_path / "x.nii.gz", labels(values=(1, 3)))
    out = exported(source, tmp_path / "out.nii.gz")
    assert np.array_equal(np.asanyarray(nib.load(out).dataobj), labels(values=(1, 3)))
    with pytest.raises(AmbiguousScheme):
        exported(source, tmp_path / "wt.nii.gz", region="WT")
    write_json(tmp_path / "x.json", {"scheme": "msd"})
    wt = nib.load(exported(source, tmp_path / "wt.nii.gz", region="WT"))
    assert np.array_equal(np.asanyarray(wt.dataobj), labels(values=(1, 3)) > 0)


def test_a_tissue_that_the_scheme_lacks_is_not_exported(tmp_path: Path) -> None:
    source = save(tmp_path / "a-seg.nii.gz", labels(values=(1, 3, 4)))
    with pytest.raises(LabelError, match="resection cavity"):
        exported(source, tmp_path / "out.nii.gz", scheme="brats2021")
    assert not (tmp_path / "out.nii.gz").exists()


def test_the_geometry_of_an_image_is_taken(tmp_path: Path) -> None:
    # The mask knows only its sform; the image says that it is an aligned one, and has a qform too.
    source = save(tmp_path / "a_seg.nii.gz", labels(), sform_code=1, qform_code=0)
    image = save(tmp_path / "a_t1.nii.gz", ramp(), sform_code=2, qform_code=1)
    assert_same_geometry(exported(source, tmp_path / "out.nii.gz", like=image), image)


def test_the_geometry_of_a_4d_image_is_taken(tmp_path: Path) -> None:
    source = save(tmp_path / "seg.nii.gz", labels())
    image = save(tmp_path / "image.nii.gz", ramp((5, 6, 7, 4)))
    out = nib.load(exported(source, tmp_path / "out.nii.gz", like=image))
    assert out.shape == (5, 6, 7)
    assert np.array_equal(out.affine, LPS)


@pytest.mark.parametrize(
    "transform", [AxisTransform((2, 0, 1), (True, False, True)), AxisTransform((0, 2, 1), (False,) * 3)]
)
def test_axes_are_turned_to_those_of_the_image(tmp_path: Path, transform: AxisTransform) -> None:
    turned = Grid((5, 6, 7), LPS).transformed(transform)
    source = save(tmp_path / "a_seg.nii.gz", np.ascontiguousarray(reorient(labels(), transform)), turned.affine)
    image = save(tmp_path / "a_t1.nii.gz", ramp())
    out = exported(source, tmp_path / "out.nii.gz", like=image)
    assert_same_geometry(out, image)
    assert np.array_equal(np.asanyarray(nib.load(out).dataobj), labels())


def test_an_image_on_another_grid_is_refused(tmp_path: Path) -> None:
    source = save(tmp_path / "a_seg.nii.gz", labels(), np.eye(4))
    image = save(tmp_path / "a_t1.nii.gz", ramp())
    with pytest.raises(GeometryError, match="a_t1"):
        exported(source, tmp_path / "out.nii.gz", like=image)
    assert not (tmp_path / "out.nii.gz").exists()


def test_a_mask_that_was_turned_to_its_images_goes_back_as_it_came(tmp_path: Path) -> None:
    transform = AxisTransform((2, 0, 1), (True, False, True))
    turned = Grid((5, 6, 7), LPS).transformed(transform)
    save(tmp_path / "a_t1.nii.gz", ramp())
    source = save(tmp_path / "a_seg.nii.gz", np.ascontiguousarray(reorient(labels(), transform)), turned.affine)
    truth = load_case(find_case(tmp_path)).truth
    assert truth is not None
    out = export_label_map(truth, tmp_path / "out.nii.gz").mask
    assert_same_geometry(out, source)
    assert np.array_equal(np.asanyarray(nib.load(out).dataobj), np.asanyarray(nib.load(source).dataobj))


@pytest.mark.parametrize("affine", [LPS, oblique(LPS)])
def test_a_mask_made_here_is_written_where_its_grid_is(tmp_path: Path, affine: np.ndarray) -> None:
    made = LabelMap("made", labels(), Grid((5, 6, 7), affine), SCHEMES["brats2021"])
    out = export_label_map(made, tmp_path / "out.nii.gz").mask
    assert nib.load(out).affine == pytest.approx(affine, abs=1e-4)
    assert np.array_equal(read_label_map(out, scheme=made.scheme).data, labels())


def test_a_mask_is_never_written_over_itself(tmp_path: Path) -> None:
    source = save(tmp_path / "a_seg.nii.gz", labels())
    before = source.read_bytes()
    with pytest.raises(ExportError, match="itself"):
        exported(source, source)
    (tmp_path / "link.nii.gz").symlink_to(source)
    with pytest.raises(ExportError, match="itself"):
        exported(source, tmp_path / "link.nii.gz")
    assert source.read_bytes() == before


@pytest.mark.parametrize("name", ["out.png", "out.nii.zip", "out", "out.hdr"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    source = save(tmp_path / "a_seg.nii.gz", labels())
    with pytest.raises(ExportError, match=name) as caught:
        exported(source, tmp_path / name)
    assert caught.value.hint
    assert not (tmp_path / name).exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    source = save(tmp_path / "a_seg.nii.gz", labels())
    with pytest.raises(ExportError, match=r"out\.nii\.gz"):
        exported(source, source / "out.nii.gz")


@pytest.mark.parametrize("change", ["voxel", "place"])
def test_a_file_that_reads_back_differently_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    source = save(tmp_path / "a_seg.nii.gz", labels())

    def write_wrongly(path: Path, label_map: LabelMap, *, like: object, keeps_header: bool) -> None:
        data, affine = labels(), LPS.copy()
        if change == "voxel":
            data[0, 0, 0] = 1
        else:
            affine[0, 3] = np.nextafter(np.float32(0), np.float32(1))
        save(path, data, affine)

    monkeypatch.setattr(export, "write_label_map", write_wrongly)
    with pytest.raises(ExportError, match="differently"):
        exported(source, tmp_path / "out.nii.gz")
    assert not (tmp_path / "out.nii.gz").exists()


def test_a_mask_of_another_shape_does_not_fit_a_header(tmp_path: Path) -> None:
    source = read_label_map(save(tmp_path / "a_seg.nii.gz", labels()), layout="brats2021").source
    other = LabelMap("x", labels((5, 6, 8)), Grid((5, 6, 8), LPS), SCHEMES["brats2021"])
    with pytest.raises(ExportError, match="does not fit"):
        write_label_map(tmp_path / "out.nii.gz", other, like=source)


@pytest.mark.real
def test_every_real_mask_comes_back(real_cases: Path, tmp_path: Path) -> None:
    sources = sorted(real_cases.glob("*/*_seg.nii.gz"))
    assert len(sources) == 11
    for source in sources:
        out = exported(source, tmp_path / source.name)
        assert_same_geometry(out, source)
        assert np.array_equal(np.asanyarray(nib.load(out).dataobj), np.asanyarray(nib.load(source).dataobj))


@pytest.mark.real
def test_every_real_mask_takes_the_geometry_of_its_image(real_cases: Path, tmp_path: Path) -> None:
    for source in sorted(real_cases.glob("*/*_seg.nii.gz")):
        image = source.with_name(source.name.replace("_seg", "_flair"))
        assert_same_geometry(exported(source, tmp_path / source.name, like=image), image)
