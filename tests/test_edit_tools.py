"""The edit tools as a user drives them: keys and buttons pressed, label map and grabbed pixels asserted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from workstation.core.geometry import Grid
from workstation.gui.colours import PALETTES, rgb_of
from workstation.gui.export_dialog import ExportDialog
from workstation.gui.main_window import MainWindow
from workstation.gui.review.restore_bar import RestoreBar
from workstation.gui.review.slice_view import SliceView
from workstation.gui.scene.pane3d import Pane3D
from workstation.gui.train.job_chip import JobChip
from workstation.io.nifti_writing import write_volume
from workstation.session import commands
from workstation.session.session import Session

SHAPE = (40, 48, 32)
# LPS, and twice as thick along the third axis.
GRID = Grid(SHAPE, np.array([[-1.0, 0, 0, 39], [0, -1.0, 0, 47], [0, 0, 2.0, 0], [0, 0, 0, 1]]))
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
PRESS, MOVE, RELEASE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease
HOME = (20, 24, 14)
RED = PALETTES["standard"].prediction


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grey box; its truth and the prediction are one block of oedema with an enhancing heart."""
    root = tmp_path_factory.mktemp("case") / "Case_1"
    image = np.zeros(SHAPE, dtype=np.int16)
    image[2:38, 2:46, 1:31] = 500
    image[20:38, 2:46, 1:31] = 900
    for ending in ("t1", "t1ce", "t2", "flair"):
        write_volume(root / f"Case_1_{ending}.nii.gz", image, GRID)
    truth = np.zeros(SHAPE, dtype=np.uint8)
    truth[4:10, 4:10, 10:18] = 2
    truth[6:8, 6:8, 12:16] = 4
    write_volume(root / "Case_1_seg.nii.gz", truth, GRID)
    return root


def truth_of(case: Path) -> Path:
    return case / "Case_1_seg.nii.gz"


def open_window(qtbot: QtBot, case: Path) -> MainWindow:
    window = MainWindow(Session())
    window.resize(1200, 800)
    window.show()
    session = window.session
    with qtbot.waitSignal(session.layers.comparison_ready):
        commands.open_path(session, case, prediction=truth_of(case))
    session.view.set_interpolation("nearest")
    session.layers.set_opacity(1.0)
    session.layers.set_outline("fill")
    session.view.toggle_crosshair()
    move_cursor(window, HOME)
    # The 3D pane and the chip of jobs come a little later, and panes change their size by a pixel.
    qtbot.waitUntil(lambda: isinstance(window.review.panes.panes["3d"], Pane3D))
    qtbot.waitUntil(lambda: window.status.findChild(JobChip) is not None)
    qtbot.waitUntil(lambda: not session.background.is_busy)
    return window


def close(window: MainWindow) -> None:
    assert window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(qtbot: QtBot, case: Path) -> Iterator[MainWindow]:
    window = open_window(qtbot, case)
    yield window
    close(window)


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press a key where the user would: in the pane that has the focus."""
    pane = window.review.panes.active_view
    pane.setFocus()
    QTest.keyClick(pane, key, modifiers)
    QApplication.processEvents()


def move_cursor(window: MainWindow, voxel: tuple[int, int, int]) -> None:
    x, y, z = GRID.to_world(voxel)
    window.session.view.set_cursor((float(x), float(y), float(z)))


def pane_of(window: MainWindow, plane: str = "axial") -> SliceView:
    return window.review.panes.slices[plane]


def spot(pane: SliceView, voxel: tuple[float, float, float]) -> QPointF:
    """Where a voxel's middle is in a pane."""
    x, y, z = GRID.to_world(voxel)
    _, column, row = pane.picture.place((float(x), float(y), float(z)))
    return pane.to_pane(QPointF(column, row))


def send(
    pane: SliceView,
    kind: QEvent.Type,
    place: QPointF,
    button: Qt.MouseButton = LEFT,
    *,
    modifiers: Qt.KeyboardModifier = NONE,
    held: Qt.MouseButton | None = None,
) -> None:
    of_event = Qt.MouseButton.NoButton if kind == MOVE else button
    buttons = held if held is not None else Qt.MouseButton.NoButton if kind == RELEASE else button
    QApplication.sendEvent(pane, QMouseEvent(kind, place, pane.mapToGlobal(place), of_event, buttons, modifiers))


