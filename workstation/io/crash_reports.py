"""Reports of crashes, in files for the user alone, and the log that they end with.

    STATE/crash-PID.txt       opened by a running window: the fault handler writes into it when the process dies
    STATE/workstation.log     warnings and errors; at 1 MiB it becomes workstation.log.1, and so on to .3

An empty report of a process that is gone means that all was well, or that it was killed: it is removed. One with words
in it is offered once, at the next start. Reports hold traces, file names among them, and no voxels, and are sent
nowhere.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import re
from contextlib import suppress
from pathlib import Path

from workstation.io.places import state_folder

LOG_NAME = "workstation.log"
LOG_BYTES = 2**20
LOG_COPIES = 3
_REPORT = re.compile(r"crash-(\d+)\.txt")
_MOST_BYTES = 2**18
_KEPT = 5


def report_path(folder: Path | None = None) -> Path:
    """The report of this process."""
    return (folder or state_folder()) / f"crash-{os.getpid()}.txt"


def open_report(folder: Path | None = None) -> int:
    """A descriptor of this process's own report, made empty; OSError if it cannot be."""
    path = report_path(folder)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)


def close_report(descriptor: int, folder: Path | None = None) -> None:
    """Let go of this process's report, and remove it where nothing was written."""
    with suppress(OSError):
        is_empty = os.fstat(descriptor).st_size == 0
        os.close(descriptor)
        if is_empty:
            report_path(folder).unlink()


def take_reports(folder: Path | None = None) -> str:
    """The reports of processes that are gone, newest first; each is given once, then kept as seen.

    Returns
    -------
    str
        Empty if there is none.
    """
    folder = folder or state_folder()
    found: list[tuple[float, Path]] = []
    for path in folder.glob("crash-*.txt"):
        match = _REPORT.fullmatch(path.name)
        with suppress(OSError):
            if match and not _is_alive(int(match[1])):
                found.append((path.stat().st_mtime, path))
    texts = []
    for _, path in sorted(found, reverse=True):
        with suppress(OSError):
            text = path.read_bytes()[:_MOST_BYTES].decode(errors="replace").strip()
            if text:
                texts.append(text)
                path.replace(path.with_suffix(".seen"))
            else:
                path.unlink()
    _drop_old(folder)
    return "\n\n".join(texts)


def log_to_file(folder: Path | None = None) -> logging.Handler | None:
    """Write warnings and errors of this process to the log; None where it cannot be written."""
    folder = folder or state_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / LOG_NAME).touch(mode=0o600)
        handler = _PrivateHandler(folder / LOG_NAME, maxBytes=LOG_BYTES, backupCount=LOG_COPIES, encoding="utf-8")
    except OSError:
        return None
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    return handler


class _PrivateHandler(logging.handlers.RotatingFileHandler):
    """Its files are the user's alone, and a full disk is no reason to write on stderr for each line."""

    def doRollover(self) -> None:
        """Begin a new file; another window may have done it at the same moment."""
        with suppress(OSError):
            super().doRollover()
            Path(self.baseFilename).chmod(0o600)

    def handleError(self, record: logging.LogRecord) -> None:
        """Go on without this line."""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _drop_old(folder: Path) -> None:
    with suppress(OSError):
        seen = sorted(folder.glob("crash-*.seen"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in seen[_KEPT:]:
            path.unlink()
