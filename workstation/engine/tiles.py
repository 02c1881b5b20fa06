"""Prediction by tiles, as machines with little memory do it: which tiles, and how overlapping ones are averaged.

A tile sees nothing beyond its borders, where convolutions take zeros for what the whole volume would show; the seams
that this leaves are what `engine/seams.py` measures. Tiles begin at multiples of 2**depth, so that every pooling pairs
the same voxels as in the whole volume and nothing but the borders differs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from workstation.core.network import Shape
from workstation.errors import RequestError

# Of a tile's side; the choice of nnU-Net. Isensee F et al. Nat Methods 18, 2021, 203-211.
_GAUSSIAN_SIGMA = 1 / 8
_LEAST_WEIGHT = 1e-3


@dataclass(frozen=True, slots=True)
class Tile:
    """A box of voxels.

    Parameters
    ----------
    start, stop : (I, J, K)
        First voxel, and the one after the last.
    """

    start: Shape
    stop: Shape

    @property
    def shape(self) -> Shape:
        """Its sides."""
        i, j, k = (stop - start for start, stop in zip(self.start, self.stop, strict=True))
        return i, j, k

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of its voxels in an (I, J, K, ...) array."""
        i, j, k = (slice(start, stop) for start, stop in zip(self.start, self.stop, strict=True))
        return i, j, k


def tiles_of(shape: Shape, tile: Shape, *, overlap: int = 0, multiple: int = 1) -> tuple[Tile, ...]:
    """The tiles that cover a volume.

    Parameters
    ----------
    shape, tile : (I, J, K)
        Of the volume and of a tile, multiples of `multiple`; a tile is cut down to the volume where it is larger.
    overlap : int
        Voxels that neighbours share at least: tiles begin at multiples of `multiple`, so it may be rounded up. With 0
        each voxel belongs to one tile, and the last tiles are smaller where the sides do not divide; else the last
        tiles keep their size and share more.
    multiple : int
        2**depth of the network.

    Raises
    ------
    RequestError
        The tile's sides are no such multiples, or the overlap leaves no step from one tile to the next.
    """
    if any(side % multiple for side in (*tile, *shape)):
        words = "x".join(map(str, tile))
        raise RequestError(f"Sides of tiles must be multiples of {multiple}, not {words}.", field="tile")
    sides = tuple(min(pair) for pair in zip(tile, shape, strict=True))
    stride = [(side - overlap) // multiple * multiple for side in tile]
    if min(stride) <= 0:
        raise RequestError(
            f"An overlap of {overlap} voxels leaves no step between tiles of {min(tile)}.",
            field="overlap",
            hint=f"Choose at most {min(tile) - multiple}.",
        )
    spans = [_spans(*each, keeps_side=overlap > 0) for each in zip(shape, sides, stride, strict=True)]
    return tuple(Tile((i[0], j[0], k[0]), (i[1], j[1], k[1])) for i, j, k in product(*spans))


def predict_by_tiles(
    predict: Callable[[np.ndarray], np.ndarray],
    inputs: np.ndarray,
    tiles: Sequence[Tile],
    *,
    weighting: str = "uniform",
    after_tile: Callable[[int], None] = lambda _done: None,
) -> np.ndarray:
    """Probabilities of a volume from those of its tiles, averaged where they overlap.

    Parameters
    ----------
    predict : callable
        (I, J, K, C) inputs of a tile to (I, J, K, R) probabilities.
    inputs : (I, J, K, C) float32 ndarray
    tiles : sequence of Tile
        Cover the volume.
    weighting : {"uniform", "gaussian"}
        Equal weights, or ones that fall off from the middle of each tile.
    after_tile : callable
        Gets the number of tiles that are done; may raise to stop.

    Returns
    -------
    (I, J, K, R) float32 ndarray
    """
    total: np.ndarray | None = None
    weights = np.zeros((*inputs.shape[:3], 1), np.float32)
    for done, tile in enumerate(tiles, start=1):
        found = predict(np.ascontiguousarray(inputs[tile.slices]))
        if total is None:
            total = np.zeros((*inputs.shape[:3], found.shape[-1]), np.float32)
        weight = weights_of(tile.shape, weighting)[..., np.newaxis]
        total[tile.slices] += weight * found
        weights[tile.slices] += weight
        after_tile(done)
    if total is None or not weights.all():
        raise RequestError("The tiles do not cover the volume.", field="tile")
    return total / weights


def weights_of(shape: Shape, weighting: str) -> np.ndarray:
    """(I, J, K) float32 weights of a tile's voxels, 1 at most, all above 0."""
    if weighting == "uniform":
        return np.ones(shape, np.float32)
    falls = []
    for side in shape:
        distance = np.arange(side) - (side - 1) / 2
        falls.append(np.exp(-0.5 * (distance / max(side * _GAUSSIAN_SIGMA, 0.5)) ** 2))
    weights = falls[0][:, None, None] * falls[1][:, None] * falls[2]
    return np.maximum(weights / weights.max(), _LEAST_WEIGHT).astype(np.float32)


def distance_to_seams(shape: Shape, tiles: Sequence[Tile]) -> np.ndarray:
    """How many voxels each voxel is from the nearest border of a tile inside the volume, along one of the axes.

    Returns
    -------
    (I, J, K) int16 ndarray
        0 right at a border, on either side; the largest int16 where there is no border.
    """
    nearest = np.full(shape, np.iinfo(np.int16).max, np.int16)
    for axis, side in enumerate(shape):
        borders = {tile.start[axis] for tile in tiles} | {tile.stop[axis] for tile in tiles}
        inside = sorted(borders - {0, side})
        if not inside:
            continue
        middle = np.arange(side) + 0.5
        distance = np.abs(middle[:, None] - np.array(inside)).min(axis=1)
        shaped = np.floor(distance).astype(np.int16).reshape([-1 if each == axis else 1 for each in range(3)])
        np.minimum(nearest, shaped, out=nearest)
    return nearest


def _spans(side: int, tile: int, stride: int, *, keeps_side: bool) -> list[tuple[int, int]]:
    """(start, stop) of the tiles along one axis."""
    count = 1 + max(0, math.ceil((side - tile) / stride))
    starts = [index * stride for index in range(count)]
    if keeps_side:
        starts[-1] = min(starts[-1], side - tile)
    return [(start, min(start + tile, side)) for start in starts]
