"""Measure memory and time over a grid of sizes, each point in a fresh process, beside what was calculated.

The tables (points.csv, profile.json) are written anew after each point, so an interruption keeps what was measured,
and a profile that is started again in the same folder goes on with the points that are missing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from workstation.core.calibration import estimate_step_seconds
from workstation.core.cost import READ_AHEAD, estimate_train_bytes
from workstation.core.measuring import (
    COLUMNS,
    Axes,
    MeasuredPoint,
    PointRequest,
    grid_of,
    summary_of,
)
from workstation.core.network import padded_shape
from workstation.core.refinement import MeasuredRun, memory_refinement, refined_estimate
from workstation.core.request_fields import parse_size
from workstation.core.requests import ProfileRequest
from workstation.engine.environment import machine_facts
from workstation.engine.points import GIB, MemoryGuard, PointOutcome, measure_point
from workstation.errors import WorkstationError
from workstation.io.files import read_json, write_json
from workstation.io.machine_records import machine_records
from workstation.io.tables import write_table

TABLE_NAME = "points.csv"
JSON_NAME = "profile.json"
Report = Callable[[int, int, str], None]
Measure = Callable[..., PointOutcome]


def profile(
    request: ProfileRequest,
    *,
    out: Path,
    report: Report = lambda _done, _total, _text: None,
    should_stop: Callable[[], bool] = lambda: False,
    measure: Measure = measure_point,
) -> dict[str, Any]:
    """Measure the grid of a request.

    Parameters
    ----------
    request : ProfileRequest
    out : Path
        Folder of points.csv and profile.json.
    report : callable
        Gets (points done, points, what is being done).
    should_stop : callable
        Asked all the time; a point under way is ended.
    measure : callable
        As `measure_point`.

    Returns
    -------
    dict
        "state" ("finished" or "stopped"), "points" (list of `MeasuredPoint` as dict), "summary" (errors of the
        estimates), "machine", "plan", "files".
    """
    wanted = expected_points(request)
    done = _measured_before(out / JSON_NAME, request)
    points: list[MeasuredPoint] = []
    state = "finished"
    for point in wanted:
        if should_stop():
            state = "stopped"
            break
        if point.key in done:
            points.append(done[point.key])
            continue
        report(len(points), len(wanted), words_of(point))
        outcome = _measured(request, point, measure, should_stop)
        if outcome.state == "stopped":
            state = "stopped"
            break
        measured = _with_outcome(point, outcome)
        points.append(measured)
        _write(out, request, points)
        if outcome.is_ok:
            record_point(request, measured)
    report(len(points), len(wanted), state)
    return {"state": state, **_write(out, request, points)}


def expected_points(request: ProfileRequest) -> list[MeasuredPoint]:
    """The points of a request as calculated, nothing measured yet; small ones first."""
    plan = request.plan
    calibration = machine_records(request.settings).calibration()
    shapes = [padded_shape(parse_size(size) or (0, 0, 0), plan.multiple) for size in request.sizes]
    axes = Axes(
        tuple(dict.fromkeys(shapes)),
        tuple(dict.fromkeys(request.batches)),
        tuple(dict.fromkeys(request.modes)),
        tuple(dict.fromkeys(request.precisions)),
    )
    return [
        MeasuredPoint(
            shape,
            batch,
            mode,
            precision,
            fitted,
            PointRequest(plan, shape, batch=batch, mode=mode, precision=precision).estimated_bytes(),
            estimate_step_seconds(plan, shape, calibration, batch=batch, mode=mode, precision=precision)
            if calibration
            else None,
        )
        for shape, batch, mode, precision, fitted in grid_of(axes)
    ]


def record_point(request: ProfileRequest, point: MeasuredPoint) -> None:
    """Keep a measured point among the records of this machine, by which estimates are refined; not those held out."""
    if point.fitted and point.measured_bytes is not None:
        with suppress(WorkstationError):  # the tables have it anyway
            machine_records(request.settings).add_run(_run_of(request, point))


def refined(request: ProfileRequest, points: list[MeasuredPoint]) -> list[MeasuredPoint]:
    """The points with the estimates that the fitted ones among them lead to; see `core/refinement.py`."""
    runs = [_run_of(request, point) for point in points if point.fitted and point.measured_bytes is not None]
    found = []
    for point in points:
        refinement = memory_refinement(runs, mode=point.mode, precision=point.precision)
        estimate = estimate_train_bytes(
            request.plan, point.shape, batch=point.batch, mode=point.mode, precision=point.precision
        )
        count = refined_estimate(estimate, refinement).peak_bytes if refinement.runs else None
        found.append(replace(point, refined_bytes=count))
    return found


def words_of(point: MeasuredPoint) -> str:
    """A point for people."""
    size = "x".join(map(str, point.shape))
    return f"{size}, batch {point.batch}, {point.mode}, {point.precision}"


def _measured(
    request: ProfileRequest, point: MeasuredPoint, measure: Measure, should_stop: Callable[[], bool]
) -> PointOutcome:
    settings = request.settings
    asked = PointRequest(
        request.plan,
        point.shape,
        batch=point.batch,
        mode=point.mode,
        precision=point.precision,
        onednn=settings.onednn,
        threads=settings.intra_threads,
        nice=settings.nice,
        warm_up=request.warm_up,
        steps=request.steps,
        read_ahead=READ_AHEAD,
    )
    return measure(asked, guard=MemoryGuard(int(request.cap_gib * GIB)), should_stop=should_stop)


def _with_outcome(point: MeasuredPoint, outcome: PointOutcome) -> MeasuredPoint:
    """The point with what was measured, or why it was not."""
    if not outcome.is_ok:
        return replace(point, error=outcome.text)
    return replace(
        point,
        measured_bytes=int(outcome.answer["peak_bytes"]),
        baseline_bytes=int(outcome.answer["baseline_bytes"]),
        measured_seconds=median(outcome.answer["seconds"]),
    )


def _run_of(request: ProfileRequest, point: MeasuredPoint) -> MeasuredRun:
    return MeasuredRun(
        request.plan,
        point.shape,
        batch=point.batch,
        mode=point.mode,
        precision=point.precision,
        peak_bytes=point.measured_bytes or 0,
        step_seconds=point.measured_seconds or 0.0,
    )


def _write(out: Path, request: ProfileRequest, points: list[MeasuredPoint]) -> dict[str, Any]:
    """Write the table and the JSON; the JSON."""
    points = refined(request, points)
    rows = [point.as_dict() for point in points]
    result = {
        "points": rows,
        "summary": summary_of(points),
        "machine": machine_facts(),
        "request": _what_decides(request),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {"table": str(out / TABLE_NAME), "json": str(out / JSON_NAME)},
    }
    write_table(out / TABLE_NAME, COLUMNS, rows)
    write_json(out / JSON_NAME, result)
    return result


def _measured_before(path: Path, request: ProfileRequest) -> dict[Any, MeasuredPoint]:
    """The points that an earlier start in the same folder has measured, if it was asked for the same network."""
    found: dict[Any, MeasuredPoint] = {}
    if not path.is_file():
        return found
    with suppress(WorkstationError, KeyError, TypeError, ValueError):
        former = read_json(path)
        if former["request"] == _what_decides(request):
            points = [MeasuredPoint.from_dict(each) for each in former["points"]]
            found = {point.key: point for point in points if point.measured_bytes is not None}
    return found


def _what_decides(request: ProfileRequest) -> dict[str, Any]:
    """What must be equal for a measurement to be used again."""
    values = request.as_dict()
    return {name: value for name, value in values.items() if name not in ("sizes", "batches", "modes", "precisions")}
