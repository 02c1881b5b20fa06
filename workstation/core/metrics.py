"""All figures of a prediction against its truth: overlap, surfaces, volumes, lesions, for every region and label.

Names are those of the JSON and CSV that the command line writes. Where a mask is empty, ratios and distances follow the
BraTS challenge: both empty, Dice 1 and HD95 0; one empty, Dice 0 and HD95 374 mm.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass

from workstation.core.label_pair import LabelPair, Target, crop_pair
from workstation.core.lesions import DILATION_STEPS, HD95_PENALTY_MM, Lesion, LesionInput, LesionScores, score_lesions
from workstation.core.overlap import OverlapCounts, challenge_value, count_overlap
from workstation.core.surface import ShouldStop, SurfaceDistances, SurfacePair, surface_of
from workstation.core.volume import LabelMap

_THREADS = 2


@dataclass(frozen=True, slots=True)
class Scores:
    """Figures of one region or label.

    Parameters
    ----------
    dice, jaccard, sensitivity, specificity, precision : float
        0 to 1; 0/0 is 1 if both masks are empty, else 0.
    hd95_mm : float
        The larger directed 95th percentile of surface distances, by area; 374 if one mask is empty, 0 if both are.
    assd_mm : float
        Average symmetric surface distance, by area; NaN if one mask is empty, 0 if both are.
    nsd_1mm, nsd_2mm : float
        Share of both surfaces within 1 and 2 mm of the other one; 0 if one mask is empty, 1 if both are.
    truth_ml, prediction_ml, difference_ml : float
        Volumes, and prediction minus truth.
    lesionwise_dice, lesionwise_hd95_mm : float
        Means over lesions of the truth and false-positive components, of `core.lesions`.
    lesions_tp, lesions_fp, lesions_fn : int
        Lesions found, components that reach no lesion, lesions missed.
    """

    dice: float
    jaccard: float
    sensitivity: float
    specificity: float
    precision: float
    hd95_mm: float
    assd_mm: float
    nsd_1mm: float
    nsd_2mm: float
    truth_ml: float
    prediction_ml: float
    difference_ml: float
    lesionwise_dice: float
    lesionwise_hd95_mm: float
    lesions_tp: int
    lesions_fp: int
    lesions_fn: int


@dataclass(frozen=True, slots=True)
class MaskScores:
    """Figures of one region or label, and the lesions of its truth.

    Parameters
    ----------
    scores : Scores
    lesions : tuple of Lesion
        The largest first; their voxels are those of the whole volume.
    """

    scores: Scores
    lesions: tuple[Lesion, ...]


@dataclass(frozen=True, slots=True)
class PairScores:
    """Figures of one prediction.

    Parameters
    ----------
    regions : mapping of str to MaskScores
        Of every region that both masks can express, in the order WT, TC, ET, RC.
    labels : mapping of int to MaskScores
        Of every tissue that both schemes name, by its value in the truth's.
    """

    regions: Mapping[str, MaskScores]
    labels: Mapping[int, MaskScores]


def measure_pair(truth: LabelMap, prediction: LabelMap, *, should_stop: ShouldStop = lambda: False) -> PairScores:
    """Compare two label maps on one grid in every region and label.

    Parameters
    ----------
    truth, prediction : LabelMap
        Of schemes that may differ; labels are known by their tissue.
    should_stop : callable
        Asked often; the work may take seconds.

    Raises
    ------
    CancelledError
        `should_stop` said so.
    ValueError
        The shapes differ.
    """
    pair = crop_pair(truth, prediction, margin=DILATION_STEPS)
    regions, labels = pair.regions, pair.labels
    # A label may be a region by itself, as enhancing tumour is: measured once.
    targets = list(dict.fromkeys([*regions.values(), *labels.values()]))
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="metrics") as pool:
        found = pool.map(lambda target: measure_target(pair, target, should_stop=should_stop), targets)
        scores = dict(zip(targets, found, strict=True))
    return PairScores(
        {name: scores[target] for name, target in regions.items()},
        {value: scores[target] for value, target in labels.items()},
    )


def measure_target(pair: LabelPair, target: Target, *, should_stop: ShouldStop = lambda: False) -> MaskScores:
    """Figures of one target of a pair that was cropped with a margin of `DILATION_STEPS`."""
    if should_stop():
        raise CancelledError
    truth, prediction = pair.masks(target)
    counts = _in_volume(count_overlap(truth, prediction), pair)
    zooms, voxel_ml = pair.grid.zooms, pair.grid.voxel_ml
    surfaces = SurfacePair(surface_of(truth, zooms), surface_of(prediction, zooms), should_stop=should_stop)
    lesions = score_lesions(LesionInput(truth, prediction, surfaces, voxel_ml), should_stop=should_stop)
    placed = tuple(dataclasses.replace(lesion, voxel=pair.in_grid(lesion.voxel)) for lesion in lesions.lesions)
    return MaskScores(_scores(counts, surfaces.distances(), lesions, voxel_ml), placed)


def _in_volume(counts: OverlapCounts, pair: LabelPair) -> OverlapCounts:
    """The counts with the voxels that the crop left away, which are in neither mask."""
    beyond = math.prod(pair.grid.shape) - pair.truth.size
    return dataclasses.replace(counts, tn=counts.tn + beyond)


def _scores(counts: OverlapCounts, distances: SurfaceDistances, lesions: LesionScores, voxel_ml: float) -> Scores:
    hd95_mm = distances.hd95_mm
    return Scores(
        dice=challenge_value(counts.dice, counts),
        jaccard=challenge_value(counts.jaccard, counts),
        sensitivity=challenge_value(counts.sensitivity, counts),
        specificity=challenge_value(counts.specificity, counts),
        precision=challenge_value(counts.precision, counts),
        hd95_mm=HD95_PENALTY_MM if math.isinf(hd95_mm) else hd95_mm,
        assd_mm=distances.assd_mm,
        nsd_1mm=distances.nsd(1.0),
        nsd_2mm=distances.nsd(2.0),
        truth_ml=counts.truth * voxel_ml,
        prediction_ml=counts.prediction * voxel_ml,
        difference_ml=(counts.prediction - counts.truth) * voxel_ml,
        lesionwise_dice=lesions.dice,
        lesionwise_hd95_mm=lesions.hd95_mm,
        lesions_tp=lesions.detected,
        lesions_fp=lesions.false_positives,
        lesions_fn=lesions.missed,
    )