def click(
    pane: SliceView,
    voxel: tuple[float, float, float],
    button: Qt.MouseButton = LEFT,
    *,
    modifiers: Qt.KeyboardModifier = NONE,
) -> None:
    send(pane, PRESS, spot(pane, voxel), button, modifiers=modifiers)
    send(pane, RELEASE, spot(pane, voxel), button, modifiers=modifiers)


def drag(pane: SliceView, voxels: list[tuple[float, float, float]], button: Qt.MouseButton = LEFT) -> None:
    send(pane, PRESS, spot(pane, voxels[0]), button)
    for voxel in voxels[1:]:
        send(pane, MOVE, spot(pane, voxel), button)
    send(pane, RELEASE, spot(pane, voxels[-1]), button)


def hover(pane: SliceView, place: QPointF) -> None:
    send(pane, MOVE, place, held=Qt.MouseButton.NoButton)


def labels(window: MainWindow) -> np.ndarray:
    found = window.session.editing.labels()
    assert found is not None
    return found


def colour_at(pane: SliceView, voxel: tuple[int, int, int]) -> tuple[int, int, int]:
    QApplication.processEvents()
    image = pane.grab().toImage()
    colour = image.pixelColor(spot(pane, voxel).toPoint() * image.devicePixelRatio())
    return (colour.red(), colour.green(), colour.blue())


def pixels(pane: SliceView) -> np.ndarray:
    """(height, width, 4) blue, green, red and nothing."""
    image = pane.grab().toImage()
    return np.array(image.constBits()).reshape(image.height(), image.bytesPerLine() // 4, 4).astype(int)


def set_radius(window: MainWindow, radius_mm: float) -> None:
    window.session.editing.tools.set_radius(radius_mm)


def away(pane: SliceView) -> None:
    """Take the mouse out of the pane, so that the brush's outline covers no pixel."""
    QApplication.sendEvent(pane, QEvent(QEvent.Type.Leave))


# -- tools and keys ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "modifiers", "tool"),
    [
        (Qt.Key.Key_B, NONE, "brush"),
        (Qt.Key.Key_E, CTRL, "eraser"),
        (Qt.Key.Key_G, NONE, "polygon"),
        (Qt.Key.Key_K, NONE, "fill"),
    ],
)
def test_keys_take_the_tools_and_escape_leaves_them(
    window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier, tool: str
) -> None:
    tools, button = window.session.editing.tools, window.review.strip.buttons[f"edit.{tool}"]
    assert not window.review.side.edit.isVisible()
    press(window, key, modifiers)
    assert (tools.tool, button.isChecked()) == (tool, True)
    assert window.review.side.edit.isVisible()
    press(window, Qt.Key.Key_Escape)
    assert (tools.tool, button.isChecked()) == ("", False)
    button.click()
    assert tools.tool == tool


def test_escape_leaves_the_tool_first_and_then_the_large_pane(window: MainWindow) -> None:
    press(window, Qt.Key.Key_F)
    press(window, Qt.Key.Key_B)
    press(window, Qt.Key.Key_Escape)
    assert window.session.view.maximised == "axial"
    press(window, Qt.Key.Key_Escape)
    assert window.session.view.maximised is None


def test_plus_and_minus_and_the_wheel_with_shift_size_the_brush(window: MainWindow) -> None:
    tools, pane = window.session.editing.tools, pane_of(window)
    press(window, Qt.Key.Key_B)
    set_radius(window, 2.0)
    press(window, Qt.Key.Key_Plus)
    assert tools.radius_mm == 2.5
    press(window, Qt.Key.Key_Minus)
    press(window, Qt.Key.Key_Minus)
    assert tools.radius_mm == 1.5
    before = pane.slice_index
    place = QPointF(pane.rect().center())
    wheel = QWheelEvent(
        place, pane.mapToGlobal(place), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, SHIFT,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pane, wheel)
    assert (tools.radius_mm, pane.slice_index) == (2.5, before)
    assert window.review.side.edit.radius.value() == 2.5


