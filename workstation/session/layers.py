"""What is drawn over the images: truth and prediction, how they are shown, and how they compare.

An edited layer can take the prediction's place; all that reads `prediction` then judges the edits.

The comparison is counted in a thread whenever the masks or the region change; until it is there, `comparison` is None.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from workstation.core.comparison import ComparisonCounts, compare, count_classes
from workstation.core.labels import REGIONS, label_mask, region_mask
from workstation.core.overlap import OverlapCounts
from workstation.core.volume import LabelMap
from workstation.session.background import Background

KINDS = ("truth", "prediction")
MODES = ("labels", "comparison", "errors")
OUTLINES = ("fill", "outline", "both")
REGION_CHOICES = ("all", *REGIONS)
PALETTES = ("standard", "colour-blind")


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Truth against prediction.

    Parameters
    ----------
    region : str
        What is compared: "WT", "TC", "ET", or "all" for all labels taken together.
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


class Layers(QObject):
    """Truth and prediction of the open case, and how they are drawn."""

    masks_changed = Signal()
    display_changed = Signal()
    comparison_ready = Signal()

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._masks: dict[str, LabelMap | None] = dict.fromkeys(KINDS)
        self._edited: LabelMap | None = None
        self._live: np.ndarray | None = None
        self._is_edited_judged = False
        # The prediction that `comparison` was counted of, and what has changed since: a box, or more than that.
        self._counted: LabelMap | None = None
        self._changed_box: np.ndarray | None = None
        self._is_all_changed = True
        self._visible = dict.fromkeys(KINDS, True)
        self._opacity = 0.4
        self._outline = "both"
        self._mode = "comparison"
        self._region = "all"
        self._palette = "standard"
        self._is_toggled_off = False
        self._is_held_off = False
        self._comparison: Comparison | None = None

    @property
    def truth(self) -> LabelMap | None:
        """The reference mask."""
        return self._masks["truth"]

    @property
    def prediction(self) -> LabelMap | None:
        """The mask that is judged: the edited one where it was chosen, else the prediction as it was opened."""
        return self._edited if self._is_edited_judged else self._masks["prediction"]

    @property
    def original_prediction(self) -> LabelMap | None:
        """The prediction as it was opened."""
        return self._masks["prediction"]

    @property
    def edited(self) -> LabelMap | None:
        """The edited mask as it was after the last finished edit; None where nothing was edited."""
        return self._edited

    @property
    def prediction_labels(self) -> np.ndarray | None:
        """What the panes paint as the prediction, (I, J, K) uint8; of the edited mask also an unfinished stroke."""
        if self._is_edited_judged and self._live is not None:
            return self._live
        return None if self.prediction is None else self.prediction.data

    @property
    def judged(self) -> str:
        """What stands as the prediction: "edited", or "prediction" as it was opened."""
        return "edited" if self._is_edited_judged else "prediction"

    @property
    def comparison(self) -> Comparison | None:
        """Truth against prediction; None until both are there and counted."""
        return self._comparison

    def set_masks(self, *, truth: LabelMap | None, prediction: LabelMap | None) -> None:
        """Replace both masks at once, as a case is opened."""
        self._masks = {"truth": truth, "prediction": prediction}
        self._edited = self._live = None
        self._is_edited_judged = False
        self._on_masks()

    def set_truth(self, mask: LabelMap | None) -> None:
        """Replace the truth."""
        self._masks["truth"] = mask
        self._on_masks()

    def set_prediction(self, mask: LabelMap | None) -> None:
        """Replace the prediction, and show it instead of an edited mask."""
        self._masks["prediction"] = mask
        self._is_edited_judged = False
        self._on_masks()

    def show_mask(self, kind: str, mask: LabelMap) -> None:
        """Replace a mask and make sure that it is seen, whatever was hidden before."""
        self._masks[kind] = mask
        self._is_edited_judged &= kind != "prediction"
        is_display_changed = not self._visible[kind] or self._is_toggled_off
        self._visible[kind] = True
        self._is_toggled_off = False
        self._on_masks()
        if is_display_changed:
            self.display_changed.emit()

    def take_edited(
        self, mask: LabelMap | None, *, live: np.ndarray | None = None, box: np.ndarray | None = None
    ) -> None:
        """Take over the edited mask after an edit; the first one takes the prediction's place at once.

        Parameters
        ----------
        mask : LabelMap or None
            A snapshot; None ends the edited layer.
        live : (I, J, K) uint8 ndarray or None
            The labels that strokes change, for the panes.
        box : (2, 3) int ndarray or None
            Where the mask may differ from the last one: first voxel, and the one behind the last. Only that is counted
            anew.
        """
        if box is not None and self._changed_box is not None:
            first, end = np.minimum(self._changed_box[0], box[0]), np.maximum(self._changed_box[1], box[1])
            box = np.stack([first, end])
        self._is_edited_judged = mask is not None and (self._is_edited_judged or self._edited is None)
        self._edited, self._live = mask, live
        # The last figures stay until the new ones are counted: they would flicker at every stroke.
        self.masks_changed.emit()
        self._compare(box)

    def set_judged(self, which: str) -> None:
        """Let the "edited" mask or the "prediction" as opened stand as the prediction."""
        is_edited = which == "edited" and self._edited is not None
        if is_edited != self._is_edited_judged:
            self._is_edited_judged = is_edited
            self._on_masks()

    def is_visible(self, kind: str) -> bool:
        """Whether "truth" or "prediction" is switched on (masks may be hidden all the same)."""
        return self._visible[kind]

    def set_visible(self, kind: str, *, visible: bool) -> None:
        """Switch "truth" or "prediction" on or off."""
        if self._visible[kind] != visible:
            self._visible[kind] = visible
            self.display_changed.emit()

    @property
    def opacity(self) -> float:
        """Of the fill, 0 to 1."""
        return self._opacity

    def set_opacity(self, opacity: float) -> None:
        """Set the fill's opacity; clipped to 0 and 1."""
        opacity = min(1.0, max(0.0, round(opacity, 4)))
        if opacity != self._opacity:
            self._opacity = opacity
            self.display_changed.emit()

    @property
    def outline(self) -> str:
        """ "fill", "outline" or "both"."""
        return self._outline

    def set_outline(self, outline: str) -> None:
        """Choose fill, outline, or both."""
        if outline in OUTLINES and outline != self._outline:
            self._outline = outline
            self.display_changed.emit()

    @property
    def mode(self) -> str:
        """ "labels", "comparison" or "errors"."""
        return self._mode

    def set_mode(self, mode: str) -> None:
        """Choose what the colours say."""
        if mode in MODES and mode != self._mode:
            self._mode = mode
            self.display_changed.emit()

    @property
    def palette(self) -> str:
        """ "standard" or "colour-blind"."""
        return self._palette

    def set_palette(self, palette: str) -> None:
        """Choose the colours."""
        if palette in PALETTES and palette != self._palette:
            self._palette = palette
            self.display_changed.emit()

    @property
    def region(self) -> str:
        """ "all", "WT", "TC" or "ET"."""
        return self._region

    def set_region(self, region: str) -> None:
        """Show and compare one region alone, or all labels."""
        if region in REGION_CHOICES and region != self._region:
            self._region = region
            self._comparison = None
            self.display_changed.emit()
            self._compare()

    @property
    def hidden(self) -> bool:
        """Whether all masks are hidden for now."""
        return self._is_toggled_off or self._is_held_off

    def toggle_hidden(self) -> None:
        """Hide all masks, or show them again."""
        self._is_toggled_off = not self._is_toggled_off
        self.display_changed.emit()

    def set_held(self, *, held: bool) -> None:
        """Hide all masks while a key is held."""
        if held != self._is_held_off:
            self._is_held_off = held
            self.display_changed.emit()

    def _on_masks(self) -> None:
        self._comparison = None
        self.masks_changed.emit()
        self._compare()

    def _compare(self, box: np.ndarray | None = None) -> None:
        """Count anew: all, or a box that alone has changed since the comparison that is there."""
        truth, prediction, region = self.truth, self.prediction, self._region
        last, counted = self._comparison, self._counted
        self._changed_box = box
        self._is_all_changed |= box is None
        is_all = self._is_all_changed
        if truth is None or prediction is None:
            self._background.forget("comparison")
            self._comparison = None
            self._is_all_changed = True
            return

        def question() -> Comparison:
            if is_all or box is None or last is None or counted is None:
                return compare_masks(truth, prediction, region)
            return recounted(last, truth, counted, prediction, box)

        def answer(comparison: Comparison) -> None:
            self._comparison, self._counted = comparison, prediction
            self._changed_box, self._is_all_changed = None, False
            self.comparison_ready.emit()

        self._background.ask("comparison", question, answer)


