"""Commands that start runs and watch them: train, supervise; what is done to runs is in `cli/queue.py`.

`train` starts the same supervisor as the window does, then watches the run folder: closing the terminal leaves the
run going, and the window shows it. Ctrl+C asks the run to stop; a second one leaves it running.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.gate import refusal
from workstation.cli.output import GIB, Outcome, ProgressLine, add_command, number, parse_at_least, parse_shape
from workstation.errors import RunError

if TYPE_CHECKING:
    from workstation.io.runs import RunFolder, RunStatus

_WATCH_SECONDS = 0.5
_MEMORY_HELP = "exact: recompute norms; low: recompute blocks too, half the memory; plain: Keras's own step"
_SENTINEL_HELP = "segment these cases again every N epochs, for Review's slider; 0: never"
_AVERAGING_HELP = "share of the weights' running mean that a step keeps, such as 0.99; 0: none"
_MICRO_HELP = "volumes in memory at once; gradients are added up to those of the batch; 0: the whole batch"


def add_commands(commands: Any) -> None:
    """Add this module's sub-commands."""
    train = add_command(commands, "train", run_train, summary="train a network on a data set, in the background")
    train.add_argument("data", type=Path, metavar="DATA", help="a data set's folder")
    train.add_argument("--run", type=Path, metavar="RUN", help="the run's folder; default: a new one among the runs")
    train.add_argument("--preset", choices=("flair-wt", "four-regions"), default="flair-wt")
    train.add_argument("--size", type=_parse_size, default="full", metavar="full|IxJxK")
    train.add_argument("--batch", type=parse_at_least(1), default=1, metavar="N")
    train.add_argument("--epochs", type=parse_at_least(1), default=25, metavar="N")
    train.add_argument("--learning-rate", type=float, default=1e-3, metavar="X")
    train.add_argument("--loss", choices=("dice", "bce+dice"), default="dice")
    train.add_argument("--validation", type=float, default=0.1, metavar="SHARE")
    train.add_argument("--test", type=float, default=0.1, metavar="SHARE", help="share of cases never trained on")
    train.add_argument("--cases", default="", metavar="NAME,NAME", help="these cases only")
    train.add_argument("--split", type=Path, metavar="FILE", help="a saved split; seed and shares then draw none")
    train.add_argument("--filters", type=parse_at_least(1), default=16, metavar="N")
    train.add_argument("--depth", type=parse_at_least(1), default=4, metavar="N")
    train.add_argument("--normalisation", choices=("batch", "group", "instance"), default="batch")
    train.add_argument("--memory", choices=("exact", "low", "plain"), default="exact", help=_MEMORY_HELP)
    train.add_argument("--engine", choices=("own", "plain"), default="own", help="plain: Keras's own step")
    train.add_argument("--precision", choices=("float32", "bfloat16"), default="float32", help="of activations")
    train.add_argument("--micro-batch", type=parse_at_least(0), default=0, metavar="N", help=_MICRO_HELP)
    train.add_argument("--decay", choices=("none", "cosine"), default="none", help="of the learning rate")
    train.add_argument("--no-augmentation", action="store_true")
    train.add_argument("--vary-intensities", action="store_true", help="random contrast, brightness and gamma")
    train.add_argument(
        "--vary-shapes", action="store_true", help="random turns up to 15 degrees, scaling up to a fifth"
    )
    train.add_argument("--averaging", type=float, default=0.0, metavar="SHARE", help=_AVERAGING_HELP)
    train.add_argument("--start-from", type=Path, metavar="MODEL", help="a model folder whose weights it starts with")
    train.add_argument("--seed", type=parse_at_least(0), default=1)
    train.add_argument("--threads", type=parse_at_least(0), default=0, metavar="N", help="0: all cores")
    train.add_argument("--cores", default="", metavar="0-7|nodeN", help="cores, or a NUMA node, that it keeps to")
    train.add_argument("--sentinels", default="", metavar="NAME,NAME", help="cases to watch; default: two")
    train.add_argument("--sentinel-epochs", type=parse_at_least(0), default=1, metavar="N", help=_SENTINEL_HELP)
    train.add_argument("--no-tensorboard", action="store_true", help="write no files for TensorBoard into the run")
    train.add_argument("--override", action="store_true", help="start it although it does not fit into memory")
    train.add_argument("--background", action="store_true", help="return as soon as the run is started")

    supervise = add_command(commands, "supervise", run_supervise, summary="carry out a run (for the program itself)")
    supervise.add_argument("folder", type=Path, metavar="RUN")


