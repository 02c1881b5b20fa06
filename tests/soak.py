"""Long use: `make soak MINUTES=60` drives one window at random and watches memory, handles and threads.

    python tests/soak.py [--minutes N] [--seed N] [--only VERB ...] [--trace]

Random use is opening cases of a data set, scrolling, comparing, changing how panes and masks look, drawing, undoing,
accepting cases and taking that back, changing workspaces, exporting, events of runs and looking at those. After a
warm-up the resident memory, open descriptors, threads and live widgets are sampled; at the end the last third of the
samples must not lie above the middle third by more than the slack. Warnings of Qt and errors in slots end it. `--only`
uses the verbs named and no others; `--trace` says at the end which lines of Python hold more than after the warm-up.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import sys
import tempfile
import threading
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psutil

SLACK = {"memory_bytes": 48 * 2**20, "handles": 4, "threads": 2, "widgets": 40}
_HARMLESS = ("propagateSizeHints",)


@dataclass(slots=True)
class Outcome:
    """What came of it: verbs by number of uses, samples, and what went wrong."""

    verbs: dict[str, int] = field(default_factory=dict)
    samples: list[dict[str, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    refusals: int = 0
    grown: list[str] = field(default_factory=list)


class Soak:
    """One window, used at random.

    Parameters
    ----------
    folder : Path
        Empty; data set, runs and exports go there.
    seed : int
    only : sequence of str
        The verbs to use; empty is all.
    is_traced : bool
        Whether lines that hold more at the end than after the warm-up are wanted.
    """

    def __init__(self, folder: Path, *, seed: int, only: Sequence[str] = (), is_traced: bool = False) -> None:
        from small_cases import truth_path, write_cases, write_shifted

        from workstation.gui.application import make_application
        from workstation.gui.main_window import MainWindow
        from workstation.io.runs import RunFolder, default_runs_root
        from workstation.session import commands
        from workstation.session.session import Session

        self._app = make_application()
        self._rng = random.Random(seed)
        self._folder = folder
        self._only, self._is_traced = only, is_traced
        data = write_cases(folder / "cases", cases=3)
        self._cases = [next(iter(case.sequences.values())).path.parent for case in data.cases]
        self._masks = [
            write_shifted(truth_path(case), folder / f"{case.name}_p.nii.gz", by=2 + number)
            for number, case in enumerate(data.cases)
        ]
        self._runs = (default_runs_root(), RunFolder)
        self.outcome = Outcome()
        self._watch_qt()
        self._session = Session()
        self._session.problem.connect(self._on_problem)
        self._window = MainWindow(self._session)
        self._window.resize(1000, 700)
        self._window.show()
        commands.open_path(self._session, data.root)
        self._until(lambda: self._session.case is not None)
        self._open()

    def run(self, *, seconds: float, warm_up: float, pause: float = 0.0) -> Outcome:
        """Use the window for so long, with a pause after each use; samples count after the warm-up."""
        began = time.monotonic()
        verbs = {name: verb for name, verb in self._verbs().items() if not self._only or name in self._only}
        former: tracemalloc.Snapshot | None = None
        next_sample = began + warm_up
        while (now := time.monotonic()) < began + seconds:
            name = self._rng.choice(list(verbs))
            verbs[name]()
            self.outcome.verbs[name] = self.outcome.verbs.get(name, 0) + 1
            for _ in range(self._rng.randrange(1, 8)):
                self._app.processEvents()
            time.sleep(pause)
            if now >= next_sample:
                next_sample = now + max(0.5, (seconds - warm_up) / 60)
                self._settle()
                self.outcome.samples.append(self._sample())
                if self._is_traced and former is None:
                    tracemalloc.start(8)
                    former = tracemalloc.take_snapshot()
        if former is not None:
            self._settle()
            self.outcome.grown = [str(each) for each in tracemalloc.take_snapshot().compare_to(former, "lineno")[:25]]
        self._window.close()
        self._settle()
        return self.outcome

    def _verbs(self) -> dict[str, Callable[[], object]]:
        actions = self._window.menus.actions
        names = (
            *("view.next_sequence", "view.previous_sequence", "view.maximise", "view.fit", "view.annotations"),
            *("view.crosshair", "view.convention", "view.auto_window", "masks.toggle", "masks.outline", "masks.mode"),
            *("masks.palette", "masks.fainter", "masks.stronger", "go.next_error", "go.previous_error", "go.centre"),
            *("go.next_case", "go.previous_case", "edit.undo", "edit.redo", "decide.accept", "decide.undo"),
        )
        found: dict[str, Callable[[], object]] = {name: actions[name].trigger for name in names if name in actions}
        return found | {
            "open": self._open,
            "scroll": self._scroll,
            "draw": self._draw,
            "look": self._look_at_run,
            "workspace": self._workspace,
            "export": self._export,
            "run": self._run_event,
        }

    def _open(self) -> None:
        from workstation.session import commands

        if self._rng.random() < 0.3:
            # Decisions are about cases of a data set.
            commands.open_path(self._session, self._folder / "cases")
            return
        number = self._rng.randrange(len(self._cases))
        commands.open_paths(self._session, [self._cases[number]], prediction=self._masks[number])

    def _scroll(self) -> None:
        case = self._session.case
        if case is None:
            return
        for _ in range(10):
            voxel = [self._rng.randrange(side) for side in case.grid.shape]
            x, y, z = (float(value) for value in case.grid.to_world(voxel))
            self._session.view.set_cursor((x, y, z))
            self._app.processEvents()

    def _draw(self) -> None:
        """One stroke of the brush in whichever pane is seen, with real events of the mouse."""
        from PySide6.QtCore import QEvent, QPointF, Qt
        from PySide6.QtGui import QMouseEvent

        panes = [pane for pane in self._window.review.panes.slices.values() if pane.isVisible()]
        if self._session.case is None or not panes:
            return
        pane, tools = self._rng.choice(panes), self._session.editing.tools
        tools.set_tool(self._rng.choice(("brush", "brush", "eraser")))
        first, last = (
            QPointF(pane.width() * self._rng.uniform(0.3, 0.7), pane.height() * self._rng.uniform(0.3, 0.7))
            for _ in range(2)
        )
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        for kind, place, button, held in (
            (QEvent.Type.MouseButtonPress, first, left, left),
            (QEvent.Type.MouseMove, last, none, left),
            (QEvent.Type.MouseButtonRelease, last, left, none),
        ):
            event = QMouseEvent(kind, place, pane.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier)
            self._app.sendEvent(pane, event)
            self._app.processEvents()
        tools.set_tool("")

    def _look_at_run(self) -> None:
        root, _ = self._runs
        runs = sorted(root.glob("*soak*")) if root.exists() else []
        if runs:
            self._window.show_workspace("train")
            workspace: Any = self._window.workspace("train")
            workspace.show_run(self._rng.choice(runs).name)

    def _workspace(self) -> None:
        self._window.show_workspace(self._rng.choice(("review", "review", "data", "train", "models")))

    def _export(self) -> None:
        from workstation.session import commands

        if self._session.case is not None and self._session.layers.prediction is not None:
            name = f"out{self._rng.randrange(4)}.nii.gz"
            commands.export_mask(self._session, self._folder / name, kind="prediction")

    def _run_event(self) -> None:
        from workstation.core.requests import TrainRequest

        root, folder_of = self._runs
        runs = sorted(root.glob("*soak*")) if root.exists() else []
        if len(runs) < 4:
            folder_of.create(root, TrainRequest(str(self._folder / "cases")), label="soak")
            return
        run = folder_of(self._rng.choice(runs))
        step = int(time.monotonic() * 1000)
        run.append({"event": "step", "step": step, "epoch": 1, "loss": self._rng.random(), "dice": 0.5, "seconds": 0.1})

    def _settle(self) -> None:
        from PySide6.QtCore import QCoreApplication, QEvent

        self._until(lambda: not self._session.background.is_busy)
        for _ in range(3):
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            self._app.processEvents()
        gc.collect()

    def _sample(self) -> dict[str, int]:
        process = psutil.Process()
        return {
            "memory_bytes": process.memory_info().rss,
            "handles": process.num_fds(),
            "threads": threading.active_count(),
            "widgets": len(self._app.allWidgets()),
        }

    def _until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 120
        while not condition():
            self._app.processEvents()
            time.sleep(0.001)
            if time.monotonic() > end:
                raise TimeoutError("the window does not come to rest")

    def _on_problem(self, error: Any) -> None:
        # Undo where there is nothing, an export over its own source: refused in words, as it should be.
        self.outcome.refusals += 1

    def _watch_qt(self) -> None:
        from PySide6.QtCore import qInstallMessageHandler

        def on_message(kind: Any, _context: Any, text: str) -> None:
            if not any(word in text for word in _HARMLESS):
                self.outcome.problems.append(f"Qt: {kind.name}: {text}")

        def on_exception(kind: type[BaseException], error: BaseException, _trace: Any) -> None:
            self.outcome.problems.append(f"{kind.__name__}: {error}")
            sys.__excepthook__(kind, error, _trace)

        qInstallMessageHandler(on_message)
        sys.excepthook = on_exception


def growth_of(samples: list[dict[str, int]]) -> dict[str, int]:
    """By how much the median of the last third lies above that of the middle third."""
    third = max(1, len(samples) // 3)
    middle, last = samples[third : 2 * third] or samples, samples[-third:]
    return {name: round(median(s[name] for s in last) - median(s[name] for s in middle)) for name in SLACK}


def main() -> int:
    """Run as a command; 1 if something grew or went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.0, metavar="SECONDS", help="after each use")
    parser.add_argument("--only", action="append", default=[], metavar="VERB")
    parser.add_argument("--trace", action="store_true")
    options = parser.parse_args()
    seconds = 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch:
        for name in ("CONFIG", "DATA", "CACHE", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = f"{scratch}/{name.lower()}"
        os.environ["WORKSTATION_RUNS"] = f"{scratch}/runs"
        soak = Soak(Path(scratch), seed=options.seed, only=options.only, is_traced=options.trace)
        outcome = soak.run(seconds=seconds, warm_up=seconds / 4, pause=options.pause)
    growth = growth_of(outcome.samples)
    grown = {name: value for name, value in growth.items() if value > SLACK[name]}
    facts = {"uses": sum(outcome.verbs.values()), "refusals": outcome.refusals, "samples": len(outcome.samples)}
    ends = {"first": outcome.samples[0], "last": outcome.samples[-1]}
    memory = [sample["memory_bytes"] >> 20 for sample in outcome.samples]
    found = {**facts, "growth": growth, **ends, "memory_mib": memory, "problems": outcome.problems[:20]}
    print(json.dumps({**found, "grown": outcome.grown}, indent=2))
    return int(bool(grown or outcome.problems))


if __name__ == "__main__":
    sys.exit(main())
