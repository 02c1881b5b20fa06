"""Looking at a case as a reader does: layouts, cine, lesions, measuring, PACS mouse, palette, keys, copied views."""

# ruff: noqa: F811 - the fixtures come from the module that drives the window.

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence, QNativeGestureEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from test_main_window import (  # noqa: F401
    GRID,
    NO_KEY,
    SHAPE,
    axial_of,
    block,
    case,
    colour_at,
    drag,
    mouse,
    move_cursor,
    press,
    show_plainly,
    wheel,
    window,
)

from workstation.cli import main
from workstation.core.marks import Ruler
from workstation.gui.actions import BY_ID, key_text, keys_of
from workstation.gui.command_palette import CommandPalette
from workstation.gui.key_bindings import choose_keys
from workstation.gui.key_dialog import KeyDialog
from workstation.gui.main_window import MainWindow
from workstation.gui.preferences_dialog import PreferencesDialog
from workstation.gui.review.lightbox import Lightbox
from workstation.gui.review.sequence_grid import SequenceGrid
from workstation.gui.theme import apply_theme
from workstation.gui.view_links import capture, show_when_open
from workstation.session import commands
from workstation.session.preferences import stored_keys
from workstation.session.view_link import read_token

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture(autouse=True)
def own_keys_again() -> object:
    """Keys are the program's, not a window's."""
    yield
    choose_keys({name: action.keys for name, action in BY_ID.items()})


# -- layouts ----------------------------------------------------------------------------------------------------------


def sequences_of(window: MainWindow) -> SequenceGrid:
    grid = window.review.panes.shown
    assert isinstance(grid, SequenceGrid)
    return grid


def test_5_shows_the_four_sequences_in_the_plane_and_then_the_next_plane(window: MainWindow) -> None:
    press(window, Qt.Key.Key_5)
    grid = sequences_of(window)
    assert list(grid.panes) == ["T1", "T1c", "T2", "FLAIR"]
    assert all(pane.isVisible() and pane.plane == "axial" for pane in grid.panes.values())
    assert not axial_of(window).isVisible()
    window.session.layers.toggle_hidden()
    # Each sequence is brighter than the one before by 100, in one window each: the same grey, so set one for all.
    for name in grid.panes:
        window.session.view.set_window(name, 0.0, 1000.0)
    greys = [colour_at(pane, (8, 8, 13))[0] for pane in grid.panes.values()]
    assert np.diff(greys) == pytest.approx([25.5, 25.5, 25.5], abs=1)
    press(window, Qt.Key.Key_5)
    assert {pane.plane for pane in grid.panes.values()} == {"sagittal"}
    press(window, Qt.Key.Key_6)
    assert axial_of(window).isVisible()
    assert window.review.panes.shown is None


def test_the_four_sequences_share_crosshair_zoom_and_place(window: MainWindow) -> None:
    press(window, Qt.Key.Key_5)
    panes = sequences_of(window).panes
    drag(panes["T2"], QPointF(100, 120), QPointF(100, 100), RIGHT)
    assert {round(pane.zoom, 6) for pane in panes.values()} == {round(panes["T2"].zoom, 6)}
    places = [pane.to_slice(QPointF(pane.width() / 2, pane.height() / 2)) for pane in panes.values()]
    assert all((place - places[0]).manhattanLength() < 1e-6 for place in places)
    wheel(panes["T1"], 120)
    assert len({pane.slice_index for pane in panes.values()}) == 1


def test_in_the_four_sequences_windows_are_those_of_the_pane(window: MainWindow) -> None:
    press(window, Qt.Key.Key_5)
    view = window.session.view
    before = {name: view.window(name) for name in view.sequences}
    drag(sequences_of(window).panes["T1"], QPointF(100, 100), QPointF(140, 70), LEFT, CTRL | SHIFT)
    assert [name for name in view.sequences if view.window(name) != before[name]] == ["T1"]
    mouse(sequences_of(window).panes["T1"], QEvent.Type.MouseButtonDblClick, QPointF(50, 50), LEFT, CTRL)
    assert view.window("T1") == before["T1"]


