"""Outlines of masks as closed lines, so that a dashed outline stays dashed along a staircase of voxels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPolygonF

from workstation.gui.review.outline import outline_segments

Point = tuple[float, float]


def contours_of(mask: np.ndarray) -> list[QPolygonF]:
    """The closed borders of a (rows, columns) bool mask, along pixel edges, in pixels."""
    edges = outline_segments(mask.astype(np.uint8)).get(1)
    if edges is None:
        return []
    ends: dict[Point, list[int]] = defaultdict(list)
    segments: list[tuple[Point, Point]] = []
    for number, (x1, y1, x2, y2) in enumerate(_split_at_meetings(edges)):
        segments.append(((x1, y1), (x2, y2)))
        ends[x1, y1].append(number)
        ends[x2, y2].append(number)
    unused = set(range(len(segments)))
    return [_follow(number, segments, ends, unused) for number in range(len(segments)) if number in unused]


def _split_at_meetings(edges: np.ndarray) -> Iterator[tuple[float, float, float, float]]:
    """Straight runs cut where another one ends on them: two pixels that touch by a corner share it."""
    runs = edges.tolist()
    rows: dict[float, set[float]] = defaultdict(set)
    columns: dict[float, set[float]] = defaultdict(set)
    for x1, y1, x2, y2 in runs:
        for x, y in ((x1, y1), (x2, y2)):
            rows[y].add(x)
            columns[x].add(y)
    for x1, y1, x2, y2 in runs:
        if y1 == y2:
            yield from ((a, y1, b, y1) for a, b in pairwise(sorted(x for x in rows[y1] if x1 <= x <= x2)))
        else:
            yield from ((x1, a, x1, b) for a, b in pairwise(sorted(y for y in columns[x1] if y1 <= y <= y2)))


def _follow(
    number: int, segments: list[tuple[Point, Point]], ends: dict[Point, list[int]], unused: set[int]
) -> QPolygonF:
    """The line that goes on from one segment until nothing is left to go on with."""
    start, here = segments[number]
    unused.discard(number)
    points = [start, here]
    while here != start:
        following = next((each for each in ends[here] if each in unused), None)
        if following is None:
            break
        unused.discard(following)
        one, other = segments[following]
        here = other if one == here else one
        points.append(here)
    return QPolygonF([QPointF(x, y) for x, y in points])
