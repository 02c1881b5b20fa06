"""The engine against its rivals in one run, in turns: one step of ours, one of theirs, and so on.

`engine/contest.py` measures; here is who takes part, and what the answer looks like.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from workstation.core.measuring import Pairs, per_voxel, share_of_rate
from workstation.core.network import padded_shape
from workstation.core.requests import BenchRequest
from workstation.core.work import step_flops
from workstation.engine.contest import OURS, Contest, OthersAtWork, Report, Tally
from workstation.engine.environment import machine_facts
from workstation.io.files import write_json
from workstation.io.tables import write_table

TABLE_NAME = "bench.csv"
JSON_NAME = "bench.json"
COLUMNS = ("rival", "pair", "ours_seconds", "rival_seconds", "ratio", "alternating")
# Not as a script: its folder would then be searched first, and has modules of the names of Python's own.
PEER_WORDS = (
    *("-c", "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"),
    str(Path(__file__).with_name("peer_torch.py")),
)


def bench(
    request: BenchRequest,
    *,
    out: Path | None = None,
    report: Report = lambda _done, _total, _text: None,
    should_stop: Callable[[], bool] = lambda: False,
    commands: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[str, Any]:
    """Compare as asked.

    Parameters
    ----------
    request : BenchRequest
    out : Path or None
        Folder of bench.csv and bench.json.
    report : callable
        Gets (pairs done, pairs, what is being done).
    should_stop : callable
        Asked all the time; steps under way are ended.
    commands : mapping or None
        Command of the process of each contestant where it is not this program's own; None finds the peer.

    Returns
    -------
    dict
        "state", "step_seconds", "peak_bytes", "bytes_per_voxel", "ratios" (ours/plain and so on),
        "share_of_forward_rate", "pairs", "machine", "errors" (why a contestant has no figure), "others_cores" (that
        other programs used meanwhile), ...
    """
    reason = "" if commands is not None or "peer" not in request.rivals else _why_no_peer(request)
    if reason:
        request = replace(request, rivals=tuple(rival for rival in request.rivals if rival != "peer"))
    if commands is None:
        commands = {"peer": (request.peer or sys.executable, *PEER_WORDS)}
    others = OthersAtWork()
    run = Contest(request, commands, report, should_stop)
    run.run()
    if reason:
        run.tally.errors["peer"] = reason
    result = {**_result(request, run.tally), "others_cores": others.cores()}
    if out is not None:
        result["files"] = {"table": str(out / TABLE_NAME), "json": str(out / JSON_NAME)}
        write_table(out / TABLE_NAME, COLUMNS, _rows(run.tally))
        write_json(out / JSON_NAME, result)
    return result


def _why_no_peer(request: BenchRequest) -> str:
    """Why PyTorch cannot be compared with; empty if nothing speaks against it."""
    if not request.peer and find_spec("torch") is None:
        return 'PyTorch is not installed here: pip install "brats-workstation[peer]", or give --peer PYTHON'
    if request.peer and shutil.which(request.peer) is None:
        return f"{request.peer} is no program"
    return ""


def _result(request: BenchRequest, tally: Tally) -> dict[str, Any]:
    names = (OURS, *request.rivals, *(name for name in tally.errors if name == "peer" and name not in request.rivals))
    shape = padded_shape(request.shape, request.plan.multiple)
    voxels = shape[0] * shape[1] * shape[2] * request.batch
    flops = step_flops(request.plan, request.shape, batch=request.batch)
    seconds = {name: median(tally.seconds[name]) if name in tally.seconds else None for name in names}
    gflops = tally.rate.get("forward_gflops")
    return {
        "state": "stopped" if tally.is_stopped else "finished",
        "size": list(shape),
        "batch": request.batch,
        "step_seconds": seconds,
        "peak_bytes": {name: tally.peaks.get(name) for name in names},
        "baseline_bytes": {name: tally.baselines.get(name) for name in names},
        "bytes_per_voxel": {
            name: per_voxel(tally.peaks.get(name), tally.baselines.get(name), voxels) for name in names
        },
        "ratios": _ratios(tally),
        "flops": flops,
        "forward_gflops": gflops,
        "forward_rates": tally.rate.get("forward_rates", []),
        "share_of_forward_rate": share_of_rate(flops, seconds[OURS], gflops),
        "pairs": {
            name: {"alternating": pairs.is_alternating, "seconds": [list(pair) for pair in pairs.seconds]}
            for name, pairs in tally.pairs.items()
        },
        "inference": tally.inference,
        "machine": dict(tally.machine) or machine_facts(),
        "errors": tally.errors,
        "request": request.as_dict(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _ratios(tally: Tally) -> dict[str, float | None]:
    """Ours over each rival; for our own low-memory mode the other way round, as people ask what it costs."""
    ratios: dict[str, float | None] = {}
    for name, pairs in tally.pairs.items():
        if name == "low":
            turned = Pairs(tuple((low, ours) for ours, low in pairs.seconds), is_alternating=pairs.is_alternating)
            ratios["low/ours"] = turned.ratio
        else:
            ratios[f"ours/{name}"] = pairs.ratio
    return ratios


def _rows(tally: Tally) -> list[dict[str, Any]]:
    return [
        {
            "rival": name,
            "pair": number,
            "ours_seconds": ours,
            "rival_seconds": rival,
            "ratio": ours / rival,
            "alternating": pairs.is_alternating,
        }
        for name, pairs in tally.pairs.items()
        for number, (ours, rival) in enumerate(pairs.seconds, start=1)
    ]
