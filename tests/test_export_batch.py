"""Many masks exported at once: the table, the failures, the stop, the names that a spreadsheet would carry out."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from image_files import labels, ramp, save
from small_cases import truth_path, write_cases, write_shifted

from workstation.cli import main
from workstation.core.case import DataSet
from workstation.core.selection import Selection
from workstation.errors import ExportError, LayoutError
from workstation.io.export_batch import ExportItem, export_all, masks_to_export
from workstation.io.provenance import ReviewMark
from workstation.io.tables import read_table, write_table


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    return write_cases(tmp_path / "data", cases=3)


def masks_of(data: DataSet, folder: Path, *numbers: int) -> Path:
    """A folder with predictions of some of the cases: their truths."""
    folder.mkdir()
    for number in numbers:
        case = data.cases[number]
        (folder / f"{case.name}_pred.nii.gz").write_bytes(truth_path(case).read_bytes())
    return folder


def test_every_mask_and_every_case_without_one_stands_in_the_table(data: DataSet, tmp_path: Path) -> None:
    folder = masks_of(data, tmp_path / "masks", 0, 2)
    done = export_all(masks_to_export(folder, data), tmp_path / "out", selection=Selection(region="WT"))
    rows = read_table(done.table)
    assert [(row["case"], row["status"]) for row in rows] == [
        (data.cases[0].name, "exported"),
        (data.cases[1].name, "no mask"),
        (data.cases[2].name, "exported"),
    ]
    truth = nib.load(truth_path(data.cases[0]))
    expected = np.asanyarray(truth.dataobj) > 0
    assert np.array_equal(np.asanyarray(nib.load(tmp_path / "out" / rows[0]["out"]).dataobj), expected)
    volume = expected.sum() * abs(np.linalg.det(truth.affine[:3, :3])) / 1000
    assert float(rows[0]["WT_ml"]) == pytest.approx(volume)
    assert (tmp_path / "out" / rows[0]["side_car"]).is_file()


def test_one_that_fails_stops_no_other(data: DataSet, tmp_path: Path) -> None:
    folder = masks_of(data, tmp_path / "masks", 0, 1)
    (folder / f"{data.cases[0].name}_pred.nii.gz").write_bytes(b"no image")
    done = export_all(masks_to_export(folder, data), tmp_path / "out")
    assert [row["status"] for row in done.rows] == ["failed", "exported", "no mask"]
    assert data.cases[0].name in read_table(done.table)[0]["problem"]


def test_a_stop_leaves_what_is_done_and_its_table(data: DataSet, tmp_path: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    done = export_all(
        masks_to_export(None, data),
        tmp_path / "out",
        report=lambda *progress: seen.append(progress),
        should_stop=lambda: len(seen) == 2,
    )
    assert done.is_stopped
    assert [row["status"] for row in read_table(done.table)] == ["exported", "exported"]
    assert seen[0] == (0, 3, data.cases[0].name)


def test_what_reviewers_decided_stands_in_the_table(data: DataSet, tmp_path: Path) -> None:
    marks = {data.cases[1].name: ReviewMark("rejected", "R. Eader", "2026-02-03", "=cmd|' /C calc'!A0")}
    done = export_all(masks_to_export(None, data), tmp_path / "out", reviews=marks.get)
    assert read_table(done.table)[1]["decision"] == "rejected"
    assert ",'=cmd|" in done.table.read_text()


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t"])
def test_no_cell_begins_a_formula(tmp_path: Path, first: str) -> None:
    hostile = f"{first}SUM(1+9)"
    write_table(tmp_path / "a.csv", ("a", "b"), [{"a": hostile, "b": -1.5}])
    text = (tmp_path / "a.csv").read_bytes().decode()
    assert text.splitlines(keepends=False)[1].lstrip('"').startswith("'")
    assert text.rstrip().endswith(",-1.5")
    assert read_table(tmp_path / "a.csv") == [{"a": hostile, "b": "-1.5"}]


def test_a_carriage_return_ends_no_row(tmp_path: Path) -> None:
    write_table(tmp_path / "a.csv", ("a", "b"), [{"a": "one\rtwo\r\nthree", "b": 1}])
    assert read_table(tmp_path / "a.csv") == [{"a": "one\ntwo\nthree", "b": "1"}]


def test_masks_of_one_name_are_told_apart_by_their_cases(tmp_path: Path) -> None:
    masks = [save(tmp_path / name / "pred.nii.gz", labels()) for name in ("a", "b")]
    items = [ExportItem(mask.parent.name, mask) for mask in masks]
    done = export_all(items, tmp_path / "out")
    assert [row["out"] for row in done.rows] == ["a_pred.nii.gz", "b_pred.nii.gz"]
    with pytest.raises(ExportError, match=r"a_pred\.nii\.gz"):
        export_all([items[0], items[0]], tmp_path / "two")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="no masks"):
        masks_to_export(tmp_path, None)


def test_masks_are_not_exported_over_themselves(tmp_path: Path) -> None:
    save(tmp_path / "a.nii.gz", labels())
    done = export_all(masks_to_export(tmp_path, None), tmp_path)
    assert [row["status"] for row in done.rows] == ["failed"]


def test_predictions_named_like_the_truths_are_not_exported_over_them(data: DataSet, tmp_path: Path) -> None:
    case = data.cases[0]
    before = truth_path(case).read_bytes()
    folder = tmp_path / "masks"
    folder.mkdir()
    # As a tool writes it that names its masks after the truths it was given.
    write_shifted(truth_path(case), folder / truth_path(case).name, by=3)
    done = export_all([ExportItem(case.name, folder / truth_path(case).name, case)], truth_path(case).parent)
    assert [row["status"] for row in done.rows] == ["failed"]
    assert "the truth of the case" in done.rows[0]["problem"]
    assert truth_path(case).read_bytes() == before


def test_a_folder_on_the_command_line(data: DataSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = masks_of(data, tmp_path / "masks", 0, 1)
    words = ["export", str(folder), str(tmp_path / "out"), "--batch", "--data", str(data.root), "--region", "ET"]
    assert main([*words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["masks"]
    assert [row["status"] for row in rows] == ["exported", "exported", "no mask"]
    (folder / "bad.nii.gz").write_bytes(b"")
    assert main(words) == 1
    assert "bad.nii.gz" in capsys.readouterr().out


def test_a_data_set_on_the_command_line_exports_its_truths(
    data: DataSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(data.root), str(tmp_path / "out"), "--scheme", "msd"]) == 0
    assert "exported 3 masks" in capsys.readouterr().out
    assert len(list((tmp_path / "out").glob("*.nii.gz"))) == 3


def test_one_label_and_the_header_on_the_command_line(tmp_path: Path) -> None:
    save(tmp_path / "A_flair.nii.gz", ramp())
    source = save(tmp_path / "A_seg.nii.gz", labels())
    out = tmp_path / "out.nii.gz"
    assert main(["export", str(source), str(out), "--label", "2", "--keep-header"]) == 0
    image = nib.load(out)
    assert set(np.unique(np.asanyarray(image.dataobj))) == {0, 2}
    assert bytes(image.header["descrip"].item()) == b"Jane Doe 1970-01-01"
