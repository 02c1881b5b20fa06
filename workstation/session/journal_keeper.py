"""Writes the journal of the edits in a thread of its own, so that a slow disk never holds up a stroke.

Every record is handed to the system as soon as its edit has ended; it is on the disk itself at most ten records or ten
seconds later.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from workstation.core.label_edits import Edit
from workstation.core.volume import LabelMap
from workstation.errors import WorkstationError
from workstation.io.edit_journal import EditJournal, JournalContents, begin_journal, resume_journal

SYNC_RECORDS = 10
SYNC_MS = 10_000


class JournalKeeper(QObject):
    """The journal of the edits that are going on; none while nothing is edited."""

    failed = Signal(object)
    """A WorkstationError: edits are no longer kept."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # These live in the writer's thread.
        self._journal: EditJournal | None = None
        self._has_failed = False
        self._writer: ThreadPoolExecutor | None = None
        self._waiting = 0
        self._timer = QTimer(self, singleShot=True, interval=SYNC_MS)
        self._timer.timeout.connect(self._sync)

    def begin(self, folder: Path, case_path: Path, base: LabelMap, *, origin: str) -> None:
        """Begin a journal."""
        self._begin(lambda: begin_journal(folder, case_path, base, origin=origin))

    def resume(self, contents: JournalContents) -> None:
        """Go on with a journal that was read."""
        self._begin(lambda: resume_journal(contents))

    def note_edit(self, edit: Edit) -> None:
        """Write an edit down."""
        self._note(lambda journal: journal.append_edit(edit))

    def note_undo(self) -> None:
        """Write down that an edit was taken back."""
        self._note(EditJournal.append_undo)

    def note_redo(self) -> None:
        """Write down that an edit was done again."""
        self._note(EditJournal.append_redo)

    def note_saved(self, path: Path) -> None:
        """Write down that the work was exported."""
        self._note(lambda journal: journal.append_saved(path))

    def end(self, *, is_kept: bool) -> None:
        """Let go of the journal; keep it for the next opening of the case, or delete it."""

        def finish(journal: EditJournal | None) -> None:
            self._journal = None
            if journal is not None and is_kept:
                try:
                    if not self._has_failed:
                        journal.sync()
                finally:
                    journal.close()
            elif journal is not None:
                journal.remove()

        self._timer.stop()
        self._waiting = 0
        if self._writer is not None:
            self._submit(finish)

    def wait(self) -> None:
        """Wait, in another thread than the window's, until all that was asked so far is done."""
        if self._writer is not None:
            self._writer.submit(lambda: None).result()

    def close(self) -> None:
        """Wait until all is written."""
        self._timer.stop()
        if self._writer is not None:
            self._writer.shutdown(wait=True)
            self._writer = None

    def _begin(self, make: Callable[[], EditJournal]) -> None:
        def begin(_: EditJournal | None) -> None:
            self._has_failed = False
            self._journal = make()

        self._submit(begin)

    def _note(self, write: Callable[[EditJournal], None]) -> None:
        self._unless_failed(write)
        self._waiting += 1
        if self._waiting >= SYNC_RECORDS:
            self._sync()
        elif not self._timer.isActive():
            self._timer.start()

    def _sync(self) -> None:
        self._timer.stop()
        self._waiting = 0
        self._unless_failed(EditJournal.sync)

    def _unless_failed(self, write: Callable[[EditJournal], None]) -> None:
        def attempt(journal: EditJournal | None) -> None:
            if journal is not None and not self._has_failed:
                write(journal)

        self._submit(attempt)

    def _submit(self, work: Callable[[EditJournal | None], None]) -> None:
        """Do something with the journal in its thread; a failure is told once, and nothing is written after it."""

        def run() -> None:
            try:
                work(self._journal)
            except WorkstationError as error:
                # What was written so far is held until the work ends: then it goes if the work is in a file, and is
                # offered at the next opening if it is not.
                self._has_failed = True
                self.failed.emit(error)

        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, thread_name_prefix="session-journal")
        # Anything else is a mistake in the program: result() raises it, and it is logged.
        self._writer.submit(run).add_done_callback(Future.result)
