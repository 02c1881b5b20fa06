"""The command `runs`: what is done to runs, and how they share the machine.

Window, command line and supervisors read and write the same folder, so whatever is asked here shows everywhere.
"""

from __future__ import annotations

import argparse
import codecs
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workstation.cli.course import add_course_options, clone_run, extend_run, resume_ended, set_rate
from workstation.cli.output import GIB, Outcome, add_command, number, parse_at_least, table
from workstation.cli.run_argument import run_named
from workstation.errors import RunError

if TYPE_CHECKING:
    from workstation.io.runs import RunFolder, RunStatus

_FOLLOW_SECONDS = 0.5
_MOST_NAMED = 5
_EPILOG = """\
list               every run: state, epoch, Dice, memory, and what a waiting one waits for
log RUN            what its engine printed
pause RUN          let a training rest after its present step; it keeps its memory
stop RUN           end it after its present step, or at once while it waits
stop-after-epoch   end it at the end of its epoch
resume RUN         let a resting run go on, or start an ended or lost one from its last checkpoint; --from best: from
                   its best epoch, best with another --learning-rate
extend RUN         --epochs N: train longer; one that has ended starts again
rate RUN           --learning-rate X: from the next epoch, or from epoch --from-epoch on
clone RUN          start a new run that asks for the same, but for --set FIELD=VALUE
remove RUN         delete a run that has ended, with its model
queue              who runs, who waits, what is reserved; with options: how runs share this machine from now on
"""


def add_commands(commands: Any) -> None:
    """Add this module's sub-command."""
    runs = add_command(commands, "runs", run_runs, summary="list runs, or read and control one")
    runs.formatter_class, runs.epilog = argparse.RawDescriptionHelpFormatter, _EPILOG
    runs.add_argument("verb", nargs="?", choices=tuple(_VERBS), default="list")
    runs.add_argument("name", nargs="?", metavar="RUN", help="a run's name or folder")
    runs.add_argument("--yes", action="store_true", help="remove without a question")
    runs.add_argument("--lines", type=parse_at_least(1), metavar="N", help="of the log: the last N")
    runs.add_argument("--follow", action="store_true", help="of the log: go on until the run ends")
    add_course_options(runs)
    queue = runs.add_argument_group("of the queue")
    queue.add_argument("--memory", metavar="64GiB|auto", help="what runs may take together; auto: nine tenths of all")
    queue.add_argument("--at-once", type=parse_at_least(0), metavar="N", help="most runs at once; 0: as memory allows")
    queue.add_argument("--cores", choices=("left", "divided"), help="left: the system shares them; divided: 1/N each")
    queue.add_argument("--notify", choices=("on", "off"), help="tell the desktop when a run ends")


def run_runs(options: argparse.Namespace) -> Outcome:
    """`workstation runs`."""
    return _VERBS[options.verb](options)


def list_of_runs(options: argparse.Namespace) -> Outcome:
    """`workstation runs list`."""
    from workstation.io.changed_masks import changed_masks
    from workstation.io.runs import default_runs_root, list_runs

    runs = list_runs(default_runs_root())
    statuses = [run.status() for run in runs]
    changed = {run.name: changed_masks(run) for run in runs}
    rows = [["run", "kind", "state", "epoch", "validation Dice", "peak GiB"]]
    for status in statuses:
        epoch = f"{status.epoch}/{status.epochs}" if status.epochs else "-"
        peak = f"{status.peak_bytes / GIB:.1f}" if status.peak_bytes else "-"
        rows.append([status.name, status.kind, status.state, epoch, number(status.val_dice, digits=3), peak])
    if not statuses:
        return Outcome({"runs": []}, "no runs yet; `workstation train DATA` starts one")
    notes = [f"{status.name}: {note}" for status in statuses if (note := _note(status))]
    notes += [f"{name}: {_stale_words(cases)}" for name, cases in changed.items() if cases]
    facts = [{**_facts(status), "changed_masks": list(changed[status.name])} for status in statuses]
    return Outcome({"runs": facts}, "\n".join([table(rows, left_columns=3), *notes]))


def show_log(options: argparse.Namespace) -> Outcome:
    """`workstation runs log`."""
    run = run_named(options)
    data = run.log.read_bytes() if run.log.exists() else b""
    lines = data.decode(errors="replace").splitlines()[-(options.lines or 0) :]
    if not options.follow:
        return Outcome({"run": str(run.path), "log": "\n".join(lines)}, "\n".join(lines))
    # To people as it comes; with --json stdout is for the one object at the end.
    out = sys.stderr if options.json else sys.stdout
    print("\n".join(lines), file=out, flush=True)
    _follow_log(run, len(data), out)
    return Outcome({"run": str(run.path), "state": run.status().state})


def control_run(options: argparse.Namespace) -> Outcome:
    """`workstation runs pause`, `stop`, `stop-after-epoch`, `resume`."""
    from workstation.jobs import control

    run = run_named(options)
    status = run.status()
    said = f"asked {run.name} to {options.verb.replace('-', ' ')}"
    match options.verb:
        case "pause":
            control.pause(run)
            when = "as soon as it runs" if status.state == "waiting" else "after its present step"
            kept = f" the {status.reserved_bytes / GIB:.1f} GiB" if status.reserved_bytes else " the memory"
            said = f"asked {run.name} to rest {when}; it keeps{kept} reserved for it"
        case "stop":
            control.stop_now(run)
        case "stop-after-epoch":
            control.stop_after_epoch(run)
        case _ if status.is_ended:
            said = resume_ended(run, options)
        case _:
            control.resume(run)
    return Outcome({"run": str(run.path), "asked": options.verb}, said)


