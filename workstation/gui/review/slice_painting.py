"""A slice, and what stands over it: crosshair, orientation letters, title; and the words of an empty pane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QRegion

from workstation.gui.labels_on_images import draw_label
from workstation.gui.review.outline import draw_segments
from workstation.gui.review.slice_geometry import SliceGeometry

if TYPE_CHECKING:
    from workstation.gui.review.slice_picture import SlicePicture
    from workstation.gui.review.slice_view import SliceView

_LETTER = QColor(255, 214, 102)
_TITLE = QColor(205, 210, 216)
_QUIET = QColor(140, 146, 154)
_CROSSHAIR = QColor(70, 164, 112)
_FRAME = QColor(74, 124, 196)
_GAP = 14
_EDGE = 8.0


def paint_crosshair(painter: QPainter, view: SliceView, position: QPointF) -> None:
    """Two thin lines with a gap about the point itself, so that they do not hide it."""
    x, y = round(position.x()), round(position.y())
    # Opaque rectangles: a blended line costs twenty times as much.
    painter.fillRect(0, y, x - _GAP, 1, _CROSSHAIR)
    painter.fillRect(x + _GAP, y, view.width() - x - _GAP, 1, _CROSSHAIR)
    painter.fillRect(x, 0, 1, y - _GAP, _CROSSHAIR)
    painter.fillRect(x, y + _GAP, 1, view.height() - y - _GAP, _CROSSHAIR)


def crosshair_region(size: QSize, spots: Sequence[QPoint]) -> QRegion:
    """What `paint_crosshair` may paint at some places in a pane."""
    region = QRegion()
    for spot in spots:
        region += QRect(0, spot.y() - 1, size.width(), 3)
        region += QRect(spot.x() - 1, 0, 3, size.height())
    return region


def paint_slice(
    painter: QPainter,
    picture: SlicePicture,
    index: int,
    *,
    origin: QPointF,
    scale: tuple[float, float],
    is_smooth: bool,
    area: QRect | None = None,
) -> None:
    """A slice with masks and outlines.

    Parameters
    ----------
    painter : QPainter
    picture : SlicePicture
    index : int
        Which slice.
    origin : QPointF
        Where the corner of its first pixel goes.
    scale : tuple of float
        Logical screen pixels for a slice pixel along x and y.
    is_smooth : bool
        Whether the image is enlarged by linear interpolation; masks never are.
    area : QRect or None
        Pixels that reach a line's width beyond what the painter is clipped to; outlines elsewhere are not made. None is
        the whole slice.
    """
    geometry = picture.geometry
    if geometry is None:
        return
    width, height = geometry.size
    target = QRectF(origin.x(), origin.y(), width * scale[0], height * scale[1])
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
    painter.drawImage(target, picture.image(index, is_smooth=is_smooth))
    if is_smooth:
        overlay = picture.overlay(index)
        if overlay is not None:
            image, box = overlay
            place = QRectF(box.x() * scale[0], box.y() * scale[1], box.width() * scale[0], box.height() * scale[1])
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(place.translated(origin), image)
    lines = picture.outline(index) if area is None else picture.outline_within(index, area)
    _paint_outline(painter, lines, origin, scale)


def _paint_outline(
    painter: QPainter, lines: Sequence[tuple[QColor, np.ndarray]], origin: QPointF, scale: tuple[float, float]
) -> None:
    if not lines:
        return
    painter.save()
    painter.translate(origin)
    painter.scale(*scale)
    # A cosmetic pen is as wide as its number of device pixels.
    width = 2 * painter.device().devicePixelRatioF()
    for colour, segments in lines:
        pen = QPen(colour, width)
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        draw_segments(painter, segments)
    painter.restore()


def paint_annotations(painter: QPainter, view: SliceView) -> None:
    """Orientation letters and convention always; plane and slice unless annotations are off."""
    geometry = view.picture.geometry
    if geometry is None:
        return
    title = slice_title(geometry, view.slice_index)
    if view.name != view.plane:
        title = f"{view.name}   {title}"
    state = view.session.view
    paint_words(
        painter,
        QRectF(view.rect()),
        view.font(),
        letters=geometry.letters,
        title=title if state.annotations_visible else "",
        convention=state.convention,
    )


def slice_title(geometry: SliceGeometry, index: int) -> str:
    """Plane and slice, such as "Axial  78 / 155"."""
    return f"{plane_name(geometry.plane)}  {index + 1} / {geometry.slice_count}"


def paint_words(
    painter: QPainter, rect: QRectF, font: QFont, *, letters: Sequence[str], title: str, convention: str
) -> None:
    """Orientation letters at the edges, left, right, top and bottom; title and convention in corners, if not empty."""
    area = rect.adjusted(_EDGE, _EDGE - 2, -_EDGE, -_EDGE + 2)
    sides = (
        Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
        Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop,
        Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom,
    )
    painter.setFont(_font(font, 1.15, is_bold=True))
    for letter, side in zip(letters, sides, strict=True):
        draw_label(painter, area, side, letter, _LETTER)
    if title:
        painter.setFont(_font(font, 1.0))
        draw_label(painter, area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title, _TITLE)
    if convention:
        painter.setFont(_font(font, 0.9))
        text = convention_name(convention)
        draw_label(painter, area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, text, _QUIET)


def convention_name(convention: str) -> str:
    """A convention for people."""
    words = {
        "radiological": QT_TRANSLATE_NOOP("Planes", "radiological"),
        "neurological": QT_TRANSLATE_NOOP("Planes", "neurological"),
    }
    return QCoreApplication.translate("Planes", str(words[convention]))


def paint_frame(painter: QPainter, view: SliceView) -> None:
    """A thin frame about the pane that keys mean."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(_FRAME, 1))
    painter.drawRect(view.rect().adjusted(0, 0, -1, -1))


def paint_empty(painter: QPainter, view: SliceView) -> None:
    """The name of the plane, quietly, where there is no case."""
    painter.setFont(_font(view.font(), 1.0))
    painter.setPen(QColor(80, 86, 94))
    painter.drawText(
        QRectF(view.rect()).adjusted(_EDGE, _EDGE - 2, 0, 0),
        Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop,
        plane_name(view.plane),
    )


def plane_name(plane: str) -> str:
    """A plane for people."""
    words = {
        "axial": QT_TRANSLATE_NOOP("Planes", "Axial"),
        "sagittal": QT_TRANSLATE_NOOP("Planes", "Sagittal"),
        "coronal": QT_TRANSLATE_NOOP("Planes", "Coronal"),
    }
    return QCoreApplication.translate("Planes", str(words[plane]))


def _font(base: QFont, scale: float, *, is_bold: bool = False) -> QFont:
    font = QFont(base)
    font.setPointSizeF(max(7.0, font.pointSizeF() * scale))
    font.setBold(is_bold)
    return font
