"""What of a mask is wanted: all of it, one label or one region, in its own scheme or another."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from workstation.core.labels import convert_labels, region_mask, region_scheme, scheme_named
from workstation.core.volume import LabelMap
from workstation.errors import LabelError


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of a mask, and how it is written.

    Parameters
    ----------
    scheme : str or None
        Write the labels of this scheme; None keeps the mask's own.
    region : str or None
        Only this region ("WT", "TC", "ET", "RC"), as 0 and 1.
    label : int or None
        Only this label of the mask's own scheme. It keeps its number, so that the mask still follows its scheme.

    Raises
    ------
    LabelError
        A region is asked for together with a label or a scheme.
    """

    scheme: str | None = None
    region: str | None = None
    label: int | None = None

    def __post_init__(self) -> None:
        if self.region is not None and (self.label is not None or self.scheme is not None):
            raise LabelError(
                "a region is written as 0 and 1, and has neither labels nor a scheme",
                hint="Choose a region, or a label or scheme.",
            )

    @property
    def needs_meaning(self) -> bool:
        """Whether the mask's scheme must be known; without it, integers are only copied."""
        return self != Selection()

    @property
    def is_whole(self) -> bool:
        """Whether nothing of a mask is left out."""
        return self.region is None and self.label is None

    def of(self, label_map: LabelMap) -> LabelMap:
        """The part of a mask.

        Raises
        ------
        LabelError
            The mask's scheme has no such label or region, or a tissue has no label in the wanted scheme.
        """
        data, scheme = label_map.data, label_map.scheme
        if self.region is not None:
            mask = region_mask(data, scheme, self.region).astype(np.uint8)
            return dataclasses.replace(label_map, data=mask, scheme=region_scheme(self.region))
        if self.label is not None:
            if self.label not in scheme.labels:
                raise LabelError(
                    f"{self.label} is not a label of {scheme.title}",
                    hint=f"It has: {', '.join(map(str, scheme.labels))}.",
                )
            data = np.where(data == self.label, data, 0).astype(np.uint8)
        if self.scheme is not None:
            target = scheme_named(self.scheme)
            data, scheme = convert_labels(data, scheme, target), target
        return dataclasses.replace(label_map, data=data, scheme=scheme)
