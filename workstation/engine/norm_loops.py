"""The sums over voxels that a norm and its gradient need, as direct loops that read each tensor once.

They are bound by memory. TensorFlow's operations take several passes, and XLA does not divide a sum among cores: at
96x96x96 with 16 channels on two Zen 3 cores, statistics take 5 ms (21 and 25 by TensorFlow's), the sums of the gradient
8 ms (33 by XLA, 90 by TensorFlow's). Where nothing is summed XLA's loops are as fast as these would be.

Tensors are (N, I, J, K, C) float32 with C a multiple of `LANES`; values per channel are (S, C), where S is 1 for the
batch as one and N for each volume by itself. Sums are formed in single precision over a few hundred voxels and from
there on in double.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from workstation.engine.compiler import DOUBLES, LANES, VECTOR, Loops, address, count, in_threads, zeros

# Voxels that are added up in registers before their sums go to memory.
_BLOCK = 128
_LEAST_VOXELS = 4096


def is_supported(z: tf.Tensor) -> bool:
    """Whether there are loops for a tensor (N, I, J, K, C)."""
    return bool(z.dtype == tf.float32 and z.shape[-1] % LANES == 0)


def statistics(z: tf.Tensor, samples: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and variance of each channel, (S, C) both, about the first voxel so that little cancels."""
    channels, voxels = z.shape[-1], _voxels(z, samples)
    first = np.array(np.asarray(memoryview(z)).reshape(samples, voxels, channels)[:, 0])
    total, square = _sums(_statistics_loop(channels), [z], [first], samples=samples, voxels=voxels)
    mean = total / voxels
    return _tensor(mean + first), _tensor(square / voxels - np.square(mean))


def activation_sums(
    da: tf.Tensor, z: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, centre: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Sums over voxels of da' and da' (z - centre), (S, C) both; da' is what the ReLU lets through."""
    samples = scale.shape[0]
    loop, voxels = _sums_loop(z.shape[-1]), _voxels(z, samples)
    passed, passed_z = _sums(loop, [z, da], [scale, offset, centre], samples=samples, voxels=voxels)
    return _tensor(passed), _tensor(passed_z)


def _voxels(z: tf.Tensor, samples: int) -> int:
    return int(z.shape.num_elements() // (z.shape[-1] * samples))


def _tensor(values: np.ndarray) -> tf.Tensor:
    return tf.constant(values, tf.float32)


def _sums(
    run: Callable[..., None],
    volumes: Sequence[tf.Tensor],
    rows: Sequence[tf.Tensor | np.ndarray],
    *,
    samples: int,
    voxels: int,
) -> np.ndarray:
    """Two sums per sample and channel, (2, S, C) float64."""
    channels = volumes[0].shape[-1]
    total = np.zeros((2, samples, channels))
    for sample in range(samples):
        fixed = [*_starts(volumes, sample, voxels), *_starts(rows, sample, 1)]

        def part(start: int, stop: int, fixed: list[int] = fixed) -> np.ndarray:
            found = np.zeros((2, channels))
            run(*fixed, address(found[0]), address(found[1]), start, stop)
            return found

        total[:, sample] = sum(in_threads(part, voxels, least=_LEAST_VOXELS))
    return total


def _starts(tensors: Sequence[tf.Tensor | np.ndarray], sample: int, voxels: int) -> list[int]:
    """Where the rows of a sample begin in each tensor."""
    return [address(each) + 4 * sample * voxels * each.shape[-1] for each in tensors]


class _ChannelLoop(Loops):
    """Over blocks of voxels and groups of channels."""

    def __init__(self, channels: int, *, floats: int, doubles: int = 0) -> None:
        super().__init__(floats, doubles, 2)
        self.channels = channels
        self.vectors = 2 if channels % (2 * LANES) == 0 else 1

    @contextmanager
    def blocks(self) -> Iterator[tuple[Any, Any, Any]]:
        """First voxel, voxel after the last, and first channel of each block and group."""
        first, last = self.arguments[-2:]
        with self.loop(first, last, _BLOCK) as start:
            stop = self.smaller(self.add(start, count(_BLOCK)), last)
            with self.loop(count(0), count(self.channels), LANES * self.vectors) as channel:
                yield start, stop, channel

    def row(self, pointer: Any, channel: Any) -> list[Any]:
        """The vectors of a group in an array per channel."""
        return [self.vector(self.at(pointer, channel, LANES * number)) for number in range(self.vectors)]

    def place(self, pointer: Any, voxel: Any, channel: Any, number: int) -> Any:
        """Pointer to a vector of a voxel."""
        return self.at(pointer, self.mul(voxel, count(self.channels)), channel, LANES * number)

    def voxel(self, pointer: Any, voxel: Any, channel: Any) -> list[Any]:
        """The vectors of a group at a voxel."""
        return [self.vector(self.place(pointer, voxel, channel, number)) for number in range(self.vectors)]

    def add_to_doubles(self, sums: Sequence[Any], pointer: Any, channel: Any) -> None:
        """Add vectors of single precision to an array of doubles per channel."""
        for number, slot in enumerate(sums):
            target = self.bitcast(self.at(pointer, channel, LANES * number), DOUBLES.as_pointer())
            wide = self.fpext(self.load(slot), DOUBLES)
            self.store(self.fadd(self.load(target, align=8), wide), target, align=8)

    def passed(self, value: Any, z: Any, scale: Any, offset: Any) -> Any:
        """The gradient where the ReLU let its input through."""
        return self.select(self.fcmp_ordered(">", self.fused(z, scale, offset), zeros()), value, zeros())


@cache
def _statistics_loop(channels: int) -> Callable[..., None]:
    code = _ChannelLoop(channels, floats=2, doubles=2)
    z, centre, total, square = code.arguments[:4]
    firsts = [code.alloca(VECTOR) for _ in range(code.vectors)]
    seconds = [code.alloca(VECTOR) for _ in range(code.vectors)]
    with code.blocks() as (start, stop, channel):
        about = code.row(centre, channel)
        for slot in firsts + seconds:
            code.store(zeros(), slot)
        with code.loop(start, stop) as voxel:
            for number, value in enumerate(code.voxel(z, voxel, channel)):
                away = code.fsub(value, about[number])
                code.store(code.fadd(code.load(firsts[number]), away), firsts[number])
                code.store(code.fused(away, away, code.load(seconds[number])), seconds[number])
        code.add_to_doubles(firsts, total, channel)
        code.add_to_doubles(seconds, square, channel)
    return code.compiled()


@cache
def _sums_loop(channels: int) -> Callable[..., None]:
    code = _ChannelLoop(channels, floats=5, doubles=2)
    z, da, scale, offset, centre, total, moment = code.arguments[:7]
    firsts = [code.alloca(VECTOR) for _ in range(code.vectors)]
    seconds = [code.alloca(VECTOR) for _ in range(code.vectors)]
    with code.blocks() as (start, stop, channel):
        scales, offsets, centres = (code.row(each, channel) for each in (scale, offset, centre))
        for slot in firsts + seconds:
            code.store(zeros(), slot)
        with code.loop(start, stop) as voxel:
            das = code.voxel(da, voxel, channel)
            for number, value in enumerate(code.voxel(z, voxel, channel)):
                passed = code.passed(das[number], value, scales[number], offsets[number])
                code.store(code.fadd(code.load(firsts[number]), passed), firsts[number])
                away = code.fsub(value, centres[number])
                code.store(code.fused(passed, away, code.load(seconds[number])), seconds[number])
        code.add_to_doubles(firsts, total, channel)
        code.add_to_doubles(seconds, moment, channel)
    return code.compiled()
