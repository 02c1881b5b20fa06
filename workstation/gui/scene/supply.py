"""What the 3D pane waits for: the probe, VTK's modules, the head's outline, the masks' surfaces; the newest of each.

Everything slow happens in a child process or in the session's threads. Asking again makes an earlier question stale,
and its answer is dropped.
"""

from __future__ import annotations

import importlib

from PySide6.QtCore import QObject, Signal

from workstation.core.geometry import Grid
from workstation.core.volume import Volume
from workstation.gui.scene.probe import OpenGLFacts, Probe
from workstation.gui.scene.surfaces import SurfaceQuestion, head_surface
from workstation.gui.scene.volume import volume_data
from workstation.session.background import Background
from workstation.session.images import DisplayImage

_MODULES = (
    "vtkmodules.vtkCommonDataModel",
    "vtkmodules.vtkFiltersCore",
    "vtkmodules.vtkImagingGeneral",
    "vtkmodules.vtkRenderingOpenGL2",
    "vtkmodules.util.numpy_support",
    "workstation.gui.scene.renderer",
)
_HEAD, _SURFACES, _VOLUME, _VTK = "head", "surfaces", "volume", "vtk"


class SceneSupply(QObject):
    """Fetches what the pane shows.

    Parameters
    ----------
    background : Background
        The session's threads.
    parent : QObject or None
    probe : Probe or None
        Another one in tests.
    """

    changed = Signal()
    """`state` is another."""
    head_ready = Signal(object)
    """Surface or None."""
    surfaces_ready = Signal(dict)
    """Surfaces by part."""
    volume_ready = Signal(object)
    """VolumeData."""

    def __init__(self, background: Background, parent: QObject | None = None, *, probe: Probe | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._probe = probe if probe is not None else Probe(self)
        self._probe.answered.connect(self._on_probed)
        self._open: set[str] = set()
        self.facts: OpenGLFacts | None = None
        self.state = "idle"
        """ "idle", "checking", "ready" or "unavailable"."""

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is on its way."""
        return self.state == "checking" or bool(self._open)

    def start(self) -> None:
        """Find out whether VTK works here, and load it if so; does nothing the second time."""
        if self.state == "idle":
            self._become("checking")
            self._probe.ask()

    def ask_head(self, volume: Volume) -> None:
        """Want the outline of a head."""
        self._ask(_HEAD, lambda: head_surface(volume), self.head_ready.emit)

    def ask_surfaces(self, question: SurfaceQuestion) -> None:
        """Want the surfaces of masks."""
        self._ask(_SURFACES, question.answer, self.surfaces_ready.emit)

    def ask_volume(self, image: DisplayImage, grid: Grid, window: tuple[float, float]) -> None:
        """Want an image as a volume."""
        self._ask(_VOLUME, lambda: volume_data(image, grid, window), self.volume_ready.emit)

    def forget_volume(self) -> None:
        """Want no volume any more."""
        self._open.discard(_VOLUME)
        self._background.forget(self._name(_VOLUME))

    def stop(self) -> None:
        """Want nothing any more, until `start`."""
        self._probe.stop()
        for topic in list(self._open):
            self._background.forget(self._name(topic))
        self._open.clear()
        self.state = "idle"

    def _ask(self, topic: str, question: object, answer: object) -> None:
        def on_answered(result: object) -> None:
            self._open.discard(topic)
            answer(result)  # type: ignore[operator]

        self._open.add(topic)
        self._background.ask(self._name(topic), question, on_answered)  # type: ignore[arg-type]

    def _name(self, topic: str) -> str:
        # Two panes on one session must not make each other's questions stale.
        return f"scene {id(self)} {topic}"

    def _become(self, state: str) -> None:
        self.state = state
        self.changed.emit()

    def _on_probed(self, facts: OpenGLFacts) -> None:
        if self.state != "checking":
            return
        self.facts = facts
        if facts.is_usable:
            self._ask(_VTK, _load_vtk, lambda _: self._become("ready"))
        else:
            self._become("unavailable")


def _load_vtk() -> None:
    for name in _MODULES:
        importlib.import_module(name)
