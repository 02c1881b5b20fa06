"""Commands about data sets: check, split.

`check` exits with 0 where every case can be used, warnings and notes or not, and with 1 where some case has an error:
it would not open, or could not be trained on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.output import Outcome, ProgressLine, add_command, parse_at_least
from workstation.core.plain_text import one_line

if TYPE_CHECKING:
    from workstation.core.case import DataSet
    from workstation.core.case_facts import CaseFacts
    from workstation.core.findings import Finding
    from workstation.core.split import Split

_READERS = 2
_SHOWN_PLACES = 20
_CSV_COLUMNS = ("severity", "kind", "case", "parts", "detail", "title", "advice")


def add_commands(commands: Any) -> None:
    """Add this module's sub-commands."""
    check = add_command(
        commands, "check", run_check, summary="look for what is wrong in a data set; exits with 1 if a case is unusable"
    )
    check.add_argument("data", type=Path, metavar="DATA", help="a data set's folder, or its dataset.json")
    check.add_argument("--csv", action="store_true", help="one line for each finding and case on stdout")
    check.add_argument("--split", type=Path, metavar="FILE", help="also look for patients in several parts of a split")

    split = add_command(commands, "split", run_split, summary="draw a split and save it with the hash of every file")
    split.add_argument("data", type=Path, metavar="DATA")
    split.add_argument("out", type=Path, metavar="OUT", help="a .json file; with --folds, one beside it for each fold")
    split.add_argument("--preset", choices=("flair-wt", "four-regions"), default="flair-wt", help="what a case needs")
    split.add_argument("--seed", type=parse_at_least(0), default=1)
    split.add_argument("--validation", type=float, default=0.1, metavar="SHARE")
    split.add_argument("--test", type=float, default=0.1, metavar="SHARE")
    split.add_argument("--paper", action="store_true", help="406, 32 and 46 of 484 cases")
    split.add_argument("--level", action="store_true", help="spread tumour volumes evenly; reads every mask")
    split.add_argument("--folds", type=parse_at_least(0), default=0, metavar="N")
    split.add_argument("--by-case", action="store_true", help="let examinations of one patient go to several parts")


def run_check(options: argparse.Namespace) -> Outcome:
    """`workstation check`."""
    from workstation.core.findings import unusable
    from workstation.core.set_checks import check_up
    from workstation.io.layouts import open_dataset
    from workstation.io.splits import read_manifest

    data_set = open_dataset(options.data)
    split: Split | None = read_manifest(options.split).split if options.split else None
    findings = check_up(data_set.cases, _examined(data_set), split=split)
    refused = unusable(findings)
    data = {
        "data": str(data_set.root),
        "layout": data_set.layout,
        "cases": len(data_set.cases),
        "unusable": list(refused),
        "findings": [finding.as_dict() for finding in findings],
    }
    text = _as_csv(findings) if options.csv else _as_text(data_set, findings, refused)
    return Outcome(data, text, status=1 if refused else 0)


def run_split(options: argparse.Namespace) -> Outcome:
    """`workstation split`."""
    from workstation.core.network import PRESETS
    from workstation.core.split import Draw, all_folds, draw_split
    from workstation.io.layouts import open_dataset
    from workstation.io.splits import fold_path, save_manifest

    data_set = open_dataset(options.data)
    needed = set(PRESETS[options.preset].inputs)
    names = [case.name for case in data_set.cases if case.truth and needed <= case.sequences.keys()]
    volumes: dict[str, float] = {}
    if options.level:
        volumes = {each.name: each.volumes_ml.get("WT", 0.0) for each in _examined(data_set)}
    draw = Draw(
        seed=options.seed,
        validation=options.validation,
        test=options.test,
        by_patient=not options.by_case,
        is_level=options.level,
        folds=options.folds,
        is_paper=options.paper,
    )
    written: list[dict[str, Any]] = []
    lines = []
    for each in all_folds(draw):
        split = draw_split(names, each, volumes_ml=volumes)
        path = save_manifest(fold_path(options.out, each), data_set, split, draw=each)
        counts: dict[str, int] = {part: len(held) for part, held in split.parts.items()}
        written.append({"file": str(path)} | counts)
        lines.append(f"{path}: {counts['train']} training, {counts['validation']} validation, {counts['test']} test")
    return Outcome({"data": str(data_set.root), "splits": written}, "\n".join(lines))


def _examined(data_set: DataSet) -> list[CaseFacts]:
    from workstation.io.fact_cache import FactCache

    cache, line = FactCache(), ProgressLine()
    found = []
    with ThreadPoolExecutor(_READERS, thread_name_prefix="examine") as pool:
        try:
            for number, facts in enumerate(pool.map(cache.facts, data_set.cases), start=1):
                found.append(facts)
                line.show(f"{number:,} of {len(data_set.cases):,} cases", fraction=number / len(data_set.cases))
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    line.end()
    return found


def _as_text(data_set: DataSet, findings: Sequence[Finding], refused: Sequence[str]) -> str:
    usable = len(data_set.cases) - len(refused)
    lines = [f"{one_line(data_set.name)} ({data_set.layout}): {len(data_set.cases):,} cases, {usable:,} without errors"]
    for finding in findings:
        count = len(finding.cases)
        lines += ["", f"{finding.severity.upper()}  {finding.title} ({count:,} {'case' if count == 1 else 'cases'})"]
        lines.append(f"  What to do: {finding.advice}")
        lines += [
            f"    {one_line(': '.join(filter(None, (each.case, each.detail))))}"
            for each in finding.places[:_SHOWN_PLACES]
        ]
        if len(finding.places) > _SHOWN_PLACES:
            lines.append(f"    and {len(finding.places) - _SHOWN_PLACES:,} more (--csv lists them)")
    return "\n".join(lines if findings else [*lines, "", "Nothing was found."])


def _as_csv(findings: Sequence[Finding]) -> str:
    from workstation.io.tables import table_text

    rows = [
        {
            "severity": finding.severity,
            "kind": finding.kind,
            "case": one_line(each.case),
            "parts": one_line(" ".join(each.parts)),
            "detail": one_line(each.detail),
            "title": finding.title,
            "advice": finding.advice,
        }
        for finding in findings
        for each in finding.places
    ]
    return table_text(_CSV_COLUMNS, rows).rstrip("\n")
