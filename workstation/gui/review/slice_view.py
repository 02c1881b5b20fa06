"""One 2D pane: a slice of the shown sequence with masks, outline, crosshair and letters, and the mouse in it.

A plain widget painted with QPainter: it holds a zoom and a centre, and reads all else from the session. It needs no
OpenGL. What is costly (the composed picture, the outline) is made once per change, not once per paint.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QHideEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from workstation.core.marks import Point
from workstation.gui.review.diameter_overlay import DiameterOverlay
from workstation.gui.review.edit_mouse import EditMouse
from workstation.gui.review.edit_painting import paint_tool
from workstation.gui.review.slice_backdrop import SliceBackdrop
from workstation.gui.review.slice_frame import Framed, SliceFrame
from workstation.gui.review.slice_marks import paint_marks
from workstation.gui.review.slice_mouse import SliceMouse
from workstation.gui.review.slice_painting import (
    crosshair_region,
    paint_crosshair,
    paint_empty,
    paint_frame,
)
from workstation.gui.review.slice_picture import SlicePicture
from workstation.session.session import Session


class SliceView(QWidget):
    """One plane of the open case.

    Parameters
    ----------
    session : Session
    plane : {"axial", "sagittal", "coronal"}
    parent : QWidget or None
    sequence : str or None
        The one sequence that it shows, as its name among the panes; None follows the session.
    """

    painted = Signal()
    menu_wanted = Signal(QPoint)
    """Global position of a right click that was no drag."""
    entered = Signal(str)
    """Name of the pane (its plane, or its one sequence) that the mouse has come to."""
    framed = Signal()
    """Zoom or centre is another."""

    def __init__(
        self, session: Session, plane: str, parent: QWidget | None = None, *, sequence: str | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.plane = plane
        self.name = sequence or plane
        self.mouse = SliceMouse(self)
        self.is_space_held = False
        self.paint_count = 0
        self.picture = SlicePicture(session, plane, sequence=sequence)
        self.diameters = DiameterOverlay(self)
        self.edit = EditMouse(self)
        self._frame = SliceFrame(self.picture, self.size)
        self._is_active = False
        # Slice and position of the crosshair that was painted last; None if it was not.
        self._crossed: tuple[int, QPoint] | None = None
        self._backdrop = SliceBackdrop(self)
        self.setObjectName(f"slice_view_{self.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 120)
        self._connect()

    def _connect(self) -> None:
        view, layers = self.session.view, self.session.layers
        self.session.case_changed.connect(self._on_case)
        view.cursor_moved.connect(self._on_cursor)
        view.sequence_changed.connect(self._on_images)
        view.window_changed.connect(self._on_images)
        view.convention_changed.connect(self._on_convention)
        view.decoration_changed.connect(self.update)
        view.fit_requested.connect(self.fit)
        view.reset_requested.connect(self.reset)
        view.centre_requested.connect(self.centre)
        self.session.pointer.changed.connect(self._on_pointer)
        self.session.marks.changed.connect(self._on_marks)
        layers.masks_changed.connect(self._on_masks_changed)
        layers.display_changed.connect(self._on_masks)
        self.session.diameters.changed.connect(self.update)
        self.session.editing.touched.connect(self._backdrop.touch)
        self.session.editing.tools.changed.connect(self._on_tools)

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(400, 400)

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def slice_index(self) -> int:
        """Index of the slice shown, in RAS order."""
        return self.picture.place(self.session.view.cursor_mm)[0]

    @property
    def zoom(self) -> float:
        """Screen pixels per mm."""
        return self._frame.zoom

    def show_plane(self, plane: str) -> None:
        """Show another plane of the case."""
        self.plane = plane
        self.picture.take_plane(plane)
        self.reset()

    @property
    def frame(self) -> Framed:
        """What it shows of the slice, for another pane to take over."""
        return (self._frame.fitted, self._frame.zoom, self._frame.middle_mm(self.slice_index))

    def take_frame(self, frame: Framed) -> None:
        """Take over the `frame` of another pane."""
        self._frame.take(frame)
        self.update()

    def fit(self) -> None:
        """Show the whole slice, as large as the pane allows."""
        self._frame.fit("slice")
        self._on_framed()

    def reset(self) -> None:
        """Show the head (what is not zero in any of the case's images), as large as the pane allows."""
        self._frame.fit("head")
        self._on_framed()

    def centre(self) -> None:
        """Bring the crosshair to the middle of the pane, unless the whole head is in view."""
        if self._frame.fitted is None:
            self._frame.centre_on(self.session.view.cursor_mm)
            self.update()

    def step(self, by: int) -> None:
        """Go `by` slices up (right, forward); stays at the ends."""
        geometry = self.picture.geometry
        if geometry is None:
            return
        index, x, y = self.picture.place(self.session.view.cursor_mm)
        wanted = min(max(index + by, 0), geometry.slice_count - 1)
        if wanted != index:
            self.session.view.set_cursor(geometry.to_mm(wanted, x, y))

    def nudge(self, right: int, down: int) -> None:
        """Move the crosshair by voxels on the screen."""
        geometry = self.picture.geometry
        if geometry is not None:
            index, x, y = self.picture.place(self.session.view.cursor_mm)
            self.session.view.set_cursor(geometry.voxel_centre_mm(index, x + right, y + down))

    def move_crosshair(self, position: QPointF) -> None:
        """Put the crosshair on the voxel under a position in the pane; outside the volume, on the nearest one."""
        geometry = self.picture.geometry
        if geometry is not None:
            place = self.to_slice(position)
            self.session.view.set_cursor(geometry.voxel_centre_mm(self.slice_index, place.x(), place.y()))

    def pan(self, moved: QPointF) -> None:
        """Move the slice with the mouse, by screen pixels."""
        self._frame.pan(moved)
        self._on_framed()

    def zoom_at(self, position: QPointF, factor: float) -> None:
        """Zoom so that the place under `position` stays where it is."""
        self._frame.zoom_at(position, factor)
        self._on_framed()

    def _on_framed(self) -> None:
        self.update()
        self.framed.emit()

    def set_active(self, *, active: bool) -> None:
        """Mark the pane that keys mean, or no longer."""
        if active != self._is_active:
            self._is_active = active
            self.update()

    def to_slice(self, position: QPointF) -> QPointF:
        """The place on the slice, in slice pixels, under a position in the pane."""
        return self._frame.to_slice(position)

    def to_pane(self, place: QPointF) -> QPointF:
        """The position in the pane of a place on the slice."""
        return self._frame.to_pane(place)

    def to_mm(self, position: QPointF) -> Point:
        """World position, RAS+ mm, under a position in the pane; (0, 0, 0) without a case."""
        geometry, place = self.picture.geometry, self.to_slice(position)
        return (0.0, 0.0, 0.0) if geometry is None else geometry.to_mm(self.slice_index, place.x(), place.y())

    @property
    def scale(self) -> tuple[float, float]:
        """Screen pixels per slice pixel along x and y."""
        return self._frame.scale

    # -- changes ------------------------------------------------------------------------------------------------------

    def _on_case(self) -> None:
        """The zoom stays from case to case; who opens another data set asks for a reset."""
        self.picture.take_case()
        if not self._frame.refit():
            self.centre()
        self.update()

    def _on_convention(self) -> None:
        middle = self._frame.middle_mm(self.slice_index)
        self.picture.take_case()
        if not self._frame.refit():
            # What was in the middle stays there.
            self._frame.centre_on(middle)
        self.update()

    def _on_cursor(self) -> None:
        """Where only the crosshair moves within the slice, paint its old and its new lines and nothing else."""
        self.edit.forget_other_slices()
        index, x, y = self.picture.place(self.session.view.cursor_mm)
        if self._crossed is None or self._crossed[0] != index or not self.session.view.crosshair_visible:
            self.update()
            return
        spot = self.to_pane(QPointF(x, y)).toPoint()
        self.update(crosshair_region(self.size(), (self._crossed[1], spot)))

    def _on_images(self) -> None:
        self.picture.forget_colours()
        self.update()

    def _on_masks(self) -> None:
        self.picture.take_masks()
        self.update()

    def _on_masks_changed(self) -> None:
        # An edit changes labels within a mask; which, was told before.
        if not self.picture.has_these_masks:
            self._on_masks()

    def _on_tools(self) -> None:
        self._track_mouse()
        self.edit.forget_other_slices()
        self.update()

    def _on_marks(self) -> None:
        if self.isVisible():
            self.update()

    def _on_pointer(self) -> None:
        """Take the pen, or put it away."""
        if self.session.pointer.measure is None:
            self.mouse.marks.cancel()
        self._track_mouse()

    def _track_mouse(self) -> None:
        # The outline of a brush follows the mouse, and a clicked outline between clicks; nothing else does.
        self.setMouseTracking(bool(self.session.editing.tools.tool) or self.session.pointer.measure is not None)

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the pane."""
        painter = QPainter(self)
        self._crossed = None
        if self.picture.geometry is None:
            painter.fillRect(self.rect(), QColor(0, 0, 0))
            paint_empty(painter, self)
        else:
            self._backdrop.paint(painter, event.region())
            paint_marks(painter, self)
            if self.session.view.crosshair_visible:
                index, x, y = self.picture.place(self.session.view.cursor_mm)
                spot = self.to_pane(QPointF(x, y))
                paint_crosshair(painter, self, spot)
                self._crossed = (index, spot.toPoint())
            self.diameters.paint(painter)
            paint_tool(painter, self)
            if self._is_active:
                paint_frame(painter, self)
        painter.end()
        self.paint_count += 1
        self.painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole head or slice in view if it was."""
        self._frame.refit()
        super().resizeEvent(event)

    # -- mouse --------------------------------------------------------------------------------------------------------

    def enterEvent(self, event: QEnterEvent) -> None:
        """Say that keys now mean this pane, and take them, unless something is being typed elsewhere."""
        self.entered.emit(self.name)
        if not isinstance(QApplication.focusWidget(), QLineEdit | QAbstractSpinBox | QPlainTextEdit):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().enterEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Slices, zoom, or the size of the brush."""
        if not self.edit.wheel(event):
            self.mouse.wheel(event)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag or an edit."""
        if self.picture.geometry is not None and not self.edit.press(event, is_space_held=self.is_space_held):
            self.mouse.press(event, is_space_held=self.is_space_held)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with a drag or an edit."""
        if not self.edit.move(event):
            self.mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag; a right click that went nowhere asks for the menu."""
        if not self.edit.release(event) and self.mouse.release(event):
            self.menu_wanted.emit(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Maximise or restore the pane; with Ctrl reset the window; close an outline that is being clicked.

        With an edit tool it is a press like others.
        """
        if self.picture.geometry is not None and self.edit.double_click(event, is_space_held=self.is_space_held):
            return
        if event.button() != Qt.MouseButton.LeftButton or self.picture.geometry is None:
            return
        view = self.session.view
        if self.session.pointer.measure is not None:
            self.mouse.marks.close()
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            view.reset_window(self.picture.sequence)
        else:
            view.set_maximised(None if view.maximised == self.name else self.name)

    def leaveEvent(self, event: QEvent) -> None:
        """Take the outline of the brush along."""
        self.edit.leave()
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """A hidden pane is not told of the release of a button."""
        self.mouse.cancel()
        self.edit.cancel_stroke()
        super().hideEvent(event)

    def event(self, event: QEvent) -> bool:
        """Also take pinches of a touch pad."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_at(event.position(), 1 + event.value())
            return True
        return super().event(event)
