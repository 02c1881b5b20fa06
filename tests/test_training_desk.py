"""The whole of the training desk on a screen, from an empty profile to a training on what was accepted.

Two windows, one after the other: the first is a process of its own (`desk_window.py`) and is killed while a run of the
real engine works and another waits; the second is this one. What is asserted lies in files and in pixels.
`DESK_PICTURES=folder` keeps a picture of each stage.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from desk import Desk, click_epoch, count_of, image_of
from desk_window import CASES, INCOMPLETE, READY
from fake_engine import engine_variable
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from test_kill_loop import end_without_interruption

from workstation.core.requests import SegmentRequest, TrainRequest
from workstation.gui.data.workspace import DataWorkspace
from workstation.gui.main_window import MainWindow
from workstation.gui.models.workspace import ModelsWorkspace
from workstation.gui.train.colours import VALIDATION, state_colour
from workstation.gui.train.job_chip import JobChip
from workstation.io.files import read_json, sha256_of
from workstation.io.layouts import open_dataset
from workstation.io.models import read_model_card
from workstation.io.phantoms import write_phantoms
from workstation.io.places import user_models_folder
from workstation.io.runs import RunFolder, default_runs_root, list_runs
from workstation.io.sentinel_masks import sentinel_masks
from workstation.io.splits import check_manifest, read_manifest
from workstation.jobs.local import supervisor_of
from workstation.jobs.processes import ProcessMark, mark_in
from workstation.jobs.supervision import read_supervision
from workstation.session.session import Session

SHAPE = (32, 32, 16)


@pytest.fixture
def runs() -> Iterator[Path]:
    """The folder of runs; what still runs in it at the end is ended."""
    yield default_runs_root()
    for run in list_runs(default_runs_root()):
        supervisor = supervisor_of(run)
        if supervisor is not None:
            supervisor.end(patience_seconds=30)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four phantoms, one of which lacks a sequence that no run here reads."""
    write_phantoms(tmp_path / "set", cases=CASES, shape=SHAPE, layout="brats2021", seed=1)
    (tmp_path / "set" / INCOMPLETE / f"{INCOMPLETE}_t1.nii.gz").unlink()
    return tmp_path / "set"


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    """The second window."""
    window = MainWindow(Session())
    window.session.worklist.set_reader("Ada")
    window.resize(1440, 900)
    yield Desk(window)
    assert window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def kill_first_window(data: Path) -> None:
    """Let the first window do its part, and kill it."""
    words = [sys.executable, str(Path(__file__).with_name("desk_window.py")), str(data)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as window:
        assert window.stdout is not None
        said = window.stdout.readline().strip()
        window.send_signal(signal.SIGKILL)
        _, trace = window.communicate()
    assert said == READY, trace


def run_named(runs: Path, name: str) -> RunFolder:
    return next(run for run in list_runs(runs) if getattr(run.request(), "name", "") == name)


def state_of(run: RunFolder) -> str:
    """As a new reader sees it."""
    return RunFolder(run.path).status().state


def find_runs_again(desk: Desk, first: RunFolder, second: RunFolder, data: Path) -> None:
    """The next window offers the same data set, and its chip leads to the run that went on."""
    assert (state_of(first), state_of(second)) == ("running", "waiting")
    window, session = desk.window, desk.session
    window.show()
    # Keys of menus are heard by the active window alone.
    window.activateWindow()
    desk.wait(window.isActiveWindow, "the window to be active")
    desk.wait(lambda: (chip := window.status.findChild(JobChip)) is not None and "Training" in chip.text(), "the chip")
    desk.go("data")
    workspace = window.workspace("data")
    assert isinstance(workspace, DataWorkspace)
    QTest.keyClick(workspace.bar.box, Qt.Key.Key_Down)
    desk.wait(lambda: session.data_set is not None and session.data_set.root == data.resolve(), "the data set")
    chip = window.status.findChild(JobChip)
    assert isinstance(chip, JobChip)
    desk.click(chip)
    desk.wait_for_run("Running")
    assert desk.train.list.selected == first.name and desk.train.list.count == 2
    desk.wait(lambda: count_of(desk.train.details.curves.dice, VALIDATION) > 20, "the curve of the validation")
    desk.picture("7 found again")


def pause_and_resume(desk: Desk, run: RunFolder) -> None:
    """A paused training makes no step; a resumed one does."""
    desk.act("pause", "Paused")
    assert count_of(desk.train.list.viewport(), state_colour("paused")) > 10
    steps = RunFolder(run.path).status().step
    desk.picture("8 paused")
    desk.act("resume", "Running")
    desk.wait(lambda: RunFolder(run.path).status().step > steps, "another step")
    assert [record["command"] for record in run.commands(0)[0]] == ["start", "pause", "resume"]


def go_through_epochs(desk: Desk, run: RunFolder) -> None:
    """A click on the curve opens the mask of that epoch in Review, and the slider goes to others."""
    details, session = desk.train.details, desk.session
    desk.wait(lambda: len(details._data.sentinel_epochs) >= 4, "masks of four epochs")
    # In the plot, not on its right border, which moves on while the training runs.
    click_epoch(desk, details._data.sentinel_epochs[1])
    desk.wait(lambda: desk.window.rail.current == "review" and session.layers.prediction is not None, "the mask")
    desk.settle()
    bar, pane = desk.window.review.epochs, desk.window.review.panes.slices["axial"]
    desk.picture("9 sentinel")
    masks = {mask.epoch: mask.path for mask in sentinel_masks(run)}
    unlike = next(epoch for epoch in masks if not np.array_equal(read(masks[epoch]), shown(session)))
    assert session.case is not None
    x, y, z = session.case.grid.to_world(np.argwhere(read(masks[unlike]) != shown(session))[0])
    session.view.set_cursor((float(x), float(y), float(z)))
    desk.settle()
    series, before = session.sentinels.series, image_of(pane)
    assert series is not None and bar.isVisible()
    bar.slider.setValue([mask.epoch for mask in series.masks].index(unlike))
    desk.wait(lambda: np.array_equal(shown(session), read(masks[unlike])), "the mask of another epoch")
    desk.wait(lambda: not np.array_equal(image_of(pane), before), "another picture")
    assert f"Epoch {unlike} " in bar.epoch_label.text()


def read(path: Path) -> np.ndarray:
    return np.asarray(nib.load(path).dataobj)


def shown(session: Session) -> np.ndarray:
    """The mask that is laid over the case."""
    assert session.layers.prediction is not None
    return session.layers.prediction.data


def stop_and_let_second_go(desk: Desk, first: RunFolder, second: RunFolder) -> None:
    """The stopped training leaves the model of its best epoch; the one that waited begins by itself."""
    desk.go("train")
    desk.act("stop_now", "Stopped")
    assert read_model_card(first.model).metrics["val_dice"] > 0
    desk.train.show_run(second.name)
    desk.wait_for_run("Finished")
    states = [event.get("state") for event in second.read_events()[0] if event.get("event") == "state"]
    assert states[0] == "waiting" and states[-1] == "finished"
    assert "reserved_bytes" in next(event for event in second.read_events()[0] if event.get("event") == "granted")
    desk.picture("10 second went")


def processes_of(run: RunFolder) -> tuple[ProcessMark, ProcessMark]:
    """Supervisor and engine."""
    values = read_supervision(run)
    supervisor, engine = mark_in(values), mark_in(values, "engine_")
    assert supervisor is not None and engine is not None
    return supervisor, engine


def survive_kills(desk: Desk, runs: Path, hold: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Engine and supervisor are killed in the middle of a training; it ends as one that nobody touched."""
    train = desk.train
    with monkeypatch.context() as patch:
        patch.setenv("WORKSTATION_ENGINE", engine_variable("train"))
        patch.setenv("FAKE_ENGINE_HOLD", str(hold))
        hold.touch()
        desk.click(train.details.buttons["clone"])
        train.form.name_edit.setText("third")
        desk.click(train.start_button)
        desk.wait_for_run("Running")
        run = run_named(runs, "third")
        for place, (state, reason) in enumerate((("killed", "Somebody outside the program"), ("lost", "is gone"))):
            desk.wait(lambda: RunFolder(run.path).status().step == 20, "the twentieth step")
            marks = processes_of(run)
            os.kill(marks[1 - place].pid, signal.SIGKILL)
            desk.wait_for_run(state.capitalize())
            assert state_of(run) == state and reason in train.details.reason.text()
            desk.wait(lambda marks=marks: not any(mark.is_alive() for mark in marks), "the end of both")
            assert count_of(train.list.viewport(), state_colour(state)) > 10
            desk.picture(f"11 {state}")
            desk.act("resume_from_checkpoint", "Running")
        hold.unlink()
        desk.wait_for_run("Finished")
    assert read_json(run.checkpoints / "end.json")["weight"] == end_without_interruption()


def evaluate_batches(desk: Desk, runs: Path, model: Path) -> tuple[Path, Path]:
    """Segment all cases with the model, as they are and averaged over flips; each is scored when it is there."""
    desk.go("models")
    models = desk.window.workspace("models")
    assert isinstance(models, ModelsWorkspace)
    desk.wait(lambda: str(model) in {str(entry.folder) for entry in models._entries}, "the model")
    desk.choose_tab(models.tabs, 1)
    page = models.evaluate
    assert page is not None
    page.form.model.setCurrentIndex(page.form.model.findData(str(model)))
    for number, flips in enumerate((False, True), start=1):
        page.form.flips.setChecked(flips)
        desk.click(page.form.start_button)
        desk.wait(lambda number=number: len(batches(runs)) == number, "the batch")
        name = batches(runs)[0].name
        desk.wait(lambda name=name: page._found is not None and name in page.summary.text(), "its figures")
        assert f"{CASES} of {CASES} cases scored" in page.summary.text()
        assert page.table.model().rowCount() == CASES
        scores = [float(page.table.text(row, 1)) for row in range(CASES)]
        assert scores == sorted(scores)
    desk.picture("12 evaluated")
    later, first = (run.predictions for run in batches(runs))
    for folder in (first, later):
        assert len(list(folder.glob("*.nii.gz"))) == len(list(folder.glob("*.json"))) == CASES
    return first, later


def batches(runs: Path) -> list[RunFolder]:
    """Newest first."""
    return [run for run in list_runs(runs) if isinstance(run.request(), SegmentRequest)]


def compare(desk: Desk, a: Path, b: Path) -> None:
    """The case that got worst comes first, and Return shows both masks in Review."""
    models, session = desk.window.workspace("models"), desk.session
    assert isinstance(models, ModelsWorkspace)
    desk.choose_tab(models.tabs, 2)
    page = models.compare
    assert page is not None
    for choice, folder in ((page.a, a), (page.b, b)):
        choice.choose(folder)
    desk.click(page.compare_button)
    desk.wait(lambda: page.table.model().rowCount() == CASES, "the comparison")
    changes = [float(page.table.text(row, 3).replace("\N{MINUS SIGN}", "-")) for row in range(CASES)]
    assert changes == sorted(changes) and "Wilcoxon" in page.summary.text() + "no difference to test"
    desk.picture("13 compared")
    worst = page.table.text(0, 0)
    page.table.setFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    desk.wait(lambda: desk.window.rail.current == "review", "Review")
    desk.wait(lambda: None not in (session.layers.mask("prediction"), session.layers.mask("second")), "both masks")
    desk.settle()
    assert session.case is not None and session.case.name == worst
    desk.picture("14 both masks")


def give_model_away_and_take_it_back(desk: Desk, model: Path, gift: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model leaves as one file with hashes, and comes back as another with the same weights."""
    desk.go("models")
    models = desk.window.workspace("models")
    assert isinstance(models, ModelsWorkspace)
    desk.choose_tab(models.tabs, 0)
    models.list.setCurrentRow([entry.folder for entry in models._entries].index(model))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments, **_more: (str(gift), ""))
    desk.click(models.export_button)
    desk.wait(gift.is_file, "the file of the model")
    desk.settle()
    assert {"model.keras", "card.json"} <= {Path(name).name for name in zipfile.ZipFile(gift).namelist()}
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_arguments, **_more: (str(gift), ""))
    known = models.list.count()
    models.verbs.ask_import()
    desk.wait(lambda: models.list.count() == known + 1, "the imported model")
    desk.settle()
    (taken,) = user_models_folder().iterdir()
    assert models.selected is not None and models.selected.folder == taken
    assert sha256_of(taken / "model.keras") == sha256_of(model / "model.keras")
    desk.picture("15 imported")


