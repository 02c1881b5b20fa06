"""Reports of phantoms: their figures, pictures and words; every combination of masks; no trace of a person."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, qBlue, qGray, qRed
from small_cases import truth_path, write_cases, write_shifted
from test_report_pages import parsed, pdf_text

from workstation.cli import main
from workstation.core.case import DataSet
from workstation.core.labels import SCHEMES, unnamed_scheme
from workstation.core.volume import LabelMap
from workstation.gui.colours import PALETTES
from workstation.gui.report.blocks import Document, Gallery, Legend, Picture, Plots, Table
from workstation.gui.report.case_page import case_document
from workstation.gui.report.case_pictures import Style
from workstation.gui.report.flow import page_images, plot_image
from workstation.gui.report.making import make_case_report, make_cohort_report, read_input
from workstation.gui.report.markup import html_of
from workstation.gui.report.overlays import comparison_overlay
from workstation.gui.report.scene import scene_picture
from workstation.gui.report.slices import SIDE, Convention, SlicePictures
from workstation.io.case_report import CaseFacts, CaseInput, gather_case
from workstation.io.cohort_report import CohortFacts, gather_cohort
from workstation.io.matching import masks_of_cases
from workstation.io.provenance import ReviewMark
from workstation.io.tables import read_table

HOSTILE = "=HYPERLINK(1)<img src=x onerror=alert(1)>"
pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    return write_cases(tmp_path_factory.mktemp("data"), cases=3)


@pytest.fixture(scope="module")
def given(data: DataSet, tmp_path_factory: pytest.TempPathFactory) -> CaseInput:
    """The first case with a prediction that is its truth moved by two voxels."""
    files = data.cases[0]
    prediction = write_shifted(truth_path(files), tmp_path_factory.mktemp("masks") / f"{files.name}_pred.nii.gz")
    return read_input(files, truth=None, prediction=prediction)


def no_scene(_facts: CaseFacts, _palette: str) -> None:
    """Where OpenGL does not work."""


def made(given: CaseInput, style: Style | None = None) -> Document:
    return case_document(gather_case(given), style or Style(), scene=no_scene)


def tables_of(document: Document) -> list[Table]:
    return [block for block in document.blocks if isinstance(block, Table)]


def legend_of(document: Document) -> Legend:
    cells = [cell for block in document.blocks if isinstance(block, Gallery) for cell in block.cells]
    return [cell for cell in cells if isinstance(cell, Legend)][-1]


def count_colour(image: QImage, is_wanted: object) -> int:
    return sum(is_wanted(image.pixel(x, y)) for x in range(0, SIDE, 2) for y in range(0, SIDE, 2))  # type: ignore[operator]


def test_figures_are_those_of_the_masks(given: CaseInput) -> None:
    assert given.truth is not None
    assert given.prediction is not None
    truth, prediction = given.truth.data > 0, given.prediction.data > 0
    tp = (truth & prediction).sum()
    dice = 2 * tp / (truth.sum() + prediction.sum())
    row = tables_of(made(given))[0].rows[0]
    assert row[0] == "Whole tumour (WT)"
    assert row[1] == f"{dice:.3f}"
    assert f"{truth.sum() * given.case.grid.voxel_ml:.2f}" in row
    values = [key.value for key in legend_of(made(given)).keys]
    assert values[0] == f"{tp * given.case.grid.voxel_ml:.2f} ml"


def test_a_report_says_what_where_from_and_what_for(given: CaseInput, tmp_path: Path) -> None:
    reviewed = dataclasses.replace(
        given, review=ReviewMark("rejected", "R. Eader", "2026-02-03", "Rim is missed.", "misses tumour")
    )
    make_case_report(reviewed, [tmp_path / "a.pdf", tmp_path / "a.html"])
    html = parsed((tmp_path / "a.html").read_text()).text
    pdf = pdf_text(tmp_path / "a.pdf")
    assert len(pdf) == 1, "one page a case"
    for text in (pdf[0], html):
        for words in (given.case.name, "Dice", "Rejected", "R. Eader", "Rim is missed.", "not a medical device"):
            assert words in text
        assert given.prediction is not None
        assert given.prediction.source is not None
        assert given.prediction.source.path.name in text
        assert str(given.prediction.source.path.parent) not in text
        assert "Radiological" in text


@pytest.mark.parametrize("has_truth", [True, False])
@pytest.mark.parametrize("kind", ["none", "empty", "region", "many labels", "other scheme"])
def test_every_combination_of_masks_makes_a_page(given: CaseInput, kind: str, *, has_truth: bool) -> None:
    assert given.prediction is not None
    mask: LabelMap | None = given.prediction
    if kind == "none":
        mask = None
    elif kind == "empty":
        mask = dataclasses.replace(given.prediction, data=np.zeros_like(given.prediction.data))
    elif kind == "region":
        from workstation.core.labels import region_scheme

        mask = dataclasses.replace(
            given.prediction, data=(given.prediction.data > 0).astype(np.uint8), scheme=region_scheme("WT")
        )
    elif kind == "many labels":
        many = np.zeros_like(given.prediction.data)
        many[5:30, 5:30, 5:25] = np.arange(25)[:, None, None] + 1
        mask = dataclasses.replace(given.prediction, data=many, scheme=unnamed_scheme())
    elif kind == "other scheme":
        data = np.where(given.prediction.data == 4, 3, given.prediction.data).astype(np.uint8)
        mask = dataclasses.replace(given.prediction, data=data, scheme=SCHEMES["brats2023"])
    document = made(dataclasses.replace(given, truth=given.truth if has_truth else None, prediction=mask))
    assert len(page_images(document, dpi=50)) == 1
    assert html_of(document).count("<img") >= 3
    if kind == "many labels" and not has_truth:
        assert "more labels" in legend_of(document).remark
    if kind == "empty" and not has_truth:
        assert "empty" in legend_of(document).remark


def slice_with(given: CaseInput, truth: np.ndarray, prediction: np.ndarray, convention: Convention) -> QImage:
    """An axial picture of two masks in voxels of the case, through the middle."""
    assert given.truth is not None
    masks = [dataclasses.replace(given.truth, data=data) for data in (truth, prediction)]
    overlay = comparison_overlay(masks[0], masks[1], "WT", PALETTES["standard"])
    i, j, k = given.case.grid.shape
    return SlicePictures(given.case, "FLAIR", overlay, convention).picture("axial", (i // 2, j // 2, k // 2))


def red(colour: int) -> bool:
    return qRed(colour) > qBlue(colour) + 40 and QColor(colour).green() < qRed(colour) - 40


def blue(colour: int) -> bool:
    return qBlue(colour) > qRed(colour) + 40


def centre_x(image: QImage, is_wanted: object) -> float:
    columns = [x for x in range(SIDE) for y in range(0, SIDE, 4) if is_wanted(image.pixel(x, y))]  # type: ignore[operator]
    return float(np.mean(columns))


def test_the_patients_right_is_on_the_left_unless_asked_otherwise(given: CaseInput) -> None:
    truth, prediction = (np.zeros(given.case.grid.shape, dtype=np.uint8) for _ in range(2))
    # Voxels of a BraTS grid (LPS) run to the patient's left: the truth lies right, the prediction left.
    truth[8:13, 14:20, :] = 2
    prediction[20:25, 14:20, :] = 2
    radiological = slice_with(given, truth, prediction, Convention())
    assert centre_x(radiological, blue) < SIDE / 2 < centre_x(radiological, red)
    neurological = slice_with(given, truth, prediction, Convention("neurological"))
    assert centre_x(neurological, red) < SIDE / 2 < centre_x(neurological, blue)


def test_outlines_differ_when_printed_in_grey(given: CaseInput) -> None:
    """The truth's outline has no gaps; the prediction's has."""

    def steps(image: QImage) -> int:
        # Along the lowest edge of the mask: how often bright ink begins.
        rows = [[qGray(image.pixel(x, y)) > 90 for x in range(SIDE)] for y in range(SIDE // 2, SIDE - 80)]
        longest = max(rows, key=sum)
        return sum(b and not a for a, b in pairwise(longest))

    empty = np.zeros(given.case.grid.shape, dtype=np.uint8)
    mask = empty.copy()
    mask[9:24, 12:24, :] = 2
    dark = dataclasses.replace(given.case.sequences["FLAIR"], data=np.zeros(mask.shape, dtype=np.int16))
    flat = dataclasses.replace(given, case=dataclasses.replace(given.case, sequences={"FLAIR": dark}))
    solid, dashed = slice_with(flat, mask, empty, Convention()), slice_with(flat, empty, mask, Convention())
    assert steps(solid) <= 3
    assert steps(dashed) > 10


def test_a_page_shows_the_pictures_where_they_belong(given: CaseInput) -> None:
    (page,) = page_images(made(given), dpi=72)
    # The first picture begins at the margin of 15 mm; its corner is black, the margin before it white.
    x = round(16 / 25.4 * 72)
    blacks = [y for y in range(page.height()) if qGray(page.pixel(x, y)) < 20]
    side = (180 - 6) / 4 / 25.4 * 72
    assert len(blacks) == pytest.approx(2 * side, rel=0.1)
    assert all(qGray(page.pixel(round(10 / 25.4 * 72), y)) > 250 for y in range(page.height()))


def test_a_scene_that_cannot_be_drawn_is_said_in_words(given: CaseInput) -> None:
    facts = gather_case(given)
    crash = (sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert scene_picture(facts, "standard", command=crash) is None
    assert scene_picture(facts, "standard", command=("/no/such/program",)) is None
    assert scene_picture(facts, "standard", command=(sys.executable, "-c", "")) is None
    endless = (sys.executable, "-c", "import time; time.sleep(60)")
    assert scene_picture(facts, "standard", command=endless, should_stop=lambda: True) is None
    assert "OpenGL does not work" in html_of(made(given))


def test_a_scene_shows_both_masks(given: CaseInput) -> None:
    picture = scene_picture(gather_case(given), "standard")
    if picture is None:
        pytest.skip("OpenGL does not work here")
    assert (picture.width(), picture.height()) == (SIDE, SIDE)
    assert count_colour(picture, lambda colour: qRed(colour) > 60 or qBlue(colour) > 60) > 500


def test_hostile_names_and_notes_stay_words(given: CaseInput, tmp_path: Path) -> None:
    case = dataclasses.replace(given.case, name=HOSTILE)
    hostile = dataclasses.replace(given, case=case, review=ReviewMark("flagged", HOSTILE, "", HOSTILE))
    make_case_report(hostile, [tmp_path / "a.html", tmp_path / "a.pdf"])
    page = parsed((tmp_path / "a.html").read_text())
    assert page.text.count(HOSTILE) >= 3
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert "onerror" in pdf_text(tmp_path / "a.pdf")[0]


def cohort_folder(data: DataSet, folder: Path) -> Path:
    """Predictions of the first two cases: one moved by two voxels, one equal."""
    folder.mkdir()
    write_shifted(truth_path(data.cases[0]), folder / f"{data.cases[0].name}_pred.nii.gz", by=4)
    write_shifted(truth_path(data.cases[1]), folder / f"{data.cases[1].name}_pred.nii.gz", by=1)
    return folder


def cohort_facts(data: DataSet, folder: Path) -> CohortFacts:
    """The figures of these predictions."""
    return gather_cohort(data, masks_of_cases(data, cohort_folder(data, folder / "masks")), name="masks")


def test_a_cohort_lists_the_worst_case_first_and_what_was_not_scored(data: DataSet, tmp_path: Path) -> None:
    facts = cohort_facts(data, tmp_path)
    assert [row.case for row in facts.rows] == [case.name for case in data.cases]
    first, second = facts.scored
    assert first.mean_dice < second.mean_dice
    assert facts.rows[2].problem == "no prediction"
    values = [first.scores["WT"]["dice"], second.scores["WT"]["dice"]]
    assert facts.box("WT", "dice").summary.mean == pytest.approx(sum(values) / 2)
    volumes = [row.scores["WT"]["prediction_ml"] - row.scores["WT"]["truth_ml"] for row in facts.scored]
    assert facts.agreement("WT").bias == pytest.approx(sum(volumes) / 2)


def test_a_cohort_report_in_every_format(data: DataSet, tmp_path: Path) -> None:
    masks = cohort_folder(data, tmp_path / "masks")
    outs = [tmp_path / name for name in ("a.pdf", "a.html", "a.csv")]
    marks = {data.cases[0].name: ReviewMark("rejected", "R. Eader", "2026-02-03", "=1+1")}
    make_cohort_report(data, masks, outs, reviews=marks.get)
    pdf, html = " ".join(pdf_text(outs[0])), parsed(outs[1].read_text()).text
    for text in (pdf, html):
        for words in ("Cohort report", "Median", "Rejected", "Not scored", data.cases[2].name, "no prediction"):
            assert words in text
    rows = read_table(outs[2])
    assert [row["region"] for row in rows] == ["WT", "TC", "ET", "WT", "TC", "ET", ""]
    assert rows[0]["note"] == "=1+1"
    assert ",'=1+1" in outs[2].read_text()


def test_a_stopped_cohort_says_so(data: DataSet, tmp_path: Path) -> None:
    from workstation.gui.report.making import Progress

    seen: list[str] = []
    masks = cohort_folder(data, tmp_path / "masks")
    progress = Progress(lambda _done, _total, name: seen.append(name), lambda: len(seen) == 2)
    facts = make_cohort_report(data, masks, [tmp_path / "a.html"], progress=progress)
    assert facts.is_stopped
    assert len(facts.rows) == 1
    assert "Stopped before the last case" in (tmp_path / "a.html").read_text()


def test_plots_of_a_cohort_are_drawn(data: DataSet, tmp_path: Path) -> None:
    from workstation.gui.report.cohort_page import cohort_document

    document = cohort_document(cohort_facts(data, tmp_path))
    plots = [plot for block in document.blocks if isinstance(block, Plots) for plot in block.plots]
    assert len(plots) == 4
    for plot in plots:
        image = plot_image(plot.paint, width_mm=90, height_mm=57, dpi=60)
        ink = sum(qGray(image.pixel(x, y)) < 200 for x in range(image.width()) for y in range(image.height()))
        assert ink > 300, plot.title


def test_reports_on_the_command_line(data: DataSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    masks = cohort_folder(data, tmp_path / "masks")
    case = truth_path(data.cases[0]).parent
    prediction = str(masks / f"{data.cases[0].name}_pred.nii.gz")
    out = tmp_path / "case.html"
    words = ["report", str(case), "--prediction", prediction, "--sequence", "T1c", "--out", str(out)]
    assert main(words) == 0
    assert "T1c" in out.read_text()
    assert main(["report", str(data.root), "--predictions", str(masks), "--out", str(tmp_path / "all.pdf")]) == 0
    assert "mean Dice" in capsys.readouterr().out
    assert main(["report", str(case), "--sequence", "DWI", "--out", str(out)]) == 1
    assert "has no DWI" in capsys.readouterr().err
    assert main(["report", str(case), "--out", str(tmp_path / "a.docx")]) == 1


def test_no_report_or_export_names_the_patient_of_a_header(data: DataSet, tmp_path: Path) -> None:
    """Descriptions, names and extensions of headers leave no trace, whatever is written."""
    folder = tmp_path / "case"
    folder.mkdir()
    for ref in (*data.cases[0].sequences.values(), data.cases[0].truth):
        assert ref is not None
        image = nib.load(ref.path)
        image.header["descrip"], image.header["db_name"] = b"Jane Doe", b"Jane Doe"
        image.header["aux_file"], image.header["intent_name"] = b"Jane Doe", b"Jane Doe"
        image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"Jane Doe"))
        nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj), image.affine, image.header), folder / ref.path.name)
    name = data.cases[0].name
    masks = tmp_path / "masks"
    masks.mkdir()
    (masks / f"{name}.nii.gz").write_bytes((folder / f"{name}_seg.nii.gz").read_bytes())
    out = tmp_path / "out"
    prediction = str(masks / f"{name}.nii.gz")
    for words in (
        ["report", str(folder), "--prediction", prediction, "--out", str(out / "a.pdf"), "--out", str(out / "a.html")],
        ["report", str(folder), "--predictions", str(masks), "--out", str(out / "b.pdf"), "--out", str(out / "b.csv")],
        ["export", str(masks), str(out / "masks"), "--data", str(folder)],
    ):
        assert main(words) == 0
    written = [path for path in out.rglob("*") if path.is_file()]
    assert len(written) == 7
    for path in written:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = nib.load(path).header.binaryblock
        text = " ".join(pdf_text(path)) if path.suffix == ".pdf" else ""
        for trace in (b"Jane Doe", str(tmp_path).encode()):
            assert trace not in content, path
            assert trace.decode() not in text, path


def test_a_report_needs_neither_tensorflow_nor_a_screen(given: CaseInput, tmp_path: Path) -> None:
    assert given.case.files.truth is not None
    program = (
        "import sys; from workstation.cli import main; status = main(sys.argv[1:]);"
        "heavy = {'tensorflow', 'vtkmodules.vtkRenderingOpenGL2', 'matplotlib'} & set(sys.modules);"
        "sys.exit(status or (3 if heavy else 0))"
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "QT_QPA_PLATFORM")}
    words = ["report", str(given.case.files.truth.path.parent), "--out", str(tmp_path / "a.pdf")]
    done = subprocess.run(
        [sys.executable, "-c", program, *words], env=environment, capture_output=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_the_page_of_a_picture_has_words_for_it(given: CaseInput) -> None:
    pictures = [
        cell
        for block in made(given).blocks
        if isinstance(block, Gallery)
        for cell in block.cells
        if isinstance(cell, Picture)
    ]
    assert [each.description.split(",")[0] for each in pictures] == ["Axial", "Sagittal", "Coronal"] * 2


@pytest.mark.real
def test_a_real_case_fits_one_page(real_cases: Path, mask_pairs: Path, tmp_path: Path) -> None:
    prediction = mask_pairs / "BraTS2021_01479_dilate.nii.gz"
    out = tmp_path / "a.pdf"
    assert (
        main(["report", str(real_cases / "BraTS2021_01479"), "--prediction", str(prediction), "--out", str(out)]) == 0
    )
    (text,) = pdf_text(out)
    assert "Whole tumour (WT)" in text
    assert "added (FP)" in text
