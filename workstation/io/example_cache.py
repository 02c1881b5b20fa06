"""Decoded cases on disk, mapped into memory, so that a training inflates and normalises each file once.

    CACHE/<key>/entry.json     {"format", "inputs", "targets", "background", "zooms", "scheme"}; shapes for the arrays
    CACHE/<key>/inputs.npy     (I, J, K, C) float32
    CACHE/<key>/targets.npy    (I, J, K, R) uint8; absent without outputs
    CACHE/sources.jsonl        hashes of source files by what `stat` says of them, so that they need not be read again

The key is a hash of everything an example follows from: the contents of its files, how their labels are read, and the
recipe. So an entry is never out of date, only unused, and a copy of the data elsewhere finds it. Entries are not
cropped: one serves every training size.

An entry appears by one rename and goes by one rename; nobody sees a part of it. Nothing here may end a training: what
is damaged is dropped and made again, and a folder that cannot be written is reported once and done without. Arrays are
read-only, and stay good while they are in use even if their entry is dropped: a mapped file outlives its name (but on
NFS, where another machine that drops it ends the process that reads it; the folder belongs on a local disk).
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import math
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from workstation.core.case import CaseFiles
from workstation.errors import InputError
from workstation.io.events import append_record, read_records
from workstation.io.files import read_json, sha256_of
from workstation.io.nifti_header import files_of
from workstation.io.places import example_cache_folder

FORMAT = 1
LIMIT_BYTES = 20 * 2**30
LIMIT_SHARE = 0.1
"""Most that the cache takes of the disk that would be free without it."""
SETTLED_SECONDS = 2.0
"""Age from which a file's times tell whether it changed: clocks of file systems tick in up to two seconds."""

