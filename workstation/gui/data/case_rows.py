"""What the table of cases shows, in words and numbers to sort by; no widget, no image is opened."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workstation.core.case import SEQUENCES, CaseFiles, DataSet
from workstation.core.case_facts import CaseFacts
from workstation.core.network import PRESETS
from workstation.core.plain_text import one_line

_ABSENT = "\N{EN DASH}"


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


def is_usable(case: CaseFiles, inputs: tuple[str, ...]) -> bool:
    """Whether a case has a truth and all of the sequences."""
    return case.truth is not None and all(name in case.sequences for name in inputs)


def folder_of(case: CaseFiles) -> Path:
    """Where the files of a case are: of its first image."""
    return next(iter(case.sequences.values())).path.parent if case.sequences else Path()


def grid_text(facts: CaseFacts | None) -> str:
    """The grid of a case: voxels, spacing where it is not 1 mm, axes; empty before it is known."""
    if facts is None:
        return ""
    if facts.image is None:
        return _ABSENT
    grid = facts.image.grid
    sizes = "\N{MULTIPLICATION SIGN}".join(map(str, grid.shape))
    zooms = [f"{zoom:.3g}" for zoom in grid.zooms]
    spacing = zooms[0] if len(set(zooms)) == 1 else "\N{MULTIPLICATION SIGN}".join(zooms)
    return f"{sizes}, {spacing} mm, {grid.axis_codes}"


def voxels_of(facts: CaseFacts | None) -> int:
    """Number of voxels, to sort grids by; -1 before it is known."""
    return math.prod(facts.image.shape) if facts is not None and facts.image is not None else -1


def labels_text(facts: CaseFacts | None) -> str:
    """The labels that a truth holds; a dash without one, empty before it is known."""
    if facts is None:
        return ""
    if facts.mask is None:
        return _ABSENT
    values = [str(value) for value in sorted(facts.mask.counts) if value]
    return "odd" if facts.mask.others else " ".join(values[:8]) or "none"


def volume_of(facts: CaseFacts | None, region: str) -> float | None:
    """Volume of a region in ml; None without a truth that says so, or before it is known."""
    return None if facts is None else facts.volumes_ml.get(region)


def volume_text(facts: CaseFacts | None, region: str) -> str:
    """The same for a table."""
    volume = volume_of(facts, region)
    if volume is None:
        return "" if facts is None else _ABSENT
    return f"{volume:,.1f}"


def name_text(case: CaseFiles) -> str:
    """A case's name in one line."""
    return one_line(case.name)
