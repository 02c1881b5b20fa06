"""Append-only files of JSON objects, one a line, that several processes write and read at the same time.

A writer appends a whole line in one write; a reader takes whole lines only, so it never sees half a record. A process
that died in the middle of a write leaves half a line: the next writer closes it, readers skip and count it. Whoever
reads must also skip kinds of records it does not know: newer versions add some.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from workstation.io.files import open_file


class Records(NamedTuple):
    """What was read of a file of records.

    Parameters
    ----------
    records : list of dict
        In the order of the file.
    offset : int
        Byte at which to go on reading; the beginning of a line.
    damaged : int
        Lines that were no JSON object and were left out.
    """

    records: list[dict[str, Any]]
    offset: int
    damaged: int


def append_record(path: Path, record: Mapping[str, Any]) -> None:
    """Append a record in one write, with the time if it has none; NaN and infinities become null.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    complete = {"time": time.time(), **record}
    line = json.dumps(_finite(complete), separators=(",", ":")).encode() + b"\n"
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        rest = b"\n" + line if _ends_within_a_line(descriptor) else line
        # One write, unless the disk fills up in its middle; then the next one says so.
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)


def read_records(path: Path, offset: int = 0, *, most_bytes: int = -1) -> Records:
    """The whole records from byte `offset` on; none if the file is not there, or cannot be read at this moment.

    With `most_bytes` not more than about that many bytes of them, but at least one where there is one.
    """
    try:
        with open_file(path) as file:
            file.seek(offset)
            data = file.read(most_bytes)
            if len(data) == most_bytes:
                data += file.readline()
    except OSError:
        return Records([], offset, 0)
    end = data.rfind(b"\n") + 1
    records: list[dict[str, Any]] = []
    damaged = 0
    for line in data[:end].splitlines():
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            records.append(record)
        else:
            damaged += 1
    return Records(records, offset + end, damaged)


def _ends_within_a_line(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _finite(value: Any) -> Any:
    """`value` with None for what JSON cannot say."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, Path):
        return str(value)
    # A NumPy scalar is no float of Python's, but knows how to become one.
    return _finite(value.item()) if hasattr(value, "item") else value
