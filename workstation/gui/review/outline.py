"""Outlines of classes as line segments along pixel edges, drawn two screen pixels wide at every zoom."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF


def outline_segments(classes: np.ndarray) -> dict[int, np.ndarray]:
    """The edges between pixels of different classes, by the higher of the two classes.

    Parameters
    ----------
    classes : (rows, columns) uint8 ndarray

    Returns
    -------
    dict of int to (n, 4) float64 ndarray
        Segments x1, y1, x2, y2 in pixels; straight runs are joined.
    """
    # Most of a slice is background: only the box that holds the classes is looked at.
    rows, columns = np.flatnonzero(classes.any(axis=1)), np.flatnonzero(classes.any(axis=0))
    if not rows.size:
        return {}
    top, left = int(rows[0]), int(columns[0])
    padded = np.pad(classes[top : rows[-1] + 1, left : columns[-1] + 1], 1)
    upright = _edges(padded[1:-1, :-1], padded[1:-1, 1:]).T  # (x, y)
    level = _edges(padded[:-1, 1:-1], padded[1:, 1:-1])  # (y, x)
    found: dict[int, np.ndarray] = {}
    for value in np.flatnonzero(np.bincount(padded.ravel())).tolist():
        if value:
            vertical, horizontal = _runs(upright == value), _runs(level == value)
            segments = np.concatenate([vertical[:, [0, 1, 0, 2]], horizontal[:, [1, 0, 2, 0]]])
            found[value] = segments + np.array([left, top, left, top])
    return found


def _edges(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The higher class where two neighbours differ, else 0."""
    return np.where(one != other, np.maximum(one, other), 0)


def _runs(lines: np.ndarray) -> np.ndarray:
    """(line, start, end) of each run of True along the second axis."""
    padded = np.zeros((lines.shape[0], lines.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = lines
    change = np.diff(padded, axis=1)
    line, start = np.nonzero(change == 1)
    _, end = np.nonzero(change == -1)
    return np.stack([line, start, end], axis=1).astype(np.float64)


def as_lines(segments: np.ndarray) -> list[QLineF]:
    """The same for QPainter.drawLines."""
    return [QLineF(*segment) for segment in segments.tolist()]
