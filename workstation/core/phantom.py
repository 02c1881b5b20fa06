"""Made-up cases that look enough like BraTS to test with: a skull-stripped head, four sequences, one tumour.

A field of distances to a wobbly ellipsoid makes the head, the ventricles and the tumour; tissues get an intensity per
sequence as in real MRI (oedema bright on FLAIR, rim bright on T1c), then a smooth bias field and noise. Everything
follows from the seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from workstation.core.geometry import Grid

_HEAD_MM = (150.0, 185.0, 150.0)
_CSF, _GREY, _WHITE, _CORE, _OEDEMA, _ENHANCING = range(6)
# Intensity of CSF, grey matter, white matter, necrotic core, oedema, enhancing rim.
_CONTRAST: Mapping[str, tuple[int, ...]] = {
    "T1": (250, 560, 720, 380, 480, 600),
    "T1c": (260, 580, 740, 360, 500, 1250),
    "T2": (1300, 700, 520, 1050, 980, 760),
    "FLAIR": (220, 620, 520, 640, 1150, 820),
}
_BRATS2021_VALUE = {_CORE: 1, _OEDEMA: 2, _ENHANCING: 4}


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """One made-up case.

    Parameters
    ----------
    sequences : mapping of str to (I, J, K) int16 ndarray
        T1, T1c, T2 and FLAIR; zero outside the head.
    labels : (I, J, K) uint8 ndarray
        In the scheme of BraTS 2021: 1 core, 2 oedema, 4 enhancing.
    grid : Grid
        Axes LPS as in BraTS; voxels of one size, such that the head fits.
    """

    sequences: Mapping[str, np.ndarray]
    labels: np.ndarray
    grid: Grid


def make_phantom(shape: tuple[int, int, int], *, seed: int) -> Phantom:
    """Make one case.

    Parameters
    ----------
    shape : tuple of int
        Voxels along (I, J, K), each at least 8.
    seed : int
        Of everything random: shape, place and size of the tumour, bias, noise.
    """
    random = np.random.default_rng(seed)
    zoom = max(extent * 1.1 / size for extent, size in zip(_HEAD_MM, shape, strict=True))
    grid = Grid(shape, np.diag([-zoom, -zoom, zoom, 1.0]) + _offset(shape, zoom))
    tissue, head = _tissues(shape, zoom, random)
    bias = 1 + 0.18 * _smooth_noise(shape, random, cells=3)
    sequences = {}
    for name, contrast in _CONTRAST.items():
        image = ndimage.gaussian_filter(np.array(contrast, dtype=np.float32)[tissue], 0.6) * bias
        image += random.normal(0, 28, shape).astype(np.float32) + 45 * _smooth_noise(shape, random, cells=9)
        sequences[name] = np.asfortranarray(np.where(head, np.clip(image, 1, 4000), 0).astype(np.int16))
    values = np.zeros(6, dtype=np.uint8)
    for kind, value in _BRATS2021_VALUE.items():
        values[kind] = value
    return Phantom(sequences, np.asfortranarray(np.where(head, values[tissue], 0).astype(np.uint8)), grid)


def _offset(shape: tuple[int, int, int], zoom: float) -> np.ndarray:
    """Translation that puts the centre of the volume near the world's origin, as an atlas would."""
    offset = np.zeros((4, 4))
    offset[:3, 3] = [zoom * (shape[0] - 1) / 2, zoom * (shape[1] - 1) / 2, -zoom * (shape[2] - 1) / 2]
    return offset


def _tissues(shape: tuple[int, int, int], zoom: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(tissue of each voxel, head mask)."""
    place = np.meshgrid(
        *((np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(zoom) for size in shape), indexing="ij"
    )
    depth = _ellipsoid(place, (0, 0, 0), [extent / 2 for extent in _HEAD_MM]) + 0.05 * _smooth_noise(
        shape, random, cells=5
    )
    head = depth < 1
    folds = _smooth_noise(shape, random, cells=14)
    tissue = np.full(shape, _WHITE, dtype=np.uint8)
    tissue[depth + 0.3 * folds > 0.8] = _GREY
    tissue[depth + 0.05 * folds > 0.97] = _CSF
    for side in (-1, 1):
        tissue[_ellipsoid(place, (side * 11, 4, 8), (7, 32, 10)) + 0.2 * folds < 1] = _CSF
    _grow_tumour(tissue, place, random)
    return tissue, head


def _grow_tumour(tissue: np.ndarray, place: Sequence[np.ndarray], random: np.random.Generator) -> None:
    """Write a core, a rim around it and oedema around both into `tissue`, somewhere off the midline."""
    side = random.choice((-1, 1))
    centre = (side * random.uniform(24, 42), random.uniform(-45, 45), random.uniform(-20, 38))
    size = random.uniform(15, 25)
    radii = size * random.uniform(0.8, 1.25, 3)
    wobble = _smooth_noise(tissue.shape, random, cells=7)
    solid = _ellipsoid(place, centre, radii) + 0.55 * wobble
    swollen = _ellipsoid(place, centre, radii * random.uniform(1.45, 1.9)) + 0.6 * _smooth_noise(
        tissue.shape, random, cells=6
    )
    # Oedema follows white matter and spares the ventricles.
    tissue[(swollen < 1) & (tissue != _CSF)] = _OEDEMA
    tissue[solid < 1] = _ENHANCING
    tissue[solid < random.uniform(0.5, 0.72)] = _CORE


def _ellipsoid(
    place: Sequence[np.ndarray], centre: tuple[float, ...], radii: tuple[float, ...] | list[float] | np.ndarray
) -> np.ndarray:
    """Distance from a centre in units of the radii: below 1 inside."""
    squares = (
        ((axis - np.float32(middle)) / np.float32(radius)) ** 2
        for axis, middle, radius in zip(place, centre, radii, strict=True)
    )
    distance: np.ndarray = np.sqrt(sum(squares))
    return distance


def _smooth_noise(shape: tuple[int, ...], random: np.random.Generator, *, cells: int) -> np.ndarray:
    """Noise of about unit range that varies over 1/cells of the volume: a small random grid, interpolated."""
    coarse = random.uniform(-1, 1, (cells + 1,) * 3).astype(np.float32)
    for axis, size in enumerate(shape):
        position = np.linspace(0, cells, size)
        below = np.minimum(position.astype(np.int64), cells - 1)
        share = (position - below).astype(np.float32)
        share = (share * share * (3 - 2 * share)).reshape([-1 if each == axis else 1 for each in range(3)])
        coarse = np.take(coarse, below, axis=axis) * (1 - share) + np.take(coarse, below + 1, axis=axis) * share
    return coarse
