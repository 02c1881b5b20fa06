"""The worklist: the cases of the open data set as one reader sees them, and what that reader decides.

It knows the store only through `ReviewAccess` and the panes not at all. A decision is written first and shown then:
what the list says was read from the store. In blinded mode the prediction of a case is held here and shown only after
the reader's first decision about it, so that no legend, read-out or surface can betray it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from workstation.core.case import CaseFiles, DataSet
from workstation.core.review import CaseFigures, Decision
from workstation.core.volume import LabelMap
from workstation.errors import WorkstationError
from workstation.io.review_store import ReviewStore, now_text
from workstation.session.layers import Layers
from workstation.session.reading_clock import ReadingClock
from workstation.session.review_access import ReviewAccess
from workstation.session.settings import login_name
from workstation.session.withholding import Withholding, with_mask
from workstation.session.worklist_entries import (
    Choice,
    Entry,
    Progress,
    first_image,
    is_shown,
    make_entries,
    named_cases,
    neighbours_of,
    ordered,
    progress_of,
)


class Worklist(QObject):
    """Entries, their order and filter, the reader, and the reader's decisions.

    Parameters
    ----------
    layers : Layers
        Where a prediction is shown once it may be.
    parent : QObject or None
    """

    changed = Signal()
    """Entries, their order, the filter, or the progress."""
    reading_changed = Signal()
    """The reader, or whether reading is blinded."""
    decided = Signal(object)
    """A Decision that was kept."""
    mask_wanted = Signal(object)
    """The prediction (Path) of the open case, which the store knew and the case came without."""

    def __init__(self, layers: Layers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.access = ReviewAccess(self)
        self.access.content_changed.connect(self._on_content)
        self.clock = ReadingClock()
        self._named: list[tuple[str, CaseFiles]] = []
        self._names: dict[tuple[str, Path], str] = {}
        self._entries: dict[str, Entry] = {}
        self._order: list[str] = []
        self._shown: tuple[Entry, ...] = ()
        self._choice = Choice()
        self._reader = login_name()
        self._is_blinded = False
        self._current: str | None = None
        self._opened_at = ""
        self._asked: Path | None = None
        self._mask = Withholding(layers)
        self._is_deciding = False
        self._last: Decision | None = None

    # -- what is there ------------------------------------------------------------------------------------------------

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All cases of the data set, in the order of its names."""
        return tuple(self._entries.values())

    @property
    def shown(self) -> tuple[Entry, ...]:
        """The entries that pass the filter, in the chosen order; the open case is always among them."""
        return self._shown

    @property
    def progress(self) -> Progress:
        """How far the reader is."""
        return progress_of(self.entries)

    @property
    def current(self) -> Entry | None:
        """The entry of the open case."""
        return None if self._current is None else self._entries.get(self._current)

    @property
    def choice(self) -> Choice:
        """Order and filter."""
        return self._choice

    @property
    def reader(self) -> str:
        """Who reads."""
        return self._reader

    @property
    def is_blinded(self) -> bool:
        """Whether predictions are hidden until the reader has decided."""
        return self._is_blinded

    @property
    def is_holding(self) -> bool:
        """Whether the open case has a prediction that is not shown yet."""
        return self._mask.is_holding

    @property
    def is_deciding(self) -> bool:
        """Whether a decision is being written."""
        return self._is_deciding

    @property
    def last(self) -> Decision | None:
        """The decision that `undo` would take back."""
        return self._last

    @property
    def neighbours(self) -> tuple[Entry, ...]:
        """What is likely to be opened next: the next case, the next unread one, the previous one."""
        entry = self.current
        if entry is None:
            return ()
        return neighbours_of(self._shown, self._shown.index(entry))

    def entry_of(self, files: CaseFiles) -> Entry | None:
        """The entry of a case; None if it is not of the data set."""
        name = self._names.get((files.name, first_image(files)))
        return None if name is None else self._entries.get(name)

    def prediction_of(self, files: CaseFiles) -> Path | None:
        """The prediction that belongs to a case."""
        entry = self.entry_of(files)
        return None if entry is None else entry.prediction

    # -- choices ------------------------------------------------------------------------------------------------------

    def choose(self, choice: Choice) -> None:
        """Order and filter anew."""
        if choice != self._choice:
            self._choice = choice
            self._arrange(sorts=True)

    def set_reader(self, reader: str) -> None:
        """Read as somebody; an empty name changes nothing."""
        reader = " ".join(reader.split())
        if reader and reader != self._reader:
            self._reader = reader
            self._last = None
            self._mask.forget(seen=True)
            self.reading_changed.emit()
            self._on_content()

    def set_blinded(self, *, blinded: bool) -> None:
        """Hide predictions until the reader has decided, or no longer."""
        if blinded != self._is_blinded:
            self._is_blinded = blinded
            self.reading_changed.emit()
            self._on_content()

    # -- what comes ---------------------------------------------------------------------------------------------------

    def take_data_set(self, data_set: DataSet | None) -> None:
        """Turn to another data set."""
        self._named = [] if data_set is None else named_cases(data_set.cases)
        self._names = {(files.name, first_image(files)): name for name, files in self._named}
        self._current, self._last = None, None
        self._mask.forget(seen=True)
        self._choice = Choice(sort=self._choice.sort)
        self.clock.turn_to(None)
        self.access.use(None if data_set is None else data_set.root)
        self._on_content()

    def take_case(self, files: CaseFiles, prediction: LabelMap | None) -> LabelMap | None:
        """Turn to another case; returns the prediction if it may be seen."""
        self._mask.forget(seen=False)
        self._current = self._names.get((files.name, first_image(files)))
        self._opened_at = now_text()
        self.clock.turn_to(self._current)
        self._asked = self.prediction_of(files)
        seen = self.admit(prediction)
        self._arrange(sorts=False)
        return seen

    def admit(self, prediction: LabelMap | None) -> LabelMap | None:
        """A prediction of the open case if it may be seen; else it is held until it may be."""
        if prediction is None:
            return None
        return self._mask.admit(prediction, self._current, holds=self._must_hold())

    def attach(self, paths: Mapping[str, Path]) -> None:
        """Keep which predictions belong to which cases, by name in the store."""
        new = {name: path for name, path in paths.items() if name in self._entries}
        if any(self._entries[name].prediction != path for name, path in new.items()):
            self.access.write(lambda store: store.set_predictions(new), lambda _nothing: None)

    def keep_figures(self, figures: Mapping[str, CaseFigures]) -> None:
        """Keep what was measured, by name in the store."""
        self.access.write(lambda store: store.keep_figures(figures), lambda _nothing: self._arrange(sorts=True))

    # -- decisions ----------------------------------------------------------------------------------------------------

    def decide(
        self,
        status: str,
        *,
        reason: str = "",
        note: str | None = None,
        mask: Path | None = None,
        then: Callable[[Decision], None] = lambda _kept: None,
    ) -> bool:
        """Decide about the open case.

        Parameters
        ----------
        status : str
            One of `core.review.STATUSES`.
        reason : str
            Why it is rejected.
        note : str or None
            None keeps the note there is.
        mask : Path or None
            The mask that is judged, such as a corrected one; None takes the prediction of the open case.
        then : callable
            Takes the decision once it is kept.

        Returns
        -------
        bool
            Whether it is being written: not without a case, and not before the last one was.
        """
        entry = self.current
        if entry is None or self._is_deciding:
            return False
        path, stamp = self._mask.judged if mask is None else (mask, "")
        decision = Decision(
            entry.name,
            self._reader,
            status,
            reason,
            entry.own.note if note is None else note.strip(),
            opened_at=self._opened_at,
            seconds=self.clock.take(entry.name),
            is_blinded=self._is_blinded and not entry.has_decided and not self._mask.was_seen(entry.name),
        )
        self._is_deciding = True
        cases = self._named
        self.access.write(
            lambda store: store.decide(with_mask(decision, path, stamp)),
            lambda kept: self._on_kept(kept, then, is_here=cases is self._named),
            on_error=self._on_not_kept,
        )
        return True

    def undo(self, then: Callable[[Decision], None] = lambda _kept: None) -> bool:
        """Take the last decision of this window back; `then` takes what holds now."""
        last = self._last
        if last is None or self._is_deciding:
            return False
        self._is_deciding = True
        cases = self._named

        def on_undone(kept: Decision) -> None:
            self._is_deciding = False
            if cases is self._named:
                self._last = None
                then(kept)

        def action(store: ReviewStore) -> Decision:
            return store.undo(last.number)

        self.access.write(action, on_undone, on_error=self._on_not_kept)
        return True

    def close(self) -> None:
        """Write what was decided, and close the store."""
        self.access.close()

    def _on_kept(self, kept: Decision, then: Callable[[Decision], None], *, is_here: bool) -> None:
        self._is_deciding = False
        # Of a data set that was closed meanwhile nothing is opened, and its numbers mean other decisions in this store.
        if is_here:
            self._last = kept
        self.decided.emit(kept)
        if is_here:
            then(kept)

    def _on_not_kept(self, error: WorkstationError) -> None:
        self._is_deciding = False
        self.access.failed.emit(error)

    # -- keeping up ---------------------------------------------------------------------------------------------------

    def _on_content(self) -> None:
        entries = make_entries(self._named, self.access.content, reader=self._reader, is_blinded=self._is_blinded)
        is_new = self._entries.keys() != {entry.name for entry in entries}
        self._entries = {entry.name: entry for entry in entries}
        self._mask.follow(self._current, holds=self._must_hold())
        self._arrange(sorts=is_new)
        entry = self.current
        if not self.access.is_read or entry is None or self._mask.has_prediction:
            return
        if entry.prediction not in (None, self._asked):
            self._asked = entry.prediction
            self.mask_wanted.emit(entry.prediction)

    def _must_hold(self) -> bool:
        if not self._is_blinded or self._current is None:
            return False
        entry = self.current
        return not self.access.is_read or entry is None or not entry.has_decided

    def _arrange(self, *, sorts: bool) -> None:
        """Find the entries that are shown; their order stays under the reader's hands unless another one was chosen."""
        if sorts:
            self._order = [entry.name for entry in ordered(self.entries, self._choice.sort)]
        entries = [self._entries[name] for name in self._order]
        self._shown = tuple(entry for entry in entries if entry.name == self._current or is_shown(entry, self._choice))
        self.changed.emit()
