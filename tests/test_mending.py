"""Mended copies: right in one thing, equal in all others, and the source untouched."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from workstation.core.case import DataSet
from workstation.core.findings import Finding
from workstation.core.set_checks import check_up
from workstation.errors import ExportError
from workstation.io.examination import examine
from workstation.io.files import sha256_of
from workstation.io.layouts import open_dataset
from workstation.io.mending import RECORD_NAME, mend
from workstation.io.phantoms import write_phantoms


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_phantoms(tmp_path / "set", cases=1, shape=(32, 32, 28), layout="brats2021", seed=7)
    return tmp_path / "set"


def file_of(root: Path, part: str) -> Path:
    return root / "Phantom_00001" / f"Phantom_00001_{part}.nii.gz"


def finding_of(root: Path, kind: str) -> tuple[Finding, DataSet]:
    data_set = open_dataset(root)
    findings = check_up(data_set.cases, [examine(case) for case in data_set.cases])
    return next(each for each in findings if each.kind == kind), data_set


def test_the_images_geometry_is_copied_onto_a_mask(root: Path, tmp_path: Path) -> None:
    source = file_of(root, "seg")
    mask = np.asarray(nib.load(source).dataobj)
    nib.save(nib.Nifti1Image(mask, np.eye(4)), source)
    before = sha256_of(source)
    (copy,) = mend(*finding_of(root, "mask-grid"), tmp_path / "mended")
    assert copy == tmp_path / "mended" / "Phantom_00001" / source.name
    written, image = nib.load(copy), nib.load(file_of(root, "t1"))
    np.testing.assert_array_equal(np.asarray(written.dataobj), mask)
    np.testing.assert_array_equal(written.affine, image.affine)
    assert int(written.header["sform_code"]) == int(image.header["sform_code"])
    assert sha256_of(source) == before


def test_scaled_labels_become_whole_numbers(root: Path, tmp_path: Path) -> None:
    source = file_of(root, "seg")
    mask = nib.load(source)
    labels = np.asarray(mask.dataobj)
    nib.save(nib.Nifti1Image(np.where(labels == 4, 3.9999999990686774, labels), mask.affine), source)
    (copy,) = mend(*finding_of(root, "fractions"), tmp_path / "mended")
    written = nib.load(copy)
    assert written.get_data_dtype() == np.uint8
    np.testing.assert_array_equal(np.asarray(written.dataobj), labels)
    np.testing.assert_array_equal(written.affine, mask.affine)


@pytest.mark.parametrize("order", ["<", ">"])
def test_texts_go_and_every_voxel_stays(root: Path, tmp_path: Path, order: str) -> None:
    source = file_of(root, "t1")
    original = nib.load(source)
    data = np.asarray(original.dataobj)
    image = nib.Nifti1Image(data, original.affine, header=nib.Nifti1Header(endianness=order))
    image.header["descrip"] = b"DOE^JANE 19700101"
    image.header["aux_file"], image.header["db_name"] = b"jane.txt", b"MRN 4711"
    image.header.set_slope_inter(0.5, 3)
    image.header.extensions.append(nib.nifti1.Nifti1Extension(6, b"scanned by Dr. X"))
    nib.save(image, source)
    stored = np.asarray(nib.load(source).dataobj.get_unscaled())
    (copy,) = mend(*finding_of(root, "header-text"), tmp_path / "mended")
    written = nib.load(copy)
    np.testing.assert_array_equal(written.dataobj.get_unscaled(), stored)
    assert (written.dataobj.slope, written.dataobj.inter) == (nib.load(source).dataobj.slope, 3)
    np.testing.assert_array_equal(written.affine, original.affine)
    assert not written.header.extensions
    assert not any(bytes(written.header[field].item()).strip(b"\0") for field in ("descrip", "aux_file", "db_name"))


def test_the_record_says_what_was_made_from_what(root: Path, tmp_path: Path) -> None:
    source = file_of(root, "seg")
    nib.save(nib.Nifti1Image(np.asarray(nib.load(source).dataobj), np.eye(4)), source)
    (copy,) = mend(*finding_of(root, "mask-grid"), tmp_path / "mended")
    (entry,) = json.loads((tmp_path / "mended" / RECORD_NAME).read_text())["mends"]
    assert entry["mend"] == "copy-geometry"
    assert (entry["source_sha256"], entry["copy_sha256"]) == (sha256_of(source), sha256_of(copy))


def test_nothing_is_written_into_the_data_set_or_over_a_file(root: Path, tmp_path: Path) -> None:
    source = file_of(root, "seg")
    nib.save(nib.Nifti1Image(np.asarray(nib.load(source).dataobj), np.eye(4)), source)
    finding, data_set = finding_of(root, "mask-grid")
    for folder in (root, root / "below", root / "Phantom_00001" / ".."):
        with pytest.raises(ExportError, match="lies in the data set"):
            mend(finding, data_set, folder)
    (tmp_path / "link").symlink_to(root)
    with pytest.raises(ExportError, match="lies in the data set"):
        mend(finding, data_set, tmp_path / "link")
    (copy,) = mend(finding, data_set, tmp_path / "mended")
    before = sha256_of(copy)
    with pytest.raises(ExportError, match="is there already"):
        mend(finding, data_set, tmp_path / "mended")
    assert sha256_of(copy) == before
