"""The edited layer: a copy of prediction, truth or nothing that is drawn on, beside both, which are never altered.

A stroke changes the labels at once and announces the box it touched; when it ends, its changes become one entry of the
history and of the journal, and the layers get a new snapshot, a value that threads may read: comparison, surfaces and
export work on snapshots.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from workstation.core.boxes import Box
from workstation.core.case import Case
from workstation.core.label_edits import Diff, Edit, EditableLabelMap, History, joined
from workstation.core.labels import LabelScheme
from workstation.core.volume import LabelMap
from workstation.io.edit_journal import JournalContents
from workstation.io.places import edits_folder
from workstation.session.background import Background
from workstation.session.edit_base import base_of, origin_meant, origins_of, scheme_of
from workstation.session.edit_tools import EditTools
from workstation.session.journal_keeper import JournalKeeper
from workstation.session.layers import Layers
from workstation.session.unfinished_work import UnfinishedWork, work_of


class Editing(QObject):
    """Edits of the open case."""

    touched = Signal(object)
    """(2, 3) int ndarray: first voxel, and the one behind the last, of a box in which labels have changed."""
    changed = Signal()
    """Whether there is an edited layer, what can be undone, or what is offered, is another."""

    def __init__(self, background: Background, layers: Layers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tools = EditTools(self)
        self.journal = JournalKeeper(self)
        self.revision = 0
        """Another number whenever the labels are others."""
        self._background = background
        self._layers = layers
        self._case: Case | None = None
        self._work: tuple[EditableLabelMap, History] | None = None
        self._stroke: list[Diff] | None = None
        self._saved_as: Path | None = None
        self._version: Path | None = None  # the file that the work began with
        self._is_journaled = False
        self._unfinished = UnfinishedWork(background, self.journal, self.changed.emit)
        layers.masks_changed.connect(self._choose_label)

    # -- what there is ------------------------------------------------------------------------------------------------

    @property
    def has_layer(self) -> bool:
        """Whether something was edited (and perhaps taken back)."""
        return self._work is not None

    @property
    def verbs(self) -> tuple[str, ...]:
        """The edits that were made and not taken back, oldest first, such as "brush"."""
        return self._work[1].verbs if self._work else ()

    @property
    def saved_as(self) -> Path | None:
        """The file that the edited mask was exported to; None if it was not, or was edited since."""
        return self._saved_as

    @property
    def undo_verb(self) -> str | None:
        """What an undo would take back; None if nothing."""
        return self._work[1].undo_verb if self._work else None

    @property
    def redo_verb(self) -> str | None:
        """What a redo would do again; None if nothing."""
        return self._work[1].redo_verb if self._work else None

    @property
    def is_shown(self) -> bool:
        """Whether the mask that is judged on the screen is a corrected one."""
        is_other = self.undo_verb is not None or self._saved_as is not None
        return is_other and self._layers.pair[1] == "edited"

    @property
    def is_drawing(self) -> bool:
        """Whether a stroke is going on."""
        return self._stroke is not None

    @property
    def offer(self) -> JournalContents | None:
        """Work on the open case that was not finished, waiting for `restore` or `discard_offer`."""
        return self._unfinished.offer

    @property
    def origins(self) -> tuple[str, ...]:
        """What the first edit can copy."""
        return origins_of(self._layers)

    @property
    def origin(self) -> str:
        """What the first edit copies: the chosen origin if it is there, else the mask that is judged, else another."""
        return origin_meant(self._layers, self.tools.origin)

    @property
    def scheme(self) -> LabelScheme | None:
        """The scheme of the labels that are drawn; None without a case."""
        if self._case is None:
            return None
        if self._work is not None:
            return self._work[0].base.scheme
        return scheme_of(self._case, self._layers, self.origin)

    def labels(self) -> np.ndarray | None:
        """The labels that an edit would change, (I, J, K) uint8, as they are now and read-only; None without a case."""
        if self._case is None:
            return None
        return self._work[0].data if self._work is not None else base_of(self._case, self._layers, self.origin).data

    # -- edits --------------------------------------------------------------------------------------------------------

    def begin_stroke(self) -> None:
        """Begin to draw; makes the edited layer if there is none, and shows it."""
        if self._stroke is None and self._editable() is not None:
            self._stroke = []

    def paint(self, box: Box, mask: np.ndarray, label: int) -> None:
        """Give a label (0 erases) to the voxels of a mask in a box, as part of the stroke."""
        if self._stroke is None or self._work is None:
            return
        diff = self._work[0].paint(box, mask, label)
        if not diff.is_empty:
            self._stroke.append(diff)
            self.touched.emit(diff.box(self._work[0].shape))

    def end_stroke(self, verb: str) -> None:
        """End the stroke: it becomes one edit of the history."""
        stroke, self._stroke = self._stroke, None
        if stroke:
            self._add(Edit(verb, joined(stroke)))

    def change(self, verb: str, box: Box, labels: np.ndarray) -> None:
        """Put labels into a box as one edit."""
        editable = self._editable()
        if editable is None or self._stroke is not None:
            return
        diff = editable.replace(box, labels)
        if not diff.is_empty:
            self.touched.emit(diff.box(editable.shape))
            self._add(Edit(verb, diff))

    def undo(self) -> None:
        """Take the last edit back."""
        self._step(History.undo, self.journal.note_undo)

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._step(History.redo, self.journal.note_redo)

    def note_saved(self, mask: LabelMap, path: Path) -> None:
        """The edited mask was exported: it needs no journal, unless it is edited further. The history stays."""
        if self._work is not None and mask is self._layers.mask("edited"):
            self._saved_as = path
            self.journal.note_saved(path)

    def discard(self) -> None:
        """Give up the edited layer, its history and its journal."""
        if self._work is not None:
            self.journal.end(is_kept=False)
            self._forget()
            self._layers.take_edited(None)
            self.changed.emit()

    # -- cases and unfinished work ------------------------------------------------------------------------------------

    def take_case(self, case: Case) -> None:
        """Another case is open: what was edited of the last one stays in its journal."""
        self._end()
        self._case = case
        self.tools.set_tool("")
        self.tools.forget_ranges()
        self._choose_label()
        self.changed.emit()
        self._unfinished.turn_to(case)

    def take_version(self, mask: LabelMap, path: Path) -> None:
        """Show a mask that was corrected and kept before as the edited one; further edits go on from it."""
        if self._work is None:
            editable = EditableLabelMap(mask)
            self._take((editable, History(editable)))
            self._saved_as = self._version = path
            self.changed.emit()

    def restore(self) -> None:
        """Take up the work that is offered."""
        contents, case = self._unfinished.offer, self._case
        if contents is None or case is None:
            return

        def answer(work: tuple[EditableLabelMap, History]) -> None:
            if self._case is case:
                self._end()
                self._unfinished.offer = None
                self._take(work)
                self._layers.show_edited()
                self.journal.resume(contents)
                self._is_journaled = True
                self.changed.emit()

        self._background.ask("edits", lambda: work_of(contents, case), answer)

    def discard_offer(self) -> None:
        """Delete the work that is offered; if there is more, that is offered next."""
        self._unfinished.discard()
        self.changed.emit()

    def close(self) -> None:
        """Write down what is going on, and end."""
        self._end()
        self.journal.close()

    # -- within -------------------------------------------------------------------------------------------------------

    def _editable(self) -> EditableLabelMap | None:
        """The label map that is drawn on, shown; made at the first edit."""
        case = self._case
        if case is None:
            return None
        origin = "edited"
        if self._work is None:
            origin = self.origin
            editable = EditableLabelMap(base_of(case, self._layers, origin))
            self._take((editable, History(editable)))
            self.changed.emit()
        self._layers.show_edited()
        if self._work is not None and not self._is_journaled:
            path = next(iter(case.files.sequences.values())).path if case.files.sequences else Path(case.name)
            self.journal.begin(edits_folder(), path, self._work[0].snapshot(), origin=origin)
            self._is_journaled = True
        return self._work[0] if self._work else None

    def _take(self, work: tuple[EditableLabelMap, History]) -> None:
        self._work = work
        self._saved_as = None
        self._publish()

    def _add(self, edit: Edit) -> None:
        if self._work is None:
            return
        self._work[1].add(edit)
        self.journal.note_edit(edit)
        self._on_edited(edit.diff)

    def _step(self, move: Callable[[History], Edit | None], note: Callable[[], None]) -> None:
        if self._work is None or self._stroke is not None:
            return
        edit = move(self._work[1])
        if edit is not None:
            note()
            self._layers.show_edited()
            self.touched.emit(edit.diff.box(self._work[0].shape))
            self._on_edited(edit.diff)

    def _on_edited(self, diff: Diff) -> None:
        self._saved_as = self._version if self.undo_verb is None else None
        self._publish(diff)
        self.changed.emit()

    def _publish(self, diff: Diff | None = None) -> None:
        self.revision += 1
        if self._work is not None:
            editable = self._work[0]
            box = None if diff is None else diff.box(editable.shape)
            self._layers.take_edited(editable.snapshot(), live=editable.data, box=box)

    def _choose_label(self) -> None:
        """Draw a label that the scheme has."""
        scheme = self.scheme
        if scheme is not None and self.tools.label not in scheme.labels:
            self.tools.set_label(next(iter(scheme.labels), 1))

    def _end(self) -> None:
        if self._work is not None:
            if self._stroke:
                edit = Edit("brush", joined(self._stroke))
                self._work[1].add(edit)
                self.journal.note_edit(edit)
                self._saved_as = None
            self.journal.end(is_kept=self.undo_verb is not None and self._saved_as is None)
        self._forget()

    def _forget(self) -> None:
        self._work = None
        self._stroke = None
        self._version = None
        self._is_journaled = False
        self.revision += 1
