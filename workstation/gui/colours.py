"""Colours of truth, prediction and agreement: the same in panes, surfaces, legend and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class MaskColours:
    """One palette, as red, green, blue from 0 to 255.

    Parameters
    ----------
    prediction : tuple of int
        Prediction alone: false positives.
    truth : tuple of int
        Truth alone: false negatives.
    agreement : tuple of int
        Both: true positives.
    highlight : tuple of int
        What is lit up over them.
    """

    prediction: Rgb
    truth: Rgb
    agreement: Rgb
    highlight: Rgb


# "colour-blind" takes vermilion, sky blue and yellow of Okabe and Ito (2008), which stay apart in all common
# deficiencies. Cyan is far from the standard three and from the labels' colours; there it is too near to sky blue.
PALETTES: Mapping[str, MaskColours] = MappingProxyType(
    {
        "standard": MaskColours(
            prediction=(240, 68, 72), truth=(64, 132, 255), agreement=(172, 84, 232), highlight=(0, 240, 240)
        ),
        "colour-blind": MaskColours(
            prediction=(213, 94, 0), truth=(86, 180, 233), agreement=(240, 228, 66), highlight=(255, 255, 255)
        ),
    }
)


def rgb_of(colour: str) -> Rgb:
    """Red, green and blue of "#rrggbb"."""
    return (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))


def hex_of(rgb: Rgb) -> str:
    """The "#rrggbb" of red, green and blue."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)
