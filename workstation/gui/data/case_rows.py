"""What the table of cases shows, worked out from file names alone; no widget, no image is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workstation.core.case import SEQUENCES, CaseFiles, DataSet
from workstation.core.network import PRESETS
from workstation.core.split import split_cases
from workstation.errors import RequestError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures above the table.

    Parameters
    ----------
    cases, with_truth, complete : int
        All; those with a truth; those with a truth and the four sequences.
    usable : mapping of str to int
        Cases that a training with a preset could use, by preset.
    missing : mapping of str to int
        Cases that lack a sequence, by sequence; only sequences that some case lacks.
    """

    cases: int
    with_truth: int
    complete: int
    usable: Mapping[str, int]
    missing: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SplitPreview:
    """The part that each case would fall into.

    Parameters
    ----------
    part_of : mapping of str to str
        "train", "validation" or "test" by case name; cases that cannot be trained on are not in it.
    problem : str
        Why the usable cases cannot be split; empty if they can, or if there are none.
    """

    part_of: Mapping[str, str]
    problem: str = ""

    def count(self, part: str) -> int:
        """How many cases fall into a part."""
        return sum(each == part for each in self.part_of.values())


def overview_of(data_set: DataSet) -> Overview:
    """Count what a data set has."""
    missing = Counter(name for case in data_set.cases for name in SEQUENCES if name not in case.sequences)
    return Overview(
        cases=len(data_set.cases),
        with_truth=sum(case.truth is not None for case in data_set.cases),
        complete=sum(is_usable(case, SEQUENCES) for case in data_set.cases),
        usable={name: sum(is_usable(case, plan.inputs) for case in data_set.cases) for name, plan in PRESETS.items()},
        missing={name: missing[name] for name in SEQUENCES if missing[name]},
    )


def preview_split(
    cases: Sequence[CaseFiles], *, inputs: Sequence[str], seed: int, validation: float, test: float
) -> SplitPreview:
    """Split the cases as a training would that reads the sequences `inputs`.

    Parameters
    ----------
    cases : sequence of CaseFiles
    inputs : sequence of str
        Cases without one of these sequences, or without truth, take no part.
    seed : int
    validation, test : float
        Shares, 0 to 1.
    """
    usable = [case.name for case in cases if is_usable(case, inputs)]
    if not usable:
        return SplitPreview({})
    try:
        split = split_cases(usable, seed=seed, fractions=(1 - validation - test, validation, test))
    except RequestError as error:
        return SplitPreview({}, f"{error.message[:1].upper()}{error.message[1:]}. {error.hint}".strip())
    parts = (split.train, split.validation, split.test)
    return SplitPreview({name: part for part, names in zip(PARTS, parts, strict=True) for name in names})


def is_usable(case: CaseFiles, inputs: Sequence[str]) -> bool:
    """Whether a case has a truth and all of the sequences."""
    return case.truth is not None and all(name in case.sequences for name in inputs)


def folder_of(case: CaseFiles) -> Path:
    """Where the files of a case are: of its first image."""
    return next(iter(case.sequences.values())).path.parent if case.sequences else Path()
