"""What is kept of a user's taste between starts."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from workstation.session.preferences import Preferences, store_keys, stored_keys
from workstation.session.session import Session
from workstation.session.settings import settings


def test_choices_come_back_at_the_next_start(qtbot: QtBot) -> None:
    first = Session()
    Preferences(first)
    first.view.set_convention("neurological")
    first.view.set_sagittal_nose("right")
    first.view.set_interpolation("nearest")
    first.layers.set_palette("colour-blind")
    first.view.set_cine_per_second(20)
    first.view.set_lightbox_mm(4.5)
    first.pointer.set_scheme("pacs")
    first.pointer.set_tool("zoom")
    first.close()
    second = Session()
    Preferences(second)
    view = second.view
    assert (view.convention, view.sagittal_nose, view.interpolation) == ("neurological", "right", "nearest")
    assert second.layers.palette == "colour-blind"
    assert (view.cine_per_second, view.lightbox_mm) == (20, 4.5)
    assert (second.pointer.scheme, second.pointer.tool) == ("pacs", "zoom")
    second.close()


def test_an_unknown_value_is_not_taken(qtbot: QtBot) -> None:
    settings().setValue("view/convention", "upside-down")
    settings().setValue("view/cine_per_second", "nan")
    settings().setValue("mouse/scheme", "cat")
    settings().setValue("keys", "[1, 2")
    session = Session()
    Preferences(session)
    assert session.view.convention == "radiological"
    assert session.view.cine_per_second == 12
    assert session.pointer.scheme == "research"
    assert stored_keys() == {}
    session.close()


def test_nothing_is_written_while_nothing_is_chosen(qtbot: QtBot) -> None:
    session = Session()
    Preferences(session)
    session.layers.set_opacity(0.7)
    assert not settings().allKeys()
    session.close()


def test_keys_are_kept_whatever_they_are_and_none_leaves_nothing() -> None:
    store_keys({"file.preferences": ("Ctrl+,", ";"), "masks.hold": ()})
    assert stored_keys() == {"file.preferences": ("Ctrl+,", ";"), "masks.hold": ()}
    store_keys({})
    assert not settings().allKeys()
