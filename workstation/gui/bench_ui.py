"""The window measured against its budgets, with real events: wheel, crosshair, window and level, brush, start, opening
and stepping cases.

Times run from sending an event to the end of the paint it causes. Start-up is measured in fresh processes, from their
creation to the end of the first paint of the window, with the byte code that an installed program has. Surfaces are
those of every opening but the first, which also waits for OpenGL; they count as there when the 3D pane has painted
them, and as missing (0) where it cannot.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from workstation.errors import DisplayError
from workstation.gui.application import make_application, use_offscreen_without_display
from workstation.gui.bench_cases import make_cases, walk
from workstation.gui.bench_curves import STEPS, curve_ticks_ms
from workstation.gui.bench_events import PATIENCE_SECONDS, drag_ms, stroke_ms, wait, wheel_ms, window_ms
from workstation.gui.main_window import MainWindow
from workstation.io.phantoms import write_phantoms
from workstation.session import commands
from workstation.session.session import Session

# (median, 95th percentile) in ms.
BUDGETS = {
    "wheel step to painted frame": (4.0, 8.0),
    "crosshair drag, three panes": (10.0, 16.7),
    "window and level drag, three panes": (10.0, 16.7),
    "brush stroke, mouse move to painted frame": (8.0, 16.7),
    "end of a brush stroke": (16.7, 33.4),
    "start to first painted window": (1200.0, 1200.0),
    "open a case to first paint": (500.0, 500.0),
    "surfaces after that": (500.0, 500.0),
    "switch to a case read ahead": (200.0, 200.0),
    # Ten times a second, and time for everything else.
    "curves of ten runs, a new step": (50.0, 100.0),
}
_STARTS = 5
_FEW_STEPS = 500
_MOST_TICKS = 100
_OPENINGS = 5
_FULL_SHAPE = (240, 240, 155)
_SMALL_SHAPE = (48, 52, 40)


def run(
    *, case: Path | None, prediction: Path | None, events: int, switches: int = 100, data: Path | None = None
) -> dict[str, Any]:
    """Measure, and compare with the budgets.

    Parameters
    ----------
    case : Path or None
        A case with truth; None makes a phantom of full size.
    prediction : Path or None
        None takes the truth as the prediction.
    events : int
        How many wheel steps, moves of the crosshair and moves of the brush.
    switches : int
        How many steps from case to case.
    data : Path or None
        The data set that is stepped through; None makes phantoms, of full size if `case` is None.

    Returns
    -------
    dict
        "figures": per name median_ms, p95_ms, budget_ms and is_met; "memory": its growth over the switches; "machine",
        "platform", "events".
    """
    use_offscreen_without_display()
    with tempfile.TemporaryDirectory() as folder:
        figures = {"start to first painted window": _starts_ms()}
        path = case or _phantom(Path(folder))
        app = make_application()
        session = Session()
        window = MainWindow(session)
        window.resize(1440, 900)
        painted: list[bool] = []
        window.first_painted.connect(lambda: painted.append(True))
        window.show()
        # A case is chosen in a window that is there, and has read what it reads after its first paint.
        wait(app, lambda: bool(painted) and not session.background.is_busy)
        openings, surfaces = [], []
        for _ in range(_OPENINGS + 1):
            openings.append(_open_ms(app, session, window, path, prediction))
            surfaces.append(_surfaces_ms(app, window))
        figures["open a case to first paint"] = openings
        figures["surfaces after that"] = surfaces[1:]
        _show_comparison(app, session)
        views = list(window.review.panes.slices.values())
        figures["wheel step to painted frame"] = wheel_ms(app, views[0], events)
        figures["crosshair drag, three panes"] = drag_ms(app, views, events)
        figures["window and level drag, three panes"] = window_ms(app, views, events)
        figures.update(stroke_ms(app, session, views[0], events))
        cases = data or make_cases(Path(folder) / "walk", _FULL_SHAPE if case is None else _SMALL_SHAPE).root
        steps = walk(app, window, cases, switches=switches, wait=wait)
        figures["switch to a case read ahead"] = steps.times_ms
        steps_of_runs = STEPS if case is None else _FEW_STEPS
        ticks = min(events, _MOST_TICKS)
        figures["curves of ten runs, a new step"] = curve_ticks_ms(
            app, Path(folder) / "runs", steps=steps_of_runs, ticks=ticks
        )
        platform_name = app.platformName()
        window.close()
    return {
        "figures": {name: _summary(figures[name], budget) for name, budget in BUDGETS.items()},
        "memory": steps.summary(),
        "machine": {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "platform": platform_name,
        "events": events,
    }


def _starts_ms() -> list[float]:
    """Several starts; one before them writes the byte code, where there is none, and does not count."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return [_start_ms(environment) for _ in range(_STARTS + 1)][1:]


def _start_ms(environment: Mapping[str, str]) -> float:
    started = time.time()
    command = [sys.executable, "-c", "from workstation.gui.bench_start import report_start; report_start()"]
    answer = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=4 * PATIENCE_SECONDS, check=False
    )
    if answer.returncode:
        raise DisplayError("the window did not start", hint=answer.stderr.strip()[-500:])
    return 1000 * (float(answer.stdout.split()[-1]) - started)


def _open_ms(app: QApplication, session: Session, window: MainWindow, path: Path, prediction: Path | None) -> float:
    views = list(window.review.panes.slices.values())
    counts: list[int] = []

    def on_case() -> None:
        # Taken as the case changes: the paint that counts may follow in the same turn of the event loop.
        counts[:] = [view.paint_count for view in views]

    session.case_changed.connect(on_case)
    started = time.perf_counter()
    commands.open_path(session, path, prediction=prediction)
    wait(app, lambda: bool(counts) and all(view.paint_count > count for view, count in zip(views, counts, strict=True)))
    elapsed = time.perf_counter() - started
    session.case_changed.disconnect(on_case)
    return 1000 * elapsed


def _surfaces_ms(app: QApplication, window: MainWindow) -> float:
    """Until the 3D pane shows the case that was opened."""
    panes, started = window.review.panes, time.perf_counter()
    wait(app, lambda: bool(getattr(panes.panes["3d"], "is_settled", False)))
    return 1000 * (time.perf_counter() - started) if getattr(panes.panes["3d"], "is_available", False) else 0.0


def _show_comparison(app: QApplication, session: Session) -> None:
    if session.layers.prediction is None:
        session.layers.set_prediction(session.layers.truth)
    session.layers.set_mode("comparison")
    wait(app, lambda: session.layers.comparison is not None or session.layers.truth is None)
    # The 3D pane makes itself meanwhile; it is not what is measured here.
    until = time.perf_counter() + 3
    while time.perf_counter() < until:
        app.processEvents()
        time.sleep(0.01)


def _phantom(folder: Path) -> Path:
    data_set = write_phantoms(folder / "phantom", cases=1, shape=_FULL_SHAPE, layout="brats2021", seed=1)
    return data_set.root


def _summary(times: Sequence[float], budget: tuple[float, float]) -> dict[str, Any]:
    ordered = sorted(times)
    median = ordered[len(ordered) // 2]
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    is_met = median <= budget[0] and p95 <= budget[1]
    return {"median_ms": median, "p95_ms": p95, "budget_ms": list(budget), "is_met": is_met}
