"""The child that finds out whether VTK can render here: `python -m workstation.gui.scene.probe_child`.

Without a usable OpenGL, VTK ends its process with a signal instead of raising an exception, so it must not be the
process of the window that tries. One JSON object on stdout says what was found; no output and a signal say the rest.
"""

from __future__ import annotations

import json
import sys

_SIDE = 16


def main() -> int:
    """Render a lit sphere off screen and look at a pixel of it; 0 if it is there."""
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - registers the factory
    from vtkmodules.vtkCommonCore import vtkUnsignedCharArray, vtkVersion
    from vtkmodules.vtkFiltersSources import vtkSphereSource
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer, vtkRenderWindow

    window, renderer, actor, mapper, sphere = (
        vtkRenderWindow(),
        vtkRenderer(),
        vtkActor(),
        vtkPolyDataMapper(),
        vtkSphereSource(),
    )
    window.SetShowWindow(False)
    window.SetOffScreenRendering(1)
    window.SetSize(_SIDE, _SIDE)
    window.AddRenderer(renderer)
    mapper.SetInputConnection(sphere.GetOutputPort())
    actor.SetMapper(mapper)
    renderer.AddActor(actor)
    renderer.SetBackground(0, 0, 0)
    window.Render()
    pixels = vtkUnsignedCharArray()
    window.GetRGBACharPixelData(0, 0, _SIDE - 1, _SIDE - 1, 0, pixels, 0)
    middle = 4 * (_SIDE // 2 * _SIDE + _SIDE // 2)
    capabilities = dict(line.split(":", 1) for line in window.ReportCapabilities().splitlines() if ":" in line)
    facts = {
        "is_drawn": pixels.GetNumberOfValues() == 4 * _SIDE * _SIDE and pixels.GetValue(middle) > 0,
        "renderer": capabilities.get("OpenGL renderer string", "").strip(),
        "window_class": window.GetClassName(),
        "version": vtkVersion.GetVTKVersion(),
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    return 0 if facts["is_drawn"] else 1


if __name__ == "__main__":
    sys.exit(main())
