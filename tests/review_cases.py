"""A session with a small case in memory, and label maps of boxes on its grid."""

from __future__ import annotations

import numpy as np

from workstation.core.case import Case, CaseFiles
from workstation.core.geometry import Grid
from workstation.core.labels import SCHEMES
from workstation.core.volume import LabelMap, Volume
from workstation.session.images import make_display_image
from workstation.session.loading import LoadedCase
from workstation.session.session import Session

SIDE = 24
GRID = Grid((SIDE, SIDE, SIDE), np.eye(4))
Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]


def boxes(*given: Box, scheme: str = "brats2021") -> LabelMap:
    """Boxes of (I range, J range, K range, label) on 24 voxels a side of 1 mm."""
    data = np.zeros(GRID.shape, dtype=np.uint8, order="F")
    for i, j, k, value in given:
        data[slice(*i), slice(*j), slice(*k)] = value
    return LabelMap("boxes", data, GRID, SCHEMES[scheme])


TUMOUR: Box = ((4, 10), (4, 10), (4, 10), 2)
MISSED: Box = ((15, 18), (15, 18), (15, 18), 2)
MADE_UP: Box = ((15, 19), (4, 8), (16, 20), 2)
SPECK: Box = ((20, 21), (20, 21), (20, 21), 4)


def truth() -> LabelMap:
    """A tumour of 216 voxels and a lesion of 27."""
    return boxes(TUMOUR, MISSED)


def prediction() -> LabelMap:
    """The tumour, one quarter of it as core; 64 made-up voxels, and a speck of one."""
    return boxes(TUMOUR, ((4, 7), (4, 7), (4, 10), 1), MADE_UP, SPECK)


def open_case(session: Session, *, truth: LabelMap | None, prediction: LabelMap | None) -> None:
    """Show a dim cube with the masks on it."""
    data = np.full(GRID.shape, 100, dtype=np.int16)
    data[2:22, 2:22, 2:22] = np.arange(20, dtype=np.int16) + 200
    volume = Volume("FLAIR", data, GRID)
    case = Case("Boxes", CaseFiles("Boxes", {}), {"FLAIR": volume}, truth)
    images = {"FLAIR": make_display_image(volume)}
    session.take_case(LoadedCase(case, images, (12.0, 12.0, 12.0)), prediction=prediction)