def test_letters_of_the_tools_rest_while_a_field_has_the_focus(window: MainWindow) -> None:
    press(window, Qt.Key.Key_B)
    field = window.review.side.edit.radius
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_G)
    assert window.session.editing.tools.tool == "brush"


# -- brush ------------------------------------------------------------------------------------------------------------


def test_a_click_with_the_brush_paints_a_disc_of_its_size(window: MainWindow) -> None:
    pane = pane_of(window)
    press(window, Qt.Key.Key_B)
    set_radius(window, 4.0)
    window.session.editing.tools.set_label(2)
    before = labels(window).copy()
    click(pane, HOME)
    i, j = np.indices(SHAPE[:2])
    expected = before.copy()
    expected[:, :, 14][(i - 20) ** 2 + (j - 24) ** 2 <= 16] = 2
    assert np.array_equal(labels(window), expected)
    away(pane)
    # Prediction only: there is no truth.
    assert colour_at(pane, HOME) == RED
    assert colour_at(pane, (24, 24, 14)) == RED
    assert colour_at(pane, (25, 24, 14)) != RED


def test_a_disc_in_the_coronal_plane_is_round_in_mm(window: MainWindow) -> None:
    pane = pane_of(window, "coronal")
    press(window, Qt.Key.Key_B)
    set_radius(window, 6.0)
    click(pane, HOME)
    i, k = np.indices((SHAPE[0], SHAPE[2]))
    painted = labels(window)[:, 24, :] > 0
    assert np.array_equal(painted, (i - 20) ** 2 + (2.0 * (k - 14)) ** 2 <= 36)


def test_a_quick_stroke_leaves_no_gap_and_shows_at_once(window: MainWindow) -> None:
    pane = pane_of(window)
    press(window, Qt.Key.Key_B)
    set_radius(window, 1.5)
    send(pane, PRESS, spot(pane, (15, 15, 14)))
    send(pane, MOVE, spot(pane, (30, 40, 14)))
    away(pane)
    # The middle of the way, where no event was: painted before the button is released.
    assert colour_at(pane, (22, 27, 14)) == colour_at(pane, (23, 28, 14)) == RED
    assert window.session.editing.is_drawing
    send(pane, RELEASE, spot(pane, (30, 40, 14)))
    painted = np.argwhere(labels(window)[:, :, 14] * (np.arange(48) > 12))
    assert {int(i) for i, _ in painted} >= set(range(15, 31))
    assert {int(j) for _, j in painted} >= set(range(15, 41))
    assert window.session.editing.undo_verb == "brush"


def test_a_ball_is_painted_in_all_three_planes(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_B)
    press(window, Qt.Key.Key_B, SHIFT)
    assert window.session.editing.tools.is_ball
    set_radius(window, 5.0)
    click(pane_of(window), HOME)
    i, j, k = np.indices(SHAPE)
    ball = (i - 20) ** 2 + (j - 24) ** 2 + (2.0 * (k - 14)) ** 2 <= 25
    assert np.array_equal(labels(window)[14:28, 18:31] > 0, ball[14:28, 18:31])
    away(pane_of(window))
    for plane in ("axial", "sagittal", "coronal"):
        assert colour_at(pane_of(window, plane), HOME) == RED, plane


def test_the_right_button_is_the_opposite_of_the_tool(window: MainWindow, qtbot: QtBot) -> None:
    pane = pane_of(window)
    set_radius(window, 3.0)
    press(window, Qt.Key.Key_B)
    click(pane, HOME)
    with qtbot.assertNotEmitted(pane.menu_wanted):
        click(pane, (20, 22, 14), RIGHT)
    assert labels(window)[20, 22, 14] == 0
    assert labels(window)[20, 27, 14] == 1
    assert window.session.editing.undo_verb == "eraser"
    press(window, Qt.Key.Key_E, CTRL)
    click(pane, HOME)
    assert not labels(window)[16:25, 20:29, 14].any()
    click(pane, HOME, RIGHT)
    assert labels(window)[HOME] == 1
    assert window.session.editing.undo_verb == "brush"


