"""One run in detail: how it stands, why it ended, what can be done, what it left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.core.course import course_of
from workstation.core.requests import TrainRequest
from workstation.errors import WorkstationError
from workstation.gui.figures.results import readable
from workstation.gui.train.colours import state_colour
from workstation.gui.train.course_dialog import CourseDialog
from workstation.gui.train.curve_data import CurveData
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.offers import offers
from workstation.gui.train.removal import may_remove
from workstation.gui.train.run_facts import facts_of_run
from workstation.gui.train.run_list import dot_icon
from workstation.gui.train.run_tabs import RunTabs
from workstation.gui.train.wording import waiting_words
from workstation.io.runs import RunStatus
from workstation.session.commands import open_difference, segment_open_case, show_finished_mask
from workstation.session.measurements import MEASURING_KINDS, Measurement, read_measurement
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
        self._case_words = self.tr("Open a case in Review first.")
        self._data = CurveData()
        self._redraw = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._redraw.timeout.connect(self._draw_curves)
        self._make_head()
        self._tabs = RunTabs()
        self.curves, self.result = self._tabs.curves, self._tabs.result
        self.log, self.request = self._tabs.log, self._tabs.request
        self._measurement: Measurement | None = None
        self.curves.epoch_chosen.connect(self._on_epoch_chosen)
        self.course_dialog: CourseDialog | None = None
        self._make_buttons()
        self._arrange()
        self._runs.status_changed.connect(self._on_status_changed)
        self._runs.queue_changed.connect(self._show_status)
        self._runs.events_appended.connect(self._on_events_appended)
        self._runs.log_appended.connect(self._on_log_appended)
        session.case_changed.connect(self._show_status)
        self._show_status()

    def show_run(self, name: str) -> None:
        """Show another run, or none (empty)."""
        if name == self._name:
            return
        self._name = name
        self._shown = None
        self._data = CurveData()
        self._measurement = None
        self.log.clear()
        self.request.clear()
        self.note.say("")
        self._runs.follow(name)
        self._show_request()
        self._show_status()
        self._draw_curves()

    def _make_head(self) -> None:
        self._dot = QLabel()
        self._title = QLabel()
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._facts = ToneLabel("faint", self)
        self.reason = ToneLabel("error", self)
        self.warning = ToneLabel("warning", self)
        self.hint = ToneLabel("plain", self)
        self.note = ToneLabel("faint", self)
        self._trouble = QFrame()
        self._trouble.setFrameShape(QFrame.Shape.StyledPanel)
        box = QVBoxLayout(self._trouble)
        box.setContentsMargins(10, 6, 10, 6)
        box.setSpacing(2)
        box.addWidget(self.warning)
        box.addWidget(self.reason)
        box.addWidget(self.hint)

    def _make_buttons(self) -> None:
        runs = self._runs
        after_step = self.tr("Asked; it takes effect after the present step.")
        rest = self.tr("Asked; it rests after the present step and keeps its memory. Stop it to free that.")
        after_epoch = self.tr("Asked; the run stops at the end of this epoch.")
        again = self.tr("Started again; it goes on from its last checkpoint.")
        self.buttons: dict[str, QPushButton] = {}
        for verb, text, act, note in (
            ("pause", self.tr("Pause"), runs.pause, rest),
            ("resume", self.tr("Resume"), runs.resume, ""),
            ("stop_after_epoch", self.tr("Stop after epoch"), runs.stop_after_epoch, after_epoch),
            ("stop_now", self.tr("Stop now"), runs.stop_now, after_step),
            ("resume_from_checkpoint", self.tr("Resume from checkpoint"), runs.resume, again),
            ("change_course", self.tr("Change course\N{HORIZONTAL ELLIPSIS}"), self._change_course, ""),
            ("clone", self.tr("Clone\N{HORIZONTAL ELLIPSIS}"), self._clone, ""),
            ("start_again", self.tr("Measure again"), runs.resume, self.tr("Started again.")),
            ("segment", self.tr("Segment the open case with this model"), self._segment, ""),
            ("show_masks", self.tr("Show the mask"), self._show_masks, ""),
            ("show_difference", self.tr("Open the difference map in Review"), self._show_difference, ""),
        ):
            button = QPushButton(text)
            button.clicked.connect(self._doing(act, note))
            self.buttons[verb] = button
        self.remove_button = self.buttons["remove"] = QPushButton(self.tr("Remove\N{HORIZONTAL ELLIPSIS}"))
        self.remove_button.clicked.connect(self._on_remove_clicked)
        self._folder_button = QPushButton(self.tr("Open folder"))
        self._folder_button.clicked.connect(self._on_folder_clicked)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._dot)
        head.addWidget(self._title)
        head.addWidget(self._facts, 1)
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in self.buttons.values():
            if button is not self.remove_button:
                row.addWidget(button)
        row.addWidget(self.note, 1)
        row.addStretch(1)
        row.addWidget(self.remove_button)
        row.addWidget(self._folder_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._trouble)
        layout.addLayout(row)
        layout.addWidget(self._tabs, 1)

    def _doing(self, act: Callable[[str], Any], note: str) -> Callable[[], None]:
        """A slot that does something to the run and says what comes of it."""

        def slot() -> None:
            try:
                act(self._name)
            except WorkstationError as error:
                self.note.say(f"{error.message} {error.hint}".strip(), "error")
            else:
                self.note.say(note, "faint")

        return slot

    def _change_course(self, name: str) -> None:
        """Ask how it is to go on, beside the window: a dialog must not stop the curves."""
        request, status = self._runs.request(name), self._runs.status(name)
        if isinstance(request, TrainRequest) and status is not None:
            changes = self._runs.folder(name).changes()[0]
            if self.course_dialog is not None:
                self.course_dialog.deleteLater()
            self.course_dialog = CourseDialog(self._runs, status, course_of(request, changes), self)
            self.course_dialog.accepted.connect(lambda: self.note.say(self.tr("Changed."), "faint"))
            self.course_dialog.open()

    def _clone(self, name: str) -> None:
        request = self._runs.request(name)
        if isinstance(request, TrainRequest):
            self.clone_wanted.emit(request)

    def _on_epoch_chosen(self, epoch: int) -> None:
        self._session.sentinels.show(self._name, epoch=epoch)

    def _segment(self, name: str) -> None:
        segment_open_case(self._session, self._runs.folder(name).model)

    def _show_masks(self, name: str) -> None:
        masks = self._runs.masks(name)
        if not masks:
            self.note.say(self.tr("The masks of this run are no longer there."), "error")
        for path in masks:
            show_finished_mask(self._session, path)

    def _show_difference(self, _name: str) -> None:
        """Open the map of the region that changes most, where it changes most."""
        result = self._measurement.result if self._measurement else None
        if not result:
            self.note.say(self.tr("The result is not there yet."), "error")
            return
        with readable("comparison of tiles"):
            regions = result["regions"]
            worst = max(regions, key=lambda name: regions[name]["max_probability"])
            path = Path(result["files"][f"difference_{worst}"])
            i, j, k = (int(index) for index in regions[worst]["voxel"])
        open_difference(self._session, path, voxel=(i, j, k))

    def _on_remove_clicked(self) -> None:
        """Ask first: a run's model goes with it."""
        name = self._name
        if may_remove(self, name, has_model=(self._runs.folder(name).model / "card.json").exists()):
            self._doing(self._runs.remove, "")()

    def _on_folder_clicked(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._runs.folder(self._name).path)))

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

    def _look_for_result(self, status: RunStatus) -> None:
        """Read what a measurement has found so far, beside the window."""
        if self._measurement is None:
            self.result.show_words(self._result_words(status))
        run = self._runs.folder(status.name)
        self._session.background.ask(f"measurement {id(self)}", lambda: read_measurement(run), self._on_measurement)

    def _on_measurement(self, measurement: Measurement) -> None:
        status = self._shown
        if status is None or measurement.run != self._name:
            return
        if measurement.problem is not None:
            self.result.show_words(f"{measurement.problem.message} {measurement.problem.hint}".strip())
        elif measurement.result is None:
            self.result.show_words(self._result_words(status))
        elif self._measurement is None or measurement.result != self._measurement.result:
            self._measurement = measurement
            self.result.show_result(measurement.kind, measurement.result, self._runs.folder(self._name).path)

    def _result_words(self, status: RunStatus) -> str:
        if status.state == "waiting":
            return self.tr("The measurement {0}.").format(waiting_words(status) or self.tr("waits for its turn"))
        if status.is_ended:
            return self.tr("This run ended before anything was measured.")
        if status.kind == "profile":
            return self.tr("The figures begin with the first point, and grow with each.")
        return self.tr("The figures come when the measurement is finished.")

    def _show_request(self) -> None:
        if not self._name:
            return
        try:
            self.request.show_request(self._runs.folder(self._name), self._runs.request(self._name))
        except WorkstationError as error:
            self.note.say(f"{error.message} {error.hint}".strip(), "error")

    def _show_status(self) -> None:
        status = self._runs.status(self._name)
        before, self._shown = self._shown, status
        self.setEnabled(status is not None)
        if status is None:
            self._title.setText(self.tr("No run selected"))
            self._dot.clear()
            self._facts.say("")
            self._trouble.hide()
            self._show_buttons(frozenset())
            return
        if before is not None and before.state != status.state:
            self.note.say("")
        self._tabs.show_kind(status.kind)
        if self._data.is_empty:
            self._draw_curves()
        if status.kind in MEASURING_KINDS and _is_further(before, status):
            self._look_for_result(status)
        self._dot.setPixmap(dot_icon(state_colour(status.state)).pixmap(14, 14))
        self._title.setText(status.name)
        self._facts.say(facts_of_run(status, beside=self._runs.beside(status.name)))
        self.warning.say(status.warning)
        self.reason.say(status.reason)
        self.hint.say(status.hint)
        self._trouble.setVisible(bool(status.warning or status.reason or status.hint))
        self._show_buttons(offers(status, has_open_case=True))

    def _show_buttons(self, verbs: frozenset[Any]) -> None:
        for verb, button in self.buttons.items():
            button.setVisible(verb in verbs)
        is_profile = self._shown is not None and self._shown.kind == "profile"
        again = self.tr("Go on with the missing points") if is_profile else self.tr("Measure again")
        self.buttons["start_again"].setText(again)
        has_case = self._session.case is not None
        self.buttons["segment"].setEnabled(has_case)
        if "segment" in verbs and not self.note.text() and not has_case:
            self.note.say(self._case_words, "faint")
        elif has_case and self.note.text() == self._case_words:
            self.note.say("")


def _is_further(before: RunStatus | None, now: RunStatus) -> bool:
    return before is None or (before.done, before.state) != (now.done, now.state)
