"""Where a slice lies in its pane: zoom, the place in the middle, and the way between pane and slice."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize

from workstation.core.marks import Point
from workstation.gui.review.slice_picture import SlicePicture

Framed = tuple[str | None, float, Point]
"""What is fitted ("head", "slice", or None after zoom or pan), zoom, and the place in the middle, mm."""

_ZOOM_RANGE = (0.2, 80.0)
# Around what is fitted, in screen pixels: the letters stand there.
_MARGIN = 22
_SMALLEST = 40


class SliceFrame:
    """Zoom and centre of a pane; nothing changes without a case.

    Parameters
    ----------
    picture : SlicePicture
        What is framed.
    size_of_pane : callable
        The pane's size now, screen pixels.
    """

    def __init__(self, picture: SlicePicture, size_of_pane: Callable[[], QSize]) -> None:
        self.zoom = 1.0
        """Screen pixels per mm."""
        self.fitted: str | None = "head"
        """What is kept as large as the pane allows: "head" (what is not zero in any image), "slice", or None."""
        self._centre = QPointF()  # the place of the slice in the middle of the pane, in slice pixels
        self._picture = picture
        self._size = size_of_pane

    @property
    def scale(self) -> tuple[float, float]:
        """Screen pixels per slice pixel along x and y."""
        geometry = self._picture.geometry
        if geometry is None:
            return (1.0, 1.0)
        return (self.zoom * geometry.pixel_mm[0], self.zoom * geometry.pixel_mm[1])

    def to_slice(self, position: QPointF) -> QPointF:
        """The place on the slice, in slice pixels, under a position in the pane."""
        (scale_x, scale_y), pane = self.scale, self._size()
        return QPointF(
            (position.x() - pane.width() / 2) / scale_x + self._centre.x(),
            (position.y() - pane.height() / 2) / scale_y + self._centre.y(),
        )

    def to_pane(self, place: QPointF) -> QPointF:
        """The position in the pane of a place on the slice."""
        (scale_x, scale_y), pane = self.scale, self._size()
        return QPointF(
            (place.x() - self._centre.x()) * scale_x + pane.width() / 2,
            (place.y() - self._centre.y()) * scale_y + pane.height() / 2,
        )

    def middle_mm(self, index: int) -> Point:
        """World position of the middle of the pane on a slice, RAS+ mm; (0, 0, 0) without a case."""
        geometry = self._picture.geometry
        return (0.0, 0.0, 0.0) if geometry is None else geometry.to_mm(index, self._centre.x(), self._centre.y())

    def fit(self, what: str) -> None:
        """Show the "head" or the whole "slice" as large as the pane allows, and keep it so."""
        geometry = self._picture.geometry
        if geometry is None:
            return
        area = self._picture.head if what == "head" else QRectF(0, 0, *geometry.size)
        pane = self._size()
        room_x, room_y = (max(side - 2 * _MARGIN, _SMALLEST) for side in (pane.width(), pane.height()))
        pixel_x, pixel_y = geometry.pixel_mm
        self.zoom = min(room_x / (area.width() * pixel_x), room_y / (area.height() * pixel_y))
        self._centre = area.center()
        self.fitted = what

    def refit(self) -> bool:
        """Fit again what is fitted, in another pane or of another case; False if nothing is."""
        if self.fitted is not None:
            self.fit(self.fitted)
        return self.fitted is not None

    def centre_on(self, position_mm: Point) -> None:
        """Bring a world position to the middle of the pane."""
        self._centre = QPointF(*self._picture.place(position_mm)[1:])

    def take(self, framed: Framed) -> None:
        """Take over what another pane shows."""
        fitted, zoom, middle = framed
        if self._picture.geometry is None:
            return
        if fitted is not None:
            self.fit(fitted)
            return
        self.fitted = None
        self.zoom = _clipped(zoom)
        self.centre_on(middle)

    def pan(self, moved: QPointF) -> None:
        """Move the slice by screen pixels."""
        scale_x, scale_y = self.scale
        self._centre -= QPointF(moved.x() / scale_x, moved.y() / scale_y)
        self.fitted = None

    def zoom_at(self, position: QPointF, factor: float) -> None:
        """Zoom so that the place under `position` stays where it is."""
        if self._picture.geometry is None:
            return
        place = self.to_slice(position)
        self.zoom = _clipped(self.zoom * factor)
        self._centre += place - self.to_slice(position)
        self.fitted = None


def _clipped(zoom: float) -> float:
    return min(max(zoom, _ZOOM_RANGE[0]), _ZOOM_RANGE[1])
