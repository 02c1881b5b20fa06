"""The result of a measurement in words: a headline, and the rows of its table; no widget.

What is read of a result is checked as in `gui/figures/results.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication

from workstation.core.measuring import MeasuredPoint
from workstation.gui.figures.results import BENCH_ORDER, GIB, beside_bytes, beside_seconds, points_of, readable
from workstation.gui.figures.words import contestant_word, percent_word, size_word
from workstation.gui.measure.rows_table import Cell, Row
from workstation.gui.train.wording import dice_text, seconds_text, whole_text

_DASH = "\N{EN DASH}"
_GOOD, _BAD = 0.1, 0.2
_IDLE_CORES = 0.1


@dataclass(frozen=True, slots=True)
class Told:
    """A result as it is told.

    Parameters
    ----------
    headline : str
        What was found, in a sentence or two.
    warning : str
        What to think of before it is believed; empty for nothing.
    titles : tuple of str
        Of the table.
    words : tuple of int
        Columns of words; the others are numbers.
    stretched : int
        The column that takes what room is left.
    rows : sequence of Row
    """

    headline: str
    warning: str
    titles: tuple[str, ...]
    words: tuple[int, ...]
    stretched: int
    rows: Sequence[Row]


def tell(kind: str, result: Mapping[str, Any]) -> Told:
    """Tell the result of `workstation KIND --json`; `InputError` where it cannot be read."""
    with readable(kind):
        if kind == "profile":
            return _profile(result)
        return _bench(result) if kind == "bench" else _seams(result)


def _profile(result: Mapping[str, Any]) -> Told:
    points = points_of(result)
    failed = [point for point in points if point.error]
    parts = [_points_words(len(beside_bytes(points)), _tr("1 point measured."), _tr("{0} points measured."))]
    for what, word in (("bytes", _tr("Memory")), ("seconds", _tr("Time"))):
        errors = result["summary"][what]["held_out"]
        if errors["count"]:
            text = _tr("{0}: off by {1} in the median and {2} at most, at the {3} points that were held out.")
            shares = (f"{100 * errors[name]:.1f} %" for name in ("median_error", "largest_error"))
            parts.append(text.format(word, *shares, errors["count"]))
    one = _tr("1 point could not be measured; the table says why.")
    several = _tr("{0} points could not be measured; the table says why.")
    warning = _points_words(len(failed), one, several) if failed else ""
    titles = (
        *(_tr("Size"), _tr("Mode"), _tr("Used to"), _tr("Batch"), _tr("Peak"), _tr("Calculated"), _tr("Error")),
        *(_tr("Step"), _tr("Calculated"), _tr("Error"), _tr("Remark")),
    )
    return Told(" ".join(parts), warning, titles, (0, 1, 2, 10), 10, [_point_row(point) for point in points])


def _points_words(count: int, one: str, several: str) -> str:
    return one if count == 1 else several.format(count)


def _point_row(point: MeasuredPoint) -> Row:
    in_bytes, in_seconds = beside_bytes([point]), beside_seconds([point])
    mode = point.mode if point.precision == "float32" else f"{point.mode}, {point.precision}"
    return (
        size_word(point.shape),
        mode,
        Cell(_tr("fit") if point.fitted else _tr("check"), tip=_tr("Held-out points are only compared.")),
        str(point.batch),
        _gib(point.measured_bytes),
        _gib(point.estimated_bytes),
        _error_cell(in_bytes[0].error if in_bytes else None),
        seconds_text(point.measured_seconds),
        seconds_text(point.estimated_seconds),
        _error_cell(in_seconds[0].error if in_seconds else None),
        Cell(point.error, "warning", point.error),
    )


def _error_cell(error: float | None) -> Cell:
    if error is None:
        return Cell(_DASH, "faint")
    tone = "good" if abs(error) <= _GOOD else "warning" if abs(error) <= _BAD else "error"
    return Cell(percent_word(error), tone, _tr("Calculated by measured, less one"))


def _bench(result: Mapping[str, Any]) -> Told:
    ratios = result["ratios"]
    parts = []
    for name in ("plain", "plain_no_onednn", "peer"):
        ratio = ratios.get(f"ours/{name}")
        if ratio is not None:
            parts.append(_tr("{0:.2g} times as long as {1}").format(ratio, contestant_word(name)))
    headline = _tr("A step of this program takes {0}.").format("; ".join(parts)) if parts else ""
    if result["share_of_forward_rate"] is not None:
        text = _tr("It runs at {0:.0f} % of the rate of its own forward convolutions ({1:.0f} GFLOP/s).")
        headline += " " + text.format(100 * result["share_of_forward_rate"], result["forward_gflops"])
    inference = result.get("inference")
    if inference and inference["ratio"] is not None:
        text = _tr("From files to mask on disk takes {0:.2f} times the bare forward pass.")
        headline += " " + text.format(inference["ratio"])
    warnings = [_reason(name, text) for name, text in result["errors"].items()]
    busy = result["others_cores"]
    if busy > _IDLE_CORES:
        text = _tr("Other programs kept {0:.1f} cores busy meanwhile: measure again when the machine is idle.")
        warnings.append(text.format(busy))
    names = [name for name in BENCH_ORDER if name in result["step_seconds"]]
    titles = (
        *(_tr("Contestant"), _tr("Step"), _tr("Ratio"), _tr("Pairs"), _tr("Peak memory"), _tr("Bytes per voxel")),
        *(_tr("Above the start"), _tr("Remark")),
    )
    rows = [_contestant_row(result, name) for name in names]
    headline = headline.strip() or _tr("Nothing was measured.")
    return Told(headline, "\n".join(warnings), titles, (0, 7), 7, rows)


def _reason(name: str, text: str) -> str:
    """Why a contestant has no figure, with its name where the reason does not begin with it."""
    word = contestant_word(name)
    return text if text.startswith(word) else f"{word}: {text}"


def _contestant_row(result: Mapping[str, Any], name: str) -> Row:
    pairs = result["pairs"].get(name, {"alternating": True, "seconds": []})
    per_voxel = result["bytes_per_voxel"][name]
    ratio = result["ratios"].get("low/ours" if name == "low" else f"ours/{name}")
    tip = (
        _tr("Low mode over ours: median over the pairs") if name == "low" else _tr("Ours over this: median over pairs")
    )
    remark = result["errors"].get(name, "")
    if not remark and not pairs["alternating"]:
        remark = _tr("after ours, not in turns: both did not fit into memory")
    return (
        contestant_word(name),
        seconds_text(result["step_seconds"][name]),
        Cell(_DASH if ratio is None else f"{ratio:.3g}", tip=tip),
        str(len(pairs["seconds"])) if pairs["seconds"] else _DASH,
        _gib(result["peak_bytes"][name]),
        _whole(per_voxel["total"]),
        Cell(_whole(per_voxel["above_baseline"]), tip=_tr("Above what was resident before the first step")),
        Cell(remark, "warning", remark),
    )


def _seams(result: Mapping[str, Any]) -> Told:
    dice, difference = result["dice"], result["difference"]
    parts = []
    if dice["whole"] is not None and dice["tiled"] is not None:
        text = _tr("Dice of the whole volume {0}, of {1} tiles {2}.")
        parts.append(text.format(dice_text(dice["whole"]), result["tiles"], dice_text(dice["tiled"])))
    else:
        parts.append(_tr("The case has no truth, so neither prediction has a Dice."))
    text = _tr("The two differ in {0} voxels; the probability changes by {1:.2f} at most, {2} voxels from a border.")
    parts.append(
        text.format(whole_text(difference["voxels"]), difference["max_probability"], difference["distance_voxels"])
    )
    titles = (
        *(_tr("Region"), _tr("Dice whole"), _tr("Dice tiled"), _tr("Between the two"), _tr("Voxels that differ")),
        *(_tr("Largest change"), _tr("From a border")),
    )
    rows = [
        (
            str(name),
            *(dice_text(region[key]) for key in ("whole", "tiled", "dice_between")),
            whole_text(region["voxels"]),
            f"{region['max_probability']:.3f}",
            _tr("{0} voxels").format(region["distance_voxels"]),
        )
        for name, region in result["regions"].items()
    ]
    return Told(" ".join(parts), "", titles, (0,), 0, rows)


def _gib(count: int | None) -> str:
    return f"{count / GIB:.2f} GiB" if count else _DASH


def _whole(value: float | None) -> str:
    return _DASH if value is None else whole_text(round(value))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Measure", text)
