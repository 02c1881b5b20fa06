"""What the form says about a data set before anything is trained on it; names and one header are read, no voxel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workstation.core.case import CaseFiles
from workstation.core.network import PRESETS, Shape
from workstation.errors import WorkstationError
from workstation.io.layouts import open_dataset
from workstation.io.nifti import read_header
from workstation.io.splits import read_manifest

_HEADERS = 8


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What is known about a folder.

    Parameters
    ----------
    path : str
        As it was asked about.
    name, layout : str
        Empty if it is no data set.
    cases : int
    usable : mapping of str to int
        Cases with a truth and all sequences that a preset needs, by preset.
    shape : (I, J, K) or None
        The largest shape among the first cases; None if no header could be read.
    error : str
        Why it cannot be used; empty if it can.
    """

    path: str
    name: str = ""
    layout: str = ""
    cases: int = 0
    usable: Mapping[str, int] | None = None
    shape: Shape | None = None
    error: str = ""


def facts_of(path: str) -> DataFacts:
    """Look at a folder; every trouble becomes the facts' error."""
    try:
        data_set = open_dataset(Path(path).expanduser())
    except WorkstationError as error:
        return DataFacts(path, error=f"{error.message} {error.hint}".strip())
    except OSError as error:
        return DataFacts(path, error=f"{path} cannot be read: {error.strerror}.")
    usable = Counter(dict.fromkeys(PRESETS, 0))
    for case in data_set.cases:
        usable.update(preset for preset in PRESETS if _is_usable(case, preset))
    return DataFacts(
        path,
        name=data_set.name,
        layout=data_set.layout,
        cases=len(data_set.cases),
        usable=dict(usable),
        shape=_largest_shape(data_set.cases),
    )


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """What is known about the manifest of a split.

    Parameters
    ----------
    counts : mapping of str to int
        Cases by part; empty if it cannot be used.
    error : str
        Why it cannot; empty if it can.
    """

    counts: Mapping[str, int]
    error: str = ""

    @property
    def parts(self) -> tuple[int, int] | None:
        """How many cases are trained on and validated on; None if it cannot be used."""
        return (self.counts["train"], self.counts["validation"]) if self.counts else None


def split_facts_of(path: str) -> SplitFacts:
    """Read a manifest; every trouble becomes the facts' error."""
    try:
        split = read_manifest(Path(path).expanduser()).split
    except WorkstationError as error:
        return SplitFacts({}, f"{error.message}. {error.hint}".replace("..", "."))
    return SplitFacts({part: len(names) for part, names in split.parts.items()})


def _is_usable(case: CaseFiles, preset: str) -> bool:
    return case.truth is not None and set(PRESETS[preset].inputs) <= set(case.sequences)


def _largest_shape(cases: tuple[CaseFiles, ...]) -> Shape | None:
    """The shape with the most voxels among the first cases that can be read."""
    shapes: list[Shape] = []
    for case in cases[:_HEADERS]:
        try:
            header = read_header(next(iter(case.sequences.values())).path)
        except WorkstationError:
            # The engine names a damaged case when it meets it; here it only lends no shape.
            continue
        shapes.append((header.shape[0], header.shape[1], header.shape[2]))
    return max(shapes, key=lambda shape: shape[0] * shape[1] * shape[2], default=None)
