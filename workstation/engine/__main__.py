"""`python -m workstation.engine RUN_FOLDER`: carries out the request of a run and writes its events.

Exit codes: 0 finished, 3 stopped on request, 1 gave up for a reason that a user understands (the event `failed` is
written), 2 wrong usage, anything else a bug, with its trace on the error stream.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from workstation.core.requests import BenchRequest, ProfileRequest, SeamsRequest, SegmentRequest, TrainRequest
from workstation.engine.control import STOPPED_EXIT, Control, stop_on_sigterm
from workstation.errors import WorkstationError
from workstation.io.runs import RunFolder


def main(arguments: list[str]) -> int:
    """Carry out the run whose folder is named; the exit code."""
    if len(arguments) != 1:
        print("usage: python -m workstation.engine RUN_FOLDER", file=sys.stderr)
        return 2
    path = Path(arguments[0]).resolve()
    run = RunFolder(path)
    control = Control(run)
    stop_on_sigterm(control, lambda: RunFolder(path).append({"event": "state", "state": "stopped"}))
    try:
        return _carry_out(run, control)
    except WorkstationError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        # On a full disk that may be why it failed: the log has it, and the supervisor sees the exit code.
        with suppress(WorkstationError):
            run.append({"event": "failed", "kind": type(error).__name__, "text": error.message, "hint": error.hint})
            run.append({"event": "state", "state": "failed"})
        return 1


def _carry_out(run: RunFolder, control: Control) -> int:
    request = run.request()
    run.append({"event": "state", "state": "preparing"})
    match request:
        case ProfileRequest() | BenchRequest():
            # Their measuring processes load TensorFlow; this one stays small.
            result = _measure(request, run, control)
        case _:
            result = _compute(request, run, control)
    state = result.pop("state")
    run.append({"event": "result", **result})
    run.append({"event": "state", "state": state})
    return 0 if state == "finished" else STOPPED_EXIT


def _compute(request: TrainRequest | SegmentRequest | SeamsRequest, run: RunFolder, control: Control) -> dict[str, Any]:
    """What needs TensorFlow in this process."""
    from workstation.engine.environment import prepare

    with prepare(request.settings):
        match request:
            case TrainRequest():
                return _train(request, run, control)
            case SegmentRequest():
                return _segment(request, run, control)
            case SeamsRequest():
                return _seams(request, run, control)


def _train(request: TrainRequest, run: RunFolder, control: Control) -> dict[str, Any]:
    from workstation.engine.training import train

    return train(request, run, control=control)


def _segment(request: SegmentRequest, run: RunFolder, control: Control) -> dict[str, Any]:
    from workstation.engine.environment import describe, memory_in_use
    from workstation.engine.segment_batch import segment

    def report(done: int, total: int, text: str) -> None:
        run.append({"event": "progress", "done": done, "total": total, "unit": "case", "text": text})
        rss, peak = memory_in_use()
        run.append({"event": "memory", "rss_bytes": rss, "peak_bytes": peak})

    run.append({"event": "machine", **describe()})
    run.append({"event": "state", "state": "running"})
    results = segment(request, out=run.predictions, report=report, should_stop=control.stops_now)
    masks = [each for each in results if "error" not in each]
    failures = [each for each in results if "error" in each]
    state = "finished" if len(results) == len(request.cases) else "stopped"
    return {"state": state, "masks": masks, "failures": failures}


def _seams(request: SeamsRequest, run: RunFolder, control: Control) -> dict[str, Any]:
    from workstation.engine.environment import describe, memory_in_use
    from workstation.engine.seams import seams

    def report(done: int, total: int, text: str) -> None:
        run.append({"event": "progress", "done": done, "total": total, "unit": "prediction", "text": text})
        rss, peak = memory_in_use()
        run.append({"event": "memory", "rss_bytes": rss, "peak_bytes": peak})

    run.append({"event": "machine", **describe()})
    run.append({"event": "state", "state": "running"})
    return seams(request, out=run.path, report=report, should_stop=control.stops_now)


def _measure(request: ProfileRequest | BenchRequest, run: RunFolder, control: Control) -> dict[str, Any]:
    from workstation.engine.bench import bench
    from workstation.engine.environment import machine_facts
    from workstation.engine.profile import profile

    def report(done: int, total: int, text: str) -> None:
        run.append({"event": "progress", "done": done, "total": total, "unit": "measurement", "text": text})

    run.append({"event": "machine", **machine_facts()})
    run.append({"event": "state", "state": "running"})
    if isinstance(request, ProfileRequest):
        return profile(request, out=run.path, report=report, should_stop=control.stops_now)
    return bench(request, out=run.path, report=report, should_stop=control.stops_now)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
