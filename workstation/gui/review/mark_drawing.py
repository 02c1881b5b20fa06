"""Drawing measurements in a 2D pane: a ruler by one drag; an outline by a drag along it, or by a click on each corner.

A double-click, or a click on the first corner, closes an outline that is clicked. A ruler shorter than a click's
trembling is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from workstation.core.marks import Outline, Point, Ruler
from workstation.gui.review.mouse_schemes import CLICK_PIXELS, Tool

if TYPE_CHECKING:
    from workstation.gui.review.slice_view import SliceView

# Corners of an outline that is drawn by a drag are this far apart on the screen.
_STEP_PIXELS = 3.0
_CLOSE_PIXELS = 8.0


class MarkDrawing:
    """Turns presses and moves of a measuring tool into marks of the session."""

    def __init__(self, view: SliceView) -> None:
        self._view = view
        self._corners: list[Point] = []
        self._pressed = QPointF()
        self._last = QPointF()
        self._tool: Tool | None = None

    @property
    def is_drawing(self) -> bool:
        """Whether a mark has been begun here and not finished."""
        return self._tool is not None and self._view.session.marks.draft is not None

    def press(self, tool: Tool, position: QPointF) -> None:
        """Begin a ruler, or an outline; or set the next corner of the outline that was begun."""
        self._pressed = self._last = position
        if not (tool is Tool.AREA and self._tool is Tool.AREA and self.is_drawing):
            self._corners = []
        elif len(self._corners) > 2 and self._distance_to_start(position) < _CLOSE_PIXELS:
            self.close()
            return
        self._tool = tool
        self._corners.append(self._view.to_mm(position))
        self._show(position)

    def move(self, position: QPointF) -> None:
        """Go on with the button held."""
        if self._tool is Tool.AREA and (position - self._last).manhattanLength() >= _STEP_PIXELS:
            self._corners.append(self._view.to_mm(position))
            self._last = position
        if self._tool is not None:
            self._show(position)

    def hover(self, position: QPointF) -> None:
        """The next piece of a clicked outline follows the mouse."""
        if self._tool is Tool.AREA and self.is_drawing:
            self._show(position)

    def release(self, position: QPointF) -> None:
        """End a ruler; end an outline if it was dragged."""
        is_click = (position - self._pressed).manhattanLength() < CLICK_PIXELS and self._last == self._pressed
        if self._tool is Tool.RULER:
            if is_click:
                self.cancel()
            else:
                self._show(position)
                self._end()
        elif self._tool is Tool.AREA and not is_click:
            self.close()

    def close(self) -> None:
        """Close the outline that is being drawn; one without an area goes."""
        self._view.session.marks.draw(self._outline(self._corners))
        if len(self._corners) > 2:
            self._end()
        else:
            self.cancel()

    def cancel(self) -> None:
        """Forget what is being drawn."""
        if self.is_drawing:
            self._view.session.marks.draw(None)
        self._tool = None

    def _end(self) -> None:
        self._view.session.marks.finish()
        self._tool = None

    def _show(self, position: QPointF) -> None:
        here = self._view.to_mm(position)
        if self._tool is Tool.RULER:
            self._view.session.marks.draw(Ruler(self._view.plane, self._corners[0], here))
        else:
            self._view.session.marks.draw(self._outline([*self._corners, here]))

    def _outline(self, corners: list[Point]) -> Outline:
        geometry = self._view.picture.geometry
        return Outline(self._view.plane, tuple(corners), 0.0 if geometry is None else geometry.slice_mm)

    def _distance_to_start(self, position: QPointF) -> float:
        _, x, y = self._view.picture.place(self._corners[0])
        return (self._view.to_pane(QPointF(x, y)) - position).manhattanLength()
