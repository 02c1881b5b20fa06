"""A model as a single file: a zip archive of a manifest, the card and the weights, for whoever is given the model.

    manifest.json   {"format": 1, "kind": "model", "name": ..., "files": {"card.json": {"bytes", "sha256"}, ...}}
    card.json, model.keras

Such a file may come from anyone. Its members are told by name before any is read: there may be these three and no
others, as plain files, no larger than they say, than a model can be and than the disk holds. They are
written under names of our own into a folder beside the models, hashed while they are, checked as every
model folder is, and only then is that folder given its name.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from workstation.errors import ExportError, FileMissing, ModelError
from workstation.io.files import make_folder, not_written, open_file, place_folder, replacing, sha256_of
from workstation.io.models import CARD_NAME, WEIGHTS_NAME, ModelCard, read_model_card

FORMAT = 1
ENDING = ".model.zip"
_MANIFEST = "manifest.json"
_PARTS = (CARD_NAME, WEIGHTS_NAME)
# The largest network that a plan can ask for has weights of some gigabytes.
_MOST_BYTES = {_MANIFEST: 2**20, CARD_NAME: 64 * 2**20, WEIGHTS_NAME: 16 * 2**30}
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_RUNS_CODE = re.compile(r"\.(pkl|pickle|pt|pth|joblib|npy|npz|h5|py|pyc|so|dll|exe|sh)$", re.IGNORECASE)
_BLOCK = 2**20
_ENCRYPTED = 0x1
_DISK_RESERVE = 64 * 2**20

ShouldStop = Callable[[], bool]


def export_model(folder: Path, out: Path, *, should_stop: ShouldStop = lambda: False) -> Path:
    """Write a model folder as one file.

    Parameters
    ----------
    folder : Path
    out : Path
        The file; gets the ending .model.zip where it does not end in .zip, and then replaces no file.
    should_stop : callable

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    ModelError
        The folder holds no model that may be used.
    ExportError
        The file cannot be written, or is there already under the name with the ending.
    CancelledError
        `should_stop` said so; nothing is left.
    """
    card = read_model_card(folder)
    path = out if out.suffix.lower() == ".zip" else out.with_name(out.name + ENDING)
    if path != out and path.exists():
        # A dialog has asked about the name that was given, not about this one.
        raise ExportError(f"{path} is there already", hint="Give its whole name to replace it.", path=path)
    files = {name: {"bytes": (folder / name).stat().st_size, "sha256": sha256_of(folder / name)} for name in _PARTS}
    manifest = {"format": FORMAT, "kind": "model", "name": card.name, "files": files}
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(_member(_MANIFEST, zipfile.ZIP_DEFLATED), json.dumps(manifest, indent=2) + "\n")
        archive.writestr(_member(CARD_NAME, zipfile.ZIP_DEFLATED), (folder / CARD_NAME).read_bytes())
        # The weights are an archive of floats already: packing them again costs seconds and saves nothing.
        weights = _member(WEIGHTS_NAME, zipfile.ZIP_STORED)
        # Told before, since beyond 2 GiB a member needs other fields.
        weights.file_size = (folder / WEIGHTS_NAME).stat().st_size
        with (folder / WEIGHTS_NAME).open("rb") as source, archive.open(weights, "w") as target:
            for block in iter(lambda: source.read(_BLOCK), b""):
                if should_stop():
                    raise CancelledError
                target.write(block)
    return path


def import_model(path: Path, models: Path, *, should_stop: ShouldStop = lambda: False) -> Path:
    """Take a model out of a file that `export_model` wrote, or somebody pretends it did.

    Parameters
    ----------
    path : Path
    models : Path
        The folder of models; it is made where it is not there.
    should_stop : callable

    Returns
    -------
    Path
        The new model folder in `models`, named after the model.

    Raises
    ------
    FileMissing
        There is no such file.
    ModelError
        It is no such archive, holds anything else, differs from its hashes, is too large, would run code, or the same
        model is there already.
    ExportError
        The folder cannot be written, or the disk is too small.
    CancelledError
        `should_stop` said so; nothing is left.
    """
    if not path.is_file():
        raise FileMissing(f"{path} is not there", hint="Check the spelling of the path.", path=path)
    with _reading(path) as archive:
        members = _members(archive, path)
        listed = _listed_files(archive, members, path)
        beside = models / f".{secrets.token_hex(4)}.import"
        try:
            _make_room(models, beside, sum(members[name].file_size for name in _PARTS))
            for name in _PARTS:
                _unpack(archive, members[name], beside / name, listed[name], should_stop)
            card = read_model_card(beside)
            _refuse_twin(models, card, path)
            return _rename(beside, models, card)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def folder_name_of(name: str) -> str:
    """A model's name as the name of a folder: lower case letters, digits, dots and dashes, at most 60."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")[:60] or "model"