_LOG = logging.getLogger(__name__)
_FACTS, _INPUTS, _TARGETS, _SOURCES = "entry.json", "inputs.npy", "targets.npy", "sources.jsonl"
_FLOAT32, _UINT8 = np.dtype(np.float32), np.dtype(np.uint8)
_KEY = re.compile(r"[0-9a-f]{64}")
_TEMPORARY = re.compile(r"\.[0-9a-f]{8}\.[0-9a-f]{64}")
_ABANDONED_SECONDS = 3600.0  # No writer takes an hour for one entry: what is older was left by one that was killed.
_SOURCES_BYTES = 8 * 2**20  # Some 50,000 source files; beyond that the record begins anew.
_DAMAGE = (OSError, InputError, LookupError, TypeError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is made of a case's files.

    Parameters
    ----------
    inputs, outputs : tuple of str
        Sequences and regions in channel order.
    orientation : str
        Axes of the arrays, such as "LPS".
    version : int
        Of the preprocessing; whoever changes what it computes counts it up.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    orientation: str
    version: int


@dataclass(frozen=True, slots=True, eq=False)
class StoredExample:
    """What is kept of an example: all but its name, which other files of equal content need not share.

    Parameters
    ----------
    inputs : (I, J, K, C) float32 ndarray
    targets : (I, J, K, R) uint8 ndarray or None
    background : (C,) float32 ndarray
    zooms : (3,) tuple of float
        mm.
    scheme : str
        Label scheme of the truth; empty without one.
    """

    inputs: np.ndarray
    targets: np.ndarray | None
    background: np.ndarray
    zooms: tuple[float, float, float]
    scheme: str = ""

    @property
    def nbytes(self) -> int:
        """Size of the arrays."""
        return self.inputs.nbytes + (0 if self.targets is None else self.targets.nbytes)


class _Entry(NamedTuple):
    """One entry as the folder shows it; `used` in Unix seconds."""

    used: float
    nbytes: int
    path: Path


class ExampleCache:
    """A folder of decoded examples, shared by any number of threads and processes.

    Parameters
    ----------
    folder : Path or None
        Made when the first entry is; None takes the user's.
    limit_bytes : int or None
        Size to keep to, give or take an entry that another writes at the same time; 0 stores nothing. None takes
        `LIMIT_BYTES` or `LIMIT_SHARE` of the disk, whichever is less.
    """

    def __init__(self, folder: Path | None = None, *, limit_bytes: int | None = None) -> None:
        self._folder = example_cache_folder() if folder is None else folder
        self._limit_bytes = limit_bytes
        self._sources = _SourceHashes(self._folder / _SOURCES)
        self._used: set[str] = set()
        self._lock = threading.Lock()
        self._problem = ""

    @property
    def problem(self) -> str:
        """Why no more entries are stored; empty while all is well."""
        return self._problem

    def fetch(self, files: CaseFiles, recipe: Recipe, make: Callable[[], StoredExample]) -> StoredExample:
        """The example of a case, with read-only arrays; errors are those of `make`.

        Parameters
        ----------
        files : CaseFiles
        recipe : Recipe
        make : callable
            Makes the example from the files, which it reads itself; called where the cache has none.
        """
        key = self._key(files, recipe)
        found = self._read(key) if key else None
        if found is None:
            found = made = _read_only(make())
            # Files that changed while they were read may have given a mixture, which belongs under no key.
            if key and not self._problem and self._key(files, recipe) == key:
                self._write(key, made)
                found = self._read(key) or made
        return found

    def _key(self, files: CaseFiles, recipe: Recipe) -> str:
        """What the example follows from, as a name; empty where a file cannot be read, which `make` says better."""
        sequences = [files.sequences[name] for name in recipe.inputs if name in files.sequences]
        truth = [files.truth] if files.truth else []
        # Equal voxels are other labels under another scheme, and the layout may decide the scheme.
        labels = [files.layout, files.scheme_name] if files.truth else []
        try:
            images = [[*map(self._sources.of, files_of(image.path)), image.channel] for image in (*sequences, *truth)]
        except (OSError, InputError):
            return ""
        how = [recipe.inputs, recipe.outputs, recipe.orientation, recipe.version]
        return hashlib.sha256(json.dumps([FORMAT, how, images, labels]).encode()).hexdigest()

    def _read(self, key: str) -> StoredExample | None:
        """An entry, which counts as used now; None where there is none, or it was damaged and is gone."""
        folder = self._folder / key
        try:
            if not folder.is_dir():
                return None
            found = _open_entry(folder)
        except _DAMAGE as error:
            # Where there is nothing to drop, another process has just dropped it to make room.
            if _drop(folder):
                _LOG.warning("The cached example %s is damaged and is made again: %s.", folder, error)
            return None
        self._used.add(key)
        with suppress(OSError):
            os.utime(folder / _FACTS)
        return found

    def _write(self, key: str, example: StoredExample) -> None:
        """Store an entry if there is room; where another process was faster, its entry stays."""
        beside = self._folder / f".{secrets.token_hex(4)}.{key}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._make_room(example.nbytes):
                _save_entry(beside, example)
                _give_name(beside, self._folder / key)
        except OSError as error:
            self._report(error)
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _report(self, error: OSError) -> None:
        with self._lock:
            if not self._problem:
                self._problem = f"Decoded cases are no longer kept in {self._folder}: {error}."
                _LOG.warning("%s Each case is read anew in every epoch.", self._problem)

    def _make_room(self, needed: int) -> bool:
        """Drop the entries used least recently until `needed` bytes fit in; False, and none dropped, if they cannot.

        What this cache has given out itself stays. A training walks its cases in a new order every epoch: with a data
        set larger than the limit, each epoch would drop what the next one wants, and write it again.
        """
        with self._lock:
            entries = sorted(_entries(self._folder))
            held = sum(entry.nbytes for entry in entries)
            others = [entry for entry in entries if entry.path.name not in self._used]
            excess = held + needed - self._limit(held)
            if excess > sum(entry.nbytes for entry in others):
                return False
            for entry in others:
                if excess <= 0:
                    break
                _drop(entry.path)
                excess -= entry.nbytes
            return True

    def _limit(self, held: int) -> int:
        if self._limit_bytes is not None:
            return self._limit_bytes
        return min(LIMIT_BYTES, int(LIMIT_SHARE * (shutil.disk_usage(self._folder).free + held)))


class _SourceHashes:
    """SHA-256 of files, read again only where `stat` says that they may have changed.

    Parameters
    ----------
    record : Path
        Where hashes are kept for other processes; without paths, which may name patients.
    """

    def __init__(self, record: Path) -> None:
        self._record = record
        self._known: dict[str, str] | None = None

    def of(self, path: Path) -> str:
        """The hash of a file's contents; OSError or FileMissing where it cannot be read."""
        mark, is_settled = _mark(path)
        if self._known is None:
            self._known = self._recorded()
        if is_settled and mark in self._known:
            return self._known[mark]
        digest = sha256_of(path)
        # A file that changes while it is read, or within one tick of its clock afterwards, keeps its mark.
        if is_settled and _mark(path)[0] == mark:
            self._known[mark] = digest
            # Without the folder there is nothing to find again.
            with suppress(OSError):
                self._record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                append_record(self._record, {"mark": mark, "sha256": digest})
        return digest

    def _recorded(self) -> dict[str, str]:
        try:
            if self._record.stat().st_size > _SOURCES_BYTES:
                self._record.unlink()
            records = read_records(self._record).records
        except OSError:
            return {}
        found = [(record.get("mark"), record.get("sha256")) for record in records]
        return {mark: digest for mark, digest in found if isinstance(mark, str) and isinstance(digest, str)}


def _mark(path: Path) -> tuple[str, bool]:
    """(what `stat` says of a file, as a hash; whether its last change is old enough for that to identify it)."""
    stat = path.stat()
    # The time of the last change of the inode cannot be set back, as `cp -p` and `rsync -t` set that of the contents.
    facts = [str(path.absolute()), stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
    is_settled = time.time() - max(stat.st_mtime, stat.st_ctime) > SETTLED_SECONDS
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32], is_settled


def _read_only(example: StoredExample) -> StoredExample:
    """The same, which nobody may change: as it will be the next time, when it comes from the cache."""
    for array in (example.inputs, example.targets):
        if array is not None:
            array.setflags(write=False)
    return example


def _save_entry(folder: Path, example: StoredExample) -> None:
    """Write the files of an entry."""
    folder.mkdir()
    for name, array, dtype in ((_INPUTS, example.inputs, _FLOAT32), (_TARGETS, example.targets, _UINT8)):
        if array is not None:
            # An example is a turned view of a file's voxels; in C order a training reads it from front to back.
            _save(folder / name, _header(array.shape, dtype), np.ascontiguousarray(array, dtype).data)
    facts = {
        "format": FORMAT,
        "inputs": example.inputs.shape,
        "targets": None if example.targets is None else example.targets.shape,
        "background": [float(value) for value in example.background],
        "zooms": [float(value) for value in example.zooms],
        "scheme": example.scheme,
    }
    # Not `write_json`, which refuses infinities: an image of absurd intensities has them, and is to be trained on.
    _save(folder / _FACTS, json.dumps(facts).encode())


def _open_entry(folder: Path) -> StoredExample:
    """Map the files of an entry; one of `_DAMAGE` where they are not what was written."""
    facts = read_json(folder / _FACTS)
    inputs = _map_array(folder / _INPUTS, facts["inputs"], _FLOAT32)
    shape = facts["targets"]
    targets = None if shape is None else _map_array(folder / _TARGETS, shape, _UINT8)
    background = np.array(facts["background"], np.float32)
    i, j, k = (float(value) for value in facts["zooms"])
    scheme = facts["scheme"]
    if facts["format"] != FORMAT or background.shape != inputs.shape[3:] or not isinstance(scheme, str):
        raise ValueError(f"{_FACTS} does not fit its arrays")
    return StoredExample(inputs, targets, background, (i, j, k), scheme)


def _save(path: Path, *parts: bytes | memoryview) -> None:
    """Write a file down to the disk: after a power cut it could else have its size and no contents."""
    with path.open("wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def _map_array(path: Path, shape: Sequence[Any], dtype: np.dtype) -> np.ndarray:
    """A read-only array whose pages come from the file as they are touched; ValueError where it is not that array."""
    expected = _header(tuple(shape), dtype)
    with path.open("rb") as file:
        size = len(expected) + math.prod(shape) * dtype.itemsize
        # The header is compared, not parsed: there is but one that belongs here.
        if file.read(len(expected)) != expected or os.fstat(file.fileno()).st_size != size:
            raise ValueError(f"{path.name} is not the array that was written")
        data = np.memmap(file, dtype, mode="r", offset=len(expected), shape=tuple(shape))
    return np.asarray(data)


def _header(shape: tuple[Any, ...], dtype: np.dtype) -> bytes:
    """The header of a .npy file in C order."""
    buffer = BytesIO()
    facts = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, facts)
    return buffer.getvalue()


def _entries(folder: Path) -> Iterator[_Entry]:
    """The entries in a cache; what a killed writer left goes."""
    with os.scandir(folder) as found:
        for each in found:
            path = folder / each.name
            # Another process may drop what is being looked at.
            with suppress(OSError):
                if _KEY.fullmatch(each.name):
                    with os.scandir(path) as files:
                        sizes = [file.stat().st_size for file in files]
                    yield _Entry((path / _FACTS).stat().st_mtime, sum(sizes), path)
                elif _TEMPORARY.fullmatch(each.name) and time.time() - each.stat().st_mtime > _ABANDONED_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)


def _give_name(beside: Path, folder: Path) -> None:
    """Let an entry appear; where another process was faster, its equal one stays."""
    try:
        beside.rename(folder)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def _drop(folder: Path) -> bool:
    """Take an entry away, all of it at once; whether it was there and may be taken."""
    away = folder.with_name(f".{secrets.token_hex(4)}.{folder.name}")
    try:
        folder.rename(away)
    except OSError:
        return False
    shutil.rmtree(away, ignore_errors=True)
    return True
