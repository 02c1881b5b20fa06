"""The Measure page and the results of measuring runs, as they are used: from run folders that the tests write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_engine import engine_variable
from measured_results import bench_result, calibration_of, profile_result, seams_result
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from test_models_workspace import RecordingRuns, write_model

from workstation.core.requests import BenchRequest, ProfileRequest, Request, SeamsRequest, TrainRequest
from workstation.gui.measure.forms import BenchForm, ProfileForm
from workstation.gui.measure.page import MeasurePage
from workstation.gui.measure.rows_table import RowsTable
from workstation.gui.models import sources
from workstation.gui.models.workspace import ModelsWorkspace
from workstation.gui.train.offers import offers
from workstation.gui.train.workspace import TrainWorkspace
from workstation.io.layouts import find_case
from workstation.io.machine_records import machine_records
from workstation.io.phantoms import write_phantoms
from workstation.io.runs import RunFolder, RunStatus
from workstation.session import commands
from workstation.session.measurements import read_measurement
from workstation.session.runs import Runs
from workstation.session.session import Session

PROFILE, BENCH = ProfileRequest(), BenchRequest()
SEAMS = SeamsRequest(model="/m", case="/c")


@pytest.fixture
def session(tmp_path: Path, qtbot: QtBot) -> Iterator[Session]:
    (tmp_path / "runs").mkdir()
    session = Session(runs=Runs(tmp_path / "runs"))
    yield session
    for status in session.runs.statuses:
        if not status.is_ended and (session.runs.folder(status.name).path / "supervisor.json").exists():
            session.runs.stop_now(status.name)
    session.close()


def shown(widget: QWidget, qtbot: QtBot) -> None:
    qtbot.addWidget(widget)
    widget.resize(1340, 830)
    with qtbot.waitExposed(widget):
        widget.show()


@pytest.fixture
def page(session: Session, qtbot: QtBot) -> MeasurePage:
    page = MeasurePage(session)
    shown(page, qtbot)
    return page


def written_run(
    session: Session, request: Request, result: dict[str, Any] | None, *, state: str = "finished"
) -> RunFolder:
    """A run as the engine leaves it."""
    run = RunFolder.create(session.runs.root, request, label=request.kind)
    run.append({"event": "state", "state": "running"})
    if result is not None:
        (run.path / f"{request.kind}.json").write_text(json.dumps(result), encoding="utf-8")
        run.append({"event": "result", **result})
    if state != "running":
        run.append({"event": "state", "state": state})
    return run


def select(page: MeasurePage | TrainWorkspace, run: RunFolder, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.list.has(run.name))
    page.list.select(run.name)


def visible_buttons(page: MeasurePage) -> set[str]:
    return {verb for verb, button in page.details.buttons.items() if button.isVisible()}


def click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_without_measurements_the_page_says_what_to_do(page: MeasurePage) -> None:
    assert page._right.currentIndex() == 0
    assert page.start_button.text() == "Start the profile"


def test_a_training_is_no_measurement(page: MeasurePage, session: Session, qtbot: QtBot) -> None:
    training = RunFolder.create(session.runs.root, TrainRequest(data="/d"), label="t")
    profile = written_run(session, PROFILE, profile_result())
    qtbot.waitUntil(lambda: page.list.has(profile.name))
    assert not page.list.has(training.name)
    assert page.list.count == 1


def test_a_finished_profile_shows_figures_headline_and_table(page: MeasurePage, session: Session, qtbot: QtBot) -> None:
    run = written_run(session, PROFILE, profile_result(without=1))
    select(page, run, qtbot)
    result = page.details.result
    qtbot.waitUntil(lambda: result.chooser.count() == 5)
    assert result.headline.text().startswith("7 points measured. Memory: off by 5.0 % in the median")
    assert "1 point could not be measured" in result.warning.text()
    assert result.table is not None
    assert result.table.model().rowCount() == 8
    assert [result.table.text(0, column) for column in (0, 1, 2, 5, 6)] == [
        *("64\N{MULTIPLICATION SIGN}64\N{MULTIPLICATION SIGN}64", "exact", "fit"),
        *("0.18 GiB", "+5.0 %"),
    ]
    assert result.table.text(7, 10) == "needs more than there is"
    assert visible_buttons(page) == set()


def test_a_finished_benchmark_shows_its_ratios(page: MeasurePage, session: Session, qtbot: QtBot) -> None:
    run = written_run(session, BENCH, bench_result())
    select(page, run, qtbot)
    result = page.details.result
    qtbot.waitUntil(lambda: result.chooser.count() == 2)
    assert "0.5 times as long as Plain Keras, oneDNN on" in result.headline.text()
    assert "70 % of the rate" in result.headline.text()
    assert result.warning.text() == "PyTorch is not installed here"
    assert result.table is not None
    assert [result.table.text(row, 2) for row in range(5)] == ["\N{EN DASH}", "1.25", "0.5", "0.0625", "\N{EN DASH}"]
    assert "did not fit" in result.table.text(2, 7)


@pytest.mark.parametrize(
    ("has_truth", "words"), [(True, "Dice of the whole volume 0.912, of 8 tiles 0.897."), (False, "has no truth")]
)
def test_a_finished_comparison_of_tiles_shows_both_dice(
    page: MeasurePage, session: Session, qtbot: QtBot, has_truth: bool, words: str
) -> None:
    run = written_run(session, SEAMS, seams_result(has_truth=has_truth))
    select(page, run, qtbot)
    qtbot.waitUntil(lambda: words in page.details.result.headline.text())
    assert "1,234 voxels" in page.details.result.headline.text()
    assert visible_buttons(page) == {"show_difference"}


def test_the_difference_map_opens_in_review_where_it_is_largest(
    page: MeasurePage, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    import nibabel as nib

    run = written_run(session, SEAMS, None, state="running")
    (run.path / "seams.json").write_text(json.dumps(seams_result(folder=str(run.path))), encoding="utf-8")
    data = np.zeros((8, 8, 8), np.float32)
    data[3, 2, 1] = -0.8
    nib.save(nib.Nifti1Image(data, np.diag([-1.0, -1.0, 1.0, 1.0])), run.path / "difference_WT.nii.gz")
    run.append({"event": "state", "state": "finished"})
    select(page, run, qtbot)
    qtbot.waitUntil(lambda: "show_difference" in visible_buttons(page))
    qtbot.waitUntil(lambda: bool(page.details.result.headline.text()))
    with qtbot.waitSignal(session.review_wanted):
        click(qtbot, page.details.buttons["show_difference"])
    assert session.case is not None
    assert session.view.cursor_mm == pytest.approx((-3.0, -2.0, 1.0))


def test_a_map_that_is_gone_is_told(page: MeasurePage, session: Session, qtbot: QtBot) -> None:
    run = written_run(session, SEAMS, seams_result())
    select(page, run, qtbot)
    qtbot.waitUntil(lambda: bool(page.details.result.headline.text()))
    with qtbot.waitSignal(session.problem) as told:
        click(qtbot, page.details.buttons["show_difference"])
    assert told.args is not None
    assert "no longer there" in told.args[0].message


def test_the_figures_of_a_profile_grow_while_it_runs(page: MeasurePage, session: Session, qtbot: QtBot) -> None:
    run = written_run(session, PROFILE, None, state="running")
    select(page, run, qtbot)
    qtbot.waitUntil(lambda: "begin with the first point" in page.details.result.words)
    assert visible_buttons(page) == {"stop_now"}
    for done, without in ((4, 4), (6, 2)):
        result = profile_result()
        result["points"] = result["points"][: 8 - without]
        (run.path / "profile.json").write_text(json.dumps(result), encoding="utf-8")
        run.append({"event": "progress", "done": done, "total": 8, "unit": "measurement", "text": "96x96x96"})
        words = f"{8 - without} points"
        qtbot.waitUntil(lambda words=words: words in page.details.result.headline.text())
    assert "6 of 8: 96x96x96" in page.details._facts.text()


def test_a_figure_that_is_looked_at_stays_when_more_points_come(
    page: MeasurePage, session: Session, qtbot: QtBot
) -> None:
    run = written_run(session, PROFILE, profile_result(without=2), state="running")
    select(page, run, qtbot)
    result = page.details.result
    qtbot.waitUntil(lambda: "6 points" in result.headline.text())
    result.chooser.setCurrentIndex(2)
    (run.path / "profile.json").write_text(json.dumps(profile_result()), encoding="utf-8")
    run.append({"event": "progress", "done": 8, "total": 8, "unit": "measurement", "text": "done"})
    qtbot.waitUntil(lambda: "8 points" in result.headline.text())
    assert result.chooser.currentIndex() == result.panels.currentIndex() == 2


def test_the_table_of_another_run_does_not_stay(page: MeasurePage, session: Session, qtbot: QtBot) -> None:
    select(page, written_run(session, BENCH, bench_result()), qtbot)
    result = page.details.result
    qtbot.waitUntil(lambda: result.table is not None)
    page.details._tabs.setCurrentWidget(result.table_page)
    assert [table.isVisible() for table in result.table_page.findChildren(RowsTable)] == [True]
    select(page, written_run(session, PROFILE, None, state="running"), qtbot)
    assert not any(table.isVisible() for table in result.table_page.findChildren(RowsTable))
    assert result._table_words.isVisible()


def test_a_benchmark_without_pytorch_asks_for_no_python(qtbot: QtBot) -> None:
    form = BenchForm()
    qtbot.addWidget(form)
    form.rivals["peer"].setChecked(False)
    assert not form.peer_edit.isEnabled()
    form.rivals["peer"].setChecked(True)
    assert form.peer_edit.isEnabled()


def test_a_failed_measurement_says_why_and_can_be_started_again(
    page: MeasurePage, session: Session, qtbot: QtBot
) -> None:
    run = written_run(session, BENCH, None, state="running")
    run.append({"event": "failed", "kind": "OutOfMemory", "text": "Not enough memory.", "hint": "Use a smaller size."})
    run.append({"event": "state", "state": "failed"})
    select(page, run, qtbot)
    qtbot.waitUntil(lambda: page.details.reason.text() == "Not enough memory.")
    assert page.details.hint.text() == "Use a smaller size."
    qtbot.waitUntil(lambda: page.details.result.words == "This run ended before anything was measured.")
    assert visible_buttons(page) == {"start_again"}


def test_a_damaged_result_is_told_in_words(page: MeasurePage, session: Session, qtbot: QtBot) -> None:
    run = written_run(session, BENCH, {"ratios": 3})
    select(page, run, qtbot)
    qtbot.waitUntil(lambda: "cannot be read" in page.details.result.words)


def test_another_run_replaces_result_and_tabs(page: MeasurePage, session: Session, qtbot: QtBot) -> None:
    first, second = written_run(session, PROFILE, profile_result()), written_run(session, BENCH, bench_result())
    select(page, first, qtbot)
    qtbot.waitUntil(lambda: page.details.result.chooser.count() == 5)
    select(page, second, qtbot)
    qtbot.waitUntil(lambda: page.details.result.chooser.count() == 2)
    assert page.details.result.panels.count() == 2


def test_the_train_workspace_shows_the_same_result(session: Session, qtbot: QtBot) -> None:
    run = written_run(session, PROFILE, profile_result())
    workspace = TrainWorkspace(session)
    shown(workspace, qtbot)
    select(workspace, run, qtbot)
    qtbot.waitUntil(lambda: workspace.details.result.chooser.count() == 5)
    tabs = workspace.details._tabs
    names = [tabs.tabText(index) for index in range(tabs.count()) if tabs.isTabVisible(index)]
    assert names == ["Figures", "Table", "Log", "Request"]
    training = RunFolder.create(session.runs.root, TrainRequest(data="/d"), label="t")
    select(workspace, training, qtbot)
    qtbot.waitUntil(lambda: tabs.isTabVisible(0))
    assert [tabs.tabText(index) for index in range(tabs.count()) if tabs.isTabVisible(index)] == [
        *("Curves", "Log", "Request"),
    ]
    assert tabs.currentIndex() == 0


def test_figures_of_a_result_are_saved(page: MeasurePage, session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    run = written_run(session, BENCH, bench_result())
    select(page, run, qtbot)
    qtbot.waitUntil(lambda: page.details.result.chooser.count() == 2)
    page.details.result.save(tmp_path / "bench.png")
    assert QImage(str(tmp_path / "bench.png")).width() == 2400
    assert "Saved as" in page.details.result.warning.text()


def test_a_measurement_is_started_listed_and_stopped(
    page: MeasurePage, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("work"))
    click(qtbot, page.start_button)
    assert "goes on if you close" in page.problem.text()
    qtbot.waitUntil(lambda: "Running" in page.details._facts.text(), timeout=20_000)
    assert session.runs.request(page.list.selected) == ProfileForm().request()
    click(qtbot, page.details.buttons["stop_now"])
    qtbot.waitUntil(lambda: "Stopped" in page.details._facts.text(), timeout=20_000)
    assert visible_buttons(page) == {"start_again"}
    assert page.details.buttons["start_again"].text() == "Go on with the missing points"


def test_the_fields_of_a_profile_reach_its_request(qtbot: QtBot) -> None:
    form = ProfileForm()
    qtbot.addWidget(form)
    form.sizes_box.setCurrentIndex(form.sizes_box.count() - 1)
    form.sizes_edit.setText("32x32x32, 48 \N{MULTIPLICATION SIGN} 48 x 32")
    form.batches_edit.setText("1; 4")
    form.modes["plain"].setChecked(True)
    form.modes["low"].setChecked(False)
    form.steps_spin.setValue(3)
    request = form.request()
    assert (request.sizes, request.batches) == (("32x32x32", "48x48x32"), (1, 4))
    assert (request.modes, request.steps) == (("exact", "plain"), 3)


def test_the_fields_of_a_benchmark_reach_its_request(qtbot: QtBot) -> None:
    form = BenchForm()
    qtbot.addWidget(form)
    form.size_box.setEditText("64 x 48 x 32")
    form.batch_spin.setValue(2)
    form.rivals["plain_no_onednn"].setChecked(False)
    form.peer_edit.setText("/opt/torch/bin/python")
    request = form.request()
    assert (request.size, request.batch, request.peer) == ("64x48x32", 2, "/opt/torch/bin/python")
    assert request.rivals == ("plain", "low", "peer")
    form.size_box.setCurrentIndex(1)
    assert form.request().size == "128x128x128"


def test_the_open_case_and_a_model_reach_the_request_for_seams(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "shipped_models_folder", lambda: tmp_path / "shipped")
    model = write_model(tmp_path / "shipped" / "one")
    runs = RecordingRuns(tmp_path / "runs")
    session = Session(runs=runs)
    workspace = ModelsWorkspace(session)
    shown(workspace, qtbot)
    write_phantoms(tmp_path / "set", cases=1, shape=(16, 16, 16), layout="brats2021", seed=1)
    with qtbot.waitSignal(session.case_changed):
        commands.open_case(session, find_case(tmp_path / "set"))
    workspace.show_tab("measure")
    page = workspace.measure
    assert page is not None
    qtbot.waitUntil(lambda: page.seams.model_box.count() == 1)
    click(qtbot, page.kind_buttons["seams"])
    page.seams.tile_edit.setText("64x64x64")
    page.seams.overlap_spin.setValue(8)
    click(qtbot, page.start_button)
    (request,) = runs.requests
    assert isinstance(request, SeamsRequest)
    assert (request.model, request.tile, request.overlap) == (str(model), "64x64x64", 8)
    assert Path(request.case).parent.parent == tmp_path / "set"
    session.close()


@pytest.mark.parametrize(
    ("kind", "field", "text", "words"),
    [
        ("profile", "batches", "two", "not a list of numbers"),
        ("profile", "batches", "", "at least one value"),
        ("bench", "size", "large", "not a size"),
        ("seams", "case", "", "No case"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_starts(
    page: MeasurePage, session: Session, qtbot: QtBot, kind: str, field: str, text: str, words: str
) -> None:
    click(qtbot, page.kind_buttons[kind])
    page.seams.model_box.addItem("a model", "/m")
    page.seams.model_box.setCurrentIndex(0)
    editors = {"batches": page.forms["profile"].batches_edit, "case": page.seams.case_edit}  # type: ignore[attr-defined]
    if field == "size":
        page.forms["bench"].size_box.setEditText(text)  # type: ignore[attr-defined]
    else:
        editors[field].setText(text)
    click(qtbot, page.start_button)
    assert words in page.forms[kind]._fields[field].error.text()
    assert "Nothing was started" in page.problem.text()
    assert list(session.runs.root.iterdir()) == []


def test_before_a_start_the_page_says_what_it_takes(page: MeasurePage, session: Session, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: session.machine.has_read)
    assert page.facts.text().startswith("12 points; the largest is expected to take")
    assert "before this machine is calibrated" in page.facts.text()
    records = machine_records()
    records.write_calibration(calibration_of(records.machine))
    session.machine.refresh()
    qtbot.waitUntil(lambda: "It takes about" in page.facts.text())


def test_the_pages_are_made_when_they_are_first_wanted(session: Session, qtbot: QtBot) -> None:
    workspace = ModelsWorkspace(session)
    shown(workspace, qtbot)
    assert (workspace.cost, workspace.measure) == (None, None)
    workspace.show_tab("cost")
    assert workspace.cost is not None
    assert workspace.cost.isVisible()
    assert workspace.measure is None


@pytest.mark.parametrize(
    ("kind", "state", "expected"),
    [
        ("profile", "waiting", {"stop_now"}),
        ("profile", "running", {"stop_now"}),
        ("profile", "stopped", {"start_again"}),
        ("bench", "failed", {"start_again"}),
        ("bench", "finished", set()),
        ("seams", "finished", {"show_difference"}),
    ],
)
def test_a_measurement_offers_what_it_would_obey(kind: str, state: str, expected: set[str]) -> None:
    assert offers(RunStatus("run", kind, 0.0, state=state), has_open_case=True) == expected


def test_a_result_without_its_file_is_read_from_the_events(session: Session) -> None:
    run = written_run(session, BENCH, bench_result())
    (run.path / "bench.json").unlink()
    found = read_measurement(run).result
    assert found is not None
    assert found["ratios"] == bench_result()["ratios"]


def test_a_run_that_was_stopped_before_anything_has_no_result(session: Session) -> None:
    run = written_run(session, SEAMS, None, state="running")
    run.append({"event": "result"})
    assert read_measurement(run).result is None
