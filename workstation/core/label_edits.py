"""A label map that can be changed, and its changes as values that can be taken back and written down.

A change is sparse: flat voxel indices with the label before and after. Indices count in the order of a NIfTI file (the
first axis fastest: i + I * (j + J * k)), whatever the memory order of the array that the label map came from, so that a
change read from disk means the same voxels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workstation.core.boxes import Box
from workstation.core.volume import LabelMap

# Some thousand strokes with a large brush; the oldest are forgotten beyond it.
HISTORY_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Diff:
    """What an edit changed.

    Parameters
    ----------
    indices : (n,) int64 ndarray
        Flat voxel indices in file order, ascending, each once.
    old, new : (n,) uint8 ndarray
        Labels before and after; they differ everywhere.
    """

    indices: np.ndarray
    old: np.ndarray
    new: np.ndarray

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return self.indices.size == 0

    @property
    def size(self) -> int:
        """Number of voxels."""
        return int(self.indices.size)

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return self.indices.nbytes + self.old.nbytes + self.new.nbytes

    @property
    def inverse(self) -> Diff:
        """The change that takes this one back."""
        return Diff(self.indices, self.new, self.old)

    def box(self, shape: tuple[int, int, int]) -> np.ndarray:
        """First voxel, and the one behind the last, of the box that holds it: (2, 3); all zero if it is empty."""
        if self.is_empty:
            return np.zeros((2, 3), dtype=np.int64)
        voxels = np.unravel_index(self.indices, shape, order="F")
        return np.array([[axis.min() for axis in voxels], [axis.max() + 1 for axis in voxels]])


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """A change with the name of what made it, such as "brush"."""

    verb: str
    diff: Diff


def joined(diffs: Sequence[Diff]) -> Diff:
    """Several changes, one after the other, as one; voxels that end as they began are left out."""
    if len(diffs) == 1:
        return diffs[0]
    indices = np.concatenate([np.empty(0, dtype=np.int64), *(diff.indices for diff in diffs)])
    old = np.concatenate([np.empty(0, dtype=np.uint8), *(diff.old for diff in diffs)])
    new = np.concatenate([np.empty(0, dtype=np.uint8), *(diff.new for diff in diffs)])
    order = np.argsort(indices, kind="stable")
    indices = indices[order]
    first = np.flatnonzero(np.diff(indices, prepend=-1))
    last = np.append(first[1:], indices.size)[: first.size] - 1
    indices, old, new = indices[first], old[order[first]], new[order[last]]
    changed = old != new
    return Diff(indices[changed], old[changed], new[changed])


class EditableLabelMap:
    """A copy of a label map that can be changed; the original is not touched.

    Parameters
    ----------
    base : LabelMap
        What the work begins with.
    """

    def __init__(self, base: LabelMap) -> None:
        self.base = base
        self.version = 0
        """Another number after every change."""
        self._data = np.array(base.data, dtype=np.uint8, order="F")
        self._flat = self._data.reshape(-1, order="F")
        self._view = self._data.view()
        self._view.setflags(write=False)

    @property
    def data(self) -> np.ndarray:
        """The labels as they are now, (I, J, K) uint8: one read-only view, which changes with the edits."""
        return self._view

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along (I, J, K)."""
        return self.base.grid.shape

    def snapshot(self) -> LabelMap:
        """The labels as they are now, as a value that threads may read: copied, read-only."""
        data = self._data.copy(order="F")
        data.setflags(write=False)
        return dataclasses.replace(self.base, data=data)

    def paint(self, box: Box, mask: np.ndarray, label: int) -> Diff:
        """Give a label to the voxels of a mask.

        Parameters
        ----------
        box : tuple of slice
            Where the mask lies; inside the volume.
        mask : bool ndarray
            Of the box's shape.
        label : int
            0 erases.

        Returns
        -------
        Diff
            What changed; it has been applied.
        """
        current = self._data[box]
        where = mask & (current != label)
        return self._write(box, where, np.full(int(np.count_nonzero(where)), label, dtype=np.uint8))

    def replace(self, box: Box, labels: np.ndarray) -> Diff:
        """Put labels, of the box's shape, into a box; returns what changed."""
        where = self._data[box] != labels
        return self._write(box, where, labels.T[where.T])

    def apply(self, diff: Diff) -> None:
        """Make a change.

        Raises
        ------
        ValueError
            The labels there are not those that the change expects, or it reaches outside; nothing was changed.
        """
        if not diff.is_empty and not 0 <= diff.indices[0] <= diff.indices[-1] < self._flat.size:
            raise ValueError("the change reaches outside the volume")
        if not np.array_equal(self._flat[diff.indices], diff.old):
            raise ValueError("the change belongs to another state of the label map")
        self._flat[diff.indices] = diff.new
        self.version += 1

    def _write(self, box: Box, where: np.ndarray, new: np.ndarray) -> Diff:
        # Transposed, the voxels come in the order of their flat indices.
        k, j, i = np.nonzero(where.T)
        first, second, third = (side.start for side in box)
        sides = self._data.shape
        indices = (i + first) + sides[0] * ((j + second) + sides[1] * (k + third))
        diff = Diff(indices, self._flat[indices], new)
        self._flat[indices] = new
        self.version += int(indices.size > 0)
        return diff


class History:
    """What was done to a label map, and what was taken back.

    Parameters
    ----------
    label_map : EditableLabelMap
    limit_bytes : int
        The oldest edits are forgotten (they stay done) where all together take more memory.
    """

    def __init__(self, label_map: EditableLabelMap, *, limit_bytes: int = HISTORY_BYTES) -> None:
        self._label_map = label_map
        self._limit_bytes = limit_bytes
        self._done: list[Edit] = []
        self._undone: list[Edit] = []
        self._forgotten: list[str] = []
        self._nbytes = 0

    @property
    def verbs(self) -> tuple[str, ...]:
        """What was done and not taken back, oldest first; also what can no longer be taken back."""
        return (*self._forgotten, *(edit.verb for edit in self._done))

    @property
    def undo_verb(self) -> str | None:
        """What would be taken back; None if there is nothing."""
        return self._done[-1].verb if self._done else None

    @property
    def redo_verb(self) -> str | None:
        """What would be done again; None if there is nothing."""
        return self._undone[-1].verb if self._undone else None

    def add(self, edit: Edit) -> None:
        """Note an edit that has been made; what was taken back before cannot be done again after it."""
        self._undone.clear()
        self._done.append(edit)
        self._nbytes = sum(each.diff.nbytes for each in self._done)
        while self._nbytes > self._limit_bytes and len(self._done) > 1:
            oldest = self._done.pop(0)
            self._forgotten.append(oldest.verb)
            self._nbytes -= oldest.diff.nbytes

    def undo(self) -> Edit | None:
        """Take the last edit back; None if there is none."""
        if not self._done:
            return None
        edit = self._done.pop()
        self._label_map.apply(edit.diff.inverse)
        self._undone.append(edit)
        return edit

    def redo(self) -> Edit | None:
        """Do again what was taken back last; None if there is nothing."""
        if not self._undone:
            return None
        edit = self._undone.pop()
        self._label_map.apply(edit.diff)
        self._done.append(edit)
        return edit
