"""Commands to runs, refused in words where they make no sense."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from workstation.core.course import Change, course_of
from workstation.core.requests import TrainRequest
from workstation.errors import RunError
from workstation.io import files
from workstation.io.runs import RunFolder, RunStatus
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


def resume_from_checkpoint(run: RunFolder, *, checkpoint: str = "") -> int:
    """Start a run again that ended before it was finished; it goes on from its last checkpoint.

    An engine that was left over without its supervisor is ended first, by the new supervisor.

    Parameters
    ----------
    run : RunFolder
    checkpoint : {"", "best"}
        "best" goes back to the best epoch instead, of a finished training too. Steps follow from their place alone, so
        with the same learning rate it would take the same ones again: change the rate first.

    Returns
    -------
    int
        The supervisor's process number.

    Raises
    ------
    RunError
        The run is still going; or it is finished and nothing is left of its course; or it has no best checkpoint.
    """
    status = run.status()
    _refuse_living(run, status)
    if checkpoint == "best" and not (run.checkpoints / "best.npz").exists():
        raise RunError(f"{run.name} has no best checkpoint yet.", hint="Resume it from the last one.", path=run.path)
    if not status.can_resume and not _has_epochs_left(run, status, checkpoint=checkpoint):
        raise RunError(f"{run.name} is finished.", hint="Give it more epochs first.", path=run.path)
    return start(run, checkpoint=checkpoint)


def change_course(run: RunFolder, change: Change) -> None:
    """Give a training more epochs, or another learning rate from an epoch on; it need not rest for it.

    An ended one keeps the change for when it is started again.

    Raises
    ------
    RunError
        The run is no training; or the change would alter what is behind it already.
    """
    request = run.request()
    if not isinstance(request, TrainRequest):
        raise RunError(f"{run.name} is no training.", hint="Only trainings have epochs.", path=run.path)
    status = run.status()
    course = course_of(request, run.changes()[0])
    if change.epochs and change.epochs <= course.epochs:
        hint = "To end it earlier, stop it after its epoch."
        raise RunError(f"{run.name} has {course.epochs} epochs already.", hint=hint, path=run.path)
    if change.learning_rate and not status.is_ended and change.from_epoch <= status.epoch:
        hint = f"The next one is {status.epoch + 1}. To go further back, stop it and resume it from its best epoch."
        raise RunError(f"Epoch {change.from_epoch} of {run.name} is behind it already.", hint=hint, path=run.path)
    if not change.is_empty:
        run.change(change)


def _has_epochs_left(run: RunFolder, status: RunStatus, *, checkpoint: str) -> bool:
    """Whether a finished training would find something to do: it was given more epochs since, or goes back."""
    if checkpoint == "best" and 0 < status.best_epoch < status.epoch:
        return True
    return any(change.epochs > status.epoch for change in run.changes()[0])


def _refuse_living(run: RunFolder, status: RunStatus) -> None:
    if not status.is_ended:
        raise RunError(f"{run.name} is {status.state}; it has not ended.", hint="Stop it first.", path=run.path)


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
    _refuse_living(run, run.status())
    watcher = supervisor_of(run)
    if (watcher is not None and watcher.is_alive()) or leftover_engine(run) is not None:
        raise RunError(f"{run.name} is just ending.", hint="Try again in a few seconds.", path=run.path)
    aside = run.root / f".removed-{run.name}-{os.getpid()}"
    try:
        files.set_aside(run.path, aside)
    except OSError as error:
        raise _not_removed(run, error) from error
    return aside


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
