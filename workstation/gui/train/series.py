"""Numbers of steps, in a table that grows at its end, and what of them a row of pixels can show; no widget.

The least and the greatest value of each block of rows are found once, when the block is full. A line of any length is
drawn from these, so that a new step costs the same whether it is the hundredth or the millionth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

BLOCK = 16
"""Rows whose extremes are kept."""
_FIRST_ROOM = 1024


class Series:
    """A table of numbers whose first column ascends; NaN stands for what a row does not say.

    Parameters
    ----------
    columns : int
        Without the first one.
    """

    def __init__(self, columns: int) -> None:
        # A column lies in one piece, so that it is drawn without a copy.
        self._room = np.empty((1 + columns, _FIRST_ROOM))
        self._least, self._greatest = (np.empty((1 + columns, _FIRST_ROOM // BLOCK)) for _ in range(2))
        self._known = 0
        self.count = 0
        self.changes = 0
        """Grows with every change."""

    @property
    def table(self) -> np.ndarray:
        """(1 + columns, N) float64; a view, valid until the next change."""
        return self._room[:, : self.count]

    def column(self, place: int) -> np.ndarray:
        """(N,) float64, the first for 0; a view, valid until the next change."""
        return self._room[place, : self.count]

    def append(self, row: tuple[float, ...]) -> None:
        """Add a row."""
        if self.count == self._room.shape[1]:
            self._room, self._least, self._greatest = (
                np.concatenate([each, np.empty_like(each)], axis=1)
                for each in (self._room, self._least, self._greatest)
            )
        self._room[:, self.count] = row
        self.count += 1
        self.changes += 1

    def cut(self, first: float) -> None:
        """Remove the rows from the first on whose first column is at least this."""
        if self.count and self._room[0, self.count - 1] >= first:
            self.count = int(np.searchsorted(self._room[0, : self.count], first))
            self._known = min(self._known, self.count // BLOCK)
            self.changes += 1

    def extremes(self, place: int) -> tuple[np.ndarray, np.ndarray]:
        """(ceil(N / BLOCK),) float64 twice: the least and the greatest number of each block; NaN where it has none.

        Views, valid until the next change; the last block may not be full yet.
        """
        known, full, all_blocks = self._known, self.count // BLOCK, -(-self.count // BLOCK)
        if full > known:
            rows = self._room[:, known * BLOCK : full * BLOCK].reshape(len(self._room), -1, BLOCK)
            # `fmin` and `fmax` leave NaN out where there is anything else.
            self._least[:, known:full] = np.fmin.reduce(rows, axis=2)
            self._greatest[:, known:full] = np.fmax.reduce(rows, axis=2)
            self._known = full
        if all_blocks > full:
            rest = self._room[:, full * BLOCK : self.count]
            self._least[:, full], self._greatest[:, full] = np.fmin.reduce(rest, axis=1), np.fmax.reduce(rest, axis=1)
        return self._least[place, :all_blocks], self._greatest[place, :all_blocks]


@dataclass(frozen=True, slots=True, eq=False)
class StepCurve:
    """One column of a series over epochs; it grows with the series.

    Parameters
    ----------
    series : Series
    place : int
        The column, from 1.
    steps_per_epoch : int
        The first column is of steps; epoch 3 ends at 3.0, steps lie between.
    scale : float
        By which all values are multiplied; above 0.
    """

    series: Series
    place: int
    steps_per_epoch: int = 1
    scale: float = 1.0

    @property
    def epochs(self) -> np.ndarray:
        """(N,) float64."""
        return self.series.column(0) / self.steps_per_epoch

    @property
    def values(self) -> np.ndarray:
        """(N,) float64; NaN where there is none."""
        return self.series.column(self.place) * self.scale

    @property
    def first_epoch(self) -> float:
        """The place of the first step; 0 before there is one."""
        return float(self.series.column(0)[0]) / self.steps_per_epoch if self.series.count else 0.0

    @property
    def last_epoch(self) -> float:
        """The place of the last step; 0 before there is one."""
        return float(self.series.column(0)[-1]) / self.steps_per_epoch if self.series.count else 0.0

    def bounds(self, *, above: float = -math.inf) -> tuple[float, float] | None:
        """The least and the greatest value above a bound; None where there is none.

        Where the least of a block is not above the bound, its greatest may stand for it.
        """
        least, greatest = (each * self.scale for each in self.series.extremes(self.place))
        low, high = np.where(least > above, least, greatest), greatest[greatest > above]
        low = low[low > above]
        return (float(low.min()), float(high.max())) if len(high) else None

    def outline(self, first: float, last: float, *, pixels: int) -> tuple[np.ndarray, np.ndarray]:
        """What can be seen of the curve between two epochs in so many columns of pixels.

        Returns
        -------
        epochs, values : (M,) float64 ndarray
            The points themselves where they are few; else the least and the greatest value, one after the other, of
            groups of points, about one group a column. Groups begin at multiples of their length, so that a picture
            does not flicker while points are added. One point beyond each end is among them, for the line to reach it.
        """
        steps, values = self.series.column(0), self.series.column(self.place)
        start = max(0, int(np.searchsorted(steps, first * self.steps_per_epoch)) - 1)
        stop = min(len(steps), int(np.searchsorted(steps, last * self.steps_per_epoch, side="right")) + 1)
        group = -(-(stop - start) // max(1, pixels))
        if group <= 2:
            return steps[start:stop] / self.steps_per_epoch, values[start:stop] * self.scale
        unit, extremes = (1, (values, values)) if group < BLOCK else (BLOCK, self.series.extremes(self.place))
        group = -(-group // unit) * unit
        edges = np.arange(start // group * group, stop, group)
        least, greatest = (each[edges[0] // unit : -(-stop // unit)] for each in extremes)
        places = (edges - edges[0]) // unit
        low, high = np.fmin.reduceat(least, places), np.fmax.reduceat(greatest, places)
        return np.repeat(steps[edges], 2) / self.steps_per_epoch, np.stack([low, high], axis=1).ravel() * self.scale
