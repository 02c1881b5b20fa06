"""What `workstation runs` does to the course of a training: extend, rate, resume from the best epoch, clone."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from workstation.cli.output import Outcome, parse_at_least
from workstation.cli.run_argument import run_named
from workstation.errors import RequestError, RunError

if TYPE_CHECKING:
    from workstation.core.requests import Request
    from workstation.io.runs import RunFolder


def add_course_options(runs: argparse.ArgumentParser) -> None:
    """The options of these verbs."""
    course = runs.add_argument_group("of the course of a training")
    course.add_argument("--epochs", type=parse_at_least(1), metavar="N", help="of extend: how many there are to be")
    course.add_argument("--learning-rate", type=float, metavar="X", help="of rate, extend and resume")
    course.add_argument("--from-epoch", type=parse_at_least(1), metavar="N", help="of rate; default: the next one")
    course.add_argument("--from", dest="checkpoint", choices=("last", "best"), default="last", help="of resume")
    course.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="of clone: as in request.json; repeatable"
    )


def extend_run(options: argparse.Namespace) -> Outcome:
    """`workstation runs extend`: more epochs; a run that has ended goes on from its last checkpoint."""
    from workstation.core.course import Change
    from workstation.jobs import control

    run = run_named(options)
    if not options.epochs:
        raise RequestError("`runs extend` needs --epochs.", field="epochs", hint="How many there are to be in all.")
    status = run.status()
    change = Change(options.epochs, options.learning_rate or 0.0, options.from_epoch or status.epoch + 1)
    control.change_course(run, change)
    said = f"{run.name} goes on to epoch {options.epochs}"
    if status.is_ended:
        control.resume_from_checkpoint(run)
        said = f"started {run.name} again; it goes on to epoch {options.epochs}"
    return Outcome({"run": str(run.path), "epochs": options.epochs}, said)


def set_rate(options: argparse.Namespace) -> Outcome:
    """`workstation runs rate`: another learning rate from an epoch on."""
    from workstation.core.course import Change
    from workstation.jobs import control

    run = run_named(options)
    if not options.learning_rate:
        raise RequestError("`runs rate` needs --learning-rate.", field="learning_rate", hint="Such as 0.0001.")
    epoch = options.from_epoch or run.status().epoch + 1
    control.change_course(run, Change(learning_rate=options.learning_rate, from_epoch=epoch))
    said = f"{run.name} trains with a learning rate of {options.learning_rate:g} from epoch {epoch} on"
    return Outcome({"run": str(run.path), "learning_rate": options.learning_rate, "from_epoch": epoch}, said)


def resume_ended(run: RunFolder, options: argparse.Namespace) -> str:
    """`workstation runs resume` of a run that has ended; what was done, in words."""
    from workstation.core.course import Change
    from workstation.jobs import control

    status = run.status()
    is_best = options.checkpoint == "best"
    if options.learning_rate:
        epoch = (status.best_epoch if is_best else status.epoch) + 1
        control.change_course(run, Change(learning_rate=options.learning_rate, from_epoch=epoch))
    control.resume_from_checkpoint(run, checkpoint="best" if is_best else "")
    if not is_best:
        return f"started {run.name} again; it goes on from its last checkpoint"
    said = f"started {run.name} again; it goes on from its best epoch, {status.best_epoch}"
    # Steps follow from their place alone.
    return said if options.learning_rate else f"{said}; with the same learning rate it takes the same steps again"


def clone_run(options: argparse.Namespace) -> Outcome:
    """`workstation runs clone`: a new run that asks for the same, but for some fields."""
    from workstation.io.runs import RunFolder
    from workstation.jobs.local import start

    original = run_named(options)
    request = _changed(original.request(), options.set)
    # "2026-11-23_task01_ab12" without its day and its end.
    label = "-".join(original.name.split("_")[1:-1]) or original.name
    run = RunFolder.create(original.root, request, label=label)
    start(run)
    return Outcome({"run": str(run.path), "state": "waiting"}, f"started {run.path}")


def _changed(request: Request, changes: list[str]) -> Request:
    """The request with fields of "FIELD=VALUE", the values as in JSON or plain words."""
    values: dict[str, Any] = request.as_dict()
    for change in changes:
        name, has_value, text = change.partition("=")
        if not has_value or name not in values:
            known = ", ".join(name for name in values if name != "settings")
            raise RunError(f"{change!r} names no field of the request.", hint=f"FIELD=VALUE with one of {known}.")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return type(request).from_dict(values)
