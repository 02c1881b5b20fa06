"""The Train workspace: a new training on the left, the runs and the selected one on the right."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from workstation.core.requests import TrainRequest
from workstation.gui.train.new_training import NewTraining
from workstation.gui.train.queue_dialog import QueueDialog
from workstation.gui.train.reservation_bar import ReservationBar
from workstation.gui.train.run_details import RunDetails
from workstation.gui.train.run_list import RunList
from workstation.gui.train.runs_side import RunsSide
from workstation.gui.two_columns import arrange_two_columns
from workstation.session.session import Session

_LEFT_WIDTH = 400
_HEIGHTS = (260, 600)


class TrainWorkspace(QWidget):
    """New training, runs and details, wired.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.queue_dialog: QueueDialog | None = None
        self.new = NewTraining(session)
        self.form, self.cost = self.new.form, self.new.cost_panel
        self.start_button, self.override_check = self.new.start_button, self.new.override_check
        self.problem, self.queue_note = self.new.problem, self.new.queue_note
        self.list = RunList(session.runs)
        self.details = RunDetails(session)
        self.queue_button = QPushButton(self.tr("Sharing\N{HORIZONTAL ELLIPSIS}"))
        self.queue_button.setToolTip(self.tr("How runs share this machine: memory, how many at once, cores."))
        self._right = RunsSide(
            self.tr("Runs"),
            self.list,
            self.details,
            empty=self._empty_words(),
            heights=_HEIGHTS,
            beside_title=[self.queue_button],
            above_list=[ReservationBar(session.runs)],
        )
        arrange_two_columns(self, self.new, self._right, left_width=_LEFT_WIDTH)
        self._connect()
        self._on_runs_changed()
        # The runs may have been read long before this workspace is first wanted.
        self.list.select(session.runs.followed)
        self.list.keep_selection()

    def show_run(self, name: str) -> None:
        """Select a run."""
        self.list.select(name)

    def set_data(self, path: Path) -> None:
        """Put a data set into the form."""
        self.new.set_data(path)

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the runs from now on."""
        super().showEvent(event)
        self._session.runs.start_watching()

    def _connect(self) -> None:
        self.new.started.connect(self.list.select)
        self.queue_button.clicked.connect(self._on_queue_clicked)
        self.list.run_selected.connect(self.details.show_run)
        self.details.clone_wanted.connect(self._on_clone_wanted)
        self._session.runs.runs_changed.connect(self._on_runs_changed)
        self._session.runs.followed_changed.connect(self._on_followed)

    def _on_followed(self, name: str) -> None:
        """Somebody else (the chip) wants this run to be seen."""
        if name and name != self.list.selected:
            self.list.select(name)

    def _on_clone_wanted(self, request: TrainRequest) -> None:
        words = self.tr("The form asks for the same as the run: change what is to differ, and start.")
        self.new.fill(request, words=words)

    def _on_queue_clicked(self) -> None:
        if self.queue_dialog is not None:
            self.queue_dialog.deleteLater()
        self.queue_dialog = QueueDialog(self._session.runs, self)
        self.queue_dialog.open()

    def _on_runs_changed(self) -> None:
        self._right.show_runs(has_runs=bool(self._session.runs.statuses))

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
