"""The command compare: two folders of masks, or runs, against the truths of a data set, paired case by case."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.output import Outcome, ProgressLine, add_command, number, parse_at_least, table

if TYPE_CHECKING:
    from workstation.core.paired import Paired

_FIGURES = (
    "dice",
    "hd95_mm",
    "nsd_1mm",
    "assd_mm",
    "sensitivity",
    "precision",
    "lesionwise_dice",
    "lesionwise_hd95_mm",
)


def add_commands(commands: Any) -> None:
    """Add this module's sub-command."""
    compare = add_command(
        commands, "compare", run_compare, summary="two runs or folders of masks against each other, case by case"
    )
    compare.add_argument("a", metavar="A", help="a run of segmentation, or a folder of masks of any tool")
    compare.add_argument("b", metavar="B", help="another one")
    compare.add_argument("--truth", type=Path, required=True, metavar="DATA", help="the data set with the truths")
    compare.add_argument("--figure", choices=_FIGURES, default="dice", help="what the tables show; default: dice")
    compare.add_argument("--region", default="", metavar="WT|TC|ET|RC", help="only this region")
    compare.add_argument("--worst", type=parse_at_least(0), default=10, metavar="N", help="cases listed; 0: all")
    compare.add_argument("--csv", type=Path, metavar="FILE", help="also write every case and figure as CSV")


def run_compare(options: argparse.Namespace) -> Outcome:
    """`workstation compare`."""
    from workstation.errors import RequestError
    from workstation.io.layouts import open_dataset
    from workstation.io.run_comparison import compare_folders, comparison_json, write_comparison

    line = ProgressLine()
    found = compare_folders(
        open_dataset(options.truth),
        _masks_of(options.a),
        _masks_of(options.b),
        report=lambda done, total, text: line.show(f"{done} of {total} {text}", fraction=done / total),
    )
    line.end()
    regions = tuple(name for name in found.regions if options.region in ("", name))
    if not regions:
        hint = f"There are: {', '.join(found.regions) or 'none'}."
        raise RequestError(f"no region {options.region} was scored in both", field="region", hint=hint)
    if options.csv:
        write_comparison(options.csv, found)
    parts = [f"A {found.a.predictions}, B {found.b.predictions}: {len(found.masks)} cases with masks of both"]
    parts += [_summary([(region, found.paired(region, options.figure)) for region in regions])]
    parts += [_cases(region, found.paired(region, options.figure), options.worst) for region in regions]
    parts += [f"{case}: {problem}" for case, problem in found.problems().items()]
    return Outcome(comparison_json(found), "\n\n".join(parts), status=0 if found.regions else 1)


def _masks_of(text: str) -> Path:
    """A folder of masks, or that of the run of that name or folder."""
    from workstation.io.runs import RunFolder, default_runs_root

    path = Path(text)
    if (path / "request.json").is_file():
        return RunFolder(path).masks_folder
    if not path.exists() and (default_runs_root() / text / "request.json").is_file():
        return RunFolder(default_runs_root() / text).masks_folder
    return path


def _summary(rows: list[tuple[str, Paired]]) -> str:
    lines = [
        ["region", "n", "median A", "median B", "median B-A", "mean B-A", "better", "worse", "equal", "Wilcoxon p"]
    ]
    for region, each in rows:
        medians = (each.a.median, each.b.median, each.differences.median, each.differences.mean)
        counts = (each.wins, each.losses, each.ties)
        numbers = [number(value) for value in medians]
        lines.append([region, str(len(each.pairs)), *numbers, *map(str, counts), _p_value(each.p_value)])
    return f"{rows[0][1].figure}\n{table(lines)}"


def _cases(region: str, found: Paired, most: int) -> str:
    shown = found.pairs[: most or None]
    rows = [["case", "A", "B", "B-A"]]
    rows += [[each.case, number(each.a), number(each.b), f"{each.difference:+.4f}"] for each in shown]
    return f"{region}, {found.figure}: where B got worse comes first\n{table(rows)}"


def _p_value(value: float) -> str:
    return "<0.0001" if value < 1e-4 else number(value)
