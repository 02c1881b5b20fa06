"""The mouse in a 2D pane while a tool is taken: strokes, polygons, fills, the size of the brush.

The left button does what the tool is for, the right one the opposite. What is left to the looking mouse (`SliceMouse`):
the wheel, the middle button, and the left one with Space, Alt or Ctrl+Shift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPixmap, QWheelEvent

from workstation.core.geometry import transform_to_ras
from workstation.gui.review.edit_painting import STROKES, outline_rect
from workstation.gui.review.mouse_schemes import CLICK_PIXELS, WHEEL_STEP
from workstation.session import edit_commands

if TYPE_CHECKING:
    from workstation.gui.review.slice_view import SliceView

_LEFT, _RIGHT, _NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_MODIFIERS = _CTRL | _SHIFT | Qt.KeyboardModifier.AltModifier
_FEWEST_VERTICES = 3
# A click this near to the first vertex closes a polygon.
_CLOSING_PIXELS = 8
# A drawn line gets a vertex at this distance.
_VERTEX_PIXELS = 3


class EditMouse:
    """Turns a pane's mouse events into edits; each handler says whether the event was meant for it."""

    def __init__(self, view: SliceView) -> None:
        self.position: QPointF | None = None
        """Where the mouse is in the pane; None while it is elsewhere."""
        self.vertices: list[QPointF] = []
        """Of the polygon that is being drawn, in slice pixels."""
        self.outline: tuple[tuple[object, ...], QPixmap] | None = None
        """The outline of the brush as it was painted last, by what it depends on."""
        self._view = view
        self._editing = view.session.editing
        self._button = _NO_BUTTON
        self._last: np.ndarray | None = None
        self._slice_index = 0
        self._is_dragged = False
        self._wheel = 0.0

    @property
    def tool(self) -> str:
        """The tool that is taken; empty where the mouse only looks."""
        return "" if self._view.picture.geometry is None else self._editing.tools.tool

    @property
    def is_drawing(self) -> bool:
        """Whether a stroke is being drawn in this pane."""
        return self._last is not None

    def axis(self) -> int:
        """The voxel axis that the pane's slices lie across."""
        geometry, case = self._view.picture.geometry, self._view.session.case
        if geometry is None or case is None:
            return 0
        return transform_to_ras(case.grid.affine).axes[geometry.ras_axis]

    # -- events -------------------------------------------------------------------------------------------------------

    def press(self, event: QMouseEvent, *, is_space_held: bool) -> bool:
        """Begin a stroke, set a vertex, fill, or pick a label."""
        if self._button != _NO_BUTTON and event.buttons() & self._button:
            return True  # Another button during a stroke does nothing.
        self._button = _NO_BUTTON
        modifiers = event.modifiers() & _MODIFIERS
        if not self.tool or is_space_held or event.button() not in (_LEFT, _RIGHT):
            return False
        if event.button() == _LEFT and modifiers == _CTRL:
            self._pick(event.position())
            return True
        if modifiers:
            return False
        self._button = event.button()
        self._update_outline()
        self.position = event.position()
        self._update_outline()
        self._begin(event.position())
        return True

    def double_click(self, event: QMouseEvent, *, is_space_held: bool) -> bool:
        """The second press of a double click: it closes a polygon, and is a press like any other for a brush."""
        if self.tool == "polygon" and event.button() == _LEFT:
            self.close_polygon()
            return True
        return self.press(event, is_space_held=is_space_held)

    def move(self, event: QMouseEvent) -> bool:
        """Go on with a stroke, or let the brush's outline follow."""
        if not self.tool and self._button == _NO_BUTTON:
            return False
        self._update_outline()
        self.position = event.position()
        self._update_outline()
        if self._button == _NO_BUTTON:
            return not event.buttons()
        if not event.buttons() & self._button:
            self.cancel_stroke()  # The release went elsewhere.
        elif self.tool in STROKES:
            self._draw_to(event.position())
        elif self.tool == "polygon":
            self._drag_polygon(event.position())
        return True

    def release(self, event: QMouseEvent) -> bool:
        """End a stroke, or a line drawn around something."""
        if self._button == _NO_BUTTON or event.button() != self._button:
            return self._button != _NO_BUTTON
        is_erasing = self._is_opposite()
        self._button = _NO_BUTTON
        if self._last is not None:
            self._last = None
            self._editing.end_stroke(self._verb(is_erasing=is_erasing))
        if self.tool == "polygon" and self._is_dragged:
            self.close_polygon(is_erasing=is_erasing)
        elif self.tool == "polygon" and is_erasing:
            self.cancel_polygon()
        self._is_dragged = False
        return True

    def wheel(self, event: QWheelEvent) -> bool:
        """Shift and the wheel make the brush larger or smaller."""
        if self.tool not in STROKES or event.modifiers() & _MODIFIERS != _SHIFT:
            return False
        # With Shift, some systems turn the wheel sideways.
        self._wheel += (event.angleDelta().y() or event.angleDelta().x()) / WHEEL_STEP
        steps = int(self._wheel + (1e-6 if self._wheel > 0 else -1e-6))
        self._wheel -= steps
        self._editing.tools.step_radius(steps)
        return True

    def leave(self) -> None:
        """The mouse left the pane."""
        self._update_outline()
        self.position = None

    def cancel_stroke(self) -> None:
        """End a stroke whose release was not told; what was drawn stays."""
        if self._last is not None:
            self._last = None
            self._editing.end_stroke(self._verb(is_erasing=self._is_opposite()))
        self._button = _NO_BUTTON
        self._is_dragged = False

    # -- polygon ------------------------------------------------------------------------------------------------------

    def close_polygon(self, *, is_erasing: bool = False) -> bool:
        """Fill the polygon, or erase what it holds; False if there is none to close."""
        vertices, self.vertices = self.vertices, []
        self._is_dragged = False
        self._view.update()
        if len(vertices) < _FEWEST_VERTICES or self._slice_index != self._view.slice_index:
            return False
        axis = self.axis()
        voxels = np.array([self._voxel(self._view.to_pane(vertex)) for vertex in vertices])
        index = int(np.floor(voxels[0, axis] + 0.5))
        label = 0 if is_erasing else self._editing.tools.label
        edit_commands.draw_polygon(self._view.session, voxels, axis=axis, index=index, label=label)
        return True

    def cancel_polygon(self) -> bool:
        """Drop the polygon; False if there was none."""
        had_some = bool(self.vertices)
        self.vertices = []
        self._view.update()
        return had_some

    def drop_vertex(self) -> bool:
        """Take the last vertex back; False if there is none."""
        if not self.vertices:
            return False
        self.vertices.pop()
        self._view.update()
        return True

    def forget_other_slices(self) -> None:
        """A polygon belongs to one slice: on another one, and with another tool, it is dropped."""
        if self.vertices and (self.tool != "polygon" or self._slice_index != self._view.slice_index):
            self.cancel_polygon()

    # -- within -------------------------------------------------------------------------------------------------------

    def _update_outline(self) -> None:
        """Have the place of the brush's outline, or a polygon, painted anew."""
        if self.tool in STROKES and self.position is not None:
            self._view.update(outline_rect(self._view, self.position))
        elif self.vertices:
            self._view.update()

    def _begin(self, position: QPointF) -> None:
        if self.tool in STROKES:
            self._last = self._voxel(position)
            self._editing.begin_stroke()
            self._draw_to(position)
        elif self.tool == "polygon":
            self._begin_polygon(position)
        elif self.tool == "fill":
            case = self._view.session.case
            voxel = np.floor(self._voxel(position) + 0.5).astype(int)
            if case is not None and ((voxel >= 0) & (voxel < case.grid.shape)).all():
                place = (int(voxel[0]), int(voxel[1]), int(voxel[2]))
                edit_commands.fill(self._view.session, place, axis=self.axis(), label=self._label())

    def _begin_polygon(self, position: QPointF) -> None:
        self.forget_other_slices()
        self._slice_index = self._view.slice_index
        if self._button == _RIGHT and self.vertices:
            self.close_polygon(is_erasing=True)
            return
        if len(self.vertices) >= _FEWEST_VERTICES and self._is_near(self.vertices[0], position, _CLOSING_PIXELS):
            self.close_polygon()
            return
        self.vertices.append(self._view.to_slice(position))
        self._view.update()

    def _drag_polygon(self, position: QPointF) -> None:
        if not self.vertices or self._is_near(self.vertices[-1], position, _VERTEX_PIXELS):
            return
        is_first = len(self.vertices) == 1 and not self._is_dragged
        if is_first and self._is_near(self.vertices[0], position, CLICK_PIXELS):
            return  # It may yet be a click.
        # Only a line that began with this press is closed by its release; between clicks a drag adds to the polygon.
        self._is_dragged |= is_first
        self.vertices.append(self._view.to_slice(position))

    def _draw_to(self, position: QPointF) -> None:
        voxel, axis = self._voxel(position), self.axis()
        start = voxel if self._last is None or round(self._last[axis]) != round(voxel[axis]) else self._last
        edit_commands.paint_way(self._view.session, start.tolist(), voxel.tolist(), axis=axis, label=self._label())
        self._last = voxel

    def _pick(self, position: QPointF) -> None:
        case = self._view.session.case
        voxel = np.floor(self._voxel(position) + 0.5).astype(int)
        if case is not None and ((voxel >= 0) & (voxel < case.grid.shape)).all():
            edit_commands.pick_label(self._view.session, (int(voxel[0]), int(voxel[1]), int(voxel[2])))

    def _voxel(self, position: QPointF) -> np.ndarray:
        """Voxel indices, not rounded, under a position in the pane."""
        geometry, case = self._view.picture.geometry, self._view.session.case
        if geometry is None or case is None:
            return np.zeros(3)
        place = self._view.to_slice(position)
        return case.grid.to_voxel(geometry.to_mm(self._view.slice_index, place.x(), place.y()))

    def _is_near(self, vertex: QPointF, position: QPointF, pixels: float) -> bool:
        away = self._view.to_pane(vertex) - position
        return bool(np.hypot(away.x(), away.y()) < pixels)

    def _is_opposite(self) -> bool:
        return self._button == _RIGHT

    def _label(self) -> int:
        is_erasing = (self.tool == "eraser") != self._is_opposite()
        return 0 if is_erasing else self._editing.tools.label

    def _verb(self, *, is_erasing: bool) -> str:
        return "eraser" if (self.tool == "eraser") != is_erasing else "brush"
