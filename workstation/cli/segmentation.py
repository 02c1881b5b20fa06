"""The command segment: masks of cases or data sets by a model, computed in this process.

Cases that were done before, by the same models with the same options from the same files, are kept: a command that was
interrupted is given again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workstation.cli.output import Outcome, ProgressLine, add_command, parse_at_least


def add_commands(commands: Any) -> None:
    """Add this module's sub-commands."""
    segment = add_command(commands, "segment", run_segment, summary="write the masks that a model finds")
    segment.add_argument("model", metavar="MODEL", help="a model's name or folder, a finished run, or default")
    segment.add_argument("cases", type=Path, nargs="+", metavar="CASE", help="case folders, images or data sets")
    segment.add_argument("--out", type=Path, required=True, metavar="FILE_OR_FOLDER")
    segment.add_argument("--threshold", type=float, default=0.0, metavar="P", help="default: the model's")
    segment.add_argument("--scheme", choices=("brats2021", "brats2023", "msd"), default="")
    segment.add_argument(
        "--with", dest="others", action="append", default=[], metavar="MODEL", help="average with this model too"
    )
    segment.add_argument(
        "--flips", action="store_true", help="average the eight flips of each volume: eight times as long"
    )
    segment.add_argument("--entropy", action="store_true", help="also write how unsure each voxel is, in bits")
    segment.add_argument("--threads", type=parse_at_least(0), default=0, metavar="N", help="0: all cores")


def run_segment(options: argparse.Namespace) -> Outcome:
    """`workstation segment`."""
    from workstation.core.requests import EngineSettings, SegmentRequest
    from workstation.engine.environment import prepare
    from workstation.io.model_shelf import model_named

    request = SegmentRequest(
        model=str(model_named(options.model)),
        cases=cases_named(options.cases),
        out=str(options.out),
        threshold=options.threshold,
        scheme=options.scheme,
        models=tuple(str(model_named(each)) for each in options.others),
        flips=options.flips,
        entropy=options.entropy,
        settings=EngineSettings(intra_threads=options.threads, nice=0),
    )
    line = ProgressLine()

    def report(done: int, total: int, text: str) -> None:
        line.show(text, fraction=done / total)

    with prepare(request.settings):
        from workstation.engine.segment_batch import segment

        results = segment(request, report=report)
    line.end()
    masks = [each for each in results if "error" not in each]
    failures = [each for each in results if "error" in each]
    lines = [f"{mask['mask']}  ({'there already' if mask.get('is_kept') else _seconds(mask)})" for mask in masks]
    lines += [f"{each['case']}: {each['error']}" for each in failures]
    return Outcome({"masks": masks, "failures": failures}, "\n".join(lines), status=1 if failures else 0)


def _seconds(mask: dict[str, Any]) -> str:
    return f"{mask['seconds']:.1f} s"


def cases_named(paths: Sequence[Path]) -> tuple[str, ...]:
    """One path for each case: of a data set, the first image of each of its cases."""
    from workstation.io.layouts import open_dataset

    found: list[str] = []
    for path in paths:
        cases = open_dataset(path).cases if path.is_dir() else ()
        if len(cases) > 1:
            found += [str(next(iter(case.sequences.values())).path) for case in cases]
        else:
            found.append(str(path))
    return tuple(found)
