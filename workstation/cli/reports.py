"""The command report: of one case, or of a folder of masks against a data set."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from workstation.cli.output import Outcome, ProgressLine, add_command, number, table
from workstation.errors import RequestError


def add_commands(commands: Any) -> None:
    """Add this module's sub-command."""
    report = add_command(
        commands, "report", run_report, summary="write a report of a case or a data set as PDF or HTML"
    )
    report.add_argument("data", type=Path, metavar="CASE_OR_DATA", help="a case, or with --predictions a data set")
    masks = report.add_mutually_exclusive_group()
    masks.add_argument("--prediction", type=Path, metavar="MASK", help="the case's mask")
    masks.add_argument("--predictions", type=Path, metavar="DIR", help="a folder of masks, named after their cases")
    report.add_argument("--truth", type=Path, metavar="MASK", help="default: the case's own")
    report.add_argument("--sequence", default="", metavar="NAME", help="what the slices show; default: FLAIR")
    report.add_argument("--palette", choices=("standard", "colour-blind"), default="standard")
    report.add_argument("--convention", choices=("radiological", "neurological"), default="radiological")
    report.add_argument(
        "--out",
        type=Path,
        required=True,
        action="append",
        metavar="FILE",
        help="ending in .pdf or .html, of a data set also .csv; may be given several times",
    )


def run_report(options: argparse.Namespace) -> Outcome:
    """`workstation report`."""
    from workstation.gui.figures.saving import ensure_application

    ensure_application()
    return _cohort(options) if options.predictions else _case(options)


def _case(options: argparse.Namespace) -> Outcome:
    from workstation.gui.report.case_pictures import Style
    from workstation.gui.report.making import make_case_report, read_input
    from workstation.gui.report.slices import Convention
    from workstation.io.layouts import find_case

    given = read_input(find_case(options.data), truth=options.truth, prediction=options.prediction)
    if options.sequence and options.sequence not in given.case.sequences:
        names = ", ".join(given.case.sequences)
        raise RequestError(f"{given.case.name} has no {options.sequence}", field="sequence", hint=f"It has: {names}.")
    style = Style(options.sequence, options.palette, Convention(options.convention))
    make_case_report(given, options.out, style=style)
    outs = [str(out) for out in options.out]
    return Outcome({"case": given.case.name, "out": outs}, f"wrote {', '.join(outs)}")


def _cohort(options: argparse.Namespace) -> Outcome:
    from workstation.gui.report.making import Progress, make_cohort_report
    from workstation.io.layouts import open_dataset
    from workstation.io.review_marks import marks_in

    if options.truth:
        raise RequestError("the truths are those of the data set", field="truth", hint="Leave --truth out.")
    line = ProgressLine()
    progress = Progress(lambda done, total, name: line.show(f"{done} of {total} {name}", fraction=done / total))
    data = open_dataset(options.data)
    reviews = marks_in(data.root).get
    facts = make_cohort_report(data, options.predictions, options.out, reviews=reviews, progress=progress)
    line.end()
    boxes = {region: facts.box(region, "dice").summary for region in facts.regions}
    rows = [["region", "n", "mean Dice", "median", "quartile 1", "quartile 3"]]
    rows += [
        [name, str(each.count), *(number(value) for value in (each.mean, each.median, each.q1, each.q3))]
        for name, each in boxes.items()
    ]
    outs = [str(out) for out in options.out]
    answer = {
        "out": outs,
        "cases": len(facts.rows),
        "scored": len(facts.scored),
        "dice": {
            name: {"n": each.count, "mean": _plain(each.mean), "median": _plain(each.median)}
            for name, each in boxes.items()
        },
    }
    return Outcome(answer, f"{table(rows)}\nwrote {', '.join(outs)}", status=0 if facts.scored else 1)


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
