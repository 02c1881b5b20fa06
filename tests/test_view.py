"""The state of the views: each change is announced once, and only if it is one."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Signal
from pytestqt.qtbot import QtBot

from workstation.core.geometry import Grid
from workstation.core.volume import Volume
from workstation.session.images import DisplayImage, make_display_image
from workstation.session.view import ViewState


def ramp(highest: int) -> DisplayImage:
    """An image whose intensities run evenly from 1 to `highest`."""
    data = np.linspace(1, highest, 8000).reshape(20, 20, 20).astype(np.float32)
    return make_display_image(Volume("x", data, Grid((20, 20, 20), np.eye(4)), None))


@pytest.fixture
def view(qtbot: QtBot) -> ViewState:
    view = ViewState()
    view.take_images({"T1": ramp(1000), "FLAIR": ramp(1000)})
    return view


def emissions(signal: Signal) -> list[tuple[object, ...]]:
    """What a signal carries from now on."""
    found: list[tuple[object, ...]] = []
    signal.connect(lambda *values: found.append(values))  # type: ignore[attr-defined]
    return found


def test_the_cursor_is_announced_once_and_only_if_it_moves(view: ViewState) -> None:
    moves = emissions(view.cursor_moved)
    view.set_cursor((1, 2, 3))
    view.set_cursor((1.0, 2.0, 3.0))
    assert len(moves) == 1
    assert view.cursor_mm == (1.0, 2.0, 3.0)


def test_flair_is_shown_first_and_the_sequence_is_kept_from_case_to_case(view: ViewState) -> None:
    assert view.sequence == "FLAIR"
    view.set_sequence("T1")
    changes = emissions(view.sequence_changed)
    view.take_images({"T1": ramp(500), "FLAIR": ramp(500)})
    assert (view.sequence, changes) == ("T1", [])
    view.take_images({"T2": ramp(500)})
    assert (view.sequence, len(changes)) == ("T2", 1)


def test_a_sequence_that_the_case_lacks_changes_nothing(view: ViewState) -> None:
    changes = emissions(view.sequence_changed)
    view.set_sequence("T2")
    view.set_sequence("FLAIR")
    assert (view.sequence, changes) == ("FLAIR", [])


def test_a_window_is_kept_as_percentiles_from_case_to_case(view: ViewState) -> None:
    # Of 1 to 1000 evenly, 250 and 750 are the 25th and 75th percentiles: of 1 to 2000 they are 500 and 1500.
    view.set_window("FLAIR", 250, 750)
    view.take_images({"T1": ramp(2000), "FLAIR": ramp(2000)})
    low, high = view.window("FLAIR")
    assert low == pytest.approx(500, abs=5)
    assert high == pytest.approx(1500, abs=5)
    assert view.window("T1") == pytest.approx((1 + 0.001 * 1999, 2000 - 0.001 * 1999), abs=2)


def test_a_window_that_was_reset_is_automatic_in_the_next_case(view: ViewState) -> None:
    view.set_window("FLAIR", 250, 750)
    view.reset_window("FLAIR")
    view.take_images({"FLAIR": ramp(2000)})
    assert view.window("FLAIR") == pytest.approx((3, 1998), abs=2)


def test_a_window_never_closes(view: ViewState) -> None:
    view.set_window("FLAIR", 500, 400)
    low, high = view.window("FLAIR")
    assert low == 500
    assert high > low


def test_the_same_window_is_not_announced(view: ViewState) -> None:
    changes = emissions(view.window_changed)
    view.set_window("FLAIR", 100, 200)
    view.set_window("FLAIR", 100, 200)
    view.set_window("T2", 100, 200)
    assert changes == [("FLAIR",)]


def test_a_convention_is_one_of_two(view: ViewState) -> None:
    changes = emissions(view.convention_changed)
    view.set_convention("neurological")
    view.set_convention("neurological")
    view.set_convention("upside down")
    view.set_sagittal_nose("right")
    assert (view.convention, view.sagittal_nose, len(changes)) == ("neurological", "right", 2)


def test_the_crosshair_hides_with_the_annotations_and_comes_back_as_it_was(view: ViewState) -> None:
    assert view.crosshair_visible
    view.toggle_annotations()
    assert not view.crosshair_visible
    view.toggle_annotations()
    assert view.crosshair_visible
    view.toggle_crosshair()
    assert not view.crosshair_visible
    assert view.annotations_visible


def test_a_pane_is_maximised_and_restored(view: ViewState) -> None:
    changes = emissions(view.layout_changed)
    view.set_maximised("coronal")
    view.set_maximised("coronal")
    view.set_maximised("no such pane")
    view.set_maximised(None)
    assert len(changes) == 2
