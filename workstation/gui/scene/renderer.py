"""VTK's part of the 3D pane: surfaces in, a picture out, all of it off screen and without an interactor.

A graphics card sorts transparent faces (depth peeling). Without one that takes five times as long, so each part is
drawn alone and solid, and Qt lays the pictures over each other: folds of a surface never show through it, and where
truth and prediction cover each other their colours mix evenly. Hiding a part, or making it fainter, draws nothing anew.

Importing this module loads VTK's OpenGL; only `pane3d` does, and only once the probe has said that it works here. Call
`close` while the QApplication is alive; a renderer is not used again afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - registers the OpenGL factory
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer, vtkRenderWindow

from workstation.gui.colours import Rgb
from workstation.gui.scene.camera import Camera
from workstation.gui.scene.surfaces import Surface

HEAD = "head"
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
        # Pictures of single parts, as seen by `_seen`.
        self._drawn: dict[str, QImage] = {}
        self._seen: tuple[Camera, int, int, bool] | None = None
        self._window = vtkRenderWindow()
        self._window.SetShowWindow(False)
        self._window.SetOffScreenRendering(1)
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(0, 0, 0)
        self._renderer.SetBackgroundAlpha(0)
        self._window.SetAlphaBitPlanes(1)
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        if not is_software:
            self._window.SetMultiSamples(0)
            self._renderer.UseFXAAOn()
            self._renderer.SetUseDepthPeeling(1)
            self._renderer.SetMaximumNumberOfPeels(8)
        self._window.AddRenderer(self._renderer)

    def set_surfaces(self, surfaces: Mapping[str, Surface]) -> None:
        """Show these parts and no others; the head stays where it is unless it is among them."""
        for name in [name for name in self._actors if name != HEAD and name not in surfaces]:
            self._remove(name)
        for name, surface in surfaces.items():
            self._put(name, surface)

    def set_head(self, surface: Surface | None) -> None:
        """Show the outline of a head, or none."""
        if surface is None:
            self._remove(HEAD)
        else:
            self._put(HEAD, surface)

    def set_look(self, name: str, look: Look) -> None:
        """Colour a part; one that is not there is left alone."""
        actor = self._actors.get(name)
        if actor is None:
            return
        if name in self._looks and self._looks[name].colour != look.colour:
            self._drawn.pop(name, None)
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
            return _over_black(self._draw(shown))
        parts = [name for name in shown if name != HEAD]
        picture = _over_black(self._drawn_part(HEAD))
        painter = QPainter(picture)
        for opacity, names in groupby(parts, key=lambda name: self._looks[name].opacity):
            painter.setOpacity(opacity)
            painter.drawImage(0, 0, _mixed([self._drawn_part(name) for name in names]))
        painter.end()
        return picture

    def _place(self, camera: Camera, width: int, height: int) -> None:
        eye = self._renderer.GetActiveCamera()
        eye.SetFocalPoint(*camera.focus)
        eye.SetPosition(*(camera.focus + camera.towards_eye * _EYE_DISTANCE_MM))
        eye.SetViewUp(*camera.up)
        eye.SetParallelScale(camera.height_mm / 2)
        self._window.SetSize(width, height)

    def _drawn_part(self, name: str) -> QImage:
        if name not in self._drawn:
            self._drawn[name] = self._draw([name])
        return self._drawn[name]

    def _draw(self, names: Iterable[str]) -> QImage:
        """Draw some of the parts over nothing."""
        wanted = set(names)
        for name, actor in self._actors.items():
            actor.SetVisibility(name in wanted)
        self._renderer.ResetCameraClippingRange()
        self._window.Render()
        width, height = self._window.GetSize()
        pixels = vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
        # VTK's first row is the lowest one. The copy also frees the picture from VTK's memory.
        rows = np.ascontiguousarray(vtk_to_numpy(pixels).reshape(height, width, 4)[::-1])
        return QImage(rows.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied).copy()

    def close(self) -> None:
        """Give everything back, in the order that VTK survives."""
        self._renderer.RemoveAllViewProps()
        self._actors.clear()
        self._drawn.clear()
        self._window.RemoveRenderer(self._renderer)
        self._window.Finalize()

    def _put(self, name: str, surface: Surface) -> None:
        self._remove(name)
        mapper, actor = vtkPolyDataMapper(), vtkActor()
        mapper.SetInputData(_poly_data(surface))
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
        self._actors[name] = actor
        self._renderer.AddActor(actor)

    def _remove(self, name: str) -> None:
        actor = self._actors.pop(name, None)
        self._looks.pop(name, None)
        self._drawn.pop(name, None)
        if actor is not None:
            self._renderer.RemoveActor(actor)


def _over_black(image: QImage) -> QImage:
    picture = QImage(image.size(), QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.black)
    painter = QPainter(picture)
    painter.drawImage(0, 0, image)
    painter.end()
    return picture


def _mixed(images: list[QImage]) -> QImage:
    """Pictures laid over each other: each as it is where it is alone, evenly mixed where several are."""
    picture = images[0].convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    painter = QPainter(picture)
    for count, image in enumerate(images[1:], start=2):
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        painter.setOpacity(1 / count)
        painter.drawImage(0, 0, image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationOver)
        painter.setOpacity(1.0)
        painter.drawImage(0, 0, image)
    painter.end()
    return picture


def _poly_data(surface: Surface) -> vtkPolyData:
    """A VTK mesh on copies of the arrays."""
    points, cells, mesh = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(numpy_to_vtk(surface.points, deep=True))
    count = len(surface.triangles)
    offsets = np.arange(0, 3 * count + 1, 3, dtype=np.int64)
    cells.SetData(
        numpy_to_vtkIdTypeArray(offsets, deep=True),
        numpy_to_vtkIdTypeArray(surface.triangles.ravel(), deep=True),
    )
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    normals = numpy_to_vtk(surface.normals, deep=True)
    normals.SetName("Normals")
    mesh.GetPointData().SetNormals(normals)
    return mesh
