"""What a 2D pane paints, made once per change: the composed image, the overlay, the outline of the current slice."""

from __future__ import annotations

from types import EllipsisType

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QImage

from workstation.core.geometry import Grid, reorient, transform_to_ras
from workstation.gui.review.composer import ClassRule, as_image, colour_table, compose, overlay_table, rule_of
from workstation.gui.review.outline import outline_segments
from workstation.gui.review.slice_geometry import SliceGeometry
from workstation.session.layers import KINDS, Layers
from workstation.session.session import Session

_PREMULTIPLIED = QImage.Format.Format_ARGB32_Premultiplied
_BLANK = ClassRule(None, None, True, (), ())


class SlicePicture:
    """The picture of one plane of the open case; no widget.

    Parameters
    ----------
    session : Session
    plane : {"axial", "sagittal", "coronal"}
    sequence : str or None
        The one sequence that it shows; None follows the session.
    """

    def __init__(self, session: Session, plane: str, *, sequence: str | None = None) -> None:
        self._session = session
        self._plane = plane
        self._fixed_sequence = sequence
        self.version = 0
        """Another number whenever a slice would be painted differently."""
        self.geometry: SliceGeometry | None = None
        self.head = QRectF()
        """Of the slices, in slice pixels: where any image of the case is not zero."""
        self.head_slices = range(0)
        """The slices in which any image of the case is not zero."""
        self._levels: dict[str, np.ndarray] = {}
        self._taken: tuple[object, ...] = ()
        self._truth: np.ndarray | None = None
        self._prediction: np.ndarray | None = None
        self._highlight: np.ndarray | None = None
        self._rule = _BLANK
        self._table: np.ndarray | None = None
        self._greys: np.ndarray | None = None
        self._overlay_table: np.ndarray | None = None
        self._classes: tuple[int, np.ndarray | None] | None = None
        self._image: tuple[int, bool, np.ndarray, QImage] | None = None
        self._overlay: tuple[int, np.ndarray, QImage, QRect] | None = None
        self._outline: tuple[int, list[tuple[QColor, np.ndarray]]] | None = None
        self._placed: tuple[tuple[float, float, float], tuple[int, float, float]] | None = None
        self.take_case()

    @property
    def sequence(self) -> str:
        """The sequence that is shown."""
        return self._fixed_sequence or self._session.view.sequence

    def take_plane(self, plane: str) -> None:
        """Show another plane."""
        self._plane = plane
        self.take_case()

    def take_case(self) -> None:
        """Read the session's case anew."""
        case, view = self._session.case, self._session.view
        if case is None:
            self.geometry = None
            return
        self.geometry = SliceGeometry.of(
            case.grid, self._plane, convention=view.convention, sagittal_nose=view.sagittal_nose
        )
        self._placed = None
        self.head, self.head_slices = self._head_of(case.grid, self.geometry)
        to_ras = transform_to_ras(case.grid.affine)
        self._levels = {name: reorient(image.levels, to_ras) for name, image in self._session.images.items()}
        self.take_masks()

    def _head_of(self, grid: Grid, geometry: SliceGeometry) -> tuple[QRectF, range]:
        boxes = np.array([image.content for image in self._session.images.values()])
        # Voxel i covers i - 0.5 to i + 0.5.
        corners = np.array([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)]) - 0.5
        (x, y, z), (u, v, w) = grid.to_world(corners).tolist()
        one, left, top = geometry.to_screen((x, y, z))
        other, right, bottom = geometry.to_screen((u, v, w))
        area = QRectF(QPointF(left, top), QPointF(right, bottom)).normalized()
        # The upper corner lies on the edge of the slice behind the last one, unless that is beyond the volume.
        return area, range(min(one, other), max(one, other) + int(max(one, other) == geometry.slice_count - 1))

    def take_masks(self) -> None:
        """Read the session's masks, and how they are shown, anew."""
        case, layers = self._session.case, self._session.layers
        if case is None:
            return
        to_ras = transform_to_ras(case.grid.affine)
        self._taken = _identity(layers)
        truth, prediction = (layers.labels(kind) for kind in KINDS)
        self._truth = None if truth is None else reorient(truth, to_ras)
        self._prediction = None if prediction is None else reorient(prediction, to_ras)
        self._highlight = None if layers.highlight is None else reorient(layers.highlight.mask, to_ras)
        self._rule = rule_of(layers)
        self._forget_classes()
        self.forget_colours()

    @property
    def has_these_masks(self) -> bool:
        """Whether the session's masks are those that were taken: edits within one are told by `touch`."""
        now = _identity(self._session.layers)
        return len(now) == len(self._taken) and all(one is other for one, other in zip(now, self._taken, strict=True))

    def touch(self, box: np.ndarray) -> QRect | None:
        """Labels changed in a box of voxels.

        Parameters
        ----------
        box : (2, 3) int ndarray
            First voxel, and the one behind the last.

        Returns
        -------
        QRect or None
            The pixels of the current slice that it covers; None if the slice does not show it.
        """
        case = self._session.case
        if case is None or self.geometry is None:
            return None
        # Voxel i covers i - 0.5 to i + 0.5; a hair less, so that rounding takes no voxel more.
        ends = case.grid.to_world(np.stack([box[0] - 0.4, box[1] - 0.6])).tolist()
        (one, left, top), (other, right, bottom) = (self.geometry.to_screen(tuple(end)) for end in ends)
        first, last = min(one, other), max(one, other)
        (left, right), (top, bottom) = sorted((int(left), int(right))), sorted((int(top), int(bottom)))
        area = QRect(QPoint(left, top), QPoint(right, bottom))
        is_shown = first <= self.place(self._session.view.cursor_mm)[0] <= last
        kept = None if self._classes is None else self._classes[0]
        if kept is not None and first <= kept <= last:
            self._renew(kept, area)
            self.version += int(not is_shown)
        return area if is_shown else None

    def _renew(self, index: int, area: QRect) -> None:
        """Take the labels of some pixels of the kept slice anew: composing a whole slice costs milliseconds."""
        where = (slice(area.top(), area.bottom() + 1), slice(area.left(), area.right() + 1))
        part, classes = self._classes_of(index, where), self._classes[1] if self._classes is not None else None
        if part is None or classes is None:
            return
        classes[where] = part
        self._outline = self._overlay = None
        # A smooth image has no classes in it.
        if self._image is not None and not self._image[1]:
            if self._image[0] == index:
                levels = self._slice(self._levels[self.sequence], index)[where]
                self._image[2][where] = compose(levels, self._filled(part), self._colours())
            else:
                self._image = None

    def _forget_classes(self) -> None:
        self._classes = None
        self._outline = None
        self._overlay = None

    def _shown_levels(self) -> np.ndarray:
        """Of the sequence that is shown; views of what the session holds."""
        name, case = self.sequence, self._session.case
        if case is not None and name not in case.sequences:
            # An image that was added to the open case, and may be another one by now.
            return reorient(self._session.images[name].levels, transform_to_ras(case.grid.affine))
        return self._levels[name]

    def forget_colours(self) -> None:
        """The sequence, its window or the colours changed."""
        self._table = self._greys = self._overlay_table = None
        self._image = None
        self.version += 1

    def prepare(self) -> None:
        """Make the colours now, from the session as it is."""
        self._colours()
        self._plain_greys()
        self._overlay_colours()

    def place(self, position_mm: tuple[float, float, float]) -> tuple[int, float, float]:
        """(slice index, x, y) of a world position; (0, 0, 0) without a case."""
        if self.geometry is None:
            return (0, 0.0, 0.0)
        # A pane asks for the place of the crosshair several times a frame.
        if self._placed is None or self._placed[0] != position_mm:
            self._placed = (position_mm, self.geometry.to_screen(position_mm))
        return self._placed[1]

    def image(self, index: int, *, is_smooth: bool) -> QImage:
        """The slice in grey, with its classes composed into it unless the image is to be smoothed."""
        if self._image is None or self._image[:2] != (index, is_smooth):
            levels = self._slice(self._shown_levels(), index)
            classes = None if is_smooth else self._filled(self._classes_at(index))
            pixels = compose(levels, classes, self._plain_greys() if classes is None else self._colours())
            self._image = (index, is_smooth, pixels, as_image(pixels))
        return self._image[3]

    def rgba(self, index: int) -> np.ndarray:
        """The slice with its classes as (rows, columns, 4) uint8; clear where the image is zero and has no class."""
        image = self._session.images[self.sequence]
        levels, classes = self._slice(self._shown_levels(), index), self._classes_at(index)
        pixels = compose(levels, self._filled(classes), self._colours())
        found = pixels.view(np.uint8).reshape(*pixels.shape, 4)[..., [2, 1, 0, 3]]
        is_clear = levels == round(-image.lowest / image.step)
        if classes is not None:
            is_clear = is_clear & (classes == 0)
        found[is_clear, 3] = 0
        return found

    def overlay(self, index: int) -> tuple[QImage, QRect] | None:
        """The classes alone, half transparent, for a smoothed image, and the box that holds them; None without any."""
        if self._session.layers.outline == "outline":
            return None
        if self._overlay is None or self._overlay[0] != index:
            classes = self._classes_at(index)
            rows = np.flatnonzero(classes.any(axis=1)) if classes is not None else np.empty(0)
            if classes is None or not rows.size:
                return None
            columns = np.flatnonzero(classes.any(axis=0))
            top, left = int(rows[0]), int(columns[0])
            box = QRect(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)
            pixels = np.take(self._overlay_colours(), classes[top : top + box.height(), left : left + box.width()])
            image = QImage(pixels.data, box.width(), box.height(), 4 * box.width(), _PREMULTIPLIED)
            self._overlay = (index, pixels, image, box)
        return self._overlay[2:]

    def outline_within(self, index: int, area: QRect) -> list[tuple[QColor, np.ndarray]]:
        """As `outline`, in and about some pixels of a slice, for a repaint that is clipped within them."""
        classes = self._classes_at(index)
        if classes is None or self._session.layers.outline == "fill":
            return []
        # A pixel more on each side: the edges of the part itself are no edges of classes.
        left, top = max(0, area.left() - 2), max(0, area.top() - 2)
        part = classes[top : area.bottom() + 3, left : area.right() + 3]
        corner = np.array([left, top, left, top])
        return [(colour, edges + corner) for colour, edges in self._lines(part)]

    def outline(self, index: int) -> list[tuple[QColor, np.ndarray]]:
        """Coloured edges of the classes, (n, 4) x1, y1, x2, y2 in slice pixels; empty if the layers show none."""
        if self._session.layers.outline == "fill":
            return []
        if self._outline is None or self._outline[0] != index:
            classes = self._classes_at(index)
            self._outline = (index, [] if classes is None else self._lines(classes))
        return self._outline[1]

    def _lines(self, classes: np.ndarray) -> list[tuple[QColor, np.ndarray]]:
        """Coloured edges of the classes of a slice or of a part of one."""
        if not all(self._rule.is_shown):
            shown = np.array([0, *(number + 1 if on else 0 for number, on in enumerate(self._rule.is_shown))])
            classes = shown.astype(np.uint8)[classes]
        segments = outline_segments(classes)
        return [(QColor(*self._rule.colours[value - 1]), edges) for value, edges in segments.items()]

    def _slice(self, array: np.ndarray, index: int) -> np.ndarray:
        if self.geometry is None:
            raise RuntimeError("a slice needs a case")
        return self.geometry.slice_of(array, index)

    def _classes_at(self, index: int) -> np.ndarray | None:
        if self._classes is None or self._classes[0] != index:
            self._classes = (index, self._classes_of(index))
        return self._classes[1]

    def _classes_of(self, index: int, where: tuple[slice, slice] | EllipsisType = ...) -> np.ndarray | None:
        """Classes of a slice, or of a part of it, in an array of their own."""
        truth, prediction = (
            None if labels is None else self._slice(labels, index)[where] for labels in (self._truth, self._prediction)
        )
        classes = self._rule.classes(truth, prediction)
        if self._highlight is not None and self._rule.is_highlighting:
            classes = self._rule.lit(classes, self._slice(self._highlight, index)[where])
        return classes

    def _filled(self, classes: np.ndarray | None) -> np.ndarray | None:
        return None if self._session.layers.outline == "outline" else classes

    def _colours(self) -> np.ndarray:
        """The table of the shown sequence's window with all classes."""
        if self._table is None:
            self._table = colour_table(*self._window(), self._rule, opacity=self._session.layers.opacity)
        return self._table

    def _plain_greys(self) -> np.ndarray:
        """The table of the shown sequence's window for what has no classes in it."""
        if self._greys is None:
            self._greys = colour_table(*self._window(), _BLANK, opacity=0.0)
        return self._greys

    def _window(self) -> tuple[float, float]:
        """Of the shown sequence, in grey levels."""
        image = self._session.images[self.sequence]
        low, high = self._session.view.window(self.sequence)
        return ((low - image.lowest) / image.step, (high - image.lowest) / image.step)

    def _overlay_colours(self) -> np.ndarray:
        """Premultiplied colour of each class."""
        if self._overlay_table is None:
            self._overlay_table = overlay_table(self._rule, opacity=self._session.layers.opacity)
        return self._overlay_table


def _identity(layers: Layers) -> tuple[object, ...]:
    """What tells masks from others; edits change neither the array that panes paint nor its scheme."""
    schemes = (None if mask is None else mask.scheme for mask in (layers.truth, layers.prediction))
    return (*(layers.labels(kind) for kind in KINDS), *schemes, layers.highlight)
