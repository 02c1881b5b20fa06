"""Files written beside and renamed, JSON, and hashes of contents."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Any

from workstation.errors import ExportError, FileMissing, InputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path in the same folder that becomes `path` when the block ends well.

    The reader of `path` sees the old file or the whole new one, never a part, even after a power cut; when the block
    has ended, the new one is on the disk. The temporary name keeps the endings of `path`, since libraries choose a
    format by them.

    Raises
    ------
    ExportError
        The folder cannot be written, or the disk is full.
    """
    temporary = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    try:
        make_folder(path.parent)
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    except OSError as error:
        raise not_written(path, error) from error
    finally:
        # Where the folder could not be made there is nothing to remove, and the reason above is what to say.
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` that takes its place when the block ends well.

    As `replacing`: whoever opens `folder` finds all files of the old one or all of the new one, and the new ones are
    on the disk before they have their names. Only where the system cannot exchange two names in one step is there a
    moment without either.

    Raises
    ------
    ExportError
        It cannot be written.
    """
    beside = folder.with_name(f".{secrets.token_hex(4)}.{folder.name}")
    try:
        make_folder(beside)
        yield beside
        place_folder(beside, folder)
    except OSError as error:
        raise not_written(folder, error) from error
    finally:
        # By now it is what was begun, or the former folder.
        shutil.rmtree(beside, ignore_errors=True)


def place_folder(beside: Path, folder: Path) -> None:
    """Give a folder its final name, with all its files on the disk before; OSError where that cannot be.

    Parameters
    ----------
    beside : Path
        In the same folder as `folder`; holds the former one afterwards, if there was one.
    folder : Path
    """
    for path in (*beside.rglob("*"), beside):
        # A link is a name in its folder; what it leads to is not ours.
        if not path.is_symlink():
            sync(path)
    _take_place(beside, folder)
    sync(folder.parent)


def set_aside(folder: Path, aside: Path) -> None:
    """Give a folder that is to be deleted another name beside its own; OSError where that cannot be.

    Its name is gone from the disk before the first of its files is, or a power cut would leave half of it.
    """
    folder.rename(aside)
    try:
        sync(folder.parent)
    except OSError:
        aside.rename(folder)
        raise


def make_folder(folder: Path, *, mode: int = 0o777) -> None:
    """Make a folder, and those above it, whose names outlast a power cut; one that is there stays as it is."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    for each in made:
        sync(each.parent)


def sync(path: Path) -> None:
    """Wait until a file's contents, or the names in a folder, are on the disk; OSError if they cannot be."""
    is_folder = path.is_dir()
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except PermissionError:
        # Names can be made in a folder that may not be read; then nobody can be asked.
        if is_folder:
            return
        raise
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems keep names at once and refuse the question.
        if not is_folder or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def not_written(path: Path, error: OSError) -> ExportError:
    """The error that says that a file or folder could not be written."""
    return ExportError(
        f"{path} could not be written: {error.strerror or error}",
        hint="Check that the folder may be written and the disk is not full.",
        path=path,
    )


def _take_place(beside: Path, folder: Path) -> None:
    """Give `beside` the name `folder`; a folder that had it has the other name then."""
    if not folder.exists():
        beside.rename(folder)
        return
    if _exchange(beside, folder):
        return
    former = beside.with_name(beside.name + ".former")
    folder.rename(former)
    try:
        beside.rename(folder)
    except OSError:
        former.rename(folder)
        raise
    former.rename(beside)


def _exchange(first: Path, second: Path) -> bool:
    """Let two names change places in one step; False where the system has no such call."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if os.name == "posix" else None
    if call is None:
        return False
    # Paths count from the working folder (AT_FDCWD), and the names change places (RENAME_EXCHANGE).
    if call(-100, os.fsencode(first), -100, os.fsencode(second), 2) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(second))


def open_file(path: Path) -> BufferedReader:
    """Open a file for reading; OSError where it cannot be, or is none.

    A pipe would be waited for, and a device read without end: neither comes from anybody who means well.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except ValueError as error:
        raise OSError(errno.EINVAL, "it is no name of a file") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise OSError(errno.EINVAL, "it is no file, but a pipe or a device")
    return os.fdopen(descriptor, "rb")


def content_of(path: Path) -> bytes:
    """All bytes of a file; OSError as `open_file`."""
    with open_file(path) as file:
        return file.read()


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
        value = json.loads(content_of(path))
    except OSError as error:
        raise FileMissing(f"{path} cannot be read: {error.strerror}", hint="Check the path.", path=path) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON: {error}", hint="Mend or remove the file.", path=path) from error
    if not isinstance(value, dict):
        raise InputError(f"{path} holds no JSON object", hint="Mend or remove the file.", path=path)
    return value


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's contents, in hexadecimal."""
    try:
        with open_file(path) as file:
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
