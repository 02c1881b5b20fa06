"""What changed in the folder of runs since the last look; file reading only, for a thread beside the window.

A look costs a directory listing, one `stat` for each ended run, and what was appended to the others.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workstation.errors import RunError
from workstation.io.events import read_records
from workstation.io.files import open_file
from workstation.io.runs import RunFolder, RunStatus, list_runs
from workstation.jobs.turns import QueueLook, Turns

_LOG_TAIL_BYTES = 64 * 1024
# Some 2,500 steps, which take the window 10 ms.
_MOST_EVENT_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Look:
    """The result of one look.

    Parameters
    ----------
    statuses : tuple of RunStatus
        Newest run first.
    changed : tuple of str
        Names of runs that are new or whose status changed.
    has_new_order : bool
        Runs came or went.
    followed : str
        The run that `events` and `log` belong to; empty if none is followed.
    follow_number : int
        Number of the wish to follow that this answers; an answer to an older wish is stale.
    events : list of dict
        Appended to the followed run.
    log : str
        Appended to its log; the first time, at most the last 64 KiB.
    masks : tuple of (str, Path)
        Run and mask of segmentations that were finished since the last look.
    queue : QueueLook or None
        Who runs, who waits, what is reserved; None where the folder cannot be written.
    has_more : bool
        There are more events of the followed run: the window gets a long course piece by piece, and stays awake.
    """

    statuses: tuple[RunStatus, ...]
    changed: tuple[str, ...]
    has_new_order: bool
    followed: str
    follow_number: int
    events: list[dict[str, Any]]
    log: str
    masks: tuple[tuple[str, Path], ...]
    queue: QueueLook | None = None
    has_more: bool = False


class RunReader:
    """Looks at a folder of runs again and again; belongs to one thread at a time.

    Parameters
    ----------
    root : Path
        The folder of runs; it need not be there yet.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._turns = Turns(root)
        self._folders: dict[str, RunFolder] = {}
        self._statuses: dict[str, RunStatus] = {}
        self._seen: dict[str, tuple[int, int]] = {}
        self._following = ("", 0)
        self._events_offset = 0
        self._log_offset = -1
        self._is_first = True
        self._has_more = False

    def look(self, followed: str = "", follow_number: int = 0) -> Look:
        """Read what is new; `followed` names the run whose events and log are wanted, anew for a new number."""
        before = self._statuses
        self._find_runs()
        self._statuses = {name: status for name in self._folders if (status := self._status_of(name)) is not None}
        changed = tuple(name for name, status in self._statuses.items() if before.get(name) != status)
        if (followed, follow_number) != self._following:
            self._following = (followed, follow_number)
            self._events_offset, self._log_offset = 0, -1
        has_new_order = self._is_first or list(before) != list(self._statuses)
        masks = () if self._is_first else self._new_masks(before, changed)
        self._is_first = False
        return Look(
            statuses=tuple(self._statuses.values()),
            changed=changed,
            has_new_order=has_new_order,
            followed=followed,
            follow_number=follow_number,
            events=self._new_events(),
            log=self._new_log(),
            masks=masks,
            has_more=self._has_more,
            queue=self._look_at_queue(),
        )

    def _look_at_queue(self) -> QueueLook | None:
        try:
            return self._turns.look()
        except RunError:
            return None

    def _find_runs(self) -> None:
        """Keep the folders that are still there, each with what was read of it, in the order of the list."""
        known = self._folders
        try:
            with os.scandir(self._root) as entries:
                names = {entry.name for entry in entries if entry.name[0] != "."}
        except OSError:
            names = set()
        if names != known.keys() or self._is_first:
            self._folders = {run.name: known.get(run.name, run) for run in list_runs(self._root)}

    def _status_of(self, name: str) -> RunStatus | None:
        """The status of a run; None if its folder went away or is damaged. Ended runs are read when they change."""
        run = self._folders[name]
        before = self._statuses.get(name)
        try:
            stamp = run.events.stat()
            seen = (stamp.st_size, stamp.st_mtime_ns)
            # A lost run may beat again after the machine slept: only written ends are kept.
            if before is not None and before.is_ended and before.state != "lost" and self._seen.get(name) == seen:
                return before
            self._seen[name] = seen
        except OSError:
            self._seen.pop(name, None)
        try:
            return run.status()
        except (RunError, OSError):
            return None

    def _new_events(self) -> list[dict[str, Any]]:
        self._has_more = False
        run = self._folders.get(self._following[0])
        if run is None:
            return []
        records = read_records(run.events, self._events_offset, most_bytes=_MOST_EVENT_BYTES)
        self._has_more = records.offset - self._events_offset >= _MOST_EVENT_BYTES
        self._events_offset = records.offset
        return records.records

    def _new_log(self) -> str:
        run = self._folders.get(self._following[0])
        if run is None or not run.log.exists():
            return ""
        try:
            with open_file(run.log) as file:
                size = os.fstat(file.fileno()).st_size
                if self._log_offset < 0:
                    self._log_offset = max(0, size - _LOG_TAIL_BYTES)
                file.seek(self._log_offset)
                data = file.read(max(0, size - self._log_offset))
        except OSError:
            # Gone meanwhile, or no log: there is nothing to show.
            return ""
        self._log_offset += len(data)
        return data.decode(errors="replace")

    def _new_masks(self, before: dict[str, RunStatus], changed: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
        found: list[tuple[str, Path]] = []
        for name in changed:
            status, old = self._statuses[name], before.get(name)
            if status.kind == "segment" and status.state == "finished" and (old is None or old.state != "finished"):
                found += [(name, path) for path in masks_of(self._folders[name])]
        return tuple(found)


def masks_of(run: RunFolder) -> list[Path]:
    """The masks that a segmentation run wrote, from its last result; those that are gone are left out."""
    results = [event for event in run.read_events()[0] if event.get("event") == "result"]
    masks = results[-1].get("masks", []) if results else []
    paths = []
    for mask in masks if isinstance(masks, list) else []:
        # A name alone, or an object that says more about the mask; relative ones lie in the run.
        name = mask.get("mask", "") if isinstance(mask, dict) else mask
        if isinstance(name, str) and name and (path := run.path / name).is_file():
            paths.append(path)
    return paths
