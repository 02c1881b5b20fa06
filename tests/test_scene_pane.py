"""The 3D pane in a window: right is right, colours follow the layers, and it opens and closes without harm."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from workstation.core.case import Case, CaseFiles
from workstation.core.geometry import Grid
from workstation.core.labels import SCHEMES
from workstation.core.volume import LabelMap, Volume
from workstation.gui.scene.pane3d import Pane3D
from workstation.gui.scene.probe import Probe
from workstation.session.images import make_display_image
from workstation.session.loading import LoadedCase
from workstation.session.runs import Runs
from workstation.session.session import Session

SHAPE = (40, 48, 36)
GRID = Grid(SHAPE, np.array([[-2.0, 0, 0, 40], [0, -2.0, 0, 50], [0, 0, 2.0, -36], [0, 0, 0, 1]]))
WAIT_MS = 30_000


def label_map(centre_mm: tuple[float, float, float], *, radius_mm: float = 14) -> LabelMap:
    """A ball of oedema."""
    voxels = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    inside = np.linalg.norm(GRID.to_world(voxels) - centre_mm, axis=-1) < radius_mm
    return LabelMap("ball", np.asfortranarray(inside.astype(np.uint8) * 2), GRID, SCHEMES["brats2021"])


def open_phantom(session: Session, *, truth: LabelMap | None, prediction: LabelMap | None) -> None:
    data = np.zeros(SHAPE, np.int16, order="F")
    data[3:-3, 3:-3, 3:-3] = 500
    volume = Volume("FLAIR", data, GRID)
    case = Case("phantom", CaseFiles("phantom", {}), {"FLAIR": volume}, truth)
    loaded = LoadedCase(case, {"FLAIR": make_display_image(volume)}, (0.0, 0.0, 0.0))
    session.take_case(loaded, prediction=prediction)


@pytest.fixture
def session(tmp_path: Path, qtbot: QtBot) -> Iterator[Session]:
    session = Session(runs=Runs(tmp_path))
    yield session
    session.close()


@pytest.fixture
def pane(session: Session, qtbot: QtBot) -> Iterator[Pane3D]:
    pane = Pane3D(session)
    qtbot.addWidget(pane)
    pane.resize(360, 300)
    pane.show()
    yield pane
    pane.close()


def settle(qtbot: QtBot, pane: Pane3D) -> None:
    qtbot.waitUntil(lambda: pane.is_settled, timeout=WAIT_MS)


def pixels(pane: Pane3D) -> np.ndarray:
    """(height, width, 3) red, green, blue, in -255..255 so that they can be subtracted."""
    image: QImage = pane.view.grab().toImage().convertToFormat(QImage.Format.Format_RGBX8888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return flat[..., :3].astype(int)


def where_blue(pane: Pane3D) -> np.ndarray:
    rgb = pixels(pane)
    return rgb[..., 2] > rgb[..., 0] + 40


def where_red(pane: Pane3D) -> np.ndarray:
    rgb = pixels(pane)
    # Letters are yellow: red without much green is a surface.
    return (rgb[..., 0] > rgb[..., 2] + 40) & (rgb[..., 0] > rgb[..., 1] + 70)


LEFT_FRONT_TOP = (-20.0, 25.0, 15.0)


@pytest.mark.parametrize(
    ("direction", "is_on_the_right", "is_high"),
    [
        ("A", True, True),
        ("P", False, True),
        ("L", False, True),
        ("R", True, True),
        ("S", False, True),
        ("I", True, True),
    ],
)
def test_a_ball_at_the_left_front_top_is_where_it_belongs(
    session: Session, pane: Pane3D, qtbot: QtBot, direction: str, is_on_the_right: bool, is_high: bool
) -> None:
    open_phantom(session, truth=label_map(LEFT_FRONT_TOP), prediction=None)
    settle(qtbot, pane)
    qtbot.mouseClick(pane.directions.buttons[direction], Qt.MouseButton.LeftButton)
    settle(qtbot, pane)
    rows, columns = np.nonzero(where_blue(pane))
    assert rows.size > 100
    assert (columns.mean() > pane.width() / 2) == is_on_the_right
    assert (rows.mean() < pane.height() / 2) == is_high


def test_truth_is_blue_and_prediction_red(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    open_phantom(session, truth=label_map((-20, 0, 0)), prediction=label_map((20, 0, 0)))
    settle(qtbot, pane)
    assert sorted(pane.view.surfaces) == ["prediction", "truth"]
    # From the front, the patient's left is on the right.
    assert np.nonzero(where_blue(pane))[1].mean() > np.nonzero(where_red(pane))[1].mean()


def colour_at_mm(pane: Pane3D, point_mm: tuple[float, float, float]) -> tuple[int, int, int]:
    x, y, _ = pane.view.camera.project(np.array(point_mm), (pane.view.width(), pane.view.height()))
    red, green, blue = pixels(pane)[round(y), round(x)]
    return (int(red), int(green), int(blue))


def test_what_both_have_is_a_purple_core_under_the_errors(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    """A small truth within a large prediction, cut open below: from below the core is bare, from above it is not."""
    truth, prediction = label_map((0, 0, 0), radius_mm=10), label_map((0, 0, 0), radius_mm=16)
    below = GRID.to_world(np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1))[..., 2] < -2
    halves = [LabelMap("half", np.where(below, 0, each.data), GRID, each.scheme) for each in (truth, prediction)]
    open_phantom(session, truth=halves[0], prediction=halves[1])
    session.layers.set_opacity(0.0)
    session.view.toggle_crosshair()
    settle(qtbot, pane)
    assert sorted(pane.view.surfaces) == ["agreement", "prediction"]
    pane.view.look_from("I")
    settle(qtbot, pane)
    red, green, blue = colour_at_mm(pane, (3.0, 3.0, -2.0))
    assert min(red, blue) > green + 30
    rim = colour_at_mm(pane, (13.0, 0.0, -2.0))
    assert rim[0] > rim[2] + 60
    pane.view.look_from("S")
    settle(qtbot, pane)
    above = colour_at_mm(pane, (3.0, 3.0, 10.0))
    assert above[0] - above[2] > red - blue + 20  # red over purple


def test_slices_in_space_hide_what_is_behind_them(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    open_phantom(session, truth=label_map((0, -20, 0)), prediction=None)
    session.layers.set_opacity(1.0)
    session.view.set_cursor((0.0, 10.0, 0.0))
    session.view.set_window("FLAIR", 0.0, 500.0)
    session.view.toggle_crosshair()
    settle(qtbot, pane)
    pane.view.look_from("A")
    settle(qtbot, pane)
    assert where_blue(pane).sum() > 100
    session.view.toggle_scene_planes()
    settle(qtbot, pane)
    # The coronal slice at y = 10 stands between the eye at the front and the ball at y = -20.
    assert where_blue(pane).sum() < 20
    grey = colour_at_mm(pane, (20.0, 10.0, 20.0))
    assert min(grey) > 150
    assert max(grey) - min(grey) < 10
    pane.view.look_from("P")
    settle(qtbot, pane)
    assert where_blue(pane).sum() > 100
    session.view.toggle_scene_planes()
    pane.view.look_from("A")
    settle(qtbot, pane)
    assert where_blue(pane).sum() > 100


def test_a_drag_shows_drafts_and_ends_with_a_full_frame(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    open_phantom(session, truth=label_map((0, 0, 0)), prediction=None)
    settle(qtbot, pane)
    pane.view.frame_seconds = 1.0
    qtbot.mousePress(pane.view, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    pane.view.draw_anew()
    qtbot.waitUntil(lambda: pane.view.is_draft, timeout=WAIT_MS)
    assert not pane.is_settled
    qtbot.mouseRelease(pane.view, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    settle(qtbot, pane)


def test_visibility_and_region_follow_the_layers(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    open_phantom(session, truth=label_map((-20, 0, 0)), prediction=label_map((20, 0, 0)))
    settle(qtbot, pane)
    session.layers.set_visible("truth", visible=False)
    settle(qtbot, pane)
    # Fringes of the letters are a few pixels of any colour.
    assert (where_blue(pane).sum() < 20, where_red(pane).sum() > 100) == (True, True)
    session.layers.toggle_hidden()
    settle(qtbot, pane)
    assert where_red(pane).sum() < 20
    session.layers.toggle_hidden()
    session.layers.set_region("ET")
    settle(qtbot, pane)
    assert pane.view.surfaces == {}


def test_the_mode_decides_which_parts_there_are(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    open_phantom(session, truth=label_map((0, 0, 0)), prediction=label_map((0, 0, 0), radius_mm=20))
    session.layers.set_mode("errors")
    settle(qtbot, pane)
    assert list(pane.view.surfaces) == ["prediction"]
    session.layers.set_mode("labels")
    settle(qtbot, pane)
    assert list(pane.view.surfaces) == [SCHEMES["brats2021"].labels[2].colour]


def test_a_volume_is_drawn_where_a_graphics_card_is(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    """Mesa stands in for the card: it draws the same, slowly."""
    open_phantom(session, truth=None, prediction=None)
    session.view.set_window("FLAIR", 0.0, 500.0)
    session.view.toggle_crosshair()
    settle(qtbot, pane)
    middle = colour_at_mm(pane, (0.0, 0.0, 0.0))
    session.view.toggle_scene_volume()
    settle(qtbot, pane)
    assert colour_at_mm(pane, (0.0, 0.0, 0.0)) == middle
    assert "needs a graphics card" in pane.view.remark
    renderer = pane.view.renderer
    assert renderer is not None
    renderer.close()
    pane.view.renderer = type(renderer)(is_software=False)
    session.view.scene_changed.emit()
    settle(qtbot, pane)
    assert min(colour_at_mm(pane, (0.0, 0.0, 0.0))) > max(middle) + 80
    session.view.toggle_scene_volume()
    settle(qtbot, pane)
    assert max(colour_at_mm(pane, (0.0, 0.0, 0.0))) < max(middle) + 20


def test_a_moved_crosshair_is_painted_without_a_frame(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    open_phantom(session, truth=label_map((0, 0, 0)), prediction=None)
    settle(qtbot, pane)
    frames, before = pane.view.frame_count, pixels(pane)
    with qtbot.waitSignal(pane.painted):
        session.view.set_cursor((10.0, -8.0, 6.0))
    assert pane.view.frame_count == frames
    assert (pixels(pane) != before).any()


def test_ctrl_and_a_click_move_the_crosshair_onto_the_surface(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    centre = np.array([-16.0, 6.0, 4.0])
    open_phantom(session, truth=label_map(tuple(centre)), prediction=None)
    settle(qtbot, pane)
    pane.view.look_from("A")
    x, y, _ = pane.view.camera.project(centre, (pane.view.width(), pane.view.height()))
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.mouseClick(pane.view, Qt.MouseButton.LeftButton, control, QPoint(round(x), round(y)))
    # The near side of a ball seen from the front lies one radius in front of its centre.
    assert session.view.cursor_mm == pytest.approx([-16, 6 + 14, 4], abs=1.5)


def drag(qtbot: QtBot, pane: Pane3D, button: Qt.MouseButton, *, shift: bool = False) -> None:
    keys = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    qtbot.mousePress(pane.view, button, keys, QPoint(150, 150))
    # A move of QTest carries no buttons; this one does, as a real drag.
    end = QPointF(190, 130)
    move = QMouseEvent(QEvent.Type.MouseMove, end, pane.view.mapToGlobal(end), button, button, keys)
    QApplication.sendEvent(pane.view, move)
    qtbot.mouseRelease(pane.view, button, keys, QPoint(190, 130))


def test_drags_turn_pan_and_zoom(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    open_phantom(session, truth=None, prediction=None)
    settle(qtbot, pane)
    pane.view.look_from("A")
    first = pane.view.camera
    drag(qtbot, pane, Qt.MouseButton.LeftButton)
    turned = pane.view.camera
    assert turned.towards_eye[0] > 0.1 or turned.towards_eye[0] < -0.1
    assert turned.height_mm == first.height_mm
    drag(qtbot, pane, Qt.MouseButton.LeftButton, shift=True)
    panned = pane.view.camera
    assert panned.right == pytest.approx(turned.right)
    assert np.linalg.norm(panned.focus - turned.focus) > 1
    drag(qtbot, pane, Qt.MouseButton.MiddleButton)
    assert np.linalg.norm(pane.view.camera.focus - panned.focus) > 1
    drag(qtbot, pane, Qt.MouseButton.RightButton)
    assert pane.view.camera.height_mm == pytest.approx(panned.height_mm / 1.02**20)


def test_the_wheel_enlarges_and_fit_brings_all_back(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    open_phantom(session, truth=None, prediction=None)
    settle(qtbot, pane)
    fitted = pane.view.camera.height_mm
    point = QPointF(100, 100)
    wheel = QWheelEvent(
        point,
        point,
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(pane.view, wheel)
    assert pane.view.camera.height_mm == pytest.approx(fitted / 1.2)
    session.view.fit_requested.emit()
    assert pane.view.camera.height_mm == pytest.approx(fitted)


def test_a_double_click_maximises(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    open_phantom(session, truth=None, prediction=None)
    settle(qtbot, pane)
    qtbot.mouseDClick(pane.view, Qt.MouseButton.LeftButton)
    assert session.view.maximised == "3d"
    qtbot.mouseDClick(pane.view, Qt.MouseButton.LeftButton)
    assert session.view.maximised is None


def test_the_answer_for_an_earlier_case_is_dropped(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    open_phantom(session, truth=label_map((-20, 0, 0)), prediction=None)
    settle(qtbot, pane)
    for x in (-10.0, 0.0, 20.0):
        open_phantom(session, truth=label_map((x, 0, 0)), prediction=None)
        QApplication.processEvents()
    settle(qtbot, pane)
    assert pane.view.surfaces["truth"].points[:, 0].mean() == pytest.approx(20, abs=1)


def test_without_opengl_the_pane_says_so(session: Session, qtbot: QtBot) -> None:
    probe = Probe(command=(sys.executable, "-c", "import os; os.abort()"))
    pane = Pane3D(session, probe=probe)
    qtbot.addWidget(pane)
    pane.show()
    open_phantom(session, truth=label_map((0, 0, 0)), prediction=None)
    settle(qtbot, pane)
    words = next(label for label in pane.findChildren(QLabel) if label.isVisible())
    assert "3D is not available" in words.text()
    assert not pane.is_available
    assert not pane.directions.isVisible()


def test_the_scene_waits_while_something_else_is_read(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    gate = threading.Event()
    session.background.ask("case", gate.wait, lambda _: None)
    open_phantom(session, truth=label_map((0, 0, 0)), prediction=None)
    turns: list[int] = []
    pane._waiting.timeout.connect(lambda: turns.append(1))
    qtbot.waitUntil(lambda: len(turns) >= 3, timeout=WAIT_MS)
    assert not pane.is_available
    gate.set()
    settle(qtbot, pane)
    assert list(pane.view.surfaces) == ["truth"]


def test_without_a_case_nothing_is_asked_for(pane: Pane3D, qtbot: QtBot) -> None:
    with qtbot.waitSignal(pane.painted):
        pane.update()
        pane.view.update()
    QApplication.processEvents()
    assert not pane.is_available
    assert not pane.is_settled


def test_twenty_panes_open_and_close(session: Session, qtbot: QtBot) -> None:
    open_phantom(session, truth=label_map((0, 0, 0)), prediction=None)
    for _ in range(20):
        pane = Pane3D(session)
        pane.resize(200, 160)
        pane.show()
        settle(qtbot, pane)
        assert where_blue(pane).sum() > 50
        pane.close()
        assert not pane.is_available
        pane.deleteLater()
        QApplication.processEvents()


def test_a_closed_pane_can_be_shown_again(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    open_phantom(session, truth=label_map((0, 0, 0)), prediction=None)
    settle(qtbot, pane)
    pane.close()
    pane.show()
    settle(qtbot, pane)
    assert where_blue(pane).sum() > 100


@pytest.mark.xvfb
def test_the_scene_is_drawn_on_a_screen(session: Session, pane: Pane3D, qtbot: QtBot) -> None:
    assert QApplication.platformName() == "xcb"
    open_phantom(session, truth=label_map((-20, 0, 0)), prediction=label_map((20, 0, 0)))
    settle(qtbot, pane)
    assert pane.is_available
    assert where_blue(pane).sum() > 100
    assert where_red(pane).sum() > 100