def test_two_quick_clicks_are_two_dabs_and_no_large_pane(window: MainWindow) -> None:
    pane = pane_of(window)
    press(window, Qt.Key.Key_B)
    set_radius(window, 1.0)
    click(pane, HOME)
    send(pane, QEvent.Type.MouseButtonDblClick, spot(pane, (30, 30, 14)))
    send(pane, RELEASE, spot(pane, (30, 30, 14)))
    assert window.session.view.maximised is None
    assert labels(window)[HOME] == labels(window)[30, 30, 14] == 1


def test_looking_goes_on_with_a_tool(window: MainWindow) -> None:
    """Middle button and Space pan, the wheel steps, and nothing is drawn."""
    pane = pane_of(window)
    press(window, Qt.Key.Key_B)
    place = pane.to_slice(QPointF(100, 100))
    send(pane, PRESS, QPointF(100, 100), MIDDLE)
    send(pane, MOVE, QPointF(130, 85), MIDDLE)
    send(pane, RELEASE, QPointF(130, 85), MIDDLE)
    after = pane.to_slice(QPointF(130, 85))
    assert (after.x(), after.y()) == pytest.approx((place.x(), place.y()))
    pane.is_space_held = True
    send(pane, PRESS, QPointF(100, 100))
    send(pane, MOVE, QPointF(70, 115))
    send(pane, RELEASE, QPointF(70, 115))
    pane.is_space_held = False
    assert pane.to_slice(QPointF(100, 100)) == place
    assert not window.session.editing.has_layer


def test_the_brushs_outline_has_its_true_size_and_follows_the_mouse(window: MainWindow) -> None:
    pane = pane_of(window)
    press(window, Qt.Key.Key_B)
    set_radius(window, 8.0)
    window.session.editing.tools.set_label(4)
    bare = pane.grab().toImage()
    for middle in (spot(pane, HOME), spot(pane, (24, 20, 14))):
        hover(pane, middle)
        QApplication.processEvents()
        image = pane.grab().toImage()
        changed = [
            math.hypot(x + 0.5 - middle.x(), y + 0.5 - middle.y())
            for x in range(image.width())
            for y in range(image.height())
            if image.pixel(x, y) != bare.pixel(x, y)
        ]
        radius = 8.0 * pane.zoom
        rim = [distance for distance in changed if distance > 4]
        # A line and its halo, three pixels wide, placed on whole pixels.
        assert max(rim) == pytest.approx(radius, abs=3)
        assert min(rim) == pytest.approx(radius, abs=3)
        assert len(rim) > 2 * math.pi * radius
    away(pane)
    QApplication.processEvents()
    assert pane.grab().toImage() == bare


def test_only_the_chosen_intensities_are_painted(window: MainWindow) -> None:
    """The picture is 500 up to voxel 19 and 900 from 20 on."""
    press(window, Qt.Key.Key_B)
    set_radius(window, 4.0)
    panel = window.review.side.edit
    panel.limit.click()
    panel.low.setValue(800)
    panel.high.setValue(1000)
    click(pane_of(window), HOME)
    assert np.flatnonzero(labels(window)[:, 24, 14]).tolist() == [20, 21, 22, 23, 24]


def test_ctrl_click_takes_the_label_under_the_mouse(window: MainWindow) -> None:
    press(window, Qt.Key.Key_B)
    picker = window.review.side.edit.labels
    click(pane_of(window), (5, 5, 14), modifiers=CTRL)
    assert window.session.editing.tools.label == 2
    assert picker.buttons[2].isChecked()
    click(pane_of(window), (7, 7, 14), modifiers=CTRL)
    assert picker.buttons[4].isChecked()
    assert not window.session.editing.has_layer
    picker.buttons[1].click()
    assert window.session.editing.tools.label == 1
    assert [button.text().strip() for button in picker.buttons.values()] == [
        "1  necrotic and non-enhancing core",
        "2  oedema",
        "4  enhancing tumour",
    ]