def test_a_double_click_maximises_a_sequence_and_escape_brings_all_back(window: MainWindow) -> None:
    press(window, Qt.Key.Key_5)
    panes = sequences_of(window).panes
    mouse(panes["T1c"], QEvent.Type.MouseButtonDblClick, QPointF(50, 50), LEFT)
    assert [name for name, pane in panes.items() if pane.isVisible()] == ["T1c"]
    press(window, Qt.Key.Key_Escape)
    assert all(pane.isVisible() for pane in panes.values())


def test_the_lightbox_shows_a_slice_every_so_many_mm(window: MainWindow) -> None:
    view = window.session.view
    view.set_lightbox_mm(8.0)
    press(window, Qt.Key.Key_7)
    box = window.review.panes.shown
    assert isinstance(box, Lightbox)
    # Slices are 2 mm thick, so every fourth; the head fills 2 to 29.
    assert set(np.diff(box.sheet.indices)) == {4}
    assert 1 <= box.sheet.indices[0] < 5
    assert 26 < box.sheet.indices[-1] <= 30
    box.distance.setValue(4.0)
    assert set(np.diff(box.sheet.indices)) == {2}
    press(window, Qt.Key.Key_7)
    assert box.sheet.picture.geometry is not None
    assert box.sheet.picture.geometry.plane == "sagittal"


def test_a_click_in_the_lightbox_moves_the_crosshair_and_a_double_click_opens_the_slice(window: MainWindow) -> None:
    press(window, Qt.Key.Key_7)
    box = window.review.panes.shown
    assert isinstance(box, Lightbox)
    index = box.sheet.indices[2]
    tile = box.sheet.tile_of(index)
    assert tile is not None
    QTest.mouseClick(box.sheet, LEFT, NO_KEY, tile.center())
    assert axial_of(window).slice_index == index
    image = box.sheet.grab().toImage()
    assert image.pixelColor(tile.topLeft()).green() > 180  # the mark about the crosshair's slice
    QTest.mouseDClick(box.sheet, LEFT, NO_KEY, tile.center())
    assert window.session.view.layout == "planes"


def test_a_ruler_is_drawn_in_the_tile_nearest_to_its_slice(window: MainWindow) -> None:
    press(window, Qt.Key.Key_7)
    box = window.review.panes.shown
    assert isinstance(box, Lightbox)
    sheet, marks = box.sheet, window.session.marks
    geometry = sheet.picture.geometry
    assert geometry is not None
    index = sheet.indices[1]
    before = sheet.grab().toImage()
    marks.draw(Ruler("axial", geometry.to_mm(index, 12.0, 20.0), geometry.to_mm(index, 30.0, 20.0)))
    marks.finish()
    after = sheet.grab().toImage()
    changed = [number for number, each in enumerate(sheet.indices) if differs(before, after, sheet.tile_of(each))]
    assert changed == [1]
    marks.clear()
    assert sheet.grab().toImage() == before


def differs(one: QImage, other: QImage, part: QRect | None) -> bool:
    assert part is not None
    inner = part.adjusted(1, 1, -1, -1)
    return one.copy(inner) != other.copy(inner)


# -- going ------------------------------------------------------------------------------------------------------------


def test_m_runs_the_cine_round_and_escape_stops_it(window: MainWindow, qtbot: QtBot) -> None:
    window.session.view.set_cine_per_second(30)
    move_cursor(window, (20, 20, 30))
    seen: set[int] = set()
    window.session.view.cursor_moved.connect(lambda: seen.add(axial_of(window).slice_index))
    press(window, Qt.Key.Key_M)
    assert window.menus.actions["view.cine"].isChecked()
    qtbot.waitUntil(lambda: {31, 0, 1} <= seen)
    press(window, Qt.Key.Key_Escape)
    assert not window.review.panes.cine.is_running
    assert not window.menus.actions["view.cine"].isChecked()


