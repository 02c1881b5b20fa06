"""Counting two masks against each other, in a thread, and after an edit only where it changed something."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from workstation.core.boxes import occupied_box
from workstation.core.comparison import ComparisonCounts, compare, count_classes
from workstation.core.labels import REGIONS, label_mask, region_mask
from workstation.core.overlap import OverlapCounts
from workstation.core.volume import LabelMap
from workstation.session.background import Background

Masks = tuple[LabelMap, LabelMap]
"""Truth and prediction: the reference, and what is judged by it."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Truth against prediction.

    Parameters
    ----------
    region : str
        What is compared: "WT", "TC", "ET", "RC", or "all" for all labels taken together.
    classes : (I, J, K) uint8 ndarray
        Of `core.comparison.compare`.
    counts : ComparisonCounts
        Of that region.
    regions : mapping of str to ComparisonCounts
        Of every region that both masks can express.
    """

    region: str
    classes: np.ndarray
    counts: ComparisonCounts
    regions: Mapping[str, ComparisonCounts]


class Counting:
    """The comparison of the pair that is drawn; the last one stays until it is forgotten or the next is counted.

    Parameters
    ----------
    background : Background
    on_counted : callable
        Called when there is another comparison.
    """

    def __init__(self, background: Background, on_counted: Callable[[], None]) -> None:
        self._background = background
        self._on_counted = on_counted
        self.comparison: Comparison | None = None
        self._counted: Masks | None = None
        # What has changed since: a box, or more than that.
        self._box: np.ndarray | None = None
        self._is_all_changed = True

    def forget(self) -> None:
        """There is no comparison."""
        self.comparison = None

    def count(self, masks: Masks | None, region: str, *, box: np.ndarray | None = None) -> None:
        """Count in a thread.

        Parameters
        ----------
        masks : tuple of LabelMap or None
            None where one is missing: there is nothing to count then.
        region : str
        box : (2, 3) int ndarray or None
            Where alone the masks may differ from those of the last call: first voxel, and the one behind the last.
        """
        if box is None:
            self._is_all_changed = True
        elif self._box is not None:
            box = np.stack([np.minimum(self._box[0], box[0]), np.maximum(self._box[1], box[1])])
        self._box = box
        if masks is None:
            self._background.forget("comparison")
            self.comparison, self._is_all_changed = None, True
            return
        last, counted = self.comparison, None if self._is_all_changed else self._counted

        def question() -> Comparison:
            if last is None or counted is None or box is None:
                return compare_masks(*masks, region)
            return recounted(last, counted, masks, box)

        def answer(comparison: Comparison) -> None:
            self.comparison, self._counted = comparison, masks
            self._box, self._is_all_changed = None, False
            self._on_counted()

        self._background.ask("comparison", question, answer)


def compare_masks(truth: LabelMap, prediction: LabelMap, region: str) -> Comparison:
    """Compare two masks on one grid.

    Parameters
    ----------
    truth, prediction : LabelMap
    region : str
        "WT", "TC", "ET", "RC"; or "all": the whole tumour, or the largest region that both masks can express. A region
        that one of them cannot express is empty there.
    """
    shared = shared_regions(truth, prediction)
    chosen = region_meant(truth, prediction, region)
    # Beyond the box of what either mask holds there are true negatives alone, and it is a tenth of the volume.
    box = occupied_box(truth.data, prediction.data) or (slice(0, 0), slice(0, 0), slice(0, 0))
    one, other = (dataclasses.replace(mask, data=mask.data[box]) for mask in (truth, prediction))
    found = {name: compare(mask_of(one, name), mask_of(other, name)) for name in {*shared, chosen}}
    beyond = truth.data.size - one.data.size
    counts = {name: _with_beyond(each, beyond, truth.grid.voxel_ml) for name, each in found.items()}
    classes = np.zeros_like(truth.data, dtype=np.uint8)
    classes[box] = found[chosen]
    return Comparison(region, classes, counts[chosen], {name: counts[name] for name in shared})


def _with_beyond(classes: np.ndarray, beyond: int, voxel_ml: float) -> ComparisonCounts:
    """The counts of a box, and of true negatives beyond it."""
    counts = count_classes(classes, voxel_ml=voxel_ml)
    return dataclasses.replace(counts, overlap=dataclasses.replace(counts.overlap, tn=counts.overlap.tn + beyond))


def recounted(last: Comparison, before: Masks, after: Masks, box: np.ndarray) -> Comparison:
    """A comparison after masks have changed in a box: the same as `compare_masks`, for a fraction of its time.

    Parameters
    ----------
    last : Comparison
        Of `before`.
    before, after : tuple of LabelMap
        Truth and prediction; they differ in the box alone.
    box : (2, 3) int ndarray
        First voxel, and the one behind the last.
    """
    where = tuple(slice(int(first), int(end)) for first, end in box.T)

    def there(mask: LabelMap) -> LabelMap:
        return dataclasses.replace(mask, data=mask.data[where])

    old, new = (compare_masks(there(truth), there(prediction), last.region) for truth, prediction in (before, after))
    classes = last.classes.copy(order="K")
    classes[where] = new.classes
    regions = {name: _moved(last.regions[name], old.regions[name], new.regions[name]) for name in last.regions}
    return Comparison(last.region, classes, _moved(last.counts, old.counts, new.counts), regions)


def _moved(whole: ComparisonCounts, old: ComparisonCounts, new: ComparisonCounts) -> ComparisonCounts:
    """The counts of the whole after those of a part have become others."""
    names = ("tp", "fp", "fn", "tn")
    counts = [getattr(whole.overlap, each) - getattr(old.overlap, each) + getattr(new.overlap, each) for each in names]
    return ComparisonCounts(OverlapCounts(*counts), whole.voxel_ml)


def shared_regions(truth: LabelMap, prediction: LabelMap) -> list[str]:
    """The tumour's regions that both masks can express, the largest first."""
    return [name for name in REGIONS if name in truth.scheme.regions and name in prediction.scheme.regions]


def region_meant(truth: LabelMap, prediction: LabelMap, region: str) -> str:
    """The region itself; for "all" the whole tumour, or the largest region that both masks can express."""
    return region if region != "all" else next(iter(shared_regions(truth, prediction)), "WT")


def mask_of(label_map: LabelMap, region: str) -> np.ndarray:
    """Voxels of a region ("all": of any label): bool; empty where the scheme cannot express it."""
    if region == "all":
        return label_mask(label_map.data, label_map.scheme.labels)
    if region not in label_map.scheme.regions:
        return label_mask(label_map.data, ())
    return region_mask(label_map.data, label_map.scheme, region)
