"""Measurements that a reader draws on a slice: the length of a line, the area within an outline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Ruler:
    """A line on one slice.

    Parameters
    ----------
    plane : {"axial", "sagittal", "coronal"}
    start_mm, end_mm : tuple of float
        World positions, RAS+ mm.
    """

    plane: str
    start_mm: Point
    end_mm: Point

    @property
    def points_mm(self) -> tuple[Point, ...]:
        """Both ends."""
        return (self.start_mm, self.end_mm)

    @property
    def length_mm(self) -> float:
        """Distance of the ends, mm."""
        return float(np.linalg.norm(np.subtract(self.end_mm, self.start_mm)))


@dataclass(frozen=True, slots=True)
class Outline:
    """A closed line of straight pieces on one slice.

    Parameters
    ----------
    plane : {"axial", "sagittal", "coronal"}
    points_mm : tuple of tuple of float
        World positions of its corners, RAS+ mm, in order.
    slice_mm : float
        Thickness of the slice.
    """

    plane: str
    points_mm: tuple[Point, ...]
    slice_mm: float

    @property
    def area_mm2(self) -> float:
        """Area within, mm2: half the length of the summed cross products of its corners (shoelace formula in space).

        0 for fewer than three corners. Where the line crosses itself, parts that are gone round the other way count
        as negative.
        """
        if len(self.points_mm) < 3:
            return 0.0
        corners = np.array(self.points_mm) - np.array(self.points_mm[0])
        return float(np.linalg.norm(np.cross(corners[:-1], corners[1:]).sum(axis=0)) / 2)

    @property
    def volume_ml(self) -> float:
        """Area times the thickness of the slice, ml."""
        return self.area_mm2 * self.slice_mm / 1000


Mark = Ruler | Outline
