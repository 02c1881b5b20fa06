"""The three slices through the crosshair as pictures in space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workstation.gui.review.slice_picture import SlicePicture
from workstation.session.session import Session
from workstation.session.view import PLANES


@dataclass(frozen=True, slots=True, eq=False)
class PlaneImage:
    """A slice as a rectangle in space.

    Parameters
    ----------
    plane : {"axial", "sagittal", "coronal"}
    corner_mm, right_mm, up_mm : (3,) ndarray
        Its lower left corner as it stands on the screen, and its lower right and upper left corners, RAS mm.
    pixels : (rows, columns, 4) uint8 ndarray
        Red, green, blue and opacity; the first row is the lowest.
    """

    plane: str
    corner_mm: np.ndarray
    right_mm: np.ndarray
    up_mm: np.ndarray
    pixels: np.ndarray


class SlicePlanes:
    """Makes the pictures of the open case."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pictures = {plane: SlicePicture(session, plane) for plane in PLANES}

    def images(self) -> list[PlaneImage]:
        """The slices through the crosshair, as the panes show them; none without a case."""
        if self._session.case is None:
            return []
        found = []
        for plane, picture in self._pictures.items():
            picture.take_case()
            geometry = picture.geometry
            if geometry is None:
                continue
            index = picture.place(self._session.view.cursor_mm)[0]
            width, height = geometry.size
            corner, right, up = (
                np.array(geometry.to_mm(index, x, y)) for x, y in ((0, height), (width, height), (0, 0))
            )
            found.append(PlaneImage(plane, corner, right, up, np.ascontiguousarray(picture.rgba(index)[::-1])))
        return found
