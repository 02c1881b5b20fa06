"""The sheet of a lightbox: tiles of slices, painted once per change and kept; a click moves the crosshair there."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.gui.review.slice_marks import paint_mark
from workstation.gui.review.slice_painting import paint_slice, paint_words
from workstation.gui.review.slice_picture import SlicePicture
from workstation.session.session import Session

_SMALLEST_TILE = 110
_GAP = 2
_MARGIN = 4
_WHEEL_STEP = 120
_NO_LETTERS = ("", "", "", "")
_MARK = QColor(94, 220, 150)


class LightboxSheet(QWidget):
    """Slices of the session's plane in rows, from below (left, behind) upwards.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    menu_wanted = Signal(QPoint)
    arranged = Signal()
    """Other slices are shown."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.picture = SlicePicture(session, session.view.layout_plane)
        self.indices: tuple[int, ...] = ()
        """The slices shown, in the order of the tiles."""
        self.paint_count = 0
        self._tiles: list[QRect] = []
        self._first_row = 0
        self._columns = 1
        self._sheet: tuple[tuple[object, ...], QPixmap] | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._connect()
        self._choose()

    def _connect(self) -> None:
        session, view, layers = self._session, self._session.view, self._session.layers
        session.case_changed.connect(self._on_case)
        view.convention_changed.connect(self._on_case)
        view.layout_changed.connect(self._on_layout)
        view.cursor_moved.connect(self._on_seen)
        view.decoration_changed.connect(self._on_seen)
        session.marks.changed.connect(self._on_seen)
        for signal in (view.sequence_changed, view.window_changed):
            signal.connect(self._on_colours)
        for signal in (layers.masks_changed, layers.display_changed):
            signal.connect(self._on_masks)

    def sizeHint(self) -> QSize:
        """As the four panes."""
        return QSize(800, 800)

    def tile_of(self, index: int) -> QRect | None:
        """Where a slice is painted; None if it is not shown now."""
        self._arrange()
        if index not in self.indices:
            return None
        number = self.indices.index(index) - self._first_row * self._columns
        return self._tiles[number] if 0 <= number < len(self._tiles) else None

    # -- changes ------------------------------------------------------------------------------------------------------

    def _on_case(self) -> None:
        self.picture.take_case()
        self._choose()

    def _on_layout(self) -> None:
        view = self._session.view
        if view.layout == "lightbox":
            self.picture.take_plane(view.layout_plane)
            self._choose()

    def _on_colours(self) -> None:
        self.picture.forget_colours()
        self._on_seen()

    def _on_masks(self) -> None:
        self.picture.take_masks()
        self._on_seen()

    def _on_seen(self) -> None:
        if self.isVisible():
            self.update()

    def _choose(self) -> None:
        geometry = self.picture.geometry
        self._first_row = 0
        if geometry is None:
            self.indices = ()
        else:
            step = max(1, round(self._session.view.lightbox_mm / geometry.slice_mm))
            within = self.picture.head_slices
            # What is left over is shared between both ends.
            start = within.start + (len(within) - 1) % step // 2
            self.indices = tuple(range(start, within.stop, step))
        self.arranged.emit()
        self.update()

    # -- painting -----------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Lay as large tiles as the sheet has room for; where they would be too small, rows are scrolled."""
        count, head = len(self.indices), self.picture.head
        geometry = self.picture.geometry
        if not count or geometry is None:
            self._tiles = []
            return
        pixel_x, pixel_y = geometry.pixel_mm
        aspect = head.width() * pixel_x / (head.height() * pixel_y)
        side = max(self._side(columns, count, aspect) for columns in range(1, count + 1))
        side = max(side, _SMALLEST_TILE)
        width, height = max(1, int(side * min(1.0, aspect))), max(1, int(side / max(1.0, aspect)))
        self._columns = max(1, min(count, self.width() // width))
        rows_shown = max(1, self.height() // height)
        rows = -(-count // self._columns)
        self._first_row = max(0, min(self._first_row, rows - rows_shown))
        # Rooms between tiles take what is left.
        left = max(0, (self.width() - self._columns * width) // 2)
        top = max(0, (self.height() - min(rows, rows_shown) * height) // 2)
        shown = min(count - self._first_row * self._columns, rows_shown * self._columns)
        self._tiles = [
            QRect(left + number % self._columns * width, top + number // self._columns * height, width, height)
            for number in range(shown)
        ]

    def _side(self, columns: int, count: int, aspect: float) -> float:
        """The longer side of a tile in so many columns, all rows in view."""
        rows = -(-count // columns)
        width = min(self.width() / columns, self.height() / rows * aspect)
        return width / min(1.0, aspect)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the sheet, and mark the crosshair's slice."""
        self._arrange()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._sheet_pixmap())
        self._paint_marks(painter)
        index, x, y = self.picture.place(self._session.view.cursor_mm)
        nearest = min(self.indices, key=lambda each: abs(each - index), default=index)
        tile = self.tile_of(nearest)
        if tile is not None and self._session.case is not None:
            painter.setPen(QPen(_MARK, 1))
            painter.drawRect(tile.adjusted(0, 0, -1, -1))
            if self._session.view.crosshair_visible:
                origin, scale = self._placed(tile)
                spot = QPointF(origin.x() + x * scale[0], origin.y() + y * scale[1])
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.drawEllipse(spot, 4, 4)
        painter.end()
        self.paint_count += 1

    def _paint_marks(self, painter: QPainter) -> None:
        """Every measurement in this plane, in the tile nearest to its slice."""
        for mark in self._session.marks.shown:
            places = [self.picture.place(point) for point in mark.points_mm]
            index = places[0][0]
            nearest = min(self.indices, key=lambda each: abs(each - index), default=index)
            tile = self.tile_of(nearest)
            if tile is None or mark.plane != self._session.view.layout_plane:
                continue
            origin, scale = self._placed(tile)
            points = [QPointF(origin.x() + x * scale[0], origin.y() + y * scale[1]) for _, x, y in places]
            paint_mark(painter, mark, points, area=QRectF(tile), is_elsewhere=nearest != index)

    def _sheet_pixmap(self) -> QPixmap:
        view, ratio = self._session.view, self.devicePixelRatioF()
        state = (self.picture.version, self.picture.geometry, self.indices, self._first_row)
        key = (*state, view.interpolation, view.annotations_visible, self.size().toTuple(), ratio)
        if self._sheet is None or self._sheet[0] != key:
            pixmap = QPixmap(self.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(QColor(0, 0, 0))
            painter = QPainter(pixmap)
            first = self._first_row * self._columns
            for index, tile in zip(self.indices[first:], self._tiles, strict=False):
                self._paint_tile(painter, index, tile)
            # Once, in the corner of the sheet: a tile has no room for it beside its letters.
            convention = view.convention if self._tiles else ""
            paint_words(painter, QRectF(self.rect()), self.font(), letters=_NO_LETTERS, title="", convention=convention)
            painter.end()
            self._sheet = (key, pixmap)
        return self._sheet[1]

    def _paint_tile(self, painter: QPainter, index: int, tile: QRect) -> None:
        geometry, view = self.picture.geometry, self._session.view
        if geometry is None:
            return
        painter.save()
        painter.setClipRect(tile.adjusted(_GAP // 2, _GAP // 2, -_GAP // 2, -_GAP // 2))
        origin, scale = self._placed(tile)
        paint_slice(painter, self.picture, index, origin=origin, scale=scale, is_smooth=view.interpolation == "linear")
        letters = geometry.letters if index == self.indices[0] else _NO_LETTERS
        title = str(index + 1) if view.annotations_visible else ""
        paint_words(painter, QRectF(tile), self.font(), letters=letters, title=title, convention="")
        painter.restore()

    def _placed(self, tile: QRect) -> tuple[QPointF, tuple[float, float]]:
        """Where the corner of a slice goes, and its scale, so that the head fills the tile."""
        geometry, head = self.picture.geometry, self.picture.head
        if geometry is None:
            return QPointF(), (1.0, 1.0)
        pixel_x, pixel_y = geometry.pixel_mm
        room_x, room_y = tile.width() - 2 * _MARGIN, tile.height() - 2 * _MARGIN
        zoom = min(room_x / (head.width() * pixel_x), room_y / (head.height() * pixel_y))
        scale = (zoom * pixel_x, zoom * pixel_y)
        middle, centre = QRectF(tile).center(), head.center()
        return QPointF(middle.x() - centre.x() * scale[0], middle.y() - centre.y() * scale[1]), scale

    # -- mouse --------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left: crosshair there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Left drag: crosshair follows."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Right: the menu."""
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_wanted.emit(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the slice in the three planes."""
        if event.button() == Qt.MouseButton.LeftButton and self._go(event.position()):
            self._session.view.set_layout("planes")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll rows, where there are more than fit."""
        self._first_row = max(0, self._first_row - round(event.angleDelta().y() / _WHEEL_STEP))
        self.update()
        event.accept()

    def _go(self, position: QPointF) -> bool:
        geometry = self.picture.geometry
        first = self._first_row * self._columns
        for index, tile in zip(self.indices[first:], self._tiles, strict=False):
            if geometry is not None and tile.contains(position.toPoint()):
                origin, scale = self._placed(tile)
                x, y = (position.x() - origin.x()) / scale[0], (position.y() - origin.y()) / scale[1]
                self._session.view.set_cursor(geometry.voxel_centre_mm(index, x, y))
                return True
        return False
