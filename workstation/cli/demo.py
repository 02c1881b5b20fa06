"""The command demo: the whole main job once, small enough for a minute or two on two cores.

Train a small network on whole volumes, segment a case it has not seen, print the metrics, export the mask, write the
comparison picture, and open the window on it where there is a display.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.output import Outcome, add_command, number, parse_at_least, table
from workstation.cli.runs import watch
from workstation.errors import LayoutError, RunError

if TYPE_CHECKING:
    from workstation.core.case import CaseFiles, DataSet
    from workstation.core.requests import TrainRequest
    from workstation.io.results import PairResult
    from workstation.io.runs import RunFolder

PHANTOM_SHAPE = (80, 80, 64)
PHANTOM_CASES = 8


def add_commands(commands: Any) -> None:
    """Add this module's sub-command."""
    demo = add_command(commands, "demo", run_demo, summary="train, segment, compare and export once, in two minutes")
    demo.add_argument("--data", type=Path, metavar="DIR", help="real cases with truth; default: made-up ones")
    demo.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR")
    demo.add_argument("--epochs", type=parse_at_least(1), metavar="N", help="default: what fits two minutes")
    demo.add_argument("--no-window", action="store_true", help="end after the picture")


def run_demo(options: argparse.Namespace) -> Outcome:
    """`workstation demo`."""
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    data_set = _data_set(options.data, out)
    unseen, request = _plan(data_set, is_real=options.data is not None, epochs=options.epochs)
    _say(f"training on {len(request.cases)} cases, whole volumes; {unseen.name} is kept aside")
    run, trained = _carry_out(out, request, label="train")
    _say(f"segmenting {unseen.name}")
    mask = _segment(out, run, unseen)
    result = _score(mask, unseen)
    exported = _export(mask, out / f"{unseen.name}_prediction.nii.gz")
    picture = _picture(unseen, exported, out / f"{unseen.name}_comparison.png")
    data = {
        "run": str(run.path),
        "training": dict(trained.data),
        "case": unseen.name,
        "regions": {name: {"dice": scores.dice} for name, scores in result.regions.items()},
        "mask": str(exported),
        "picture": str(picture),
    }
    text = "\n".join([_metrics_text(result), f"mask:    {exported}", f"picture: {picture}", f"run:     {run.path}"])
    if options.no_window or not _has_display():
        note = "" if options.no_window else "\nno display here: open the picture, or run the same on a desktop"
        return Outcome(data, text + note)
    if not options.json:
        print(text, flush=True)
    return Outcome(data, "" if not options.json else text, status=_open_window(unseen, exported))


def _data_set(folder: Path | None, out: Path) -> DataSet:
    from workstation.io.layouts import open_dataset
    from workstation.io.phantoms import write_phantoms

    if folder is not None:
        return open_dataset(folder)
    phantoms = out / "phantoms"
    if phantoms.is_dir():
        return open_dataset(phantoms)
    _say(f"writing {PHANTOM_CASES} made-up cases to {phantoms}")
    return write_phantoms(phantoms, cases=PHANTOM_CASES, shape=PHANTOM_SHAPE, layout="brats2021", seed=1)


def _plan(data_set: DataSet, *, is_real: bool, epochs: int | None) -> tuple[CaseFiles, TrainRequest]:
    """The case kept aside (the last with truth), and a training on the others that two cores finish in two minutes."""
    from workstation.core.requests import TrainRequest

    labelled = [case for case in data_set.cases if case.truth is not None and "FLAIR" in case.sequences]
    if len(labelled) < 3:
        raise LayoutError(
            f"{data_set.root} holds {len(labelled)} cases with FLAIR and truth; the demo needs 3",
            hint="Give a folder with more cases, or leave --data away to use made-up ones.",
            path=data_set.root,
        )
    *others, unseen = labelled
    request = TrainRequest(
        data=str(data_set.root.resolve()),
        cases=tuple(case.name for case in others),
        size="128x144x96" if is_real else "full",
        epochs=epochs or (8 if is_real else 16),
        learning_rate=2e-3 if is_real else 3e-3,
        loss="dice" if is_real else "bce+dice",
        validation=1 / len(others),
        test=0.0,
        filters=8,
        depth=3,
        seed=1,
    )
    return unseen, request


def _carry_out(out: Path, request: Any, *, label: str) -> tuple[RunFolder, Outcome]:
    """Start a run under `out`, follow it to its end; raises RunError unless it finished."""
    from workstation.io.runs import RunFolder
    from workstation.jobs.local import start

    run = RunFolder.create(out / "runs", request, label=label)
    start(run)
    outcome = watch(run)
    if outcome.data["state"] != "finished":
        raise RunError(f"the demo's run was {outcome.data['state']}", hint="Run the demo again.", path=run.path)
    return run, outcome


def _segment(out: Path, run: RunFolder, case: CaseFiles) -> Path:
    from workstation.core.requests import SegmentRequest

    request = SegmentRequest(model=str(run.model), cases=(str(case.sequences["FLAIR"].path),))
    segmentation, _ = _carry_out(out, request, label="segment")
    return next(iter(sorted(segmentation.predictions.glob("*.nii.gz"))))


def _score(mask: Path, case: CaseFiles) -> PairResult:
    from workstation.io.results import evaluate_pair

    if case.truth is None:
        raise LayoutError(f"{case.name} has no truth", hint="Choose a case with a truth mask.")
    return evaluate_pair(mask, case.truth.path)


def _export(mask: Path, out: Path) -> Path:
    from workstation.io.export import export_mask

    return export_mask(mask, out).mask


def _picture(case: CaseFiles, mask: Path, out: Path) -> Path:
    from workstation.gui.snapshot import write_snapshot

    truth = case.truth.path if case.truth else None
    write_snapshot(case.sequences["FLAIR"].path, truth=truth, prediction=mask, at=None, out=out)
    return out


def _metrics_text(result: PairResult) -> str:
    rows = [["region", "Dice", "sensitivity", "specificity", "truth ml", "prediction ml"]]
    for name, scores in result.regions.items():
        ratios = [number(value, digits=3) for value in (scores.dice, scores.sensitivity, scores.specificity)]
        rows.append([name, *ratios, number(scores.truth_ml, digits=1), number(scores.prediction_ml, digits=1)])
    return table(rows)


def _has_display() -> bool:
    names = ("DISPLAY", "WAYLAND_DISPLAY")
    return platform.system() != "Linux" or any(os.environ.get(name) for name in names)


def _open_window(case: CaseFiles, mask: Path) -> int:
    from workstation.gui.application import run_window

    truth = case.truth.path if case.truth else None
    return run_window([case.sequences["FLAIR"].path], truth=truth, prediction=mask)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
