"""Training, validation and test cases: drawn by seed, by patient, level in tumour volume, in folds; moved by hand.

Without any of these the draw is `split_cases`, which a training makes by itself from names and seed alone. Patients who
have one case each, which is the rule in BraTS, change nothing in it.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from workstation.core.patients import by_patient
from workstation.errors import RequestError

# The paper's split of the 484 labelled cases of Task01_BrainTumour; 80/10/10 would round to 388/48/48.
TASK01_CASES = 484
TASK01_COUNTS = (406, 32, 46)
DEFAULT_FRACTIONS = (0.8, 0.1, 0.1)
Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
STRATA = 4


@dataclass(frozen=True, slots=True)
class Split:
    """Names of the cases of each part, sorted; no name is in two parts."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    @property
    def parts(self) -> dict[Part, tuple[str, ...]]:
        """The names by part."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


@dataclass(frozen=True, slots=True)
class Draw:
    """How a split is drawn.

    Parameters
    ----------
    seed : int
    validation, test : float
        Shares of the cases; what is left is trained on.
    by_patient : bool
        Keep all examinations of a patient in one part.
    is_level : bool
        Spread tumour volumes evenly over the parts.
    folds : int
        0, or the number of folds that what is not test is dealt into; the validation share is then 1/folds of it.
    fold : int
        0 to folds - 1: the one that is validated on.
    is_paper : bool
        Exactly 406 / 32 / 46 of 484 cases, as in the paper.
    """

    seed: int = 1
    validation: float = DEFAULT_FRACTIONS[1]
    test: float = DEFAULT_FRACTIONS[2]
    by_patient: bool = True
    is_level: bool = False
    folds: int = 0
    fold: int = 0
    is_paper: bool = False

    def __post_init__(self) -> None:
        if self.folds and not (2 <= self.folds <= 20 and 0 <= self.fold < self.folds):
            raise RequestError(
                f"there is no fold {self.fold + 1} of {self.folds}", field="folds", hint="Use 2 to 20 folds."
            )


def split_cases(names: Iterable[str], *, seed: int, fractions: tuple[float, float, float] = DEFAULT_FRACTIONS) -> Split:
    """Draw a split; the same names and seed give the same one, in whatever order the names come.

    Parameters
    ----------
    names : iterable of str
        Case names, each once.
    seed : int
    fractions : tuple of float
        Shares of training, validation and test; their sum is 1. A part with a share above zero gets at least one
        case where there are enough. For the 484 cases of Task01 the default means the paper's 406 / 32 / 46.

    Raises
    ------
    RequestError
        The shares are no shares, a name comes twice, or nothing is left to train on.
    """
    ordered = _checked(names, fractions)
    train, validation, _ = _counts(ordered, fractions)
    random.Random(seed).shuffle(ordered)
    return _sorted_split(ordered[:train], ordered[train : train + validation], ordered[train + validation :])


def split_counts(count: int, fractions: tuple[float, float, float] = DEFAULT_FRACTIONS) -> tuple[int, int, int]:
    """How many of `count` cases train, validate and test, as `split_cases` draws them from names not of Task01.

    Raises
    ------
    RequestError
        The shares are no shares, or nothing is left to train on.
    """
    if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-6:
        raise RequestError(f"shares {fractions} do not add up to 1", field="validation", hint="Use shares such as 0.1.")
    validation, test = (max(1, round(share * count)) if share > 0 else 0 for share in fractions[1:])
    train = count - validation - test
    if train < 1:
        raise RequestError(
            f"no case of {count} is left to train on",
            field="validation",
            hint="Give more cases, or smaller shares to validation and test.",
        )
    return train, validation, test


def draw_split(names: Iterable[str], draw: Draw, *, volumes_ml: Mapping[str, float] | None = None) -> Split:
    """Draw a split as `draw` says.

    Parameters
    ----------
    names : iterable of str
        Case names, each once.
    draw : Draw
    volumes_ml : mapping of str to float or None
        Tumour volume by case, needed where the parts are to be level; a case without one counts as 0 ml.

    Raises
    ------
    RequestError
        As `split_cases`; or the paper's split is asked of another number of cases, or there are fewer groups than
        folds.
    """
    fractions = (1 - draw.validation - draw.test, draw.validation, draw.test)
    ordered = _checked(names, DEFAULT_FRACTIONS if draw.is_paper else fractions)
    if draw.is_paper and len(ordered) != TASK01_CASES:
        raise RequestError(
            f"the paper's split is of {TASK01_CASES} cases, not {len(ordered)}",
            field="validation",
            hint="Choose shares instead.",
        )
    counts = TASK01_COUNTS if draw.is_paper else _counts(ordered, fractions)
    groups = list(by_patient(ordered).values()) if draw.by_patient else [[name] for name in ordered]
    groups.sort()
    random.Random(draw.seed).shuffle(groups)
    if draw.is_level:
        volumes = volumes_ml or {}
        groups = _by_volume(groups, volumes)
    if draw.folds:
        return _fold_of(groups, draw, test=counts[2], is_level=draw.is_level)
    return _dealt(groups, counts, is_level=draw.is_level)


def move(split: Split, names: Iterable[str], part: Part) -> Split:
    """The split with some cases moved into a part; names that it does not hold are put there too."""
    moved = set(names)
    parts = {each: [name for name in held if name not in moved] for each, held in split.parts.items()}
    parts[part].extend(moved)
    return _sorted_split(parts["train"], parts["validation"], parts["test"])


def all_folds(draw: Draw) -> list[Draw]:
    """The draws of every fold; the draw alone where it has none."""
    return [replace(draw, fold=fold) for fold in range(draw.folds)] or [draw]


def _checked(names: Iterable[str], fractions: tuple[float, float, float]) -> list[str]:
    ordered = sorted(names)
    if len(set(ordered)) != len(ordered):
        raise RequestError("a case name comes twice", field="cases", hint="Case names must differ.")
    _counts(ordered, fractions)
    return ordered


def _counts(names: list[str], fractions: tuple[float, float, float]) -> tuple[int, int, int]:
    if (
        len(names) == TASK01_CASES
        and all(name.startswith("BRATS_") for name in names)
        and fractions == DEFAULT_FRACTIONS
    ):
        return TASK01_COUNTS
    return split_counts(len(names), fractions)


def _by_volume(groups: list[list[str]], volumes_ml: Mapping[str, float]) -> list[list[str]]:
    """Groups in strata of like volume, from small to large; shuffled within each."""
    place = {tuple(group): index for index, group in enumerate(groups)}
    ranked = sorted(groups, key=lambda group: sum(volumes_ml.get(name, 0.0) for name in group) / len(group))
    strata = min(STRATA, len(ranked))
    bounds = [round(index * len(ranked) / strata) for index in range(strata + 1)]
    ordered: list[list[str]] = []
    for low, high in itertools.pairwise(bounds):
        # Their order by the shuffle, not by volume: within a stratum chance decides.
        ordered += sorted(ranked[low:high], key=lambda group: place[tuple(group)])
    return ordered


def _dealt(groups: list[list[str]], counts: tuple[int, int, int], *, is_level: bool) -> Split:
    """Groups given to the parts until each has its number of cases: one part after the other, or in step."""
    parts: list[list[list[str]]] = [[], [], []]
    if is_level:
        _deal_in_step(groups, counts, parts)
    else:
        # From the end, so that whole patients never leave test and validation without any.
        for group in reversed(groups):
            parts[next((part for part in (2, 1) if _size(parts[part]) < counts[part]), 0)].append(group)
    for part in (1, 2):
        if counts[part] and not parts[part] and len(parts[0]) > 1:
            parts[part].append(parts[0].pop())
    if any(count and not part for count, part in zip(counts, parts, strict=True)):
        raise RequestError(
            f"{len(groups)} patients cannot fill every part",
            field="validation",
            hint="Give more cases, or no share to validation or test.",
        )
    return _sorted_split(*([name for group in part for name in group] for part in parts))


def _deal_in_step(groups: list[list[str]], counts: tuple[int, int, int], parts: list[list[list[str]]]) -> None:
    """Give each group to the part that is furthest behind its share."""
    total, given = sum(counts), 0
    for group in groups:
        given += len(group)
        behind = [counts[part] * given / total - _size(parts[part]) for part in range(3)]
        open_parts = [part for part in range(3) if _size(parts[part]) < counts[part]] or [0]
        parts[max(open_parts, key=lambda part: behind[part])].append(group)


def _size(groups: list[list[str]]) -> int:
    return sum(map(len, groups))


def _fold_of(groups: list[list[str]], draw: Draw, *, test: int, is_level: bool) -> Split:
    total = sum(map(len, groups))
    # The same cases are kept aside in every fold.
    aside = _dealt(groups, (total - test, 0, test), is_level=is_level) if test else Split((), (), ())
    rest = [group for group in groups if group[0] not in set(aside.test)]
    if len(rest) < draw.folds:
        raise RequestError(
            f"{len(rest)} cases cannot be dealt into {draw.folds} folds", field="folds", hint="Use fewer folds."
        )
    folds: list[list[str]] = [[] for _ in range(draw.folds)]
    for group in rest:
        min(folds, key=len).extend(group)
    train = [name for index, fold in enumerate(folds) if index != draw.fold for name in fold]
    return _sorted_split(train, folds[draw.fold], aside.test)


def _sorted_split(train: Sequence[str], validation: Sequence[str], test: Sequence[str]) -> Split:
    return Split(tuple(sorted(train)), tuple(sorted(validation)), tuple(sorted(test)))
