"""Sentinel cases in the window: from a run's masks to a slider over epochs that switches the prediction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workstation.core.labels import scheme_named
from workstation.core.requests import TrainRequest
from workstation.core.volume import LabelMap
from workstation.errors import RunError
from workstation.gui.main_window import MainWindow
from workstation.io.layouts import open_dataset
from workstation.io.nifti import read_header
from workstation.io.nifti_writing import write_label_map
from workstation.io.phantoms import write_phantoms
from workstation.io.runs import RunFolder
from workstation.io.sentinel_masks import sentinel_epoch, sentinel_masks
from workstation.session.runs import Runs
from workstation.session.sentinels import find
from workstation.session.session import Session


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_phantoms(tmp_path / "phantoms", cases=2, shape=(24, 24, 16), layout="brats2021", seed=1)
    return tmp_path / "phantoms"


@pytest.fixture
def run(tmp_path: Path, data: Path) -> RunFolder:
    """A run that watched the second case after epochs 1, 5 and 10: its mask has as many voxels as the epoch says."""
    (tmp_path / "runs").mkdir()
    run = RunFolder.create(tmp_path / "runs", TrainRequest(data=str(data), epochs=10, sentinel_epochs=5), label="watch")
    for epoch in (1, 5, 10):
        learn(run, data, epoch)
    run.append({"event": "state", "state": "finished"})
    return run


def learn(run: RunFolder, data: Path, epoch: int, *, dice: float | None = 0.5) -> None:
    files = open_dataset(data).cases[1]
    source = read_header(files.sequences["FLAIR"].path)
    mask = np.zeros(source.grid.shape, np.uint8)
    mask.ravel()[:epoch] = 1
    folder = sentinel_epoch(run, epoch)
    folder.mkdir(parents=True)
    label_map = LabelMap(files.name, mask, source.grid, scheme_named("region:WT"), source)
    write_label_map(folder / f"{files.name}.nii.gz", label_map)
    about = {"epoch": epoch, "case": files.name, "scheme": "region:WT"}
    run.append({"event": "sentinel", **about, "dice": {"WT": dice}, "seconds": 0.1})


@pytest.fixture
def window(run: RunFolder, qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow(Session(runs=Runs(run.root)))
    qtbot.addWidget(window)
    window.resize(1300, 800)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.close()


def shown_voxels(window: MainWindow) -> int:
    prediction = window.session.layers.prediction
    return 0 if prediction is None else int(prediction.data.sum())


def test_masks_are_found_by_case_and_epoch_and_only_inside_the_run(run: RunFolder, data: Path) -> None:
    run.append({"event": "sentinel", "case": "../../outside", "epoch": 1, "scheme": "region:WT", "dice": {}})
    run.append({"event": "sentinel", "case": 3, "epoch": 1})
    masks = sentinel_masks(run)
    assert [(mask.case, mask.epoch) for mask in masks] == [(open_dataset(data).cases[1].name, e) for e in (1, 5, 10)]
    assert all(mask.path.is_relative_to(run.path) and mask.dice == {"WT": 0.5} for mask in masks)


def test_a_run_without_masks_says_when_they_come(tmp_path: Path, data: Path) -> None:
    bare = RunFolder.create(tmp_path / "runs", TrainRequest(data=str(data)), label="bare")
    with pytest.raises(RunError, match="no masks") as refused:
        find(bare, "", "")
    assert "end of an epoch" in refused.value.hint


def test_the_slider_and_keys_switch_the_prediction_among_the_epochs(
    window: MainWindow, run: RunFolder, qtbot: QtBot
) -> None:
    bar, session = window.review.epochs, window.session
    assert not bar.isVisible()
    # Between two masks the last one before is the one that was meant.
    session.sentinels.show(run.name, epoch=7)
    qtbot.waitUntil(lambda: shown_voxels(window) == 5, timeout=30_000)
    assert bar.isVisible() and session.layers.truth is not None
    assert "Epoch 5 of 10" in bar.epoch_label.text() and "WT 0.50" in bar.epoch_label.text()
    before = bar.epoch_label.grab().toImage()
    pane = window.review.panes.active_view
    pane.setFocus()
    qtbot.keyClick(pane, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: shown_voxels(window) == 10, timeout=30_000)
    assert "Epoch 10 of 10" in bar.epoch_label.text()
    assert bar.epoch_label.grab().toImage() != before
    assert not bar.next_button.isEnabled()
    bar.slider.setValue(0)
    qtbot.waitUntil(lambda: shown_voxels(window) == 1, timeout=30_000)
    qtbot.keyClick(pane, Qt.Key.Key_Comma)
    assert session.sentinels.current is not None and session.sentinels.current.epoch == 1


def test_the_slider_goes_with_its_case_and_stays_with_what_comes(
    window: MainWindow, run: RunFolder, data: Path, qtbot: QtBot
) -> None:
    bar, session = window.review.epochs, window.session
    session.sentinels.show(run.name, epoch=10)
    qtbot.waitUntil(lambda: shown_voxels(window) == 10, timeout=30_000)
    learn(run, data, 15)
    session.runs.status_changed.emit(run.name) if session.runs.status(run.name) else session.runs.start_watching()
    qtbot.waitUntil(lambda: bar.slider.maximum() == 3, timeout=30_000)
    assert session.sentinels.current is not None and session.sentinels.current.epoch == 10
    from workstation.session.commands import open_path

    open_path(session, data / open_dataset(data).cases[0].name)
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=30_000)
    assert session.sentinels.series is None