def test_a_painted_label_has_its_colour_in_labels_mode(window: MainWindow) -> None:
    window.session.layers.set_mode("labels")
    press(window, Qt.Key.Key_B)
    window.session.editing.tools.set_label(4)
    click(pane_of(window), HOME)
    away(pane_of(window))
    scheme = window.session.editing.scheme
    assert scheme is not None
    assert colour_at(pane_of(window), HOME) == rgb_of(scheme.labels[4].colour)


@pytest.mark.parametrize("interpolation", ["nearest", "linear"])
@pytest.mark.parametrize("outline", ["fill", "both", "outline"])
def test_what_is_painted_in_part_is_what_would_be_painted_anew(
    window: MainWindow, interpolation: str, outline: str
) -> None:
    """A stroke repaints the pixels it touches alone; painted as a whole, every pane looks the same."""
    session = window.session
    session.view.set_interpolation(interpolation)
    session.layers.set_outline(outline)
    session.layers.set_opacity(0.4)
    press(window, Qt.Key.Key_B)
    press(window, Qt.Key.Key_B, SHIFT)
    set_radius(window, 4.0)
    pane = pane_of(window)
    pane.zoom_at(QPointF(150, 170), 1.37)
    send(pane, PRESS, spot(pane, (14, 14, 14)))
    for place in ((18, 30, 14), (30, 24.5, 14), (8, 8, 14), (39, 47, 14)):
        send(pane, MOVE, spot(pane, place))
        QApplication.processEvents()
    press(window, Qt.Key.Key_E)
    press(window, Qt.Key.Key_E)
    press(window, Qt.Key.Key_E)
    send(pane, MOVE, spot(pane, (20, 10, 14)))
    send(pane, RELEASE, spot(pane, (20, 10, 14)))
    press(window, Qt.Key.Key_Z, CTRL)
    press(window, Qt.Key.Key_Y, CTRL)
    away(pane)
    QApplication.processEvents()
    # Qt counts the steps of a smoothed image anew from the edge of what it paints: a grey level more or less.
    tolerance = 1 if interpolation == "linear" else 0
    for view in window.review.panes.slices.values():
        in_part = pixels(view)
        view.picture.take_masks()
        assert np.abs(pixels(view) - in_part).max() <= tolerance, view.plane


def test_panes_beside_the_brush_follow_before_the_stroke_ends(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_B)
    press(window, Qt.Key.Key_B, SHIFT)
    set_radius(window, 4.0)
    pane, beside = pane_of(window), window.review.panes.slices["sagittal"]
    cursor = window.session.view.cursor_mm
    assert window.session.case is not None
    i, j, k = (float(each) for each in window.session.case.grid.to_voxel(cursor))
    QApplication.processEvents()
    painted = beside.paint_count
    send(pane, PRESS, spot(pane, (i, j, k)))
    send(pane, MOVE, spot(pane, (i, j + 6, k)))
    qtbot.waitUntil(lambda: beside.paint_count > painted)
    assert window.session.editing.is_drawing
    send(pane, RELEASE, spot(pane, (i, j + 6, k)))


@pytest.mark.parametrize("zoom", [1.0, 0.3, 0.15, 0.05])
def test_a_stroke_leaves_no_lines_of_its_parts_at_any_zoom(window: MainWindow, zoom: float) -> None:
    window.session.layers.set_outline("both")
    window.session.layers.set_opacity(0.4)
    press(window, Qt.Key.Key_B)
    set_radius(window, 4.0)
    pane = pane_of(window)
    pane.zoom_at(QPointF(pane.rect().center()), zoom)
    send(pane, PRESS, spot(pane, (14, 14, 14)))
    for step in range(1, 9):
        send(pane, MOVE, spot(pane, (14 + step, 14 + 1.5 * step, 14)))
        QApplication.processEvents()
    send(pane, RELEASE, spot(pane, (22, 26, 14)))
    away(pane)
    QApplication.processEvents()
    in_part = pixels(pane)
    pane.picture.take_masks()
    assert (pixels(pane) == in_part).all()


# -- polygon and fill -------------------------------------------------------------------------------------------------

CORNERS: list[tuple[float, float, float]] = [(15, 20, 14), (30, 20, 14), (30, 35, 14), (15, 35, 14)]


