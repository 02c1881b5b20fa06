"""Stepping through a data set, measured: time to the painted slices of a case that was read ahead, and memory.

Memory is taken when all is at rest (neighbours read, surfaces made), and compared between two walks through the whole
list, since what is kept differs from place to place: the largest of the last walk against the largest of the first one
after `SETTLING` switches.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil
from PySide6.QtWidgets import QApplication

from workstation.core.case import DataSet
from workstation.gui.main_window import MainWindow
from workstation.io.layouts import open_dataset
from workstation.io.phantoms import write_phantoms
from workstation.io.review_store import ReviewStore, review_path
from workstation.session import commands
from workstation.session.prefetch import Wanted

SETTLING = 20
MOST_GROWTH_BYTES = 50 * 2**20
_CASES = 6
_KINDS = 2
_ENDINGS = {"T1": "t1", "T1c": "t1ce", "T2": "t2", "FLAIR": "flair", "truth": "seg"}

Wait = Callable[[QApplication, Callable[[], bool]], None]


@dataclass(frozen=True, slots=True)
class Walk:
    """What was measured on a walk through the cases.

    Parameters
    ----------
    times_ms : list of float
        Per switch.
    bytes_at_rest : list of int
        Resident memory after each switch.
    cases : int
        How many the data set has.
    """

    times_ms: list[float]
    bytes_at_rest: list[int]
    cases: int

    @property
    def growth_bytes(self) -> int:
        """Of memory, from the first walk after settling to the last one."""
        first = min(SETTLING, len(self.bytes_at_rest) // 2)
        there_and_back = max(2 * (self.cases - 1), 1)
        walk = self.bytes_at_rest[first : first + there_and_back]
        return max(self.bytes_at_rest[-there_and_back:]) - max(walk)

    def summary(self) -> dict[str, Any]:
        """Memory for the report."""
        return {
            "switches": len(self.times_ms),
            "cases": self.cases,
            "peak_bytes": max(self.bytes_at_rest),
            "growth_bytes": self.growth_bytes,
            "budget_bytes": MOST_GROWTH_BYTES,
            "is_met": self.growth_bytes <= MOST_GROWTH_BYTES,
        }


def make_cases(folder: Path, shape: tuple[int, int, int]) -> DataSet:
    """A data set of phantoms with predictions: two phantoms under several names, since full-size ones take long."""
    source = write_phantoms(folder / "source", cases=_KINDS, shape=shape, layout="brats2021", seed=1)
    for number in range(_CASES):
        files = source.cases[number % _KINDS]
        name = f"Case_{number + 1:03d}"
        (folder / "cases" / name).mkdir(parents=True)
        references = {**files.sequences, **({"truth": files.truth} if files.truth else {})}
        for kind, reference in references.items():
            os.link(reference.path, folder / "cases" / name / f"{name}_{_ENDINGS[kind]}.nii.gz")
    data_set = open_dataset(folder / "cases")
    truths = [files.truth.path for files in source.cases if files.truth]
    with ReviewStore(review_path(data_set.root)) as store:
        store.set_predictions({files.name: truths[n % _KINDS] for n, files in enumerate(data_set.cases)})
    return data_set


def walk(app: QApplication, window: MainWindow, data: Path, *, switches: int, wait: Wait) -> Walk:
    """Step to and fro through a data set, each time to a case that was read ahead.

    Parameters
    ----------
    app : QApplication
    window : MainWindow
        Shown, with an own session.
    data : Path
        A data set of two cases at least.
    switches : int
    wait : callable
        Lets the window live until a condition holds.
    """
    session, process = window.session, psutil.Process()
    views = list(window.review.panes.slices.values())
    commands.open_path(session, data)
    wait(app, lambda: session.worklist.current is not None and session.worklist.access.is_read)
    times, rests, place, by = [], [], 0, 1
    count = len(session.worklist.shown)

    def is_at_rest() -> bool:
        is_busy = session.background.is_busy or session.worklist.access.is_busy or session.ahead.is_busy
        return session.prefetch.is_settled and not is_busy

    def is_next_there() -> bool:
        entry = session.worklist.shown[place]
        return is_at_rest() and session.prefetch.has(Wanted(entry.files, entry.prediction))

    for _ in range(switches):
        by = by if 0 <= place + by < count else -by
        place += by
        wait(app, is_next_there)
        painted = [view.paint_count for view in views]
        started = perf_counter()
        commands.step_case(session, by)
        wait(app, lambda: all(view.paint_count > n for view, n in zip(views, painted, strict=True)))  # noqa: B023
        times.append(1000 * (perf_counter() - started))
        wait(app, is_at_rest)
        rests.append(process.memory_info().rss)
    return Walk(times, rests, count)
