"""Two by two panes: axial, sagittal, coronal and 3D; one of them can fill the place of all."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from workstation.gui.review.slice_view import SliceView
from workstation.session.session import Session
from workstation.session.view import PLANES

# Long enough for the slices of the first case to be painted.
_SCENE_AFTER_MS = 50
_PLACES = {"axial": (0, 0), "sagittal": (0, 1), "coronal": (1, 0), "3d": (1, 1)}


class PaneGrid(QWidget):
    """The four panes; the 3D pane is made after the first case was painted, so that VTK never delays a slice."""

    active_changed = Signal(str)
    """Name of the plane that keys now mean."""

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
        for line in (0, 1):
            self._grid.setRowStretch(line, 1)
            self._grid.setColumnStretch(line, 1)
        self.active = "axial"
        self.active_view.set_active(active=True)
        self._has_scene = False
        self._scene_timer = QTimer(self)
        self._scene_timer.setSingleShot(True)
        self._scene_timer.setInterval(_SCENE_AFTER_MS)
        self._scene_timer.timeout.connect(self._make_scene)
        session.case_changed.connect(self._on_case)
        session.view.maximised_changed.connect(self._on_maximised)

    @property
    def active_view(self) -> SliceView:
        """The slice view that keys mean."""
        return self.slices[self.active]

    def close_scene(self) -> None:
        """Let the 3D pane give back what it holds, before the window goes."""
        self._scene_timer.stop()
        self.panes["3d"].close()

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
        scene.setVisible(self._session.view.maximised in (None, "3d"))
        placeholder.hide()
        placeholder.deleteLater()

    def _on_maximised(self) -> None:
        maximised = self._session.view.maximised
        for name, pane in self.panes.items():
            pane.setVisible(maximised in (None, name))
        shown = {place for name, place in _PLACES.items() if maximised in (None, name)}
        for line in (0, 1):
            self._grid.setRowStretch(line, int(any(row == line for row, _ in shown)))
            self._grid.setColumnStretch(line, int(any(column == line for _, column in shown)))


def _placeholder(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    label.setContentsMargins(8, 6, 0, 0)
    label.setText("3D")
    label.setStyleSheet("background: #000; color: #50565e;")
    return label
