"""What can be done to a run: a button for each verb that it would obey now, and what came of the last one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from workstation.core.course import course_of
from workstation.core.requests import TrainRequest
from workstation.errors import WorkstationError
from workstation.gui.train.course_dialog import CourseDialog
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.offers import offers
from workstation.gui.train.removal import may_remove
from workstation.io.runs import RunStatus
from workstation.session.commands import show_finished_mask
from workstation.session.session import Session
from workstation.session.starting import segment_open_case


class RunVerbs(QWidget):
    """A row of buttons with a note.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    clone_wanted = Signal(object)
    """A TrainRequest to put into the form of a new training."""
    difference_wanted = Signal()
    """The map of what tiles change is to be opened."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runs = session.runs
        self._name = ""
        self._status: RunStatus | None = None
        self._case_words = self.tr("Open a case in Review first.")
        self.course_dialog: CourseDialog | None = None
        self.note = ToneLabel("faint", self)
        self.buttons: dict[str, QPushButton] = {}
        self._make_buttons()
        self._arrange()
        session.case_changed.connect(self._show_buttons)

    def show_run(self, name: str) -> None:
        """Act on another run from now on."""
        self._name, self._status = name, None
        self.note.say("")

    def show_status(self, status: RunStatus | None) -> None:
        """Offer what a run in this state would obey; another state ends the last note."""
        before, self._status = self._status, status
        if before is not None and status is not None and before.state != status.state:
            self.note.say("")
        self._show_buttons()

    def say_trouble(self, error: WorkstationError) -> None:
        """Say why something could not be done."""
        self.note.say(f"{error.message} {error.hint}".strip(), "error")

    def _make_buttons(self) -> None:
        runs = self._runs
        after_step = self.tr("Asked; it takes effect after the present step.")
        rest = self.tr("Asked; it rests after the present step and keeps its memory. Stop it to free that.")
        after_epoch = self.tr("Asked; the run stops at the end of this epoch.")
        again = self.tr("Started again; it goes on from its last checkpoint.")
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
        self.buttons["remove"] = QPushButton(self.tr("Remove\N{HORIZONTAL ELLIPSIS}"))
        self.buttons["remove"].clicked.connect(self._on_remove_clicked)
        self._folder_button = QPushButton(self.tr("Open folder"))
        self._folder_button.clicked.connect(self._on_folder_clicked)

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for verb, button in self.buttons.items():
            if verb != "remove":
                row.addWidget(button)
        row.addWidget(self.note, 1)
        row.addStretch(1)
        row.addWidget(self.buttons["remove"])
        row.addWidget(self._folder_button)

    def _doing(self, act: Callable[[str], Any], note: str) -> Callable[[], None]:
        """A slot that does something to the run and says what comes of it."""

        def slot() -> None:
            self.note.say(note, "faint")
            try:
                act(self._name)
            except WorkstationError as error:
                self.say_trouble(error)

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

    def _segment(self, name: str) -> None:
        segment_open_case(self._session, self._runs.folder(name).model)

    def _show_masks(self, name: str) -> None:
        masks = self._runs.masks(name)
        if not masks:
            self.note.say(self.tr("The masks of this run are no longer there."), "error")
        for path in masks:
            show_finished_mask(self._session, path)

    def _show_difference(self, _name: str) -> None:
        self.difference_wanted.emit()

    def _on_remove_clicked(self) -> None:
        """Ask first: a run's model goes with it."""
        name = self._name
        if may_remove(self, name, has_model=(self._runs.folder(name).model / "card.json").exists()):
            self._doing(self._runs.remove, "")()

    def _on_folder_clicked(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._runs.folder(self._name).path)))

    def _show_buttons(self) -> None:
        status = self._status
        verbs = offers(status, has_open_case=True) if status is not None else frozenset()
        for verb, button in self.buttons.items():
            button.setVisible(verb in verbs)
        is_profile = status is not None and status.kind == "profile"
        again = self.tr("Go on with the missing points") if is_profile else self.tr("Measure again")
        self.buttons["start_again"].setText(again)
        has_case = self._session.case is not None
        self.buttons["segment"].setEnabled(has_case)
        if "segment" in verbs and not self.note.text() and not has_case:
            self.note.say(self._case_words, "faint")
        elif has_case and self.note.text() == self._case_words:
            self.note.say("")
