"""The engine as a child process: started behind the window, first in line for the kernel's killer, never left over."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

from workstation.jobs.processes import tree_of

_PR_SET_PDEATHSIG = 1
_NICE = 10
# Of -1000 to 1000; the supervisor stays at what it has, so that it lives to tell.
_OOM_SCORE = 800


def start_engine(command: Sequence[str], log: IO[bytes], *, cores: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start an engine; `OSError` if it cannot be.

    Parameters
    ----------
    command : sequence of str
    log : file
        Gets all it prints.
    cores : sequence of int
        Those it may use; empty is all. It makes its threads by them.
    """

    def prepare() -> None:
        """In the engine, before its program starts: stand back, and die with the supervisor."""
        os.nice(_NICE)
        if sys.platform == "linux":
            _put_session_back()
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            with suppress(OSError):
                Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
            if cores:
                os.sched_setaffinity(0, cores)

    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        preexec_fn=prepare,  # noqa: PLW1509  (this process has one thread)
    )


def _put_session_back() -> None:
    """Let the session that the supervisor has for itself and its engine weigh less than others.

    Linux shares the processor evenly between sessions (sched(7), "The autogroup feature") and counts niceness only
    within one: an engine in a session of its own took half of the machine from the window whatever its niceness.
    """
    if os.getsid(0) == os.getppid():
        with suppress(OSError):  # a kernel without the feature
            Path("/proc/self/autogroup").write_text(str(_NICE), encoding="ascii")


def kill_tree(engine: subprocess.Popen[bytes]) -> None:
    """Kill an engine that has not been waited for, and what came from it."""
    if engine.poll() is not None:
        return
    children = tree_of(engine.pid)[1:]
    engine.kill()
    for pid in children:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def last_line(log: Path) -> str:
    """The last line of the log that is not empty, at most 300 characters."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


@contextmanager
def signals_noted(note: Callable[[], None]) -> Iterator[None]:
    """Call `note` on SIGTERM or SIGINT, and take no notice of a hang-up."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        note()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
