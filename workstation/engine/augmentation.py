"""Random flips and quarter turns of a case, drawn from where it stands in a training and from nothing else.

The draw depends on (seed, epoch, case) alone: not on the order of reading, on threads, or on how often a run was
interrupted. Flips and turns move voxels without changing them, so no interpolation blurs an image or its truth.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from workstation.core.network import Shape

_FLIP_CHANCE = 0.5
_PLANES = ((0, 1), (0, 2), (1, 2))


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
