"""The shown sequence as a volume of light, for graphics cards: without one a frame takes seconds.

`volume_data` runs in a thread and loads VTK's volume rendering; `volume_prop` is for the renderer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workstation.core.geometry import Grid
from workstation.session.images import DisplayImage

# Of a voxel at the upper end of the window; what is at its lower end is clear.
_DENSEST = 0.25
# Below this share of the window all is clear: noise and dark tissue would hide the rest.
_CLEAR_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class VolumeData:
    """A volume ready for the graphics card.

    Parameters
    ----------
    image : vtkImageData
        Grey levels 0 to 4095, one unit a voxel.
    affine : (4, 4) ndarray
        Voxel index to RAS mm.
    window : tuple of float
        In grey levels: black, and white.
    """

    image: object
    affine: np.ndarray
    window: tuple[float, float]


def volume_data(image: DisplayImage, grid: Grid, window: tuple[float, float]) -> VolumeData:
    """Copy an image for the graphics card; takes about 50 ms.

    Parameters
    ----------
    image : DisplayImage
    grid : Grid
    window : tuple of float
        Lower and upper intensity.
    """
    import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401 - registers the mapper's factory
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData

    made = vtkImageData()
    made.SetDimensions(*image.levels.shape)
    made.GetPointData().SetScalars(numpy_to_vtk(image.levels.ravel(order="F"), deep=True))
    low, high = ((value - image.lowest) / image.step for value in window)
    return VolumeData(made, grid.affine, (low, high))


def volume_prop(data: VolumeData) -> object:
    """The vtkVolume of a volume's data."""
    from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction
    from vtkmodules.vtkCommonMath import vtkMatrix4x4
    from vtkmodules.vtkRenderingCore import vtkColorTransferFunction, vtkVolume, vtkVolumeProperty
    from vtkmodules.vtkRenderingVolume import vtkGPUVolumeRayCastMapper

    low, high = data.window
    density, colour = vtkPiecewiseFunction(), vtkColorTransferFunction()
    density.AddPoint(low + _CLEAR_SHARE * (high - low), 0.0)
    density.AddPoint(max(high, low + 1), _DENSEST)
    colour.AddRGBPoint(low, 0.0, 0.0, 0.0)
    colour.AddRGBPoint(max(high, low + 1), 1.0, 1.0, 1.0)
    shade, mapper, prop, matrix = vtkVolumeProperty(), vtkGPUVolumeRayCastMapper(), vtkVolume(), vtkMatrix4x4()
    shade.SetScalarOpacity(density)
    shade.SetColor(colour)
    shade.SetInterpolationTypeToLinear()
    shade.ShadeOff()
    mapper.SetInputData(data.image)
    for row, column in np.ndindex(4, 4):
        matrix.SetElement(row, column, float(data.affine[row, column]))
    prop.SetMapper(mapper)
    prop.SetProperty(shade)
    prop.SetUserMatrix(matrix)
    prop.PickableOff()
    return prop
