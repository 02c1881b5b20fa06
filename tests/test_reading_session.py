"""A whole reading on a screen, by mouse and keys: open, step errors, correct, undo, accept, next, report, export."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_cases, write_shifted

from workstation.gui.export_dialog import ExportDialog
from workstation.gui.main_window import MainWindow
from workstation.gui.review.slice_view import SliceView
from workstation.io.files import sha256_of
from workstation.io.mask_versions import versions_folder
from workstation.io.nifti import read_label_map
from workstation.session.comparing import mask_of
from workstation.session.session import Session

CASES = 3
PATIENCE_MS = 60_000
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
PRESS, MOVE, RELEASE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease


@pytest.fixture(params=["phantoms", pytest.param("real", marks=pytest.mark.real)])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with `data` (three cases with truth) and `predictions`, which differ from the truths."""
    predictions = tmp_path / "predictions"
    if request.param == "phantoms":
        for files in write_cases(tmp_path / "data", cases=CASES).cases:
            write_shifted(truth_path(files), predictions / f"{files.name}_prediction.nii.gz", by=3)
        return tmp_path
    cases, pairs = request.getfixturevalue("real_cases"), request.getfixturevalue("mask_pairs")
    predictions.mkdir()
    for mask in sorted(pairs.glob("*_add.nii.gz"))[:CASES]:
        name = mask.name.removesuffix("_add.nii.gz")
        shutil.copytree(cases / name, tmp_path / "data" / name)
        shutil.copy(mask, predictions / f"{name}_prediction.nii.gz")
    return tmp_path


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    session = Session()
    session.worklist.set_reader("Ada")
    window = MainWindow(session)
    window.resize(1200, 800)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield window
    assert window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


