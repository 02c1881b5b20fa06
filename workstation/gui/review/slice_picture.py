"""What a 2D pane paints, made once per change: the composed image, the overlay, the outline of the current slice."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QPoint, QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QImage

from workstation.core.geometry import Grid, reorient, transform_to_ras
from workstation.gui.review.composer import ClassRule, as_image, colour_table, compose, rule_of
from workstation.gui.review.outline import as_lines, outline_segments
from workstation.gui.review.slice_geometry import SliceGeometry
from workstation.session.layers import Layers
from workstation.session.session import Session

_BLANK = ClassRule(None, None, True, (), ())


class SlicePicture:
    """The picture of one plane of the open case; no widget."""

    def __init__(self, session: Session, plane: str) -> None:
        self._session = session
        self._plane = plane
        self.version = 0
        """Another number whenever a slice would be painted differently."""
        self.geometry: SliceGeometry | None = None
        self.head = QRectF()
        """Of the slices, in slice pixels: where any image of the case is not zero."""
        self._levels: dict[str, np.ndarray] = {}
        self._taken: tuple[object, ...] = ()
        self._truth: np.ndarray | None = None
        self._prediction: np.ndarray | None = None
        self._rule = _BLANK
        self._table: np.ndarray | None = None
        self._classes: tuple[int, np.ndarray | None] | None = None
        self._image: tuple[int, bool, np.ndarray, QImage] | None = None
        self._overlay: tuple[int, np.ndarray, QImage] | None = None
        self._outline: tuple[int, list[tuple[QColor, list[QLineF]]]] | None = None
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
        self.head = self._head_of(case.grid, self.geometry)
        to_ras = transform_to_ras(case.grid.affine)
        self._levels = {name: reorient(image.levels, to_ras) for name, image in self._session.images.items()}
        self.take_masks()

    def _head_of(self, grid: Grid, geometry: SliceGeometry) -> QRectF:
        boxes = np.array([image.content for image in self._session.images.values()])
        # Voxel i covers i - 0.5 to i + 0.5.
        corners = np.array([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)]) - 0.5
        (x, y, z), (u, v, w) = grid.to_world(corners).tolist()
        _, left, top = geometry.to_screen((x, y, z))
        _, right, bottom = geometry.to_screen((u, v, w))
        return QRectF(QPointF(left, top), QPointF(right, bottom)).normalized()

    def take_masks(self) -> None:
        """Read the session's masks, and how they are shown, anew."""
        case, layers = self._session.case, self._session.layers
        if case is None:
            return
        to_ras = transform_to_ras(case.grid.affine)
        self._truth = None if layers.truth is None else reorient(layers.truth.data, to_ras)
        self._taken = _identity(layers)
        labels = layers.prediction_labels
        self._prediction = None if labels is None else reorient(labels, to_ras)
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
        kept = None if self._classes is None else self._classes[0]
        is_shown = first <= self.place(self._session.view.cursor_mm)[0] <= last
        if is_shown or (kept is not None and first <= kept <= last):
            self._forget_classes()
            if self._image is not None and not self._image[1]:
                self._image = None  # A smooth image has no classes in it.
        if not is_shown:
            self.version += int(self._classes is None)
            return None
        (left, right), (top, bottom) = sorted((int(left), int(right))), sorted((int(top), int(bottom)))
        return QRect(QPoint(left, top), QPoint(right, bottom))

    def _forget_classes(self) -> None:
        self._classes = None
        self._outline = None
        self._overlay = None

    def forget_colours(self) -> None:
        """The sequence, its window or the colours changed."""
        self._table = None
        self._image = None
        self.version += 1

    def place(self, position_mm: tuple[float, float, float]) -> tuple[int, float, float]:
        """(slice index, x, y) of a world position; (0, 0, 0) without a case."""
        return (0, 0.0, 0.0) if self.geometry is None else self.geometry.to_screen(position_mm)

    def image(self, index: int, *, is_smooth: bool) -> QImage:
        """The slice in grey, with its classes composed into it unless the image is to be smoothed."""
        if self._image is None or self._image[:2] != (index, is_smooth):
            sequence = self._session.view.sequence
            levels = self._slice(self._levels[sequence], index)
            classes = None if is_smooth else self._classes_at(index)
            pixels = compose(levels, self._filled(classes), self._colours())
            self._image = (index, is_smooth, pixels, as_image(pixels))
        return self._image[3]

    def overlay(self, index: int) -> QImage | None:
        """The classes alone, half transparent, for a smoothed image; None if there are none."""
        if self._session.layers.outline == "outline":
            return None
        if self._overlay is None or self._overlay[0] != index:
            classes = self._classes_at(index)
            if classes is None or not classes.any():
                return None
            pixels = np.take(self._overlay_colours(), classes)
            rows, columns = pixels.shape
            image = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32_Premultiplied)
            self._overlay = (index, pixels, image)
        return self._overlay[2]

    def outline_within(self, index: int, area: QRect) -> list[tuple[QColor, list[QLineF]]]:
        """The edges of the classes in and about some pixels of a slice, for a repaint that is clipped to them."""
        classes = self._classes_at(index)
        if classes is None or self._session.layers.outline == "fill":
            return []
        # A pixel more on each side: the edges of the part itself are no edges of classes.
        left, top = max(0, area.left() - 2), max(0, area.top() - 2)
        part = classes[top : area.bottom() + 3, left : area.right() + 3]
        return self._lines(part, QPoint(left, top))

    def outline(self, index: int) -> list[tuple[QColor, list[QLineF]]]:
        """Coloured edges of the classes; empty if the layers show none."""
        if self._session.layers.outline == "fill":
            return []
        if self._outline is None or self._outline[0] != index:
            classes = self._classes_at(index)
            self._outline = (index, [] if classes is None else self._lines(classes, QPoint()))
        return self._outline[1]

    def _lines(self, classes: np.ndarray, origin: QPoint) -> list[tuple[QColor, list[QLineF]]]:
        """Coloured edges of the classes of a part of a slice that begins at `origin`."""
        shown = np.array([0, *(number + 1 if on else 0 for number, on in enumerate(self._rule.is_shown))])
        segments = outline_segments(shown.astype(np.uint8)[classes])
        offset = np.array([origin.x(), origin.y(), origin.x(), origin.y()])
        return [(QColor(*self._rule.colours[value - 1]), as_lines(edges + offset)) for value, edges in segments.items()]

    def _slice(self, array: np.ndarray, index: int) -> np.ndarray:
        if self.geometry is None:
            raise RuntimeError("a slice needs a case")
        return self.geometry.slice_of(array, index)

    def _classes_at(self, index: int) -> np.ndarray | None:
        if self._classes is None or self._classes[0] != index:
            truth = None if self._truth is None else self._slice(self._truth, index)
            prediction = None if self._prediction is None else self._slice(self._prediction, index)
            self._classes = (index, self._rule.classes(truth, prediction))
        return self._classes[1]

    def _filled(self, classes: np.ndarray | None) -> np.ndarray | None:
        return None if self._session.layers.outline == "outline" else classes

    def _colours(self) -> np.ndarray:
        """The table of the shown sequence's window."""
        if self._table is None:
            sequence = self._session.view.sequence
            image = self._session.images[sequence]
            low, high = ((value - image.lowest) / image.step for value in self._session.view.window(sequence))
            self._table = colour_table(low, high, self._rule, opacity=self._session.layers.opacity)
        return self._table

    def _overlay_colours(self) -> np.ndarray:
        """Premultiplied colour of each class."""
        share = self._session.layers.opacity
        colours = np.zeros(len(self._rule.colours) + 1, dtype=np.uint32)
        for number, (colour, is_shown) in enumerate(zip(self._rule.colours, self._rule.is_shown, strict=True), start=1):
            if is_shown:
                red, green, blue = (round(part * share) for part in colour)
                colours[number] = round(255 * share) << 24 | red << 16 | green << 8 | blue
        return colours


def _identity(layers: Layers) -> tuple[object, ...]:
    """What tells masks from others; edits change neither the array that panes paint nor its scheme."""
    prediction = layers.prediction
    scheme = None if prediction is None else prediction.scheme
    return (layers.truth, layers.prediction_labels, scheme)