def accepted(session: Session) -> int:
    return sum(entry.status == "accepted" for entry in session.worklist.entries)


def train_on_accepted(desk: Desk, runs: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cases are accepted; the form asks for a training on them alone, by a manifest with their hashes."""
    session = desk.session
    desk.go("review")
    pane = desk.window.review.panes.slices["axial"]
    for count in (1, 2):
        pane.setFocus()
        QTest.keyClick(pane, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        desk.wait(lambda count=count: accepted(session) == count, "the decision")
        desk.settle()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments, **_more: (str(out), ""))
    desk.window.menus.actions["decide.train"].trigger()
    desk.wait(lambda: desk.window.rail.current == "train" and desk.train.form.data_edit.text() == str(out), "the form")
    desk.wait(lambda: "2 of 2 cases" in desk.train.form._facts.text(), "the facts of the new data set")
    monkeypatch.setenv("WORKSTATION_ENGINE", engine_variable("finish"))
    desk.train.form.name_edit.setText("on accepted")
    desk.click(desk.train.start_button)
    desk.wait_for_run("Finished")
    desk.picture("16 trained on accepted")
    request = run_named(runs, "on accepted").request()
    assert isinstance(request, TrainRequest) and Path(request.data) == out
    manifest = read_manifest(Path(request.split))
    check_manifest(manifest, open_dataset(out))
    assert sum(len(names) for names in manifest.split.parts.values()) == 2
    decisions = json.loads((out / "reviewed.json").read_text())["cases"]
    assert {each["status"] for each in decisions.values()} == {"accepted"}


@pytest.mark.xvfb
def test_from_an_empty_profile_to_a_training_on_accepted_cases(
    desk: Desk, data: Path, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_first_window(data)
    first, second = (run_named(runs, name) for name in ("first", "second"))
    find_runs_again(desk, first, second, data)
    pause_and_resume(desk, first)
    go_through_epochs(desk, first)
    stop_and_let_second_go(desk, first, second)
    survive_kills(desk, runs, tmp_path / "hold", monkeypatch)
    a, b = evaluate_batches(desk, runs, first.model)
    compare(desk, a, b)
    give_model_away_and_take_it_back(desk, first.model, tmp_path / "gift.model.zip", monkeypatch)
    train_on_accepted(desk, runs, tmp_path / "reviewed", monkeypatch)


@pytest.mark.xvfb
@pytest.mark.real
def test_the_real_data_set_is_added_and_checked(desk: Desk, real_cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eleven cases of BraTS 2021, complete and on one grid; what is found of them is the check-up's to say."""
    desk.window.show()
    desk.go("data")
    data = desk.window.workspace("data")
    assert isinstance(data, DataWorkspace)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_arguments: str(real_cases))
    desk.click(data._empty.button)
    scan = desk.session.scan
    desk.wait(lambda: scan.total > 0 and scan.done == scan.total and not scan.is_running, "the examination")
    desk.settle()
    count = len(open_dataset(real_cases).cases)
    assert data.table.rows.rowCount() == count == 11
    assert not [finding for finding in data.check.findings if finding.severity == "error"]
    desk.choose_tab(data.tabs, 1)
    desk.picture("17 check-up of real cases")
