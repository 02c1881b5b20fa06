"""Tables as CSV: written beside and renamed, so that a reader sees a whole one at any time.

Names come from files that anybody may have named. A spreadsheet takes a cell that begins with one of `=+-@`, a tab or a
new line for a formula and carries it out, so such a text is written behind an apostrophe, which says "text". Where
lists are separated by semicolons or tabs, a spreadsheet parts cells at those and at line ends, so the same holds there.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workstation.errors import FileMissing, InputError
from workstation.io.files import open_file, replacing

# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"(^|[;\t\n])(?='*[=+\-@＝＋－＠\t\n])")
_GUARDED = re.compile(r"(^|[;\t\n])'(?='*[=+\-@＝＋－＠\t\n])")


def table_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as CSV with a line of column names.

    What is None becomes an empty cell, a list or tuple its parts with "x" between them ("96x96x96"), and numbers keep
    every digit that Python knows of them. A text that a spreadsheet would take for a formula gets an
    apostrophe before it.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_cell, columns))
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return text.getvalue()


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as `table_text` gives them.

    Raises
    ------
    ExportError
        The folder cannot be written.
    """
    text = table_text(columns, rows)
    with replacing(path) as temporary:
        # Names of files may hold what no text can.
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, by the names of its columns, as they were before `write_table`.

    Raises
    ------
    FileMissing
        It cannot be read.
    InputError
        It is no CSV file in UTF-8.
    """
    try:
        with io.TextIOWrapper(open_file(path), encoding="utf-8", newline="") as file:
            return [{_unguarded(name): _unguarded(cell) for name, cell in row.items()} for row in csv.DictReader(file)]
    except OSError as error:
        raise FileMissing(f"{path} cannot be read: {error.strerror}", hint="Check the path.", path=path) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no CSV file: {error}", hint="Save it as CSV in UTF-8.", path=path) from error


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, list | tuple):
        value = "x".join(map(str, value))
    # A lone carriage return would be the end of a row to many readers.
    text = str(value).lower() if isinstance(value, bool) else "\n".join(str(value).splitlines())
    # One that has apostrophes already gets another, or one of its own would be taken for ours.
    return _FORMULA.sub(r"\1'", text)


def _unguarded(cell: str | Any) -> Any:
    """A cell without the apostrophes; a short row has None, a long one a list."""
    return _GUARDED.sub(r"\1", cell) if isinstance(cell, str) else cell