def square() -> np.ndarray:
    """The voxels whose centres the corners hold: their own edges belong to one side."""
    whole = np.zeros(SHAPE, dtype=bool)
    whole[16:30, 21:35, 14] = True
    return whole


def is_square(found: np.ndarray) -> bool:
    """Whether a mask is the square, its edge aside (mouse positions are rounded)."""
    inner = square()
    rim = np.zeros(SHAPE, dtype=bool)
    rim[15:31, 20:36, 14] = True
    return bool(found[inner].all() and not found[~rim].any())


@pytest.mark.parametrize("closing", ["enter", "double-click", "first corner"])
def test_clicks_make_a_polygon_that_is_filled_in_its_slice(window: MainWindow, closing: str) -> None:
    pane = pane_of(window)
    press(window, Qt.Key.Key_G)
    for corner in CORNERS:
        click(pane, corner)
    assert not window.session.editing.has_layer
    if closing == "enter":
        press(window, Qt.Key.Key_Return)
    elif closing == "double-click":
        send(pane, QEvent.Type.MouseButtonDblClick, spot(pane, CORNERS[-1]))
        send(pane, RELEASE, spot(pane, CORNERS[-1]))
    else:
        click(pane, CORNERS[0])
    assert is_square(labels(window) == 1)
    assert window.session.editing.undo_verb == "polygon"
    assert pane.edit.vertices == []
    away(pane)
    assert colour_at(pane, (22, 28, 14)) == RED


def test_a_line_drawn_around_something_is_closed_by_the_release(window: MainWindow) -> None:
    press(window, Qt.Key.Key_G)
    drag(pane_of(window), CORNERS)
    assert is_square(labels(window) == 1)
    drag(pane_of(window), [(14, 14, 14), (14, 27.5, 14), (31, 27.5, 14), (31, 14, 14)], RIGHT)
    assert not labels(window)[14:31, 19:27, 14].any()
    assert labels(window)[20, 30, 14] == 1


def test_the_right_button_erases_what_the_polygon_holds(window: MainWindow, qtbot: QtBot) -> None:
    pane = pane_of(window)
    press(window, Qt.Key.Key_G)
    for corner in ((3, 3, 14), (11, 3, 14), (11, 11, 14), (3, 11, 14)):
        click(pane, corner)
    with qtbot.assertNotEmitted(pane.menu_wanted):
        click(pane, (3, 11, 14), RIGHT)
    assert not labels(window)[:, :, 14].any()
    assert labels(window)[:, :, 13].any()


def test_escape_drops_the_polygon_and_backspace_its_last_corner(window: MainWindow) -> None:
    pane = pane_of(window)
    press(window, Qt.Key.Key_G)
    for corner in CORNERS:
        click(pane, corner)
    press(window, Qt.Key.Key_Backspace)
    assert len(pane.edit.vertices) == 3
    press(window, Qt.Key.Key_Escape)
    assert (pane.edit.vertices, window.session.editing.tools.tool) == ([], "polygon")
    click(pane, CORNERS[0])
    press(window, Qt.Key.Key_PageUp)
    assert pane.edit.vertices == []
    assert not window.session.editing.has_layer


def test_k_fills_a_hole_and_relabels_what_hangs_together(window: MainWindow, qtbot: QtBot) -> None:
    pane, editing = pane_of(window), window.session.editing
    press(window, Qt.Key.Key_K)
    editing.tools.set_label(1)
    click(pane, (7, 7, 14))
    qtbot.waitUntil(lambda: editing.undo_verb == "fill")
    assert (labels(window)[6:8, 6:8, 14] == 1).all()
    assert (labels(window)[6:8, 6:8, 13] == 4).all()
    with qtbot.waitSignal(editing.changed):
        click(pane, (7, 7, 14), RIGHT)
    assert not labels(window)[6:8, 6:8, 14].any()
    with qtbot.waitSignal(window.session.problem):
        click(pane, (30, 30, 14))
    assert "not enclosed" in window.messages.text


# -- undo, verbs, layers ----------------------------------------------------------------------------------------------


