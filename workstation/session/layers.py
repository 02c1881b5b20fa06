"""What is drawn over the images: truth and prediction, how they are shown, and how they compare.

The comparison is counted in a thread whenever the masks or the region change; until it is there, `comparison` is None.
Any two of the open masks can be the pair that is drawn, the edited one among them (made in `session/editing.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from PySide6.QtCore import QObject, Signal

from workstation.core.labels import REGION_NAMES
from workstation.core.volume import LabelMap
from workstation.session.background import Background
from workstation.session.comparing import Comparison, Counting

# What is drawn and compared: the reference, and what is judged by it.
KINDS = ("truth", "prediction")
Slot = Literal["truth", "prediction", "second", "edited"]
# What can be open: any two of them are drawn as reference and as what is judged.
SLOTS: tuple[Slot, ...] = get_args(Slot)
Pair = tuple[str, str]
MODES = ("labels", "comparison", "errors")
OUTLINES = ("fill", "outline", "both")
REGION_CHOICES = ("all", *REGION_NAMES)
PALETTES = ("standard", "colour-blind")


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
        self._live: np.ndarray | None = None
        self._pair: Pair = KINDS
        self._visible = dict.fromkeys(KINDS, True)
        self._opacity = 0.4
        self._outline = "both"
        self._mode = "comparison"
        self._region = "all"
        self._palette = "standard"
        self._is_toggled_off = False
        self._is_held_off = False
        self._counting = Counting(background, self.comparison_ready.emit)
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
        """What was opened as "truth", as "prediction" or as "second" mask, or is "edited" as of the last edit."""
        return self._masks[slot]

    def labels(self, kind: str) -> np.ndarray | None:
        """What the panes paint as "truth" or "prediction", (I, J, K) uint8; of the edited mask, a stroke as it goes."""
        slot = self._pair[KINDS.index(kind)]
        mask = self._masks[slot]
        if slot == "edited" and self._live is not None:
            return self._live
        return None if mask is None else mask.data

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

    def show_edited(self) -> None:
        """Make sure that the edited mask is one of the pair, as when it is drawn on."""
        if "edited" not in self._pair:
            self.set_pair(self._pair[0], "edited")

    @property
    def comparison(self) -> Comparison | None:
        """Truth against prediction; None until both are there and counted."""
        return self._counting.comparison

    def set_masks(self, *, truth: LabelMap | None, prediction: LabelMap | None) -> None:
        """Replace both masks at once, as a case is opened."""
        self._masks = {**dict.fromkeys(SLOTS), "truth": truth, "prediction": prediction}
        self._live = None
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

    def take_edited(
        self, mask: LabelMap | None, *, live: np.ndarray | None = None, box: np.ndarray | None = None
    ) -> None:
        """Take over the edited mask after an edit; a first one is judged at once.

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
        is_first = self._masks["edited"] is None
        self._masks["edited"], self._live = mask, live
        if mask is None and "edited" in self._pair:
            self._pair = KINDS
        elif mask is not None and is_first:
            self._pair = (self._pair[0], "edited")
        self._highlight = None
        # The last figures stay until the new ones are counted: they would flicker at every stroke.
        self.masks_changed.emit()
        self._compare(box if "edited" in self._pair else None)

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
            self._counting.forget()
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
        self._counting.forget()
        self._highlight = None
        self.masks_changed.emit()
        self._compare()

    def _compare(self, box: np.ndarray | None = None) -> None:
        truth, prediction = self.truth, self.prediction
        masks = None if truth is None or prediction is None else (truth, prediction)
        self._counting.count(masks, self._region, box=box)
