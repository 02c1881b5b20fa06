"""VTK's part of the 3D pane: surfaces in, a picture out, all of it off screen and without an interactor.

A graphics card sorts transparent faces (depth peeling). Without one that takes five times as long, so every part is
drawn solid, and Qt lays the pictures over each other: folds of a surface never show through it. What is solid (the
agreement of two masks, slices in space) is drawn together, and hides of the others what its depths say; shells of truth
and prediction are drawn together too; labels, which lie within each other, mix evenly. Hiding a part, or making it
fainter, draws nothing anew.

Importing this module loads VTK's OpenGL; only `pane3d` does, and only once the probe has said that it works here. Call
`close` while the QApplication is alive; a renderer is not used again afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - registers the OpenGL factory
from PySide6.QtGui import QImage, QPainter
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkFloatArray, vtkUnsignedCharArray
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer, vtkRenderWindow

from workstation.gui.colours import Rgb
from workstation.gui.scene.camera import Camera
from workstation.gui.scene.layering import Rendering, mixed, over_black
from workstation.gui.scene.meshes import mesh_of, plane_actor
from workstation.gui.scene.slice_planes import PlaneImage
from workstation.gui.scene.surfaces import Surface
from workstation.gui.scene.volume import VolumeData, volume_prop
from workstation.session.layers import KINDS

HEAD = "head"
_PLANE = "plane "
_SAMPLES = 4
_EYE_DISTANCE_MM = 1000.0
# Clear where the shell faces the eye, denser towards its rim: an outline that turns with the head.
_RIM_LIGHT = """//VTK::Light::Impl
  fragOutput0.a *= 0.16 + 0.84 * pow(1.0 - abs(normalVCVSOutput.z), 1.6);