def test_l_looks_for_the_largest_slice_of_the_active_plane(window: MainWindow) -> None:
    """A plate one voxel thick across the second axis: largest axial, coronal and sagittal slices differ."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[10:30, 25, 5:25] = 2
    labels[12, 20:40, 8] = 2
    prediction = window.session.layers.prediction
    assert prediction is not None
    window.session.layers.set_prediction(type(prediction)("plate", labels, GRID, prediction.scheme))
    window.review.panes.choose_active("coronal")
    move_cursor(window, (1, 1, 1))
    press(window, Qt.Key.Key_L)
    voxel = GRID.nearest_voxel(window.session.view.cursor_mm)
    assert voxel is not None
    assert voxel[1] == 25
    assert labels[voxel]


def test_shift_l_goes_through_the_lesions_from_large_to_small(window: MainWindow, qtbot: QtBot) -> None:
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[5:7, 5:7, 5] = 2
    labels[20:26, 20:26, 10:14] = 2
    labels[30, 40, 20] = 2
    prediction = window.session.layers.prediction
    assert prediction is not None
    window.session.layers.set_prediction(type(prediction)("three", labels, GRID, prediction.scheme))
    move_cursor(window, (1, 1, 1))
    places = []
    for _ in range(4):
        with qtbot.waitSignal(window.session.view.cursor_moved):
            press(window, Qt.Key.Key_L, SHIFT)
        places.append(GRID.nearest_voxel(window.session.view.cursor_mm))
    assert [place is not None and int(labels[place]) for place in places] == [2] * 4
    assert [place[0] // 10 for place in places if place] == [2, 0, 3, 2]


# -- mouse ------------------------------------------------------------------------------------------------------------


def test_the_pacs_scheme_is_chosen_in_the_preferences_and_stands_in_the_status_bar(window: MainWindow) -> None:
    dialog = PreferencesDialog(window.session, window)
    dialog.scheme.setCurrentIndex(dialog.scheme.findData("pacs"))
    dialog.tool.setCurrentIndex(dialog.tool.findData("zoom"))
    dialog.deleteLater()
    assert window.status.scheme.text() == "Mouse: PACS, zoom"
    axial, view = axial_of(window), window.session.view
    zoom, before = axial.zoom, view.window("FLAIR")
    drag(axial, QPointF(100, 120), QPointF(100, 100), LEFT)
    assert axial.zoom == pytest.approx(zoom * 1.02**20)
    drag(axial, QPointF(100, 100), QPointF(140, 100), RIGHT)
    assert view.window("FLAIR")[1] - view.window("FLAIR")[0] > before[1] - before[0]
    QTest.mouseClick(window.status.scheme, LEFT)
    assert window.status.scheme.text() == "Mouse: Research"
    drag(axial, QPointF(200, 200), QPointF(120, 120), LEFT)
    assert axial.zoom == pytest.approx(zoom * 1.02**20)


def test_alt_makes_a_window_drag_a_fifth_as_fast(window: MainWindow) -> None:
    axial, view = axial_of(window), window.session.view
    before = view.window("FLAIR")
    drag(axial, QPointF(100, 100), QPointF(150, 100), LEFT, CTRL | SHIFT)
    coarse = view.window("FLAIR")[1] - before[1]
    view.set_window("FLAIR", *before)
    drag(axial, QPointF(100, 100), QPointF(150, 100), LEFT, CTRL | SHIFT | ALT)
    assert view.window("FLAIR")[1] - before[1] == pytest.approx(coarse * 0.2)


def test_a_pinch_zooms_at_its_place(window: MainWindow) -> None:
    axial = axial_of(window)
    spot = QPointF(90, 110)
    place, zoom = axial.to_slice(spot), axial.zoom
    kind = Qt.NativeGestureType.ZoomNativeGesture
    device = QPointingDevice.primaryPointingDevice()
    event = QNativeGestureEvent(kind, device, 2, spot, spot, axial.mapToGlobal(spot), 0.25, QPointF())
    QApplication.sendEvent(axial, event)
    assert axial.zoom == pytest.approx(zoom * 1.25)
    assert (axial.to_slice(spot) - place).manhattanLength() < 1e-6


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_a_right_click_opens_the_menu_of_the_pane(window: MainWindow) -> None:
    seen: list[list[str]] = []

    def look() -> None:
        menu = QApplication.activePopupWidget()
        assert menu is not None
        seen.append([action.text() for action in menu.actions() if action.text()])
        menu.close()

    QTimer.singleShot(100, window, look)
    drag(axial_of(window), QPointF(60, 60), QPointF(61, 61), RIGHT)
    assert BY_ID["tools.ruler"].title in seen[0]


# -- measuring --------------------------------------------------------------------------------------------------------


def place_of(window: MainWindow, voxel: tuple[float, float, float]) -> QPointF:
    """Where a voxel index lies in the axial pane."""
    x, y, z = GRID.to_world(voxel)
    _, column, row = axial_of(window).picture.place((float(x), float(y), float(z)))
    return axial_of(window).to_pane(QPointF(column, row))


def test_the_ruler_measures_mm_and_is_seen_on_its_slice_alone(window: MainWindow) -> None:
    axial, marks = axial_of(window), window.session.marks
    move_cursor(window, (20, 20, 13))
    press(window, Qt.Key.Key_R, SHIFT)
    assert window.status.scheme.text() == "Mouse: Research, ruler"
    start, end = place_of(window, (8, 10, 13)), place_of(window, (8, 34, 13))
    before = axial.grab().toImage()
    drag(axial, start, end, LEFT)
    assert marks.finished[0].length_mm == pytest.approx(24.0, abs=0.01)  # voxels of 1 mm
    # Wherever the line lies between two columns of pixels, it brings the light of 1.5 pixels of 255 blue, and takes
    # what was there: under itself all, and two thirds (170 of 255) under the pixel of shadow on each side of it.
    middle, picture = ((start + end) / 2).toPoint(), axial.grab().toImage()
    across = [middle + QPoint(dx, 0) for dx in range(-4, 5)]
    blue_before, blue = ([image.pixelColor(place).blue() for place in across] for image in (before, picture))
    taken = (1.5 + 2 * 170 / 255) * sum(blue_before) / len(across)
    assert sum(blue) - sum(blue_before) == pytest.approx(1.5 * 255 - taken, rel=0.05)
    assert GRID.nearest_voxel(window.session.view.cursor_mm) == (20, 20, 13)
    press(window, Qt.Key.Key_PageUp)
    press(window, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_PageDown)
    press(window, Qt.Key.Key_Delete)
    assert not marks.finished
    assert axial.grab().toImage() == before


def test_an_area_is_clicked_corner_by_corner_or_dragged(window: MainWindow) -> None:
    axial, marks = axial_of(window), window.session.marks
    move_cursor(window, (20, 20, 13))
    press(window, Qt.Key.Key_A, SHIFT)
    corners = [place_of(window, (i, j, 13)) for i, j in ((10, 10), (30, 10), (30, 25), (10, 25))]
    for corner in corners:
        drag(axial, corner, corner, LEFT)
    assert marks.draft is not None
    mouse(axial, QEvent.Type.MouseButtonDblClick, corners[-1], LEFT)
    area = marks.finished[0]
    assert area.area_mm2 == pytest.approx(20 * 15, rel=1e-3)
    assert area.volume_ml == pytest.approx(20 * 15 * 2 / 1000, rel=1e-3)  # slices of 2 mm
    centre, radius = place_of(window, (20, 30, 13)), 40.0
    mouse(axial, QEvent.Type.MouseButtonPress, centre + QPointF(radius, 0), LEFT)
    for angle in np.linspace(0, 2 * np.pi, 90):
        spot = centre + QPointF(radius * np.cos(angle), radius * np.sin(angle))
        mouse(axial, QEvent.Type.MouseMove, spot, LEFT)
    mouse(axial, QEvent.Type.MouseButtonRelease, spot, LEFT)
    assert marks.finished[1].area_mm2 == pytest.approx(np.pi * (radius / axial.zoom) ** 2, rel=0.02)
    window.menus.actions["tools.remove_all"].trigger()
    assert not marks.finished


def test_escape_forgets_what_is_being_drawn_before_it_puts_the_tool_away(window: MainWindow) -> None:
    axial, session = axial_of(window), window.session
    press(window, Qt.Key.Key_A, SHIFT)
    drag(axial, QPointF(80, 80), QPointF(80, 80), LEFT)
    press(window, Qt.Key.Key_Escape)
    assert (session.marks.draft, session.pointer.measure) == (None, "area")
    press(window, Qt.Key.Key_Escape)
    assert session.pointer.measure is None
    drag(axial, QPointF(80, 80), QPointF(90, 90), RIGHT)
    assert not session.marks.finished


# -- palette and keys -------------------------------------------------------------------------------------------------


def test_the_palette_finds_an_action_by_letters_and_does_it(window: MainWindow) -> None:
    seen: list[list[str]] = []

    def choose() -> None:
        palette = QApplication.activeModalWidget()
        assert isinstance(palette, CommandPalette)
        QTest.keyClicks(palette.field, "light slic")
        seen.append(palette.names)
        palette.field.clear()
        QTest.keyClicks(palette.field, "neurol radiol")
        palette.field.clear()
        QTest.keyClicks(palette.field, "lightb")
        QTest.keyClick(palette.field, Qt.Key.Key_Return)

    QTimer.singleShot(100, window, choose)
    QTest.keyClick(window, Qt.Key.Key_P, CTRL | SHIFT)
    assert window.session.view.layout == "lightbox"
    assert "masks.hold" not in seen[0]


def test_the_palette_lists_what_can_be_done_now_with_its_keys(window: MainWindow) -> None:
    palette = CommandPalette(window.menus.actions, window)
    enabled = [name for name, action in window.menus.actions.items() if action.isEnabled()]
    assert set(palette.names) == set(enabled)
    assert "go.next_case" not in palette.names  # there is no data set
    QTest.keyClicks(palette.field, "zzzz")
    assert palette.names == []
    palette.deleteLater()


def test_a_key_is_given_to_another_action_everywhere_at_once(window: MainWindow) -> None:
    dialog = KeyDialog(window, on_changed=window.menus.apply_keys)
    box = window.review.side.layers.boxes["truth"]
    dialog.choose_action("masks.truth")
    dialog.recorder.setKeySequence(QKeySequence("S"))
    assert "All masks" in dialog.remark.text()
    QTest.mouseClick(dialog.assign, LEFT)
    assert (keys_of(BY_ID["masks.truth"]), keys_of(BY_ID["masks.toggle"])) == (("S",), ())
    assert box.toolTip() == "Show or hide the truth (S)"
    assert window.menus.actions["masks.truth"].shortcut().toString() == "S"
    press(window, Qt.Key.Key_S)
    assert not window.session.layers.is_visible("truth")
    assert not window.session.layers.hidden
    assert stored_keys() == {"masks.truth": ("S",), "masks.toggle": ()}
    dialog.choose_action("masks.toggle")
    QTest.mouseClick(dialog.reset, LEFT)
    assert (keys_of(BY_ID["masks.truth"]), keys_of(BY_ID["masks.toggle"])) == ((), ("S",))
    assert box.toolTip() == "Show or hide the truth"
    QTest.mouseClick(dialog.reset_all, LEFT)
    assert key_text(BY_ID["masks.truth"]) == "T"
    assert box.toolTip() == "Show or hide the truth (T)"
    assert stored_keys() == {}
    dialog.deleteLater()


def test_keys_of_the_panes_can_be_changed_too(window: MainWindow) -> None:
    choose_keys({"go.slice_up": ("W",), "masks.hold": ("J",)})
    window.menus.apply_keys()
    move_cursor(window, (20, 20, 10))
    press(window, Qt.Key.Key_W)
    press(window, Qt.Key.Key_W, SHIFT)
    press(window, Qt.Key.Key_PageUp)
    assert axial_of(window).slice_index == 16
    QTest.keyPress(axial_of(window), Qt.Key.Key_J)
    assert window.session.layers.hidden
    # Shift may have come meanwhile.
    QTest.keyRelease(axial_of(window), Qt.Key.Key_J, SHIFT)
    assert not window.session.layers.hidden


def test_space_stays_the_hand(window: MainWindow) -> None:
    dialog = KeyDialog(window, on_changed=window.menus.apply_keys)
    dialog.choose_action("masks.truth")
    dialog.recorder.setKeySequence(QKeySequence("Space"))
    assert not dialog.assign.isEnabled()
    dialog.deleteLater()


# -- copied views -----------------------------------------------------------------------------------------------------


def arrange(window: MainWindow) -> None:
    """A view that differs from the first one in everything."""
    view, layers = window.session.view, window.session.layers
    view.set_sequence("T2")
    view.set_window("T2", 100.0, 900.0)
    view.set_convention("neurological")
    view.set_maximised("coronal")
    layers.set_mode("errors")
    layers.set_opacity(0.7)
    move_cursor(window, (17, 25, 13))
    window.review.panes.slices["coronal"].zoom_at(QPointF(120, 150), 1.5)
    QApplication.processEvents()


def test_a_copied_view_is_gone_back_to(window: MainWindow) -> None:
    panes = window.review.panes
    arrange(window)
    panes.setFixedSize(panes.size())  # whatever comes and goes around them
    before = panes.grab().toImage()
    window.menus.actions["view.copy_link"].trigger()
    text = QGuiApplication.clipboard().text()
    press(window, Qt.Key.Key_6)
    window.session.view.set_convention("radiological")
    window.session.view.set_sequence("T1")
    window.session.layers.set_mode("labels")
    window.session.view.reset_window("T2")
    window.session.view.reset_requested.emit()
    move_cursor(window, (2, 2, 2))
    window.menus.dialogs.open_view(f"> {text}")
    QApplication.processEvents()
    assert panes.grab().toImage() == before


def test_the_snapshot_of_a_copied_view_is_the_same_picture(window: MainWindow, tmp_path: Path) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, "dark")  # as the snapshot does; a theme has sizes and fonts of its own
    arrange(window)
    link = capture(window.session, window.review.panes)
    # At once: the job's chip comes later, and takes some pixels of the height.
    seen = window.review.panes.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    out = tmp_path / "view.png"
    assert main(["snapshot", "--view", link.token(), "--out", str(out)]) == 0
    saved = QImage(str(out)).convertToFormat(QImage.Format.Format_RGB32)
    assert saved == seen


def test_the_command_line_of_a_copied_view_names_case_and_mask(window: MainWindow, case: Path) -> None:
    window.menus.actions["view.copy_link"].trigger()
    token, command = QGuiApplication.clipboard().text().splitlines()
    words = shlex.split(command)
    assert words[:2] == ["workstation", str(case / "cases" / "Case_1")]
    assert words[2:4] == ["--prediction", str(case / "prediction.nii.gz")]
    assert words[4:] == ["--view", token]
    assert read_token(token).cursor_mm == window.session.view.cursor_mm


def test_a_view_of_another_case_opens_it(window: MainWindow, qtbot: QtBot, case: Path) -> None:
    move_cursor(window, (17, 25, 13))
    token = capture(window.session, window.review.panes).token()
    with qtbot.waitSignal(window.session.case_changed, timeout=20_000):
        commands.open_path(window.session, case / "cases" / "Case_2")
    with qtbot.waitSignal(window.session.layers.comparison_ready, timeout=20_000):
        window.menus.dialogs.open_view(token)
    assert window.session.case is not None
    assert window.session.case.name == "Case_1"
    assert GRID.nearest_voxel(window.session.view.cursor_mm) == (17, 25, 13)


def test_a_view_of_another_case_waits_for_that_case(window: MainWindow, qtbot: QtBot, case: Path) -> None:
    """A segmentation that is ready meanwhile turns to Review too."""
    move_cursor(window, (17, 25, 13))
    token = capture(window.session, window.review.panes).token()
    with qtbot.waitSignal(window.session.case_changed, timeout=20_000):
        commands.open_path(window.session, case / "cases" / "Case_2")
    window.menus.dialogs.open_view(token)
    window.session.review_wanted.emit()
    case_open = window.session.case
    assert case_open is not None
    assert case_open.name == "Case_2"
    qtbot.waitUntil(lambda: GRID.nearest_voxel(window.session.view.cursor_mm) == (17, 25, 13), timeout=20_000)


def test_what_is_no_view_is_told(window: MainWindow) -> None:
    window.menus.dialogs.open_view("view1-AAAA")
    assert window.messages.text == "the view was cut or changed"


def test_a_view_whose_case_is_gone_is_told(window: MainWindow) -> None:
    link = capture(window.session, window.review.panes)
    gone = type(link)(**{**{name: getattr(link, name) for name in link.__slots__}, "case": "X", "path": "/nowhere/X"})
    window.menus.dialogs.open_view(gone.token())
    assert "not at /nowhere/X" in window.messages.text


def test_slices_are_saved_as_a_series(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    show_plainly(window)
    with qtbot.waitSignal(window.session.notice, timeout=20_000) as told:
        window.menus.dialogs.save_slices(tmp_path / "series", "axial", every_mm=6.0)
    files = sorted(path.name for path in (tmp_path / "series").iterdir())
    assert f"Saved {len(files)} slices" in told.args[0]
    numbers = [int(name.removeprefix("axial_").removesuffix(".png")) for name in files]
    assert set(np.diff(numbers)) == {3}
    # Slice 14 of 32 holds the agreement, in its own colour.
    number = next(each for each in numbers if 13 <= each <= 18)
    image = QImage(str(tmp_path / "series" / f"axial_{number:03d}.png"))
    colours = {image.pixel(x, y) & 0xFFFFFF for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)}
    assert (172 << 16 | 84 << 8 | 232) in colours


def test_a_start_with_a_case_and_a_view_shows_the_case_so(window: MainWindow, qtbot: QtBot, case: Path) -> None:
    arrange(window)
    link = capture(window.session, window.review.panes)
    press(window, Qt.Key.Key_6)
    window.session.view.set_convention("radiological")
    show_when_open(window.session, window.review.panes, link)
    with qtbot.waitSignal(window.session.layers.comparison_ready, timeout=20_000):
        commands.open_path(window.session, case / "cases" / "Case_1")
    view = window.session.view
    assert (view.convention, view.maximised, view.sequence) == ("neurological", "coronal", "T2")
    coronal = window.review.panes.slices["coronal"]
    assert coronal.zoom == pytest.approx(link.frames["coronal"].zoom)
    assert not window.messages.isVisible()


def test_a_view_of_another_case_than_the_one_that_is_opened_is_told(
    window: MainWindow, qtbot: QtBot, case: Path
) -> None:
    link = capture(window.session, window.review.panes)
    show_when_open(window.session, window.review.panes, link)
    with qtbot.waitSignal(window.session.case_changed, timeout=20_000):
        commands.open_path(window.session, case / "cases" / "Case_2")
    assert window.messages.text == "the view is of Case_1, not of Case_2; it may not fit"


@pytest.mark.parametrize("words", [["--view", "view1-AAAA"], ["snapshot", "--view", "view1-AAAA", "--out", "x.png"]])
def test_the_command_line_refuses_a_damaged_view_in_words(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 1
    assert "the view was cut or changed" in capsys.readouterr().err


def test_a_snapshot_needs_a_case_or_a_view(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["snapshot", "--out", str(tmp_path / "x.png")]) == 1
    assert "no case to picture" in capsys.readouterr().err
