"""What became of a run, in words, from the way its engine ended.

The engine's exit status: 0 finished, 3 stopped on request, 1 failed and said why; anything else is a crash.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass

EXIT_FINISHED = 0
EXIT_FAILED = 1
EXIT_STOPPED = 3
_GIB = 2**30
_LOG_HINT = "Its log has the details. Resume continues from the last checkpoint."
_MEMORY_HINT = "Choose a smaller size or batch, or end other programs; then start again or resume."
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


def ending_of(returncode: int, *, was_stopped: bool, has_reason: bool, peak_bytes: int, last_line: str) -> Ending:
    """What an exit status means.

    Parameters
    ----------
    returncode : int
        As `subprocess` gives it: negative for a signal.
    was_stopped : bool
        We asked the run to stop now.
    has_reason : bool
        The engine wrote a "failed" event.
    peak_bytes : int
        Of the engine's resident memory; 0 if it was never seen.
    last_line : str
        The last thing the engine printed.
    """
    if returncode == EXIT_FINISHED:
        return Ending("finished")
    if returncode == EXIT_STOPPED:
        return Ending("stopped")
    if was_stopped and returncode < 0:
        return Ending("stopped", reason="It did not stop by itself in time and was ended.", hint=_LOG_HINT)
    if returncode == -signal.SIGKILL:
        at = f", at {peak_bytes / _GIB:.1f} GiB" if peak_bytes else ""
        return Ending("killed", reason=f"Killed, probably for memory{at}.", hint=_MEMORY_HINT)
    if returncode in (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP):
        name = signal.Signals(-returncode).name
        return Ending("killed", reason=f"Somebody outside the program ended it ({name}).", hint=_LOG_HINT)
    if has_reason:
        return Ending("failed")
    how = _signal_name(-returncode) if returncode < 0 else f"status {returncode}"
    said = f" The last thing it printed: {last_line}" if last_line else " It printed nothing."
    hint = _CRASH_HINTS.get(-returncode, _LOG_HINT)
    return Ending("failed", kind="EngineCrash", reason=f"The engine broke off ({how}).{said}", hint=hint)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
