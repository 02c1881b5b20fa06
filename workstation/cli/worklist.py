"""Command worklist: what readers decided about a data set, listed and exported; predictions attached, cases measured.

Decisions themselves are made in the window only, where the mask is seen.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.output import Outcome, ProgressLine, add_command, number, table
from workstation.errors import WorkstationError

if TYPE_CHECKING:
    from workstation.core.case import DataSet
    from workstation.core.review import CaseFigures, Decision
    from workstation.io.review_store import ReviewStore

_NOTE_WIDTH = 40


def add_commands(commands: Any) -> None:
    """Add this module's sub-command."""
    worklist = add_command(commands, "worklist", run_worklist, summary="what readers decided about a data set")
    worklist.add_argument("data", type=Path, metavar="DATA", help="the data set's folder")
    worklist.add_argument("--csv", type=Path, metavar="FILE", help="also write the table as CSV")
    worklist.add_argument("--reader", metavar="NAME", help="only the decisions of this reader")
    worklist.add_argument(
        "--predictions", type=Path, metavar="FOLDER", help="take its masks as the cases' predictions, by their names"
    )
    worklist.add_argument(
        "--training-set",
        type=Path,
        metavar="OUT",
        help="make a data set of what was accepted or corrected, with a split, in a new folder",
    )
    worklist.add_argument("--validation", type=float, default=0.1, metavar="SHARE", help="of the training set")
    worklist.add_argument("--test", type=float, default=0.0, metavar="SHARE", help="of the training set")
    worklist.add_argument("--seed", type=int, default=1, metavar="N", help="of its split")
    worklist.add_argument("--measure", action="store_true", help="measure Dice and volumes that are missing or stale")


def run_worklist(options: argparse.Namespace) -> Outcome:
    """`workstation worklist`."""
    from workstation.io.layouts import open_dataset
    from workstation.io.review_export import review_json, review_rows, write_review_csv
    from workstation.io.review_store import ReviewStore, review_path

    data_set = open_dataset(options.data)
    path = review_path(data_set.root)
    if options.training_set:
        return _make_training_set(data_set, path, options)
    history: tuple[Decision, ...] = ()
    figures: dict[str, CaseFigures] = {}
    # A list that nobody asked to change is read, not made.
    if path.is_file() or options.predictions or options.measure:
        with ReviewStore(path) as store:
            if options.predictions:
                _attach(store, data_set, options.predictions)
            if options.measure:
                _measure(store, data_set)
            history, figures = store.history(), store.figures()
    if options.reader:
        history = tuple(each for each in history if each.reader == options.reader)
    names = [files.name for files in data_set.cases]
    facts = review_json(names, history, figures)
    if options.csv:
        write_review_csv(options.csv, review_rows(names, history, figures))
    return Outcome({"data": str(data_set.root), "store": str(path), **facts}, _words(facts))


def _make_training_set(data_set: DataSet, store_path: Path, options: argparse.Namespace) -> Outcome:
    from workstation.core.split import Draw
    from workstation.io.review_store import ReviewStore
    from workstation.io.reviewed_set import make_reviewed_set

    with ReviewStore(store_path) as store:
        latest = store.latest()
    if options.reader:
        latest = {key: each for key, each in latest.items() if key[1] == options.reader}
    line = ProgressLine()
    made = make_reviewed_set(
        data_set,
        latest,
        options.training_set,
        draw=Draw(seed=options.seed, validation=options.validation, test=options.test),
        report=lambda done, total, text: line.show(text, fraction=done / total),
    )
    line.end()
    lines = [
        f"{len(made.cases)} cases in {made.root}",
        f"train on them: workstation train {made.root} --split {made.split}",
    ]
    lines += [f"left out {case}: {problem}" for case, problem in made.problems.items()]
    facts = {
        "root": str(made.root),
        "split": str(made.split),
        "cases": list(made.cases),
        "left_out": dict(made.problems),
    }
    return Outcome({"data": str(data_set.root), "store": str(store_path), "training_set": facts}, "\n".join(lines))


def _attach(store: ReviewStore, data_set: DataSet, folder: Path) -> None:
    from workstation.io.review_figures import predictions_in

    found = predictions_in(folder, data_set.cases)
    store.set_predictions(found)
    print(f"{len(found)} of {len(data_set.cases)} cases have a prediction from {folder}", file=sys.stderr)


def _measure(store: ReviewStore, data_set: DataSet) -> None:
    from workstation.io.review_figures import fingerprint_of, measure_case

    predictions, known = store.predictions(), store.figures()
    line = ProgressLine()
    failures = []
    for place, files in enumerate(data_set.cases, start=1):
        prediction = predictions.get(files.name)
        truth = files.truth.path if files.truth else None
        is_known = files.name in known and known[files.name].fingerprint == fingerprint_of(truth, prediction)
        if is_known or (truth is None and prediction is None):
            continue
        line.show(f"measuring {files.name}", fraction=place / len(data_set.cases))
        try:
            store.keep_figures({files.name: measure_case(files, prediction)})
        except WorkstationError as error:
            failures.append(f"{files.name}: {error.message}")
    line.end()
    for failure in failures:
        print(failure, file=sys.stderr)


def _words(facts: dict[str, Any]) -> str:
    rows = [["case", "reader", "status", "reason", "note", "Dice WT", "prediction ml"]]
    for row in facts["rows"]:
        note = row["note"].replace("\n", " ")
        note = note if len(note) <= _NOTE_WIDTH else note[: _NOTE_WIDTH - 3] + "..."
        words = [row["case"], row["reader"], row["status"], row["reason"], note]
        rows.append([*words, number(row["dice_wt"]), number(row["prediction_ml"], digits=1)])
    lines = [table(rows, left_columns=5), f"{facts['read']} of {facts['cases']} cases read"]
    for pair in facts["agreement"]:
        same = pair["both_accept"] + pair["both_reject"]
        kappa = "undefined" if pair["kappa"] is None else f"{pair['kappa']:.3f}"
        readers = f"{pair['first']} and {pair['second']}"
        lines.append(f"{readers}: one verdict on {same} of {pair['cases']} cases, Cohen's kappa {kappa}")
    return "\n".join(lines)
