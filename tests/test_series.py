"""Series of steps: what is kept of them, and what of a long one a row of pixels can show."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workstation.gui.train.plot import round_end
from workstation.gui.train.series import BLOCK, Series, StepCurve


def series_of(values: np.ndarray, *, first: int = 1) -> Series:
    series = Series(1)
    for step, value in enumerate(values.tolist(), start=first):
        series.append((step, value))
    return series


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=count)


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 1023, 1024, 1025, 5000])
def test_the_extremes_of_blocks_are_those_of_their_rows(count: int) -> None:
    values = noise(count)
    least, greatest = series_of(values).extremes(1)
    parts = [values[start : start + BLOCK] for start in range(0, count, BLOCK)]
    assert least.tolist() == [part.min() for part in parts]
    assert greatest.tolist() == [part.max() for part in parts]


def test_extremes_follow_what_is_added_and_what_is_cut_away() -> None:
    series, values = Series(1), noise(300)
    for step, value in enumerate(values.tolist(), start=1):
        series.append((step, value))
        least, _ = series.extremes(1)
        assert least[-1] == values[(step - 1) // BLOCK * BLOCK : step].min()
    # A training that goes back tells other steps from the 40th on.
    series.cut(40)
    assert series.count == 39
    for step in range(40, 100):
        series.append((step, 10.0))
    assert series.extremes(1)[1].tolist()[3:] == [10.0] * 4
    assert series.extremes(1)[1][2] == max(values[32:39].max(), 10.0)


def test_each_change_of_a_series_can_be_told() -> None:
    series = series_of(noise(5))
    before = series.changes
    series.cut(9)
    assert series.changes == before
    series.cut(5)
    series.append((5, 1.0))
    assert (series.count, series.changes) == (5, before + 2)


def test_few_points_are_drawn_as_they_are() -> None:
    curve = StepCurve(series_of(noise(100)), 1, steps_per_epoch=10, scale=2.0)
    epochs, values = curve.outline(0.0, 11.0, pixels=400)
    assert epochs.tolist() == (np.arange(1, 101) / 10).tolist()
    assert values.tolist() == (2 * noise(100)).tolist()


@pytest.mark.parametrize("count", [4_000, 50_000])
def test_an_outline_holds_the_least_and_the_greatest_of_each_group_and_hardly_more_points_than_pixels(
    count: int,
) -> None:
    values, pixels = noise(count), 400
    epochs, shown = StepCurve(series_of(values), 1, steps_per_epoch=100).outline(0.0, count / 100, pixels=pixels)
    groups = len(shown) // 2
    assert pixels / 2 < groups <= pixels + 1
    starts = np.round(epochs[::2] * 100).astype(int) - 1
    edges = [*starts.tolist(), count]
    for group in range(groups):
        part = values[edges[group] : edges[group + 1]]
        assert shown[2 * group : 2 * group + 2].tolist() == [part.min(), part.max()]


def test_groups_stay_where_they_are_while_points_are_added() -> None:
    values = noise(50_010)
    series = series_of(values[:50_000])
    before = StepCurve(series, 1).outline(0, 60_000, pixels=400)
    for step in range(50_000, 50_010):
        series.append((step + 1, values[step]))
    after = StepCurve(series, 1).outline(0, 60_000, pixels=400)
    assert after[0][: len(before[0])].tolist() == before[0].tolist()
    assert after[1][: len(before[1]) - 2].tolist() == before[1][:-2].tolist()


def test_a_part_in_view_reaches_a_point_beyond_each_end() -> None:
    curve = StepCurve(series_of(np.arange(1.0, 101.0)), 1)
    epochs, values = curve.outline(20.5, 30.5, pixels=400)
    assert epochs.tolist() == values.tolist() == list(range(20, 32))
    assert len(curve.outline(200, 300, pixels=400)[0]) <= 1


def test_what_a_step_does_not_say_leaves_a_gap_and_no_trace_among_others() -> None:
    values = noise(4_000)
    values[100] = np.nan
    values[1_600:2_400] = np.nan
    curve = StepCurve(series_of(values), 1)
    epochs, shown = curve.outline(0, 4_001, pixels=100)
    gone = np.isnan(shown)
    assert (epochs[gone].min(), epochs[gone].max()) >= (1_601, 1_601)
    assert epochs[gone].max() < 2_401
    assert curve.bounds() == (np.nanmin(values), np.nanmax(values))
    assert StepCurve(series_of(np.full(3, np.nan)), 1).bounds() is None


def test_bounds_for_logarithms_leave_out_what_has_none() -> None:
    values = np.array([0.0, -1.0, 0.25, 4.0] * 20)
    assert StepCurve(series_of(values), 1, scale=2.0).bounds() == (-2.0, 8.0)
    # In each block of 16 the least is not above 0: its greatest stands for it.
    assert StepCurve(series_of(values), 1, scale=2.0).bounds(above=0.0) == (8.0, 8.0)
    assert StepCurve(series_of(-np.ones(5)), 1).bounds(above=0.0) is None


@pytest.mark.parametrize("last", [0.002, 0.4, 1.0, 3.7, 99.9, 100.0, 100.002, 12_345.0])
def test_the_end_of_the_view_is_a_little_ahead_and_round(last: float) -> None:
    end = round_end(last)
    assert last < end <= 1.06 * last
    # Twenty ends in each power of ten that begins with 1: axes change that seldom.
    step = 10 ** math.floor(math.log10(last)) / 20
    assert end / step == pytest.approx(round(end / step))
    assert round_end(0.0) == 1.0
