"""A stand-in for the engine: `python fake_engine.py MODE RUN` writes events and obeys commands, in milliseconds.

Modes: finish (three epochs, then exit 0), work (until told to stop; pauses and resumes), deaf (asks to be stopped and
then ignores even SIGTERM), gone (killed as by the kernel), fail (reports a failure), crash (an uncaught exception),
segment (writes a mask's name), release (works until RUN/release exists), hog (takes 20 MiB more and more until it holds
as many MiB as RUN/take says, then works until RUN/release exists), parent (has a child of its own that is a hog), train
(forty steps with a checkpoint at every third, from which it goes on; at the twentieth it waits while the file that
FAKE_ENGINE_HOLD names is there). Prints a line to the log at its start.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from workstation.io.files import read_json, write_json
from workstation.io.runs import RunFolder


def engine_words(mode: str) -> list[str]:
    """The command of the engine in a mode, without the run folder."""
    return [sys.executable, str(Path(__file__).resolve()), mode]


def engine_variable(mode: str) -> str:
    """The same as the value of WORKSTATION_ENGINE."""
    return shlex.join(engine_words(mode))


def until(fact: Callable[[], bool], seconds: float = 60.0) -> None:
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
    elif mode == "hog":
        take_memory(run)
    elif mode == "parent":
        subprocess.run([*engine_words("hog"), str(run.path)], check=False)
    elif mode == "train":
        train(run)
    elif mode == "work":
        return work(run)
    return 0


def train(run: RunFolder) -> None:
    """A number that follows from the one before it, forty times; it ends as it would have without an interruption."""
    last = run.checkpoints / "last.json"
    position = read_json(last) if last.exists() else {"step": 0, "weight": 1}
    step, weight = position["step"], position["weight"]
    hold = Path(os.environ.get("FAKE_ENGINE_HOLD") or run.path / "hold")
    while step < 40:
        if step == 20:
            until(lambda: not hold.exists(), 300)
        step += 1
        weight = weight * 6364136223846793005 % 2**61 + step
        run.append({"event": "step", "step": step, "epoch": 1, "loss": 1 / step, "seconds": 0.01})
        if step % 3 == 0:
            write_json(last, {"step": step, "weight": weight})
        time.sleep(0.01)
    write_json(run.checkpoints / "end.json", {"weight": weight})


def take_memory(run: RunFolder) -> None:
    """Hold more and more memory, its pages touched, up to what RUN/take says."""
    wanted = int((run.path / "take").read_text())
    held = []
    while 20 * len(held) < wanted:
        held.append(b"x" * (20 * 2**20))
        time.sleep(0.02)
    run.append({"event": "progress", "text": "it has what it wants"})
    until((run.path / "release").exists, 60)


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
