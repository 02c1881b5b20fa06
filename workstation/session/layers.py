"""What is drawn over the images: truth and prediction, how they are shown, and how they compare.

The comparison is counted in a thread whenever the masks or the region change; until it is there, `comparison` is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from workstation.core.comparison import ComparisonCounts, compare, count_classes
from workstation.core.labels import REGION_NAMES, REGIONS, label_mask, region_mask
from workstation.core.volume import LabelMap
from workstation.session.background import Background

# What is drawn and compared: the reference, and what is judged by it.
KINDS = ("truth", "prediction")
# What can be open: any two of them are drawn as reference and as what is judged.
SLOTS = (*KINDS, "second")
Pair = tuple[str, str]
MODES = ("labels", "comparison", "errors")
OUTLINES = ("fill", "outline", "both")
REGION_CHOICES = ("all", *REGION_NAMES)
PALETTES = ("standard", "colour-blind")


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


@dataclass(frozen=True, slots=True, eq=False)
class Highlight:
    """Voxels that are lit up in every pane.

    Parameters
    ----------
    name : str
        What they are, for people.
    mask : (I, J, K) bool ndarray
        On the masks' grid.
    """

    name: str
    mask: np.ndarray


class Layers(QObject):
    """Masks of the open case: which two are drawn and compared, and how.

    `truth` and `prediction` are the two that are drawn. They are those opened as such, unless another pair was chosen.
    """

    masks_changed = Signal()
    display_changed = Signal()
    comparison_ready = Signal()

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._masks: dict[str, LabelMap | None] = dict.fromkeys(SLOTS)
        self._pair: Pair = KINDS
        self._visible = dict.fromkeys(KINDS, True)
        self._opacity = 0.4
        self._outline = "both"
        self._mode = "comparison"
        self._region = "all"
        self._palette = "standard"
        self._is_toggled_off = False
        self._is_held_off = False
        self._comparison: Comparison | None = None
        self._highlight: Highlight | None = None

    @property
    def truth(self) -> LabelMap | None:
        """The reference mask."""
        return self._masks[self._pair[0]]

    @property
    def prediction(self) -> LabelMap | None:
        """The mask that is judged."""
        return self._masks[self._pair[1]]

    def mask(self, slot: str) -> LabelMap | None:
        """What was opened as "truth", as "prediction" or as "second" mask."""
        return self._masks[slot]

    @property
    def pair(self) -> Pair:
        """Which two are drawn: the slot of the reference, and that of the one that is judged."""
        return self._pair

    def set_pair(self, reference: str, judged: str) -> None:
        """Draw and compare another pair; a slot that was the other's place gives that place up in exchange."""
        old = self._pair
        if reference == judged:
            reference, judged = (old[1], judged) if judged != old[1] else (reference, old[0])
        if (reference, judged) != old and {reference, judged} <= set(SLOTS):
            self._pair = (reference, judged)
            self._on_masks()

    @property
    def comparison(self) -> Comparison | None:
        """Truth against prediction; None until both are there and counted."""
        return self._comparison

    def set_masks(self, *, truth: LabelMap | None, prediction: LabelMap | None) -> None:
        """Replace both masks at once, as a case is opened."""
        self._masks = {"truth": truth, "prediction": prediction, "second": None}
        self._pair = KINDS
        self._on_masks()

    def set_truth(self, mask: LabelMap | None) -> None:
        """Replace the truth."""
        self._masks["truth"] = mask
        self._on_masks()

    def set_prediction(self, mask: LabelMap | None) -> None:
        """Replace the prediction."""
        self._masks["prediction"] = mask
        self._on_masks()

    def show_mask(self, slot: str, mask: LabelMap) -> None:
        """Replace a mask and make sure that it is seen, whatever was hidden or chosen before."""
        self._masks[slot] = mask
        if slot not in self._pair:
            is_against_truth = slot == "second" and self._masks["truth"] is not None
            self._pair = ("truth" if is_against_truth else "prediction", slot) if slot == "second" else KINDS
        kind = KINDS[self._pair.index(slot)]
        is_display_changed = not self._visible[kind] or self._is_toggled_off
        self._visible[kind] = True
        self._is_toggled_off = False
        self._on_masks()
        if is_display_changed:
            self.display_changed.emit()

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
        """ "all", "WT", "TC", "ET" or "RC"."""
        return self._region

    def set_region(self, region: str) -> None:
        """Show and compare one region alone, or all labels."""
        if region in REGION_CHOICES and region != self._region:
            self._region = region
            self._comparison = None
            self.display_changed.emit()
            self._compare()

    @property
    def highlight(self) -> Highlight | None:
        """Voxels that are lit up; they go with the masks they were found in."""
        return self._highlight

    def set_highlight(self, highlight: Highlight | None) -> None:
        """Light up other voxels, or none."""
        if highlight is not self._highlight:
            self._highlight = highlight
            self.display_changed.emit()

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
        self._highlight = None
        self.masks_changed.emit()
        self._compare()

    def _compare(self) -> None:
        truth, prediction, region = self.truth, self.prediction, self._region
        if truth is None or prediction is None:
            self._background.forget("comparison")
            return
        self._background.ask("comparison", lambda: compare_masks(truth, prediction, region), self._on_compared)

    def _on_compared(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self.comparison_ready.emit()


def compare_masks(truth: LabelMap, prediction: LabelMap, region: str) -> Comparison:
    """Compare two masks on one grid.

    Parameters
    ----------
    truth, prediction : LabelMap
    region : str
        "WT", "TC", "ET", "RC"; or "all": the whole tumour, or the largest region that both masks can express. A region
        that one of them cannot express is empty there.
    """
    voxel_ml = truth.grid.voxel_ml
    shared = shared_regions(truth, prediction)
    classes = {name: compare(mask_of(truth, name), mask_of(prediction, name)) for name in shared}
    chosen = region_meant(truth, prediction, region)
    if chosen not in classes:
        classes[chosen] = compare(mask_of(truth, chosen), mask_of(prediction, chosen))
    counts = {name: count_classes(each, voxel_ml=voxel_ml) for name, each in classes.items()}
    return Comparison(region, classes[chosen], counts[chosen], {name: counts[name] for name in shared})


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
