"""A voxel of the volume in the words of the panes: its axial slice, its indices."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from workstation.gui.review.slice_geometry import SliceGeometry
from workstation.session.session import Session
from workstation.session.view import Point

Voxel = tuple[int, int, int]


def position_of(session: Session, voxel: Voxel) -> Point:
    """World position of a voxel of the open case; the origin without one."""
    if session.case is None:
        return (0.0, 0.0, 0.0)
    x, y, z = session.case.grid.to_world(voxel)
    return (float(x), float(y), float(z))


def slice_number(session: Session, voxel: Voxel) -> int:
    """The axial slice that holds a voxel, counted from 1 as the pane's title does; 0 without a case."""
    case, view = session.case, session.view
    if case is None:
        return 0
    geometry = SliceGeometry.of(case.grid, "axial", convention=view.convention, sagittal_nose=view.sagittal_nose)
    return geometry.to_screen(position_of(session, voxel))[0] + 1


def place_words(voxel: Voxel) -> str:
    """Its indices, as the status bar gives them."""
    i, j, k = voxel
    return QCoreApplication.translate("Places", "Voxel {0} {1} {2} (from 0), nearest to its middle").format(i, j, k)
