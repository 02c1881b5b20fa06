"""The centre of Review: two by two panes (axial, sagittal, coronal and 3D), of which one can fill the place of all; or
the sequences in one plane; or the lightbox. The latter two are made when they are first wanted.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from workstation.gui.review.cine import Cine
from workstation.gui.review.lightbox import Lightbox
from workstation.gui.review.sequence_grid import SequenceGrid
from workstation.gui.review.slice_view import SliceView
from workstation.gui.scene.camera import Camera
from workstation.session.session import Session
from workstation.session.view import PLANES

# Long enough for the slices of the first case to be painted.
_SCENE_AFTER_MS = 50
_PLACES = {"axial": (0, 0), "sagittal": (0, 1), "coronal": (1, 0), "3d": (1, 1)}


class PaneGrid(QWidget):
    """The four panes; the 3D pane is made after the first case was painted, so that VTK never delays a slice."""

    active_changed = Signal(str)
    """Name of the plane that keys now mean."""
    menu_wanted = Signal(QPoint)
    """Global position of a right click that was no drag."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(3)
        self.slices = {plane: SliceView(session, plane) for plane in PLANES}
        self.panes: dict[str, QWidget] = {**self.slices, "3d": _placeholder(self)}
        for name, pane in self.panes.items():
            self._grid.addWidget(pane, *_PLACES[name])
        for plane in self.slices.values():
            plane.entered.connect(self._on_entered)
            plane.menu_wanted.connect(self.menu_wanted)
        self._others: dict[str, SequenceGrid | Lightbox] = {}
        for line in (0, 1):
            self._grid.setRowStretch(line, 1)
            self._grid.setColumnStretch(line, 1)
        self.active = "axial"
        self.slices["axial"].set_active(active=True)
        self.cine = Cine(session, lambda: self.active_view, self)
        self._has_scene = False
        self._camera: Camera | None = None
        self._scene_timer = QTimer(self)
        self._scene_timer.setSingleShot(True)
        self._scene_timer.setInterval(_SCENE_AFTER_MS)
        self._scene_timer.timeout.connect(self._make_scene)
        session.case_changed.connect(self._on_case)
        session.view.layout_changed.connect(self._on_layout)

    @property
    def active_view(self) -> SliceView:
        """The slice view that keys mean; in the lightbox the hidden one of its plane, which moves the crosshair."""
        view = self._session.view
        if view.layout == "planes":
            return self.slices[self.active]
        grid = self._others.get("sequences") if view.layout == "sequences" else None
        pane = grid.active_view if isinstance(grid, SequenceGrid) else None
        return pane or self.slices[view.layout_plane]

    @property
    def shown(self) -> SequenceGrid | Lightbox | None:
        """What fills the centre in place of the four panes; None where they are shown."""
        return self._others.get(self._session.view.layout)

    @property
    def all_slices(self) -> dict[str, SliceView]:
        """Every slice view there is, by plane or by sequence."""
        grid = self._others.get("sequences")
        return {**self.slices, **(grid.panes if isinstance(grid, SequenceGrid) else {})}

    @property
    def camera(self) -> Camera | None:
        """Where the eye of the 3D pane is; None before there is one."""
        scene = self.panes["3d"]
        return scene.view.camera if self._has_scene else self._camera  # type: ignore[attr-defined]

    def take_camera(self, camera: Camera) -> None:
        """Move the eye of the 3D pane; where that is still to be made, as soon as it is."""
        self._camera = camera
        if self._has_scene:
            self.panes["3d"].view.take_camera(camera)  # type: ignore[attr-defined]

    def choose_active(self, plane: str) -> None:
        """Let keys mean the pane of a plane."""
        if plane in self.slices:
            self._on_entered(plane)

    def close_scene(self) -> None:
        """Let the 3D pane give back what it holds, before the window goes."""
        self.cine.stop()
        self._scene_timer.stop()
        self.panes["3d"].close()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing runs that is not seen."""
        self.cine.stop()
        super().hideEvent(event)

    def _on_entered(self, plane: str) -> None:
        self.slices[self.active].set_active(active=False)
        self.active = plane
        self.slices[plane].set_active(active=True)
        self.active_changed.emit(plane)

    def _on_case(self) -> None:
        if not self._has_scene and not self._scene_timer.isActive():
            self._scene_timer.start()

    def _make_scene(self) -> None:
        # Only now: VTK's own modules follow when the pane is first painted.
        from workstation.gui.scene.pane3d import Pane3D

        scene = Pane3D(self._session, self)
        placeholder = self.panes["3d"]
        self._has_scene = True
        self.panes["3d"] = scene
        self._grid.replaceWidget(placeholder, scene)
        scene.setVisible(self._is_shown("3d"))
        placeholder.hide()
        placeholder.deleteLater()
        if self._camera is not None:
            scene.view.take_camera(self._camera)

    def _is_shown(self, name: str) -> bool:
        view = self._session.view
        return view.layout == "planes" and view.maximised in (None, name)

    def _on_layout(self) -> None:
        layout = self._session.view.layout
        if layout != "planes" and layout not in self._others:
            made = (SequenceGrid if layout == "sequences" else Lightbox)(self._session, self)
            made.menu_wanted.connect(self.menu_wanted)
            self._others[layout] = made
            self._grid.addWidget(made, 0, 0, 2, 2)
        for name, pane in self.panes.items():
            pane.setVisible(self._is_shown(name))
        for name, other in self._others.items():
            other.setVisible(name == layout)
        places = [place for name, place in _PLACES.items() if layout != "planes" or self._is_shown(name)]
        for line in (0, 1):
            self._grid.setRowStretch(line, int(any(row == line for row, _ in places)))
            self._grid.setColumnStretch(line, int(any(column == line for _, column in places)))
        if self.isVisible():
            focused = self.shown if isinstance(self.shown, Lightbox) else self.active_view
            focused.setFocus(Qt.FocusReason.OtherFocusReason)


def _placeholder(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    label.setContentsMargins(8, 6, 0, 0)
    label.setText("3D")
    label.setStyleSheet("background: #000; color: #50565e;")
    return label
