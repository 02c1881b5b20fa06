"""What a sub-command answers, and how progress is shown on stderr."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of a sub-command.

    Parameters
    ----------
    data : mapping
        The JSON object of `--json`; plain values only, `None` for what is undefined.
    text : str
        The same for people.
    status : int
        Exit status.
    """

    data: Mapping[str, Any]
    text: str = ""
    status: int = 0


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], Outcome], *, summary: str
) -> argparse.ArgumentParser:
    """Add a sub-command that answers with `run`; every one takes `--json`."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(verb_function=run)
    return parser


def parse_shape(text: str) -> tuple[int, int, int]:
    """A volume's shape as people write it, `240x240x144`; raises ArgumentTypeError where it is not one."""
    from workstation.core.request_fields import MAX_SIDE

    try:
        shape = tuple(int(part) for part in text.lower().split("x"))
    except ValueError:
        shape = ()
    if len(shape) != 3 or min(shape, default=0) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a shape such as 240x240x144")
    if max(shape) > MAX_SIDE:
        raise argparse.ArgumentTypeError(f"sides are 1 to {MAX_SIDE} voxels, not {text}")
    return (shape[0], shape[1], shape[2])


def parse_at_least(lowest: int) -> Callable[[str], int]:
    """A converter of whole numbers that refuses what is below `lowest`."""

    def whole_number(text: str) -> int:
        try:
            value = int(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error
        if value < lowest:
            raise argparse.ArgumentTypeError(f"{text} is below {lowest}")
        return value

    return whole_number


def table(rows: Sequence[Sequence[str]], *, left_columns: int = 1) -> str:
    """Rows of cells as aligned text: the first `left_columns` to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.ljust(width) if column < left_columns else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return "\n".join(line(row) for row in rows)


def number(value: float | None, *, digits: int = 4) -> str:
    """A number for a table; a dash where it is undefined."""
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def sides(shape: Sequence[int]) -> str:
    """A volume's shape as `parse_shape` reads it."""
    return "x".join(map(str, shape))


def memory_unit(largest: float) -> tuple[str, int]:
    """Name and bytes of the unit in which a column up to `largest` is read best; small ones keep their digits."""
    for name, size in (("GiB", GIB), ("MiB", 2**20)):
        if largest >= 2 * size:
            return name, size
    return "KiB", 2**10


def percent(share: float) -> str:
    """A share of a whole: "48%"; what is there, but rounds to nothing, is below 1%."""
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


class ProgressLine:
    """One line on stderr that is rewritten on a terminal, and printed at most every ten seconds elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._printed_at = -math.inf
        self._width = 0

    def show(self, text: str, *, fraction: float | None = None) -> None:
        """Replace the line by a bar of `fraction` (0 to 1) and `text`."""
        bar = "" if fraction is None else f"[{'#' * round(30 * fraction):<30}] "
        if self._is_terminal:
            line = bar + text
            sys.stderr.write("\r" + line.ljust(self._width))
            sys.stderr.flush()
            self._width = len(line)
        elif time.monotonic() - self._printed_at >= 10:
            self._printed_at = time.monotonic()
            print(bar + text, file=sys.stderr)

    def end(self, text: str = "") -> None:
        """Leave the line, after writing `text` on it."""
        if self._is_terminal and (self._width or text):
            sys.stderr.write("\r" + text.ljust(self._width) + "\n")
        elif text:
            print(text, file=sys.stderr)
        self._width = 0
