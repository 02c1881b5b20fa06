"""Statistics over cases, against closed forms."""

from __future__ import annotations

import math

import pytest

from workstation.core.cohort import bland_altman, box_plot, summarise


def test_bias_and_limits_of_agreement_follow_their_formulas() -> None:
    # Differences 1, 2, 3: mean 2, variance ((1 + 0 + 1) / 2) = 1; limits 2 - 1.96 and 2 + 1.96.
    found = bland_altman([10, 20, 30], [11, 22, 33])
    assert found.differences == (1, 2, 3)
    assert found.means == (10.5, 21, 31.5)
    assert found.bias == pytest.approx(2)
    assert found.sd == pytest.approx(1)
    assert (found.lower, found.upper) == (pytest.approx(0.04), pytest.approx(3.96))


def test_bland_and_altmans_own_example() -> None:
    # Bland and Altman 1986, table 1: peak flow by large and mini meter, first measurements. They give a mean difference
    # (large - mini) of -2.1 l/min, and a standard deviation of 38.8.
    large = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
    mini = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
    found = bland_altman(mini, large)
    assert round(found.bias, 1) == -2.1
    assert round(found.sd, 1) == 38.8


def test_agreement_of_nothing_and_of_one_pair_is_undefined() -> None:
    assert math.isnan(bland_altman([], []).bias)
    one = bland_altman([1, math.nan], [3, 4])
    assert (one.bias, one.differences) == (2, (2,))
    assert math.isnan(one.upper)
    with pytest.raises(ValueError, match="zip"):
        bland_altman([1], [1, 2])


def test_quartiles_interpolate_between_order_statistics() -> None:
    # Definition 7: the quartile of n values lies at 1 + (n - 1) / 4; of 1 to 4 that is 1.75.
    found = summarise([4, 2, math.nan, 3, 1, math.inf])
    assert (found.count, found.mean, found.median) == (4, 2.5, 2.5)
    assert (found.q1, found.q3, found.lowest, found.highest) == (1.75, 3.25, 1, 4)
    assert summarise([]).count == 0
    assert math.isnan(summarise([]).median)


def test_whiskers_end_at_values_and_leave_outliers_out() -> None:
    # Quartiles of 1 to 9 are 3 and 7; whiskers reach at most 1.5 * 4 beyond, from -3 to 13.
    found = box_plot([1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert (found.low_whisker, found.high_whisker, found.outliers) == (1, 9, ())
    # Of 1 to 8 and 30 the quartiles are 3 and 7 too.
    found = box_plot([1, 2, 3, 4, 5, 6, 7, 8, 30])
    assert (found.low_whisker, found.high_whisker, found.outliers) == (1, 8, (30,))
    assert math.isnan(box_plot([]).low_whisker)
