"""What a power cut may leave of a folder: names and contents that were not synced are lost.

POSIX promises contents after `fsync` of the file, and a name after `fsync` of its folder. `Disk` watches a folder
step by step and says which states it could be found in after the power came back:

    contents lost    every name is there, but what was not synced is missing (a file of no bytes)
    contents zero    as before, with zeros in their place, as file systems that allocate late leave it
    names lost       only names that were synced are there
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from fault_tracer import Step

VARIANTS = ("contents lost", "contents zero", "names lost")


class _File:
    def __init__(self, content: bytes, *, synced: bytes | None) -> None:
        self.content = content
        self.synced = synced


class _Folder:
    def __init__(self) -> None:
        self.entries: dict[str, _File | _Folder] = {}
        self.durable: dict[str, _File | _Folder] = {}


class Disk:
    """A folder and what of it is on the disk; all that is there in the beginning is."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[int, _File | _Folder] = {}
        self._tree = self._look(is_synced=True)

    def after_step(self, step: Step) -> None:
        """Take in what a step changed."""
        self._tree = self._look(is_synced=False)
        if step.kind != "sync":
            return
        node: _File | _Folder | None = self._tree
        for part in Path(step.path).parts:
            node = node.entries.get(part) if isinstance(node, _Folder) else None
        if isinstance(node, _File):
            node.synced = node.content
        elif isinstance(node, _Folder):
            node.durable = dict(node.entries)

    def states(self, scratch: Path) -> Iterator[tuple[str, Path]]:
        """The states after a power cut now, each made below `scratch` under the folder's own name."""
        for number, variant in enumerate(VARIANTS):
            target = scratch / str(number) / self._root.name
            target.mkdir(parents=True)
            _write(self._tree, target, variant)
            yield variant, target

    def _look(self, *, is_synced: bool) -> _Folder:
        seen: dict[int, _File | _Folder] = {}
        tree = self._look_into(self._root, seen, is_synced=is_synced)
        # The number of a file that is gone may be given to another one.
        self._known = seen
        return tree

    def _look_into(self, path: Path, seen: dict[int, _File | _Folder], *, is_synced: bool) -> _Folder:
        number = path.stat().st_ino
        known = self._known.get(number)
        folder = known if isinstance(known, _Folder) else _Folder()
        seen[number] = folder
        folder.entries = {}
        with os.scandir(path) as found:
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    folder.entries[entry.name] = self._look_into(path / entry.name, seen, is_synced=is_synced)
                    continue
                content = (path / entry.name).read_bytes()
                file = self._known.get(entry.inode())
                if not isinstance(file, _File):
                    file = _File(content, synced=content if is_synced else None)
                file.content = content
                if entry.is_symlink():
                    # What a link leads to was there before; the link is but a name.
                    file.synced = content
                folder.entries[entry.name] = seen[entry.inode()] = file
        if is_synced:
            folder.durable = dict(folder.entries)
        return folder


def _write(folder: _Folder, target: Path, variant: str) -> None:
    entries = folder.durable if variant == "names lost" else folder.entries
    for name, node in entries.items():
        if isinstance(node, _Folder):
            (target / name).mkdir()
            _write(node, target / name, variant)
        else:
            (target / name).write_bytes(_content(node, variant))


def _content(file: _File, variant: str) -> bytes:
    if file.synced == file.content:
        return file.content
    synced = file.synced or b""
    if variant == "contents zero":
        return synced[: len(file.content)] + bytes(max(0, len(file.content) - len(synced)))
    return synced