def test_ctrl_z_takes_back_and_ctrl_y_does_again(window: MainWindow) -> None:
    pane, undo = pane_of(window), window.menus.actions["edit.undo"]
    assert not undo.isEnabled()
    press(window, Qt.Key.Key_B)
    click(pane, HOME)
    click(pane, (30, 30, 14))
    away(pane)
    assert (undo.isEnabled(), undo.text()) == (True, "Undo: brush stroke")
    press(window, Qt.Key.Key_Z, CTRL)
    assert (labels(window)[HOME], labels(window)[30, 30, 14]) == (1, 0)
    assert colour_at(pane, (30, 30, 14)) != RED
    press(window, Qt.Key.Key_Y, CTRL)
    assert labels(window)[30, 30, 14] == 1
    assert colour_at(pane, (30, 30, 14)) == RED
    press(window, Qt.Key.Key_Z, CTRL)
    press(window, Qt.Key.Key_Z, CTRL)
    assert not undo.isEnabled()
    press(window, Qt.Key.Key_Z, CTRL | SHIFT)
    assert labels(window)[HOME] == 1


def test_slices_between_drawn_ones_are_interpolated_along_the_active_pane(window: MainWindow, qtbot: QtBot) -> None:
    pane, editing = pane_of(window), window.session.editing
    editing.tools.set_origin("empty")
    press(window, Qt.Key.Key_B)
    set_radius(window, 4.0)
    click(pane, HOME)
    move_cursor(window, (20, 24, 20))
    click(pane, (20, 24, 20))
    window.review.side.edit.verbs["edit.interpolate"].click()
    qtbot.waitUntil(lambda: editing.undo_verb == "interpolation")
    for k in range(15, 20):
        assert np.array_equal(labels(window)[:, :, k], labels(window)[:, :, 14])


def test_islands_and_smoothing_work_on_the_label(window: MainWindow, qtbot: QtBot) -> None:
    editing, panel = window.session.editing, window.review.side.edit
    press(window, Qt.Key.Key_B)
    set_radius(window, 1.0)
    editing.tools.set_label(2)
    click(pane_of(window), HOME)
    # Five voxels of 2 mm3; the block has (6 * 6 * 8 - 2 * 2 * 4) * 2 mm3 = 0.544 ml.
    panel.island.setValue(0.5)
    panel.verbs["edit.islands"].click()
    qtbot.waitUntil(lambda: editing.undo_verb == "islands")
    assert labels(window)[HOME] == 0
    assert labels(window)[4, 4, 10] == 2
    panel.verbs["edit.smooth"].click()
    qtbot.waitUntil(lambda: editing.undo_verb == "smoothing")
    assert labels(window)[4, 4, 10] == 0
    assert labels(window)[5, 7, 14] == 2


def test_the_legend_counts_the_edits_and_the_original_comes_back(window: MainWindow, qtbot: QtBot) -> None:
    legend, pair = window.review.side.legend, window.review.side.layers.pair
    assert pair.isHidden()
    assert legend.text_of("prediction", "voxels") == "0"
    press(window, Qt.Key.Key_B)
    set_radius(window, 1.0)
    with qtbot.waitSignal(window.session.layers.comparison_ready):
        click(pane_of(window), HOME)
    # Middle and four neighbours.
    assert legend.text_of("prediction", "voxels") == "5"
    assert str(truth_of(window_case(window))) in window.review.side.layers._files["prediction"].toolTip()
    assert not pair.isHidden()
    assert (pair.judged.currentText(), pair.reference.currentText()) == ("Edited", "Truth")
    with qtbot.waitSignal(window.session.layers.comparison_ready):
        pair.judged.setCurrentIndex(pair.judged.findData("prediction"))
        pair.judged.activated.emit(pair.judged.currentIndex())
    assert (legend.text_of("prediction", "voxels"), pair.judged.currentText()) == ("0", "Prediction")
    away(pane_of(window))
    assert colour_at(pane_of(window), HOME) != RED


def window_case(window: MainWindow) -> Path:
    case = window.session.case
    assert case is not None
    return next(iter(case.files.sequences.values())).path.parent


