"""The side-car of an exported mask: what it says, and that it says nothing of a person or a computer."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from image_files import LPS, labels, ramp, save

from workstation.core.case import ImageRef
from workstation.core.selection import Selection
from workstation.errors import ExportError, LabelError
from workstation.io.cases import read_mask
from workstation.io.export import export_label_map, export_mask
from workstation.io.files import read_json, write_json
from workstation.io.layouts import find_case
from workstation.io.provenance import Origin, ReviewMark
from workstation.session.opening import is_mask_of

NAME = "Jane Doe"
MODEL = {"name": "unet", "sha256": "ab" * 32, "created": "2026-01-02T03:04:05+00:00"}


def write_case(folder: Path) -> Path:
    """A BraTS case whose headers name a patient, in descriptions and in an extension; the path of its truth."""
    for part, data in (("flair", ramp()), ("t1", ramp()), ("seg", labels())):
        path = save(folder / f"A_{part}.nii.gz", data)
        image = nib.load(path)
        image.header["descrip"], image.header["db_name"] = NAME.encode(), b"Jane"
        image.header["aux_file"], image.header["intent_name"] = b"jane.doe", b"Doe^Jane"
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", f"{NAME}, born 1970-01-01".encode()))
        nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj), LPS, image.header), path)
        assert NAME.encode() in gzip.decompress(path.read_bytes())
    return folder / "A_seg.nii.gz"


def facts_of(source: Path, out: Path, **options: Any) -> dict[str, Any]:
    """The side-car of an export."""
    return read_json(export_mask(source, out, **options).side_car)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_side_car_names_sources_by_hash_and_counts_labels(tmp_path: Path) -> None:
    source = write_case(tmp_path / "case")
    facts = facts_of(source, tmp_path / "out.nii.gz")
    assert facts["case"] == "A"
    assert facts["scheme"] == "brats2021"
    assert facts["made_from"] == {"file": "A_seg.nii.gz", "sha256": sha256(source)}
    assert facts["mask"]["sha256"] == sha256(tmp_path / "out.nii.gz")
    assert [(each["sequence"], each["sha256"]) for each in facts["sources"]] == [
        ("T1", sha256(tmp_path / "case" / "A_t1.nii.gz")),
        ("FLAIR", sha256(tmp_path / "case" / "A_flair.nii.gz")),
    ]
    # Labels 1, 2 and 4 fill 2 rows of 2, 3 and 4 voxels; a voxel is 0.001 ml.
    assert {value: each["voxels"] for value, each in facts["labels"].items()} == {"1": 4, "2": 6, "4": 8}
    assert facts["labels"]["4"]["volume_ml"] == pytest.approx(0.008)
    assert {"workstation", "numpy", "nibabel"} <= set(facts["versions"])


def test_how_a_prediction_was_made_is_inherited_through_two_exports(tmp_path: Path) -> None:
    source = write_case(tmp_path / "case")
    first = tmp_path / "A_prediction.nii.gz"
    export_mask(source, first)
    write_json(
        tmp_path / "A_prediction.json",
        {
            "scheme": "brats2021",
            "model": MODEL,
            "threshold": 0.5,
            "preprocessing": {"version": 1, "orientation": "LPS", "patient": NAME},
            "sources": [{"sequence": "FLAIR", "file": f"/home/{NAME}/A_flair.nii.gz", "sha256": "cd", "name": NAME}],
            "versions": {"workstation": "0.1.0", "host": NAME},
            "patient": NAME,
        },
    )
    facts_of(first, tmp_path / "two" / "B.nii.gz")
    facts = facts_of(tmp_path / "two" / "B.nii.gz", tmp_path / "three" / "C.nii.gz")
    made = facts["segmentation"]
    assert made["model"] == MODEL
    assert made["threshold"] == 0.5
    assert made["preprocessing"] == {"version": 1, "orientation": "LPS"}
    assert made["sources"] == [{"sequence": "FLAIR", "sha256": "cd", "file": "A_flair.nii.gz"}]
    assert NAME not in json.dumps(facts)


def test_no_trace_of_a_person_or_a_folder_is_left(tmp_path: Path) -> None:
    source = write_case(tmp_path / "case")
    done = export_mask(source, tmp_path / "out.nii.gz", like=tmp_path / "case" / "A_t1.nii.gz")
    content = gzip.decompress(done.mask.read_bytes()) + done.side_car.read_bytes()
    for word in (b"Jane", b"jane", b"Doe", b"1970", str(tmp_path).encode()):
        assert word not in content


def test_a_header_is_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    source = write_case(tmp_path / "case")
    done = export_mask(source, tmp_path / "out.nii.gz", keeps_header=True)
    image = nib.load(done.mask)
    assert bytes(image.header["descrip"].item()) == NAME.encode()
    assert [each.get_content() for each in image.header.extensions] == [b"Jane Doe, born 1970-01-01"]
    assert np.array_equal(np.asanyarray(image.dataobj), labels())
    assert read_json(done.side_car)["header"] == "kept"


def test_reviewer_and_edits_are_written_and_the_note_is_not(tmp_path: Path) -> None:
    source = write_case(tmp_path / "case")
    mark = ReviewMark("accepted", "R. Eader", "2026-02-03", f"called {NAME}")
    origin = Origin("A", review=mark, edits=("brush", "fill"))
    facts = facts_of(source, tmp_path / "out.nii.gz", origin=origin)
    assert facts["review"] == {"decision": "accepted", "reviewer": "R. Eader", "date": "2026-02-03"}
    assert facts["edits"] == ["brush", "fill"]
    assert NAME not in json.dumps(facts)


def test_an_exported_mask_tells_its_scheme_to_the_next_reader(tmp_path: Path) -> None:
    source = write_case(tmp_path / "case")
    out = export_mask(source, tmp_path / "out.nii.gz", selection=Selection(scheme="msd")).mask
    assert read_mask(out).scheme.name == "msd"
    region = export_mask(source, tmp_path / "tc.nii.gz", selection=Selection(region="TC")).mask
    assert read_mask(region).scheme.name == "region:TC"


def test_one_label_keeps_its_number_and_is_converted_with_its_scheme(tmp_path: Path) -> None:
    source = write_case(tmp_path / "case")
    four = export_mask(source, tmp_path / "four.nii.gz", selection=Selection(label=4)).mask
    assert np.array_equal(np.asanyarray(nib.load(four).dataobj), np.where(labels() == 4, 4, 0))
    three = export_mask(source, tmp_path / "three.nii.gz", selection=Selection(label=4, scheme="msd")).mask
    assert np.array_equal(np.asanyarray(nib.load(three).dataobj), np.where(labels() == 4, 3, 0))
    with pytest.raises(LabelError, match="3 is not a label"):
        export_mask(source, tmp_path / "none.nii.gz", selection=Selection(label=3))
    with pytest.raises(LabelError, match="neither"):
        Selection(region="WT", label=1)


def test_an_exported_mask_is_known_as_one_of_its_case(tmp_path: Path) -> None:
    source = write_case(tmp_path / "case")
    out = export_mask(source, tmp_path / "anything.nii.gz").mask
    files = find_case(source)
    assert is_mask_of(out, files)
    other = dataclasses.replace(files, sequences={"T2": ImageRef(tmp_path / "case" / "B_t2.nii.gz")})
    assert not is_mask_of(out, other)


def test_another_json_file_is_not_replaced(tmp_path: Path) -> None:
    source = write_case(tmp_path / "case")
    write_json(tmp_path / "dataset.json", {"labels": {}})
    with pytest.raises(ExportError, match=r"dataset\.json"):
        export_mask(source, tmp_path / "dataset.nii.gz")
    assert not (tmp_path / "dataset.nii.gz").exists()
    export_mask(source, tmp_path / "mine.nii.gz")
    export_mask(source, tmp_path / "mine.nii.gz")


def test_the_truth_of_the_open_case_is_never_written_over(tmp_path: Path) -> None:
    truth = write_case(tmp_path / "case")
    mask = read_mask(truth, scheme="brats2021")
    before = truth.read_bytes()
    with pytest.raises(ExportError, match="the truth of the case"):
        export_label_map(dataclasses.replace(mask, source=None), truth, origin=Origin.of(find_case(truth)))
    assert truth.read_bytes() == before


def test_an_image_of_the_case_is_never_written_over(tmp_path: Path) -> None:
    source = write_case(tmp_path / "case")
    with pytest.raises(ExportError, match="an image of the case"):
        export_mask(source, tmp_path / "case" / "A_t1.nii.gz")
