"""The order of batches, and their reading ahead of the steps that use them.

The order is a flat list over the whole training, epoch after epoch with its validation in between, so reading runs on
across their borders and a step waits only while the first batch is read. Order and augmentation depend on
(seed, epoch, case) alone: a training that goes on from step 7 of epoch 3 gets the batches it would have got.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import tensorflow as tf

from workstation.core.case import CaseFiles
from workstation.core.cost import READ_AHEAD
from workstation.core.network import Shape, UNetPlan, padded_shape
from workstation.engine.augmentation import draw_augmentation, draw_intensities, draw_warp, random_generator
from workstation.engine.preprocessing import ORIENTATION, VERSION, Example, make_example
from workstation.io.cases import load_case
from workstation.io.example_cache import ExampleCache, Recipe, StoredExample

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
    """Cases as examples of one shape: decoded from their files once, from then on mapped from the cache.

    Memory does not grow with the data set: the pages of mapped arrays are the page cache's, which the system takes
    back when something else needs them.

    Parameters
    ----------
    cases : sequence of CaseFiles
    plan : UNetPlan
    shape : (I, J, K) or None
        What to crop or pad to; None leaves each as it is.
    cache : ExampleCache or None
        None takes the user's.
    """

    def __init__(
        self, cases: Sequence[CaseFiles], plan: UNetPlan, *, shape: Shape | None, cache: ExampleCache | None = None
    ) -> None:
        self._cases: Mapping[str, CaseFiles] = {case.name: case for case in cases}
        self._plan = plan
        self._recipe = Recipe(tuple(plan.inputs), tuple(plan.outputs), ORIENTATION, VERSION)
        self._shape = shape
        self._cache = ExampleCache() if cache is None else cache

    def read(self, name: str) -> Example:
        """One example, whose arrays may be read-only; errors are those of `load_case` and `make_example`."""
        files = self._cases[name]
        found = self._cache.fetch(files, self._recipe, lambda: self._decode(files))
        example = Example(name, found.inputs, found.targets, found.background, found.zooms, found.scheme)
        return example if self._shape is None else example.placed(self._shape)

    def _decode(self, files: CaseFiles) -> StoredExample:
        case = load_case(files, sequences=self._plan.inputs)
        made = make_example(case, inputs=self._plan.inputs, outputs=self._plan.outputs, orientation=ORIENTATION)
        return StoredExample(made.inputs, made.targets, made.background, made.zooms, made.scheme)


class BatchReader:
    """Reads batches in threads, a few turns ahead.

    Parameters
    ----------
    source : ExampleSource
    shape : (I, J, K)
        Common shape of the volumes; batches are padded to a multiple of `plan.multiple` on top.
    plan : UNetPlan
    seed : int
    augment, vary_intensities, vary_shapes : bool
        Mirror and turn by quarters; change intensities; turn and scale. Of training cases only.
    """

    def __init__(
        self,
        source: ExampleSource,
        plan: UNetPlan,
        *,
        shape: Shape,
        seed: int,
        augment: bool,
        vary_intensities: bool = False,
        vary_shapes: bool = False,
    ) -> None:
        self._source = source
        self._shape = shape
        self._padded = padded_shape(shape, plan.multiple)
        self._seed = seed
        self._augment = augment
        self._vary_intensities = vary_intensities
        self._vary_shapes = vary_shapes

    def batches(self, order: Iterable[Turn]) -> Generator[Batch, None, None]:
        """The batches of these turns, in their order; the next ones are being read while one is in use."""
        tasks = ((lambda turn=turn: self._make(turn)) for turn in order)
        for (turn, inputs, targets), seconds in read_ahead(tasks, ahead=READ_AHEAD):
            # A tensor made while a step runs would lie among the step's own, and leave a hole in TensorFlow's pool.
            yield Batch(turn, tf.constant(inputs), tf.constant(targets), wait_seconds=seconds)

    def _make(self, turn: Turn) -> tuple[Turn, np.ndarray, np.ndarray]:
        examples = [self._example(name, turn) for name in turn.names]
        targets = [example.targets for example in examples if example.targets is not None]
        return turn, _stacked([example.inputs for example in examples]), _stacked(targets)

    def _example(self, name: str, turn: Turn) -> Example:
        example = self._source.read(name).placed(self._shape)
        if not turn.is_validation:
            example = self._changed(example, turn.epoch)
        return example.placed(self._padded)

    def _changed(self, example: Example, epoch: int) -> Example:
        """As it is to be trained on in one epoch."""
        name = example.name
        if self._vary_intensities:
            channels = example.inputs.shape[-1]
            drawn = draw_intensities(self._seed, epoch=epoch, case=name, channels=channels)
            inputs, background = drawn.apply(example.inputs, example.background)
            example = replace(example, inputs=inputs, background=background)
        if self._vary_shapes and example.targets is not None:
            warp = draw_warp(self._seed, epoch=epoch, case=name)
            inputs = warp.images(example.inputs, example.background)
            example = replace(example, inputs=inputs, targets=warp.masks(example.targets))
        if self._augment and example.targets is not None:
            change = draw_augmentation(self._seed, epoch=epoch, case=name, shape=self._shape)
            example = replace(example, inputs=change.apply(example.inputs), targets=change.apply(example.targets))
        return example


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


def _stacked(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Arrays with a batch axis in front, in the order of their axes in memory."""
    return np.ascontiguousarray(arrays[0][np.newaxis]) if len(arrays) == 1 else np.stack(arrays)


def _timed(future: Future[Item]) -> tuple[Item, float]:
    start = time.perf_counter()
    return future.result(), time.perf_counter() - start