class Hands:
    """What a reader does with mouse and keys in the axial pane, and what is seen there."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.session, self.qtbot = window, window.session, qtbot

    @property
    def pane(self) -> SliceView:
        return self.window.review.panes.slices["axial"]

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.pane.setFocus()
        QTest.keyClick(self.pane, key, modifiers)
        QApplication.processEvents()

    def settle(self) -> None:
        session = self.session
        busy = (session.background, session.worklist.access, session.ahead)
        self.qtbot.waitUntil(
            lambda: not any(each.is_busy for each in busy) and not session.tasks.title and not session.figures.left,
            timeout=PATIENCE_MS,
        )

    def mouse(
        self,
        kind: QEvent.Type,
        place: QPointF,
        button: Qt.MouseButton,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        none = Qt.MouseButton.NoButton
        of_event, held = none if kind == MOVE else button, none if kind == RELEASE else button
        spot = self.pane.mapToGlobal(place)
        QApplication.sendEvent(self.pane, QMouseEvent(kind, place, spot, of_event, held, modifiers))
        QApplication.processEvents()

    def drag(self, place: QPointF, button: Qt.MouseButton) -> None:
        self.mouse(PRESS, place, button)
        for step in (1, 2, 3):
            self.mouse(MOVE, place + QPointF(step, step), button)
        self.mouse(RELEASE, place + QPointF(3, 3), button)
        QApplication.sendEvent(self.pane, QEvent(QEvent.Type.Leave))

    def cursor(self) -> tuple[QPointF, tuple[int, int, int]]:
        """Where the crosshair is in the pane, and its voxel."""
        case = self.session.case
        assert case is not None
        mm = self.session.view.cursor_mm
        _, x, y = self.pane.picture.place(mm)
        i, j, k = np.round(case.grid.to_voxel(mm)).astype(int)
        return self.pane.to_pane(QPointF(x, y)), (int(i), int(j), int(k))

    def colour(self, place: QPointF) -> str:
        """ "red", "blue" or "purple" about a place in the pane, whichever stands out; else "grey"."""
        image = self.pane.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        ratio = image.devicePixelRatio()
        colour = image.pixelColor(round(place.x() * ratio), round(place.y() * ratio))
        red, blue = colour.red() - colour.green() > 25, colour.blue() - colour.green() > 25
        return {(True, True): "purple", (True, False): "red", (False, True): "blue"}.get((red, blue), "grey")


def has_tumour(session: Session, kind: str, voxel: tuple[int, int, int]) -> bool:
    mask = session.layers.truth if kind == "truth" else session.layers.prediction
    assert mask is not None
    return bool(mask_of(mask, "WT")[voxel])


def open_data_set(hands: Hands, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_arguments: str(folder / "data"))
    hands.press(Qt.Key.Key_O, CONTROL | SHIFT)
    hands.qtbot.waitUntil(lambda: hands.session.case is not None and hands.session.worklist.access.is_read)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_arguments: str(folder / "predictions"))
    hands.window.menus.actions["decide.predictions"].trigger()
    hands.qtbot.waitUntil(lambda: hands.session.layers.comparison is not None, timeout=PATIENCE_MS)
    hands.settle()


def go_to_next_error(hands: Hands) -> tuple[QPointF, tuple[int, int, int], bool]:
    """Press N; returns where the error is, its voxel, and whether tumour is missing there."""
    session, before = hands.session, hands.session.assessment.current_error
    hands.press(Qt.Key.Key_N)
    hands.qtbot.waitUntil(
        lambda: session.assessment.current_error not in (None, before),
        timeout=PATIENCE_MS,
    )
    QApplication.processEvents()
    place, voxel = hands.cursor()
    error = session.assessment.current_error
    assert error is not None
    assert voxel == error.voxel
    is_missing = has_tumour(session, "truth", voxel)
    assert has_tumour(session, "prediction", voxel) != is_missing
    assert hands.colour(place) == ("blue" if is_missing else "red")
    return place, voxel, is_missing


def correct(hands: Hands) -> np.ndarray:
    """Mend the largest error with the brush, undo and redo it; returns the corrected labels."""
    session = hands.session
    place, voxel, is_missing = go_to_next_error(hands)
    hands.press(Qt.Key.Key_B)
    if is_missing:
        hands.mouse(PRESS, place, LEFT, CONTROL)
        hands.mouse(RELEASE, place, LEFT, CONTROL)
    hands.drag(place, LEFT if is_missing else RIGHT)
    assert session.layers.pair == ("truth", "edited")
    mended, wrong = ("purple", "blue") if is_missing else ("grey", "red")
    for key, is_right in ((None, True), (Qt.Key.Key_Z, False), (Qt.Key.Key_Y, True)):
        if key is not None:
            hands.press(key, CONTROL)
        assert (has_tumour(session, "prediction", voxel) == is_missing) is is_right
        assert hands.colour(place) == (mended if is_right else wrong)
    hands.press(Qt.Key.Key_Escape)
    hands.settle()
    mask = session.layers.mask("edited")
    assert mask is not None
    return mask.data


def accept(hands: Hands, key: Qt.Key = Qt.Key.Key_Return) -> None:
    with hands.qtbot.waitSignal(hands.session.worklist.decided, timeout=PATIENCE_MS):
        hands.press(key, CONTROL)
    hands.settle()


def write_report(hands: Hands, out: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    import pypdf

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(out), ""))
    hands.press(Qt.Key.Key_R, CONTROL | SHIFT)
    hands.qtbot.waitUntil(out.is_file, timeout=PATIENCE_MS)
    hands.settle()
    return "".join(page.extract_text() for page in pypdf.PdfReader(out).pages)


def export(hands: Hands, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ExportDialog)
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(out), ""))
    QTimer.singleShot(0, answer)
    hands.press(Qt.Key.Key_E, CONTROL | SHIFT)
    hands.settle()


@pytest.mark.xvfb
def test_three_cases_are_read_corrected_reported_and_exported(
    window: MainWindow, folder: Path, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands, session = Hands(window, qtbot), window.session
    sources = {path: sha256_of(path) for path in folder.rglob("*.nii.gz")}
    open_data_set(hands, folder, monkeypatch)
    first, second, third = (entry.name for entry in session.worklist.entries)

    labels = correct(hands)
    text = write_report(hands, tmp_path / "report.pdf", monkeypatch)
    assert first in text
    export(hands, tmp_path / "out" / "mine.nii.gz", monkeypatch)
    layout = session.case_files[0].layout
    assert np.array_equal(read_label_map(tmp_path / "out" / "mine.nii.gz", layout=layout).data, labels)
    # Edited further, so that accepting keeps a version of its own.
    hands.press(Qt.Key.Key_Z, CONTROL)
    hands.press(Qt.Key.Key_Y, CONTROL)
    accept(hands)

    assert session.case is not None
    assert session.case.name == second
    go_to_next_error(hands)
    go_to_next_error(hands)
    accept(hands)

    assert session.case.name == third
    hands.press(Qt.Key.Key_Backspace, CONTROL | SHIFT)
    reasons = window.review.cases.panel.reasons
    QTest.keyClick(reasons, Qt.Key.Key_4)
    with qtbot.waitSignal(session.worklist.decided, timeout=PATIENCE_MS):
        QTest.keyClick(reasons, Qt.Key.Key_Return)
    hands.settle()

    table = tmp_path / "decisions.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(table), ""))
    window.menus.actions["decide.export"].trigger()
    qtbot.waitUntil(table.is_file, timeout=PATIENCE_MS)
    hands.settle()
    with table.open(newline="") as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert [rows[name]["status"] for name in (first, second, third)] == ["corrected", "accepted", "rejected"]
    version = versions_folder(folder / "data") / f"{first}_corrected_1.nii.gz"
    assert np.array_equal(read_label_map(version, layout=layout).data, labels)
    assert {path: sha256_of(path) for path in sources} == sources
