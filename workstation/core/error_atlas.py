"""Where a prediction errs: connected components of false positives and false negatives, each with its cost in Dice."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import ndimage

from workstation.core.label_pair import LabelPair, Target, crop_pair
from workstation.core.lesions import TOUCHING, central_voxels
from workstation.core.overlap import OverlapCounts, challenge_value, count_overlap
from workstation.core.surface import ShouldStop, nearest_mm
from workstation.core.volume import LabelMap

ErrorKind = Literal["fp", "fn"]


@dataclass(frozen=True, slots=True)
class ErrorComponent:
    """One connected error.

    Parameters
    ----------
    region : str
        Empty for an error of a label.
    kind : {"fp", "fn"}
        In the prediction alone, or in the truth alone.
    voxels : int
    volume_ml : float
    voxel : tuple of int
        Its voxel nearest to its middle, (i, j, k) of the whole volume.
    distance_mm : float
        From its nearest voxel to the nearest one of the other mask (of the truth for "fp", of the prediction for "fn"),
        centre to centre: one voxel where it touches; infinite if the other mask is empty.
    reach_mm : float
        The same from its farthest voxel.
    dice_cost : float
        Dice of the region or label if it alone were mended, minus Dice now.
    label : int or None
        Its value in the truth's scheme; None for an error of a region.
    """

    region: str
    kind: ErrorKind
    voxels: int
    volume_ml: float
    voxel: tuple[int, int, int]
    distance_mm: float
    reach_mm: float
    dice_cost: float
    label: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ErrorAtlas:
    """All errors of a prediction.

    Parameters
    ----------
    regions : mapping of str to tuple of ErrorComponent
        The largest first.
    labels : mapping of int to tuple of ErrorComponent
        By the label's value in the truth's scheme, the largest first. A voxel with another label than it should have is
        an error of both: it is too much of the one and missing from the other.
    """

    regions: Mapping[str, tuple[ErrorComponent, ...]]
    labels: Mapping[int, tuple[ErrorComponent, ...]]


def find_errors(truth: LabelMap, prediction: LabelMap, *, should_stop: ShouldStop = lambda: False) -> ErrorAtlas:
    """List the errors of every region that both label maps can express, and of every label that both have.

    Components are connected by faces, edges and corners, as the challenge's are.

    Raises
    ------
    CancelledError
        `should_stop` said so.
    ValueError
        The shapes differ.
    """
    pair = crop_pair(truth, prediction)
    found: dict[Target, tuple[ErrorComponent, ...]] = {}
    # A region that is one label is looked through once.
    for target in dict.fromkeys([*pair.regions.values(), *pair.labels.values()]):
        if should_stop():
            raise CancelledError
        masks = pair.masks(target)
        components = [*_components(pair, "fp", masks, should_stop), *_components(pair, "fn", masks, should_stop)]
        found[target] = tuple(sorted(components, key=lambda component: -component.voxels))
    return ErrorAtlas(
        {name: tuple(replace(each, region=name) for each in found[target]) for name, target in pair.regions.items()},
        {value: tuple(replace(each, label=value) for each in found[target]) for value, target in pair.labels.items()},
    )


def dice_cost(counts: OverlapCounts, kind: ErrorKind, voxels: int) -> float:
    """How much Dice rises if `voxels` errors of one kind are mended; two empty masks have Dice 1."""
    if kind == "fp":
        mended = OverlapCounts(tp=counts.tp, fp=counts.fp - voxels, fn=counts.fn, tn=counts.tn + voxels)
    else:
        mended = OverlapCounts(tp=counts.tp + voxels, fp=counts.fp, fn=counts.fn - voxels, tn=counts.tn)
    return challenge_value(mended.dice, mended) - challenge_value(counts.dice, counts)


def error_mask(truth: LabelMap, prediction: LabelMap, component: ErrorComponent) -> np.ndarray:
    """The voxels of one error component, (I, J, K) bool of the whole volume."""
    pair = crop_pair(truth, prediction)
    target = pair.regions[component.region] if component.label is None else pair.labels[component.label]
    own, other = _own_and_other(component.kind, pair.masks(target))
    labelled, _ = ndimage.label(own & ~other, TOUCHING)
    place = tuple(index - start for index, start in zip(component.voxel, pair.offset, strict=True))
    return pair.whole(labelled == labelled[place])


def _components(
    pair: LabelPair, kind: ErrorKind, masks: tuple[np.ndarray, np.ndarray], should_stop: ShouldStop
) -> list[ErrorComponent]:
    own, other = _own_and_other(kind, masks)
    labelled, count = ndimage.label(own & ~other, TOUCHING)
    if not count:
        return []
    counts = count_overlap(*masks)
    flat = np.flatnonzero(labelled)
    numbers = labelled.ravel()[flat]
    distances_mm = nearest_mm(_places(flat, labelled.shape), _rim(other), pair.grid.zooms, should_stop=should_stop)
    nearest, farthest = np.full(count + 1, np.inf), np.zeros(count + 1)
    np.minimum.at(nearest, numbers, distances_mm)
    np.maximum.at(farthest, numbers, distances_mm)
    sizes = np.bincount(numbers).tolist()
    return [
        ErrorComponent(
            region="",
            kind=kind,
            voxels=sizes[number],
            volume_ml=sizes[number] * pair.grid.voxel_ml,
            voxel=pair.in_grid((centre[0], centre[1], centre[2])),
            distance_mm=float(nearest[number]),
            reach_mm=float(farthest[number]),
            dice_cost=dice_cost(counts, kind, sizes[number]),
        )
        for number, centre in enumerate(central_voxels(labelled, count).tolist(), start=1)
    ]


def _own_and_other(kind: ErrorKind, masks: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The mask that has the errors of a kind, and the one that lacks them."""
    truth, prediction = masks
    return (prediction, truth) if kind == "fp" else (truth, prediction)


def _rim(mask: np.ndarray) -> np.ndarray:
    """The voxels of a mask that have a neighbour outside it: one of them is nearest to whatever lies outside."""
    return _places(np.flatnonzero(mask & ~ndimage.binary_erosion(mask)), mask.shape)


def _places(flat: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.stack(np.unravel_index(flat, shape), axis=1)
