"""Tables as CSV: written beside and renamed, so that a reader sees a whole one at any time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workstation.errors import FileMissing
from workstation.io.files import replacing


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV with a line of column names.

    What is None becomes an empty cell, a list or tuple its parts with "x" between them ("96x96x96"), and numbers keep
    every digit that Python knows of them.

    Raises
    ------
    ExportError
        The folder cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    with replacing(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, by the names of its columns; `FileMissing` if it cannot be read."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise FileMissing(f"{path} cannot be read: {error.strerror}", hint="Check the path.", path=path) from error


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return "x".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else value
