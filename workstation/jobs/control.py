"""Commands to runs, refused in words where they make no sense."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from workstation.errors import RunError
from workstation.io.runs import RunFolder
from workstation.jobs.local import start, supervisor_of
from workstation.jobs.supervision import leftover_engine

_RESTING_KINDS = ("train",)


def pause(run: RunFolder) -> None:
    """Let a training rest after its present step; it keeps its memory and its reservation.

    Raises
    ------
    RunError
        It has ended, or is no training: other runs know no step between which they could rest.
    """
    if run.kind not in _RESTING_KINDS:
        raise RunError(f"{run.name} is no training and cannot rest.", hint="Stop it, and start it again later.")
    _send_to_living(run, "pause")


def resume(run: RunFolder) -> None:
    """Let a paused run go on. `RunError` if it has ended."""
    _send_to_living(run, "resume")


def stop_after_epoch(run: RunFolder) -> None:
    """End a run at the end of its present epoch, or at once if it has not begun. `RunError` if it has ended."""
    _send_to_living(run, "stop_after_epoch")


def stop_now(run: RunFolder) -> None:
    """End a run after its present step, or by force if that takes longer than 20 s. `RunError` if it has ended."""
    _send_to_living(run, "stop_now")


def resume_from_checkpoint(run: RunFolder) -> int:
    """Start a run again that ended before it was finished; it goes on from its last checkpoint.

    An engine that was left over without its supervisor is ended first, by the new supervisor.

    Returns
    -------
    int
        The supervisor's process number.

    Raises
    ------
    RunError
        The run is finished, or still going.
    """
    status = run.status()
    if not status.is_ended:
        raise RunError(f"{run.name} is {status.state}; it has not ended.", hint="Stop it first.", path=run.path)
    if not status.can_resume:
        raise RunError(f"{run.name} is finished.", hint="Start a new run to train longer.", path=run.path)
    return start(run)


def set_aside(run: RunFolder) -> Path:
    """Take a run that has ended out of the list: rename its folder, so that no reader sees half of one.

    Returns
    -------
    Path
        Where it is now, to be deleted.

    Raises
    ------
    RunError
        The run has not ended, or its folder cannot be renamed.
    """
    status = run.status()
    if not status.is_ended:
        raise RunError(f"{run.name} is {status.state}; it has not ended.", hint="Stop it first.", path=run.path)
    watcher = supervisor_of(run)
    if (watcher is not None and watcher.is_alive()) or leftover_engine(run) is not None:
        raise RunError(f"{run.name} is just ending.", hint="Try again in a few seconds.", path=run.path)
    aside = run.root / f".removed-{run.name}-{os.getpid()}"
    try:
        return run.path.rename(aside)
    except OSError as error:
        raise _not_removed(run, error) from error


def remove(run: RunFolder) -> int:
    """Delete the folder of a run that has ended, with its checkpoints, model and predictions.

    Files that the request put elsewhere stay.

    Returns
    -------
    int
        Bytes that it held.

    Raises
    ------
    RunError
        The run has not ended, or its folder cannot be deleted.
    """
    aside = set_aside(run)
    try:
        count = sum(path.lstat().st_size for path in aside.rglob("*"))
        shutil.rmtree(aside)
    except OSError as error:
        raise _not_removed(run, error) from error
    return count


def _not_removed(run: RunFolder, error: OSError) -> RunError:
    hint = "Check that the folder may be written."
    return RunError(f"{run.name} could not be removed: {error}.", hint=hint, path=run.path)


def _send_to_living(run: RunFolder, command: str) -> None:
    status = run.status()
    if status.is_ended:
        hint = "Resume it from its last checkpoint, or start a new run." if status.can_resume else "Start a new run."
        raise RunError(f"{run.name} has ended ({status.state}).", hint=hint, path=run.path)
    run.send(command)
