"""What lies under the crosshair of a pane: slice, masks, outlines and words, kept as one picture and mended in part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QTimer
from PySide6.QtGui import QColor, QPainter, QPixmap, QRegion

from workstation.gui.review.slice_painting import paint_annotations, paint_slice

if TYPE_CHECKING:
    from workstation.gui.review.slice_view import SliceView

# At most 30 times a second do the panes beside a brush show what it does.
_FOLLOWING_MS = 33
# Letters and titles stand within this distance of the edges.
_WORDS_X, _WORDS_Y = 40, 32
_BLACK = QColor(0, 0, 0)


class SliceBackdrop(QObject):
    """Kept, so that a pane in which only the crosshair moves costs a blit, and a stroke only what it touches."""

    def __init__(self, view: SliceView) -> None:
        super().__init__(view)
        self._view = view
        self._kept: tuple[tuple[object, ...], QPixmap] | None = None
        self._stale: QRect | None = None  # pixels of the slice that edits have changed in the picture
        self._late: QRect | None = None  # of them, those that another pane's brush touched
        self._following = QTimer(self, singleShot=True, interval=_FOLLOWING_MS)
        self._following.timeout.connect(self._on_late)

    def touch(self, box: np.ndarray) -> None:
        """Labels have changed in a box, (2, 3): first voxel, and the one behind the last."""
        view = self._view
        area = view.picture.touch(box)
        if area is None:
            return
        self._stale = area if self._stale is None else self._stale.united(area)
        if view.session.editing.is_drawing and not view.edit.is_drawing:
            # The eye follows the brush: other panes may come later, and several segments at a time.
            self._late = area if self._late is None else self._late.united(area)
            if not self._following.isActive():
                self._following.start()
        else:
            view.update(self._pane_rect(area))

    def paint(self, painter: QPainter, region: QRegion) -> None:
        """Paint what of the picture lies in a region of the pane."""
        pixmap = self.pixmap()
        # Clipped to a rectangle, a picture is copied; clipped to a region, as of a crosshair, it is blended by spans.
        for part in cast("Iterable[QRect]", region):
            painter.setClipRect(part)
            painter.drawPixmap(0, 0, pixmap)
        painter.setClipping(False)

    def pixmap(self) -> QPixmap:
        """The picture as it has to be now."""
        view, session = self._view, self._view.session
        ratio = view.devicePixelRatioF()
        state = (view.slice_index, view.picture.version, session.view.interpolation, session.view.annotations_visible)
        key = (*state, *self._placed(), view.size().toTuple(), ratio)
        if self._kept is None or self._kept[0] != key:
            pixmap = QPixmap(view.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(_BLACK)
            painter = QPainter(pixmap)
            self._paint_slice(painter)
            paint_annotations(painter, view)
            painter.end()
            self._kept = (key, pixmap)
        elif self._stale is not None:
            self._repaint_part(self._kept[1], self._stale)
        self._stale = None
        return self._kept[1]

    def _on_late(self) -> None:
        if self._late is not None:
            self._view.update(self._pane_rect(self._late))
            self._late = None

    def _repaint_part(self, pixmap: QPixmap, area: QRect) -> None:
        """Paint some pixels of the slice anew: a stroke touches few, and the whole would cost several milliseconds."""
        part = self._pane_rect(area)
        painter = QPainter(pixmap)
        painter.setClipRect(part)
        painter.fillRect(part, _BLACK)
        self._paint_slice(painter, self._slice_rect(part.adjusted(-2, -2, 2, 2)))
        if not self._view.rect().adjusted(_WORDS_X, _WORDS_Y, -_WORDS_X, -_WORDS_Y).contains(part):
            paint_annotations(painter, self._view)
        painter.end()

    def _paint_slice(self, painter: QPainter, area: QRect | None = None) -> None:
        view = self._view
        origin, scale = self._placed()
        is_smooth = view.session.view.interpolation == "linear"
        paint_slice(
            painter,
            view.picture,
            view.slice_index,
            origin=QPointF(*origin),
            scale=scale,
            is_smooth=is_smooth,
            area=area,
        )

    def _placed(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where the corner of the first pixel of the slice is in the pane, and how large a pixel is there."""
        origin = self._view.to_pane(QPointF(0, 0))
        return (origin.x(), origin.y()), self._view.scale

    def _slice_rect(self, part: QRect) -> QRect:
        """The pixels of the slice that a part of the pane shows, whole or in part."""
        first, last = (self._view.to_slice(QPointF(corner)) for corner in (part.topLeft(), part.bottomRight()))
        return QRectF(first, last).toAlignedRect()

    def _pane_rect(self, area: QRect) -> QRect:
        """Where pixels of the slice, and the outline about them, are in the pane."""
        first = self._view.to_pane(QPointF(area.left() - 1, area.top() - 1))
        last = self._view.to_pane(QPointF(area.right() + 2, area.bottom() + 2))
        return QRectF(first, last).toAlignedRect().adjusted(-2, -2, 2, 2)
