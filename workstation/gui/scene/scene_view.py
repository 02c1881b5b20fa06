"""The picture of the scene and the mouse on it; `pane3d` says what the scene holds.

VTK draws when something of the picture has changed and the widget is painted. Crosshair and letters are painted over
the picture, so a drag in a slice costs no frame here.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workstation.gui.scene.camera import Camera
from workstation.gui.scene.overlay import paint_cursor, paint_letters, paint_remark, paint_title
from workstation.gui.scene.surfaces import Surface, pick
from workstation.session.session import Session

if TYPE_CHECKING:
    from workstation.gui.scene.renderer import SceneRenderer

_ZOOM_PER_PIXEL = 1.02
_ZOOM_PER_NOTCH = 1.2
_NOTCH = 120
_FIRST_TURN = (50, 25)
# Where a frame takes longer than this, a drag shows drafts: no smoothed edges, one pixel for a logical one.
_SLOW_SECONDS = 0.02
# From this ratio on, pixels are so small that smoothing edges is not worth its time.
_FINE_RATIO = 1.5
# The wheel has come to rest after this time.
_REST_MS = 200

_LEFT, _MIDDLE, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
_SHIFT, _CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


class SceneView(QWidget):
    """Paints the scene, and turns, moves and enlarges it.

    Parameters
    ----------
    session : Session
        For the crosshair, and to move it.
    parent : QWidget or None
    """

    painted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.renderer: SceneRenderer | None = None
        self.surfaces: dict[str, Surface] = {}
        """What Ctrl and a click can hit."""
        self.corners_mm: np.ndarray | None = None
        """What `fit` brings into view, (n, 3)."""
        self.remark = ""
        self.paint_count = 0
        self.frame_count = 0
        self.frame_seconds = 0.0
        """How long the last full frame took."""
        self.is_stale = True
        self.is_draft = False
        """Whether the last frame was a draft, which a better one follows."""
        self._image = QImage()
        self._drag = ""
        self._resting = QTimer(self, singleShot=True, interval=_REST_MS)
        self._resting.timeout.connect(self.draw_anew)
        self._last = QPointF()
        self.camera = self._first_camera()
        self._is_fitted = True
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """A square, as the slices."""
        return QSize(400, 400)

    def draw_anew(self) -> None:
        """Make another picture at the next paint."""
        self.is_stale = True
        self.update()

    def reset(self) -> None:
        """Look as at first."""
        self.camera = self._first_camera()
        self.fit()

    def _first_camera(self) -> Camera:
        """Half from the front, with the patient's right where the slices have it: else half from behind."""
        side = "A" if self._session.view.convention == "radiological" else "P"
        return Camera.looking_from(side).turned(*_FIRST_TURN)

    def look_from(self, direction: str) -> None:
        """Look from the patient's "A", "P", "L", "R", "S" or "I" side."""
        self.camera = Camera.looking_from(direction)
        self.fit()

    def take_camera(self, camera: Camera) -> None:
        """Look from where the caller says."""
        self.camera = camera
        self._is_fitted = False
        self.draw_anew()

    def fit(self) -> None:
        """Bring everything into view, and keep it there until the user pans or zooms."""
        self._is_fitted = True
        if self.corners_mm is not None:
            self.camera = self.camera.fitted(self.corners_mm, self._size())
        self.draw_anew()

    def take_corners(self, corners_mm: np.ndarray | None) -> None:
        """Another scene's extent; fits it unless the user has chosen another view."""
        self.corners_mm = corners_mm
        if self._is_fitted:
            self.fit()

    def drop(self) -> None:
        """Forget renderer and picture; the caller closes the renderer afterwards."""
        self.renderer = None
        self._image = QImage()
        self.draw_anew()

    def _size(self) -> tuple[float, float]:
        return (float(self.width()), float(self.height()))

    # -- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint picture, crosshair and words."""
        if self.is_stale:
            self._render()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0))
        case, view = self._session.case, self._session.view
        if case is not None and not self._image.isNull():
            if self.is_draft:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(QRectF(self.rect()), self._image)
            else:
                # Pixel for pixel: a copy, where a fitted picture would be resampled at every step of the crosshair.
                painter.drawImage(QPointF(), self._image)
            if view.crosshair_visible:
                paint_cursor(painter, self, self.camera, case.grid, np.array(view.cursor_mm))
            paint_letters(painter, self, self.camera)
            if self.remark:
                paint_remark(painter, self, self.remark)
        if view.annotations_visible or case is None:
            paint_title(painter, self, self.tr("3D"), is_absent=case is None)
        painter.end()
        self.paint_count += 1
        self.painted.emit()

    def _render(self) -> None:
        self.is_stale = False
        if self.renderer is None or self._session.case is None or self.renderer.is_empty:
            self._image = QImage()
            return
        ratio = self.devicePixelRatioF()
        is_moving = bool(self._drag) or self._resting.isActive()
        self.is_draft = is_moving and self.frame_seconds > _SLOW_SECONDS
        scale = min(ratio, 1.0) if self.is_draft else ratio
        size = (max(1, round(self.width() * scale)), max(1, round(self.height() * scale)))
        start = time.perf_counter()
        self._image = self.renderer.image(self.camera, *size, is_smooth=not self.is_draft and ratio < _FINE_RATIO)
        if not self.is_draft:
            self.frame_seconds = time.perf_counter() - start
            self._image.setDevicePixelRatio(ratio)
        self.frame_count += 1

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep everything in view if it was."""
        if self._is_fitted:
            self.fit()
        self.draw_anew()
        super().resizeEvent(event)

    # -- mouse --------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag; with Ctrl move the crosshair to the surface under the pointer."""
        if self._drag or self.renderer is None:
            return
        self._last = event.position()
        if event.button() == _LEFT and event.modifiers() & _CONTROL:
            self._pick(event.position())
        elif event.button() == _MIDDLE or (event.button() == _LEFT and event.modifiers() & _SHIFT):
            self._drag = "pan"
        elif event.button() == _LEFT:
            self._drag = "turn"
        elif event.button() == _RIGHT:
            self._drag = "zoom"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with a drag."""
        if not self._drag or event.buttons() == Qt.MouseButton.NoButton:
            return
        moved = event.position() - self._last
        self._last = event.position()
        if self._drag == "turn":
            self.camera = self.camera.turned(moved.x(), moved.y())
        else:
            self._is_fitted = False
            if self._drag == "pan":
                self.camera = self.camera.panned(moved.x(), moved.y(), pane_height=self.height())
            else:
                self.camera = self.camera.zoomed(_ZOOM_PER_PIXEL ** -moved.y())
        self.draw_anew()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag; draw with all pixels again."""
        if self._drag:
            self._drag = ""
            self.draw_anew()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Maximise or restore the pane."""
        view = self._session.view
        if event.button() == _LEFT and not event.modifiers() and self._session.case is not None:
            view.set_maximised(None if view.maximised == "3d" else "3d")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Enlarge or reduce."""
        self._is_fitted = False
        self.camera = self.camera.zoomed(_ZOOM_PER_NOTCH ** (event.angleDelta().y() / _NOTCH))
        self._resting.start()
        self.draw_anew()
        event.accept()

    def _pick(self, position: QPointF) -> None:
        hit = pick(self.surfaces, self.camera, (position.x(), position.y()), self._size())
        if hit is not None:
            self._session.jump_to((float(hit[0]), float(hit[1]), float(hit[2])))
