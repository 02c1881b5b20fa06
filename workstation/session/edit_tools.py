"""What the pen is set to: tool, label, size, shape, range of intensities, and what an edit begins with."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

TOOLS = ("brush", "eraser", "polygon", "fill")
ORIGINS = ("prediction", "second", "truth", "empty")
RADII_MM = (0.5, 50.0)
# The finest step of the radius.
_GRAIN_MM = 0.5
_GROWTH = 1.15


class EditTools(QObject):
    """Settings of the edit tools; each setter announces a change once, and only if it is one."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._values: dict[str, Any] = {
            "tool": "",
            "label": 1,
            "radius_mm": 5.0,
            "is_ball": False,
            "is_limited": False,
            "origin": "",
            "island_ml": 0.1,
            "sigma_mm": 1.0,
        }
        self._ranges: dict[str, tuple[float, float]] = {}

    @property
    def tool(self) -> str:
        """One of `TOOLS`; empty where the mouse looks and does not draw."""
        return str(self._values["tool"])

    def set_tool(self, tool: str) -> None:
        """Take a tool, or none ("")."""
        if tool in ("", *TOOLS):
            self._set("tool", tool)

    @property
    def label(self) -> int:
        """The label that is drawn, 1 to 255."""
        return int(self._values["label"])

    def set_label(self, label: int) -> None:
        """Choose what is drawn."""
        self._set("label", label)

    @property
    def radius_mm(self) -> float:
        """Of brush and eraser."""
        return float(self._values["radius_mm"])

    def set_radius(self, radius_mm: float) -> None:
        """Set the size of brush and eraser; clipped to `RADII_MM`, in steps of half a mm."""
        rounded = round(radius_mm / _GRAIN_MM) * _GRAIN_MM
        self._set("radius_mm", min(max(rounded, RADII_MM[0]), RADII_MM[1]))

    def step_radius(self, by: int) -> None:
        """Make the brush larger or smaller by so many steps of about an eighth, at least half a mm each."""
        radius = self.radius_mm
        for _ in range(abs(by)):
            step = max(_GRAIN_MM, radius * (_GROWTH - 1))
            radius = radius + step if by > 0 else radius - step
        self.set_radius(radius)

    @property
    def is_ball(self) -> bool:
        """Whether the brush paints in 3D, and a fill spreads in 3D; else in the slice alone."""
        return bool(self._values["is_ball"])

    def set_ball(self, *, is_ball: bool) -> None:
        """Choose ball or disc."""
        self._set("is_ball", is_ball)

    @property
    def is_limited(self) -> bool:
        """Whether only voxels within a range of intensities are drawn on."""
        return bool(self._values["is_limited"])

    def set_limited(self, *, is_limited: bool) -> None:
        """Switch the range on or off."""
        self._set("is_limited", is_limited)

    def range_of(self, sequence: str) -> tuple[float, float] | None:
        """Lowest and highest intensity of a sequence that is drawn on, once one was chosen."""
        return self._ranges.get(sequence)

    def set_range(self, sequence: str, low: float, high: float) -> None:
        """Choose the range of a sequence."""
        if self._ranges.get(sequence) != (low, high):
            self._ranges[sequence] = (low, high)
            self.changed.emit()

    def forget_ranges(self) -> None:
        """Another case has other intensities."""
        self._ranges.clear()
        self._set("is_limited", False)

    @property
    def origin(self) -> str:
        """What the first edit copies: one of `ORIGINS`, as far as it is there; empty for the mask that is judged."""
        return str(self._values["origin"])

    def set_origin(self, origin: str) -> None:
        """Choose what the first edit copies."""
        if origin in ORIGINS:
            self._set("origin", origin)

    @property
    def island_ml(self) -> float:
        """Islands of less than this volume are removed."""
        return float(self._values["island_ml"])

    def set_island(self, volume_ml: float) -> None:
        """Set the volume below which an island is one."""
        self._set("island_ml", volume_ml)

    @property
    def sigma_mm(self) -> float:
        """How much a surface is smoothed."""
        return float(self._values["sigma_mm"])

    def set_sigma(self, sigma_mm: float) -> None:
        """Set the width of the smoothing."""
        self._set("sigma_mm", sigma_mm)

    def _set(self, name: str, value: Any) -> None:
        if self._values[name] != value:
            self._values[name] = value
            self.changed.emit()
