"""The eye of the 3D pane: a parallel projection of RAS mm onto the pane, in plain arithmetic.

VTK is told where the eye is, and the crosshair, the letters and the picking follow from the same numbers, so none of
them costs a frame.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

DIRECTIONS = ("A", "P", "L", "R", "S", "I")
DEGREES_PER_PIXEL = 0.4
_HEIGHT_RANGE_MM = (5.0, 2000.0)
_MARGIN = 1.1
# Screen right and screen up of an eye at each side of the patient, who looks to +y with the right hand at +x.
_VIEWS: Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = MappingProxyType(
    {
        "A": ((-1, 0, 0), (0, 0, 1)),
        "P": ((1, 0, 0), (0, 0, 1)),
        "L": ((0, -1, 0), (0, 0, 1)),
        "R": ((0, 1, 0), (0, 0, 1)),
        "S": ((1, 0, 0), (0, 1, 0)),
        "I": ((-1, 0, 0), (0, 1, 0)),
    }
)
_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """Where the eye is.

    Parameters
    ----------
    focus : (3,) ndarray
        What is in the middle of the pane, RAS mm.
    right, up : (3,) ndarray
        World directions of screen right and screen up, of length one.
    height_mm : float
        Millimetres from the lower to the upper edge of the pane.
    """

    focus: np.ndarray
    right: np.ndarray
    up: np.ndarray
    height_mm: float = 250.0

    @classmethod
    def looking_from(cls, direction: str) -> Camera:
        """The eye at the patient's "A", "P", "L", "R", "S" or "I" side."""
        right, up = _VIEWS[direction]
        return cls(np.zeros(3), np.array(right, float), np.array(up, float))

    @property
    def towards_eye(self) -> np.ndarray:
        """World direction from the focus to the eye, of length one."""
        return np.cross(self.right, self.up)

    def turned(self, right: float, down: float) -> Camera:
        """The eye after a drag by pixels: what is in front follows the mouse."""
        about_up = _rotation(self.up, math.radians(-right * DEGREES_PER_PIXEL))
        about_right = _rotation(self.right, math.radians(-down * DEGREES_PER_PIXEL))
        turn = about_right @ about_up
        new_right = turn @ self.right
        new_right /= np.linalg.norm(new_right)
        new_up = turn @ self.up
        # Rounding must not add up over a long drag.
        new_up -= new_right * (new_up @ new_right)
        return replace(self, right=new_right, up=new_up / np.linalg.norm(new_up))

    def panned(self, right: float, down: float, *, pane_height: float) -> Camera:
        """The eye after a drag by pixels that moves the scene along."""
        scale = self.height_mm / pane_height
        return replace(self, focus=self.focus - self.right * right * scale + self.up * down * scale)

    def zoomed(self, factor: float) -> Camera:
        """The eye nearer (a factor above 1) or farther."""
        low, high = _HEIGHT_RANGE_MM
        return replace(self, height_mm=min(max(self.height_mm / factor, low), high))

    def fitted(self, corners_mm: np.ndarray, size: tuple[float, float]) -> Camera:
        """The eye that has (n, 3) points in view, in a pane of (width, height)."""
        across, along = corners_mm @ self.right, corners_mm @ self.up
        depth = corners_mm @ self.towards_eye
        focus = (
            self.right * (across.min() + across.max()) / 2
            + self.up * (along.min() + along.max()) / 2
            + self.towards_eye * (depth.min() + depth.max()) / 2
        )
        width, height = size
        needed = max(np.ptp(along), np.ptp(across) * height / max(width, 1)) * _MARGIN
        return replace(self, focus=focus, height_mm=min(max(float(needed), _HEIGHT_RANGE_MM[0]), _HEIGHT_RANGE_MM[1]))

    def project(self, points_mm: np.ndarray, size: tuple[float, float]) -> np.ndarray:
        """Pane positions of (..., 3) points: x and y in pixels from the upper left corner, and mm towards the eye."""
        width, height = size
        scale = height / self.height_mm
        offset = points_mm - self.focus
        x, y = offset @ self.right * scale + width / 2, height / 2 - offset @ self.up * scale
        return np.stack([x, y, offset @ self.towards_eye], axis=-1)

    def unproject(self, x: float, y: float, depth_mm: float, size: tuple[float, float]) -> np.ndarray:
        """The point, RAS mm, at a pane position and a depth; the inverse of `project`."""
        width, height = size
        scale = self.height_mm / height
        result: np.ndarray = (
            self.focus
            + self.right * ((x - width / 2) * scale)
            + self.up * ((height / 2 - y) * scale)
            + self.towards_eye * depth_mm
        )
        return result

    @property
    def edge_letters(self) -> tuple[str, str, str, str]:
        """The patient's sides at the left, right, upper and lower edge; two letters where the view is oblique."""
        return (
            _side(-self.right),
            _side(self.right),
            _side(self.up),
            _side(-self.up),
        )


def _side(direction: np.ndarray) -> str:
    """Letters of the axes that a direction leans to by more than 22.5 degrees, the strongest first, two at most."""
    order = np.argsort(-np.abs(direction), kind="stable")[:2]
    return "".join(_LETTERS[axis][int(direction[axis] > 0)] for axis in order if abs(direction[axis]) > 0.383)


def _rotation(axis: np.ndarray, angle: float) -> np.ndarray:
    """The matrix of a turn about an axis of length one (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    result: np.ndarray = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross)
    return result
