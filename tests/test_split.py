"""Splits by seed."""

from __future__ import annotations

import pytest

from workstation.core.split import split_cases, split_counts
from workstation.errors import RequestError

TASK01 = [f"BRATS_{number:03d}" for number in range(1, 485)]


def test_task01_is_split_as_in_the_paper() -> None:
    split = split_cases(TASK01, seed=1)
    assert (len(split.train), len(split.validation), len(split.test)) == (406, 32, 46)


def test_parts_do_not_overlap_and_hold_every_case() -> None:
    split = split_cases(TASK01, seed=3)
    assert sorted(split.train + split.validation + split.test) == TASK01


def test_the_order_of_names_does_not_matter() -> None:
    assert split_cases(TASK01, seed=5) == split_cases(reversed(TASK01), seed=5)


def test_another_seed_is_another_split() -> None:
    assert split_cases(TASK01, seed=1) != split_cases(TASK01, seed=2)


def test_other_fractions_of_task01_are_taken_literally() -> None:
    split = split_cases(TASK01, seed=1, fractions=(0.5, 0.25, 0.25))
    assert (len(split.train), len(split.validation), len(split.test)) == (242, 121, 121)


@pytest.mark.parametrize(("count", "expected"), [(3, (1, 1, 1)), (10, (8, 1, 1)), (11, (9, 1, 1)), (100, (80, 10, 10))])
def test_small_sets_get_at_least_one_case_of_each(count: int, expected: tuple[int, int, int]) -> None:
    split = split_cases([f"case{number}" for number in range(count)], seed=1)
    assert (len(split.train), len(split.validation), len(split.test)) == expected == split_counts(count)


def test_a_share_of_zero_gets_none() -> None:
    split = split_cases(["a", "b"], seed=1, fractions=(1.0, 0.0, 0.0))
    assert (split.validation, split.test) == ((), ())


@pytest.mark.parametrize("names", [["a"], ["a", "b"]])
def test_nothing_left_to_train_on_is_refused(names: list[str]) -> None:
    with pytest.raises(RequestError):
        split_cases(names, seed=1)


def test_a_name_that_comes_twice_is_refused() -> None:
    with pytest.raises(RequestError, match="twice"):
        split_cases(["a", "b", "c", "a"], seed=1)


def test_shares_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(RequestError, match="add up"):
        split_cases(TASK01, seed=1, fractions=(0.8, 0.1, 0.2))
