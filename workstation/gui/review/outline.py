"""Outlines of classes as line segments along pixel edges, drawn two screen pixels wide at every zoom."""

from __future__ import annotations

from typing import cast

import numpy as np
import shiboken6
from PySide6.QtCore import QLineF
from PySide6.QtGui import QPainter


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
    x, start_y, end_y, upright = _runs(_edges(padded[1:-1, :-1], padded[1:-1, 1:]).T)
    y, start_x, end_x, level = _runs(_edges(padded[:-1, 1:-1], padded[1:, 1:-1]))
    values = np.concatenate([upright, level])
    segments = np.empty((values.size, 4))
    segments[: x.size] = np.stack([x, start_y, x, end_y], axis=1)
    segments[x.size :] = np.stack([start_x, y, end_x, y], axis=1)
    segments += (left, top, left, top)
    return {int(value): segments[values == value] for value in np.flatnonzero(np.bincount(values))}


def _edges(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The higher class where two neighbours differ, else 0."""
    return np.where(one != other, np.maximum(one, other), 0)


def _runs(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Line, start, end and value of each run of one value above 0 along the second axis."""
    padded = np.zeros((edges.shape[0], edges.shape[1] + 2), dtype=edges.dtype)
    padded[:, 1:-1] = edges
    # Between two changes lies one value; a line ends in 0, so what begins at its last change is none.
    line, start = np.nonzero(padded[:, 1:] != padded[:, :-1])
    value = padded[line, start + 1]
    begins = np.flatnonzero(value)
    return line[begins], start[begins], start[begins + 1], value[begins]


def draw_segments(painter: QPainter, segments: np.ndarray) -> None:
    """Draw (n, 4) segments with the painter's pen.

    Qt reads them where they are: a QLineF is four doubles in a row, and making one in Python for each takes longer than
    drawing them.
    """
    segments = np.ascontiguousarray(segments, dtype=np.float64)
    if len(segments):
        painter.drawLines(cast("QLineF", shiboken6.wrapInstance(segments.ctypes.data, QLineF)), len(segments))
