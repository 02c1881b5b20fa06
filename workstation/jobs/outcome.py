"""What became of a run, in words, from the way its engine ended.

The engine's exit status: 0 finished, 3 stopped on request, 1 failed and said why; anything else is a crash.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

from workstation.jobs.waiting import amount

EXIT_FINISHED = 0
EXIT_FAILED = 1
EXIT_STOPPED = 3
_LOG_HINT = "Its log has the details. Resume continues from the last checkpoint."
_MEMORY_HINT = "Resume waits for more memory; or choose a smaller size, batch or memory mode, or end other programs."
_CRASH_HINTS: dict[int, str] = {
    signal.SIGILL: "This build of TensorFlow uses instructions that this processor does not have.",
    signal.SIGABRT: f"{_LOG_HINT} TensorFlow also aborts when an allocation fails: a smaller size or batch may help.",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """The last state of a run.

    Parameters
    ----------
    state : str
        "finished", "stopped", "failed" or "killed".
    kind : str
        Of a failure that the engine did not report itself; empty otherwise.
    reason, hint : str
    """

    state: str
    kind: str = ""
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class MemoryStory:
    """What is known of the memory of a run that ended.

    Parameters
    ----------
    peak_bytes : int
        Largest that was seen; 0 if it was never seen.
    estimate_bytes : int
        What it was expected to take; 0 if nothing was.
    ended_at_bytes : int
        What it took when the supervisor ended it for taking too much; 0 if it did not.
    is_kernels_deed : bool or None
        The kernel ended a process for want of memory at that time; None where it does not tell.
    """

    peak_bytes: int = 0
    estimate_bytes: int = 0
    ended_at_bytes: int = 0
    is_kernels_deed: bool | None = None


def ending_of(returncode: int, *, was_stopped: bool, has_reason: bool, memory: MemoryStory, last_line: str) -> Ending:
    """What an exit status means.

    Parameters
    ----------
    returncode : int
        As `subprocess` gives it: negative for a signal.
    was_stopped : bool
        We asked the run to stop now.
    has_reason : bool
        The engine wrote a "failed" event.
    memory : MemoryStory
    last_line : str
        The last thing the engine printed.
    """
    if memory.ended_at_bytes and returncode < 0:
        return Ending("killed", reason=f"Killed for memory{_figures(memory)}", hint=_MEMORY_HINT)
    if returncode == EXIT_FINISHED:
        return Ending("finished")
    if returncode == EXIT_STOPPED:
        return Ending("stopped")
    if was_stopped and returncode < 0:
        return Ending("stopped", reason="It did not stop by itself in time and was ended.", hint=_LOG_HINT)
    if returncode == -signal.SIGKILL:
        return _killed(memory)
    if returncode in (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP):
        name = signal.Signals(-returncode).name
        return Ending("killed", reason=f"Somebody outside the program ended it ({name}).", hint=_LOG_HINT)
    if has_reason:
        return Ending("failed")
    how = _signal_name(-returncode) if returncode < 0 else f"status {returncode}"
    said = f" The last thing it printed: {last_line}" if last_line else " It printed nothing."
    hint = _CRASH_HINTS.get(-returncode, _LOG_HINT)
    return Ending("failed", kind="EngineCrash", reason=f"The engine broke off ({how}).{said}", hint=hint)


def _killed(memory: MemoryStory) -> Ending:
    """By SIGKILL, and not by us."""
    if memory.is_kernels_deed:
        how = "The machine's memory was exhausted and the system ended the run"
    elif memory.is_kernels_deed is None:
        how = "Killed, probably for memory"
    else:
        return Ending("killed", reason="Somebody outside the program ended it (SIGKILL).", hint=_LOG_HINT)
    return Ending("killed", reason=f"{how}{_figures(memory)}", hint=_MEMORY_HINT)


def _figures(memory: MemoryStory) -> str:
    """ " at 7.1 GiB; estimate 6.2 GiB." as far as it is known."""
    reached = memory.ended_at_bytes or memory.peak_bytes
    at = f" at {amount(reached)}" if reached else ""
    return f"{at}; estimate {amount(memory.estimate_bytes)}." if memory.estimate_bytes else f"{at}."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
