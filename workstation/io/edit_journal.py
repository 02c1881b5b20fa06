"""The journal of edits of one label map: append-only, so that a program that is killed loses no finished edit.

A journal begins with the base (the labels that the work began with) and goes on with one record for every edit, undo
and redo; `replayed` does the same work again. It needs no other file: the prediction it began with may be gone. A tail
torn off by a crash is found and dropped (`io/journal_records.py` has the format).

A journal is locked while it is written: two windows never write to one, and none is offered that another window
writes. It lies in a folder of mode 0700 and has mode 0600, since paths and masks of patients stand in it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from workstation.core.label_edits import Edit, EditableLabelMap, History
from workstation.core.volume import LabelMap
from workstation.errors import EditError, ExportError, WorkstationError
from workstation.io.files import content_of, make_folder, sync
from workstation.io.journal_records import (
    MAGIC,
    Entry,
    Kind,
    base_of,
    base_payload,
    edit_payload,
    entry_of,
    fingerprint_of,
    record,
    split,
)

_HINT = "Discard it, or keep the file and ask for help."


@dataclass(frozen=True, slots=True, eq=False)
class JournalContents:
    """What was read of a journal.

    Parameters
    ----------
    path : Path
    origin : str
        What the base is a copy of: "prediction", "truth" or "empty".
    base : LabelMap
        The labels that the work began with.
    entries : tuple of Entry
    end : int
        Bytes up to the end of the last whole record.
    written_at : float
        When it was last written, seconds since 1970.
    """

    path: Path
    origin: str
    base: LabelMap
    entries: tuple[Entry, ...]
    end: int
    written_at: float

    @property
    def edit_count(self) -> int:
        """Edits that were made and not taken back."""
        steps = {Kind.EDIT: 1, Kind.REDO: 1, Kind.UNDO: -1}
        return sum(steps.get(entry.kind, 0) for entry in self.entries)

    @property
    def is_unfinished(self) -> bool:
        """Whether it holds work that is nowhere else."""
        return self.edit_count > 0 and self.entries[-1].kind != Kind.SAVED


class EditJournal:
    """A journal that is being written; made by `begin_journal` or `resume_journal`."""

    def __init__(self, path: Path, descriptor: int, *, end: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._end = end

    def append_edit(self, edit: Edit) -> None:
        """Write an edit down; `ExportError` if it cannot be, and then nothing of it is in the file."""
        self._append(Kind.EDIT, edit_payload(edit))

    def append_undo(self) -> None:
        """Write down that the last edit was taken back."""
        self._append(Kind.UNDO, b"")

    def append_redo(self) -> None:
        """Write down that what was taken back last was done again."""
        self._append(Kind.REDO, b"")

    def append_saved(self, path: Path) -> None:
        """Write down that the work as it is now was exported to a file."""
        self._append(Kind.SAVED, json.dumps({"path": str(path)}).encode())

    def sync(self) -> None:
        """Wait until all that was written is on the disk."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """Delete the file: its work is done, or not wanted."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failure(error) from error
        finally:
            self.close()

    def _append(self, kind: Kind, payload: bytes) -> None:
        content = record(kind, payload)
        try:
            _write_all(self._descriptor, content)
        except OSError as error:
            # Half a record would hide all that comes after it.
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._end)
            raise self._failure(error) from error
        self._end += len(content)

    def _failure(self, error: OSError) -> ExportError:
        return ExportError(
            f"The edits cannot be kept in {self.path}: {error.strerror or error}",
            hint="Export the mask now. A crash of the program would lose edits made from here on.",
            path=self.path,
        )


def begin_journal(folder: Path, case_path: Path, base: LabelMap, *, origin: str) -> EditJournal:
    """Make a journal for work that begins; one that waits for a decision is not touched.

    Parameters
    ----------
    folder : Path
        Of all journals; made, with mode 0700, if it is not there.
    case_path : Path
        The case's first image.
    base : LabelMap
    origin : str
        What the base is a copy of: "prediction", "truth" or "empty".

    Raises
    ------
    ExportError
        It cannot be written.
    """
    stem = f"{_key_of(case_path)}-{fingerprint_of(base)[:16]}"
    path = folder / f"{stem}.journal"
    content = MAGIC + record(Kind.BASE, base_payload(base, origin=origin, case=str(case_path)))
    try:
        make_folder(folder, mode=0o700)
        folder.chmod(0o700)
        path, descriptor = _create(folder, stem)
        _write_base(path, descriptor, content)
    except OSError as error:
        hint = "Export the mask from time to time: edits are lost if the program is killed."
        raise ExportError(
            f"The edits cannot be kept in {path}: {error.strerror or error}", hint=hint, path=path
        ) from error
    return EditJournal(path, descriptor, end=len(content))


