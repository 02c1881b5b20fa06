"""The window driven as a user drives it: keys, mouse, drops; state and pixels asserted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workstation.core.geometry import Grid
from workstation.core.labels import SCHEMES
from workstation.errors import FileMissing
from workstation.gui.actions import ACTIONS
from workstation.gui.main_window import MainWindow
from workstation.gui.review.slice_view import SliceView
from workstation.io.nifti_writing import write_volume
from workstation.session import commands
from workstation.session.session import Session

SHAPE = (40, 48, 32)
GRID = Grid(SHAPE, np.array([[-1.0, 0, 0, 39], [0, -1.0, 0, 47], [0, 0, 2.0, 0], [0, 0, 0, 1]]))
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of two cases: a grey box with a block of truth, and a prediction moved by two voxels."""
    root = tmp_path_factory.mktemp("set")
    image = np.zeros(SHAPE, dtype=np.int16)
    image[4:36, 4:44, 2:30] = 500
    image[4:36, 4:44, 2:30] += np.arange(28, dtype=np.int16) * 5
    for name in ("Case_1", "Case_2"):
        for number, ending in enumerate(("t1", "t1ce", "t2", "flair")):
            data = np.where(image > 0, image + 100 * number, 0).astype(np.int16)
            write_volume(root / "cases" / name / f"{name}_{ending}.nii.gz", data, GRID)
        write_volume(root / "cases" / name / f"{name}_seg.nii.gz", block(12), GRID)
    write_volume(root / "prediction.nii.gz", block(14), GRID)
    return root


def block(start: int) -> np.ndarray:
    """8 x 10 x 6 voxels of oedema from `start` along the first axis, with an enhancing heart."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[start : start + 8, 20:30, 12:18] = 2
    labels[start + 2 : start + 4, 22:24, 14:16] = 4
    return labels


@pytest.fixture
def window(qtbot: QtBot, case: Path) -> Iterator[MainWindow]:
    """The main window on the first case, truth and prediction shown; nothing of it is left afterwards."""
    before = set(threading.enumerate())
    window = MainWindow(Session())
    window.resize(1200, 800)
    window.show()
    session = window.session
    with qtbot.waitSignal(session.layers.comparison_ready, timeout=20_000):
        commands.open_path(session, case / "cases" / "Case_1", prediction=case / "prediction.nii.gz")
    session.view.set_interpolation("nearest")
    QApplication.processEvents()
    yield window
    assert window.close()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith(("session", "read"))]
    assert not left


def press(window: MainWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_KEY) -> None:
    """Press a key where the user would: in the pane that has the focus."""
    pane = window.review.panes.active_view
    pane.setFocus()
    QTest.keyClick(pane, key, modifiers)
    QApplication.processEvents()


def axial_of(window: MainWindow) -> SliceView:
    """The axial pane."""
    return window.review.panes.slices["axial"]


def colour_at(pane: SliceView, voxel: tuple[int, int, int]) -> tuple[int, int, int]:
    """Red, green and blue of the pixel in the middle of a voxel's square."""
    QApplication.processEvents()
    grid = pane.session.case.grid if pane.session.case else GRID
    x, y, z = grid.to_world(voxel)
    _, column, row = pane.picture.place((float(x), float(y), float(z)))
    spot = pane.to_pane(QPointF(column, row)).toPoint()
    image: QImage = pane.grab().toImage()
    colour = image.pixelColor(spot * image.devicePixelRatio())
    return (colour.red(), colour.green(), colour.blue())


def move_cursor(window: MainWindow, voxel: tuple[int, int, int]) -> None:
    """Put the crosshair on a voxel."""
    x, y, z = GRID.to_world(voxel)
    window.session.view.set_cursor((float(x), float(y), float(z)))


def show_plainly(window: MainWindow) -> None:
    """Masks opaque and without outline, no crosshair, so that pixels have the palette's colours."""
    window.session.layers.set_opacity(1.0)
    window.session.layers.set_outline("fill")
    window.session.view.toggle_crosshair()
    move_cursor(window, (5, 5, 13))


