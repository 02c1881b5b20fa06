"""The mouse in a 2D pane: which tool a drag is, by the scheme's table, and what each tool does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from workstation.gui.review.mark_drawing import MarkDrawing
from workstation.gui.review.mouse_schemes import (
    CLICK_PIXELS,
    LARGE_STEP,
    MEASURES,
    SCHEMES,
    SCROLL_PIXELS,
    WHEEL_STEP,
    WHEEL_ZOOM,
    ZOOM_PER_PIXEL,
    Tool,
    window_after_drag,
)

if TYPE_CHECKING:
    from workstation.gui.review.slice_view import SliceView

_SIDEWAYS = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier


class SliceMouse:
    """Turns a pane's mouse events into what the pane can do.

    A drag belongs to the button that began it: others pressed or released meanwhile do nothing.
    """

    def __init__(self, view: SliceView) -> None:
        self.marks = MarkDrawing(view)
        self._view = view
        self._wheel = 0.0
        self._button = Qt.MouseButton.NoButton
        self._tool: Tool | None = None
        self._pressed = QPointF()
        self._last = QPointF()
        self._reach = 0.0

    def press(self, event: QMouseEvent, *, is_space_held: bool) -> None:
        """Begin a drag."""
        if event.button() != self._button and event.buttons() & self._button:
            return
        self._button = event.button()
        self._pressed = self._last = event.position()
        self._reach = 0.0
        pointer = self._view.session.pointer
        self._tool = SCHEMES[pointer.scheme].tool_of(
            event.button(),
            event.modifiers(),
            is_space_held=is_space_held,
            left_tool=Tool[(pointer.measure or pointer.tool).upper()],
        )
        if self._tool is Tool.CROSSHAIR:
            self._view.move_crosshair(event.position())
        elif self._tool in MEASURES:
            self.marks.press(self._tool, event.position())

    def move(self, event: QMouseEvent) -> None:
        """Go on with the drag."""
        if not event.buttons() & self._button:
            self.cancel()  # The release went elsewhere.
            self.marks.hover(event.position())
            return
        position = event.position()
        self._reach = max(self._reach, (position - self._pressed).manhattanLength())
        if self._button == Qt.MouseButton.RightButton and self._reach < CLICK_PIXELS:
            return  # It may yet be a click.
        moved = position - self._last
        self._last = position
        self._drag(position, moved, is_fine=bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))

    def release(self, event: QMouseEvent) -> bool:
        """End the drag; True if it was a right click that went nowhere, which asks for the menu."""
        if event.button() != self._button:
            return False
        if self._tool in MEASURES:
            self.marks.release(event.position())
        self._button = Qt.MouseButton.NoButton
        self._tool = None
        self._reach = max(self._reach, (event.position() - self._pressed).manhattanLength())
        return event.button() == Qt.MouseButton.RightButton and self._reach < CLICK_PIXELS

    def cancel(self) -> None:
        """Forget a drag whose end was not told, because the pane lost the mouse."""
        self._button = Qt.MouseButton.NoButton
        self._tool = None

    def wheel(self, event: QWheelEvent) -> None:
        """Step through slices; with Ctrl zoom at the pointer."""
        delta = event.angleDelta().y()
        if not delta and event.modifiers() & _SIDEWAYS:
            # With Alt, and with Shift on some systems, Qt turns the wheel sideways.
            delta = event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._view.zoom_at(event.position(), WHEEL_ZOOM ** (delta / WHEEL_STEP))
            return
        is_large = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._scroll(delta / WHEEL_STEP, step=LARGE_STEP if is_large else 1)

    def _scroll(self, turns: float, *, step: int = 1) -> None:
        """Add up small turns until they make a slice."""
        self._wheel += turns
        # Three turns of a third add up to a hair less than one.
        steps = int(self._wheel + (1e-6 if self._wheel > 0 else -1e-6))
        self._wheel -= steps
        self._view.step(steps * step)

    def _drag(self, position: QPointF, moved: QPointF, *, is_fine: bool) -> None:
        view = self._view
        if self._tool is Tool.CROSSHAIR:
            view.move_crosshair(position)
        elif self._tool in MEASURES:
            self.marks.move(position)
        elif self._tool is Tool.PAN:
            view.pan(moved)
        elif self._tool is Tool.ZOOM:
            view.zoom_at(self._pressed, ZOOM_PER_PIXEL ** -moved.y())
        elif self._tool is Tool.WINDOW:
            self._drag_window(moved, is_fine=is_fine)
        elif self._tool is Tool.SCROLL:
            self._scroll(-moved.y() / SCROLL_PIXELS)

    def _drag_window(self, moved: QPointF, *, is_fine: bool) -> None:
        state, sequence = self._view.session.view, self._view.picture.sequence
        image = self._view.session.images.get(sequence)
        if image is None:
            return
        low, high = image.first_window
        window = window_after_drag(
            state.window(sequence),
            intensity_range=high - low,
            moved=(moved.x(), moved.y()),
            pane=(self._view.width(), self._view.height()),
            is_fine=is_fine,
        )
        state.set_window(sequence, *window)
