"""Edits of the open case that no export has, found in its journals and offered until they are taken up or discarded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from workstation.core.case import Case
from workstation.core.label_edits import EditableLabelMap, History
from workstation.errors import EditError
from workstation.io.edit_journal import JournalContents, discard_journal, journals_of, read_journal, replayed
from workstation.io.places import edits_folder
from workstation.session.background import Background
from workstation.session.journal_keeper import JournalKeeper


class UnfinishedWork:
    """Looks for work on a case, and keeps what it found.

    Parameters
    ----------
    background : Background
    journal : JournalKeeper
        Of the edits that are going on; it must have let go of what is read here.
    on_found : callable
        Called when there is something to offer.
    """

    def __init__(self, background: Background, journal: JournalKeeper, on_found: Callable[[], None]) -> None:
        self._background = background
        self._journal = journal
        self._on_found = on_found
        self._case: Case | None = None
        self.offer: JournalContents | None = None
        """The newest work that waits; None where there is none."""

    def turn_to(self, case: Case) -> None:
        """Another case is open."""
        self._case, self.offer = case, None
        self._look()

    def discard(self) -> None:
        """Delete what is offered; if there is more, that is offered next."""
        contents, self.offer = self.offer, None
        if contents is not None:
            self._look(but_first=lambda: discard_journal(contents))

    def _look(self, but_first: Callable[[], None] = lambda: None) -> None:
        case = self._case
        if case is None or not case.files.sequences:
            return
        path = next(iter(case.files.sequences.values())).path

        def question() -> JournalContents | None:
            # The case may have been open until now: its journal must have been let go.
            self._journal.wait()
            but_first()
            return newest_work(edits_folder(), path)

        def answer(found: JournalContents | None) -> None:
            if self._case is case and found is not None:
                self.offer = found
                self._on_found()

        self._background.ask("edits", question, answer)


def newest_work(folder: Path, case_path: Path) -> JournalContents | None:
    """The newest journal of a case that holds work which is nowhere else; damaged ones are passed over."""
    for path in journals_of(folder, case_path):
        try:
            contents = read_journal(path)
        except EditError:
            continue
        if contents.is_unfinished:
            return contents
    return None


def work_of(contents: JournalContents, case: Case) -> tuple[EditableLabelMap, History]:
    """The label map as it was left, and what was done to it.

    Raises
    ------
    EditError
        The edits were made on another voxel grid than the case's.
    """
    if not contents.base.grid.is_same(case.grid):
        hint = "Discard the edits, or open the images that they were made on."
        raise EditError("The edits were made on another voxel grid", hint=hint, path=contents.path)
    return replayed(contents)
