"""The order of batches, and their reading ahead of the steps that use them.

The order is a flat list over the whole training, epoch after epoch with its validation in between, so reading runs on
across their borders and a step waits only while the first batch is read. Order and augmentation depend on
(seed, epoch, case) alone: a training that goes on from step 7 of epoch 3 gets the batches it would have got.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import tensorflow as tf

from workstation.core.case import CaseFiles
from workstation.core.cost import CACHE_BYTES, READ_AHEAD
from workstation.core.network import Shape, UNetPlan, padded_shape
from workstation.engine.augmentation import draw_augmentation, random_generator
from workstation.engine.preprocessing import Example, make_example
from workstation.io.cases import load_case

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one step is about.

    Parameters
    ----------
    epoch, step : int
        Epoch from 1; step within it from 0. Validation has steps of its own.
    names : tuple of str
        Cases of the batch.
    is_validation, is_last : bool
        `is_last` marks the end of the epoch, after its validation.
    """

    epoch: int
    step: int
    names: tuple[str, ...]
    is_validation: bool = False
    is_last: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Tensors of one step.

    Parameters
    ----------
    turn : Turn
    inputs : (N, I, J, K, C) float32 tensor
    targets : (N, I, J, K, R) uint8 tensor
    wait_seconds : float
        How long the step waited for it.
    """

    turn: Turn
    inputs: tf.Tensor
    targets: tf.Tensor
    wait_seconds: float = 0.0


def turns(
    train: Sequence[str],
    validation: Sequence[str],
    *,
    batch: int,
    epochs: int,
    seed: int,
    epoch: int = 1,
    step: int = 0,
) -> Iterator[Turn]:
    """The turns of a training from a position on.

    Parameters
    ----------
    train, validation : sequence of str
        Case names; training is shuffled anew in every epoch, validation is not and has batches of one.
    batch, epochs, seed : int
        The last batch of an epoch may be smaller.
    epoch, step : int
        First epoch (from 1), and how many of its training steps are behind.
    """
    names = sorted(train)
    for number in range(epoch, epochs + 1):
        order = random_generator(seed, "order", number).permutation(len(names))
        batches = [tuple(names[each] for each in order[start : start + batch]) for start in range(0, len(names), batch)]
        for position in range(step if number == epoch else 0, len(batches)):
            is_last = position == len(batches) - 1 and not validation
            yield Turn(number, position, batches[position], is_last=is_last)
        for position, name in enumerate(validation):
            yield Turn(number, position, (name,), is_validation=True, is_last=position == len(validation) - 1)


class ExampleSource:
    """Cases read from disk as examples of one shape; as many stay in memory as there is room for.

    Parameters
    ----------
    cases : sequence of CaseFiles
    plan : UNetPlan
    shape : (I, J, K) or None
        What to crop or pad to; None leaves each as it is.
    cache_bytes : int
        The room.
    """

    def __init__(
        self, cases: Sequence[CaseFiles], plan: UNetPlan, *, shape: Shape | None, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._cases: Mapping[str, CaseFiles] = {case.name: case for case in cases}
        self._plan = plan
        self._shape = shape
        self._room = cache_bytes
        self._kept: dict[str, Example] = {}
        self._lock = threading.Lock()

    def read(self, name: str) -> Example:
        """One example; errors are those of `load_case` and `make_example`."""
        with self._lock:
            if name in self._kept:
                return self._kept[name]
        case = load_case(self._cases[name], sequences=self._plan.inputs)
        example = make_example(case, inputs=self._plan.inputs, outputs=self._plan.outputs)
        if self._shape is not None:
            example = example.placed(self._shape)
        with self._lock:
            # What came first stays: with a fresh order in each epoch, throwing out the oldest would keep nothing.
            if sum(each.nbytes for each in self._kept.values()) + example.nbytes <= self._room:
                self._kept[name] = example
        return example


class BatchReader:
    """Reads batches in threads, a few turns ahead.

    Parameters
    ----------
    source : ExampleSource
    shape : (I, J, K)
        Common shape of the volumes; batches are padded to a multiple of `plan.multiple` on top.
    plan : UNetPlan
    seed : int
    augment : bool
    """

    def __init__(self, source: ExampleSource, plan: UNetPlan, *, shape: Shape, seed: int, augment: bool) -> None:
        self._source = source
        self._shape = shape
        self._padded = padded_shape(shape, plan.multiple)
        self._seed = seed
        self._augment = augment

    def batches(self, order: Iterable[Turn]) -> Generator[Batch, None, None]:
        """The batches of these turns, in their order; the next ones are being read while one is in use."""
        tasks = ((lambda turn=turn: self._make(turn)) for turn in order)
        for batch, seconds in read_ahead(tasks, ahead=READ_AHEAD):
            yield Batch(batch.turn, batch.inputs, batch.targets, wait_seconds=seconds)

    def _make(self, turn: Turn) -> Batch:
        examples = [self._example(name, turn) for name in turn.names]
        targets = [example.targets for example in examples if example.targets is not None]
        inputs = tf.constant(np.stack([example.inputs for example in examples]))
        return Batch(turn, inputs, tf.constant(np.stack(targets)))

    def _example(self, name: str, turn: Turn) -> Example:
        example = self._source.read(name).placed(self._shape)
        if self._augment and not turn.is_validation and example.targets is not None:
            change = draw_augmentation(self._seed, epoch=turn.epoch, case=name, shape=self._shape)
            example = replace(example, inputs=change.apply(example.inputs), targets=change.apply(example.targets))
        return example.placed(self._padded)


def read_ahead(tasks: Iterable[Callable[[], Item]], *, ahead: int) -> Generator[tuple[Item, float], None, None]:
    """Results of tasks in their order, run in `ahead` threads that are that many tasks in front of the reader.

    Yields
    ------
    (result, float)
        With the seconds that the reader had to wait. A task's exception is raised in its turn.
    """
    waiting: deque[Future[Item]] = deque()
    with ThreadPoolExecutor(max_workers=ahead, thread_name_prefix="reader") as pool:
        try:
            for task in tasks:
                waiting.append(pool.submit(task))
                if len(waiting) > ahead:
                    yield _timed(waiting.popleft())
            while waiting:
                yield _timed(waiting.popleft())
        finally:
            for each in waiting:
                each.cancel()


def _timed(future: Future[Item]) -> tuple[Item, float]:
    start = time.perf_counter()
    return future.result(), time.perf_counter() - start
