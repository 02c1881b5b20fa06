"""Splits by seed."""

from __future__ import annotations

import pytest

from workstation.core.patients import patient_of
from workstation.core.split import Draw, Split, all_folds, draw_split, move, split_cases, split_counts
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


def sizes(split: Split) -> tuple[int, int, int]:
    return len(split.train), len(split.validation), len(split.test)


def timepoints(patients: int, *, each: int = 3) -> list[str]:
    return [f"BraTS-GLI-{patient:05d}-{time:03d}" for patient in range(patients) for time in range(each)]


def test_a_plain_draw_is_that_of_a_training() -> None:
    names = [f"BraTS2021_{number:05d}" for number in range(57)]
    drawn = draw_split(names, Draw(seed=4, validation=0.2, test=0.1))
    assert drawn == split_cases(names, seed=4, fractions=(1 - 0.2 - 0.1, 0.2, 0.1))


def test_no_patient_is_in_two_parts() -> None:
    split = draw_split(timepoints(20), Draw(seed=2, validation=0.2, test=0.2))
    patients = [{patient_of(name) for name in names} for names in split.parts.values()]
    assert not (patients[0] & patients[1] or patients[0] & patients[2] or patients[1] & patients[2])
    assert sum(sizes(split)) == 60
    assert abs(len(split.test) - 12) <= 2


@pytest.mark.parametrize("is_level", [False, True])
def test_few_patients_of_many_cases_still_reach_every_part(is_level: bool) -> None:
    names = timepoints(3, each=5)
    split = draw_split(names, Draw(is_level=is_level), volumes_ml=dict.fromkeys(names, 1.0))
    assert sizes(split) == (5, 5, 5)
    with pytest.raises(RequestError, match="cannot fill every part"):
        draw_split(timepoints(1, each=5), Draw(is_level=is_level))


def test_by_case_a_patient_may_be_torn() -> None:
    split = draw_split(timepoints(20), Draw(seed=2, validation=0.2, test=0.2, by_patient=False))
    assert {patient_of(name) for name in split.train} & {patient_of(name) for name in split.test}


def test_a_level_draw_spreads_volumes_over_the_parts() -> None:
    names = [f"case{number:03d}" for number in range(100)]
    volumes = {name: float(number) for number, name in enumerate(names)}
    split = draw_split(names, Draw(seed=1, validation=0.2, test=0.2, is_level=True), volumes_ml=volumes)
    assert sizes(split) == (60, 20, 20)
    for part in split.parts.values():
        quarters = [sum(25 * quarter <= volumes[name] < 25 * (quarter + 1) for name in part) for quarter in range(4)]
        # A quarter of each part is from each quarter of the volumes, give or take one.
        assert max(quarters) - min(quarters) <= 2


def test_folds_validate_each_case_once_and_never_test_it() -> None:
    names = [f"case{number:02d}" for number in range(23)]
    splits = [draw_split(names, draw) for draw in all_folds(Draw(seed=3, test=0.1, folds=5))]
    assert len({split.test for split in splits}) == 1
    assert len(splits[0].test) == 2
    validated = sorted(name for split in splits for name in split.validation)
    assert validated == sorted(set(names) - set(splits[0].test))
    assert {len(split.validation) for split in splits} == {4, 5}
    assert all(sorted(split.train + split.validation + split.test) == names for split in splits)


def test_the_papers_split_is_of_484_cases() -> None:
    names = [f"case{number}" for number in range(484)]
    assert sizes(draw_split(names, Draw(is_paper=True))) == (406, 32, 46)
    with pytest.raises(RequestError, match="484"):
        draw_split(names[1:], Draw(is_paper=True))


@pytest.mark.parametrize("draw", [Draw(folds=12), Draw(validation=0.6, test=0.4)])
def test_draws_that_cannot_be_are_refused(draw: Draw) -> None:
    with pytest.raises(RequestError):
        draw_split([f"case{number}" for number in range(10)], draw)


def test_a_fold_that_is_none_is_refused() -> None:
    with pytest.raises(RequestError, match="fold"):
        Draw(folds=5, fold=5)


def test_a_moved_case_is_in_its_new_part_alone() -> None:
    split = move(Split(("a", "b"), ("c",), ("d",)), ["a", "d"], "validation")
    assert split == Split(("b",), ("a", "c", "d"), ())
