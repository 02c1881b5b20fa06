"""What a supervisor leaves in the run folder about itself: one lock, and which processes carry the run out."""

from __future__ import annotations

import fcntl
import json
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workstation.errors import RunError
from workstation.io.files import content_of, write_json
from workstation.io.runs import RunFolder
from workstation.jobs.processes import ProcessMark, mark_in

_LOCK_PATIENCE_SECONDS = 5.0


def read_supervision(run: RunFolder) -> dict[str, Any]:
    """The content of supervisor.json; empty if there is none that can be read."""
    try:
        values = json.loads(content_of(run.supervisor))
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def write_supervision(run: RunFolder, supervisor: ProcessMark | None, engine: ProcessMark | None) -> None:
    """Write supervisor.json; without a supervisor where one is about to be started.

    Raises
    ------
    RunError, ExportError
        It cannot be written.
    """
    values: dict[str, Any] = {"pid": None, "host": platform.node()}
    values |= supervisor.as_dict() if supervisor else {}
    values |= engine.as_dict("engine_") if engine else {}
    with _changing(run):
        write_json(run.supervisor, values)


def note_started(run: RunFolder, supervisor: ProcessMark) -> None:
    """Name a supervisor that has been started, unless it has named itself: it may die before it comes to that."""
    with _changing(run):
        values = read_supervision(run)
        if values.get("pid") is None:
            write_json(run.supervisor, values | supervisor.as_dict())


@contextmanager
def _changing(run: RunFolder) -> Iterator[None]:
    try:
        with (run.path / "supervision.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise RunError(
            f"{run.supervisor} cannot be written: {error.strerror or error}.",
            hint="Check that the folder may be written and the disk is not full.",
            path=run.supervisor,
        ) from error


def leftover_engine(run: RunFolder) -> ProcessMark | None:
    """An engine of this run that still lives although its supervisor is gone."""
    engine = mark_in(read_supervision(run), "engine_")
    return engine if engine is not None and engine.is_alive() else None


@contextmanager
def only_supervisor(run: RunFolder) -> Iterator[None]:
    """Hold the run's lock; a predecessor that is about to go is waited for.

    Raises
    ------
    RunError
        Another supervisor holds it.
    """
    with (run.path / "supervisor.lock").open("a") as lock:
        deadline = time.monotonic() + _LOCK_PATIENCE_SECONDS
        while not _try_lock(lock.fileno()):
            if time.monotonic() > deadline:
                raise RunError(f"{run.name} is being carried out already.", hint="Stop it first.", path=run.path)
            time.sleep(0.05)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
