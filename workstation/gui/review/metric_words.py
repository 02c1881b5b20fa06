"""The metrics in words: title, formula, rule for empty masks, unit and source of each, and its value for people."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from workstation.core.metrics import Scores


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table.

    Parameters
    ----------
    name : str
        Field of `core.metrics.Scores`.
    title : str
    tip : str
        Formula, unit, what empty masks count, source.
    digits : int
        After the point.
    """

    name: str
    title: str
    tip: str
    digits: int


def metrics() -> tuple[Metric, ...]:
    """The metrics in their order; made anew, for the language may have changed."""
    return (*_overlap(), *_surfaces(), *_volumes(), *_lesions())


def value_text(scores: Scores, metric: Metric) -> str:
    """A value of the table; a dash where it is undefined."""
    value = float(getattr(scores, metric.name))
    if math.isnan(value):
        return "\N{EN DASH}"
    return f"{value:+,.{metric.digits}f}" if metric.name == "difference_ml" else f"{value:,.{metric.digits}f}"


def is_by_rule(scores: Scores, metric: Metric) -> bool:
    """Whether a value stands for an empty mask, and was not measured."""
    return metric.name not in ("truth_ml", "prediction_ml", "difference_ml", "specificity") and (
        not scores.truth_ml or not scores.prediction_ml
    )


def rule_words(scores: Scores) -> str:
    """Which mask is empty; empty words if none is."""
    if not scores.truth_ml and not scores.prediction_ml:
        return _tr("Both masks are empty here: the value is the rule's.")
    if not scores.truth_ml:
        return _tr("The truth is empty here: the value is the rule's.")
    return "" if scores.prediction_ml else _tr("The prediction is empty here: the value is the rule's.")


def lesion_counts(scores: Scores) -> str:
    """Lesions found, made up and missed."""
    return f"{scores.lesions_tp}/{scores.lesions_fp}/{scores.lesions_fn}"


def lesion_counts_tip() -> str:
    """What the three counts are."""
    return _tr(
        "Lesions of the truth that were found / components of the prediction that reach none / lesions missed.\n"
        "Lesions up to 50 mm\N{SUPERSCRIPT THREE} are left out of the first and the last.\n"
        "BraTS 2023, github.com/rachitsaluja/BraTS-2023-Metrics."
    )


def _overlap() -> tuple[Metric, ...]:
    empty = _tr("Both masks empty: 1. One empty: 0. (BraTS 2023)")
    return (
        Metric("dice", "Dice", _tr("2 TP / (2 TP + FP + FN), 0 to 1.\n{}\nDice LR, Ecology 1945.").format(empty), 4),
        Metric("jaccard", "Jaccard", _tr("TP / (TP + FP + FN), 0 to 1.\n{}\nJaccard P, 1912.").format(empty), 4),
        Metric(
            "sensitivity", _tr("Sensitivity"), _tr("TP / (TP + FN): share of the truth found.\n{}").format(empty), 4
        ),
        Metric(
            "specificity",
            _tr("Specificity"),
            _tr(
                "TN / (TN + FP) over the whole volume: share of what is not tumour that was left alone.\n"
                "Near 1 for every small region, as most of a volume is background."
            ),
            4,
        ),
        Metric(
            "precision",
            _tr("Precision"),
            _tr("TP / (TP + FP): share of the prediction that is true.\n{}").format(empty),
            4,
        ),
    )


def _surfaces() -> tuple[Metric, ...]:
    source = _tr("Surface elements as in google-deepmind/surface-distance.")
    return (
        Metric(
            "hd95_mm",
            _tr("HD95 mm"),
            _tr(
                "Hausdorff distance, 95 %: the larger of the two directed 95th percentiles of surface distances, "
                "weighted by area. Other programs pool both directions or count voxels, and get other numbers.\n"
                "Both masks empty: 0. One empty: 374. (BraTS 2023)\n{}"
            ).format(source),
            2,
        ),
        Metric(
            "assd_mm",
            _tr("Mean dist. mm"),
            _tr(
                "Average symmetric surface distance (ASSD), weighted by area.\n"
                "Both masks empty: 0. One empty: undefined.\n{}"
            ).format(source),
            2,
        ),
        *(
            Metric(
                f"nsd_{tolerance}mm",
                _tr("NSD {} mm").format(tolerance),
                _tr(
                    "Normalised surface Dice: share of both surfaces within {} mm of the other one, by area.\n"
                    "Both masks empty: 1. One empty: 0.\nNikolov S et al., J Med Internet Res 2021. {}"
                ).format(tolerance, source),
                4,
            )
            for tolerance in (1, 2)
        ),
    )


def _volumes() -> tuple[Metric, ...]:
    volume = _tr("Voxels times the volume of one, in millilitres (cm\N{SUPERSCRIPT THREE}).")
    return (
        Metric("truth_ml", _tr("Truth ml"), volume, 2),
        Metric("prediction_ml", _tr("Prediction ml"), volume, 2),
        Metric("difference_ml", _tr("Difference ml"), _tr("Volume of the prediction minus that of the truth."), 2),
    )


def _lesions() -> tuple[Metric, ...]:
    how = _tr(
        "Components of the truth that touch after three dilations are one lesion; predictions that reach its dilation "
        "belong to it. Lesions up to 50 mm\N{SUPERSCRIPT THREE} are left out.\n"
        "BraTS 2023, github.com/rachitsaluja/BraTS-2023-Metrics."
    )
    return (
        Metric(
            "lesionwise_dice",
            _tr("Lesion Dice"),
            _tr("Mean Dice of the lesions; one that was missed or made up counts 0. Neither of them: 1.\n{}").format(
                how
            ),
            4,
        ),
        Metric(
            "lesionwise_hd95_mm",
            _tr("Lesion HD95"),
            _tr("Mean HD95 of the lesions, mm; one that was missed or made up counts 374. Neither: 0.\n{}").format(how),
            2,
        ),
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("Metrics", text)
