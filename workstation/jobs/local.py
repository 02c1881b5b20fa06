"""Start runs on this machine, each under a supervisor that outlives whoever started it."""

from __future__ import annotations

import subprocess
import sys
import threading

from workstation.errors import RunError
from workstation.io.runs import RunFolder
from workstation.jobs.processes import ProcessMark, mark_in, mark_of
from workstation.jobs.supervision import leftover_engine, note_started, read_supervision, write_supervision
from workstation.jobs.ticket import Ticket
from workstation.jobs.turns import Turns


def start(run: RunFolder, *, checkpoint: str = "") -> int:
    """Start a run, or an ended one anew: it goes on from its last checkpoint, or from its "best".

    The supervisor gets a session of its own, so neither the end of this process (even by `kill -9`) nor a hang-up of
    its terminal reaches it. Where systemd kills a user's processes at log-out (KillUserProcesses=yes), it needs
    `loginctl enable-linger` to outlive the login.

    Returns
    -------
    int
        The supervisor's process number.

    Raises
    ------
    RunError
        Somebody is carrying the run out already, or the supervisor cannot be started.
    """
    watcher = supervisor_of(run)
    if watcher is not None and watcher.is_alive() and not run.status().is_ended:
        raise RunError(f"{run.name} is being carried out already.", hint="Stop it first.", path=run.path)
    run.send("start", checkpoint=checkpoint)
    # From here on every reader sees a run that waits, however long the supervisor takes to come: it must not be
    # taken for the dead one of the last start. The new one ends that one's engine, if it should still be there.
    write_supervision(run, None, leftover_engine(run))
    run.beat()
    run.append({"event": "state", "state": "waiting"})
    command = [sys.executable, "-m", "workstation", "supervise", str(run.path)]
    try:
        with (run.path / "supervisor.log").open("ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
    except OSError as error:
        run.append({"event": "state", "state": "failed", "reason": f"Its supervisor could not be started: {error}."})
        raise RunError(f"{run.name} could not be started: {error}.", path=run.path) from error
    mark = mark_of(process.pid)
    if mark is not None:
        note_started(run, mark)
        Turns(run.root).reserve(Ticket(run.name, run.asked_at(), False, mark))
    # Somebody must take the exit status, or the dead supervisor stays in the process table as long as we live.
    threading.Thread(target=process.wait, name=f"reap {run.name}", daemon=True).start()
    return process.pid


def supervisor_of(run: RunFolder) -> ProcessMark | None:
    """The process that watches, or last watched, over a run."""
    return mark_in(read_supervision(run))
