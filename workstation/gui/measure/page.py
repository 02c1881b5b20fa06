"""The Measure page: what is measured on the left, the measuring runs and the selected one on the right."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from workstation.errors import RequestError, WorkstationError
from workstation.gui.empty_page import EmptyPage
from workstation.gui.measure.forms import BenchForm, MeasuringForm, ProfileForm, SeamsForm
from workstation.gui.measure.preview import preview
from workstation.gui.models.sources import ModelEntry
from workstation.gui.theme import TIGHT
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.run_details import RunDetails
from workstation.gui.train.run_list import RunList
from workstation.gui.train.runs_side import RunsSide
from workstation.gui.two_columns import arrange_two_columns, asking_column, with_foot
from workstation.jobs.memory import machine_memory
from workstation.session.measurements import MEASURING_KINDS
from workstation.session.session import Session
from workstation.session.starting import start_measurement

_LEFT_WIDTH = 400


class MeasurePage(QWidget):
    """Forms, runs and results, wired.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.seams = SeamsForm()
        self.forms: dict[str, MeasuringForm] = {"profile": ProfileForm(), "bench": BenchForm(), "seams": self.seams}
        self.kind_buttons: dict[str, QPushButton] = {}
        self.facts = ToneLabel("faint", self)
        self.problem = ToneLabel("error", self)
        self.start_button = QPushButton()
        self.start_button.setDefault(True)
        self.list = RunList(session.runs, kinds=MEASURING_KINDS)
        self.details = RunDetails(session)
        self._arrange()
        self._connect()
        self.choose("profile")
        self._on_runs_changed()
        self.list.keep_selection()

    @property
    def kind(self) -> str:
        """What is being asked for."""
        return next(kind for kind, button in self.kind_buttons.items() if button.isChecked())

    def choose(self, kind: str) -> None:
        """Show the form of a kind of measurement."""
        self.kind_buttons[kind].setChecked(True)
        for name, form in self.forms.items():
            form.setVisible(name == kind)
        self.start_button.setText(
            {
                "profile": self.tr("Start the profile"),
                "bench": self.tr("Start the benchmark"),
                "seams": self.tr("Compare tiles with the whole"),
            }[kind]
        )
        self.problem.say("")
        self._judge()

    def show_models(self, entries: tuple[ModelEntry, ...]) -> None:
        """Offer models to compare tiles with."""
        self.seams.show_models(entries)

    def showEvent(self, event: QShowEvent) -> None:
        """Look at runs and machine, which may have changed meanwhile."""
        super().showEvent(event)
        self._session.runs.start_watching()
        self._session.machine.refresh()
        self._offer_case()
        # Another page may have followed another run.
        if self.list.selected and self._session.runs.followed != self.list.selected:
            self.details.show_run("")
            self.details.show_run(self.list.selected)
        self._judge()

    def _connect(self) -> None:
        session = self._session
        for kind, button in self.kind_buttons.items():
            button.clicked.connect(lambda _checked=False, chosen=kind: self.choose(chosen))
        for form in self.forms.values():
            form.edited.connect(self._judge)
        self.start_button.clicked.connect(self._on_start_clicked)
        self.list.run_selected.connect(self.details.show_run)
        session.runs.runs_changed.connect(self._on_runs_changed)
        session.runs.followed_changed.connect(self._on_followed)
        session.case_changed.connect(self._offer_case)
        session.machine.changed.connect(self._on_machine_changed)

    def _on_machine_changed(self) -> None:
        if not self._session.machine.is_calibrating:
            self._judge()

    def _judge(self) -> None:
        """Say what is wrong with the form, or what it will take."""
        if not self.isVisible():
            return
        form = self.forms[self.kind]
        try:
            request = form.request()
        except RequestError as error:
            # An empty model or case is nothing wrong before the button is pressed.
            form.show_error(None if error.field in ("model", "case") else error)
            self.facts.say("")
            return
        form.show_error(None)
        self.facts.say(preview(request, self._session.machine.facts.knowledge, machine_memory()))

    def _on_start_clicked(self) -> None:
        form = self.forms[self.kind]
        try:
            name = start_measurement(self._session, form.request())
        except RequestError as error:
            is_shown = form.show_error(error)
            words = self.tr("Nothing was started: correct the field marked above.")
            self.problem.say(words if is_shown else f"{error.message} {error.hint}".strip(), "error")
            return
        except WorkstationError as error:
            self.problem.say(f"{error.message} {error.hint}".strip(), "error")
            return
        self.problem.say(self.tr("Started. It goes on if you close the window."), "good")
        self.list.select(name)

    def _on_runs_changed(self) -> None:
        self._right.show_runs(has_runs=bool(self.list.count))

    def _on_followed(self, name: str) -> None:
        """Somebody else wants this run to be seen."""
        if self.isVisible() and self.list.has(name) and name != self.list.selected:
            self.list.select(name)

    def _offer_case(self) -> None:
        case = self._session.case
        image: Path | None = next(iter(case.files.sequences.values())).path if case is not None else None
        self.seams.offer_case(image)

    def _arrange(self) -> None:
        arrange_two_columns(self, self._left_side(), self._right_side(), left_width=_LEFT_WIDTH)

    def _left_side(self) -> QWidget:
        column = asking_column(self.tr("New measurement"), [self._kinds_row(), *self.forms.values(), self.facts])
        side = with_foot(column, [self.problem, self.start_button])
        side.setMinimumWidth(380)
        return side

    def _kinds_row(self) -> QWidget:
        kinds = QWidget()
        row = QHBoxLayout(kinds)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(TIGHT)
        group = QButtonGroup(self)
        words = {"profile": self.tr("Profile"), "bench": self.tr("Benchmark"), "seams": self.tr("Seams")}
        for kind, word in words.items():
            button = QPushButton(word)
            button.setCheckable(True)
            group.addButton(button)
            self.kind_buttons[kind] = button
            row.addWidget(button, 1)
        return kinds

    def _right_side(self) -> QWidget:
        empty = EmptyPage(
            "memory",
            title=self.tr("Nothing measured yet"),
            words=self.tr(
                "Choose what to measure on the left and start it. It runs in the background like a training,\n"
                "waits for its turn, and goes on when you close the window; its figures come here."
            ),
        )
        self._right = RunsSide(self.tr("Measurements"), self.list, self.details, empty=empty, heights=(190, 620))
        return self._right