def remove_run(options: argparse.Namespace) -> Outcome:
    """`workstation runs remove`."""
    from workstation.jobs.control import remove

    run = run_named(options)
    if not options.yes:
        _ask_about(run)
    count = remove(run)
    return Outcome({"run": str(run.path), "removed_bytes": count}, f"removed {run.name} ({count / 2**20:.1f} MiB)")


def show_queue(options: argparse.Namespace) -> Outcome:
    """`workstation runs queue`."""
    from workstation.io.runs import RunFolder, default_runs_root
    from workstation.jobs.queue_settings import read_queue_settings, write_queue_settings
    from workstation.jobs.turns import Turns

    root = default_runs_root()
    settings = read_queue_settings(root)
    wanted: dict[str, Any] = {"at_once": options.at_once, "cores": options.cores}
    wanted["memory"] = "" if options.memory == "auto" else options.memory
    wanted["notifies"] = None if options.notify is None else options.notify == "on"
    changes = {name: value for name, value in wanted.items() if value is not None}
    if changes:
        settings = replace(settings, **changes)
        write_queue_settings(root, settings)
    look = Turns(root).look()
    rows = [["run", "", "GiB"]]
    rows += [[ticket.name, "runs", _gib(ticket.bytes)] for ticket in look.running]
    for place, ticket in enumerate(look.waiting, start=1):
        rows.append([ticket.name, f"waits, place {place}", "all" if ticket.is_alone else _gib(ticket.bytes)])
    budget, free = look.limits.budget_bytes, look.free_bytes
    lines = [f"memory of the queue: {_gib(budget)} GiB, {_gib(look.reserved_bytes)} reserved, {_gib(free)} free"]
    lines += [table(rows, left_columns=2)] if len(rows) > 1 else ["nothing runs and nothing waits"]
    lines += [RunFolder(root / ticket.name).status().text for ticket in look.waiting[:1]]
    data = {
        "budget_bytes": budget,
        "reserved_bytes": look.reserved_bytes,
        "free_bytes": free,
        "running": [{"run": ticket.name, "reserved_bytes": ticket.bytes} for ticket in look.running],
        "waiting": [{"run": ticket.name, "needs_bytes": ticket.bytes} for ticket in look.waiting],
        "settings": settings.as_dict(),
    }
    return Outcome(data, "\n".join(line for line in lines if line))


_VERBS: Mapping[str, Callable[[argparse.Namespace], Outcome]] = {
    "list": list_of_runs,
    "log": show_log,
    "pause": control_run,
    "stop": control_run,
    "stop-after-epoch": control_run,
    "resume": control_run,
    "extend": extend_run,
    "rate": set_rate,
    "clone": clone_run,
    "remove": remove_run,
    "queue": show_queue,
}


def _facts(status: RunStatus) -> dict[str, Any]:
    names = ("kind", "state", "epoch", "epochs", "val_dice", "peak_bytes", "estimate_bytes", "reserved_bytes", "place")
    more = ("why", "beside", "warning", "reason", "hint")
    return {"run": status.name} | {name: getattr(status, name) for name in (*names, *more)}


def _note(status: RunStatus) -> str:
    """What a reader of the list should know besides."""
    if status.state == "waiting":
        return f"{status.text} (place {status.place})" if status.text else ""
    return status.warning or (status.reason if status.state in ("failed", "killed", "lost") else "")


def _stale_words(cases: Sequence[str]) -> str:
    masks = "1 mask that it learned from was" if len(cases) == 1 else f"{len(cases)} masks that it learned from were"
    shown = ", ".join(cases[:_MOST_NAMED]) + (", ..." if len(cases) > _MOST_NAMED else "")
    return f"stale: {masks} changed since ({shown})"


def _gib(count: int) -> str:
    return f"{count / GIB:.1f}"


def _ask_about(run: RunFolder) -> None:
    """Ask on the terminal; `RunError` without one, or if the answer is no."""
    if not sys.stdin.isatty():
        raise RunError(f"{run.name} was not removed: nobody can be asked.", hint="Say --yes.", path=run.path)
    has_model = " and its model" if (run.model / "card.json").exists() else ""
    print(f"Remove {run.path}{has_model}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise RunError(f"{run.name} was not removed.", path=run.path)


def _follow_log(run: RunFolder, offset: int, out: Any) -> None:
    """Print what comes until the run ends, or Ctrl+C."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    while True:
        is_ended = run.status().is_ended
        data = b""
        if run.log.exists():
            with run.log.open("rb") as file:
                file.seek(offset)
                data = file.read()
        offset += len(data)
        if data:
            # A look may come in the middle of a character.
            print(decoder.decode(data), end="", file=out, flush=True)
        if is_ended:
            return
        time.sleep(_FOLLOW_SECONDS)
