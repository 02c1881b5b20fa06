"""Real events into the window, each timed from its sending to the end of the paint it causes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from workstation.errors import DisplayError
from workstation.gui.review.slice_view import SliceView
from workstation.session.session import Session

PATIENCE_SECONDS = 30.0
# Moves of the crosshair until it is back where it was.
_TURN = 24
_SPIN_SECONDS = 0.02


def wheel_ms(app: QApplication, view: SliceView, events: int) -> list[float]:
    """Steps of the wheel through the slices of a pane, to and fro; one time for each, ms."""
    position = QPointF(view.rect().center())
    times = []
    for number in range(events):
        delta = 120 if number % 40 < 20 else -120
        event = QWheelEvent(
            position,
            QPointF(view.mapToGlobal(position)),
            QPoint(),
            QPoint(0, delta),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        times.append(_painted_ms(app, [view], view, event))
    return times


def drag_ms(app: QApplication, views: Sequence[SliceView], events: int) -> list[float]:
    """A drag of the crosshair in the first pane, until all have painted; two voxels a move, one time for each, ms."""
    axial = views[0]
    centre = QPointF(axial.rect().center())
    middle = axial.to_slice(centre)
    left = Qt.MouseButton.LeftButton
    app.sendEvent(axial, _mouse(axial, QEvent.Type.MouseButtonPress, centre, left))
    times = []
    for number in range(events):
        # A diagonal to and fro, two voxels a move, so that the sagittal and the coronal slice change every time.
        offset = 2.0 * abs(number % _TURN - _TURN // 2) - _TURN // 2 + 2
        event = _mouse(axial, QEvent.Type.MouseMove, axial.to_pane(middle + QPointF(offset, offset)), left)
        times.append(_painted_ms(app, views, axial, event))
    app.sendEvent(axial, _mouse(axial, QEvent.Type.MouseButtonRelease, centre, left))
    return times


def window_ms(app: QApplication, views: Sequence[SliceView], events: int) -> list[float]:
    """A drag of window and level in the first pane, until all have painted; one time for each move, ms."""
    axial, left = views[0], Qt.MouseButton.LeftButton
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    centre = QPointF(axial.rect().center())
    app.sendEvent(axial, _mouse(axial, QEvent.Type.MouseButtonPress, centre, left, keys))
    times = []
    for number in range(events):
        offset = 2.0 * abs(number % _TURN - _TURN // 2) - _TURN // 2 + 2
        event = _mouse(axial, QEvent.Type.MouseMove, centre + QPointF(offset, offset), left, keys)
        times.append(_painted_ms(app, views, axial, event))
    app.sendEvent(axial, _mouse(axial, QEvent.Type.MouseButtonRelease, centre, left, keys))
    return times


def stroke_ms(app: QApplication, session: Session, axial: SliceView, events: int) -> dict[str, list[float]]:
    """Strokes with a ball about the crosshair, so that all three panes show what changes; two voxels a move.

    Returns
    -------
    dict
        Times of the moves and of the ends of the strokes, ms, by the names they have among the figures.
    """
    tools = session.editing.tools
    tools.set_tool("brush")
    tools.set_ball(is_ball=True)
    tools.set_radius(5.0)
    left, turn = Qt.MouseButton.LeftButton, 2 * math.pi / _TURN
    _, x, y = axial.picture.place(session.view.cursor_mm)
    moves, ends = [], []
    for number in range(events):
        # Round and round the crosshair, farther out each time: every move draws on voxels that are not drawn yet.
        radius = 4.0 + 0.1 * (number % (10 * _TURN))
        place = axial.to_pane(QPointF(x + radius * math.cos(number * turn), y + radius * math.sin(number * turn)))
        if tools.label != (1, 2)[number // _TURN % 2]:
            tools.set_label((1, 2)[number // _TURN % 2])
            app.processEvents()  # What the panel and the panes do about it belongs to no move.
        if number % _TURN == 0:
            app.sendEvent(axial, _mouse(axial, QEvent.Type.MouseButtonPress, place, left))
        moves.append(_painted_ms(app, [axial], axial, _mouse(axial, QEvent.Type.MouseMove, place, left)))
        if number % _TURN == _TURN - 1:
            ends.append(_handled_ms(app, axial, _mouse(axial, QEvent.Type.MouseButtonRelease, place, left)))
    if session.editing.is_drawing:
        ends.append(_handled_ms(app, axial, _mouse(axial, QEvent.Type.MouseButtonRelease, place, left)))
    return {"brush stroke, mouse move to painted frame": moves, "end of a brush stroke": ends}


def _mouse(
    view: SliceView,
    kind: QEvent.Type,
    position: QPointF,
    button: Qt.MouseButton,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> QMouseEvent:
    of_event = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
    return QMouseEvent(kind, position, QPointF(view.mapToGlobal(position)), of_event, held, modifiers)


def _painted_ms(app: QApplication, views: Sequence[SliceView], target: SliceView, event: QEvent) -> float:
    counts = [view.paint_count for view in views]
    started = time.perf_counter()
    app.sendEvent(target, event)
    wait(app, lambda: all(view.paint_count > count for view, count in zip(views, counts, strict=True)))
    return 1000 * (time.perf_counter() - started)


def _handled_ms(app: QApplication, target: SliceView, event: QEvent) -> float:
    """Until the window is free again after an event that need not paint anything."""
    started = time.perf_counter()
    app.sendEvent(target, event)
    app.processEvents()
    return 1000 * (time.perf_counter() - started)


def wait(app: QApplication, is_done: Callable[[], bool]) -> None:
    """Let the window live until a condition holds.

    Raises
    ------
    DisplayError
        It did not hold within `PATIENCE_SECONDS`.
    """
    started = time.perf_counter()
    while not is_done():
        waited = time.perf_counter() - started
        if waited > PATIENCE_SECONDS:
            raise DisplayError("the window did not answer within 30 s", hint="Is the machine overloaded?")
        if waited > _SPIN_SECONDS:
            # A window at rest sleeps; one that spins would take the processor from the threads that read.
            time.sleep(0.001)
        app.processEvents()
