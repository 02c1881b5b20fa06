"""Small cases for tests of session and window: written once, opened in milliseconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workstation.core.case import CaseFiles, DataSet
from workstation.core.geometry import Grid
from workstation.core.labels import SCHEMES
from workstation.core.volume import LabelMap
from workstation.io.nifti import read_label_map
from workstation.io.nifti_writing import write_label_map
from workstation.io.phantoms import write_phantoms

SHAPE = (32, 36, 28)


def write_cases(folder: Path, *, cases: int = 1) -> DataSet:
    """Phantoms with truth in the BraTS 2021 layout."""
    return write_phantoms(folder, cases=cases, shape=SHAPE, layout="brats2021", seed=4)


def truth_path(files: CaseFiles) -> Path:
    """Where a case's truth is."""
    if files.truth is None:
        raise ValueError(f"{files.name} has no truth")
    return files.truth.path


def write_shifted(truth: Path, out: Path, *, by: int = 2) -> Path:
    """A prediction: the truth moved by some voxels along the first axis."""
    mask = read_label_map(truth, layout="brats2021")
    moved = np.zeros_like(mask.data)
    moved[by:] = mask.data[:-by]
    write_label_map(out, LabelMap(mask.name, moved, mask.grid, mask.scheme, mask.source), like=mask.source)
    return out


def box(start: int, stop: int, *, value: int = 2, scheme: str = "brats2021") -> LabelMap:
    """A mask of 20 voxels a side and 1 mm that holds one box: all of I and J, K from `start` to `stop`."""
    data = np.zeros((20, 20, 20), dtype=np.uint8)
    data[:, :, start:stop] = value
    return LabelMap("box", data, Grid((20, 20, 20), np.eye(4)), SCHEMES[scheme])
