"""Diameters in the axial pane: drawn where the lesion is largest, moved by their ends."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from review_cases import boxes, open_case, truth
from test_main_window import drag
from test_view import emissions

from workstation.gui.review.slice_view import SliceView
from workstation.session import commands
from workstation.session.runs import Runs
from workstation.session.session import Session

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    session = Session(runs=Runs(tmp_path / "runs"))
    yield session
    session.close()


@pytest.fixture
def pane(session: Session, qtbot: QtBot) -> SliceView:
    """An axial pane on enhancing tumour of 8 x 6 mm in slice 10, and fewer voxels in slice 11."""
    pane = SliceView(session, "axial")
    qtbot.addWidget(pane)
    pane.resize(400, 400)
    with qtbot.waitExposed(pane):
        pane.show()
    mask = boxes(((6, 14), (8, 14), (10, 11), 4), ((6, 10), (8, 14), (11, 12), 4))
    open_case(session, truth=truth(), prediction=mask)
    session.view.toggle_crosshair()
    # Dark, so that white lines stand out.
    session.view.set_window("FLAIR", 0, 1000)
    return pane


def drawn(session: Session, qtbot: QtBot) -> None:
    commands.toggle_diameters(session)
    qtbot.waitUntil(lambda: session.diameters.lines is not None)


def place_of(pane: SliceView, position_mm: tuple[float, float, float]) -> QPoint:
    _, x, y = pane.picture.place(position_mm)
    return pane.to_pane(QPointF(x, y)).toPoint()


def test_diameters_of_the_prediction_are_drawn_in_their_slice(session: Session, pane: SliceView, qtbot: QtBot) -> None:
    before = pane.grab().toImage()
    drawn(session, qtbot)
    lines = session.diameters.lines
    assert lines is not None
    assert lines.longest_mm == pytest.approx(10.0)
    # Across the diagonal of a rectangle of 8 x 6: 6 * 10 / 8.
    assert lines.across_mm == pytest.approx(7.5)
    assert session.view.cursor_mm[2] == 10.0
    end = pane.grab().toImage().pixelColor(place_of(pane, lines.longest_end))
    assert min(end.red(), end.green(), end.blue()) > 200
    session.view.set_cursor((12.0, 12.0, 12.0))
    elsewhere = pane.grab().toImage().pixelColor(place_of(pane, lines.longest_end))
    assert max(elsewhere.red(), elsewhere.green(), elsewhere.blue()) < 200
    commands.toggle_diameters(session)
    session.view.set_cursor((12.0, 12.0, 12.0))
    assert session.diameters.lines is None
    assert pane.grab().toImage().size() == before.size()


def test_an_end_is_dragged_and_the_crosshair_stays(session: Session, pane: SliceView, qtbot: QtBot) -> None:
    drawn(session, qtbot)
    lines, cursor = session.diameters.lines, session.view.cursor_mm
    assert lines is not None
    start, target = place_of(pane, lines.longest_end), place_of(pane, (20.0, 20.0, 10.0))
    drag(pane, QPointF(start), QPointF(target), LEFT)
    moved = session.diameters.lines
    assert moved is not None
    assert moved.longest_end == pytest.approx((20.0, 20.0, 10.0), abs=0.1)
    assert moved.longest_mm == pytest.approx(math.dist(lines.longest_start, moved.longest_end))
    assert moved.across_mm == lines.across_mm
    assert session.view.cursor_mm == cursor


def test_beside_an_end_the_mouse_moves_the_crosshair(session: Session, pane: SliceView, qtbot: QtBot) -> None:
    drawn(session, qtbot)
    lines = session.diameters.lines
    QTest.mouseClick(pane, LEFT, NO_KEY, QPoint(30, 30))
    assert session.diameters.lines == lines
    assert session.view.cursor_mm != (10.0, 11.0, 10.0)


def test_diameters_go_with_the_masks(session: Session, pane: SliceView, qtbot: QtBot) -> None:
    drawn(session, qtbot)
    session.layers.set_prediction(None)
    assert session.diameters.lines is None


def test_without_enhancing_tumour_there_is_a_word(session: Session, pane: SliceView, qtbot: QtBot) -> None:
    notices = emissions(session.notice)
    open_case(session, truth=truth(), prediction=None)
    commands.toggle_diameters(session)
    qtbot.waitUntil(lambda: bool(notices))
    assert "no enhancing tumour" in str(notices[0])
