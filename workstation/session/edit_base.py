"""What the first edit of a case copies: a mask that is open, or nothing."""

from __future__ import annotations

import numpy as np

from workstation.core.case import Case
from workstation.core.labels import LAYOUT_SCHEMES, LabelScheme, scheme_named
from workstation.core.volume import LabelMap
from workstation.session.edit_tools import ORIGINS
from workstation.session.layers import Layers

# A case whose layout states none, and that has no mask, is most likely a recent one.
_DEFAULT_SCHEME = "brats2023"


def origins_of(layers: Layers) -> tuple[str, ...]:
    """What can be copied: the masks that are open, and "empty"."""
    return tuple(origin for origin in ORIGINS if origin == "empty" or layers.mask(origin) is not None)


def origin_meant(layers: Layers, chosen: str) -> str:
    """What is copied: the chosen origin if it is there, else the mask that is judged, else another."""
    there = origins_of(layers)
    return next(each for each in (chosen, layers.pair[1], *there) if each in there)


def base_of(case: Case, layers: Layers, origin: str) -> LabelMap:
    """The mask that an edit begins with, from one of `origins_of`."""
    copied = None if origin == "empty" else layers.mask(origin)
    if copied is not None:
        return copied
    other = _another(layers)
    # One zero for every voxel: nothing is allocated until it is copied.
    data = np.broadcast_to(np.uint8(0), case.grid.shape)
    return LabelMap(case.name, data, case.grid, scheme_of(case, layers, origin), other.source if other else None)


def scheme_of(case: Case, layers: Layers, origin: str) -> LabelScheme:
    """The scheme of `base_of`: of the copied mask; of another one where nothing is copied; else that of the layout."""
    mask = (None if origin == "empty" else layers.mask(origin)) or _another(layers)
    if mask is not None:
        return mask.scheme
    return scheme_named(case.files.scheme_name or LAYOUT_SCHEMES.get(case.files.layout, _DEFAULT_SCHEME))


def _another(layers: Layers) -> LabelMap | None:
    return layers.mask("truth") or layers.mask("prediction")
