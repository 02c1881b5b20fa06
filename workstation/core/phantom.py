"""Made-up cases that look enough like BraTS to test with: a skull-stripped head, four sequences, one tumour.

Distances to ellipsoids, made irregular by smooth noise, shape the head, its folds, the ventricles and the tumour; each
tissue has an intensity per sequence in the proportions of real MRI (oedema bright on FLAIR, rim bright on T1c), then
come a smooth bias field and Rician noise. Everything follows from the seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from workstation.core.geometry import Grid

_HEAD_MM = (140.0, 175.0, 140.0)
_CSF, _GREY, _WHITE, _CORE, _OEDEMA, _ENHANCING = range(6)
# Intensity of CSF, grey matter, white matter, necrotic core, oedema, enhancing rim.
_CONTRAST: Mapping[str, tuple[int, ...]] = {
    "T1": (260, 560, 720, 370, 480, 600),
    "T1c": (270, 580, 740, 360, 500, 1250),
    "T2": (1200, 700, 520, 1050, 980, 760),
    "FLAIR": (220, 620, 520, 560, 1150, 860),
}
_BRATS2021_VALUE = {_CORE: 1, _OEDEMA: 2, _ENHANCING: 4}
_NOISE = 24.0


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
        Axes LPS as in BraTS; voxels of 1 mm, or as much larger as it takes for the head to fit.
    """

    sequences: Mapping[str, np.ndarray]
    labels: np.ndarray
    grid: Grid


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where the voxels are: three broadcastable coordinates in mm from the centre (left, back, up), and the spacing."""

    axes: tuple[np.ndarray, np.ndarray, np.ndarray]
    zoom: float


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
    zoom = max(1.0, *(extent * 1.1 / size for extent, size in zip(_HEAD_MM, shape, strict=True)))
    place = _place(shape, zoom)
    tissue, head = _tissues(place, random)
    bias = 1 + 0.08 * _smooth_noise(place, random, cell_mm=70)
    sequences = {}
    for name, contrast in _CONTRAST.items():
        image = ndimage.gaussian_filter(np.array(contrast, dtype=np.float32)[tissue], 0.6)
        image *= bias * (1 + 0.03 * _smooth_noise(place, random, cell_mm=12))
        sequences[name] = _noisy(image, head, random)
    values = np.zeros(6, dtype=np.uint8)
    for kind, value in _BRATS2021_VALUE.items():
        values[kind] = value
    affine = np.diag([-zoom, -zoom, zoom, 1.0])
    # The volume's centre is the world's origin, as about in an atlas.
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    labels = np.asfortranarray(np.where(head, values[tissue], 0).astype(np.uint8))
    return Phantom(sequences, labels, Grid(shape, affine))


def _place(shape: tuple[int, int, int], zoom: float) -> _Place:
    lines = [((np.arange(size) - (size - 1) / 2) * zoom).astype(np.float32) for size in shape]
    return _Place((lines[0][:, None, None], lines[1][None, :, None], lines[2][None, None, :]), zoom)


def _noisy(image: np.ndarray, head: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Rician noise in the head (the length of a complex signal with Gaussian noise in both parts), zero around it."""
    signal = image[head]
    real, imaginary = random.standard_normal((2, signal.size), dtype=np.float32) * np.float32(_NOISE)
    result = np.zeros(image.shape, dtype=np.int16, order="F")
    result[head] = np.clip(np.hypot(signal + real, imaginary), 1, 4000).astype(np.int16)
    return result


