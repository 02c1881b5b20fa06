"""The left side of Train: the form of a new training, what it would cost, the gate, and the button that starts it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QPushButton, QVBoxLayout, QWidget

from workstation.core.requests import TrainRequest
from workstation.core.servers import THIS_MACHINE
from workstation.errors import WorkstationError
from workstation.gui.file_dialogs import last_folder, remember_folder
from workstation.gui.train.cost_panel import CostPanel
from workstation.gui.train.draft import Verdict, check, draft_of
from workstation.gui.train.draft_facts import DraftFacts
from workstation.gui.train.forecast import Forecast, fitting_server, forecast
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.layer_table import LayerDialog
from workstation.gui.train.remedies import Remedy
from workstation.gui.train.remedy_list import remedy_words
from workstation.gui.train.train_form import TrainForm
from workstation.gui.train.wording import bytes_text
from workstation.gui.two_columns import asking_column, with_foot
from workstation.io import recipes
from workstation.jobs.memory import machine_memory
from workstation.session.reservations import OtherRuns, other_runs
from workstation.session.session import Session

_MEMORY_MS = 3000
_LEAST_WIDTH = 360


class NewTraining(QWidget):
    """Form, cost and button, wired.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    started = Signal(str)
    """Name of a run."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._facts = DraftFacts(session.background, self)
        self._cost: Forecast | None = None
        self._others = OtherRuns()
        self._layers: LayerDialog | None = None
        self.form = TrainForm()
        self.cost_panel = CostPanel()
        self.start_button = QPushButton(self.tr("Start training"))
        self.start_button.setDefault(True)
        self.override_check = QCheckBox(self.tr("Start it although it does not fit"))
        self.override_check.setToolTip(
            self.tr("It waits for memory that may never be free, or is ended by the system when there is no more.")
        )
        self.problem = ToneLabel("error", self)
        self.queue_note = ToneLabel("faint", self)
        self._memory_timer = QTimer(self, interval=_MEMORY_MS)
        column = asking_column(self.tr("New training"), [self.form, self.cost_panel])
        foot = [self.queue_note, self.problem, self.override_check, self.start_button]
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(with_foot(column, foot))
        self.setMinimumWidth(_LEAST_WIDTH)
        self._connect()
        self.judge()

    @property
    def cost(self) -> Forecast | None:
        """What the draft would cost; None where it is not one that could run."""
        return self._cost

    def set_data(self, path: Path) -> None:
        """Put a data set into the form."""
        self.form.set_data(str(path))

    def fill(self, request: TrainRequest, *, words: str) -> None:
        """Show a request in the form, to be changed and started as another; `words` say whose it is."""
        self.form.fill(draft_of(request))
        self.problem.say(words, "good")

    def save_recipe(self, path: Path) -> None:
        """Keep what stands in the form as a recipe, and say so or why not."""
        request = check(replace(self.form.draft(), data="?")).request
        if request is None:
            self.problem.say(self.tr("Nothing was saved: correct the fields marked above."), "error")
            return
        try:
            recipes.save_recipe(path, request)
        except WorkstationError as error:
            self.problem.say(f"{error.message} {error.hint}".strip(), "error")
        else:
            self.problem.say(self.tr("Saved {0}").format(path.name), "good")

    def load_recipe(self, path: Path) -> None:
        """Fill the form by a recipe; data set, split, cases and names stay."""
        draft = self.form.draft()
        try:
            found = draft_of(recipes.read_recipe(path, local={"data": "?"}))
        except WorkstationError as error:
            self.problem.say(f"{error.message} {error.hint}".strip(), "error")
            return
        self.form.fill(replace(found, **{name: getattr(draft, name) for name in recipes.LOCAL_FIELDS}))
        self.problem.say(self.tr("Filled in by {0}.").format(path.name), "good")

    def showEvent(self, event: QShowEvent) -> None:
        """Free memory changes while nobody looks."""
        super().showEvent(event)
        self._session.machine.refresh()
        self._memory_timer.start()
        self.judge()
        if self._session.data_set is not None and not self.form.data_edit.text():
            self.set_data(self._session.data_set.root)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._memory_timer.stop()

    def judge(self) -> None:
        """Show what is wrong with the draft, or what it will cost."""
        draft = self.form.draft()
        verdict = check(draft)
        self.form.show_errors(verdict.errors)
        self._cost = self._forecast(verdict)
        servers = [each for each in self._session.machine.facts.servers if each.name != THIS_MACHINE]
        elsewhere = fitting_server(self._cost, servers) if self._cost is not None else None
        self.cost_panel.show_cost(self._cost, elsewhere=elsewhere, has_onednn=draft.onednn)
        if self._layers is not None and self._cost is not None:
            self._layers.show_cost(self._cost)
        self._allow_start()
        self.queue_note.say(self._queue_words())

    def _connect(self) -> None:
        self.form.draft_changed.connect(self._on_draft_changed)
        self.form.data_changed.connect(self._on_data_named)
        self.form.advanced.split_edit.textChanged.connect(self._facts.name_split)
        self.form.preset_box.currentIndexChanged.connect(self._show_facts)
        self._facts.data_changed.connect(self._on_facts)
        self._facts.split_changed.connect(self._on_split_facts)
        self.override_check.toggled.connect(self._allow_start)
        self.cost_panel.remedies.chosen.connect(self._on_remedy_chosen)
        self.cost_panel.layers_requested.connect(self._on_layers_requested)
        self.cost_panel.calibration_wanted.connect(self._session.machine.calibrate)
        self._session.runs.status_changed.connect(self._on_status_changed)
        self._session.runs.queue_changed.connect(self.judge)
        self._session.machine.changed.connect(self._on_machine_changed)
        self._memory_timer.timeout.connect(self.judge)
        self.start_button.clicked.connect(self._on_start_clicked)
        self.form.save_button.clicked.connect(self._on_save_clicked)
        self.form.load_button.clicked.connect(self._on_load_clicked)

    def _on_draft_changed(self) -> None:
        """Who allowed one training to start has not allowed another."""
        self.override_check.setChecked(False)
        self.judge()

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

    def _on_status_changed(self) -> None:
        """Another run took or gave back memory."""
        if self.isVisible() and other_runs(self._session.runs.statuses) != self._others:
            self.judge()

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
            self.judge()
        self.cost_panel.show_calibrating(machine.text, machine.problem)

    def _forecast(self, verdict: Verdict) -> Forecast | None:
        """The cost of the draft; a data set that is missing or wrong does not hinder it."""
        request = verdict.request
        if request is None and set(verdict.errors) == {"data"}:
            request = check(replace(self.form.draft(), data="?")).request
        if request is None:
            return None
        data, split = self._facts.data, self._facts.split
        shape = data.shape if data else None
        cases = (data.usable or {}).get(request.preset, 0) if data else 0
        parts = split.parts if split and request.split else None
        known = self._session.machine.facts.knowledge
        self._others = other_runs(self._session.runs.statuses)
        memory, others = machine_memory(), self._others
        return forecast(request, memory, volume_shape=shape, cases=cases, parts=parts, knowledge=known, others=others)

    def _on_data_named(self, path: str) -> None:
        self.problem.say("")
        self._facts.name_data(path)

    def _on_facts(self) -> None:
        self._show_facts()
        if not self._facts.is_asking:
            self.judge()

    def _on_split_facts(self) -> None:
        self.form.advanced.show_split(self._facts.split)
        self.judge()

    def _show_facts(self) -> None:
        self.form.show_facts(self._facts.data, is_busy=self._facts.is_asking)

    def _on_save_clicked(self) -> None:
        place = str(Path(last_folder()) / f"{self.form.name_edit.text().strip() or 'training'}{recipes.ENDING}")
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save the recipe"), place, self._kinds())
        if name:
            remember_folder(Path(name).parent)
            self.save_recipe(Path(name))

    def _on_load_clicked(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Load a recipe"), last_folder(), self._kinds())
        if name:
            remember_folder(Path(name).parent)
            self.load_recipe(Path(name))

    def _kinds(self) -> str:
        return self.tr("Recipes (*{0});;All files (*)").format(recipes.ENDING)

    def _on_layers_requested(self) -> None:
        if self._layers is None:
            self._layers = LayerDialog(self)
        if self._cost is not None:
            self._layers.show_cost(self._cost)
        self._layers.show()
        self._layers.raise_()

    def _on_start_clicked(self) -> None:
        verdict = check(self.form.draft())
        # Memory may have been taken meanwhile.
        self.judge()
        self.form.show_errors(verdict.errors, also_untouched=True)
        why_not = self._why_not(verdict)
        if verdict.request is None or why_not:
            self.problem.say(why_not, "error")
            return
        data = Path(verdict.request.data).expanduser().resolve()
        split = verdict.request.split
        split = str(Path(split).expanduser().resolve()) if split else ""
        self._start(replace(verdict.request, data=str(data), split=split))

    def _why_not(self, verdict: Verdict) -> str:
        """Why nothing is started; empty where nothing hinders it."""
        if verdict.request is None:
            return self.tr("Nothing was started: correct the fields marked above.")
        if self._facts.data is not None and self._facts.data.error:
            return self.tr("Nothing was started: the data set cannot be used.")
        if self._facts.split is not None and self._facts.split.error:
            return self.tr("Nothing was started: the split cannot be used.")
        if self._is_too_large and not self.override_check.isChecked():
            return self.tr("Nothing was started: it no longer fits into the memory that is free.")
        return ""

    def _start(self, request: TrainRequest) -> None:
        label = request.name or f"{Path(request.data).name}-{request.preset}"
        try:
            name = self._session.runs.start(request, label=label)
        except WorkstationError as error:
            self.problem.say(f"{error.message} {error.hint}".strip(), "error")
            return
        self.problem.say(self.tr("Started. It goes on if you close the window."), "good")
        self.started.emit(name)