def compare_masks(truth: LabelMap, prediction: LabelMap, region: str) -> Comparison:
    """Compare two masks on one grid.

    Parameters
    ----------
    truth, prediction : LabelMap
    region : str
        "WT", "TC", "ET"; or "all": the whole tumour, or the largest region that both masks can express. A region that
        one of them cannot express is empty there.
    """
    voxel_ml = truth.grid.voxel_ml
    shared = [name for name in REGIONS if name in truth.scheme.regions and name in prediction.scheme.regions]
    classes = {name: compare(mask_of(truth, name), mask_of(prediction, name)) for name in shared}
    chosen = region if region != "all" else next(iter(shared), "WT")
    if chosen not in classes:
        classes[chosen] = compare(mask_of(truth, chosen), mask_of(prediction, chosen))
    counts = {name: count_classes(each, voxel_ml=voxel_ml) for name, each in classes.items()}
    return Comparison(region, classes[chosen], counts[chosen], {name: counts[name] for name in shared})


def recounted(last: Comparison, truth: LabelMap, before: LabelMap, after: LabelMap, box: np.ndarray) -> Comparison:
    """A comparison after its prediction has changed in a box: the same as `compare_masks`, for a fraction of its time.

    Parameters
    ----------
    last : Comparison
        Of `truth` and `before`.
    truth, before, after : LabelMap
        `before` and `after` differ in the box alone.
    box : (2, 3) int ndarray
        First voxel, and the one behind the last.
    """
    where = tuple(slice(int(first), int(end)) for first, end in box.T)
    there = dataclasses.replace(truth, data=truth.data[where])
    old, new = (
        compare_masks(there, dataclasses.replace(mask, data=mask.data[where]), last.region) for mask in (before, after)
    )
    classes = last.classes.copy(order="K")
    classes[where] = new.classes
    regions = {name: _moved(last.regions[name], old.regions[name], new.regions[name]) for name in last.regions}
    return Comparison(last.region, classes, _moved(last.counts, old.counts, new.counts), regions)


def _moved(whole: ComparisonCounts, old: ComparisonCounts, new: ComparisonCounts) -> ComparisonCounts:
    """The counts of the whole after those of a part have become others."""
    names = ("tp", "fp", "fn", "tn")
    counts = [getattr(whole.overlap, each) - getattr(old.overlap, each) + getattr(new.overlap, each) for each in names]
    return ComparisonCounts(OverlapCounts(*counts), whole.voxel_ml)


def mask_of(label_map: LabelMap, region: str) -> np.ndarray:
    """Voxels of a region ("all": of any label): bool; empty where the scheme cannot express it."""
    if region == "all":
        return label_mask(label_map.data, label_map.scheme.labels)
    if region not in label_map.scheme.regions:
        return label_mask(label_map.data, ())
    return region_mask(label_map.data, label_map.scheme, region)
