"""The child that draws a report's 3D picture: `python -m workstation.gui.report.scene_child SCENE.npz OUT.png 640`.

Where OpenGL does not work VTK ends its process with a signal, so it must not be the process that writes the report. The
parent reads the exit status; a picture is there or it is not.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from workstation.core.geometry import Grid
from workstation.core.labels import scheme_named, unnamed_scheme
from workstation.core.volume import LabelMap, Volume
from workstation.gui.colours import PALETTES, Rgb, rgb_of
from workstation.gui.scene.camera import Camera

TURN = (50, 25)
"""By how many pixels the head is turned from a view at its front."""


def main(words: list[str]) -> int:
    """Draw a scene; 0 if the picture was written."""
    source, out, side = Path(words[0]), Path(words[1]), int(words[2])
    with np.load(source, allow_pickle=False) as scene:
        arrays = dict(scene)
    image = _draw(arrays, side)
    return 0 if image.save(str(out), "PNG") else 1


def scene_camera() -> Camera:
    """Where the eye is, before it is fitted."""
    return Camera.looking_from("A").turned(*TURN)


def _draw(arrays: dict[str, np.ndarray], side: int):  # type: ignore[no-untyped-def]
    from workstation.gui.scene.renderer import HEAD, Look, SceneRenderer
    from workstation.gui.scene.surfaces import SurfaceQuestion, head_surface

    grid = Grid(arrays["head"].shape, arrays["affine"])
    masks = {kind: _mask(arrays, kind, grid) for kind in ("truth", "prediction")}
    is_comparing = all(mask is not None for mask in masks.values())
    mode, region = ("comparison", str(arrays["region"])) if is_comparing else ("labels", "all")
    surfaces = SurfaceQuestion(masks["truth"], masks["prediction"], mode, region).answer()
    head = head_surface(Volume("head", arrays["head"], grid))
    # One look for every machine: parts drawn one by one, as where there is no graphics card.
    renderer = SceneRenderer(is_software=True)
    try:
        renderer.set_surfaces(surfaces)
        renderer.set_head(head)
        renderer.set_look(HEAD, Look((150, 160, 172), 0.7))
        for part, look in _looks(list(surfaces), str(arrays["palette"])).items():
            renderer.set_look(part, Look(*look))
        corners = grid.corners_mm if head is None else head.corners_mm
        return renderer.image(scene_camera().fitted(corners, (side, side)), side, side)
    finally:
        renderer.close()


def _mask(arrays: dict[str, np.ndarray], kind: str, grid: Grid) -> LabelMap | None:
    if kind not in arrays:
        return None
    name = str(arrays[f"{kind}_scheme"])
    scheme = unnamed_scheme() if name == "unknown" else scheme_named(name)
    return LabelMap(kind, arrays[kind], grid, scheme)


def _looks(parts: list[str], palette: str) -> dict[str, tuple[Rgb, float]]:
    """Colour and opacity of each part, from the outside in."""
    colours = PALETTES[palette]
    known = {"truth": colours.truth, "prediction": colours.prediction}
    return {
        part: (known[part], 0.75) if part in known else (rgb_of(part), 1.0 if part == parts[-1] else 0.45)
        for part in parts
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