def test_all_edits_are_discarded_after_a_question(window: MainWindow) -> None:
    press(window, Qt.Key.Key_B)
    click(pane_of(window), HOME)

    def choose() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(button for button in box.buttons() if button.text().replace("&", "") == "Discard").click()

    QTimer.singleShot(100, window, choose)
    window.menus.actions["edit.discard"].trigger()
    assert window.session.layers.mask("edited") is None
    assert not window.menus.actions["edit.undo"].isEnabled()


# -- unfinished work --------------------------------------------------------------------------------------------------


def test_the_bar_offers_unfinished_work_and_restores_it(window: MainWindow, qtbot: QtBot, case: Path) -> None:
    (bar,) = window.review.findChildren(RestoreBar)
    assert bar.text == ""
    press(window, Qt.Key.Key_B)
    click(pane_of(window), HOME)
    with qtbot.waitSignal(window.session.case_changed):
        commands.open_path(window.session, case, prediction=truth_of(case))
    qtbot.waitUntil(bar.isVisible)
    assert "1 edit," in bar.text
    move_cursor(window, HOME)
    assert colour_at(pane_of(window), HOME) != RED
    QTest.mouseClick(bar.restore, LEFT)
    qtbot.waitUntil(lambda: window.session.editing.has_layer)
    assert not bar.isVisible()
    assert colour_at(pane_of(window), HOME) == RED
    press(window, Qt.Key.Key_Z, CTRL)
    assert labels(window)[HOME] == 0


def test_the_bar_discards_for_good(window: MainWindow, qtbot: QtBot, case: Path) -> None:
    (bar,) = window.review.findChildren(RestoreBar)
    press(window, Qt.Key.Key_B)
    click(pane_of(window), HOME)
    with qtbot.waitSignal(window.session.case_changed):
        commands.open_path(window.session, case, prediction=truth_of(case))
    qtbot.waitUntil(bar.isVisible)
    QTest.mouseClick(bar.discard, LEFT)
    assert not bar.isVisible()
    with qtbot.waitSignal(window.session.case_changed):
        commands.open_path(window.session, case, prediction=truth_of(case))
    qtbot.waitUntil(lambda: not window.session.background.is_busy)
    assert not bar.isVisible()


def test_the_left_button_draws_or_measures(window: MainWindow) -> None:
    tools, pointer = window.session.editing.tools, window.session.pointer
    press(window, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert pointer.measure == "ruler"
    press(window, Qt.Key.Key_B)
    assert (tools.tool, pointer.measure) == ("brush", None)
    press(window, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert (tools.tool, pointer.measure) == ("", "ruler")
    assert pane_of(window).hasMouseTracking()
    press(window, Qt.Key.Key_Escape)
    assert (pointer.measure, pane_of(window).hasMouseTracking()) == (None, False)


def test_escape_leaves_the_tool_before_it_brings_the_panes_back(window: MainWindow) -> None:
    view, tools = window.session.view, window.session.editing.tools
    press(window, Qt.Key.Key_F)
    press(window, Qt.Key.Key_B)
    maximised = view.maximised
    assert maximised is not None
    press(window, Qt.Key.Key_Escape)
    assert (tools.tool, view.maximised) == ("", maximised)
    press(window, Qt.Key.Key_Escape)
    assert view.maximised is None


def test_the_export_dialog_offers_the_edited_mask_first(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Qt.Key.Key_B)
    click(pane_of(window), HOME)
    dialog = ExportDialog(window.session)
    qtbot.addWidget(dialog)
    assert (dialog.which.currentText(), dialog.kind) == ("Edited", "edited")


def test_a_stroke_in_the_grid_of_sequences_shows_in_all_its_panes(window: MainWindow) -> None:
    press(window, Qt.Key.Key_5)
    press(window, Qt.Key.Key_B)
    set_radius(window, 3.0)
    QApplication.processEvents()
    slices, names = window.review.panes.all_slices, window.session.view.sequences
    panes = [slices[name] for name in names]
    before = [pane.grab().toImage() for pane in panes]
    click(panes[0], HOME)
    panes[0].edit.leave()
    after = [pane.grab().toImage() for pane in panes]
    assert panes
    assert all(one != other for one, other in zip(before, after, strict=True))
