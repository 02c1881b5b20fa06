"""Dice and volumes of the worklist's cases, measured one by one beside the window and kept in the store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from workstation.core.case import CaseFiles
from workstation.core.review import CaseFigures
from workstation.errors import WorkstationError
from workstation.io.review_figures import fingerprint_of, measure_case
from workstation.session.lane import Lane
from workstation.session.worklist import Worklist

# So many are written at once: each write makes the list sort itself anew.
_BATCH = 10
_Job = tuple[str, CaseFiles, Path | None, str]


class FiguresQueue(QObject):
    """Measures what is missing or stale.

    Parameters
    ----------
    worklist : Worklist
    lane : Lane
        Shared with the reading ahead: one case is one piece of work, so that neither waits long for the other.
    parent : QObject or None
    """

    progressed = Signal()

    def __init__(self, worklist: Worklist, lane: Lane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worklist = worklist
        self._lane = lane
        self._jobs: list[_Job] = []
        self._measured: dict[str, CaseFigures] = {}
        self._number = 0
        self.total = 0
        self.failures: dict[str, WorkstationError] = {}
        """Why a case could not be measured, by name in the store."""

    @property
    def left(self) -> int:
        """Cases that wait."""
        return len(self._jobs)

    def measure_all(self) -> None:
        """Measure every case whose masks are not those of the figures that are kept."""
        self._start([(each.name, each.files, each.prediction, _known(each.figures)) for each in self._worklist.entries])

    def measure_open(self) -> None:
        """Measure the open case, unless all are being measured."""
        each = self._worklist.current
        if each is not None and not self._jobs:
            self._start([(each.name, each.files, each.prediction, _known(each.figures))])

    def stop(self) -> None:
        """Leave what waits; what was measured is kept."""
        self._number += 1
        self._jobs = []
        self._keep()

    def _start(self, jobs: Sequence[_Job]) -> None:
        self.stop()
        self._jobs = list(jobs)
        self.total = len(jobs)
        self.failures = {}
        self._next()

    def _next(self) -> None:
        if not self._jobs:
            self._keep()
            self.progressed.emit()
            return
        number = self._number
        name, files, prediction, known = self._jobs.pop(0)

        def answer(figures: CaseFigures | None) -> None:
            if number != self._number:
                return
            if figures is not None:
                self._measured[name] = figures
            if len(self._measured) >= _BATCH:
                self._keep()
            self.progressed.emit()
            self._next()

        def on_error(error: WorkstationError) -> None:
            if number == self._number:
                self.failures[name] = error
                self._next()

        self._lane.ask(lambda: _measure(files, prediction, known), answer, on_error=on_error)

    def _keep(self) -> None:
        if self._measured:
            measured, self._measured = self._measured, {}
            self._worklist.keep_figures(measured)


def _known(figures: CaseFigures | None) -> str:
    return "" if figures is None else figures.fingerprint


def _measure(files: CaseFiles, prediction: Path | None, known: str) -> CaseFigures | None:
    """None where what is kept is of these very files, or there is no mask."""
    truth = files.truth.path if files.truth else None
    if (truth is None and prediction is None) or fingerprint_of(truth, prediction) == known:
        return None
    return measure_case(files, prediction)
