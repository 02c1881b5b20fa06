"""One run in detail: how it stands, why it ended, what can be done, what it left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workstation.errors import WorkstationError
from workstation.gui.figures.results import readable
from workstation.gui.train.colours import state_colour
from workstation.gui.train.curve_data import CurveData
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.result_watch import ResultWatch
from workstation.gui.train.run_facts import facts_of_run
from workstation.gui.train.run_list import dot_icon
from workstation.gui.train.run_tabs import RunTabs
from workstation.gui.train.run_verbs import RunVerbs
from workstation.gui.train.wording import waiting_words
from workstation.io.runs import RunStatus
from workstation.session.commands import open_difference
from workstation.session.session import Session

_REDRAW_MS = 100


class RunDetails(QWidget):
    """The followed run.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    clone_wanted = Signal(object)
    """A TrainRequest to put into the form of a new training."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runs = session.runs
        self._name = ""
        self._shown: RunStatus | None = None
        self._data = CurveData()
        self._redraw = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._redraw.timeout.connect(self._draw_curves)
        self._make_head()
        self._tabs = RunTabs()
        self.curves, self.result = self._tabs.curves, self._tabs.result
        self.log, self.request = self._tabs.log, self._tabs.request
        self._found = ResultWatch(session, self.result)
        self.verbs = RunVerbs(session)
        self.buttons, self.note = self.verbs.buttons, self.verbs.note
        self._arrange()
        self._connect()
        self._show_status()

    def show_run(self, name: str) -> None:
        """Show another run, or none (empty)."""
        if name == self._name:
            return
        self._name = name
        self._shown = None
        self._data = CurveData()
        self._found.forget()
        self.log.clear()
        self.request.clear()
        self.verbs.show_run(name)
        self._runs.follow(name)
        self._show_request()
        self._show_status()
        self._draw_curves()

    def _make_head(self) -> None:
        self._dot = QLabel()
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._facts = ToneLabel("faint", self)
        self.reason = ToneLabel("error", self)
        self.warning = ToneLabel("warning", self)
        self.hint = ToneLabel("plain", self)
        self._trouble = QFrame()
        self._trouble.setFrameShape(QFrame.Shape.StyledPanel)
        box = QVBoxLayout(self._trouble)
        box.setContentsMargins(10, 6, 10, 6)
        box.setSpacing(2)
        box.addWidget(self.warning)
        box.addWidget(self.reason)
        box.addWidget(self.hint)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._dot)
        head.addWidget(self._title)
        head.addWidget(self._facts, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._trouble)
        layout.addWidget(self.verbs)
        layout.addWidget(self._tabs, 1)

    def _connect(self) -> None:
        self.curves.epoch_chosen.connect(self._on_epoch_chosen)
        self.verbs.clone_wanted.connect(self.clone_wanted)
        self.verbs.difference_wanted.connect(self._on_difference_wanted)
        self._runs.status_changed.connect(self._on_status_changed)
        self._runs.queue_changed.connect(self._show_status)
        self._runs.events_appended.connect(self._on_events_appended)
        self._runs.log_appended.connect(self._on_log_appended)

    def _on_epoch_chosen(self, epoch: int) -> None:
        self._session.sentinels.show(self._name, epoch=epoch)

    def _on_difference_wanted(self) -> None:
        """Open the map of the region that changes most, where it changes most."""
        result = self._found.result
        if not result:
            self.note.say(self.tr("The result is not there yet."), "error")
            return
        try:
            with readable("comparison of tiles"):
                regions = result["regions"]
                worst = max(regions, key=lambda name: regions[name]["max_probability"])
                path = Path(result["files"][f"difference_{worst}"])
                i, j, k = (int(index) for index in regions[worst]["voxel"])
            open_difference(self._session, path, voxel=(i, j, k))
        except WorkstationError as error:
            self.verbs.say_trouble(error)

    def _on_status_changed(self, name: str) -> None:
        if name == self._name:
            self._show_status()

    def _on_events_appended(self, name: str, events: list[dict[str, Any]]) -> None:
        if name == self._name and self._data.take(events) and not self._redraw.isActive():
            self._redraw.start()

    def _on_log_appended(self, name: str, text: str) -> None:
        if name == self._name:
            self.log.append(text)

    def _draw_curves(self) -> None:
        self.curves.show_data(self._data, empty_words=self._empty_words())

    def _empty_words(self) -> str:
        status = self._shown
        if status is None:
            return self.tr("Select a run to see its curves, log and request.")
        if status.kind != "train":
            return self.tr("A segmentation has no curves. Its mask shows itself in Review when it is ready.")
        if status.state == "waiting":
            return self.tr("The run {0}.").format(waiting_words(status) or self.tr("waits for its turn"))
        if status.is_ended:
            return self.tr("This run ended before its first step.")
        return self.tr("The curves begin with the first step. A full-resolution step takes half a minute or more.")

    def _show_request(self) -> None:
        if not self._name:
            return
        try:
            self.request.show_request(self._runs.folder(self._name), self._runs.request(self._name))
        except WorkstationError as error:
            self.verbs.say_trouble(error)

    def _show_status(self) -> None:
        status = self._shown = self._runs.status(self._name)
        self.setEnabled(status is not None)
        self.verbs.show_status(status)
        if status is None:
            self._title.setText(self.tr("No run selected"))
            self._dot.clear()
            self._facts.say("")
            self._trouble.hide()
            return
        self._tabs.show_kind(status.kind)
        if self._data.is_empty:
            self._draw_curves()
        self._found.follow(status)
        self._dot.setPixmap(dot_icon(state_colour(status.state)).pixmap(14, 14))
        self._title.setText(status.name)
        self._facts.say(facts_of_run(status, beside=self._runs.beside(status.name)))
        self.warning.say(status.warning)
        self.reason.say(status.reason)
        self.hint.say(status.hint)
        self._trouble.setVisible(bool(status.warning or status.reason or status.hint))