"""


@dataclass(frozen=True, slots=True)
class Look:
    """How a part is drawn.

    Parameters
    ----------
    colour : tuple of int
    opacity : float
        0 to 1.
    is_visible : bool
    """

    colour: Rgb
    opacity: float
    is_visible: bool = True


class SceneRenderer:
    """A render window that nobody sees, and the parts in it.

    Parameters
    ----------
    is_software : bool
        Whether the processor draws.
    """

    def __init__(self, *, is_software: bool) -> None:
        self._actors: dict[str, vtkActor] = {}
        self._looks: dict[str, Look] = {}
        self._is_software = is_software
        self._volume: Any = None
        # What was drawn of some parts together, as seen by `_seen`.
        self._drawn: dict[tuple[str, ...], Rendering] = {}
        self._seen: tuple[Camera, int, int, bool] | None = None
        self._window = vtkRenderWindow()
        self._window.SetShowWindow(False)
        self._window.SetOffScreenRendering(1)
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(0, 0, 0)
        self._renderer.SetBackgroundAlpha(0)
        self._window.SetAlphaBitPlanes(1)
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        # One range for all, so that depths of different drawings can be compared.
        self._renderer.GetActiveCamera().SetClippingRange(1.0, 2 * _EYE_DISTANCE_MM)
        if not is_software:
            self._window.SetMultiSamples(0)
            self._renderer.UseFXAAOn()
            self._renderer.SetUseDepthPeeling(1)
            self._renderer.SetMaximumNumberOfPeels(8)
            self._renderer.UseDepthPeelingForVolumesOn()
        self._window.AddRenderer(self._renderer)

    def set_surfaces(self, surfaces: Mapping[str, Surface]) -> None:
        """Show these parts and no others; the head stays where it is unless it is among them."""
        for name in [name for name in self._surfaces if name != HEAD and name not in surfaces]:
            self._remove(name)
        for name, surface in surfaces.items():
            self._put(name, surface)

    def set_head(self, surface: Surface | None) -> None:
        """Show the outline of a head, or none."""
        if surface is None:
            self._remove(HEAD)
        else:
            self._put(HEAD, surface)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self._actors and self._volume is None

    def clear(self) -> None:
        """Show nothing."""
        self.set_volume(None)
        for name in list(self._actors):
            self._remove(name)

    def set_planes(self, planes: Sequence[PlaneImage]) -> None:
        """Show these slices in space and no others."""
        for name in [name for name in self._actors if name.startswith(_PLANE)]:
            self._remove(name)
        for plane in planes:
            self._add(_PLANE + plane.plane, plane_actor(plane))
            self._looks[_PLANE + plane.plane] = Look((255, 255, 255), 1.0)

    @property
    def can_draw_volumes(self) -> bool:
        """Whether a graphics card draws: without one a volume takes seconds a frame."""
        return not self._is_software

    def set_volume(self, data: VolumeData | None) -> None:
        """Show this volume, or none."""
        if self._volume is not None:
            self._renderer.RemoveVolume(self._volume)
        self._volume = None if data is None else volume_prop(data)
        if self._volume is not None:
            self._renderer.AddVolume(self._volume)
        self._drawn.clear()

    @property
    def _surfaces(self) -> list[str]:
        return [name for name in self._actors if not name.startswith(_PLANE)]

    def set_look(self, name: str, look: Look) -> None:
        """Colour a part; one that is not there is left alone."""
        actor = self._actors.get(name)
        if actor is None:
            return
        if name in self._looks and self._looks[name].colour != look.colour:
            self._forget(name)
        self._looks[name] = look
        shade = actor.GetProperty()
        shade.SetColor(*(channel / 255 for channel in look.colour))
        shade.SetOpacity(1.0 if self._is_software and name != HEAD else look.opacity)

    def image(self, camera: Camera, width: int, height: int, *, is_smooth: bool = True) -> QImage:
        """Draw what `camera` sees.

        Parameters
        ----------
        camera : Camera
        width, height : int
            Device pixels.
        is_smooth : bool
            Whether edges are smoothed, which takes three times as long without a graphics card.
        """
        if self._seen != (camera, width, height, is_smooth):
            self._seen = (camera, width, height, is_smooth)
            self._drawn.clear()
            self._place(camera, width, height)
            if self._is_software:
                self._window.SetMultiSamples(_SAMPLES if is_smooth else 0)
        shown = [name for name in self._actors if name in self._looks and self._looks[name].is_visible]
        if not self._is_software:
            return over_black(self._draw(shown).image())
        picture = over_black(self._drawn_parts([name for name in shown if name == HEAD]).image())
        solid_names = [name for name in shown if name != HEAD and self._looks[name].opacity >= 1]
        solid = self._drawn_parts(solid_names) if solid_names else None
        others = [name for name in shown if name != HEAD and name not in solid_names]
        painter = QPainter(picture)
        if solid is not None:
            painter.drawImage(0, 0, solid.image())
        for opacity, names in groupby(others, key=lambda name: self._looks[name].opacity):
            painter.setOpacity(opacity)
            painter.drawImage(0, 0, self._layer(list(names), solid))
        painter.end()
        return picture

    def _layer(self, names: list[str], solid: Rendering | None) -> QImage:
        """Translucent parts of one opacity: shells, which exclude each other, or labels, which hold each other."""
        if all(name in KINDS for name in names):
            return self._drawn_parts(names).in_front_of(solid)
        return mixed([self._drawn_parts([name]).in_front_of(solid) for name in names])

    def _place(self, camera: Camera, width: int, height: int) -> None:
        eye = self._renderer.GetActiveCamera()
        eye.SetFocalPoint(*camera.focus)
        eye.SetPosition(*(camera.focus + camera.towards_eye * _EYE_DISTANCE_MM))
        eye.SetViewUp(*camera.up)
        eye.SetParallelScale(camera.height_mm / 2)
        self._window.SetSize(width, height)

    def _drawn_parts(self, names: Iterable[str]) -> Rendering:
        key = tuple(names)
        if key not in self._drawn:
            self._drawn[key] = self._draw(key)
        return self._drawn[key]

    def _draw(self, names: Iterable[str]) -> Rendering:
        """Draw some of the parts over nothing."""
        wanted = set(names)
        for name, actor in self._actors.items():
            actor.SetVisibility(name in wanted)
        self._window.Render()
        width, height = self._window.GetSize()
        pixels, depth = vtkUnsignedCharArray(), vtkFloatArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
        # VTK's first row is the lowest one. The copies free the picture from VTK's memory.
        rows = np.ascontiguousarray(vtk_to_numpy(pixels).reshape(height, width, 4)[::-1])
        self._window.GetZbufferData(0, 0, width - 1, height - 1, depth)
        return Rendering(rows, np.ascontiguousarray(vtk_to_numpy(depth).reshape(height, width)[::-1]))

    def close(self) -> None:
        """Give everything back, in the order that VTK survives."""
        self._volume = None
        self._renderer.RemoveAllViewProps()
        self._actors.clear()
        self._drawn.clear()
        self._window.RemoveRenderer(self._renderer)
        self._window.Finalize()

    def _put(self, name: str, surface: Surface) -> None:
        self._remove(name)
        mapper, actor = vtkPolyDataMapper(), vtkActor()
        mapper.SetInputData(mesh_of(surface))
        mapper.ScalarVisibilityOff()
        actor.SetMapper(mapper)
        shade = actor.GetProperty()
        if name == HEAD:
            # Its far inside: a shell behind the tumour that hides nothing.
            shade.FrontfaceCullingOn()
            shade.SetAmbient(1.0)
            shade.SetDiffuse(0.0)
            actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::Light::Impl", True, _RIM_LIGHT, False)
        else:
            shade.BackfaceCullingOn()
            shade.SetAmbient(0.3)
            shade.SetDiffuse(0.72)
            shade.SetSpecular(0.15)
            shade.SetSpecularPower(20)
        self._add(name, actor)

    def _add(self, name: str, actor: vtkActor) -> None:
        self._actors[name] = actor
        self._renderer.AddActor(actor)

    def _forget(self, name: str) -> None:
        """A drawing of a part is of no use any more."""
        for key in [key for key in self._drawn if name in key]:
            del self._drawn[key]

    def _remove(self, name: str) -> None:
        actor = self._actors.pop(name, None)
        self._looks.pop(name, None)
        self._forget(name)
        if actor is not None:
            self._renderer.RemoveActor(actor)
