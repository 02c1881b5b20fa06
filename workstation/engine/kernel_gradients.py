"""The gradient of a 3x3x3 convolution's kernel as a direct loop.

On AVX2 oneDNN computes this gradient through a matrix of shifted copies, at a third of the rate of a forward
convolution (64 and 45 of 182 GFLOP/s at 96x96x96 with 16 and 32 channels on two Zen 3 cores); this loop runs at
171 to 179. Its core walks along K and keeps the gradients of four input channels, three taps and eight output channels
in twelve registers; three more hold eight channels of dz before, at and after the voxel, so that each is loaded once.
An earlier core that slid the source instead of dz read three lines of the cache at one offset in each step, and ran at
two thirds of this speed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from workstation.engine.compiler import LANES, VECTOR, Loops, address, count, in_threads, zeros

_TAPS = 3
# What one pass over a few lines may take of a first-level cache of 32 KiB.
_LINES_BYTES = 24_000
# Voxels that are added up in single precision; their sums are added in double.
_SUM_VOXELS = 2**13


def is_supported(source: tf.Tensor, dz: tf.Tensor) -> bool:
    """Whether there is a loop for tensors (N, I, J, K, Ci) and (N, I, J, K, Co)."""
    return bool(source.dtype == dz.dtype == tf.float32 and dz.shape[-1] % LANES == 0)


def kernel_gradient(source: tf.Tensor, dz: tf.Tensor) -> tf.Tensor:
    """Gradient of the kernel of a convolution with zeros outside.

    Parameters
    ----------
    source : (N, I, J, K, Ci) float32 tensor
    dz : (N, I, J, K, Co) float32 tensor
        Co a multiple of `LANES`.

    Returns
    -------
    (3, 3, 3, Ci, Co) float32 tensor
    """
    samples, i, j, k, channels_in = source.shape
    channels_out = dz.shape[-1]
    run = _loop(channels_in, channels_out)
    read, given = address(source), address(dz)
    volume = 4 * i * j * k
    lines = max(1, min(j, _LINES_BYTES // (4 * k * (channels_in + channels_out))))

    planes = max(1, _SUM_VOXELS // (j * k))

    def part(start: int, stop: int) -> np.ndarray:
        total = np.zeros((_TAPS, _TAPS, _TAPS, channels_in, channels_out))
        found = np.empty(total.shape, np.float32)
        for sample in range(samples):
            x, z = read + sample * volume * channels_in, given + sample * volume * channels_out
            for first in range(start, stop, planes):
                found[...] = 0
                run(x, z, address(found), first, min(first + planes, stop), i, j, k, lines)
                total += found
        return total

    return tf.constant(np.sum(in_threads(part, i), axis=0), tf.float32)


@cache
def _loop(channels_in: int, channels_out: int) -> Any:
    return _KernelLoop(channels_in, channels_out).compiled()


class _KernelLoop(Loops):
    """Planes `first` to `last` of one volume, added to a gradient."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(floats=3, doubles=0, counts=6)
        self._in, self._out = channels_in, channels_out
        self._inputs = next(number for number in (4, 2, 1) if channels_in % number == 0)
        # Fewer input channels leave registers for more output channels, and need them: a sum is ready after four steps.
        self._vectors = 2 if self._inputs < 4 and channels_out % (2 * LANES) == 0 else 1
        self._sums = {
            (tap, channel, vector): self.alloca(VECTOR)
            for tap in range(_TAPS)
            for channel in range(self._inputs)
            for vector in range(self._vectors)
        }
        self._window = [[self.alloca(VECTOR) for _ in range(self._vectors)] for _ in range(_TAPS)]
        self._write()

    def _write(self) -> None:
        source, dz, gradient, first, last, i, j, _k, lines = self.arguments
        with self.loop(first, last) as plane:
            blocks = self.sdiv(self.sub(self.add(j, lines), count(1)), lines)
            with self.loop(count(0), blocks) as block:
                start = self.mul(block, lines)
                stop = self.smaller(self.add(start, lines), j)
                with self._taps(plane, i) as across, self.loop(count(0), count(_TAPS)) as along:
                    tap = self.add(self.mul(across, count(_TAPS)), along)
                    with (
                        self.loop(count(0), count(self._in), self._inputs) as channel,
                        self.loop(count(0), count(self._out), LANES * self._vectors) as out,
                    ):
                        place = self.mul(self.mul(tap, count(_TAPS * self._in)), count(self._out))
                        place = self.add(place, self.add(self.mul(channel, count(self._out)), out))
                        self._fetch(gradient, place)
                        low = self.larger(start, self.sub(count(1), along))
                        high = self.smaller(stop, self.sub(self.add(j, count(1)), along))
                        with self.loop(low, high) as line:
                            x = self._line(source, self._next(plane, across), self._next(line, along), self._in)
                            z = self._line(dz, plane, line, self._out)
                            self._along_k(self.at(x, channel), self.at(z, out))
                        self._give_back(gradient, place)

    def _taps(self, plane: Any, planes: Any) -> Any:
        """The taps across planes that lie inside the volume."""
        low = self.larger(count(0), self.sub(count(1), plane))
        return self.loop(low, self.smaller(count(_TAPS), self.sub(self.add(planes, count(1)), plane)))

    def _next(self, number: Any, tap: Any) -> Any:
        return self.sub(self.add(number, tap), count(1))

    def _line(self, pointer: Any, plane: Any, line: Any, channels: int) -> Any:
        j, k = self.arguments[6:8]
        voxel = self.mul(self.add(self.mul(plane, j), line), k)
        return self.at(pointer, self.mul(voxel, count(channels)))

    def _place_of(self, place: Any, tap: int, channel: int, vector: int) -> Any:
        return self.add(place, count((tap * self._in + channel) * self._out + vector * LANES))

    def _fetch(self, gradient: Any, place: Any) -> None:
        for key, slot in self._sums.items():
            self.store(self.vector(self.at(gradient, self._place_of(place, *key))), slot)

    def _give_back(self, gradient: Any, place: Any) -> None:
        for key, slot in self._sums.items():
            self.put(self.load(slot), self.at(gradient, self._place_of(place, *key)))

    def _along_k(self, x: Any, z: Any) -> None:
        """One line: the window holds dz at k - 1, k and k + 1, and turns instead of moving in the main loop."""
        length = self.sub(self.arguments[7], count(1))
        turned = self.mul(self.sdiv(length, count(_TAPS)), count(_TAPS))
        self._open(0, None)
        self._open(1, self.at(z, 0))
        with self.loop(count(0), turned, _TAPS) as k:
            for turn in range(_TAPS):
                self._step(x, z, self.add(k, count(turn)), turn)
        with self.loop(turned, length) as k:
            self._step(x, z, k, 0)
            for vector in range(self._vectors):
                for slot in range(_TAPS - 1):
                    self.store(self.load(self._window[slot + 1][vector]), self._window[slot][vector])
        self._open(2, None)
        self._voxel(x, length, 0)

    def _step(self, x: Any, z: Any, k: Any, turn: int) -> None:
        self._open((turn + 2) % _TAPS, self.at(z, self.mul(self.add(k, count(1)), count(self._out))))
        self._voxel(x, k, turn)

    def _open(self, slot: int, pointer: Any) -> None:
        """Put what is at `pointer`, or zeros, into a slot of the window."""
        for vector, kept in enumerate(self._window[slot]):
            self.store(zeros() if pointer is None else self.vector(self.at(pointer, vector * LANES)), kept)

    def _voxel(self, x: Any, k: Any, turn: int) -> None:
        for channel in range(self._inputs):
            value = self.spread(self.at(x, self.mul(k, count(self._in)), channel))
            for tap in range(_TAPS):
                for vector in range(self._vectors):
                    slot = self._sums[tap, channel, vector]
                    dz = self.load(self._window[(turn + _TAPS - 1 - tap) % _TAPS][vector])
                    self.store(self.fused(value, dz, self.load(slot)), slot)
