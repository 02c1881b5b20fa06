"""`workstation figure`: the plots of a result of profile, bench or seams as a PNG, from the JSON that they leave.

The measuring commands draw theirs in a process of its own (`draw_beside`): TensorFlow and Qt need not share one, and a
machine without the libraries of Qt still measures.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workstation.cli.output import Outcome, add_command

# What only the result of that kind has.
_MARKS = {"profile": "points", "bench": "step_seconds", "seams": "regions"}
_PATIENCE_SECONDS = 120


def add_commands(commands: Any) -> None:
    """Add this module's sub-command."""
    figure = add_command(
        commands, "figure", run_figure, summary="draw the result of profile, bench or seams as a picture (PNG)"
    )
    figure.add_argument("result", type=Path, metavar="RESULT", help="profile.json, bench.json or seams.json")
    figure.add_argument("--out", type=Path, metavar="FILE", help="default: beside the result, ending in .png")
    figure.add_argument("--theme", choices=("light", "dark"), default="light")


def run_figure(options: argparse.Namespace) -> Outcome:
    """`workstation figure`."""
    from workstation.errors import InputError
    from workstation.gui.figures.saving import save_figure
    from workstation.io.files import read_json

    result = read_json(options.result)
    kind = next((kind for kind, mark in _MARKS.items() if mark in result), None)
    if kind is None:
        hint = "Give the profile.json, bench.json or seams.json of a measurement."
        raise InputError(f"{options.result} is no result of a measurement.", hint=hint, path=options.result)
    path = save_figure(kind, result, options.out or options.result.with_suffix(".png"), theme=options.theme)
    return Outcome({"kind": kind, "figure": str(path)}, f"figure: {path}")


def draw_beside(result: Mapping[str, Any]) -> dict[str, str]:
    """Draw a result beside its JSON file.

    Returns
    -------
    dict
        "figure": the path of the PNG; or "figure_error": why there is none.
    """
    source = Path(result["files"]["json"])
    path = source.with_suffix(".png")
    words = [sys.executable, "-m", "workstation", "figure", str(source), "--out", str(path)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {"figure_error": f"drawing took longer than {_PATIENCE_SECONDS} s"}
    if done.returncode == 0:
        return {"figure": str(path)}
    lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
    reason = next((line for line in lines if line.startswith("workstation: ")), lines[-1])
    return {"figure_error": reason.removeprefix("workstation: ")}
