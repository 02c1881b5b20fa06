"""Run folders: what was asked of the engine, and all that came of it.

    RUN/request.json      {"kind", "created", "request"}; written once
    RUN/events.jsonl      appended by supervisor and engine, see `RunStatus` for what readers make of it
    RUN/control.jsonl     appended by window and command line: start, pause, resume, stop_after_epoch, stop_now
    RUN/changes.jsonl     appended by window and command line: changes of a training's course (`core/course.py`)
    RUN/log.txt           everything the engine printed
    RUN/supervisor.json   {"pid", "start_time", "engine_pid", ...}; RUN/heartbeat is touched every 2 s while it lives
    RUN/summary.json      the status of an ended run, so that a list of hundreds is cheap; events.jsonl is the truth
    RUN/checkpoints, model, predictions, sentinels

The folder is the truth: window, command line and engine read and write it the same way, and nothing of a run lives
elsewhere. `start` in control.jsonl marks where the commands of the present start begin: whoever obeys commands reads
from there (`control_start`), so that a stop sent right after a start is heard, and one of last week is not.
"""

from __future__ import annotations

import json
import os
import platform
import re
import secrets
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from workstation.core.course import Change, change_from_dict
from workstation.core.requests import Request, request_from_dict
from workstation.errors import RunError
from workstation.io.events import Records, append_record, read_records
from workstation.io.files import content_of, make_folder, write_json
from workstation.io.places import data_folder
from workstation.io.run_status import RunStatus, StatusFold, status_from_dict

__all__ = ["COMMANDS", "LOST_AFTER_SECONDS", "RunFolder", "RunStatus", "default_runs_root", "list_runs"]

COMMANDS = ("start", "pause", "resume", "stop_after_epoch", "stop_now")
LOST_AFTER_SECONDS = 20.0
"""Age of the heartbeat from which a run counts as lost; it is touched every 2 s, but machines stall."""


