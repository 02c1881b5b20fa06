"""The slices of a plane as a series of PNG files, with masks, letters and names, as the panes show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from PySide6.QtWidgets import QApplication

from workstation.errors import ExportError
from workstation.gui.picture_files import write_png
from workstation.gui.review.slice_painting import paint_slice, paint_words, slice_title
from workstation.gui.review.slice_picture import SlicePicture
from workstation.session.session import Session

LONGEST_SIDE = 900
_MARGIN = 24


@dataclass(frozen=True, slots=True, eq=False)
class SliceSeries:
    """What is written: a picture of its own, so that a thread may paint while the panes go on.

    Parameters
    ----------
    picture : SlicePicture
    indices : sequence of int
        The slices.
    name : str
        Of the case and the sequence.
    convention : str
    is_smooth : bool
    font : QFont
    """

    picture: SlicePicture
    indices: Sequence[int]
    name: str
    convention: str
    is_smooth: bool
    font: QFont

    @classmethod
    def of(cls, session: Session, plane: str, *, every_mm: float) -> SliceSeries:
        """The slices of the open case's head, as they are shown now.

        Raises
        ------
        ExportError
            There is no case.
        """
        picture, view = SlicePicture(session, plane), session.view
        if session.case is None or picture.geometry is None:
            raise ExportError("there are no slices to save", hint="Open a case first.")
        step = max(1, round(every_mm / picture.geometry.slice_mm))
        # Made now: a thread must not ask the session for colours that may change meanwhile.
        picture.prepare()
        return cls(
            picture,
            picture.head_slices[::step],
            f"{session.case.name}  {view.sequence}",
            view.convention,
            view.interpolation == "linear",
            QApplication.font(),
        )

    def write(self, folder: Path) -> list[Path]:
        """Write every slice; for a thread.

        Returns
        -------
        list of Path
            PLANE_NNN.png with the number of the slice, counted from 1 as in the titles.

        Raises
        ------
        ExportError
            A file cannot be written.
        """
        geometry = self.picture.geometry
        paths = []
        for index in self.indices if geometry is not None else ():
            path = folder / f"{geometry.plane}_{index + 1:03d}.png"  # type: ignore[union-attr]
            write_png(self.image(index), path)
            paths.append(path)
        return paths

    def image(self, index: int) -> QImage:
        """One slice with what stands over it."""
        geometry, head = self.picture.geometry, self.picture.head
        if geometry is None:
            raise ValueError("the case is gone")
        pixel_x, pixel_y = geometry.pixel_mm
        zoom = (LONGEST_SIDE - 2 * _MARGIN) / max(head.width() * pixel_x, head.height() * pixel_y)
        scale = (zoom * pixel_x, zoom * pixel_y)
        width = round(head.width() * scale[0]) + 2 * _MARGIN
        height = round(head.height() * scale[1]) + 2 * _MARGIN
        image = QImage(width, height, QImage.Format.Format_RGB32)
        image.fill(QColor(0, 0, 0))
        painter = QPainter(image)
        origin = QPointF(_MARGIN - head.left() * scale[0], _MARGIN - head.top() * scale[1])
        paint_slice(painter, self.picture, index, origin=origin, scale=scale, is_smooth=self.is_smooth)
        title = f"{self.name}   {slice_title(geometry, index)}"
        paint_words(
            painter,
            QRectF(0, 0, width, height),
            self.font,
            letters=geometry.letters,
            title=title,
            convention=self.convention,
        )
        painter.end()
        return image
