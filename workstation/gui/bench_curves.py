"""How long the window is busy with the curves of trainings: ten runs at once, each told of ten times a second.

Each tick appends a step to every run, has the folder read as the window's thread does (not counted: it is beside the
window), and measures from the new events' arrival to the end of the paint.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from workstation.core.requests import TrainRequest
from workstation.gui.train.curve_data import CurveData
from workstation.gui.train.curves import CurvesView
from workstation.io.runs import RunFolder
from workstation.session.run_reader import RunReader

RUNS = 10
STEPS = 50_000
_PER_EPOCH = 500


def curve_ticks_ms(app: QApplication, root: Path, *, steps: int, ticks: int) -> list[float]:
    """Milliseconds of each tick, with runs of so many steps.

    Parameters
    ----------
    app : QApplication
    root : Path
        An empty folder.
    steps, ticks : int
    """
    runs = [_write_run(root / f"run_{number}", steps) for number in range(RUNS)]
    reader, data, view = RunReader(root), CurveData(), CurvesView()
    view.resize(1000, 560)
    view.show()
    followed = runs[0].name
    look = reader.look(followed, 1)
    while look.has_more:
        data.take(look.events)
        look = reader.look(followed, 1)
    data.take(look.events)
    view.show_data(data, empty_words="")
    app.processEvents()
    times = []
    for tick in range(1, ticks + 1):
        for run in runs:
            run.append(_step(steps + tick))
        events = reader.look(followed, 1).events
        started = time.perf_counter()
        data.take(events)
        view.show_data(data, empty_words="")
        view.repaint()
        app.processEvents()
        times.append(1000 * (time.perf_counter() - started))
    view.close()
    return times


def _write_run(path: Path, steps: int) -> RunFolder:
    run = RunFolder.create_at(path, TrainRequest(data="/data", epochs=1 + steps // _PER_EPOCH))
    with run.events.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"event": "state", "state": "running"}) + "\n")
        for number in range(1, steps + 1):
            file.write(json.dumps(_step(number)) + "\n")
            if number % _PER_EPOCH == 0:
                scores = {"loss": 1.0, "dice": 0.5, "val_loss": 1.1, "val_dice": 0.5 + number / steps / 3}
                file.write(
                    json.dumps({"event": "epoch", "epoch": number // _PER_EPOCH, "is_best": True, **scores}) + "\n"
                )
    return run


def _step(number: int) -> dict[str, float | int | str]:
    # Ripples in place of noise: the same in every measurement.
    loss = 1.5 / (1 + number / 5000) + 0.1 * ((number * 7919) % 101) / 101
    values = {"loss": loss, "dice": 1 - loss / 2, "rate": 1e-3, "seconds": 1 + loss / 10, "wait_seconds": loss / 100}
    return {"event": "step", "step": number, "epoch": 1 + (number - 1) // _PER_EPOCH, **values}
