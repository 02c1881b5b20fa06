"""The course of a training after changes: the rate of each step from its place alone."""

from __future__ import annotations

import math

import pytest

from workstation.core.course import Change, change_from_dict, course_of
from workstation.core.requests import TrainRequest
from workstation.errors import RequestError

CONSTANT = TrainRequest(data="/d", epochs=10, learning_rate=1e-3)
FALLING = TrainRequest(data="/d", epochs=10, learning_rate=1e-3, decay="cosine")


def test_a_rate_holds_from_the_first_step_of_its_epoch() -> None:
    course = course_of(CONSTANT, [Change(learning_rate=1e-4, from_epoch=4)])
    # Four steps an epoch: epoch 4 begins with step 12.
    assert course.learning_rate(11, epoch_steps=4) == 1e-3
    assert course.learning_rate(12, epoch_steps=4) == 1e-4


def test_a_rate_given_from_an_earlier_epoch_on_overrules_later_ones() -> None:
    course = course_of(CONSTANT, [Change(learning_rate=1e-4, from_epoch=8), Change(learning_rate=1e-5, from_epoch=4)])
    assert course.rates == ((1, 1e-3), (4, 1e-5))


def test_without_changes_the_cosine_ends_at_nothing() -> None:
    course = course_of(FALLING, ())
    assert course.learning_rate(0, epoch_steps=2) == 1e-3
    assert course.learning_rate(10, epoch_steps=2) == pytest.approx(0.5e-3)
    assert course.learning_rate(20, epoch_steps=2) == pytest.approx(0, abs=1e-12)


def test_the_cosine_of_a_new_rate_begins_where_it_holds() -> None:
    course = course_of(FALLING, [Change(learning_rate=2e-4, from_epoch=6)])
    # Steps 10 to 20 are left; step 15 is half way.
    assert course.learning_rate(10, epoch_steps=2) == 2e-4
    assert course.learning_rate(15, epoch_steps=2) == pytest.approx(1e-4)


def test_more_epochs_stretch_the_cosine() -> None:
    course = course_of(FALLING, [Change(epochs=20)])
    assert course.epochs == 20
    assert course.learning_rate(10, epoch_steps=2) == pytest.approx(1e-3 * (1 + math.cos(math.pi / 4)) / 2)


def test_a_change_travels_as_json_and_a_newer_one_is_left_out() -> None:
    change = Change(epochs=3, learning_rate=0.5, from_epoch=2)
    assert change_from_dict({"time": 1.0, **change.as_dict()}) == change
    assert change_from_dict({"warm_up": 3}) is None
    with pytest.raises(RequestError):
        Change(learning_rate=-1.0)