@contextmanager
def _reading(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with open_file(path) as file, zipfile.ZipFile(file) as archive:
            yield archive
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        EOFError,
        RuntimeError,
        OSError,
        UnicodeDecodeError,
        zlib.error,
    ) as error:
        raise _refused(path, f"cannot be read as an archive: {error}") from error


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The three members by name; refuses whatever else there is, in words that say why."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        # The name as it was stored: `ZipInfo` cuts names at a null byte.
        name = member.orig_filename
        if problem := _problem_of(name, member):
            raise _refused(path, f"holds {name[:80]!r}, which {problem}")
        if name in members:
            raise _refused(path, f"holds {name!r} twice")
        members[name] = member
    missing = [name for name in (_MANIFEST, *_PARTS) if name not in members]
    if missing:
        raise _refused(path, f"is not a model that was exported here: {missing[0]} is missing")
    return members


def _problem_of(name: str, member: zipfile.ZipInfo) -> str:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return "is an absolute path"
    if ".." in parts:
        return "leads out of its folder"
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is a link or a special file"
    if name not in _MOST_BYTES:
        return "may hold code" if _RUNS_CODE.search(name) else "does not belong into a model"
    if member.flag_bits & _ENCRYPTED or member.compress_type not in _METHODS:
        return "is encrypted, or packed in a way that is not read here"
    if member.file_size > _MOST_BYTES[name]:
        return f"claims {member.file_size / 2**30:.1f} GiB, more than it can be"
    return ""


def _listed_files(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], path: Path) -> dict[str, str]:
    """The sha256 of card and weights, as the manifest lists them."""
    try:
        with archive.open(members[_MANIFEST]) as file:
            values: Any = json.loads(file.read(_MOST_BYTES[_MANIFEST] + 1))
        if values["format"] != FORMAT or values["kind"] != "model":
            raise ValueError("it is of a version that is not understood")
        if set(values["files"]) != set(_PARTS):
            raise ValueError("it lists other files than card and weights")
        hashes = {name: values["files"][name]["sha256"] for name in _PARTS}
        if not all(isinstance(each, str) and re.fullmatch(r"[0-9a-f]{64}", each) for each in hashes.values()):
            raise ValueError("it lists no hashes")
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise _refused(path, f"has no usable manifest: {error}") from error
    return hashes


def _make_room(models: Path, beside: Path, size: int) -> None:
    try:
        make_folder(beside)
        free = shutil.disk_usage(models).free
    except OSError as error:
        hint = "Check that the folder may be written."
        raise ExportError(f"{models} cannot be written: {error.strerror}", hint=hint, path=models) from error
    if size + _DISK_RESERVE > free:
        words = f"the model takes {size / 2**30:.1f} GiB, and {models} has {free / 2**30:.1f} GiB left"
        raise ExportError(words, hint="Make room, then import it again.", path=models)


def _unpack(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, sha256: str, should_stop: ShouldStop
) -> None:
    """Write a member, no more of it than it claims, and compare its hash."""
    path = Path(str(archive.filename))
    found, left = hashlib.sha256(), member.file_size
    try:
        with archive.open(member) as source, target.open("xb") as file:
            while block := source.read(min(_BLOCK, left + 1)):
                if should_stop():
                    raise CancelledError
                left -= len(block)
                if left < 0:
                    raise _refused(path, f"holds more of {target.name} than it claims")
                found.update(block)
                file.write(block)
    except OSError as error:
        raise not_written(target, error) from error
    if found.hexdigest() != sha256:
        raise _refused(path, f"is damaged or was changed: the sha256 of {target.name} is not that of its manifest")


def _refuse_twin(models: Path, card: ModelCard, path: Path) -> None:
    for folder in sorted(each for each in models.iterdir() if (each / CARD_NAME).is_file() and each.name[0] != "."):
        try:
            other = read_model_card(folder, verify=False)
        except ModelError:
            continue
        if other.sha256 == card.sha256:
            words = f"the model in {path} is here already, as {other.name}"
            raise ModelError(words, hint="Use that one, or remove it first.", path=folder)


def _rename(beside: Path, models: Path, card: ModelCard) -> Path:
    name = folder_name_of(card.name)
    for number in range(1, 1000):
        target = models / (name if number == 1 else f"{name}-{number}")
        if not target.exists():
            try:
                place_folder(beside, target)
            except OSError as error:
                raise not_written(target, error) from error
            return target
    raise ExportError(f"{models} holds a thousand models called {card.name}", hint="Remove some.", path=models)


def _member(name: str, method: int) -> zipfile.ZipInfo:
    # The day of writing is nobody's business, and equal models make equal files.
    info = zipfile.ZipInfo(name)
    info.compress_type = method
    return info


def _refused(path: Path, what: str) -> ModelError:
    return ModelError(
        f"{path} {what}; nothing was imported.", hint="Ask for the file again, as it was exported.", path=path
    )
