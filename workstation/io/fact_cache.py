"""What was found in each case, kept on disk, so that a data set that was examined once is listed at once.

    CACHE/cases/<key>.json     one case: a checksum, then its facts and small picture

The key is a hash of everything the facts follow from: path, size and time of every file, layout, scheme, `VERSION`.
Whoever changes what is found counts `VERSION` up. Entries appear by one rename; one that is damaged is made again; past
`LIMIT_ENTRIES` those used least recently go. Nothing here may end a scan: a folder that cannot be written is done
without.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import logging
import os
import secrets
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from workstation.core.case import CaseFiles
from workstation.core.case_facts import (
    CaseFacts,
    FileFacts,
    HeaderText,
    Intensities,
    Lie,
    MaskValues,
    Placement,
    Thumbnail,
    Trouble,
)
from workstation.errors import InputError
from workstation.io.examination import examine
from workstation.io.nifti_header import files_of
from workstation.io.places import cache_folder

VERSION = 1
LIMIT_ENTRIES = 20_000
"""Some 10 kB each."""
# Looking through the folder takes a while, so entries go in heaps.
_SLACK = 500
_LOG = logging.getLogger(__name__)
_DAMAGE = (OSError, LookupError, TypeError, ValueError, RecursionError, zlib.error)


class FactCache:
    """A folder of case facts, shared by any number of threads and processes.

    Parameters
    ----------
    folder : Path or None
        None takes the user's.
    limit : int
        Entries to keep to, give or take a few hundred.
    """

    def __init__(self, folder: Path | None = None, *, limit: int = LIMIT_ENTRIES) -> None:
        self._folder = cache_folder() / "cases" if folder is None else folder
        self._limit = limit
        self._lock = threading.Lock()
        self._until_look = 0

    def facts(self, files: CaseFiles) -> CaseFacts:
        """What is in a case's files: as kept, else by reading them."""
        key = _key(files)
        found = self._read(key) if key else None
        if found is not None:
            return found
        made = examine(files)
        # Files that changed while they were read may have given a mixture, which belongs under no key.
        if key and _key(files) == key:
            self._write(key, made)
        return made

    def _read(self, key: str) -> CaseFacts | None:
        path = self._folder / f"{key}.json"
        try:
            content = path.read_bytes()
        except OSError:
            return None
        try:
            checksum, _, text = content.partition(b"\n")
            if checksum != _checksum(text):
                raise ValueError("its checksum differs")
            found = facts_from_dict(json.loads(text))
        except _DAMAGE as error:
            _LOG.warning("The facts kept in %s are damaged and are made again: %s.", path, error)
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return found

    def _write(self, key: str, facts: CaseFacts) -> None:
        text = json.dumps(facts_as_dict(facts)).encode()
        beside = self._folder / f".{secrets.token_hex(4)}.{key}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._make_room()
            beside.write_bytes(_checksum(text) + b"\n" + text)
            beside.replace(self._folder / f"{key}.json")
        except OSError as error:
            _LOG.info("What was found in %s is not kept: %s.", facts.name, error)
            with suppress(OSError):
                beside.unlink()

    def _make_room(self) -> None:
        with self._lock:
            self._until_look -= 1
            if self._until_look > 0:
                return
            with os.scandir(self._folder) as found:
                entries = [(entry.stat().st_mtime, entry.path) for entry in found]
            slack = min(_SLACK, max(1, self._limit // 4))
            if len(entries) >= self._limit:
                for _, path in sorted(entries)[: len(entries) - self._limit + slack]:
                    with suppress(OSError):
                        Path(path).unlink()
                entries = entries[: self._limit - slack]
            self._until_look = max(1, min(slack, self._limit - len(entries)))


def facts_as_dict(facts: CaseFacts) -> dict[str, Any]:
    """A JSON object that `facts_from_dict` reads back equal."""
    mask = facts.mask
    return {
        "name": facts.name,
        "files": [dataclasses.asdict(each) for each in facts.files.values()],
        "intensities": {name: dataclasses.asdict(each) for name, each in facts.intensities.items()},
        "mask": None if mask is None else {**dataclasses.asdict(mask), "counts": list(mask.counts.items())},
        "placement": dataclasses.asdict(facts.placement),
        "troubles": {name: dataclasses.asdict(each) for name, each in facts.troubles.items()},
        "volumes_ml": dict(facts.volumes_ml),
        "thumbnail": None if facts.thumbnail is None else _packed(facts.thumbnail),
    }


def facts_from_dict(values: dict[str, Any]) -> CaseFacts:
    """Facts from their JSON object; KeyError, TypeError or ValueError where it is none."""
    mask = values["mask"]
    placement = values["placement"]
    return CaseFacts(
        name=str(values["name"]),
        files={each["name"]: _file(each) for each in values["files"]},
        intensities={name: Intensities(**each) for name, each in values["intensities"].items()},
        mask=None if mask is None else _mask(mask),
        placement=Placement(**{**placement, "lies": tuple(Lie(**lie) for lie in placement["lies"])}),
        troubles={name: Trouble(**each) for name, each in values["troubles"].items()},
        volumes_ml={str(region): float(volume) for region, volume in values["volumes_ml"].items()},
        thumbnail=None if values["thumbnail"] is None else _unpacked(values["thumbnail"]),
    )


def _file(values: dict[str, Any]) -> FileFacts:
    i, j, k = values["shape"]
    affine = np.array(values["affine"], dtype=np.float64)
    if affine.shape != (4, 4):
        raise ValueError("an affine is no 4x4 matrix")
    rows = tuple(tuple(row) for row in affine.tolist())
    texts = tuple(HeaderText(**text) for text in values["texts"])
    return FileFacts(**{**values, "shape": (int(i), int(j), int(k)), "affine": rows, "texts": texts})


def _mask(values: dict[str, Any]) -> MaskValues:
    trouble = values["trouble"]
    counts = {int(value): int(count) for value, count in values["counts"]}
    return MaskValues(**{**values, "counts": counts, "trouble": None if trouble is None else Trouble(**trouble)})


def _packed(thumbnail: Thumbnail) -> list[Any]:
    arrays = (thumbnail.grey, thumbnail.labels)
    return [thumbnail.grey.shape[0], *(base64.b64encode(zlib.compress(each.tobytes(), 1)).decode() for each in arrays)]


def _unpacked(values: list[Any]) -> Thumbnail:
    side, *texts = values
    grey, labels = (
        np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8).reshape(side, side) for text in texts
    )
    return Thumbnail(grey, labels)


def _key(files: CaseFiles) -> str:
    """What the facts follow from, as a name; empty where a file is not there, which an examination says better."""
    images = {**files.sequences, **({"truth": files.truth} if files.truth else {})}
    marks = []
    try:
        for name, image in images.items():
            for path in files_of(image.path):
                stat = path.stat()
                marks.append([name, str(path.absolute()), image.channel, stat.st_size, stat.st_mtime_ns])
    except (OSError, InputError):
        return ""
    facts = [VERSION, files.name, files.layout, files.scheme_name, marks]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).hexdigest().encode()
