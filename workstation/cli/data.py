"""Commands about files: phantom, evaluate."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workstation.cli.output import Outcome, add_command, number, parse_at_least, parse_shape, table

if TYPE_CHECKING:
    from workstation.io.results import PairResult

SCHEME_NAMES = ("brats2021", "brats2023", "msd")
REGION_NAMES = ("WT", "TC", "ET")
_SCORE_TITLES = [
    *("prediction", "region", "Dice", "NSD 1 mm", "sensitivity", "specificity", "precision", "HD95 mm", "ASSD mm"),
    *("truth ml", "prediction ml", "lesion Dice", "lesion HD95", "tp/fp/fn"),
]
_SCORE_NOTE = (
    "HD95: larger directed 95th percentile of surface distances, by area; 374 mm if one mask is empty.\n"
    "Lesions: BraTS 2023 (dilated by 3 voxels; lesions of the truth up to 50 mm3 left out)."
)


def add_commands(commands: Any) -> None:
    """Add this module's sub-commands."""
    phantom = add_command(commands, "phantom", run_phantom, summary="write made-up cases in a known layout")
    phantom.add_argument("out", type=Path, metavar="OUT", help="a new or empty folder")
    phantom.add_argument("--cases", type=parse_at_least(1), default=4, metavar="N")
    phantom.add_argument("--shape", type=parse_shape, default=(64, 64, 64), metavar="IxJxK")
    phantom.add_argument("--layout", choices=("msd", "brats2021", "brats2023", "nnunet"), default="brats2021")
    phantom.add_argument("--seed", type=parse_at_least(0), default=1)

    evaluate = add_command(commands, "evaluate", run_evaluate, summary="score predictions against truths, per region")
    evaluate.add_argument("prediction", type=Path, metavar="PREDICTION", help="a mask, or a folder of masks")
    evaluate.add_argument("truth", type=Path, metavar="TRUTH", help="a mask, a folder of masks, or a data set")
    evaluate.add_argument("--scheme", choices=SCHEME_NAMES, help="label scheme of both, where it is not recognised")
    evaluate.add_argument("--region", choices=REGION_NAMES, help="the predictions are 0/1 masks of this region")
    evaluate.add_argument("--labels", action="store_true", help="rows of single labels too (--json has them anyway)")
    evaluate.add_argument("--csv", type=Path, metavar="FILE", help="also write the table as CSV")


def run_phantom(options: argparse.Namespace) -> Outcome:
    """`workstation phantom`."""
    from workstation.io.phantoms import write_phantoms

    data_set = write_phantoms(
        options.out, cases=options.cases, shape=options.shape, layout=options.layout, seed=options.seed
    )
    names = [case.name for case in data_set.cases]
    return Outcome(
        {"out": str(options.out), "layout": data_set.layout, "cases": names, "shape": list(options.shape)},
        f"wrote {len(names)} cases to {options.out} ({data_set.layout})",
    )


def run_evaluate(options: argparse.Namespace) -> Outcome:
    """`workstation evaluate`."""
    from workstation.io.results import as_json, evaluate, write_csv

    results = evaluate(options.prediction, options.truth, scheme=options.scheme, region=options.region)
    if options.csv:
        write_csv(options.csv, results, with_labels=options.labels)
    rows = [row for result in results for row in _score_rows(result, with_labels=options.labels)]
    text = f"{table([_SCORE_TITLES, *rows], left_columns=2)}\n\n{_SCORE_NOTE}"
    return Outcome(as_json(results), text)


def _score_rows(result: PairResult, *, with_labels: bool) -> Iterator[list[str]]:
    from workstation.io.results import named_scores

    for name, scores in named_scores(result, with_labels=with_labels):
        ratios = (scores.dice, scores.nsd_1mm, scores.sensitivity, scores.specificity, scores.precision)
        measures = (scores.hd95_mm, scores.assd_mm, scores.truth_ml, scores.prediction_ml)
        yield [
            result.prediction.name,
            name,
            *(number(value) for value in ratios),
            *(number(value, digits=2) for value in measures),
            number(scores.lesionwise_dice),
            number(scores.lesionwise_hd95_mm, digits=2),
            f"{scores.lesions_tp}/{scores.lesions_fp}/{scores.lesions_fn}",
        ]