def mouse(
    pane: SliceView,
    kind: QEvent.Type,
    position: QPointF,
    button: Qt.MouseButton,
    modifiers: Qt.KeyboardModifier = NO_KEY,
) -> None:
    """Send a mouse event to a pane."""
    of_event = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
    event = QMouseEvent(kind, position, QPointF(pane.mapToGlobal(position)), of_event, held, modifiers)
    QApplication.sendEvent(pane, event)


def drag(
    pane: SliceView,
    start: QPointF,
    end: QPointF,
    button: Qt.MouseButton,
    modifiers: Qt.KeyboardModifier = NO_KEY,
) -> None:
    """Press, move once, release."""
    mouse(pane, QEvent.Type.MouseButtonPress, start, button, modifiers)
    mouse(pane, QEvent.Type.MouseMove, end, button, modifiers)
    mouse(pane, QEvent.Type.MouseButtonRelease, end, button, modifiers)


def wheel(pane: SliceView, delta: int, modifiers: Qt.KeyboardModifier = NO_KEY) -> None:
    """Turn the wheel over the middle of a pane."""
    place = QPointF(pane.rect().center())
    event = QWheelEvent(
        place,
        QPointF(pane.mapToGlobal(place)),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(pane, event)


# -- what is seen -----------------------------------------------------------------------------------------------------


def test_agreement_is_purple_prediction_red_and_truth_blue(window: MainWindow) -> None:
    show_plainly(window)
    axial = axial_of(window)
    # Truth covers 12 to 19 along the first axis, the prediction 14 to 21.
    assert colour_at(axial, (17, 25, 13)) == (172, 84, 232)
    assert colour_at(axial, (21, 25, 13)) == (240, 68, 72)
    assert colour_at(axial, (12, 25, 13)) == (64, 132, 255)


def test_the_patients_right_stands_on_the_left(window: MainWindow) -> None:
    axial = axial_of(window)
    left = axial.picture.place((35.0, 20.0, 26.0))[1]
    right = axial.picture.place((5.0, 20.0, 26.0))[1]
    assert left < right  # RAS x grows to the patient's right
    assert axial.picture.geometry is not None
    assert axial.picture.geometry.letters == ("R", "L", "A", "P")


def test_the_legend_counts_by_hand(window: MainWindow) -> None:
    """8 x 10 x 6 voxels each, moved by two: 360 shared, 120 in one alone; a voxel is 0.002 ml."""
    legend = window.review.side.legend
    assert [legend.text_of(kind, "voxels") for kind in ("agreement", "prediction", "truth")] == ["360", "120", "120"]
    assert legend.text_of("agreement", "ml") == "0.72"
    assert legend.dice_text("WT") == f"{2 * 360 / (480 + 480):.4f}"


def test_the_status_bar_reads_the_voxel_under_the_crosshair(window: MainWindow) -> None:
    move_cursor(window, (17, 25, 13))
    text = window.status.read_out.text
    assert text.startswith("voxel 17 25 13 ")
    assert " RAS mm 22.0 22.0 26.0 " in text
    assert " FLAIR 855 " in text  # 500 + 5 * 11 + 100 * 3
    assert text.endswith("TP     truth 2 oedema     prediction 2 oedema")


# -- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "sequence"),
    [(Qt.Key.Key_1, "T1"), (Qt.Key.Key_2, "T1c"), (Qt.Key.Key_3, "T2"), (Qt.Key.Key_4, "FLAIR")],
)
def test_digits_show_the_sequences(window: MainWindow, key: Qt.Key, sequence: str) -> None:
    press(window, key)
    assert window.session.view.sequence == sequence
    assert window.review.side.image.sequences.value == sequence


def test_brackets_go_round_the_sequences(window: MainWindow) -> None:
    press(window, Qt.Key.Key_BracketRight)
    assert window.session.view.sequence == "T1"
    press(window, Qt.Key.Key_BracketLeft)
    assert window.session.view.sequence == "FLAIR"


def test_s_hides_all_masks_and_shows_them_again(window: MainWindow) -> None:
    show_plainly(window)
    press(window, Qt.Key.Key_S)
    red, green, blue = colour_at(axial_of(window), (17, 25, 13))
    assert red == green == blue
    press(window, Qt.Key.Key_S)
    assert colour_at(axial_of(window), (17, 25, 13)) == (172, 84, 232)


