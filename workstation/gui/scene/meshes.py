"""VTK's objects made from plain arrays: meshes of surfaces, textured rectangles of slices, volumes."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkTexture

from workstation.gui.scene.slice_planes import PlaneImage
from workstation.gui.scene.surfaces import Surface

# A slice hides what is behind its image, and nothing where it is clear.
_CUT_OUT = """//VTK::TCoord::Impl
  if (fragOutput0.a < 0.5) discard;
"""


def mesh_of(surface: Surface) -> vtkPolyData:
    """A VTK mesh on copies of the arrays."""
    mesh = _triangles(surface.points, surface.triangles)
    normals = numpy_to_vtk(surface.normals, deep=True)
    normals.SetName("Normals")
    mesh.GetPointData().SetNormals(normals)
    return mesh


def plane_actor(plane: PlaneImage) -> vtkActor:
    """A slice in space, unlit, in the colours of its picture."""
    corner, right, up = plane.corner_mm, plane.right_mm, plane.up_mm
    points = np.array([corner, right, right + up - corner, up], dtype=np.float32)
    mesh = _triangles(points, np.array([[0, 1, 2], [0, 2, 3]]))
    places = numpy_to_vtk(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32), deep=True)
    places.SetName("Places")
    mesh.GetPointData().SetTCoords(places)
    rows, columns, _ = plane.pixels.shape
    image, texture, mapper, actor = vtkImageData(), vtkTexture(), vtkPolyDataMapper(), vtkActor()
    image.SetDimensions(columns, rows, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(plane.pixels.reshape(-1, 4), deep=True))
    texture.SetInputData(image)
    texture.InterpolateOff()
    texture.SetColorModeToDirectScalars()
    mapper.SetInputData(mesh)
    actor.SetMapper(mapper)
    actor.SetTexture(texture)
    actor.ForceOpaqueOn()
    shade = actor.GetProperty()
    shade.LightingOff()
    actor.GetShaderProperty().AddFragmentShaderReplacement("//VTK::TCoord::Impl", False, _CUT_OUT, False)
    return actor


def _triangles(points: np.ndarray, triangles: np.ndarray) -> vtkPolyData:
    held, cells, mesh = vtkPoints(), vtkCellArray(), vtkPolyData()
    held.SetData(numpy_to_vtk(points, deep=True))
    offsets = np.arange(0, 3 * len(triangles) + 1, 3, dtype=np.int64)
    cells.SetData(
        numpy_to_vtkIdTypeArray(offsets, deep=True),
        numpy_to_vtkIdTypeArray(triangles.ravel().astype(np.int64), deep=True),
    )
    mesh.SetPoints(held)
    mesh.SetPolys(cells)
    return mesh
