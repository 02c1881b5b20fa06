"""Blocks cut into strips of the page's width: what a page break must not cut is one strip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont

from workstation.gui.report.blocks import Block, Facts, Gallery, Heading, Legend, Picture, Plots, Table, Text
from workstation.gui.report.canvas import BAND, BODY_PT, FAINT_RULE, INK, QUIET, RULE, SMALL_PT, TINY_PT, Canvas
from workstation.gui.report.keys import paint_legend

GAP_MM = 3.0
_CELL_MM = 1.6
_RIGHT = Qt.AlignmentFlag.AlignRight
_WARNING = QColor("#8a1f11")


@dataclass(frozen=True, slots=True)
class Strip:
    """A part of the page as wide as it.

    Parameters
    ----------
    height : float
        In dots.
    paint : callable
        Gets the area.
    above : Strip or None
        Painted again before it where it begins a page: the header of its table.
    keeps_next : bool
        Whether it must not be the last of a page.
    """

    height: float
    paint: Callable[[QRectF], None]
    above: Strip | None = None
    keeps_next: bool = False


def strips_of(block: Block, canvas: Canvas, width: float) -> Iterator[Strip]:
    """The strips of a block, from top to bottom, with the room below it."""
    if isinstance(block, Heading):
        yield from _heading(block, canvas, width)
        return
    if isinstance(block, Text):
        yield from _text(block, canvas, width)
    elif isinstance(block, Facts):
        yield from _facts(block, canvas, width)
    elif isinstance(block, Table):
        yield from _table(block, canvas, width)
    elif isinstance(block, Gallery):
        yield from _gallery(block, canvas, width)
    else:
        yield _plots(block, canvas, width)
    yield Strip(canvas.mm(GAP_MM), lambda _area: None)


def _heading(block: Heading, canvas: Canvas, width: float) -> Iterator[Strip]:
    font = canvas.font(15 if block.level == 1 else 10, is_bold=True)
    for line in canvas.lines(block.words, font, width):
        yield Strip(canvas.line_height(font), partial(_line, canvas, line, font, INK), keeps_next=True)
    yield Strip(canvas.mm(1.2), lambda _area: None, keeps_next=True)


def _text(block: Text, canvas: Canvas, width: float) -> Iterator[Strip]:
    size = {"small": TINY_PT, "quiet": SMALL_PT}.get(block.tone, BODY_PT)
    colour = {"plain": INK, "warning": _WARNING}.get(block.tone, QUIET)
    font = canvas.font(size, is_bold=block.tone == "warning")
    for line in canvas.lines(block.words, font, width):
        yield Strip(canvas.line_height(font), partial(_line, canvas, line, font, colour))


def _line(canvas: Canvas, words: str, font: QFont, colour: QColor, area: QRectF) -> None:
    canvas.text(words, area, font, colour=colour)


def _facts(block: Facts, canvas: Canvas, width: float) -> Iterator[Strip]:
    """Pairs from left to right, then down; names of a column have one width."""
    name_font, font = canvas.font(SMALL_PT), canvas.font(SMALL_PT, is_bold=True)
    column = width / block.columns
    widest = [
        max(canvas.width(name, name_font) for name, _ in block.pairs[number :: block.columns])
        for number in range(min(block.columns, len(block.pairs)))
    ]
    indents = [min(each + canvas.mm(2.5), column * 0.6) for each in widest]
    for start in range(0, len(block.pairs), block.columns):
        row = block.pairs[start : start + block.columns]
        cells = [
            canvas.lines(value, font, column - indent - canvas.mm(3))
            for (_, value), indent in zip(row, indents, strict=False)
        ]
        height = max(len(lines) for lines in cells) * canvas.line_height(font)

        def paint(area: QRectF, row: Sequence[tuple[str, str]] = row, cells: list[list[str]] = cells) -> None:
            for number, ((name, _), lines) in enumerate(zip(row, cells, strict=True)):
                left = area.left() + number * column
                height = canvas.line_height(font)
                canvas.text(name, QRectF(left, area.top(), column, height), name_font, colour=QUIET)
                for index, line in enumerate(lines):
                    place = QRectF(left + indents[number], area.top() + index * height, column, height)
                    canvas.text(line, place, font)

        yield Strip(height, paint)


def _table(block: Table, canvas: Canvas, width: float) -> Iterator[Strip]:
    font = canvas.font(SMALL_PT if block.is_small else SMALL_PT + 0.5)
    bold = canvas.font(font.pointSizeF(), is_bold=True)
    widths = _column_widths(block, canvas, width, font, bold)
    header = _row_strip(canvas, block.header, widths, bold, left_columns=block.left_columns, is_header=True)
    yield Strip(header.height, header.paint, keeps_next=True)
    for row in block.rows:
        strip = _row_strip(canvas, row, widths, font, left_columns=block.left_columns)
        yield Strip(strip.height, strip.paint, above=header)


def _column_widths(block: Table, canvas: Canvas, width: float, font: QFont, bold: QFont) -> list[float]:
    """Numbers as wide as they are; words share what is left by what they need."""
    room = canvas.mm(2 * _CELL_MM)
    natural = [
        max(
            *(canvas.width(line, bold) for line in head.split("\n")),
            *(canvas.width(row[column], font) for row in block.rows),
            0.0,
        )
        + room
        for column, head in enumerate(block.header)
    ]
    words, numbers = natural[: block.left_columns], natural[block.left_columns :]
    left = width - sum(numbers)
    if sum(words) > left:
        # A short column keeps its width; the long ones are broken into lines.
        fair = left / len(words)
        spare = left - sum(min(each, fair) for each in words)
        needy = sum(each - fair for each in words if each > fair)
        words = [min(each, fair) + spare * max(0.0, each - fair) / needy for each in words]
    elif numbers:
        words[-1] += left - sum(words)
    return [*words, *numbers]


def _row_strip(
    canvas: Canvas,
    cells: Sequence[str],
    widths: list[float],
    font: QFont,
    *,
    left_columns: int,
    is_header: bool = False,
) -> Strip:
    room, line_height = canvas.mm(_CELL_MM), canvas.line_height(font)
    broken = [
        canvas.lines(cell, font, width - 2 * room + 1) if number < left_columns else cell.split("\n")
        for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    height = max(map(len, broken)) * line_height + canvas.mm(0.9)

    def paint(area: QRectF) -> None:
        if is_header:
            canvas.painter.fillRect(area, BAND)
        left = area.left()
        for number, (lines, width) in enumerate(zip(broken, widths, strict=True)):
            side = Qt.AlignmentFlag.AlignLeft if number < left_columns else _RIGHT
            for index, line in enumerate(lines):
                top = area.top() + canvas.mm(0.45) + index * line_height
                canvas.text(line, QRectF(left + room, top, width - 2 * room, line_height), font, side=side)
            left += width
        colour = RULE if is_header else FAINT_RULE
        canvas.rule(area.bottomLeft(), area.bottomRight(), colour=colour)

    return Strip(height, paint)


def _gallery(block: Gallery, canvas: Canvas, width: float) -> Iterator[Strip]:
    gap = canvas.mm(2.0)
    side = (width - gap * (block.columns - 1)) / block.columns
    font = canvas.font(TINY_PT + 0.5)
    for start in range(0, len(block.cells), block.columns):
        row = block.cells[start : start + block.columns]
        captions = [
            canvas.lines(cell.caption, font, side) if isinstance(cell, Picture) and cell.caption else [] for cell in row
        ]
        height = side + max(map(len, captions)) * canvas.line_height(font) + canvas.mm(0.8)

        def paint(
            area: QRectF, row: Sequence[Picture | Legend | None] = row, captions: list[list[str]] = captions
        ) -> None:
            for number, (cell, lines) in enumerate(zip(row, captions, strict=True)):
                square = QRectF(area.left() + number * (side + gap), area.top(), side, side)
                if isinstance(cell, Picture):
                    canvas.painter.drawImage(square, cell.image)
                    for index, line in enumerate(lines):
                        top = square.bottom() + canvas.mm(0.6) + index * canvas.line_height(font)
                        canvas.text(line, QRectF(square.left(), top, side, canvas.line_height(font)), font)
                elif isinstance(cell, Legend):
                    paint_legend(cell, canvas, square)

        yield Strip(height, paint)


def _plots(block: Plots, canvas: Canvas, width: float) -> Strip:
    gap = canvas.mm(4.0)
    side = (width - gap * (len(block.plots) - 1)) / len(block.plots)

    def paint(area: QRectF) -> None:
        for number, plot in enumerate(block.plots):
            plot.paint(canvas, QRectF(area.left() + number * (side + gap), area.top(), side, area.height()))

    return Strip(canvas.mm(block.height_mm), paint)