def test_h_hides_the_masks_while_it_is_held(window: MainWindow) -> None:
    pane = axial_of(window)
    QTest.keyPress(pane, Qt.Key.Key_H)
    assert window.session.layers.hidden
    QTest.keyRelease(pane, Qt.Key.Key_H)
    assert not window.session.layers.hidden


def test_p_and_t_switch_prediction_and_truth(window: MainWindow) -> None:
    show_plainly(window)
    press(window, Qt.Key.Key_P)
    assert not window.session.layers.is_visible("prediction")
    assert colour_at(axial_of(window), (17, 25, 13)) == (64, 132, 255)
    press(window, Qt.Key.Key_P)
    press(window, Qt.Key.Key_T)
    assert colour_at(axial_of(window), (17, 25, 13)) == (240, 68, 72)
    assert not window.review.side.layers.boxes["truth"].isChecked()


def test_a_and_d_change_the_opacity_by_five_percent(window: MainWindow) -> None:
    press(window, Qt.Key.Key_D)
    assert window.session.layers.opacity == pytest.approx(0.45)
    press(window, Qt.Key.Key_A)
    press(window, Qt.Key.Key_A)
    assert window.session.layers.opacity == pytest.approx(0.35)


def test_o_and_e_go_through_their_choices(window: MainWindow) -> None:
    layers = window.session.layers
    seen = []
    for _ in range(3):
        press(window, Qt.Key.Key_O)
        press(window, Qt.Key.Key_E)
        seen.append((layers.outline, layers.mode))
    assert seen == [("fill", "errors"), ("outline", "labels"), ("both", "comparison")]


def test_labels_mode_paints_the_colours_of_the_scheme(window: MainWindow) -> None:
    show_plainly(window)
    window.session.layers.set_mode("labels")
    colour = SCHEMES["brats2021"].labels[2].colour
    expected = tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))
    assert colour_at(axial_of(window), (18, 28, 13)) == expected


