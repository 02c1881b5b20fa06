"""The command segment: masks of cases by a model, computed in this process."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workstation.cli.output import Outcome, ProgressLine, add_command, parse_at_least


def add_commands(commands: Any) -> None:
    """Add this module's sub-commands."""
    segment = add_command(commands, "segment", run_segment, summary="write the masks that a model finds")
    segment.add_argument("model", metavar="MODEL", help="a model's name or folder, a finished run, or default")
    segment.add_argument("cases", type=Path, nargs="+", metavar="CASE", help="case folders or images")
    segment.add_argument("--out", type=Path, required=True, metavar="FILE_OR_FOLDER")
    segment.add_argument("--threshold", type=float, default=0.0, metavar="P", help="default: the model's")
    segment.add_argument("--scheme", choices=("brats2021", "brats2023", "msd"), default="")
    segment.add_argument("--threads", type=parse_at_least(0), default=0, metavar="N", help="0: all cores")


def run_segment(options: argparse.Namespace) -> Outcome:
    """`workstation segment`."""
    from workstation.core.requests import EngineSettings, SegmentRequest
    from workstation.engine.environment import prepare
    from workstation.io.model_shelf import model_named

    request = SegmentRequest(
        model=str(model_named(options.model)),
        cases=tuple(str(case) for case in options.cases),
        out=str(options.out),
        threshold=options.threshold,
        scheme=options.scheme,
        settings=EngineSettings(intra_threads=options.threads, nice=0),
    )
    line = ProgressLine()

    def report(done: int, total: int, text: str) -> None:
        line.show(text, fraction=done / total)

    with prepare(request.settings):
        from workstation.engine.segmentation import segment

        masks = segment(request, report=report)
    line.end()
    text = "\n".join(f"{mask['mask']}  ({mask['seconds']:.1f} s)" for mask in masks)
    return Outcome({"masks": masks}, text)
