"""The 3D pane: surfaces of truth and prediction in the outline of the head.

VTK is not touched before the pane is shown with a case, a child process has shown that it works here, and its modules
were loaded in a thread. `close` or `release` gives VTK's window back; a pane that is shown again makes a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from workstation.gui.scene.appearance import HEAD_COLOUR, HEAD_OPACITY, is_same_question, look_of, question_of
from workstation.gui.scene.direction_bar import DirectionBar
from workstation.gui.scene.probe import Probe
from workstation.gui.scene.scene_view import SceneView
from workstation.gui.scene.slice_planes import SlicePlanes
from workstation.gui.scene.supply import SceneSupply
from workstation.gui.scene.surfaces import Surface, SurfaceQuestion
from workstation.gui.theme import DARK, palette_of
from workstation.session.session import Session

if TYPE_CHECKING:
    from workstation.gui.scene.renderer import SceneRenderer
    from workstation.gui.scene.volume import VolumeData

# The slices of a new case are painted first; surfaces and brain can wait that long.
_REFRESH_MS = 80
# After that they wait for what is more urgent, and look for its end this often.
_WAIT_MS = 20
# The crosshair in space follows the slices' at this distance, so that a drag in them stays smooth.
_FOLLOW_MS = 40
# Slices in space cost a frame, so they follow when the crosshair rests.
_PLANES_MS = 120


class Pane3D(QWidget):
    """The scene of the open case.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    probe : Probe or None
        Another one in tests.
    """

    painted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None, *, probe: Probe | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._supply = SceneSupply(session.background, self, probe=probe)
        self._question: SurfaceQuestion | None = None
        self._head_of: object = None
        self._has_planes = self._has_volume = False
        self._volume_of: object = None
        self._refreshing = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refreshing.timeout.connect(self._refresh)
        self._waiting = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._waiting.timeout.connect(self._refresh)
        self._following = QTimer(self, singleShot=True, interval=_FOLLOW_MS)
        self._planes = SlicePlanes(session)
        self._planes_due = QTimer(self, singleShot=True, interval=_PLANES_MS)
        self._planes_due.timeout.connect(self._show_planes)
        self.setObjectName("pane_3d")
        self.setAccessibleName(self.tr("3D view"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 120)
        # The ground is black in every theme.
        self.setPalette(palette_of(DARK))
        self.view = SceneView(session, self)
        self.directions = DirectionBar(self)
        self._words = QLabel(self)
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words.setWordWrap(True)
        self._words.setMargin(28)
        self._words.hide()
        self.directions.hide()
        cell = QGridLayout(self)
        cell.setContentsMargins(0, 0, 0, 0)
        cell.addWidget(self.view, 0, 0)
        cell.addWidget(self._words, 0, 0)
        cell.addWidget(self.directions, 0, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)

    def _connect(self) -> None:
        session, view, layers = self._session, self._session.view, self._session.layers
        session.case_changed.connect(self._on_case)
        layers.masks_changed.connect(self._refreshing.start)
        layers.display_changed.connect(self._refreshing.start)
        view.cursor_moved.connect(self._on_cursor)
        self._following.timeout.connect(self.view.update)
        view.decoration_changed.connect(self.view.update)
        for signal in (view.scene_changed, view.window_changed, view.sequence_changed, view.convention_changed):
            signal.connect(self._on_planes)
        view.fit_requested.connect(self.view.fit)
        view.reset_requested.connect(self.view.reset)
        view.convention_changed.connect(self.view.reset)
        self._supply.changed.connect(self._on_supply)
        self._supply.head_ready.connect(self._on_head)
        self._supply.surfaces_ready.connect(self._on_surfaces)
        self._supply.volume_ready.connect(self._on_volume)
        self.directions.chosen.connect(self.view.look_from)
        self.view.painted.connect(self.painted)
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self.release)

    @property
    def is_available(self) -> bool:
        """Whether the scene is drawn; False also until that was found out."""
        return self.view.renderer is not None

    @property
    def is_settled(self) -> bool:
        """Whether all that was asked for has been painted, or cannot be: for pictures and tests."""
        if self._supply.state == "unavailable":
            return True
        due = (self._refreshing, self._waiting, self._planes_due)
        is_idle = not (self._supply.is_waiting or any(timer.isActive() for timer in due))
        return self.is_available and is_idle and not (self.view.is_stale or self.view.is_draft)

    def release(self) -> None:
        """Give VTK's window back; needs the application to be alive."""
        self._supply.stop()
        self._planes_due.stop()
        renderer = self.view.renderer
        self.view.drop()
        self._question = self._head_of = self._volume_of = None
        self._has_planes = self._has_volume = False
        if renderer is not None:
            renderer.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed unseen."""
        super().showEvent(event)
        self._refreshing.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Give VTK's window back."""
        self.release()
        super().closeEvent(event)

    def event(self, event: QEvent) -> bool:
        """Give VTK's window back before the widget is deleted."""
        if event.type() == QEvent.Type.DeferredDelete:
            self.release()
        return super().event(event)

    def _on_cursor(self) -> None:
        if not self._following.isActive():
            self._following.start()
        self._on_planes()

    def _on_planes(self) -> None:
        """Slices or a volume in space are wanted anew, or no longer."""
        view = self._session.view
        if view.scene_planes_visible or self._has_planes or view.scene_volume_visible or self._has_volume:
            self._planes_due.start()

    def _show_planes(self) -> None:
        renderer = self.view.renderer
        if renderer is None or not self.isVisible():
            return
        self._show_volume(renderer)
        planes = self._planes.images() if self._session.view.scene_planes_visible else []
        self._has_planes = bool(planes)
        renderer.set_planes(planes)
        self.view.draw_anew()

    def _show_volume(self, renderer: SceneRenderer) -> None:
        """Ask for the shown sequence as a volume, if it is wanted and a graphics card can draw it."""
        session, view = self._session, self._session.view
        image = session.images.get(view.sequence)
        wanted = (image, view.window(view.sequence)) if view.scene_volume_visible else None
        self._say_remark()
        if wanted is not None and image is not None and session.case is not None and renderer.can_draw_volumes:
            if wanted != self._volume_of:
                self._volume_of = wanted
                self._supply.ask_volume(image, session.case.grid, wanted[1])
        elif self._has_volume:
            self._supply.forget_volume()
            self._on_volume(None)

    def _on_volume(self, data: VolumeData | None) -> None:
        self._has_volume = data is not None
        if data is None:
            self._volume_of = None
        if self.view.renderer is not None:
            self.view.renderer.set_volume(data)
        self.view.draw_anew()

    def _say_remark(self) -> None:
        layers, renderer = self._session.layers, self.view.renderer
        has_mask = layers.truth is not None or layers.prediction is not None
        words = [] if has_mask else [self.tr("No mask")]
        if self._session.view.scene_volume_visible and renderer is not None and not renderer.can_draw_volumes:
            words.append(self.tr("A volume needs a graphics card"))
        self.view.remark = "   ".join(words)

    def _on_case(self) -> None:
        case = self._session.case
        # Nothing of another case may be seen beside the slices of this one.
        self._question = self._head_of = self._volume_of = None
        self._has_planes = self._has_volume = False
        self.view.surfaces = {}
        if self.view.renderer is not None:
            self.view.renderer.clear()
        self.view.take_corners(None if case is None else case.grid.corners_mm)
        self.view.draw_anew()
        self._refreshing.start()

    def _refresh(self) -> None:
        """Ask for what is missing, and draw what is there as it should look."""
        case = self._session.case
        self._show_words()
        if case is None or not self.isVisible():
            return
        is_busy = self._session.background.has_urgent and not self._supply.is_waiting
        if is_busy or self._session.editing.is_drawing:
            # Another case is being read, masks are being compared, or a stroke is being drawn: they come first.
            self._waiting.start()
            return
        self._supply.start()
        if not self.is_available:
            return
        volume = next(iter(case.sequences.values()))
        if self._head_of is not volume:
            self._head_of = volume
            self._supply.ask_head(volume)
        question = question_of(self._session.layers)
        if not is_same_question(self._question, question):
            self._question = question
            self._supply.ask_surfaces(question)
        if not self._supply.is_waiting:
            self._dress()

    def _on_supply(self) -> None:
        if self._supply.state == "ready":
            from workstation.gui.scene.renderer import SceneRenderer

            facts = self._supply.facts
            self.view.renderer = SceneRenderer(is_software=facts is None or facts.is_software)
        self._refresh()

    def _on_head(self, head: Surface | None) -> None:
        if self.view.renderer is not None:
            self.view.renderer.set_head(head)
        if head is not None:
            self.view.take_corners(head.corners_mm)
        self._dress()

    def _on_surfaces(self, surfaces: dict[str, Surface]) -> None:
        self.view.surfaces = surfaces
        if self.view.renderer is not None:
            self.view.renderer.set_surfaces(surfaces)
        self._dress()

    def _dress(self) -> None:
        """Colour the parts as the layers say."""
        renderer, parts, layers = self.view.renderer, self.view.surfaces, self._session.layers
        if renderer is None:
            return
        from workstation.gui.scene.renderer import HEAD, Look

        renderer.set_look(HEAD, Look(HEAD_COLOUR, HEAD_OPACITY))
        for part in parts:
            renderer.set_look(part, Look(*look_of(part, parts, layers)))
        self._on_planes()
        self._say_remark()
        self.view.draw_anew()

    def _show_words(self) -> None:
        has_case, facts = self._session.case is not None, self._supply.facts
        is_without = has_case and self._supply.state == "unavailable"
        self._words.setVisible(is_without)
        self.directions.setVisible(has_case and self.is_available)
        if is_without and facts is not None:
            words = self.tr("3D is not available: OpenGL does not work on this computer ({0}).\nSlices do not need it.")
            self._words.setText(words.format(facts.reason))
        self.view.update()
