"""Batches come in an order that depends on the position alone, read ahead of the step that uses them."""

from __future__ import annotations

import threading

import pytest

from workstation.engine.pipeline import Turn, read_ahead, turns

NAMES = [f"c{index}" for index in range(7)]


def test_every_case_is_trained_on_once_in_an_epoch_and_validated_once() -> None:
    epoch = [turn for turn in turns(NAMES, ["v1", "v2"], batch=3, epochs=2, seed=1) if turn.epoch == 2]
    trained = [turn for turn in epoch if not turn.is_validation]
    assert [len(turn.names) for turn in trained] == [3, 3, 1]
    assert sorted(name for turn in trained for name in turn.names) == NAMES
    assert [turn.names for turn in epoch if turn.is_validation] == [("v1",), ("v2",)]


def test_the_last_turn_of_an_epoch_is_its_last_validation_or_its_last_step() -> None:
    for validation in ([], ["v1", "v2"]):
        order = list(turns(NAMES, validation, batch=3, epochs=1, seed=1))
        assert [turn.is_last for turn in order] == [False] * (len(order) - 1) + [True]


def test_the_order_changes_from_epoch_to_epoch_and_from_seed_to_seed() -> None:
    def first(seed: int, epoch: int) -> list[Turn]:
        return [turn for turn in turns(NAMES, [], batch=1, epochs=epoch, seed=seed) if turn.epoch == epoch]

    orders = {tuple(turn.names for turn in first(seed, epoch)) for seed in (1, 2) for epoch in (1, 2)}
    assert len(orders) == 4


@pytest.mark.parametrize("position", range(12))
def test_going_on_from_a_position_gives_the_rest_of_the_whole_order(position: int) -> None:
    whole = list(turns(NAMES, ["v1"], batch=3, epochs=3, seed=1))
    at = whole[position]
    step = 3 if at.is_validation else at.step
    assert list(turns(NAMES, ["v1"], batch=3, epochs=3, seed=1, epoch=at.epoch, step=step)) == whole[position:]


def test_results_come_in_order_however_long_each_takes() -> None:
    gate = threading.Event()

    def first() -> int:
        gate.wait(10)
        return 0

    def second() -> int:
        gate.set()
        return 1

    assert [result for result, _ in read_ahead([first, second, lambda: 2], ahead=2)] == [0, 1, 2]


def test_the_next_tasks_run_while_the_reader_is_busy_with_one() -> None:
    started = [threading.Event() for _ in range(4)]
    results = read_ahead([each.set for each in started], ahead=2)
    next(results)
    assert started[1].wait(10)
    assert started[2].wait(10)
    assert not started[3].is_set()
    results.close()


def test_an_error_is_raised_in_its_turn() -> None:
    def fails() -> int:
        raise ValueError("second")

    results = read_ahead([lambda: 1, fails], ahead=2)
    assert next(results)[0] == 1
    with pytest.raises(ValueError, match="second"):
        next(results)
