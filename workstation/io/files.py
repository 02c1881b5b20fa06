"""Files written beside and renamed, JSON, and hashes of contents."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from workstation.errors import ExportError, FileMissing, InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path in the same folder that becomes `path` when the block ends well.

    The reader of `path` sees the old file or the whole new one, never a part, even after a power cut. The temporary
    name keeps the endings of `path`, since libraries choose a format by them.

    Raises
    ------
    ExportError
        The folder cannot be written, or the disk is full.
    """
    temporary = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ExportError(
            f"{path} could not be written: {error.strerror or error}",
            hint="Check that the folder may be written and the disk is not full.",
            path=path,
        ) from error
    finally:
        # Where the folder could not be made there is nothing to remove, and the reason above is what to say.
        with suppress(OSError):
            temporary.unlink()


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON; what JSON cannot say (NaN) is a ValueError."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    FileMissing
        The file is not there or may not be read.
    InputError
        It is no JSON object.
    """
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise FileMissing(f"{path} cannot be read: {error.strerror}", hint="Check the path.", path=path) from error
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON: {error}", hint="Mend or remove the file.", path=path) from error
    if not isinstance(value, dict):
        raise InputError(f"{path} holds no JSON object", hint="Mend or remove the file.", path=path)
    return value


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's contents, in hexadecimal."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileMissing(f"{path} cannot be read: {error.strerror}", hint="Check the path.", path=path) from error


def side_car_of(image: Path) -> Path:
    """The JSON file beside an image that says how it was made: the same name, ending in .json."""
    name = image.name.removesuffix(".gz")
    return image.with_name(name.removesuffix(Path(name).suffix) + ".json")


def stated_scheme(mask: Path) -> str | None:
    """The name of the label scheme that a mask's side-car states; None where there is no side-car."""
    path = side_car_of(mask)
    scheme = read_json(path).get("scheme") if path.is_file() else None
    return scheme if isinstance(scheme, str) else None
