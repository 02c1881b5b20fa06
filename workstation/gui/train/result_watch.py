"""What a measuring run has found so far, read beside the window whenever the run has come further, and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject

from workstation.gui.measure.result_view import ResultView
from workstation.gui.train.wording import waiting_words
from workstation.io.runs import RunStatus
from workstation.session.measurements import MEASURING_KINDS, Measurement, read_measurement
from workstation.session.session import Session


class ResultWatch(QObject):
    """Fills the view of results.

    Parameters
    ----------
    session : Session
    view : ResultView
        Also the owner.
    """

    def __init__(self, session: Session, view: ResultView) -> None:
        super().__init__(view)
        self._session = session
        self._view = view
        self._status: RunStatus | None = None
        self._measurement: Measurement | None = None

    @property
    def result(self) -> Mapping[str, Any] | None:
        """What was found so far; None before there is anything."""
        return self._measurement.result if self._measurement is not None else None

    def forget(self) -> None:
        """Another run is shown."""
        self._status = self._measurement = None

    def follow(self, status: RunStatus) -> None:
        """Read again if the run measures and has come further."""
        before, self._status = self._status, status
        is_further = before is None or (before.done, before.state) != (status.done, status.state)
        if status.kind not in MEASURING_KINDS or not is_further:
            return
        if self._measurement is None:
            self._view.show_words(self._words(status))
        run = self._session.runs.folder(status.name)
        self._session.background.ask(f"measurement {id(self)}", lambda: read_measurement(run), self._on_read)

    def _on_read(self, measurement: Measurement) -> None:
        status = self._status
        if status is None or measurement.run != status.name:
            return
        if measurement.problem is not None:
            self._view.show_words(f"{measurement.problem.message} {measurement.problem.hint}".strip())
        elif measurement.result is None:
            self._view.show_words(self._words(status))
        elif self._measurement is None or measurement.result != self._measurement.result:
            self._measurement = measurement
            self._view.show_result(measurement.kind, measurement.result, self._session.runs.folder(status.name).path)

    def _words(self, status: RunStatus) -> str:
        if status.state == "waiting":
            return self.tr("The measurement {0}.").format(waiting_words(status) or self.tr("waits for its turn"))
        if status.is_ended:
            return self.tr("This run ended before anything was measured.")
        if status.kind == "profile":
            return self.tr("The figures begin with the first point, and grow with each.")
        return self.tr("The figures come when the measurement is finished.")
