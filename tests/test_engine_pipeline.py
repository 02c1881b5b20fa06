"""Batches come in an order that depends on the position alone, read ahead of the step that uses them."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from engine_cases import write_cases

from workstation.core.case import CaseFiles
from workstation.core.network import UNetPlan
from workstation.engine.pipeline import Batch, BatchReader, ExampleSource, Turn, read_ahead, turns
from workstation.engine.preprocessing import VERSION, make_example
from workstation.io.cases import load_case
from workstation.io.example_cache import ExampleCache
from workstation.io.layouts import open_dataset

PLAN = UNetPlan(inputs=("FLAIR", "T1c"), outputs=("WT", "ET"), filters=2, depth=1)
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


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[CaseFiles]:
    return list(open_dataset(write_cases(tmp_path_factory.mktemp("data"), count=3)).cases)


def never_decodes(*_: object, **__: object) -> None:
    pytest.fail("a case was decoded that the cache holds")


def test_an_example_is_that_of_its_case_in_the_size_asked_for(tmp_path: Path, cases: list[CaseFiles]) -> None:
    for shape in (None, (10, 20, 12)):
        found = ExampleSource(cases, PLAN, shape=shape, cache=ExampleCache(tmp_path)).read("tiny_1")
        expected = make_example(load_case(cases[1]), inputs=PLAN.inputs, outputs=PLAN.outputs)
        expected = expected if shape is None else expected.placed(shape)
        assert (found.name, found.zooms, found.scheme) == ("tiny_1", expected.zooms, "brats2021")
        for name in ("inputs", "targets", "background"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), strict=True)


def test_a_second_source_decodes_nothing_whatever_size_it_asks_for(
    tmp_path: Path, cases: list[CaseFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    for case in cases:
        ExampleSource(cases, PLAN, shape=None, cache=ExampleCache(tmp_path)).read(case.name)
    monkeypatch.setattr("workstation.engine.pipeline.load_case", never_decodes)
    for shape in (None, (10, 20, 12)):
        source = ExampleSource(cases, PLAN, shape=shape, cache=ExampleCache(tmp_path))
        assert [source.read(case.name).name for case in cases] == [case.name for case in cases]


def test_another_preprocessing_decodes_anew(
    tmp_path: Path, cases: list[CaseFiles], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ExampleCache(tmp_path)
    ExampleSource(cases, PLAN, shape=None, cache=cache).read("tiny_0")
    monkeypatch.setattr("workstation.engine.pipeline.VERSION", VERSION + 1)
    monkeypatch.setattr("workstation.engine.pipeline.load_case", never_decodes)
    with pytest.raises(pytest.fail.Exception, match="was decoded"):
        ExampleSource(cases, PLAN, shape=None, cache=cache).read("tiny_0")


@pytest.mark.parametrize("batch", [1, 2])
def test_batches_are_equal_with_and_without_a_cache_and_leave_it_as_it_is(
    tmp_path: Path, cases: list[CaseFiles], batch: int
) -> None:
    shape = (16, 16, 12)
    order = list(turns(["tiny_0", "tiny_1"], ["tiny_2"], batch=batch, epochs=2, seed=3))

    def batches(cache: ExampleCache) -> list[Batch]:
        source = ExampleSource(cases, PLAN, shape=None, cache=cache)
        return list(BatchReader(source, PLAN, shape=shape, seed=3, augment=True).batches(order))

    decoded = batches(ExampleCache(tmp_path / "none", limit_bytes=0))
    batches(ExampleCache(tmp_path / "cache"))
    before = {path: path.read_bytes() for path in (tmp_path / "cache").rglob("*.npy")}
    mapped = batches(ExampleCache(tmp_path / "cache"))
    assert len(before) == 2 * len(cases)
    assert {path: path.read_bytes() for path in (tmp_path / "cache").rglob("*.npy")} == before
    for one, other in zip(decoded, mapped, strict=True):
        assert one.turn == other.turn
        assert (one.inputs.dtype, one.targets.dtype) == (tf.float32, tf.uint8)
        np.testing.assert_array_equal(one.inputs.numpy(), other.inputs.numpy(), strict=True)
        np.testing.assert_array_equal(one.targets.numpy(), other.targets.numpy(), strict=True)
