"""The results of runs that measured, read from their folders; file reading only, for a thread beside the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.core.requests import SeamsRequest
from workstation.errors import WorkstationError
from workstation.io.files import read_json
from workstation.io.runs import RunFolder

MEASURING_KINDS = ("profile", "bench", "seams")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a measuring run has found so far.

    Parameters
    ----------
    run : str
        Its name.
    kind : {"profile", "bench", "seams"}
    result : mapping or None
        The JSON of `workstation KIND --json`; None while there is none.
    problem : WorkstationError or None
        Why it cannot be read.
    """

    run: str
    kind: str
    result: Mapping[str, Any] | None = None
    problem: WorkstationError | None = None


def read_measurement(run: RunFolder) -> Measurement:
    """Read the result of a run: its file, which a profile writes anew after each point, else its last event."""
    kind = run.kind
    try:
        path = _folder_of(run) / f"{kind}.json"
        if path.is_file():
            return Measurement(run.name, kind, read_json(path))
    except WorkstationError as problem:
        return Measurement(run.name, kind, problem=problem)
    results = [event for event in run.read_events()[0] if event.get("event") == "result"]
    # A run that was stopped before it had measured anything says so, and nothing else.
    has_figures = bool(results) and any(name in results[-1] for name in ("points", "step_seconds", "regions"))
    return Measurement(run.name, kind, results[-1] if has_figures else None)


def _folder_of(run: RunFolder) -> Path:
    request = run.request()
    return Path(request.out) if isinstance(request, SeamsRequest) and request.out else run.path
