"""The Train workspace: the form of a new training on the left, the runs and the selected one on the right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workstation.core.requests import TrainRequest
from workstation.core.servers import THIS_MACHINE
from workstation.errors import WorkstationError
from workstation.gui.train.cost_panel import CostPanel
from workstation.gui.train.data_facts import DataFacts, SplitFacts, facts_of, split_facts_of
from workstation.gui.train.draft import Verdict, check, draft_of
from workstation.gui.train.forecast import Forecast, fitting_server, forecast
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.layer_table import LayerDialog
from workstation.gui.train.queue_dialog import QueueDialog
from workstation.gui.train.remedies import Remedy
from workstation.gui.train.remedy_list import remedy_words
from workstation.gui.train.reservation_bar import ReservationBar
from workstation.gui.train.run_details import RunDetails
from workstation.gui.train.run_list import RunList
from workstation.gui.train.train_form import TrainForm
from workstation.gui.train.wording import bytes_text
from workstation.gui.two_columns import arrange_two_columns
from workstation.jobs.memory import machine_memory
from workstation.session.reservations import OtherRuns, other_runs
from workstation.session.session import Session

_FACTS_DELAY_MS = 300
_MEMORY_MS = 3000
_LEFT_WIDTH = 400


class TrainWorkspace(QWidget):
    """Form, runs and details, wired.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._facts: DataFacts | None = None
        self._split: SplitFacts | None = None
        self._cost: Forecast | None = None
        self._others = OtherRuns()
        self._layers: LayerDialog | None = None
        self.queue_dialog: QueueDialog | None = None
        self.form = TrainForm()
        self.cost = CostPanel()
        self.start_button = QPushButton(self.tr("Start training"))
        self.start_button.setDefault(True)
        self.override_check = QCheckBox(self.tr("Start it although it does not fit"))
        self.override_check.setToolTip(
            self.tr("It waits for memory that may never be free, or is ended by the system when there is no more.")
        )
        self.problem = ToneLabel("error", self)
        self.queue_note = ToneLabel("faint", self)
        self.list = RunList(session.runs)
        self.details = RunDetails(session)
        self._facts_timer = QTimer(self, singleShot=True, interval=_FACTS_DELAY_MS)
        self._memory_timer = QTimer(self, interval=_MEMORY_MS)
        self._arrange()
        self._connect()
        self._judge()
        self._on_runs_changed()
        # The runs may have been read long before this workspace is first wanted.
        self.list.select(session.runs.followed)
        self.list.keep_selection()

    def show_run(self, name: str) -> None:
        """Select a run."""
        self.list.select(name)

    def set_data(self, path: Path) -> None:
        """Put a data set into the form."""
        self.form.set_data(str(path))

    def showEvent(self, event: QShowEvent) -> None:
        """Free memory changes while nobody looks."""
        super().showEvent(event)
        self._session.runs.start_watching()
        self._session.machine.refresh()
        self._memory_timer.start()
        self._judge()
        if self._session.data_set is not None and not self.form.data_edit.text():
            self.set_data(self._session.data_set.root)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._memory_timer.stop()

    def _connect(self) -> None:
        self.form.draft_changed.connect(self._on_draft_changed)
        self.override_check.toggled.connect(self._allow_start)
        self.cost.remedies.chosen.connect(self._on_remedy_chosen)
        self._session.runs.status_changed.connect(self._on_status_changed)
        self.form.data_changed.connect(self._on_data_changed)
        self.form.advanced.split_edit.textChanged.connect(self._on_split_changed)
        self.form.preset_box.currentIndexChanged.connect(self._show_facts)
        self._facts_timer.timeout.connect(self._ask_for_facts)
        self._memory_timer.timeout.connect(self._judge)
        self.cost.layers_requested.connect(self._on_layers_requested)
        self.cost.calibration_wanted.connect(self._session.machine.calibrate)
        self._session.machine.changed.connect(self._on_machine_changed)
        self.start_button.clicked.connect(self._on_start_clicked)
        self.list.run_selected.connect(self.details.show_run)
        self.details.clone_wanted.connect(self._on_clone_wanted)
        self._session.runs.runs_changed.connect(self._on_runs_changed)
        self._session.runs.followed_changed.connect(self._on_followed)
        self._session.runs.queue_changed.connect(self._judge)

    def _on_followed(self, name: str) -> None:
        """Somebody else (the chip) wants this run to be seen."""
        if name and name != self.list.selected:
            self.list.select(name)

    def _on_draft_changed(self) -> None:
        """Who allowed one training to start has not allowed another."""
        self.override_check.setChecked(False)
        self._judge()

    def _judge(self) -> None:
        """Show what is wrong with the draft, or what it will cost."""
        draft = self.form.draft()
        verdict = check(draft)
        self.form.show_errors(verdict.errors)
        self._cost = self._forecast(verdict)
        servers = [each for each in self._session.machine.facts.servers if each.name != THIS_MACHINE]
        elsewhere = fitting_server(self._cost, servers) if self._cost is not None else None
        self.cost.show_cost(self._cost, elsewhere=elsewhere, has_onednn=draft.onednn)
        if self._layers is not None and self._cost is not None:
            self._layers.show_cost(self._cost)
        self._allow_start()
        self.queue_note.say(self._queue_words())

    @property
    def _is_too_large(self) -> bool:
        return self._cost is not None and self._cost.fit == "too large"

    def _allow_start(self) -> None:
        """What does not fit is started only by who says so."""
        self.override_check.setVisible(self._is_too_large)
        if not self._is_too_large:
            self.override_check.setChecked(False)
        self.start_button.setEnabled(not self._is_too_large or self.override_check.isChecked())
        self.start_button.setText(self.tr("Start anyway") if self._is_too_large else self.tr("Start training"))

    def _on_remedy_chosen(self, remedy: Remedy) -> None:
        self.form.apply(remedy.changes)
        self.problem.say(self.tr("Changed: {0}.").format(remedy_words(remedy.changes)), "good")

    def _on_clone_wanted(self, request: TrainRequest) -> None:
        """Show in the form what a run was asked to do, to be changed and started as another."""
        self.form.fill(draft_of(request))
        self.problem.say(self.tr("The form asks for the same as the run: change what is to differ, and start."), "good")

    def _on_status_changed(self) -> None:
        """Another run took or gave back memory."""
        if self.isVisible() and other_runs(self._session.runs.statuses) != self._others:
            self._judge()

    def _queue_words(self) -> str:
        """Whether a start would wait, or share the processor; of those that wait already the estimate tells."""
        queue = self._session.runs.queue
        if queue is None or self._cost is None or self._is_too_large or queue.waiting or not queue.running:
            return ""
        if min(self._cost.peak_bytes, queue.limits.budget_bytes) > queue.free_bytes:
            free = bytes_text(queue.free_bytes)
            return self.tr("It will wait: {0} of the memory for runs are free beside those that run.").format(free)
        return self.tr("It will start at once, and share the processor with what runs already.")

    def _on_machine_changed(self) -> None:
        if not self.isVisible():
            return
        machine = self._session.machine
        if not machine.is_calibrating:
            self._judge()
        self.cost.show_calibrating(machine.text, machine.problem)

    def _forecast(self, verdict: Verdict) -> Forecast | None:
        """The cost of the draft; a data set that is missing or wrong does not hinder it."""
        request = verdict.request
        if request is None and set(verdict.errors) == {"data"}:
            request = check(replace(self.form.draft(), data="?")).request
        if request is None:
            return None
        shape = self._facts.shape if self._facts else None
        cases = (self._facts.usable or {}).get(request.preset, 0) if self._facts else 0
        parts = self._split.parts if self._split and request.split else None
        known = self._session.machine.facts.knowledge
        self._others = other_runs(self._session.runs.statuses)
        memory, others = machine_memory(), self._others
        return forecast(request, memory, volume_shape=shape, cases=cases, parts=parts, knowledge=known, others=others)

    def _on_data_changed(self) -> None:
        self._facts = None
        self.problem.say("")
        self._session.background.forget("train data")
        has_text = bool(self.form.data_edit.text().strip())
        self.form.show_facts(None, is_busy=has_text)
        if has_text:
            self._facts_timer.start()
        else:
            self._facts_timer.stop()

    def _on_split_changed(self, text: str) -> None:
        """Read the manifest that was named, beside the window."""
        self._on_split_facts(None)
        path = text.strip()
        if path:
            self._session.background.ask("train split", lambda: split_facts_of(path), self._on_split_facts)
        else:
            self._session.background.forget("train split")

    def _on_split_facts(self, facts: SplitFacts | None) -> None:
        self._split = facts
        self.form.advanced.show_split(facts)
        self._judge()

    def _ask_for_facts(self) -> None:
        path = self.form.data_edit.text().strip()
        self._session.background.ask("train data", lambda: facts_of(path), self._on_facts)

    def _on_facts(self, facts: DataFacts) -> None:
        self._facts = facts
        self._show_facts()
        self._judge()

    def _show_facts(self) -> None:
        if self._facts is not None:
            self.form.show_facts(self._facts)

    def _on_layers_requested(self) -> None:
        if self._layers is None:
            self._layers = LayerDialog(self)
        if self._cost is not None:
            self._layers.show_cost(self._cost)
        self._layers.show()
        self._layers.raise_()

    def _on_start_clicked(self) -> None:
        verdict = check(self.form.draft())
        self.form.show_errors(verdict.errors, also_untouched=True)
        if verdict.request is None:
            self.problem.say(self.tr("Nothing was started: correct the fields marked above."), "error")
            return
        if self._facts is not None and self._facts.error:
            self.problem.say(self.tr("Nothing was started: the data set cannot be used."), "error")
            return
        if self._split is not None and self._split.error:
            self.problem.say(self.tr("Nothing was started: the split cannot be used."), "error")
            return
        self._judge()
        if self._is_too_large and not self.override_check.isChecked():
            self.problem.say(self.tr("Nothing was started: it no longer fits into the memory that is free."), "error")
            return
        data = Path(verdict.request.data).expanduser().resolve()
        split = verdict.request.split
        split = str(Path(split).expanduser().resolve()) if split else ""
        self._start(replace(verdict.request, data=str(data), split=split))

    def _start(self, request: TrainRequest) -> None:
        label = request.name or f"{Path(request.data).name}-{request.preset}"
        try:
            name = self._session.runs.start(request, label=label)
        except WorkstationError as error:
            self.problem.say(f"{error.message} {error.hint}".strip(), "error")
            return
        self.problem.say(self.tr("Started. It goes on if you close the window."), "good")
        self.list.select(name)

    def _on_queue_clicked(self) -> None:
        if self.queue_dialog is not None:
            self.queue_dialog.deleteLater()
        self.queue_dialog = QueueDialog(self._session.runs, self)
        self.queue_dialog.open()

    def _on_runs_changed(self) -> None:
        has_runs = bool(self._session.runs.statuses)
        self._right.setCurrentWidget(self._runs_page if has_runs else self._empty_page)

    def _arrange(self) -> None:
        arrange_two_columns(self, self._left_side(), self._right_side(), left_width=_LEFT_WIDTH)

    def _left_side(self) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(16)
        column.addWidget(_heading(self.tr("New training")))
        column.addWidget(self.form)
        column.addWidget(self.cost)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        side = QWidget()
        side.setMinimumWidth(360)
        whole = QVBoxLayout(side)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(14, 8, 14, 12)
        foot.setSpacing(8)
        foot.addWidget(self.queue_note)
        foot.addWidget(self.problem)
        foot.addWidget(self.override_check)
        foot.addWidget(self.start_button)
        whole.addLayout(foot)
        return side

    def _right_side(self) -> QWidget:
        self._right = QStackedWidget()
        self._runs_page = QSplitter(Qt.Orientation.Vertical)
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(12, 12, 14, 4)
        self.queue_button = QPushButton(self.tr("Sharing\N{HORIZONTAL ELLIPSIS}"))
        self.queue_button.setToolTip(self.tr("How runs share this machine: memory, how many at once, cores."))
        self.queue_button.clicked.connect(self._on_queue_clicked)
        head = QHBoxLayout()
        head.addWidget(_heading(self.tr("Runs")), 1)
        head.addWidget(self.queue_button)
        column.addLayout(head)
        column.addWidget(ReservationBar(self._session.runs))
        column.addWidget(self.list)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(12, 8, 14, 12)
        column.addWidget(self.details)
        self._runs_page.addWidget(above)
        self._runs_page.addWidget(below)
        self._runs_page.setSizes([260, 600])
        self._runs_page.setChildrenCollapsible(False)
        self._empty_page = self._empty_words()
        self._right.addWidget(self._empty_page)
        self._right.addWidget(self._runs_page)
        return self._right

    def _empty_words(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        words = QLabel(
            self.tr(
                "<h3>No runs yet</h3>"
                "<p>Choose the folder of a data set on the left and press <b>Start training</b>.</p>"
                "<p>A run goes on in the background when you close the window or log out,<br>"
                "and is shown here when you come back: curves, log, and the model it leaves.</p>"
            )
        )
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        words.setTextFormat(Qt.TextFormat.RichText)
        column.addWidget(words)
        return page


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    font.setPointSizeF(font.pointSizeF() * 1.15)
    label.setFont(font)
    return label
