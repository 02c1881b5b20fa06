"""Images and label maps in memory, with what an export needs to give their geometry back bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from workstation.core.geometry import Grid
from workstation.core.labels import LabelScheme

FileKind = Literal["nifti1", "nifti2", "pair"]


@dataclass(frozen=True, slots=True, eq=False)
class SourceHeader:
    """The header of the file that an image came from.

    Parameters
    ----------
    path : Path
    raw : bytes
        The header's bytes as they stand in the file (348 or 540), without extensions.
    is_big_endian : bool
    kind : {"nifti1", "nifti2", "pair"}
    affine : (4, 4) float64 ndarray
        Voxel index to world, RAS+, mm.
    sform_code, qform_code : int
    zooms : tuple of float
        Voxel spacing as the header states it, mm.
    shape : tuple of int
        Of the whole file: three or four numbers.
    dtype : str
        As stored, numpy's name.
    slope, inter : float
        Scaling as applied; 1 and 0 where there is none.
    channel : int or None
        The volume taken of a 4-D file.
    """

    path: Path
    raw: bytes
    is_big_endian: bool
    kind: FileKind
    affine: np.ndarray
    sform_code: int
    qform_code: int
    zooms: tuple[float, ...]
    shape: tuple[int, ...]
    dtype: str
    slope: float = 1.0
    inter: float = 0.0
    channel: int | None = None

    @property
    def is_scaled(self) -> bool:
        """Whether the values that are meant differ from those stored."""
        return (self.slope, self.inter) != (1.0, 0.0)

    @property
    def grid(self) -> Grid:
        """The grid of one volume of the file."""
        return Grid((self.shape[0], self.shape[1], self.shape[2]), self.affine)


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """One MR image.

    Parameters
    ----------
    name : str
        Sequence ("FLAIR") or file name.
    data : (I, J, K) ndarray
        Intensities: as stored where the file does not scale, else float32. Read-only.
    grid : Grid
    source : SourceHeader or None
        None for an image that was made here.
    """

    name: str
    data: np.ndarray
    grid: Grid
    source: SourceHeader | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    """A mask of several labels.

    Parameters
    ----------
    name : str
    data : (I, J, K) uint8 ndarray
        Labels of `scheme`. Read-only.
    grid : Grid
    scheme : LabelScheme
    source : SourceHeader or None
        None for a label map that was made here.
    """

    name: str
    data: np.ndarray
    grid: Grid
    scheme: LabelScheme
    source: SourceHeader | None = None
