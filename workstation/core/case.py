"""One examination: which files it consists of, and the same in memory; a data set is many of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workstation.core.geometry import Grid
from workstation.core.volume import LabelMap, Volume

# The fixed order of the sequences everywhere: keys 1 to 4, tables, network inputs.
SEQUENCES = ("T1", "T1c", "T2", "FLAIR")


@dataclass(frozen=True, slots=True)
class ImageRef:
    """Where one 3-D image is.

    Parameters
    ----------
    path : Path
    channel : int or None
        The volume of a 4-D file; None for a 3-D file.
    """

    path: Path
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """The files of one case.

    Parameters
    ----------
    name : str
    sequences : mapping of str to ImageRef
        In the order of `SEQUENCES`; a lone file of unknown sequence stands under its own name.
    truth : ImageRef or None
    layout : str
        "msd", "brats2021", "brats2023", "nnunet", "mapping", or "file".
    scheme_name : str or None
        Label scheme of the truth where the layout or a mapping states it.
    """

    name: str
    sequences: Mapping[str, ImageRef]
    truth: ImageRef | None = None
    layout: str = "file"
    scheme_name: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One case in memory; all its images are on one grid.

    Parameters
    ----------
    name : str
    files : CaseFiles
    sequences : mapping of str to Volume
        Not empty.
    truth : LabelMap or None
    """

    name: str
    files: CaseFiles
    sequences: Mapping[str, Volume]
    truth: LabelMap | None = None

    @property
    def grid(self) -> Grid:
        """The grid of its images."""
        return next(iter(self.sequences.values())).grid


@dataclass(frozen=True, slots=True)
class DataSet:
    """A folder of cases.

    Parameters
    ----------
    name : str
    root : Path
    layout : str
        As in `CaseFiles`.
    cases : tuple of CaseFiles
        Sorted by name.
    """

    name: str
    root: Path
    layout: str
    cases: tuple[CaseFiles, ...]
