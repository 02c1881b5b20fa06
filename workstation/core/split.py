"""Training, validation and test cases, drawn by a seed from names alone."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from workstation.errors import RequestError

# The paper's split of the 484 labelled cases of Task01_BrainTumour; 80/10/10 would round to 388/48/48.
TASK01_CASES = 484
TASK01_COUNTS = (406, 32, 46)
DEFAULT_FRACTIONS = (0.8, 0.1, 0.1)


@dataclass(frozen=True, slots=True)
class Split:
    """Names of the cases of each part, sorted; no name is in two parts."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


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
    ordered = sorted(names)
    if len(set(ordered)) != len(ordered):
        raise RequestError("a case name comes twice", field="cases", hint="Case names must differ.")
    is_task01 = len(ordered) == TASK01_CASES and all(name.startswith("BRATS_") for name in ordered)
    counts = TASK01_COUNTS if is_task01 and fractions == DEFAULT_FRACTIONS else split_counts(len(ordered), fractions)
    train, validation, _ = counts
    random.Random(seed).shuffle(ordered)
    parts = ordered[:train], ordered[train : train + validation], ordered[train + validation :]
    return Split(*(tuple(sorted(part)) for part in parts))


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
