"""A training started from the window goes on when the window is killed, and the next window finds what it left."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_engine import state, until
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workstation.gui.train.workspace import TrainWorkspace
from workstation.io.models import read_model_card
from workstation.io.phantoms import write_phantoms
from workstation.io.runs import list_runs
from workstation.jobs.local import supervisor_of
from workstation.session.commands import open_path, show_finished_mask
from workstation.session.runs import Runs
from workstation.session.session import Session

# A window of its own process: fills the form in, presses Start, says so, and lives on until it is killed.
_WINDOW = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from workstation.gui.train.workspace import TrainWorkspace
from workstation.session.runs import Runs
from workstation.session.session import Session

data, root = map(Path, sys.argv[1:])
application = QApplication([])
workspace = TrainWorkspace(Session(runs=Runs(root)))
workspace.show()
form = workspace.form
form.set_data(str(data))
form.size_box.setCurrentIndex(form.size_box.count() - 1)
form.custom_edit.setText("32x32x16")
form.epochs_spin.setValue(2)
form.advanced.filters_spin.setValue(2)
form.advanced.depth_spin.setValue(2)
form.advanced.validation_spin.setValue(34)
form.advanced.test_spin.setValue(0)
workspace.start_button.click()
print(workspace.problem.text(), flush=True)
application.exec()
"""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A folder of runs; what still runs in it at the end is ended."""
    yield tmp_path / "runs"
    for run in list_runs(tmp_path / "runs"):
        supervisor = supervisor_of(run)
        if supervisor is not None:
            supervisor.end(patience_seconds=30)


def train_and_kill_the_window(data: Path, root: Path) -> None:
    words = [sys.executable, "-c", _WINDOW, str(data), str(root)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as window:
        assert window.stdout is not None
        assert window.stdout.readline().startswith("Started.")
        window.send_signal(signal.SIGKILL)
        window.communicate()


def assert_the_next_window_finds_the_model_and_uses_it(root: Path, case: Path, qtbot: QtBot) -> None:
    run = list_runs(root)[0]
    until(lambda: state(run) in ("finished", "failed", "killed", "stopped", "lost"), 300)
    status = run.status()
    assert (status.state, status.reason) == ("finished", "")
    assert status.epoch == 2
    assert read_model_card(run.model)
    session = Session(runs=Runs(root))
    workspace = TrainWorkspace(session)
    qtbot.addWidget(workspace)
    workspace.show()
    qtbot.waitUntil(lambda: "Finished" in workspace.details._facts.text())
    qtbot.waitUntil(lambda: not workspace.details._data.is_empty)
    open_path(session, case)
    qtbot.waitUntil(workspace.details.buttons["segment"].isEnabled, timeout=20_000)
    with qtbot.waitSignal(session.runs.mask_ready, timeout=120_000) as ready:
        qtbot.mouseClick(workspace.details.buttons["segment"], Qt.MouseButton.LeftButton)
    assert ready.args is not None
    show_finished_mask(session, ready.args[1])
    qtbot.waitUntil(lambda: session.layers.prediction is not None)
    assert session.case is not None
    assert session.layers.prediction is not None
    assert session.layers.prediction.grid.is_same(session.case.grid)
    session.close()


def first_case(data: Path) -> Path:
    return sorted(data.rglob("*_flair.nii.gz"))[0]


def test_a_training_outlives_the_killed_window_and_the_next_one_shows_it(
    root: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    write_phantoms(tmp_path / "phantoms", cases=3, shape=(32, 32, 16), layout="brats2021", seed=1)
    train_and_kill_the_window(tmp_path / "phantoms", root)
    assert_the_next_window_finds_the_model_and_uses_it(root, first_case(tmp_path / "phantoms"), qtbot)


@pytest.mark.real
def test_the_same_on_three_real_cases(root: Path, tmp_path: Path, real_cases: Path, qtbot: QtBot) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for folder in sorted(path for path in real_cases.iterdir() if path.is_dir())[:3]:
        (few / folder.name).symlink_to(folder)
    train_and_kill_the_window(few, root)
    assert_the_next_window_finds_the_model_and_uses_it(root, first_case(real_cases / "BraTS2021_00006"), qtbot)
