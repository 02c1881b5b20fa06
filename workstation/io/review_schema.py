"""The tables of a review store, how an older store becomes a newer one, and what SQLite's errors mean for a reader.

`PRAGMA user_version` counts the migrations that were carried out. A store from a newer program is left alone.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from workstation.errors import ReviewError

BUSY_SECONDS = 10.0
_RETRY_SECONDS = 0.05

_FIRST = """
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    case_name TEXT NOT NULL,
    reader TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('unread', 'accepted', 'corrected', 'rejected', 'flagged')),
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    mask_path TEXT,
    mask_sha256 TEXT,
    opened_at TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    seconds REAL NOT NULL CHECK (seconds >= 0),
    is_blinded INTEGER NOT NULL CHECK (is_blinded IN (0, 1)),
    undoes INTEGER REFERENCES decisions (number),
    CHECK ((mask_path IS NULL) = (mask_sha256 IS NULL))
);
CREATE INDEX decisions_of_case ON decisions (case_name, reader, number);
CREATE TRIGGER decisions_are_not_changed BEFORE UPDATE ON decisions
    BEGIN SELECT RAISE(ABORT, 'the history of decisions is append-only'); END;
CREATE TRIGGER decisions_are_not_deleted BEFORE DELETE ON decisions
    BEGIN SELECT RAISE(ABORT, 'the history of decisions is append-only'); END;
CREATE TABLE predictions (case_name TEXT PRIMARY KEY, path TEXT NOT NULL);
CREATE TABLE figures (
    case_name TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    dice_wt REAL,
    dice_tc REAL,
    dice_et REAL,
    truth_ml REAL,
    prediction_ml REAL
);
"""

Migration = Callable[[sqlite3.Connection], None]


def _create_tables(connection: sqlite3.Connection) -> None:
    # Not `executescript`: it would commit first, and a store is made whole or not at all.
    statement = ""
    for line in _FIRST.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def _create_entropies(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE entropies (case_name TEXT PRIMARY KEY, mean_bits REAL NOT NULL)")


# Number n brings a store from version n to n + 1; only ever append.
MIGRATIONS: tuple[Migration, ...] = (_create_tables, _create_entropies)


def prepare(connection: sqlite3.Connection, path: Path, *, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Set a connection up and bring its store to the newest version.

    Raises
    ------
    ReviewError
        The file is damaged, locked, or of a newer program.
    """
    with speaking(path):
        connection.execute(f"PRAGMA busy_timeout = {round(1000 * BUSY_SECONDS)}")
        connection.execute("PRAGMA foreign_keys = ON")
        _use_write_ahead_log(connection)
        # A decision is on the disk when its transaction ends, also before a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise _damaged(path, str(verdict))
        if _version(connection) != len(migrations):
            _migrate(connection, path, migrations)


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """One transaction that has the right to write from its beginning; all of the block is kept, or nothing."""
    with speaking(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


@contextmanager
def speaking(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into a ReviewError with a hint; mistakes of the program pass as they are."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = str(getattr(error, "sqlite_errorname", ""))
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise ReviewError(
                f"the decisions in {path} are locked by another program",
                hint="Nothing was written. Close other programs that hold the file open, then try again.",
                path=path,
            ) from error
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT")):
            raise _damaged(path, str(error)) from error
        if name.startswith(("SQLITE_READONLY", "SQLITE_FULL", "SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_PERM")):
            raise ReviewError(
                f"the decisions in {path} cannot be kept: {error}",
                hint="Nothing was written. Check that the folder may be written and the disk is not full.",
                path=path,
            ) from error
        # Our statements are the same for every store: one that they do not fit has other tables, or is no text.
        if name == "SQLITE_ERROR" or (not name and "decode" in str(error)):
            raise _damaged(path, str(error)) from error
        raise
    except UnicodeDecodeError as error:
        raise _damaged(path, str(error)) from error


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection, path: Path, migrations: tuple[Migration, ...]) -> None:
    with transaction(connection, path):
        # Another window may have done it while this one waited for its turn.
        version = _version(connection)
        if version > len(migrations):
            raise ReviewError(
                f"the decisions in {path} were kept by a newer version of this program",
                hint="Update the program; the file was not changed.",
                path=path,
            )
        for migrate in migrations[version:]:
            migrate(connection)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Let readers and one writer work side by side; where the file system has no shared memory, SQLite stays as it is.

    Two windows that make the same store at once meet here, and SQLite does not wait on this lock by itself.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not str(error.sqlite_errorname).startswith("SQLITE_BUSY") or time.monotonic() > until:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


def _damaged(path: Path, what: str) -> ReviewError:
    return ReviewError(
        f"{path} is damaged: {what}",
        hint="Move the file away to begin anew, or put a copy of it back. It was not changed.",
        path=path,
    )