def _tissues(place: _Place, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(tissue of each voxel, head mask)."""
    left, back, up = place.axes
    # The base of a brain is flatter than its top.
    depth = _ellipsoid(place, (0, 0, -8), (_HEAD_MM[0] / 2, _HEAD_MM[1] / 2, _HEAD_MM[2] / 2 + 4))
    depth += np.where(up < 0, (up / -65) ** 2 * 0.12, 0) + 0.012 * _smooth_noise(place, random, cell_mm=30)
    head = depth < 1
    folds = _smooth_noise(place, random, cell_mm=11)
    tissue = np.full(depth.shape, _WHITE, dtype=np.uint8)
    tissue[depth + 0.10 * folds > 0.80] = _GREY
    # Sulci: thin sheets where a field crosses zero, wider towards the surface; then the fissure between the halves.
    sheet = np.abs(_smooth_noise(place, random, cell_mm=13))
    tissue[(sheet < 1.3 * (depth - 0.80)) & (depth > 0.83)] = _CSF
    fissure = np.abs(left + 1.2 * folds) - max(0.8, 0.4 * place.zoom)
    tissue[(fissure < 4) & (depth > 0.62) & (up > -25)] = _GREY
    tissue[(fissure < 0) & (depth > 0.66) & (up > -25)] = _CSF
    for side in (-1, 1):
        thalamus = _ellipsoid(place, (side * 15, 6, -6), (9, 15, 10))
        tissue[thalamus + 0.06 * folds < 1] = _GREY
        ventricle = _ellipsoid(place, (side * (10 + 0.004 * back**2), 6, 10 - 0.003 * back**2), (6, 38, 9))
        tissue[ventricle + 0.08 * folds < 1] = _CSF
    _grow_tumour(tissue, place, random)
    return tissue, head


def _grow_tumour(tissue: np.ndarray, place: _Place, random: np.random.Generator) -> None:
    """Write a core, a rim around it and oedema around both into `tissue`, somewhere off the midline."""
    side = random.choice((-1, 1))
    centre = (side * random.uniform(26, 40), random.uniform(-42, 42), random.uniform(-15, 32))
    # On a coarse grid too, there is room for all three.
    size = max(random.uniform(13, 24), 2.2 * place.zoom)
    radii = size * random.uniform(0.8, 1.25, 3)
    rough = _smooth_noise(place, random, cell_mm=8)
    solid = _ellipsoid(place, centre, radii) + 0.16 * _smooth_noise(place, random, cell_mm=20) + 0.07 * rough
    core = solid + 0.09 * _smooth_noise(place, random, cell_mm=14)
    middle = tuple(position + random.uniform(-6, 6) for position in centre)
    swollen = _ellipsoid(place, middle, radii * random.uniform(1.5, 2.0, 3))
    swollen += 0.26 * _smooth_noise(place, random, cell_mm=26) + 0.08 * rough
    # Oedema follows white matter, enters grey matter late, and spares the fluid.
    reach = np.array([0.0, 0.72, 1.0, 0.0, 0.0, 0.0], dtype=np.float32)
    tissue[swollen < reach[tissue]] = _OEDEMA
    tissue[solid < 1] = _ENHANCING
    tissue[core < random.uniform(0.62, 0.78)] = _CORE


def _ellipsoid(place: _Place, centre: Sequence[float | np.ndarray], radii: Sequence[float] | np.ndarray) -> np.ndarray:
    """Distance from a centre in units of the radii: below 1 inside."""
    squares = [
        ((axis - middle) / np.float32(radius)) ** 2
        for axis, middle, radius in zip(place.axes, centre, radii, strict=True)
    ]
    distance: np.ndarray = np.sqrt(squares[0] + squares[1] + squares[2], dtype=np.float32)
    return distance


def _smooth_noise(place: _Place, random: np.random.Generator, *, cell_mm: float) -> np.ndarray:
    """Noise of mean 0 and deviation 1 that varies over `cell_mm`: random knots joined by cubic B-splines.

    B-splines show no trace of their grid, which linear interpolation does, and are three small matrix products.
    """
    lines = [axis.ravel() for axis in place.axes]
    knots = [int((line[-1] - line[0]) / cell_mm) + 5 for line in lines]
    field = random.standard_normal(knots, dtype=np.float32)
    for line, count in zip(lines, knots, strict=True):
        position = (line - line[0]) / cell_mm + 1
        weights = _cubic_b_spline(np.abs(position[:, None] - np.arange(count)))
        # The product puts the new axis last; after three of them the order is the first one again.
        field = np.tensordot(field, weights.astype(np.float32), axes=(0, 1))
    # Variance of the sum of independent knots: the mean over a cell of the squared weights, 151/315, on each axis.
    result: np.ndarray = field * np.float32((151 / 315) ** -1.5)
    return result


def _cubic_b_spline(distance: np.ndarray) -> np.ndarray:
    """Weight of a knot at a distance in cells."""
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.clip(2 - distance, 0, None) ** 3 / 6
    return np.where(distance < 1, near, far)
