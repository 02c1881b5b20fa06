"""Random changes of a case, drawn from where it stands in a training and from nothing else.

The draw depends on (seed, epoch, case) alone: not on the order of reading, on threads, or on how often a run was
interrupted. Flips and quarter turns move voxels without changing them; shapes vary by a turn and a scale, interpolated.
Intensities vary as scanners do: contrast, brightness and gamma of each sequence, within what BraTS cases differ by.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from workstation.core.network import Shape

_FLIP_CHANCE = 0.5
_CONTRAST = (0.75, 1.25)
_BRIGHTNESS = (-0.25, 0.25)
_GAMMA = (0.7, 1.5)
_PLANES = ((0, 1), (0, 2), (1, 2))
_TURN_DEGREES = 15.0
_SCALE = (0.85, 1.2)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """One drawn change of a volume.

    Parameters
    ----------
    flips : tuple of int
        Axes that are mirrored, first.
    turns : int
        Quarter turns, 0 to 3, in `plane`, second.
    plane : (int, int)
        Two axes of equal length.
    """

    flips: tuple[int, ...] = ()
    turns: int = 0
    plane: tuple[int, int] = (0, 1)

    def apply(self, data: np.ndarray) -> np.ndarray:
        """A view of `data` (I, J, K, C), moved."""
        return np.rot90(np.flip(data, self.flips), self.turns, axes=self.plane)


@dataclass(frozen=True, slots=True)
class Intensities:
    """One drawn change of intensities, a value per sequence each.

    Parameters
    ----------
    contrast, brightness, gamma : tuple of float
        `contrast x + brightness`, after `x` was raised to `gamma` between its lowest and highest value.
    """

    contrast: tuple[float, ...]
    brightness: tuple[float, ...]
    gamma: tuple[float, ...]

    def apply(self, data: np.ndarray, background: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Changed copies of (I, J, K, C) float32 and of what its channels are padded with, (C,)."""
        changed, outside = np.empty_like(data), np.empty_like(background)
        for channel, (contrast, brightness, gamma) in enumerate(
            zip(self.contrast, self.brightness, self.gamma, strict=True)
        ):
            values = data[..., channel]
            low, high = float(values.min()), float(values.max())
            span = max(high - low, 1e-6)
            for source, target in ((values, changed[..., channel]), (background[channel], outside[channel, ...])):
                inside = np.clip((source - low) / span, 0, 1)
                target[...] = (np.power(inside, gamma, dtype=np.float32) * span + low) * contrast + brightness
        return changed, outside


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """One drawn turn and scaling about the centre of a volume.

    Parameters
    ----------
    matrix : (3, 3) float array
        From offsets of a voxel to the centre after the change, to those before it.
    """

    matrix: np.ndarray

    def images(self, data: np.ndarray, background: np.ndarray) -> np.ndarray:
        """(I, J, K, C) float32, changed; what comes from outside is the channel's background, (C,)."""
        moved = np.empty(data.shape, np.float32)
        for channel, fill in enumerate(background):
            self._move(data[..., channel], moved[..., channel], float(fill))
        return moved

    def masks(self, data: np.ndarray) -> np.ndarray:
        """(I, J, K, R) uint8 of zeros and ones, changed: a voxel is in where at least half of it is."""
        moved = np.empty(data.shape, np.uint8)
        weights = np.empty(data.shape[:3], np.float32)
        for region in range(data.shape[-1]):
            self._move(data[..., region].astype(np.float32), weights, 0.0)
            moved[..., region] = weights >= 0.5
        return moved

    def _move(self, source: np.ndarray, target: np.ndarray, fill: float) -> None:
        centre = (np.array(source.shape) - 1) / 2
        offset = centre - self.matrix @ centre
        ndimage.affine_transform(source, self.matrix, offset, output=target, order=1, mode="constant", cval=fill)


def draw_warp(seed: int, *, epoch: int, case: str) -> Warp:
    """The turn about each axis, up to 15 degrees, and the scale, 0.85 to 1.2 on a logarithmic scale, of one case."""
    random = random_generator(seed, "warp", epoch, case)
    turn = np.eye(3)
    for plane, degrees in zip(_PLANES, random.uniform(-_TURN_DEGREES, _TURN_DEGREES, size=3), strict=True):
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        about = np.eye(3)
        about[np.ix_(plane, plane)] = [[cosine, -sine], [sine, cosine]]
        turn = turn @ about
    scale = math.exp(random.uniform(math.log(_SCALE[0]), math.log(_SCALE[1])))
    return Warp(turn / scale)


def draw_intensities(seed: int, *, epoch: int, case: str, channels: int) -> Intensities:
    """The change of one case in one epoch; gamma is drawn evenly on a logarithmic scale."""
    random = random_generator(seed, "intensities", epoch, case)
    gamma = np.exp(random.uniform(math.log(_GAMMA[0]), math.log(_GAMMA[1]), size=channels))
    return Intensities(
        contrast=tuple(random.uniform(*_CONTRAST, size=channels).tolist()),
        brightness=tuple(random.uniform(*_BRIGHTNESS, size=channels).tolist()),
        gamma=tuple(gamma.tolist()),
    )


def random_generator(seed: int, *names: object) -> np.random.Generator:
    """Random numbers that depend on the seed and the names only, equal on every machine."""
    text = "/".join(map(str, names)).encode("utf-8")
    return np.random.default_rng([seed, int.from_bytes(hashlib.sha256(text).digest()[:8], "little")])


def draw_augmentation(seed: int, *, epoch: int, case: str, shape: Shape) -> Augmentation:
    """The change of one case in one epoch.

    Each axis is mirrored with a chance of one half. Where two axes are equal, one such pair is turned by a quarter,
    0 to 3 times, so that the shape stays.
    """
    random = random_generator(seed, "augmentation", epoch, case)
    flips = tuple(axis for axis in range(3) if random.random() < _FLIP_CHANCE)
    planes = [plane for plane in _PLANES if shape[plane[0]] == shape[plane[1]]]
    if not planes:
        return Augmentation(flips)
    plane = planes[int(random.integers(len(planes)))]
    return Augmentation(flips, int(random.integers(4)), plane)
