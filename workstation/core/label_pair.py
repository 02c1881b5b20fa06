"""Two label maps on one grid, cropped to what they hold, and the masks of their common regions and labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workstation.core.boxes import occupied_box
from workstation.core.geometry import Grid
from workstation.core.labels import REGION_NAMES, LabelScheme, label_mask
from workstation.core.volume import LabelMap

_NAMELESS = ("region", "unknown")


@dataclass(frozen=True, slots=True)
class Target:
    """What is compared: the labels of either mask whose union it is.

    Parameters
    ----------
    truth, prediction : frozenset of int
        Values in the scheme of the truth, and in that of the prediction.
    """

    truth: frozenset[int]
    prediction: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class LabelPair:
    """Truth and prediction, cropped together.

    Parameters
    ----------
    truth, prediction : (I, J, K) uint8 ndarray
        Labels, each of its own scheme.
    truth_scheme, prediction_scheme : LabelScheme
    offset : tuple of int
        The voxel of the grid that is the arrays' first one.
    grid : Grid
        Of the whole volume.
    """

    truth: np.ndarray
    prediction: np.ndarray
    truth_scheme: LabelScheme
    prediction_scheme: LabelScheme
    offset: tuple[int, int, int]
    grid: Grid

    @property
    def regions(self) -> Mapping[str, Target]:
        """The regions that both schemes can express, in the order WT, TC, ET, RC."""
        one, other = self.truth_scheme.regions, self.prediction_scheme.regions
        return {name: Target(one[name], other[name]) for name in REGION_NAMES if name in one and name in other}

    @property
    def labels(self) -> Mapping[int, Target]:
        """The labels that both schemes have, by their value in the truth's; a label is known by its tissue."""
        found = {}
        for value, label in self.truth_scheme.labels.items():
            counterpart = self.prediction_scheme.value_of(label.tissue)
            if counterpart is not None and label.tissue not in _NAMELESS:
                found[value] = Target(frozenset({value}), frozenset({counterpart}))
        return found

    def masks(self, target: Target) -> tuple[np.ndarray, np.ndarray]:
        """Truth and prediction of a target, (I, J, K) bool."""
        return label_mask(self.truth, target.truth), label_mask(self.prediction, target.prediction)

    def in_grid(self, voxel: tuple[int, int, int]) -> tuple[int, int, int]:
        """The voxel of the whole volume that a voxel of the arrays is."""
        i, j, k = (index + start for index, start in zip(voxel, self.offset, strict=True))
        return (i, j, k)

    def whole(self, array: np.ndarray, *, beyond: bool = False) -> np.ndarray:
        """A mask of the whole volume from one of the arrays' shape; in memory as a file is, the first axis fastest."""
        mask = np.full(self.grid.shape, beyond, dtype=bool, order="F")
        mask[tuple(slice(start, start + side) for start, side in zip(self.offset, array.shape, strict=True))] = array
        return mask


def crop_pair(truth: LabelMap, prediction: LabelMap, *, margin: int = 0) -> LabelPair:
    """Cut both label maps to the box that holds all their labels.

    Parameters
    ----------
    truth, prediction : LabelMap
        On one grid.
    margin : int
        Voxels to leave about it, as far as the volume reaches.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    if truth.data.shape != prediction.data.shape:
        raise ValueError(f"masks of {truth.data.shape} and {prediction.data.shape} voxels have no common grid")
    # One voxel where there is nothing.
    box = occupied_box(truth.data, prediction.data, margin=margin) or (slice(0, 1), slice(0, 1), slice(0, 1))
    one, other = (np.ascontiguousarray(mask.data[box]) for mask in (truth, prediction))
    offset = (box[0].start, box[1].start, box[2].start)
    return LabelPair(one, other, truth.scheme, prediction.scheme, offset, truth.grid)
