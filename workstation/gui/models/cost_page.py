"""The Cost page: what a training of any network would need, on which machines, and what would save; live."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.core.estimate import Estimate, make_estimate
from workstation.core.servers import THIS_MACHINE
from workstation.errors import RequestError
from workstation.gui.measure.rows_table import RowsTable
from workstation.gui.models import cost_words
from workstation.gui.models.cost_controls import CostControls
from workstation.gui.theme import NEAR, ROOMY, TIGHT, TITLE, font_of
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.memory_bar import MemoryBar
from workstation.gui.train.wording import bytes_text
from workstation.gui.two_columns import arrange_two_columns, asking_column, heading, scrolled
from workstation.io.server_profiles import servers_file
from workstation.session.machine import Machine

_LEFT_WIDTH = 370


class TimeCard(QFrame):
    """What is known of the time, and the calibration that it needs."""

    def __init__(self, machine: Machine, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._machine = machine
        self.lines = ToneLabel("plain", self)
        self.when = ToneLabel("faint", self)
        self.problem = ToneLabel("error", self)
        self.progress_text = ToneLabel("faint", self)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.calibrate_button = QPushButton()
        self.calibrate_button.setToolTip(
            self.tr("Runs real steps on small volumes in the background; the first time it takes longer.")
        )
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.calibrate_button.clicked.connect(machine.calibrate)
        self.cancel_button.clicked.connect(machine.cancel)
        buttons = QHBoxLayout()
        buttons.addWidget(self.calibrate_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(ROOMY, ROOMY, ROOMY, ROOMY)
        column.setSpacing(NEAR)
        column.addWidget(heading(self.tr("Time")))
        for widget in (self.lines, self.when, self.problem, self.progress_text, self.progress):
            column.addWidget(widget)
        column.addLayout(buttons)
        column.addStretch(1)
        machine.changed.connect(self._show_calibration)
        self._show_calibration()

    def show_estimate(self, estimate: Estimate) -> None:
        """Show the times of an estimate."""
        self.lines.say("\n".join(cost_words.time_lines(estimate)))
        self.when.say(cost_words.calibrated_words(estimate))

    def _show_calibration(self) -> None:
        machine = self._machine
        self.calibrate_button.setVisible(not machine.is_calibrating)
        is_known = machine.facts.knowledge.calibration is not None
        self.calibrate_button.setText(self.tr("Calibrate again") if is_known else self.tr("Calibrate (about 10 s)"))
        self.calibrate_button.setDefault(not is_known)
        self.cancel_button.setVisible(machine.is_calibrating)
        self.progress.setVisible(machine.is_calibrating)
        self.progress_text.say(machine.text)
        self.problem.say(machine.problem)
        # A bar without an end moves to and fro until something is known.
        self.progress.setRange(0, 100 if machine.fraction else 0)
        self.progress.setValue(round(100 * (machine.fraction or 0)))


class CostPage(QWidget):
    """Controls, and the estimate that follows them.

    Parameters
    ----------
    machine : Machine
    parent : QWidget or None
    """

    shown = Signal(object)
    """Another estimate (`Estimate`), or None where the controls ask for what cannot be."""

    def __init__(self, machine: Machine, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._machine = machine
        self.estimate: Estimate | None = None
        self.controls = CostControls()
        self.headline = QLabel()
        self.headline.setFont(font_of(self.font(), TITLE))
        self.verdict = ToneLabel("plain", self)
        self.details = ToneLabel("faint", self)
        self.servers_problem = ToneLabel("warning", self)
        self.bar = MemoryBar()
        self.terms = RowsTable(cost_words.term_titles(), is_whole=True)
        self.servers = RowsTable(cost_words.server_titles(), is_whole=True)
        self.tricks = RowsTable(cost_words.trick_titles(), words=(0, 1), is_whole=True)
        self.layers = RowsTable(cost_words.layer_titles(), words=(0, 1), is_whole=True)
        self.time = TimeCard(machine)
        # Several controls may change in one go; the estimate is made once.
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.refresh)
        self._arrange()
        self.controls.edited.connect(self._later.start)
        machine.changed.connect(self._on_machine_changed)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Look what is known of the machine now."""
        super().showEvent(event)
        self._machine.refresh()

    def refresh(self) -> None:
        """Show the cost of what the controls ask for."""
        try:
            job = self.controls.job()
        except RequestError as error:
            self.controls.show_error(error)
            self.estimate = None
            self.headline.setText(self.tr("Correct the field marked at the left."))
            self._body.setEnabled(False)
            self.shown.emit(None)
            return
        self.controls.show_error(None)
        self._body.setEnabled(True)
        facts = self._machine.facts
        self._show(make_estimate(job, epochs=self.controls.epochs, servers=facts.servers, knowledge=facts.knowledge))

    def _show(self, estimate: Estimate) -> None:
        self.estimate = estimate
        self.headline.setText(cost_words.headline(estimate))
        self.verdict.say(*cost_words.verdict(estimate))
        self.details.say(cost_words.details(estimate))
        here = next((fit.server for fit in estimate.fits if fit.server.name == THIS_MACHINE), None)
        mark = here.memory_bytes if here is not None else 0
        words = self.tr("This machine: {0}").format(bytes_text(mark)) if mark else ""
        self.bar.show_terms(estimate.memory.terms, mark_bytes=mark, mark_words=words)
        self.terms.show_rows(cost_words.term_rows(estimate))
        self.servers.show_rows([cost_words.server_row(fit) for fit in estimate.fits])
        self.tricks.show_rows([cost_words.trick_row(trick) for trick in estimate.tricks])
        self.layers.show_rows(cost_words.layer_rows(estimate))
        self.time.show_estimate(estimate)
        self.shown.emit(estimate)

    def _on_machine_changed(self) -> None:
        problem = self._machine.facts.problem
        self.servers_problem.say(f"{problem.message} {problem.hint}".strip() if problem else "")
        if not self._machine.is_calibrating:
            self._later.start()

    def _arrange(self) -> None:
        arrange_two_columns(self, self._left_side(), self._right_side(), left_width=_LEFT_WIDTH)

    def _left_side(self) -> QWidget:
        side = asking_column(self.tr("A training of"), [self.controls])
        side.setMinimumWidth(350)
        return side

    def _right_side(self) -> QWidget:
        self._body = QWidget()
        grid = QGridLayout(self._body)
        grid.setContentsMargins(TIGHT, ROOMY, ROOMY, ROOMY)
        grid.setSpacing(ROOMY)
        head = QVBoxLayout()
        head.setSpacing(TIGHT)
        for widget in (self.headline, self.verdict, self.details, self.bar):
            head.addWidget(widget)
        self.bar.setToolTip(
            self.tr("The causes in the order of the table below. What lies beyond the mark is more than there is.")
        )
        grid.addLayout(head, 0, 0, 1, 2)
        servers = QVBoxLayout()
        servers.setSpacing(ROOMY)
        hint = ToneLabel("faint", self)
        hint.say(self.tr("Name others in {0}, as in {1}.").format(servers_file(), '{"lab": "512GB"}'))
        servers.addWidget(_card(self.servers, self.servers_problem, hint))
        servers.addWidget(self.time, 1)
        grid.addWidget(_card(self.terms), 1, 0)
        grid.addLayout(servers, 1, 1)
        grid.addWidget(_card(self.tricks), 2, 0, 1, 2)
        grid.addWidget(_card(self.layers), 3, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(4, 1)
        return scrolled(self._body)


def _card(*widgets: QWidget) -> QFrame:
    frame = QFrame()
    frame.setObjectName("card")
    column = QVBoxLayout(frame)
    column.setContentsMargins(NEAR, NEAR, NEAR, NEAR)
    column.setSpacing(TIGHT)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch(1)
    return frame
