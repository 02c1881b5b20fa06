"""What the outside asks of a running engine: the commands in the run folder, and SIGTERM.

The engine polls between steps, and about once a second within a step that it can leave. One that it cannot leave
(memory "plain") may take longer than the patience of whoever sent SIGTERM, so a thread waits for the signal, gives the
loop some seconds to come by, and else ends the process itself: what came after the last checkpoint is lost then.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

from workstation.io.runs import RunFolder

STOPPED_EXIT = 3
GRACE_SECONDS = 10.0
_PAUSE_POLL_SECONDS = 0.2
_STEP_POLL_SECONDS = 1.0


class Control:
    """The commands of a run as they stand; a later one overrules an earlier one, but no stop is taken back.

    Parameters
    ----------
    run : RunFolder
    offset : int or None
        Byte of the control file to read from; None is where the present start of the run begins.
    """

    def __init__(self, run: RunFolder, *, offset: int | None = None) -> None:
        self._run = run
        self._offset = run.control_start() if offset is None else offset
        self._is_paused = False
        self._stop_after_epoch = False
        self._stop_now = threading.Event()
        self._polled = time.monotonic()

    def stop(self) -> None:
        """Ask for a stop from within this process; from any thread."""
        self._stop_now.set()

    def stops_now(self) -> bool:
        """Whether to stop before the next step."""
        self._poll()
        return self._stop_now.is_set()

    def leaves_step(self) -> bool:
        """Whether to stop in the middle of a step; cheap enough to be asked at every operation."""
        if time.monotonic() - self._polled > _STEP_POLL_SECONDS:
            self._poll()
        return self._stop_now.is_set()

    def stops_after_epoch(self) -> bool:
        """Whether to stop when the epoch is over."""
        self._poll()
        return self._stop_after_epoch or self._stop_now.is_set()

    def wait_while_paused(self, on_change: Callable[[str], None]) -> None:
        """Return at once, or when a pause ends by `resume` or a stop; `on_change` gets "paused" and "running"."""
        self._poll()
        if not self._holds():
            return
        on_change("paused")
        while self._holds():
            time.sleep(_PAUSE_POLL_SECONDS)
            self._poll()
        on_change("running")

    def _holds(self) -> bool:
        return self._is_paused and not self._stop_now.is_set() and not self._stop_after_epoch

    def _poll(self) -> None:
        self._polled = time.monotonic()
        commands, self._offset = self._run.commands(self._offset)
        for record in commands:
            match record.get("command"):
                case "pause":
                    self._is_paused = True
                case "resume":
                    self._is_paused = False
                case "stop_after_epoch":
                    self._stop_after_epoch = True
                case "stop_now":
                    self._stop_now.set()


def stop_on_sigterm(control: Control, at_end: Callable[[], None]) -> None:
    """Let SIGTERM stop the loop, or after a grace period the process; before any other thread is started.

    Parameters
    ----------
    control : Control
    at_end : callable
        Called before the process is ended in the middle of a step: writes the last state.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def watch() -> None:
        signal.sigwait({signal.SIGTERM})
        control.stop()
        time.sleep(GRACE_SECONDS)
        at_end()
        os._exit(STOPPED_EXIT)

    threading.Thread(target=watch, name="sigterm", daemon=True).start()
