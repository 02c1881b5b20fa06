"""The panels of a result on one page, as many as its data carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from workstation.errors import InputError
from workstation.gui.figures.panels import BarPanel, BesidePanel, ErrorPanel, FalloffPanel, MemoryPanel, Panel
from workstation.gui.figures.results import (
    GIB,
    beside_bytes,
    beside_seconds,
    falloffs_of,
    lines_of,
    memory_bars,
    points_of,
    second_bars,
)
from workstation.gui.figures.words import machine_words, tr
from workstation.gui.theme import PAGE, SMALL, font_of

KINDS = ("profile", "bench", "seams")


def panels_of(kind: str, result: Mapping[str, Any]) -> dict[str, Panel]:
    """The plots of a result by their short names, in the order in which they are read.

    Parameters
    ----------
    kind : {"profile", "bench", "seams"}
    result : mapping
        The JSON of `workstation KIND --json`.

    Raises
    ------
    InputError
        It is no such result, or holds nothing that could be drawn.
    """
    if kind == "profile":
        return _of_profile(result)
    if kind == "bench":
        return _of_bench(result)
    if kind == "seams":
        return {tr("By distance"): FalloffPanel(falloffs_of(result))}
    raise InputError(f"There is no figure of {kind!r}.", hint=f"Known: {', '.join(KINDS)}.")


class Figure(QWidget):
    """All panels of a result, in two columns, and a line that says where and when it was measured.

    Parameters
    ----------
    kind, result
        As in `panels_of`.
    parent : QWidget or None
    """

    def __init__(self, kind: str, result: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self.panels = panels_of(kind, result)
        grid = QGridLayout(self)
        grid.setContentsMargins(PAGE, PAGE, PAGE, PAGE)
        grid.setSpacing(PAGE)
        for panel, place in zip(self.panels.values(), _places(kind, len(self.panels)), strict=True):
            grid.addWidget(panel, *place)
            panel.show()
        self.caption = QLabel(machine_words(result))
        self.caption.setFont(font_of(self.font(), SMALL))
        self.caption.setVisible(bool(self.caption.text()))
        grid.addWidget(self.caption, grid.rowCount(), 0, 1, 2)

    def set_line_scale(self, scale: float) -> None:
        """Draw lines for a picture that has so many pixels for one of the window."""
        for panel in self.panels.values():
            panel.line_scale = scale
            panel.follow()


def _places(kind: str, count: int) -> list[tuple[int, int, int, int]]:
    """Row, column, rows and columns of each panel: what belongs together stands side by side."""
    if kind != "profile":
        return [(row, 0, 1, 2) for row in range(count)]
    if count <= 3:
        return [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 2)][:count]
    return [(0, 0, 1, 2), (1, 0, 1, 1), (2, 0, 1, 1), (1, 1, 1, 1), (2, 1, 1, 1)]


def _of_profile(result: Mapping[str, Any]) -> dict[str, Panel]:
    points = points_of(result)
    if not points:
        raise InputError("This profile has no points yet.", hint="It needs at least one to be drawn.")
    panels: dict[str, Panel] = {tr("Memory"): MemoryPanel(lines_of(points))}
    in_bytes, in_seconds = beside_bytes(points), beside_seconds(points)
    if in_bytes:
        title = tr("Peak memory, measured beside calculated")
        panels[tr("Memory: measured and calculated")] = BesidePanel(in_bytes, title, tr("GiB"), scale=GIB)
        panels[tr("Memory: errors")] = ErrorPanel(in_bytes, tr("Error of the calculated memory, point by point"))
    if in_seconds:
        title = tr("Time of a step, measured beside calculated")
        panels[tr("Time: measured and calculated")] = BesidePanel(in_seconds, title, tr("s"))
        panels[tr("Time: errors")] = ErrorPanel(in_seconds, tr("Error of the calculated time, point by point"))
    return panels


def _of_bench(result: Mapping[str, Any]) -> dict[str, Panel]:
    title = tr("Time of a training step, {0}").format(_setting(result))
    seconds = BarPanel(
        second_bars(result),
        title,
        tr("Seconds per step (medians, of ratios within pairs)"),
        lambda value: f"{value:.3g} s",
    )
    memory = BarPanel(
        memory_bars(result),
        tr("Peak memory of its process"),
        tr("Peak memory (GiB)"),
        lambda value: f"{value:.2f} GiB",
        scale=GIB,
    )
    return {tr("Time"): seconds, tr("Memory"): memory}


def _setting(result: Mapping[str, Any]) -> str:
    size = result.get("size")
    sides = "\N{MULTIPLICATION SIGN}".join(map(str, size)) if isinstance(size, list | tuple) else "?"
    return tr("{0}, batch {1}").format(sides, result.get("batch", "?"))
