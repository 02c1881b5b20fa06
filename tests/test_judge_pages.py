"""The Evaluate and Compare pages as they are used: batches, the worst case first, one click to Review."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from test_models_workspace import RecordingRuns, write_model
from test_run_comparison import write_masks

from workstation.core.requests import SegmentRequest
from workstation.gui.judge.charts import BoxChart
from workstation.gui.judge.compare_page import ComparePage, p_words
from workstation.gui.judge.evaluate_page import EvaluatePage
from workstation.gui.models import sources
from workstation.gui.models.workspace import ModelsWorkspace
from workstation.io.layouts import open_dataset
from workstation.io.phantoms import write_phantoms
from workstation.io.places import user_models_folder
from workstation.io.run_comparison import name_of_masks
from workstation.io.runs import RunFolder
from workstation.session.judging import show_case, take_masks
from workstation.session.runs import Runs
from workstation.session.session import Session

PATIENCE_MS = 30_000


@pytest.fixture(autouse=True)
def no_shipped_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "shipped_models_folder", lambda: tmp_path / "shipped")


@pytest.fixture
def session(tmp_path: Path, qtbot: QtBot) -> Iterator[Session]:
    session = Session(runs=RecordingRuns(tmp_path / "runs"))
    write_phantoms(tmp_path / "set", cases=3, shape=(24, 24, 24), layout="brats2021", seed=1)
    session.take_data_set(open_dataset(tmp_path / "set"))
    yield session
    session.close()


def shown(page: QWidget, qtbot: QtBot) -> None:
    qtbot.addWidget(page)
    page.resize(1200, 800)
    page.show()


def evaluate_page(session: Session, qtbot: QtBot) -> EvaluatePage:
    page = EvaluatePage(session)
    shown(page, qtbot)
    return page


def colours_of(widget: QWidget) -> set[str]:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return {QColor(image.pixel(x, y)).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}


def worst_moved(session: Session, folder: Path) -> tuple[Path, str]:
    """Masks that are the truths, but for those of the second case, which are far off."""
    data = session.data_set
    assert data is not None
    write_masks(data, folder, shift=0)
    far = write_masks(data, folder.with_name("far"), shift=6)
    name = data.cases[1].name
    (folder / f"{name}.nii.gz").write_bytes((far / f"{name}.nii.gz").read_bytes())
    return folder, name


def test_masks_of_any_folder_are_scored_the_worst_case_first(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    page = evaluate_page(session, qtbot)
    folder, worst = worst_moved(session, tmp_path / "theirs")
    assert not page.evaluate_button.isEnabled()
    page.masks.choose(folder)
    before = colours_of(page.chart)
    qtbot.mouseClick(page.evaluate_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.table.model().rowCount() == 3, timeout=PATIENCE_MS)
    assert page.table.text(0, 0) == worst
    assert float(page.table.text(0, 1)) < 0.9
    assert page.table.text(1, 1) == "1.000"
    assert "3 of 3 cases scored" in page.summary.text()
    assert len(colours_of(page.chart)) > len(before)
    # The selected case stands out in the chart.
    assert page.chart.marked == worst


def test_return_opens_the_case_with_the_mask_in_review(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    page = evaluate_page(session, qtbot)
    folder, worst = worst_moved(session, tmp_path / "theirs")
    page.masks.choose(folder)
    page.evaluate()
    qtbot.waitUntil(lambda: page.table.model().rowCount() == 3, timeout=PATIENCE_MS)
    page.table.setFocus()
    with qtbot.waitSignal(session.review_wanted, timeout=PATIENCE_MS):
        QTest.keyClick(page.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.layers.prediction is not None, timeout=PATIENCE_MS)
    assert session.case is not None
    assert session.case.name == worst
    prediction = session.layers.prediction
    assert prediction is not None
    assert prediction.source is not None
    assert prediction.source.path == folder / f"{worst}.nii.gz"


def test_a_point_of_the_chart_knows_its_case(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    page = evaluate_page(session, qtbot)
    folder, worst = worst_moved(session, tmp_path / "theirs")
    page.masks.choose(folder)
    page.evaluate()
    qtbot.waitUntil(lambda: page.table.model().rowCount() == 3, timeout=PATIENCE_MS)
    page.chart.grab()
    spots = [spot for spot in page.chart._spots if spot[1] == worst]
    assert spots
    assert page.chart.case_at(spots[0][0] + QPointF(2, 0))[0] == worst
    assert page.chart.case_at(QPointF(-100, -100)) == ("", "")


def test_another_data_set_takes_the_results_away(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    page = evaluate_page(session, qtbot)
    folder, _ = worst_moved(session, tmp_path / "theirs")
    page.masks.choose(folder)
    page.evaluate()
    qtbot.waitUntil(lambda: page.table.model().rowCount() == 3, timeout=PATIENCE_MS)
    session.take_data_set(None)
    assert page.table.model().rowCount() == 0
    assert not page.evaluate_button.isEnabled()
    assert "Open a data set" in page.hint.text()


def test_a_batch_is_started_with_what_was_ticked(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    first = write_model(user_models_folder() / "first")
    second = write_model(user_models_folder() / "second")
    write_model(user_models_folder() / "third", preset="four-regions")
    page = evaluate_page(session, qtbot)
    page.show_models(sources.find_models([], []), second)
    form = page.form
    assert form.model.currentData() == str(second)
    # Only models that find the same regions can be averaged.
    assert [form.others.item(row).text() for row in range(form.others.count())] == ["first"]
    form.others.item(0).setCheckState(Qt.CheckState.Checked)
    alone = form.estimate.text()
    form.flips.setChecked(True)
    form.entropy.setChecked(True)
    assert "of memory" in alone
    assert form.start_button.text() == "Segment 3 cases"
    qtbot.mouseClick(form.start_button, Qt.MouseButton.LeftButton)
    assert isinstance(session.runs, RecordingRuns)
    (request,) = session.runs.requests
    assert isinstance(request, SegmentRequest)
    assert request.folders == (str(second), str(first))
    assert (request.flips, request.entropy, len(request.cases)) == (True, True, 3)


def test_only_the_cases_without_a_prediction_are_segmented(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    write_model(user_models_folder() / "first")
    page = evaluate_page(session, qtbot)
    page.show_models(sources.find_models([], []), None)
    data = session.data_set
    assert data is not None
    folder = write_masks(data, tmp_path / "masks", shift=1, ending="_prediction.nii.gz")
    take_masks(session, [folder / f"{data.cases[0].name}_prediction.nii.gz"])
    page.form.which.setCurrentIndex(2)
    qtbot.waitUntil(lambda: page.form.start_button.text() == "Segment 2 cases", timeout=PATIENCE_MS)


def test_a_finished_batch_becomes_the_worklists_predictions_and_is_evaluated(
    session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    page = evaluate_page(session, qtbot)
    data, runs = session.data_set, session.runs
    assert data is not None
    runs.masks_ready.connect(lambda _name, paths: take_masks(session, paths))
    cases = tuple(str(next(iter(case.sequences.values())).path) for case in data.cases)
    run = RunFolder.create(runs.root, SegmentRequest(model="/m", cases=cases), label="batch")
    run.append({"event": "state", "state": "running"})
    runs.refresh()
    qtbot.waitUntil(lambda: runs.status(run.name) is not None, timeout=PATIENCE_MS)
    page.state.follow(run.name)
    assert page.state.stop_button.isVisible()
    folder = write_masks(data, run.predictions, shift=1, ending="_prediction.nii.gz")
    run.append({"event": "result", "masks": [{"mask": str(path)} for path in sorted(folder.iterdir())]})
    run.append({"event": "state", "state": "finished"})
    runs.refresh()
    qtbot.waitUntil(lambda: page.table.model().rowCount() == 3, timeout=PATIENCE_MS)
    assert run.name in page.summary.text()
    qtbot.waitUntil(lambda: all(entry.prediction for entry in session.worklist.entries), timeout=PATIENCE_MS)


def test_a_batch_that_was_stopped_can_go_on(session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    page = evaluate_page(session, qtbot)
    run = RunFolder.create(session.runs.root, SegmentRequest(model="/m", cases=("/a", "/b")), label="batch")
    run.append({"event": "progress", "done": 1, "total": 2, "unit": "case", "text": ""})
    run.append({"event": "state", "state": "stopped"})
    session.runs.refresh()
    qtbot.waitUntil(lambda: session.runs.status(run.name) is not None, timeout=PATIENCE_MS)
    page.state.follow(run.name)
    resumed: list[str] = []
    monkeypatch.setattr(Runs, "resume", lambda _self, name: resumed.append(name))
    assert "1 of 2 cases" in page.state.words.text()
    qtbot.mouseClick(page.state.resume_button, Qt.MouseButton.LeftButton)
    assert resumed == [run.name]


def test_two_folders_are_compared_where_b_got_worse_first(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    page = ComparePage(session)
    shown(page, qtbot)
    data = session.data_set
    assert data is not None
    a = write_masks(data, tmp_path / "nnunet", shift=0)
    b, worst = worst_moved(session, tmp_path / "ours")
    page.a.choose(a)
    assert not page.compare_button.isEnabled()
    page.b.choose(b)
    qtbot.mouseClick(page.compare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.table.model().rowCount() == 3, timeout=PATIENCE_MS)
    assert page.table.text(0, 0) == worst
    assert page.table.text(0, 3).startswith("-")
    assert "worse in 1, equal in 2 of 3 cases" in page.summary.text()
    # One pair with a difference: both of its two signs are as extreme.
    assert "Wilcoxon p = 1.0000" in page.summary.text()
    assert page.scatter.marked == worst
    page.figure.setCurrentIndex(page.figure.findData("hd95_mm"))
    assert page.table.text(0, 0) == worst
    assert page.table.text(0, 3).startswith("+")
    page.save(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().startswith("case,region,dice_a")


def test_a_compared_case_opens_with_both_masks(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    page = ComparePage(session)
    shown(page, qtbot)
    data = session.data_set
    assert data is not None
    a, (b, _) = write_masks(data, tmp_path / "nnunet", shift=0), worst_moved(session, tmp_path / "ours")
    page.a.choose(a)
    page.b.choose(b)
    page.compare()
    qtbot.waitUntil(lambda: page.table.model().rowCount() == 3, timeout=PATIENCE_MS)
    page.open_row(0)
    qtbot.waitUntil(lambda: session.layers.mask("second") is not None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: session.layers.mask("prediction") is not None, timeout=PATIENCE_MS)
    first, second = session.layers.mask("prediction"), session.layers.mask("second")
    assert first is not None
    assert second is not None
    assert first.source is not None
    assert second.source is not None
    assert (first.source.path.parent, second.source.path.parent) == (a, b)


def test_a_blinded_reader_is_shown_neither_mask(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    data = session.data_set
    assert data is not None
    a, b = write_masks(data, tmp_path / "a", shift=0), write_masks(data, tmp_path / "b", shift=1)
    name = data.cases[0].name
    session.worklist.set_blinded(blinded=True)
    with qtbot.waitSignal(session.notice, timeout=PATIENCE_MS):
        show_case(session, name, {"prediction": a / f"{name}.nii.gz", "second": b / f"{name}.nii.gz"})
    qtbot.waitUntil(lambda: not session.background.is_busy, timeout=PATIENCE_MS)
    assert session.worklist.is_holding
    assert session.layers.mask("prediction") is None
    assert session.layers.mask("second") is None


def test_the_pages_are_made_when_their_tab_is_chosen(session: Session, qtbot: QtBot) -> None:
    write_model(user_models_folder() / "first")
    workspace = ModelsWorkspace(session)
    shown(workspace, qtbot)
    qtbot.waitUntil(lambda: workspace.list.count() == 1)
    assert workspace.evaluate is None
    workspace.show_tab("evaluate")
    assert workspace.evaluate is not None
    assert workspace.evaluate.form.model.count() == 1
    workspace.show_tab("compare")
    assert workspace.compare is not None
    assert workspace.compare.isVisible()


def test_an_empty_chart_draws_nothing(qtbot: QtBot) -> None:
    chart = BoxChart()
    shown(chart, qtbot)
    assert len(colours_of(chart)) == 1


@pytest.mark.parametrize(("value", "words"), [(0.25, "= 0.2500"), (3e-7, "< 0.0001")])
def test_a_p_value_is_never_zero(value: float, words: str) -> None:
    assert p_words(value) == words


def test_masks_of_a_run_are_called_after_the_run() -> None:
    assert name_of_masks(Path("/runs/2026-11-24_x_ab12/predictions")) == "2026-11-24_x_ab12"