def run_train(options: argparse.Namespace) -> Outcome:
    """`workstation train`."""
    from workstation.core.requests import EngineSettings, TrainRequest
    from workstation.io.runs import RunFolder, default_runs_root
    from workstation.jobs.local import start

    request = TrainRequest(
        data=str(options.data.resolve()),
        preset=options.preset,
        size=options.size,
        batch=options.batch,
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        loss=options.loss,
        validation=options.validation,
        test=options.test,
        seed=options.seed,
        augment=not options.no_augmentation,
        vary_intensities=options.vary_intensities,
        vary_shapes=options.vary_shapes,
        averaging=options.averaging,
        start_from=str(options.start_from.resolve()) if options.start_from else "",
        decay=options.decay,
        normalisation=options.normalisation,
        memory="plain" if options.engine == "plain" else options.memory,
        precision=options.precision,
        micro_batch=options.micro_batch,
        filters=options.filters,
        depth=options.depth,
        cases=_names(options.cases),
        sentinels=_names(options.sentinels),
        sentinel_epochs=options.sentinel_epochs,
        tensorboard=not options.no_tensorboard,
        split=str(options.split.resolve()) if options.split else "",
        settings=EngineSettings(intra_threads=options.threads, cores=options.cores),
    )
    _refuse_unreadable_data(options.data)
    root = default_runs_root() if options.run is None else options.run.resolve().parent
    refused = None if options.override else refusal(request, root)
    if refused is not None:
        return refused
    if options.run is None:
        run = RunFolder.create(default_runs_root(), request, label=options.data.resolve().name)
    else:
        run = RunFolder.create_at(options.run.resolve(), request)
    start(run)
    if options.background:
        return Outcome({"run": str(run.path), "state": "waiting"}, f"started {run.path}")
    return watch(run)


def watch(run: RunFolder) -> Outcome:
    """Follow a run to its end; Ctrl+C asks it to stop, a second Ctrl+C leaves it running."""
    from workstation.jobs.control import stop_now

    line = ProgressLine()
    print(f"run folder: {run.path}", file=sys.stderr)
    status = _follow(run, line)
    if status is None:
        line.end("stopping; press Ctrl+C again to leave the run going")
        stop_now(run)
        status = _follow(run, line)
    if status is None:
        return Outcome({"run": str(run.path), "state": "running"}, f"left running: {run.path}", status=130)
    line.end()
    return _ended(run, status)


def run_supervise(options: argparse.Namespace) -> Outcome:
    """`workstation supervise`."""
    from workstation.jobs.supervisor import supervise

    return Outcome({"run": str(options.folder)}, status=supervise(options.folder.resolve()))


def _refuse_unreadable_data(folder: Path) -> None:
    """Say now, not in a background process, that a folder is no data set."""
    from workstation.io.layouts import open_dataset

    open_dataset(folder)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _parse_size(text: str) -> str:
    if text != "full":
        parse_shape(text)
    return text


def _follow(run: RunFolder, line: ProgressLine) -> RunStatus | None:
    """Show progress until the run ends; None after Ctrl+C."""
    try:
        while True:
            status = run.status()
            if status.is_ended:
                return status
            line.show(_progress_text(status), fraction=_fraction(status))
            time.sleep(_WATCH_SECONDS)
    except KeyboardInterrupt:
        return None


def _fraction(status: RunStatus) -> float | None:
    return status.done / status.total if status.total else None


def _progress_text(status: RunStatus) -> str:
    parts = [status.state]
    if status.state == "waiting" and status.text:
        return f"{status.text} (place {status.place})"
    if status.epochs:
        parts.append(f"epoch {status.epoch}/{status.epochs}")
    if status.loss is not None:
        parts.append(f"loss {number(status.loss)}")
    if status.dice is not None:
        parts.append(f"Dice {number(status.dice, digits=3)}")
    if status.val_dice is not None:
        parts.append(f"validation {number(status.val_dice, digits=3)}")
    if status.peak_bytes:
        parts.append(f"{status.peak_bytes / GIB:.1f} GiB")
    if status.seconds_left is not None:
        parts.append(f"{status.seconds_left:.0f} s left")
    if status.warning:
        parts.append(status.warning)
    return ", ".join(parts)


def _ended(run: RunFolder, status: RunStatus) -> Outcome:
    is_good = status.state in ("finished", "stopped")
    if not is_good:
        raise RunError(
            f"the run {run.path.name} {status.state}: {status.reason}",
            hint=status.hint or f"Its log is {run.log}.",
            path=run.path,
        )
    data = {
        "run": str(run.path),
        "state": status.state,
        "model": str(run.model) if (run.model / "card.json").exists() else None,
        "epoch": status.epoch,
        "loss": status.loss,
        "dice": status.dice,
        "val_dice": status.val_dice,
        "peak_bytes": status.peak_bytes,
    }
    return Outcome(data, f"{_progress_text(status)}\nrun folder: {run.path}")