class RunFolder:
    """One run.

    Reading keeps what was read, so an instance that is asked again reads only what was appended. An instance belongs
    to one thread; the folder to everybody.

    Parameters
    ----------
    path : Path
        The folder; it need not be a run yet, reading tells.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fold: StatusFold | None = None
        self._offset = 0
        self._summary: tuple[int, RunStatus] | None = None
        self._asked: dict[str, Any] | None = None

    @classmethod
    def create(cls, root: Path, request: Request, *, label: str) -> RunFolder:
        """Make a new run among the runs of `root`, named by the day, `label` and four random characters."""
        with suppress(OSError):
            # What is wrong with the folder is said below, when the run itself is made.
            make_folder(root, mode=0o700)
        slug = re.sub(r"[^a-z0-9.]+", "-", label.lower()).strip("-.")[:40] or request.kind
        return cls.create_at(root / f"{datetime.now():%Y-%m-%d}_{slug}_{secrets.token_hex(2)}", request)

    @classmethod
    def create_at(cls, path: Path, request: Request) -> RunFolder:
        """Make a new run in a given folder, which must be empty or not there.

        Raises
        ------
        RunError
            The folder holds something, or cannot be made.
        """
        try:
            make_folder(path, mode=0o700)
            is_empty = not any(path.iterdir())
        except OSError as error:
            hint = "Choose a folder you may write to."
            raise RunError(f"{path} cannot be made: {error.strerror}.", hint=hint, path=path) from error
        if not is_empty:
            raise RunError(f"{path} is not empty.", hint="Name a new folder for the run.", path=path)
        created = datetime.now().astimezone().isoformat()
        write_json(path / "request.json", {"kind": request.kind, "created": created, "request": request.as_dict()})
        return cls(path)

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.path.name

    @property
    def root(self) -> Path:
        """The folder of runs that this one belongs to."""
        return self.path.parent

    @property
    def kind(self) -> str:
        """Kind of the request: "train", "segment"."""
        return str(self._read_asked().get("kind", ""))

    @property
    def created(self) -> float:
        """When it was asked for, in Unix seconds."""
        try:
            return datetime.fromisoformat(str(self._read_asked().get("created"))).timestamp()
        except ValueError:
            return (self.path / "request.json").stat().st_mtime

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """Model folder of a finished training."""
        return self.path / "model"

    @property
    def predictions(self) -> Path:
        """Folder of the masks, unless the request names another."""
        return self.path / "predictions"

    @property
    def masks_folder(self) -> Path:
        """Folder of the masks of a segmentation: where the request says, else `predictions`."""
        out = str(getattr(self.request(), "out", ""))
        if not out:
            return self.predictions
        return Path(out).parent if Path(out).name.endswith((".nii", ".nii.gz")) else Path(out)

    @property
    def sentinels(self) -> Path:
        """Folder of the masks of a training's sentinel cases, epoch by epoch."""
        return self.path / "sentinels"

    @property
    def log(self) -> Path:
        """File with everything the engine printed."""
        return self.path / "log.txt"

    @property
    def events(self) -> Path:
        """File of the events."""
        return self.path / "events.jsonl"

    @property
    def control(self) -> Path:
        """File of the commands."""
        return self.path / "control.jsonl"

    @property
    def supervisor(self) -> Path:
        """File that says which processes carry the run out."""
        return self.path / "supervisor.json"

    @property
    def heartbeat(self) -> Path:
        """File whose age says whether the supervisor lives."""
        return self.path / "heartbeat"

    def request(self) -> Request:
        """What was asked.

        Raises
        ------
        RunError
            request.json is missing or damaged.
        RequestError
            It asks for something this version does not know.
        """
        asked = self._read_asked()
        return request_from_dict(str(asked.get("kind")), asked.get("request", {}))

    def append(self, event: dict[str, Any]) -> None:
        """Append an event; the time is added.

        Raises
        ------
        RunError
            The folder cannot be written.
        """
        self._append(self.events, event)

    def read_events(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The events from byte `offset` on, and the byte at which to go on."""
        records = read_records(self.events, offset)
        return records.records, records.offset

    def beat(self) -> None:
        """Show readers that somebody watches over the run.

        Raises
        ------
        RunError
            The folder is gone or cannot be written.
        """
        try:
            self.heartbeat.touch()
        except OSError as error:
            raise self._not_written(self.heartbeat, error) from error

    def send(self, command: str, *, sender: str = "", checkpoint: str = "") -> None:
        """Append a command for supervisor and engine; `sender` says who asks, where that is not the user.

        A start may name the `checkpoint` to go on from: "best"; empty is the last one.

        Raises
        ------
        RunError
            The command is unknown, or the folder cannot be written.
        """
        if command not in COMMANDS:
            raise RunError(f"There is no command {command!r}.", hint=f"Known: {', '.join(COMMANDS)}.")
        more = {"sender": sender, "checkpoint": checkpoint}
        self._append(self.control, {"command": command} | {name: value for name, value in more.items() if value})

    def commands(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The commands from byte `offset` on, and the byte at which to go on."""
        records = read_records(self.control, offset)
        return records.records, records.offset

    def control_start(self) -> int:
        """Byte of control.jsonl at which the commands of the present start begin; 0 if there is no start in it."""
        try:
            data = content_of(self.control)
        except OSError:
            return 0
        mark = data.rfind(b'"command":"start"')
        return 0 if mark < 0 else data.find(b"\n", mark) + 1

    def asked_at(self) -> float:
        """When the present start was asked for, in Unix seconds; its place among those that wait."""
        starts = [record for record in self.commands()[0] if record.get("command") == "start"]
        time = starts[-1].get("time") if starts else None
        return float(time) if isinstance(time, int | float) else self.created

    def goes_on_from_best(self) -> bool:
        """Whether the present start is to go on from the best checkpoint instead of the last."""
        starts = [record for record in self.commands()[0] if record.get("command") == "start"]
        return bool(starts) and starts[-1].get("checkpoint") == "best"

    def change(self, change: Change) -> None:
        """Append a change of a training's course; it holds for this and all later starts.

        Raises
        ------
        RunError
            The folder cannot be written.
        """
        self._append(self.path / "changes.jsonl", change.as_dict())

    def changes(self, offset: int = 0) -> tuple[list[Change], int]:
        """The changes from byte `offset` on, and the byte at which to go on."""
        records = read_records(self.path / "changes.jsonl", offset)
        found = (change_from_dict(record) for record in records.records)
        return [change for change in found if change is not None], records.offset

    def status(self) -> RunStatus:
        """How the run stands now.

        Raises
        ------
        RunError
            The folder is no run.
        """
        return self._written_status().seen_alive(is_alive=self._has_heartbeat())

    def write_summary(self) -> None:
        """Keep the status of an ended run beside its events, for cheap lists."""
        status = self._written_status()
        write_json(self.path / "summary.json", {"events_bytes": self._offset, "status": status.as_dict()})

    def _written_status(self) -> RunStatus:
        """The status as the events tell it, from the summary if that is about the events as they are."""
        size = self.events.stat().st_size if self.events.exists() else 0
        if self._fold is None:
            self._summary = self._summary or self._read_summary()
            if self._summary is not None and self._summary[0] == size:
                return self._summary[1]
            start = RunStatus(name=self.name, kind=self.kind, created=self.created, epochs=self._asked_epochs())
            self._fold = StatusFold(start)
        records: Records = read_records(self.events, self._offset)
        for event in records.records:
            self._fold.take(event)
        self._fold.count_damaged(records.damaged)
        self._offset = records.offset
        return self._fold.status

    def _read_summary(self) -> tuple[int, RunStatus] | None:
        try:
            summary = json.loads(content_of(self.path / "summary.json"))
            status = status_from_dict(summary["status"])
            return None if status is None else (int(summary["events_bytes"]), status)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            # A cache that cannot be read is no cache; the events are.
            return None

    def _has_heartbeat(self) -> bool:
        """A run that has just been made counts as alive: its supervisor is about to come."""
        beats = self.heartbeat if self.heartbeat.exists() else self.path / "request.json"
        try:
            is_fresh = time.time() - beats.stat().st_mtime < LOST_AFTER_SECONDS
        except OSError:
            return False
        return is_fresh and not self._has_dead_supervisor()

    def _has_dead_supervisor(self) -> bool:
        """No process has the supervisor's number any more; only its own machine can tell."""
        try:
            values = json.loads(content_of(self.supervisor))
            pid, host = values["pid"], values["host"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return False
        if not isinstance(pid, int) or pid <= 0 or host != platform.node():
            return False
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            # No process has a number that the system cannot hold.
            return True
        except OSError:
            # It is somebody else's, so there is one.
            return False
        return False

    def _append(self, path: Path, record: dict[str, Any]) -> None:
        try:
            append_record(path, record)
        except OSError as error:
            raise self._not_written(path, error) from error

    def _not_written(self, path: Path, error: OSError) -> RunError:
        hint = "Check that the folder may be written and the disk is not full."
        return RunError(f"{path} cannot be written: {error.strerror}.", hint=hint, path=path)

    def _asked_epochs(self) -> int:
        asked = self._read_asked().get("request")
        epochs = asked.get("epochs") if isinstance(asked, dict) else None
        return epochs if isinstance(epochs, int) else 0

    def _read_asked(self) -> dict[str, Any]:
        """The content of request.json, read once: it never changes."""
        if self._asked is None:
            path = self.path / "request.json"
            hint = "The folder is no run, or its disk is damaged."
            try:
                asked = json.loads(content_of(path))
            except (OSError, ValueError, RecursionError) as error:
                raise RunError(f"{path} cannot be read: {error}.", hint=hint, path=path) from error
            if not isinstance(asked, dict):
                raise RunError(f"{path} is not a request.", hint=hint, path=path)
            self._asked = asked
        return self._asked


def default_runs_root() -> Path:
    """Folder of the user's runs: the environment's WORKSTATION_RUNS, else among the user's data."""
    given = os.environ.get("WORKSTATION_RUNS")
    return Path(given) if given else data_folder() / "runs"


def list_runs(root: Path) -> list[RunFolder]:
    """The runs in a folder, newest first; folders without a readable request are left out."""
    try:
        with os.scandir(root) as entries:
            runs = [RunFolder(Path(entry.path)) for entry in entries if entry.is_dir() and entry.name[0] != "."]
    except (FileNotFoundError, NotADirectoryError):
        return []
    dated: list[tuple[float, str, RunFolder]] = []
    for run in runs:
        try:
            dated.append((run.created, run.name, run))
        except (RunError, OSError):
            continue
    return [run for _, _, run in sorted(dated, key=lambda entry: entry[:2], reverse=True)]
