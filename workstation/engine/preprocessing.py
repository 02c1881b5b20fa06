"""From a case in memory to the network's tensors and back: orientation, intensities, size.

Training and segmentation share this module, so a model sees at use what it saw in training. The order is fixed:
z-score over the whole volume, reorientation by permutation and flips, crop or pad about the centre. Padding takes the
background's value after z-scoring, so that a border looks like the air around a head. `VERSION` goes into every card
and side-car and changes when any of this does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from workstation.core.case import Case
from workstation.core.geometry import AxisTransform, Grid, reorient, transform_to_ras
from workstation.core.intensity import z_score
from workstation.core.labels import region_mask
from workstation.core.network import Shape
from workstation.errors import LayoutError

VERSION = 1
ORIENTATION = "LPS"
_AXES = ("LR", "PA", "IS")
DESCRIPTION = {
    "version": VERSION,
    "intensity": "z-score over the whole volume",
    "padding": "about the centre, with the median of the volume's faces after z-scoring",
}


@dataclass(frozen=True, slots=True)
class Placement:
    """How a volume was cropped and padded along each axis.

    Parameters
    ----------
    shape, target : (I, J, K)
        Before and after.
    """

    shape: Shape
    target: Shape

    def place(self, data: np.ndarray, fill: float | np.ndarray = 0) -> np.ndarray:
        """Crop or pad (I, J, K, C) about its centre; a copy, with `fill` (one value, or one per channel) outside."""
        placed = np.empty((*self.target, *data.shape[3:]), data.dtype)
        placed[...] = fill
        inside, outside = self._overlap()
        placed[inside] = data[outside]
        return placed

    def unplace(self, data: np.ndarray, fill: float = 0) -> np.ndarray:
        """Undo `place` for (I, J, K, ...): what was padded is cut, what was cropped is `fill`."""
        original = np.full((*self.shape, *data.shape[3:]), fill, data.dtype)
        inside, outside = self._overlap()
        original[outside] = data[inside]
        return original

    def _overlap(self) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
        """The common part, in the target and in the original."""
        inside, outside = [], []
        for side, target in zip(self.shape, self.target, strict=True):
            common = min(side, target)
            first_in, first_out = (target - common) // 2, (side - common) // 2
            inside.append(slice(first_in, first_in + common))
            outside.append(slice(first_out, first_out + common))
        return tuple(inside), tuple(outside)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One case as a network takes it, still without batch axis or padding.

    Parameters
    ----------
    name : str
    inputs : (I, J, K, C) float32 ndarray
        Z-scored sequences in channel order.
    targets : (I, J, K, R) uint8 ndarray or None
        Region masks in channel order.
    background : (C,) float32 ndarray
        What to pad each channel with.
    zooms : (3,) tuple of float
        Voxel size, mm.
    scheme : str
        Label scheme of the truth; empty without one.
    """

    name: str
    inputs: np.ndarray
    targets: np.ndarray | None
    background: np.ndarray
    zooms: tuple[float, float, float]
    scheme: str = ""

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        return self.inputs.nbytes + (0 if self.targets is None else self.targets.nbytes)

    def placed(self, shape: Shape) -> Example:
        """The same, cropped or padded about its centre."""
        i, j, k = self.inputs.shape[:3]
        if (i, j, k) == shape:
            return self
        placement = Placement((i, j, k), shape)
        targets = None if self.targets is None else placement.place(self.targets)
        return replace(self, inputs=placement.place(self.inputs, self.background), targets=targets)


def is_orientation(code: str) -> bool:
    """Whether `code` names three different axes, as "LPS" does."""
    return len(code) == 3 and all(len(set(pair) & set(code)) == 1 for pair in _AXES)


def to_orientation(grid: Grid, orientation: str) -> AxisTransform:
    """The permutation and flips that turn an array on `grid` so that its axes run as in "LPS" or another such code."""
    axes = np.zeros((4, 4))
    axes[3, 3] = 1
    for axis, code in enumerate(orientation):
        world = next(index for index, pair in enumerate(_AXES) if code in pair)
        axes[world, axis] = 1 if code in "RAS" else -1
    return transform_to_ras(grid.affine).then(transform_to_ras(axes).inverse)


def make_example(
    case: Case, *, inputs: Sequence[str], outputs: Sequence[str] = (), orientation: str = ORIENTATION
) -> Example:
    """A case as tensors of a network.

    Parameters
    ----------
    case : Case
        Holds at least the sequences `inputs`, and a truth if there are `outputs`.
    inputs, outputs : sequence of str
        Sequences and regions in channel order; without outputs the example has no targets.
    orientation : str
        Axes of the result.

    Raises
    ------
    LayoutError
        The case lacks a sequence or its truth.
    LabelError
        The truth's scheme cannot express a region.
    """
    missing = [name for name in inputs if name not in case.sequences]
    if missing or (outputs and case.truth is None):
        lacking = ", ".join([*missing, *(["truth"] if outputs and case.truth is None else [])])
        raise LayoutError(f"Case {case.name} lacks: {lacking}.", hint="Leave the case out, or add the missing files.")
    transform = to_orientation(case.grid, orientation)
    channels = [reorient(z_score(case.sequences[name].data), transform) for name in inputs]
    targets = None
    if outputs and case.truth is not None:
        truth = reorient(case.truth.data, transform)
        masks = [region_mask(truth, case.truth.scheme, region) for region in outputs]
        targets = np.stack(masks, axis=-1).astype(np.uint8)
    background = np.array([_background(channel) for channel in channels], np.float32)
    return Example(
        name=case.name,
        inputs=np.stack(channels, axis=-1),
        targets=targets,
        background=background,
        zooms=case.grid.transformed(transform).zooms,
        scheme=case.truth.scheme.name if case.truth else "",
    )


def _background(data: np.ndarray) -> float:
    """Median of the six faces of a volume: the air around the head, whatever its value."""
    faces = [data[index].ravel() for axis in range(3) for index in _ends(axis)]
    return float(np.median(np.concatenate(faces)))


def _ends(axis: int) -> tuple[tuple[slice | int, ...], ...]:
    before = (slice(None),) * axis
    return (*before, 0), (*before, -1)
