"""How a journal of edits is written in bytes: records with length and checksum, labels compressed.

A record is

    length of the payload (4 bytes), CRC-32 of kind and payload (4), kind (1), payload

so that a tail torn off by a crash is found and dropped. Nothing that a file claims is believed: no more is inflated
than the volume can hold.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from workstation.core.geometry import Grid
from workstation.core.label_edits import Diff, Edit
from workstation.core.labels import scheme_named
from workstation.core.volume import LabelMap

MAGIC = b"BraTS workstation edits 1\n"
_RECORD = struct.Struct("<IIB")
_LENGTH = struct.Struct("<I")
# Little is gained by more: runs of equal labels shrink at once.
_LEVEL = 1
_BYTES_PER_VOXEL = 10


class Kind(IntEnum):
    """What a record says."""

    BASE = 1
    EDIT = 2
    UNDO = 3
    REDO = 4
    SAVED = 5
    """All that was done is in a file that the user chose."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One record after the base.

    Parameters
    ----------
    kind : Kind
    edit : Edit or None
        Of an EDIT.
    """

    kind: Kind
    edit: Edit | None = None


def fingerprint_of(label_map: LabelMap) -> str:
    """SHA-256 of shape, scheme and labels, in hexadecimal; the same whatever the memory order of the array."""
    digest = hashlib.sha256(json.dumps([label_map.scheme.name, label_map.grid.shape]).encode())
    digest.update(label_map.data.tobytes(order="F"))
    return digest.hexdigest()


def record(kind: Kind, payload: bytes) -> bytes:
    """A record in bytes."""
    checksum = zlib.crc32(payload, zlib.crc32(bytes([kind])))
    return _RECORD.pack(len(payload), checksum, kind) + payload


def split(data: bytes) -> tuple[list[tuple[int, bytes]], int]:
    """(kind, payload) of every whole record, and the end of the last one."""
    records = []
    end = len(MAGIC)
    while end + _RECORD.size <= len(data):
        length, checksum, kind = _RECORD.unpack_from(data, end)
        start = end + _RECORD.size
        payload = data[start : start + length]
        if len(payload) < length or zlib.crc32(payload, zlib.crc32(bytes([kind]))) != checksum:
            break
        records.append((kind, payload))
        end = start + length
    return records, end


def edit_payload(edit: Edit) -> bytes:
    """An edit as the payload of a record."""
    diff = edit.diff
    steps = np.diff(diff.indices, prepend=0).astype("<i8")
    body = zlib.compress(steps.tobytes() + diff.old.tobytes() + diff.new.tobytes(), _LEVEL)
    return _with_facts({"verb": edit.verb, "voxels": diff.size}, body)


def base_payload(base: LabelMap, *, origin: str, case: str) -> bytes:
    """The labels that work begins with, and what they are a copy of, as the payload of a record."""
    facts = {
        "case": case,
        "origin": origin,
        "name": base.name,
        "scheme": base.scheme.name,
        "shape": base.grid.shape,
        "affine": base.grid.affine.tolist(),
        "fingerprint": fingerprint_of(base),
    }
    return _with_facts(facts, zlib.compress(base.data.tobytes(order="F"), _LEVEL))


def _with_facts(facts: Mapping[str, Any], body: bytes) -> bytes:
    text = json.dumps(facts).encode()
    return _LENGTH.pack(len(text)) + text + body


def _facts_and_body(payload: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = _LENGTH.unpack_from(payload)
    return json.loads(payload[_LENGTH.size : _LENGTH.size + length]), payload[_LENGTH.size + length :]


def base_of(payload: bytes) -> tuple[str, LabelMap]:
    """What the base is a copy of, and its labels; `ValueError` and its like if it is damaged."""
    facts, body = _facts_and_body(payload)
    i, j, k = (int(side) for side in facts["shape"])
    grid = Grid((i, j, k), np.array(facts["affine"]))
    labels = np.frombuffer(_inflated(body, i * j * k), dtype=np.uint8).reshape(grid.shape, order="F")
    base = LabelMap(str(facts["name"]), labels, grid, scheme_named(str(facts["scheme"])))
    if fingerprint_of(base) != facts["fingerprint"]:
        raise ValueError("its labels are not those that were written")
    return str(facts["origin"]), base


def entry_of(kind: int, payload: bytes, *, voxels: int) -> Entry:
    """A record after the base, of a volume of so many voxels; `ValueError` and its like if it is damaged."""
    if kind != Kind.EDIT:
        return Entry(Kind(kind))
    facts, body = _facts_and_body(payload)
    number = int(facts["voxels"])
    if not 0 <= number <= voxels:
        raise ValueError(f"an edit of {number} voxels")
    content = _inflated(body, _BYTES_PER_VOXEL * number)
    indices = np.cumsum(np.frombuffer(content, dtype="<i8", count=number)).astype(np.int64)
    labels = np.frombuffer(content, dtype=np.uint8, offset=8 * number)
    return Entry(Kind.EDIT, Edit(str(facts["verb"]), Diff(indices, labels[:number], labels[number:])))


def _inflated(data: bytes, size: int) -> bytes:
    """Exactly `size` bytes; no more than one beyond it are ever made."""
    machine = zlib.decompressobj()
    content = machine.decompress(data, size + 1)
    if len(content) != size or not machine.eof:
        raise ValueError("its labels are not as many as it says")
    return content
