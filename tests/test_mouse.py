"""The mouse in a 2D pane: tables of both schemes, drags and clicks, framing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workstation.core.case import Case, CaseFiles
from workstation.core.geometry import Grid
from workstation.core.volume import Volume
from workstation.gui.review.mouse_schemes import PACS, RESEARCH, Tool
from workstation.gui.review.pane_grid import PaneGrid
from workstation.gui.review.slice_view import SliceView
from workstation.session.images import make_display_image
from workstation.session.loading import LoadedCase
from workstation.session.session import Session

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
PRESS, MOVE, RELEASE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease
# 2 mm voxels in RAS order; the head is a block off the middle.
SHAPE = (60, 50, 40)
GRID = Grid(SHAPE, np.diag([2.0, 2.0, 2.0, 1.0]))
HEAD = (slice(10, 40), slice(6, 26), slice(8, 32))


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    data = np.zeros(SHAPE, dtype=np.int16)
    data[HEAD] = np.arange(24, dtype=np.int16) + 100
    volume = Volume("FLAIR", data, GRID, None)
    session = Session()
    case = Case("box", CaseFiles("box", {}), {"FLAIR": volume}, None)
    session.take_case(LoadedCase(case, {"FLAIR": make_display_image(volume)}, (60.0, 50.0, 40.0)))
    yield session
    session.close()


@pytest.fixture
def pane(qtbot: QtBot, session: Session) -> SliceView:
    """The axial pane, painted once."""
    pane = SliceView(session, "axial")
    qtbot.addWidget(pane)
    pane.resize(400, 400)
    with qtbot.waitExposed(pane):
        pane.show()
    pane.reset()
    return pane


def send(
    pane: SliceView,
    kind: QEvent.Type,
    place: QPointF,
    button: Qt.MouseButton,
    *,
    held: Qt.MouseButton | None = None,
    modifiers: Qt.KeyboardModifier = NONE,
) -> None:
    of_event = Qt.MouseButton.NoButton if kind == MOVE else button
    buttons = held if held is not None else Qt.MouseButton.NoButton if kind == RELEASE else button
    QApplication.sendEvent(pane, QMouseEvent(kind, place, pane.mapToGlobal(place), of_event, buttons, modifiers))


def wheel(pane: SliceView, turn: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
    place = QPointF(pane.rect().center())
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        place, pane.mapToGlobal(place), QPoint(), turn, Qt.MouseButton.NoButton, modifiers, phase, False
    )
    QApplication.sendEvent(pane, event)


@pytest.mark.parametrize(
    ("button", "modifiers", "tool"),
    [
        (LEFT, NONE, Tool.CROSSHAIR),
        (LEFT, ALT, Tool.PAN),
        (LEFT, CTRL | SHIFT, Tool.WINDOW),
        (LEFT, CTRL | SHIFT | ALT, Tool.WINDOW),
        (MIDDLE, NONE, Tool.PAN),
        (RIGHT, NONE, Tool.ZOOM),
        (RIGHT, SHIFT, None),
    ],
)
def test_the_research_scheme(button: Qt.MouseButton, modifiers: Qt.KeyboardModifier, tool: Tool | None) -> None:
    assert RESEARCH.tool_of(button, modifiers) is tool


def test_space_makes_the_left_button_a_hand_in_both_schemes() -> None:
    for scheme in (RESEARCH, PACS):
        assert scheme.tool_of(LEFT, NONE, is_space_held=True) is Tool.PAN


def test_the_left_button_of_the_pacs_scheme_has_the_chosen_tool() -> None:
    assert PACS.tool_of(LEFT, NONE) is Tool.SCROLL
    assert PACS.tool_of(LEFT, NONE, left_tool=Tool.ZOOM) is Tool.ZOOM
    assert PACS.tool_of(RIGHT, NONE) is Tool.WINDOW
    assert PACS.tool_of(RIGHT, CTRL) is Tool.ZOOM
    assert PACS.tool_of(RIGHT, SHIFT) is Tool.PAN


def test_eight_pixels_of_a_scroll_drag_are_a_slice(pane: SliceView) -> None:
    pane.session.pointer.set_scheme("pacs")
    before = pane.slice_index
    send(pane, PRESS, QPointF(200, 200), LEFT)
    for y in (196, 192, 184):
        send(pane, MOVE, QPointF(200, y), LEFT)
    send(pane, RELEASE, QPointF(200, 184), LEFT)
    assert pane.slice_index == before + 2


def test_a_drag_belongs_to_the_button_that_began_it(pane: SliceView) -> None:
    zoom = pane.zoom
    send(pane, PRESS, QPointF(100, 100), LEFT)
    send(pane, PRESS, QPointF(100, 100), RIGHT, held=LEFT | RIGHT)
    send(pane, MOVE, QPointF(100, 150), LEFT, held=LEFT | RIGHT)
    send(pane, RELEASE, QPointF(100, 150), RIGHT, held=LEFT)
    at_release = pane.session.view.cursor_mm
    send(pane, MOVE, QPointF(200, 200), LEFT)
    assert pane.session.view.cursor_mm != at_release
    assert pane.zoom == zoom


def test_a_drag_whose_release_was_lost_ends_at_the_next_move(pane: SliceView) -> None:
    send(pane, PRESS, QPointF(100, 100), LEFT)
    before = pane.session.view.cursor_mm
    send(pane, MOVE, QPointF(200, 200), LEFT, held=Qt.MouseButton.NoButton)
    assert pane.session.view.cursor_mm == before


def test_a_right_drag_that_comes_back_is_no_click(pane: SliceView, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(pane.menu_wanted):
        send(pane, PRESS, QPointF(100, 100), RIGHT)
        send(pane, MOVE, QPointF(100, 120), RIGHT)
        send(pane, MOVE, QPointF(100, 100), RIGHT)
        send(pane, RELEASE, QPointF(100, 100), RIGHT)


def test_a_trembling_right_click_does_not_zoom(pane: SliceView, qtbot: QtBot) -> None:
    zoom = pane.zoom
    with qtbot.waitSignal(pane.menu_wanted):
        send(pane, PRESS, QPointF(100, 100), RIGHT)
        send(pane, MOVE, QPointF(101, 102), RIGHT)
        send(pane, RELEASE, QPointF(101, 102), RIGHT)
    assert pane.zoom == zoom


def test_a_drag_beyond_the_pane_stays_in_the_volume(pane: SliceView) -> None:
    send(pane, PRESS, QPointF(200, 200), LEFT)
    send(pane, MOVE, QPointF(-5000, 9000), LEFT)
    send(pane, RELEASE, QPointF(-5000, 9000), LEFT)
    # Radiological: the patient's right end of x on the left of the screen, the posterior end of y below.
    assert GRID.nearest_voxel(pane.session.view.cursor_mm) == (59, 0, 20)


def test_the_wheel_turns_sideways_with_alt_but_not_by_itself(pane: SliceView) -> None:
    before = pane.slice_index
    wheel(pane, QPoint(120, 0))
    assert pane.slice_index == before
    wheel(pane, QPoint(120, 0), ALT)
    assert pane.slice_index == before + 1


def test_a_reset_view_shows_the_head_and_a_fit_the_whole_slice(pane: SliceView) -> None:
    """The head of 30 x 20 pixels of 2 mm fills 400 - 2 * 22 pixels across; the slice is 60 pixels wide."""
    # The content is found from every second voxel: from 9 to 40.
    assert pane.zoom == pytest.approx((400 - 2 * 22) / (31 * 2))
    middle = pane.to_slice(QPointF(200, 200))
    assert (60 - middle.x(), 50 - middle.y()) == pytest.approx(((9 + 40) / 2, (5 + 26) / 2), abs=0.51)
    pane.fit()
    assert pane.zoom == pytest.approx((400 - 2 * 22) / (60 * 2))
    assert pane.to_slice(QPointF(200, 200)) == QPointF(30, 25)


def test_a_resized_pane_stays_framed(pane: SliceView) -> None:
    zoom = pane.zoom
    pane.resize(222, 222)
    QApplication.processEvents()
    assert pane.zoom == pytest.approx(zoom * (222 - 44) / (400 - 44))


def test_another_convention_keeps_zoom_and_middle(pane: SliceView) -> None:
    pane.zoom_at(QPointF(120, 150), 3)
    geometry = pane.picture.geometry
    assert geometry is not None
    middle, zoom = pane.to_slice(QPointF(200, 200)), pane.zoom
    before = geometry.to_mm(0, middle.x(), middle.y())
    pane.session.view.set_convention("neurological")
    middle = pane.to_slice(QPointF(200, 200))
    assert pane.zoom == zoom
    assert pane.picture.geometry is not None
    assert pane.picture.geometry.letters[:2] == ("L", "R")
    assert pane.picture.geometry.to_mm(0, middle.x(), middle.y()) == pytest.approx(before)


def test_keys_follow_the_mouse_into_a_pane(session: Session, qtbot: QtBot) -> None:
    panes = PaneGrid(session)
    qtbot.addWidget(panes)
    panes.resize(500, 500)
    with qtbot.waitExposed(panes):
        panes.show()
    place = QPointF(30, 30)
    QApplication.sendEvent(panes.slices["coronal"], QEnterEvent(place, place, place))
    assert panes.active_view is panes.slices["coronal"]
    corners = {name: pane.grab().toImage().pixelColor(0, 0).blue() for name, pane in panes.slices.items()}
    assert [name for name, blue in corners.items() if blue > 100] == ["coronal"]
