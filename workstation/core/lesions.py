"""Lesions of a mask, matched as the BraTS 2023 challenge does: each lesion of the truth against what was found there.

Components of the truth whose dilations touch are one lesion. Each component of the prediction that reaches into a
lesion's dilation belongs to it (and may belong to several); one that reaches into none is a false positive. A lesion's
Dice and HD95 are taken with all components that belong to it, whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from workstation.core.surface import ShouldStop, SurfaceDistances, SurfacePair, components_of

# Of the preset BraTS-GLI.
DILATION_STEPS = 3
LARGEST_IGNORED_MM3 = 50.0
HD95_PENALTY_MM = 374.0

# Voxels that share a face, an edge or a corner.
TOUCHING = ndimage.generate_binary_structure(3, 3)


@dataclass(frozen=True, slots=True)
class Lesion:
    """One lesion of the truth, and how it was found.

    Parameters
    ----------
    voxels : int
    volume_ml : float
    voxel : tuple of int
        Its voxel nearest to its middle, (i, j, k) of the array it was found in.
    dice : float
        With the components that belong to it; 0 if it was missed.
    hd95_mm : float
        The same; `HD95_PENALTY_MM` if it was missed.
    is_detected : bool
        Whether a component of the prediction reaches it.
    is_counted : bool
        Whether it is larger than `LARGEST_IGNORED_MM3`; others are left out of scores and counts.
    """

    voxels: int
    volume_ml: float
    voxel: tuple[int, int, int]
    dice: float
    hd95_mm: float
    is_detected: bool
    is_counted: bool


@dataclass(frozen=True, slots=True)
class LesionScores:
    """The lesions of one region.

    Parameters
    ----------
    lesions : tuple of Lesion
        Of the truth, the largest first.
    false_positives : int
        Components of the prediction that reach no lesion, of any size.
    """

    lesions: tuple[Lesion, ...]
    false_positives: int

    @property
    def detected(self) -> int:
        """Lesions that were found, among those counted."""
        return sum(lesion.is_detected for lesion in self.lesions if lesion.is_counted)

    @property
    def missed(self) -> int:
        """Lesions that were missed, among those counted."""
        return sum(not lesion.is_detected for lesion in self.lesions if lesion.is_counted)

    @property
    def dice(self) -> float:
        """Mean Dice over lesions and false positives, which count 0; 1 if there are neither.

        References
        ----------
        github.com/rachitsaluja/BraTS-2023-Metrics, preset BraTS-GLI.
        """
        return self._mean([lesion.dice for lesion in self.lesions if lesion.is_counted], penalty=0.0, nothing=1.0)

    @property
    def hd95_mm(self) -> float:
        """Mean HD95 over lesions and false positives, which count `HD95_PENALTY_MM`; 0 if there are neither."""
        values = [lesion.hd95_mm for lesion in self.lesions if lesion.is_counted]
        return self._mean(values, penalty=HD95_PENALTY_MM, nothing=0.0)

    def _mean(self, values: Sequence[float], *, penalty: float, nothing: float) -> float:
        count = len(values) + self.false_positives
        return (sum(values) + penalty * self.false_positives) / count if count else nothing


@dataclass(frozen=True, slots=True, eq=False)
class LesionInput:
    """A pair of masks with what was already made of them.

    Parameters
    ----------
    truth, prediction : (I, J, K) bool ndarray
        With `DILATION_STEPS` voxels about the truth, except at the volume's own border.
    surfaces : SurfacePair
        Of the two.
    voxel_ml : float
    """

    truth: np.ndarray
    prediction: np.ndarray
    surfaces: SurfacePair
    voxel_ml: float


def score_lesions(masks: LesionInput, *, should_stop: ShouldStop = lambda: False) -> LesionScores:
    """Match and score the lesions of a pair of masks.

    Raises
    ------
    CancelledError
        `should_stop` said so.
    """
    found, found_count = ndimage.label(masks.prediction, TOUCHING)
    # Grown together, the components of one lesion make one component; and what a lesion alone grows to is that
    # component too, so one pass finds every prediction that reaches it.
    grown, lesion_count = ndimage.label(dilated(masks.truth, DILATION_STEPS), TOUCHING)
    lesions = np.where(masks.truth, grown, 0)
    reaching = _meetings(grown, found)
    judged = _Lesions(masks, lesions, found, found_count)
    centres = central_voxels(lesions, lesion_count)
    scored = []
    for number, centre in enumerate(centres.tolist(), start=1):
        if should_stop():
            raise CancelledError
        scored.append(judged.score(number, centre, reaching.others[reaching.ones == number]))
    scored.sort(key=lambda lesion: -lesion.voxels)
    return LesionScores(tuple(scored), found_count - np.unique(reaching.others).size)


def central_voxels(labelled: np.ndarray, count: int) -> np.ndarray:
    """The voxel of each component that is nearest to the component's middle, (count, 3).

    Parameters
    ----------
    labelled : (I, J, K) int ndarray
        Components 1 to `count`; 0 is none.
    """
    flat = np.flatnonzero(labelled)
    number = labelled.ravel()[flat]
    voxels = np.stack(np.unravel_index(flat, labelled.shape), axis=1)
    sizes = np.bincount(number, minlength=count + 1)
    sums = [np.bincount(number, weights=voxels[:, axis], minlength=count + 1) for axis in range(3)]
    middles = np.stack(sums, axis=1) / np.maximum(sizes, 1)[:, None]
    away = np.square(voxels - middles[number]).sum(axis=1)
    least = np.full(count + 1, np.inf)
    np.minimum.at(least, number, away)
    nearest = np.flatnonzero(away == least[number])
    _, first = np.unique(number[nearest], return_index=True)
    central: np.ndarray = voxels[nearest[first]]
    return central


def dilated(mask: np.ndarray, steps: int) -> np.ndarray:
    """A mask grown by voxels that share a face or an edge with it, `steps` times, as the challenge's code does.

    Several times faster than `scipy.ndimage.binary_dilation`: a voxel's 18 neighbours are those of two lines crossed.
    """
    for _ in range(steps):
        i, j = _spread(mask, 0), _spread(mask, 1)
        mask = _spread(i, 1) | _spread(i | j, 2)
    return mask


def _spread(mask: np.ndarray, axis: int) -> np.ndarray:
    """A mask with its neighbours along one axis."""
    grown = mask.copy()
    along, grown_along = np.moveaxis(mask, axis, 0), np.moveaxis(grown, axis, 0)
    grown_along[1:] |= along[:-1]
    grown_along[:-1] |= along[1:]
    return grown


@dataclass(frozen=True, slots=True, eq=False)
class _Meetings:
    """Which components of two labelled arrays share voxels, and how many: three arrays of one length."""

    ones: np.ndarray
    others: np.ndarray
    voxels: np.ndarray


def _meetings(one: np.ndarray, other: np.ndarray) -> _Meetings:
    both = (one > 0) & (other > 0)
    width = int(other.max(initial=0)) + 1
    keys, voxels = np.unique(one[both].astype(np.int64) * width + other[both], return_counts=True)
    return _Meetings(keys // width, keys % width, voxels)


class _Lesions:
    """Scores of single lesions, from what is known of the whole masks."""

    def __init__(self, masks: LesionInput, lesions: np.ndarray, found: np.ndarray, found_count: int) -> None:
        self._masks = masks
        self._found_sizes = np.bincount(found.ravel(), minlength=found_count + 1)
        self._sizes = np.bincount(lesions.ravel())
        self._overlaps = _meetings(lesions, found)
        self._of_truth = components_of(masks.surfaces.truth, lesions)
        self._of_prediction = components_of(masks.surfaces.prediction, found)

    def score(self, number: int, centre: list[int], chosen: np.ndarray) -> Lesion:
        """A lesion with the components `chosen` of the prediction."""
        size = int(self._sizes[number])
        volume_ml = size * self._masks.voxel_ml
        # In this order, 50 voxels of 1 mm3 are 50 mm3 and not a rounding error more.
        is_counted = size * (1000 * self._masks.voxel_ml) > LARGEST_IGNORED_MM3
        place = (centre[0], centre[1], centre[2])
        if not chosen.size:
            return Lesion(size, volume_ml, place, 0.0, HD95_PENALTY_MM, False, is_counted)
        overlaps = self._overlaps
        shared = int(overlaps.voxels[(overlaps.ones == number) & np.isin(overlaps.others, chosen)].sum())
        dice = 2 * shared / (size + int(self._found_sizes[chosen].sum()))
        hd95_mm = self._distances(number, chosen).hd95_mm
        return Lesion(size, volume_ml, place, dice, hd95_mm, True, is_counted)

    def _distances(self, number: int, chosen: np.ndarray) -> SurfaceDistances:
        in_prediction = np.isin(self._of_prediction, chosen)
        return self._masks.surfaces.distances_between(self._of_truth == number, in_prediction)