def resume_journal(contents: JournalContents) -> EditJournal:
    """Go on with a journal that was read: a torn tail is cut off, then records are appended.

    Raises
    ------
    EditError
        It is gone, cannot be written, or another window writes it, or has done so since it was read.
    """
    try:
        descriptor = os.open(contents.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _refuse_changed(contents, os.fstat(descriptor))
            os.ftruncate(descriptor, contents.end)
        except (OSError, EditError):
            os.close(descriptor)
            raise
    except OSError as error:
        raise EditError(
            f"The edits in {contents.path} cannot be taken up: {error.strerror or error}",
            hint="Is the case open in another window?",
            path=contents.path,
        ) from error
    return EditJournal(contents.path, descriptor, end=contents.end)


def discard_journal(contents: JournalContents) -> None:
    """Delete a journal for good; `EditError` if another window has taken its work up since it was read."""
    resume_journal(contents).remove()


def read_journal(path: Path) -> JournalContents:
    """Read a journal up to its last whole record; what was torn off after it is left out.

    Raises
    ------
    EditError
        It is no journal, or its base is damaged.
    """
    try:
        # The time first: what is written while it is read shows in a later one.
        written_at, data = path.stat().st_mtime, content_of(path)
    except OSError as error:
        raise EditError(f"{path} cannot be read: {error.strerror}", hint=_HINT, path=path) from error
    if not data.startswith(MAGIC):
        raise EditError(f"{path} is no journal of edits", hint=_HINT, path=path)
    records, end = split(data)
    try:
        (first, payload), *others = records
        if first != Kind.BASE:
            raise ValueError("it has no base")
        origin, base = base_of(payload)
        entries = tuple(entry_of(kind, payload, voxels=base.data.size) for kind, payload in others)
    except (ValueError, KeyError, TypeError, struct.error, zlib.error, WorkstationError) as error:
        raise EditError(f"{path} is damaged: {error}", hint=_HINT, path=path) from error
    return JournalContents(path, origin, base, entries, end, written_at)


def replayed(contents: JournalContents) -> tuple[EditableLabelMap, History]:
    """The work that a journal holds, done again; what was taken back in it can be done again too.

    Raises
    ------
    EditError
        A record does not fit what came before it.
    """
    editable = EditableLabelMap(contents.base)
    history = History(editable)
    try:
        for entry in contents.entries:
            if entry.edit is not None:
                editable.apply(entry.edit.diff)
                history.add(entry.edit)
            elif entry.kind == Kind.UNDO:
                history.undo()
            elif entry.kind == Kind.REDO:
                history.redo()
    except ValueError as error:
        raise EditError(f"{contents.path} is damaged: {error}", hint=_HINT, path=contents.path) from error
    return editable, history


def journals_of(folder: Path, case_path: Path) -> list[Path]:
    """The journals of a case that no window writes, the one written last first."""
    found = [path for path in folder.glob(f"{_key_of(case_path)}-*.journal") if not _is_locked(path)]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _key_of(case_path: Path) -> str:
    return hashlib.sha256(str(case_path.resolve()).encode()).hexdigest()[:16]


def _create(folder: Path, stem: str) -> tuple[Path, int]:
    """A new file: STEM.journal, or STEM-2.journal if that is there, and so on."""
    for number in count(1):
        path = folder / (f"{stem}.journal" if number == 1 else f"{stem}-{number}.journal")
        with suppress(FileExistsError):
            return path, os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    raise AssertionError("unreachable: numbers do not end")


def _write_base(path: Path, descriptor: int, content: bytes) -> None:
    """Lock a new file and fill it; if that cannot be, the file goes: a part of a base is no work."""
    try:
        # Waited for: another window may just be looking whether somebody writes it.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _write_all(descriptor, content)
        os.fsync(descriptor)
        sync(path.parent)
    except OSError:
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()
        raise


def _refuse_changed(contents: JournalContents, status: os.stat_result) -> None:
    """Raise EditError where a journal is not what was read: another window took its work up, and let it go again."""
    if status.st_nlink == 0 or status.st_mtime != contents.written_at:
        raise EditError(
            f"{contents.path} was written or removed since it was read",
            hint="Another window went on with these edits. Open the case again to see what there is now.",
            path=contents.path,
        )


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
