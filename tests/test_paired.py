"""Two segmentations case by case: differences, who won, and Wilcoxon's test with its published example."""

from __future__ import annotations

import math

import pytest

from workstation.core.paired import compare_pairs

NAN = math.nan


def test_the_case_where_b_got_worse_the_most_comes_first() -> None:
    found = compare_pairs("dice", {"x": 0.9, "y": 0.8, "z": 0.5}, {"x": 0.8, "y": 0.8, "z": 0.9})
    assert [pair.case for pair in found.pairs] == ["x", "y", "z"]
    assert [pair.difference for pair in found.pairs] == pytest.approx([-0.1, 0.0, 0.4])
    assert (found.wins, found.losses, found.ties) == (1, 1, 1)


def test_of_a_distance_the_larger_one_is_the_worse_one() -> None:
    found = compare_pairs("hd95_mm", {"x": 1.0, "y": 5.0}, {"x": 9.0, "y": 2.0})
    assert [pair.case for pair in found.pairs] == ["x", "y"]
    assert (found.wins, found.losses) == (1, 1)
    assert found.lower_is_better


def test_cases_without_a_figure_on_one_side_are_named_and_left_out() -> None:
    found = compare_pairs("dice", {"x": 0.5, "y": NAN, "z": 0.1}, {"x": 0.5, "y": 0.3, "w": 1.0})
    assert [pair.case for pair in found.pairs] == ["x"]
    assert found.missing == ("w", "y", "z")
    assert math.isnan(found.p_value)


def test_six_cases_that_all_got_better_have_the_smallest_p_that_six_can_have() -> None:
    # 2 of the 2**6 assignments of signs are as extreme.
    a = {str(number): 0.5 for number in range(6)}
    b = {str(number): 0.5 + 0.01 * (number + 1) for number in range(6)}
    assert compare_pairs("dice", a, b).p_value == pytest.approx(2 / 2**6)


def test_wilcoxons_signed_rank_of_darwins_maize() -> None:
    # Fisher RA. The Design of Experiments, 1935: 15 pairs, crossed minus self-fertilised, in eighths of an inch. The
    # negative ranks add to 24; R 4.3 (wilcox.test, exact) and SciPy's own documentation give p = 0.04126.
    differences = [6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]
    a = {str(number): 0.0 for number in range(15)}
    b = {str(number): float(value) for number, value in enumerate(differences)}
    assert compare_pairs("dice", a, b).p_value == pytest.approx(0.041259765625)
