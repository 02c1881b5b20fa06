"""What the mouse does in a 2D pane, as tables: one scheme for researchers, one for readers used to a PACS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import Qt

_NONE = Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier
_ALT = Qt.KeyboardModifier.AltModifier
_MODIFIERS = _SHIFT | _CTRL | _ALT

ZOOM_PER_PIXEL = 1.02
CLICK_PIXELS = 4
WHEEL_STEP = 120
WHEEL_ZOOM = 1.2
SCROLL_PIXELS = 8
LARGE_STEP = 5


class Tool(Enum):
    """What a drag does."""

    CROSSHAIR = auto()
    SCROLL = auto()
    WINDOW = auto()
    PAN = auto()
    ZOOM = auto()
    RULER = auto()
    AREA = auto()


MEASURES = (Tool.RULER, Tool.AREA)


@dataclass(frozen=True, slots=True)
class MouseScheme:
    """One set of bindings.

    Parameters
    ----------
    name : str
    drags : mapping of (button, modifiers) to Tool
    left_tools : tuple of Tool
        Tools that the plain left button can be given; the first is the default. Empty where it has one meaning.
    """

    name: str
    drags: Mapping[tuple[Qt.MouseButton, Qt.KeyboardModifier], Tool]
    left_tools: tuple[Tool, ...] = ()

    def tool_of(
        self,
        button: Qt.MouseButton,
        modifiers: Qt.KeyboardModifier,
        *,
        is_space_held: bool = False,
        left_tool: Tool | None = None,
    ) -> Tool | None:
        """The tool of a drag that begins; None where it has no meaning. A measuring tool goes before others."""
        if button == Qt.MouseButton.LeftButton and is_space_held:
            return Tool.PAN
        relevant = modifiers & _MODIFIERS
        if left_tool in MEASURES and button == Qt.MouseButton.LeftButton and relevant == _NONE:
            return left_tool
        if self.left_tools and button == Qt.MouseButton.LeftButton and relevant == _NONE:
            return left_tool if left_tool in self.left_tools else self.left_tools[0]
        return self.drags.get((button, relevant))


RESEARCH = MouseScheme(
    "research",
    {
        (Qt.MouseButton.LeftButton, _NONE): Tool.CROSSHAIR,
        (Qt.MouseButton.LeftButton, _ALT): Tool.PAN,
        (Qt.MouseButton.LeftButton, _CTRL | _SHIFT): Tool.WINDOW,
        (Qt.MouseButton.LeftButton, _CTRL | _SHIFT | _ALT): Tool.WINDOW,
        (Qt.MouseButton.MiddleButton, _NONE): Tool.PAN,
        (Qt.MouseButton.RightButton, _NONE): Tool.ZOOM,
    },
)
PACS = MouseScheme(
    "pacs",
    {
        (Qt.MouseButton.MiddleButton, _NONE): Tool.PAN,
        (Qt.MouseButton.RightButton, _NONE): Tool.WINDOW,
        (Qt.MouseButton.RightButton, _ALT): Tool.WINDOW,
        (Qt.MouseButton.RightButton, _CTRL): Tool.ZOOM,
        (Qt.MouseButton.RightButton, _SHIFT): Tool.PAN,
    },
    left_tools=(Tool.SCROLL, Tool.WINDOW, Tool.PAN, Tool.ZOOM, Tool.CROSSHAIR),
)
SCHEMES: Mapping[str, MouseScheme] = {scheme.name: scheme for scheme in (RESEARCH, PACS)}


def window_after_drag(
    window: tuple[float, float],
    *,
    intensity_range: float,
    moved: tuple[float, float],
    pane: tuple[int, int],
    is_fine: bool = False,
) -> tuple[float, float]:
    """The window after a drag: right widens, up brightens.

    Parameters
    ----------
    window : tuple of float
        Lower and upper intensity before.
    intensity_range : float
        Of the image: highest less lowest intensity.
    moved : tuple of float
        Pixels to the right and down.
    pane : tuple of int
        Width and height of the pane, pixels; the shorter side is a whole range.
    is_fine : bool
        Move a fifth as far.
    """
    per_pixel = intensity_range / max(1, min(pane)) * (0.2 if is_fine else 1.0)
    width = max(window[1] - window[0] + per_pixel * moved[0], 1e-3 * intensity_range)
    # Up lowers the level, which brightens the picture; moved[1] grows downwards.
    level = (window[0] + window[1]) / 2 + per_pixel * moved[1]
    return (level - width / 2, level + width / 2)
