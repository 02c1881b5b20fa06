"""A stand-in for the engine: `python fake_engine.py MODE RUN` writes events and obeys commands, in milliseconds.

Modes: finish (three epochs, then exit 0), work (until told to stop; pauses and resumes), deaf (asks to be stopped and
then ignores even SIGTERM), gone (killed as by the kernel), fail (reports a failure), crash (an uncaught exception),
segment (writes a mask's name), release (works until RUN/release exists). Prints a line to the log at its start.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from workstation.io.runs import RunFolder


def engine_words(mode: str) -> list[str]:
    """The command of the engine in a mode, without the run folder."""
    return [sys.executable, str(Path(__file__).resolve()), mode]


def engine_variable(mode: str) -> str:
    """The same as the value of WORKSTATION_ENGINE."""
    return shlex.join(engine_words(mode))


def until(fact: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is so, and fail if it does not become so."""
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s")
        time.sleep(0.02)


def state(run: RunFolder) -> str:
    """The state as a new reader sees it."""
    return RunFolder(run.path).status().state


def write_epoch(run: RunFolder, epoch: int, epochs: int = 3) -> None:
    """One step and one epoch of a training that gets better."""
    loss = 1 / (epoch + 1)
    step = {"step": epoch, "epoch": epoch, "loss": loss, "dice": 1 - loss, "soft_dice": 1 - loss, "seconds": 0.01}
    run.append({"event": "step", **step, "wait_seconds": 0.0})
    validation = {"val_loss": loss * 1.1, "val_dice": 1 - 1.1 * loss, "seconds": 0.01, "is_best": True}
    run.append({"event": "epoch", "epoch": epoch, "epochs": epochs, "loss": loss, "dice": 1 - loss, **validation})
    run.append({"event": "progress", "done": epoch, "total": epochs, "unit": "epoch", "seconds_left": epochs - epoch})


def main(mode: str, run: RunFolder) -> int:
    """Play the engine."""
    print(f"fake engine, {mode}", flush=True)
    run.append({"event": "state", "state": "running"})
    if mode == "finish":
        for epoch in (1, 2, 3):
            write_epoch(run, epoch)
        run.append({"event": "result", "model": "model", "best_epoch": 3, "val_dice": 0.725})
    elif mode == "segment":
        run.append({"event": "result", "masks": ["predictions/case_prediction.nii.gz"]})
    elif mode == "fail":
        run.append({"event": "failed", "kind": "NonFiniteLoss", "text": "The loss is NaN.", "hint": "Lower the rate."})
        return 1
    elif mode == "crash":
        raise ValueError("nobody expected this")
    elif mode == "gone":
        os.kill(os.getpid(), signal.SIGKILL)
    elif mode == "release":
        until((run.path / "release").exists, 60)
    elif mode == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        run.send("stop_now")
        until(lambda: False, 60)
    elif mode == "work":
        return work(run)
    return 0


def work(run: RunFolder) -> int:
    """Obey until told to stop; 3 as the engine does."""
    offset = run.control_start()
    epoch = 0
    deadline = time.monotonic() + 60
    is_paused = False
    while time.monotonic() < deadline:
        records, offset = run.commands(offset)
        for command in (record["command"] for record in records):
            if command in ("stop_now", "stop_after_epoch"):
                return 3
            is_paused = command == "pause"
            run.append({"event": "state", "state": "paused" if is_paused else "running"})
        if not is_paused:
            epoch += 1
            write_epoch(run, epoch, epochs=1000)
        time.sleep(0.02)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], RunFolder(Path(sys.argv[2]))))
