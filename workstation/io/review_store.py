"""The decisions about a data set, in one SQLite file that several windows write at once.

The history of decisions is append-only, and the state of a case is read from it, so that the two cannot differ. Beside
it the store keeps which prediction belongs to which case, and figures that were measured (a cache).

A store belongs to the thread that opened it; any number of threads and processes open the same file. Its file is the
data set's own, `.workstation/reviews.sqlite`, where that folder may be written, and one among the user's data else.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workstation.core.labels import REGIONS
from workstation.core.review import STATUSES, CaseFigures, Decision, ReviewedMask, latest_of
from workstation.errors import ReviewError
from workstation.io.files import make_folder, sync
from workstation.io.places import data_folder
from workstation.io.provenance import mean_entropy_of
from workstation.io.review_schema import BUSY_SECONDS, prepare, speaking, transaction

FOLDER_NAME = ".workstation"
FILE_NAME = "reviews.sqlite"
_COLUMNS = (
    *("case_name", "reader", "status", "reason", "note", "mask_path", "mask_sha256"),
    *("opened_at", "decided_at", "seconds", "is_blinded", "undoes"),
)
_SELECT = f"SELECT {', '.join(_COLUMNS)}, number FROM decisions"
_INSERT = f"INSERT INTO decisions ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


def review_path(root: Path) -> Path:
    """Where the decisions about the data set in a folder are kept; nothing is made yet.

    Parameters
    ----------
    root : Path
        The data set's folder.
    """
    folder = root.resolve() / FOLDER_NAME
    place = folder if folder.exists() else folder.parent
    if os.access(place, os.W_OK | os.X_OK) and place.is_dir():
        return folder / FILE_NAME
    name = f"{root.resolve().name}-{hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]}"
    return data_folder() / "reviews" / name / FILE_NAME


class ReviewStore:
    """One store, open.

    Parameters
    ----------
    path : Path
        The file; it and its folder are made, for the user alone, where they are not there.

    Raises
    ------
    ReviewError
        The file is damaged, locked, of a newer program, or cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _make_private(path)
        with speaking(path):
            # Autocommit: transactions begin and end where the code says so.
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            prepare(self._connection, path)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def change_mark(self) -> int:
        """A number that is another one after another connection wrote."""
        with speaking(self.path):
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def decide(self, decision: Decision) -> Decision:
        """Keep a decision, in one transaction.

        Parameters
        ----------
        decision : Decision
            Its `number` is given here, and `decided_at` where it is empty.

        Returns
        -------
        Decision
            As it is kept.

        Raises
        ------
        ValueError
            The status is unknown, or case or reader have no name.
        ReviewError
            It could not be written; nothing was.
        """
        if decision.status not in STATUSES or not decision.case or not decision.reader:
            raise ValueError(f"no decision: {decision}")
        with transaction(self._connection, self.path):
            return self._append(decision)

    def undo(self, number: int) -> Decision:
        """Take a decision back: decide again as before it.

        Raises
        ------
        ReviewError
            The reader has decided on that case again since, or there is no such decision.
        """
        with transaction(self._connection, self.path):
            found = self._decisions("WHERE number = ?", number)
            if not found:
                raise ReviewError(f"there is no decision {number} in {self.path}", path=self.path)
            case, reader = found[0].case, found[0].reader
            *before, last = self._decisions("WHERE case_name = ? AND reader = ? ORDER BY number", case, reader)
            if last.number != number:
                raise ReviewError(
                    f"{case} was decided on again since, as {last.status}",
                    hint="Nothing was taken back. Open the case and decide again.",
                    path=self.path,
                )
            earlier = before[-1] if before else Decision(case, reader, "unread")
            return self._append(replace(earlier, seconds=0.0, decided_at="", undoes=number))

    def history(self, case: str | None = None) -> tuple[Decision, ...]:
        """All decisions, or those about one case, from the first to the last."""
        with speaking(self.path):
            if case is None:
                return tuple(self._decisions("ORDER BY number"))
            return tuple(self._decisions("WHERE case_name = ? ORDER BY number", case))

    def latest(self) -> dict[tuple[str, str], Decision]:
        """The state of every case that was decided on: the last decision by (case, reader)."""
        return latest_of(self.history())

    def set_predictions(self, paths: Mapping[str, Path | None]) -> None:
        """Keep which prediction belongs to which case, and how unsure its side-car says it is; None forgets it."""
        entropies = {case: None if path is None else mean_entropy_of(path) for case, path in paths.items()}
        with transaction(self._connection, self.path):
            for case, mean in entropies.items():
                self._connection.execute("DELETE FROM entropies WHERE case_name = ?", (case,))
                if mean is not None:
                    self._connection.execute("INSERT INTO entropies VALUES (?, ?)", (case, mean))
            for case, path in paths.items():
                if path is None:
                    self._connection.execute("DELETE FROM predictions WHERE case_name = ?", (case,))
                else:
                    self._connection.execute("REPLACE INTO predictions VALUES (?, ?)", (case, str(path)))

    def predictions(self) -> dict[str, Path]:
        """The predictions that were kept, by case."""
        with speaking(self.path):
            rows = self._connection.execute("SELECT case_name, path FROM predictions").fetchall()
        return {case: Path(path) for case, path in rows}

    def entropies(self) -> dict[str, float]:
        """Mean entropy of the predictions in bits, by case, where it is known."""
        with speaking(self.path):
            return dict(self._connection.execute("SELECT case_name, mean_bits FROM entropies").fetchall())

    def keep_figures(self, figures: Mapping[str, CaseFigures]) -> None:
        """Keep what was measured, by case."""
        rows = [
            (case, each.fingerprint, *(each.dice.get(name) for name in REGIONS), each.truth_ml, each.prediction_ml)
            for case, each in figures.items()
        ]
        with transaction(self._connection, self.path):
            self._connection.executemany("REPLACE INTO figures VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def figures(self) -> dict[str, CaseFigures]:
        """What was measured, by case."""
        with speaking(self.path):
            rows = self._connection.execute("SELECT * FROM figures").fetchall()
        return {row[0]: _figures_of(row[1:]) for row in rows}

    def _append(self, decision: Decision) -> Decision:
        kept = replace(decision, decided_at=decision.decided_at or now_text())
        mask = (kept.mask.path, kept.mask.sha256) if kept.mask else (None, None)
        words = (kept.case, kept.reader, kept.status, kept.reason, kept.note, *mask, kept.opened_at, kept.decided_at)
        cursor = self._connection.execute(_INSERT, (*words, kept.seconds, kept.is_blinded, kept.undoes))
        return replace(kept, number=cursor.lastrowid or 0)

    def _decisions(self, clause: str, *values: Any) -> list[Decision]:
        return [_decision_of(row) for row in self._connection.execute(f"{_SELECT} {clause}", values)]


def now_text() -> str:
    """This moment in UTC, ISO 8601 to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _decision_of(row: Iterable[Any]) -> Decision:
    case, reader, status, reason, note, path, sha256, opened_at, decided_at, seconds, blinded, undoes, number = row
    mask = ReviewedMask(path, sha256) if path is not None else None
    times = (opened_at, decided_at, seconds)
    return Decision(case, reader, status, reason, note, mask, *times, bool(blinded), number, undoes)


def _figures_of(row: tuple[Any, ...]) -> CaseFigures:
    fingerprint, *dice, truth_ml, prediction_ml = row
    known = {name: value for name, value in zip(REGIONS, dice, strict=True) if value is not None}
    return CaseFigures(fingerprint, known, truth_ml, prediction_ml)


def _make_private(path: Path) -> None:
    """Make folder and file for the user alone; SQLite gives its log beside the file the same rights."""
    try:
        make_folder(path.parent, mode=0o700)
        is_new = not path.exists()
        # The mode counts only where the file is made here.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        if is_new:
            sync(path.parent)
    except OSError as error:
        raise ReviewError(
            f"the decisions in {path} cannot be kept: {error.strerror}",
            hint="Check that the folder may be written and the disk is not full.",
            path=path,
        ) from error
