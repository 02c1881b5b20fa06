"""How the parts of the scene look, and which are asked for, from the session's layers."""

from __future__ import annotations

from collections.abc import Iterable

from workstation.gui.colours import PALETTES, Rgb, rgb_of
from workstation.gui.scene.surfaces import SurfaceQuestion
from workstation.session.layers import KINDS, Layers

HEAD_COLOUR: Rgb = (150, 160, 172)
HEAD_OPACITY = 0.7


def question_of(layers: Layers) -> SurfaceQuestion:
    """The surfaces that the layers ask for, as in the slices: a mask that is switched off is none."""
    masks = {"truth": layers.truth, "prediction": layers.prediction}
    masks = {kind: mask if layers.is_visible(kind) else None for kind, mask in masks.items()}
    return SurfaceQuestion(masks["truth"], masks["prediction"], layers.mode, layers.region)


def is_same_question(one: SurfaceQuestion | None, other: SurfaceQuestion) -> bool:
    """Whether two questions have one answer."""
    return (
        one is not None
        and one.truth is other.truth
        and one.prediction is other.prediction
        and (one.mode, one.region) == (other.mode, other.region)
    )


def look_of(part: str, parts: Iterable[str], layers: Layers) -> tuple[Rgb, float, bool]:
    """Colour, opacity and visibility of a part.

    Parameters
    ----------
    part : str
        "truth", "prediction", "agreement", or a colour "#rrggbb" in labels mode.
    parts : iterable of str
        All parts, from the outside in.
    layers : Layers
    """
    parts = list(parts)
    # A surface must be denser than a fill over an image, or it cannot be seen on black.
    opacity = min(1.0, 0.55 + 0.6 * layers.opacity)
    palette = PALETTES[layers.palette]
    if part == "agreement":
        # Solid, so that the errors lie on it like a skin.
        return palette.agreement, 1.0, not layers.hidden
    if part in KINDS:
        colour = palette.truth if part == "truth" else palette.prediction
        if len(parts) == 1:
            # Nothing is to be seen through it; what is solid is also sorted right without a graphics card.
            opacity = min(1.0, 0.6 + layers.opacity)
        elif "agreement" in parts:
            # A skin that lets the core be seen.
            opacity = min(1.0, 0.4 + 0.6 * layers.opacity)
        return colour, opacity, not layers.hidden
    is_innermost = part == parts[-1]
    return rgb_of(part), min(1.0, opacity + 0.25) if is_innermost else opacity * 0.55, not layers.hidden
