"""A window is killed (SIGKILL) in the middle of its work; the next opening of the case offers the work back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from killed_window import expected
from pytestqt.qtbot import QtBot

from workstation.core.geometry import Grid
from workstation.io.edit_journal import journals_of
from workstation.io.nifti_writing import write_volume
from workstation.io.places import edits_folder
from workstation.session import commands
from workstation.session.session import Session

SHAPE = (32, 36, 28)
GRID = Grid(SHAPE, np.diag([-1.0, -1.0, 1.0, 1.0]))


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A case with a prediction: one block of oedema."""
    image = np.full(SHAPE, 300, dtype=np.int16)
    for ending in ("t1", "t1ce", "t2", "flair"):
        write_volume(tmp_path / "Case_1" / f"Case_1_{ending}.nii.gz", image, GRID)
    write_volume(tmp_path / "prediction.nii.gz", base(), GRID)
    write_volume(tmp_path / "Case_1" / "Case_1_seg.nii.gz", base(), GRID)
    return tmp_path


def base() -> np.ndarray:
    data = np.zeros(SHAPE, dtype=np.uint8)
    data[10:20, 20:30, 8:14] = 2
    return data


def draw_until_killed(case: Path, strokes: int) -> int:
    """Let a window draw, kill it after so many strokes at least, and say how many it reported."""
    command = [
        sys.executable,
        str(Path(__file__).with_name("killed_window.py")),
        str(case / "Case_1"),
        str(case / "prediction.nii.gz"),
    ]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stdout:
        if int(line) >= strokes:
            break
    else:
        pytest.fail(process.stderr.read())
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split()
    process.stdout.close()
    process.stderr.close()
    assert process.wait() == -signal.SIGKILL
    # The last line may be cut.
    return max([int(line), *(int(number) for number in rest[:-1])])


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def reopen(qtbot: QtBot, session: Session, case: Path) -> None:
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, case / "Case_1")
    qtbot.waitUntil(lambda: session.editing.offer is not None)


def test_killed_work_comes_back_to_the_last_entry(qtbot: QtBot, session: Session, case: Path) -> None:
    before = (case / "prediction.nii.gz").read_bytes()
    reported = draw_until_killed(case, 14)
    reopen(qtbot, session, case)
    offer = session.editing.offer
    assert offer is not None
    assert offer.edit_count >= reported
    session.editing.restore()
    qtbot.waitUntil(lambda: session.editing.has_layer)
    labels = session.editing.labels()
    assert labels is not None
    assert np.array_equal(labels, expected(base(), offer.edit_count))
    session.editing.undo()
    assert np.array_equal(session.editing.labels(), expected(base(), offer.edit_count - 1))
    assert (case / "prediction.nii.gz").read_bytes() == before


def test_an_entry_torn_off_by_the_crash_is_dropped(qtbot: QtBot, session: Session, case: Path) -> None:
    draw_until_killed(case, 6)
    (path,) = journals_of(edits_folder(), case / "Case_1" / "Case_1_t1.nii.gz")
    os.truncate(path, path.stat().st_size - 5)
    reopen(qtbot, session, case)
    assert session.editing.offer is not None
    count = session.editing.offer.edit_count
    assert count >= 5
    session.editing.restore()
    qtbot.waitUntil(lambda: session.editing.has_layer)
    assert np.array_equal(session.editing.labels(), expected(base(), count))