def test_ctrl_3_compares_the_enhancing_tumour_alone(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.session.layers.comparison_ready):
        press(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert window.session.layers.region == "ET"
    # 2 x 2 x 2 voxels each, moved by two: disjoint.
    assert window.review.side.legend.dice_text("shown") == "0.0000"
    assert window.review.side.legend.text_of("agreement", "voxels") == "0"


def test_page_keys_home_and_end_go_through_the_slices(window: MainWindow) -> None:
    axial = axial_of(window)
    move_cursor(window, (20, 20, 10))
    slices = []
    for key, modifiers in (
        (Qt.Key.Key_PageUp, NO_KEY),
        (Qt.Key.Key_PageUp, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_PageDown, NO_KEY),
        (Qt.Key.Key_Home, NO_KEY),
        (Qt.Key.Key_PageDown, NO_KEY),
        (Qt.Key.Key_End, NO_KEY),
    ):
        press(window, key, modifiers)
        slices.append(axial.slice_index)
    assert slices == [11, 16, 15, 0, 0, 31]


def test_arrows_move_the_crosshair_by_a_voxel_on_the_screen(window: MainWindow) -> None:
    move_cursor(window, (20, 20, 10))
    press(window, Qt.Key.Key_Right)  # towards the patient's left, which is +i in LPS
    press(window, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)  # to the front, which is -j
    assert GRID.nearest_voxel(window.session.view.cursor_mm) == (21, 15, 10)


def test_l_finds_the_largest_slice_of_the_prediction(window: MainWindow) -> None:
    move_cursor(window, (2, 2, 30))
    press(window, Qt.Key.Key_L)
    voxel = GRID.nearest_voxel(window.session.view.cursor_mm)
    assert voxel is not None
    assert block(14)[voxel] > 0


def test_x_hides_annotations_but_never_the_letters(window: MainWindow) -> None:
    axial = axial_of(window)
    press(window, Qt.Key.Key_X)
    assert not window.session.view.annotations_visible
    image = axial.grab().toImage()
    corner = [image.pixelColor(x, y).lightness() for x in range(8, 60) for y in range(6, 20)]
    middle = [
        image.pixelColor(x, y).lightness()
        for x in range(4, 22)
        for y in range(axial.height() // 2 - 9, axial.height() // 2 + 9)
    ]
    assert max(corner) == 0
    assert max(middle) > 150


def test_letters_rest_while_a_field_has_the_focus(window: MainWindow, qtbot: QtBot, case: Path) -> None:
    with qtbot.waitSignal(window.session.case_changed, timeout=20_000):
        commands.open_path(window.session, case / "cases")
    field = window.review.cases.filter_field
    field.setFocus()
    QTest.keyClicks(field, "S2")
    assert field.text() == "S2"
    assert not window.session.layers.hidden
    assert window.session.view.sequence == "FLAIR"


def test_ctrl_right_opens_the_next_case_and_keeps_the_window(window: MainWindow, qtbot: QtBot, case: Path) -> None:
    session = window.session
    with qtbot.waitSignal(session.case_changed, timeout=20_000):
        commands.open_path(session, case / "cases")
    session.view.set_window("FLAIR", 810.0, 900.0)
    kept = session.view.window("FLAIR")
    with qtbot.waitSignal(session.case_changed, timeout=20_000):
        press(window, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert session.case is not None
    assert session.case.name == "Case_2"
    # The same percentiles of an equal image: the same window, within a step of its intensities.
    assert session.view.window("FLAIR") == pytest.approx(kept, abs=5.0)


def test_f_fills_the_centre_with_the_active_pane_and_esc_restores(window: MainWindow) -> None:
    panes = window.review.panes
    press(window, Qt.Key.Key_F)
    assert [name for name, pane in panes.panes.items() if pane.isVisible()] == ["axial"]
    press(window, Qt.Key.Key_Escape)
    assert all(pane.isVisible() for pane in panes.panes.values())


# -- mouse ------------------------------------------------------------------------------------------------------------


def test_the_wheel_steps_one_slice_and_five_with_shift(window: MainWindow) -> None:
    axial = axial_of(window)
    move_cursor(window, (20, 20, 10))
    wheel(axial, 120)
    assert axial.slice_index == 11
    wheel(axial, 120, Qt.KeyboardModifier.ShiftModifier)
    assert axial.slice_index == 16


def test_small_turns_of_a_fine_wheel_add_up(window: MainWindow) -> None:
    axial = axial_of(window)
    move_cursor(window, (20, 20, 10))
    for _ in range(3):
        wheel(axial, 40)
    assert axial.slice_index == 11


def test_a_left_drag_moves_the_crosshair_and_all_panes_follow(window: MainWindow, qtbot: QtBot) -> None:
    panes = window.review.panes.slices
    axial = panes["axial"]
    x, y, z = GRID.to_world((10, 40, 13))
    _, column, row = axial.picture.place((float(x), float(y), float(z)))
    paints = {name: pane.paint_count for name, pane in panes.items()}
    move_cursor(window, (20, 20, 13))
    drag(axial, QPointF(axial.rect().center()), axial.to_pane(QPointF(column, row)), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: all(pane.paint_count > paints[name] for name, pane in panes.items()))
    assert GRID.nearest_voxel(window.session.view.cursor_mm) == (10, 40, 13)
    assert panes["sagittal"].slice_index == 29  # RAS: 39 - 10
    assert panes["coronal"].slice_index == 7  # RAS: 47 - 40


def test_a_right_drag_zooms_about_the_place_where_it_began(window: MainWindow) -> None:
    axial = axial_of(window)
    start = QPointF(100, 120)
    place, zoom = axial.to_slice(start), axial.zoom
    drag(axial, start, QPointF(100, 100), Qt.MouseButton.RightButton)
    assert axial.zoom == pytest.approx(zoom * 1.02**20)
    after = axial.to_slice(start)
    assert (after.x(), after.y()) == pytest.approx((place.x(), place.y()))


def test_a_middle_drag_pans(window: MainWindow) -> None:
    axial = axial_of(window)
    place = axial.to_slice(QPointF(100, 100))
    drag(axial, QPointF(100, 100), QPointF(130, 85), Qt.MouseButton.MiddleButton)
    after = axial.to_slice(QPointF(130, 85))
    assert (after.x(), after.y()) == pytest.approx((place.x(), place.y()))


def test_a_right_click_that_goes_nowhere_asks_for_the_menu(window: MainWindow, qtbot: QtBot) -> None:
    axial = axial_of(window)
    axial.menu_wanted.disconnect()
    with qtbot.waitSignal(axial.menu_wanted):
        drag(axial, QPointF(60, 60), QPointF(61, 61), Qt.MouseButton.RightButton)
    with qtbot.assertNotEmitted(axial.menu_wanted):
        drag(axial, QPointF(60, 60), QPointF(60, 90), Qt.MouseButton.RightButton)


def test_the_window_law_widens_to_the_right_and_brightens_upwards(window: MainWindow) -> None:
    """window += range * dx / min(w, h); level -= range * dy_up / min(w, h), range being that of the first window."""
    axial, view = axial_of(window), window.session.view
    low, high = view.window("FLAIR")
    first = window.session.images["FLAIR"].first_window
    per_pixel = (first[1] - first[0]) / min(axial.width(), axial.height())
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    drag(axial, QPointF(100, 100), QPointF(140, 70), Qt.MouseButton.LeftButton, modifiers)
    new_low, new_high = view.window("FLAIR")
    assert new_high - new_low == pytest.approx(high - low + 40 * per_pixel)
    assert (new_low + new_high) / 2 == pytest.approx((low + high) / 2 - 30 * per_pixel)


def test_a_double_click_maximises_and_restores(window: MainWindow) -> None:
    coronal = window.review.panes.slices["coronal"]
    mouse(coronal, QEvent.Type.MouseButtonDblClick, QPointF(50, 50), Qt.MouseButton.LeftButton)
    assert window.session.view.maximised == "coronal"
    mouse(coronal, QEvent.Type.MouseButtonDblClick, QPointF(50, 50), Qt.MouseButton.LeftButton)
    assert window.session.view.maximised is None


def test_a_dropped_folder_opens(window: MainWindow, qtbot: QtBot, case: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(case / "cases"))])
    event = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, NO_KEY)
    with qtbot.waitSignal(window.session.data_set_changed, timeout=20_000):
        window.dropEvent(event)
    assert window.review.cases.list.model().rowCount() == 2


