"""Shapes that a pen draws into a voxel grid: a brush along a stroke, a polygon in one slice.

Voxel i reaches from i - 0.5 to i + 0.5; a voxel belongs to a shape if its centre does. Distances are in mm along the
voxel axes, so that a ball stays a ball where the spacing differs from axis to axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from workstation.core.boxes import Box

# A centre that lies on the rim belongs to the brush, whatever the last bit of its distance says.
_RIM_MM2 = 1e-6


def stroke_mask(
    start: Sequence[float],
    stop: Sequence[float],
    *,
    radius_mm: float,
    zooms: tuple[float, float, float],
    shape: tuple[int, int, int],
    axis: int | None = None,
) -> tuple[Box, np.ndarray] | None:
    """The voxels that a brush passes over on its way between two places.

    The way is straight and the brush passes over all of it, so that a quick stroke has no gaps. The voxel under the
    brush's middle always belongs to it, however small the brush is.

    Parameters
    ----------
    start, stop : sequence of float
        Voxel indices, not rounded.
    radius_mm : float
    zooms : tuple of float
        Voxel spacing, mm.
    shape : tuple of int
        Of the volume.
    axis : int or None
        A disc in one slice across this axis (the one nearest to `start`); None is a ball.

    Returns
    -------
    tuple of (box, mask) or None
        Where the mask lies, and which voxels there: bool. None if the brush stays outside the volume.
    """
    ends = np.array([start, stop], dtype=np.float64)
    reach = radius_mm / np.array(zooms)
    if axis is not None:
        ends[:, axis] = math.floor(ends[0, axis] + 0.5)
        reach[axis] = 0
    # At least the voxel that holds each end.
    first = np.floor(np.minimum(ends.min(axis=0) - reach, np.floor(ends.min(axis=0) + 0.5))).astype(int)
    last = np.ceil(np.maximum(ends.max(axis=0) + reach, np.floor(ends.max(axis=0) + 0.5))).astype(int)
    first, last = np.maximum(first, 0), np.minimum(last, np.array(shape) - 1)
    if (first > last).any():
        return None
    box = (slice(first[0], last[0] + 1), slice(first[1], last[1] + 1), slice(first[2], last[2] + 1))
    mask = _capsule(ends, box, zooms=zooms, radius_mm=radius_mm)
    if radius_mm < np.linalg.norm(zooms) / 2:
        _add_line(mask, ends, first)
    return (box, mask) if mask.any() else None


def _capsule(ends: np.ndarray, box: Box, *, zooms: tuple[float, float, float], radius_mm: float) -> np.ndarray:
    """Voxels of a box within a distance of a line: |x - p|^2 - 2 t (x - p).d + t^2 |d|^2 at its nearest point t."""
    way = (ends[1] - ends[0]) * zooms
    offsets = [
        (np.arange(side.start, side.stop) - ends[0, axis]).astype(np.float32) * np.float32(zooms[axis])
        for axis, side in enumerate(box)
    ]
    across = [offset.reshape([-1 if axis == each else 1 for each in range(3)]) for axis, offset in enumerate(offsets)]
    squared = across[0] ** 2 + across[1] ** 2 + across[2] ** 2
    length = float(way @ way)
    if length > 0:
        along = sum((part * np.float32(step) for part, step in zip(across, way, strict=True)), np.float32(0))
        share = np.clip(along * np.float32(1 / length), 0, 1)
        squared = squared + share * (share * np.float32(length) - 2 * along)
    mask: np.ndarray = squared <= np.float32(radius_mm**2 + _RIM_MM2)
    return mask


def _add_line(mask: np.ndarray, ends: np.ndarray, first: np.ndarray) -> None:
    """Add the voxels that a line goes through, as far as they lie in the box."""
    steps = int(2 * np.abs(ends[1] - ends[0]).max()) + 2
    places = ends[0] + np.linspace(0, 1, steps)[:, None] * (ends[1] - ends[0])
    voxels = np.floor(places + 0.5).astype(int) - first
    voxels = voxels[((voxels >= 0) & (voxels < mask.shape)).all(axis=1)]
    mask[tuple(voxels.T)] = True


def polygon_mask(vertices: np.ndarray, shape: tuple[int, int]) -> tuple[tuple[slice, slice], np.ndarray] | None:
    """The pixels of a slice inside a polygon.

    Parameters
    ----------
    vertices : (n, 2) float ndarray
        Pixel indices (u, v), not rounded; the last vertex is joined to the first. What a line that crosses itself
        goes round more than once is inside.
    shape : tuple of int
        Pixels of the slice along u and v.

    Returns
    -------
    tuple of (box, mask) or None
        Where the mask lies, and which pixels there: bool. None if no pixel's centre is inside.
    """
    vertices = np.asarray(vertices, dtype=np.float64)
    if len(vertices) < 3:
        return None
    first = np.maximum(np.ceil(vertices.min(axis=0)), 0).astype(int)
    last = np.minimum(np.floor(vertices.max(axis=0)), np.array(shape) - 1).astype(int)
    if (first > last).any():
        return None
    rows, width = np.arange(first[0], last[0] + 1), int(last[1] - first[1] + 1)
    (u, v), (next_u, next_v) = vertices.T[..., None], np.roll(vertices, -1, axis=0).T[..., None]
    # An edge owns its lower end and not its upper one: a vertex on a row is crossed once.
    is_crossed = (rows >= np.minimum(u, next_u)) & (rows < np.maximum(u, next_u))
    edge, row = np.nonzero(is_crossed)
    share = (rows[row] - u[edge, 0]) / (next_u - u)[edge, 0]
    crossing = v[edge, 0] + share * (next_v - v)[edge, 0]
    column = np.clip(np.ceil(crossing).astype(int) - first[1], 0, width)
    turns = np.zeros((rows.size, width + 1), dtype=np.int32)
    np.add.at(turns, (row, column), np.where(next_u > u, 1, -1)[edge, 0])
    mask = np.cumsum(turns[:, :width], axis=1) != 0
    box = (slice(int(first[0]), int(last[0]) + 1), slice(int(first[1]), int(last[1]) + 1))
    return (box, mask) if mask.any() else None
