"""The parts that a report is made of. Words are plain text everywhere; nothing here is markup."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from workstation.gui.colours import Rgb
from workstation.gui.report.canvas import Canvas

Tone = Literal["plain", "quiet", "small", "warning"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A line above what follows.

    Parameters
    ----------
    words : str
    level : {1, 2}
        1 is the report's title.
    """

    words: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; line breaks in it stay.

    Parameters
    ----------
    words : str
    tone : {"plain", "quiet", "small", "warning"}
    """

    words: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values in columns.

    Parameters
    ----------
    pairs : sequence of (str, str)
    columns : int
    """

    pairs: Sequence[tuple[str, str]]
    columns: int = 2


@dataclass(frozen=True, slots=True)
class Table:
    """Cells in rows; the first columns are words to the left, the others numbers to the right.

    Words are broken where they must, numbers never; the head of a number may have lines of its own.

    Parameters
    ----------
    header : sequence of str
    rows : sequence of sequence of str
    left_columns : int
    is_small : bool
        Whether it is set in small type.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    left_columns: int = 1
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A square picture with words below it.

    Parameters
    ----------
    image : QImage
    description : str
        What stands for it where pictures are not seen.
    caption : str
        Below it; empty for none.
    """

    image: QImage
    description: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """One line of a legend.

    Parameters
    ----------
    words : str
    colour : tuple of int
    dash : sequence of float
        Of the outline, in line widths; empty for a line without gaps.
    value : str
        At the right.
    is_filled : bool
        Whether its area is filled.
    has_line : bool
        Whether it has an outline.
    """

    words: str
    colour: Rgb
    dash: Sequence[float] = ()
    value: str = ""
    is_filled: bool = True
    has_line: bool = True


@dataclass(frozen=True, slots=True)
class Legend:
    """What the colours and lines of the pictures mean, in the place of a picture.

    Parameters
    ----------
    title : str
    keys : sequence of Key
    remark : str
    """

    title: str
    keys: Sequence[Key]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Pictures and legends side by side.

    Parameters
    ----------
    cells : sequence of Picture, Legend or None
    columns : int
    """

    cells: Sequence[Picture | Legend | None]
    columns: int = 4


class Plot(Protocol):
    """A drawing that fits any rectangle."""

    @property
    def title(self) -> str:
        """Above it; also what stands for it where pictures are not seen."""
        ...

    def paint(self, canvas: Canvas, area: QRectF) -> None:
        """Draw it."""
        ...


@dataclass(frozen=True, slots=True)
class Plots:
    """Drawings side by side.

    Parameters
    ----------
    plots : sequence of Plot
    height_mm : float
    """

    plots: Sequence[Plot]
    height_mm: float = 57.0


Block = Heading | Text | Facts | Table | Gallery | Plots


@dataclass(frozen=True, slots=True)
class Document:
    """A report.

    Parameters
    ----------
    title : str
    footer : str
        At the lower left of every page.
    notice : str
        At the lower edge of every page: what the report is not for.
    blocks : sequence of Block
    """

    title: str
    footer: str
    notice: str
    blocks: Sequence[Block]


# Characters that turn the direction of what follows: a name could show itself as another one.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(words: str, *, longest: int = 4000) -> str:
    """Words of strangers as they may be printed: no control characters, no changes of direction, not endless."""
    lines = (
        "".join(
            character if character not in _TURNING and unicodedata.category(character)[0] != "C" else "\ufffd"
            for character in line
        )
        for line in words.expandtabs(4).splitlines()
    )
    text = "\n".join(lines)
    return text if len(text) <= longest else text[:longest] + "\N{HORIZONTAL ELLIPSIS}"