# -- the window itself ------------------------------------------------------------------------------------------------


def test_a_problem_is_told_with_its_hint_until_dismissed(window: MainWindow) -> None:
    window.session.problem.emit(FileMissing("/data/x.nii.gz does not exist", hint="Check the spelling."))
    assert window.messages.isVisible()
    assert window.messages.text == "/data/x.nii.gz does not exist"


def test_a_mask_without_a_case_is_refused_in_words(qtbot: QtBot, case: Path) -> None:
    window = MainWindow(Session())
    qtbot.addWidget(window)
    window.show()
    commands.open_mask(window.session, case / "prediction.nii.gz", kind="prediction")
    assert "needs a case" in window.messages.text
    assert window.close()


def test_an_export_is_announced_after_it_was_read_back(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    out = tmp_path / "mask.nii.gz"
    with qtbot.waitSignal(window.session.notice, timeout=20_000) as told:
        commands.export_mask(window.session, out)
    assert str(out) in told.args[0]
    assert out.is_file()


def test_a_screenshot_is_a_picture_of_the_panes(window: MainWindow, tmp_path: Path) -> None:
    # The message that says "saved" makes the panes smaller.
    size = window.review.panes.size()
    window.menus.dialogs.save_screenshot(tmp_path / "shot.png")
    assert QImage(str(tmp_path / "shot.png")).size() == size


def test_every_action_does_something_and_no_two_share_a_key(window: MainWindow) -> None:
    keys = [key for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))
    # Holding a key is not something that a menu can do.
    assert {action.id for action in ACTIONS} == window.menus.bound | {"masks.hold"}


def test_what_needs_a_case_is_disabled_without_one(qtbot: QtBot) -> None:
    window = MainWindow(Session())
    qtbot.addWidget(window)
    enabled = {name for name, action in window.menus.actions.items() if action.isEnabled()}
    assert "file.open" in enabled
    assert not {"file.export", "view.fit", "masks.toggle", "go.next_case", "view.sequence_1"} & enabled
    assert window.close()
