"""What is kept of a user's taste between starts."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from workstation.session.preferences import Preferences
from workstation.session.session import Session
from workstation.session.settings import settings


def test_choices_come_back_at_the_next_start(qtbot: QtBot) -> None:
    first = Session()
    Preferences(first)
    first.view.set_convention("neurological")
    first.view.set_sagittal_nose("right")
    first.view.set_interpolation("nearest")
    first.layers.set_palette("colour-blind")
    first.close()
    second = Session()
    Preferences(second)
    view = second.view
    assert (view.convention, view.sagittal_nose, view.interpolation) == ("neurological", "right", "nearest")
    assert second.layers.palette == "colour-blind"
    second.close()


def test_an_unknown_value_is_not_taken(qtbot: QtBot) -> None:
    settings().setValue("view/convention", "upside-down")
    session = Session()
    Preferences(session)
    assert session.view.convention == "radiological"
    session.close()


def test_nothing_is_written_while_nothing_is_chosen(qtbot: QtBot) -> None:
    session = Session()
    Preferences(session)
    session.layers.set_opacity(0.7)
    assert not settings().allKeys()
    session.close()
