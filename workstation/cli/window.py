"""Commands of the window: open (the default), snapshot, bench-ui."""

from __future__ import annotations

import argparse
import gc
from pathlib import Path
from typing import Any

from workstation.cli.output import Outcome, add_command, parse_at_least, table
from workstation.errors import LayoutError


def add_commands(commands: Any) -> None:
    """Add this module's sub-commands."""
    window = add_command(commands, "open", run_open, summary="open the window (the default without a sub-command)")
    window.add_argument("cases", type=Path, nargs="*", metavar="CASE", help="case folders, images or data sets")
    window.add_argument("--truth", type=Path, metavar="MASK")
    window.add_argument("--prediction", type=Path, metavar="MASK")
    window.add_argument("--view", default="", metavar="TOKEN", help="a copied view to go to")

    snapshot = add_command(commands, "snapshot", run_snapshot, summary="write the comparison picture of a case as PNG")
    snapshot.add_argument("case", type=Path, nargs="?", metavar="CASE", help="may be left out with --view")
    snapshot.add_argument("--truth", type=Path, metavar="MASK")
    snapshot.add_argument("--prediction", type=Path, metavar="MASK")
    snapshot.add_argument("--at", type=_parse_voxel, metavar="i,j,k", help="voxel of the crosshair")
    snapshot.add_argument("--view", default="", metavar="TOKEN", help="a copied view: the panes as they were shown")
    snapshot.add_argument("--out", type=Path, required=True, metavar="PNG")

    bench = add_command(commands, "bench-ui", run_bench_ui, summary="measure the window against its budgets")
    bench.add_argument("--case", type=Path, metavar="CASE", help="a real case; default: a phantom of full size")
    bench.add_argument("--prediction", type=Path, metavar="MASK")
    bench.add_argument("--events", type=int, default=200, metavar="N")
    bench.add_argument("--data", type=Path, metavar="DATA", help="a data set to step through; default: phantoms")
    bench.add_argument("--switches", type=parse_at_least(2), default=100, metavar="N", help="steps from case to case")


def run_open(options: argparse.Namespace) -> Outcome:
    """`workstation [CASE ...]`."""
    # Nothing that a start makes is garbage, and looking for it takes a tenth of its time. The window collects by itself
    # later on (`gui/collector.py`).
    gc.disable()
    from workstation.gui.application import run_window

    status = run_window(options.cases, truth=options.truth, prediction=options.prediction, view=options.view)
    return Outcome({"status": status}, status=status)


def run_snapshot(options: argparse.Namespace) -> Outcome:
    """`workstation snapshot`."""
    from workstation.gui.snapshot import write_snapshot, write_view

    masks = {"truth": options.truth, "prediction": options.prediction}
    if options.view:
        write_view(options.view, case=options.case, at=options.at, out=options.out, **masks)
    elif options.case is None:
        raise LayoutError("there is no case to picture", hint="Name a case, or a copied view with --view.")
    else:
        write_snapshot(options.case, at=options.at, out=options.out, **masks)
    return Outcome({"out": str(options.out)}, f"wrote {options.out}")


def run_bench_ui(options: argparse.Namespace) -> Outcome:
    """`workstation bench-ui`."""
    from workstation.gui.bench_ui import run

    figures = run(
        case=options.case,
        prediction=options.prediction,
        events=options.events,
        switches=options.switches,
        data=options.data,
    )
    rows = [["what", "median ms", "p95 ms", "budget ms"]]
    for name, figure in figures["figures"].items():
        budget = " / ".join(f"{value:g}" for value in figure["budget_ms"])
        rows.append([name, f"{figure['median_ms']:.1f}", f"{figure['p95_ms']:.1f}", budget])
    memory = figures["memory"]
    growth, budget = memory["growth_bytes"] / 2**20, memory["budget_bytes"] / 2**20
    words = f"memory grew by {growth:.0f} MiB over {memory['switches']} switches (budget {budget:.0f} MiB)"
    return Outcome(figures, f"{table(rows)}\n{words}")


def _parse_voxel(text: str) -> tuple[int, int, int]:
    try:
        voxel = tuple(int(part) for part in text.split(","))
    except ValueError:
        voxel = ()
    if len(voxel) != 3:
        raise argparse.ArgumentTypeError(f"{text!r} is not a voxel such as 120,118,77")
    return (voxel[0], voxel[1], voxel[2])
