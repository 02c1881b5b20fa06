"""The dialog that changes the course of a training: more epochs, another learning rate, back to the best epoch."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from workstation.core.course import Change, Course
from workstation.core.requests import MAX_EPOCHS
from workstation.errors import RequestError, WorkstationError
from workstation.gui.train.fields import Field, form_rows, labelled, spin
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import dice_text
from workstation.io.runs import RunStatus
from workstation.session.runs import Runs


class CourseDialog(QDialog):
    """More epochs and another learning rate for a training that runs; for one that has ended also where it goes on.

    Parameters
    ----------
    runs : Runs
    status : RunStatus
        Of a training.
    course : Course
        As it is now.
    parent : QWidget or None
    """

    def __init__(self, runs: Runs, status: RunStatus, course: Course, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._status = status
        self._course = course
        self._kept: Change | None = None
        self.setWindowTitle(self.tr("Course of {0}").format(status.name))
        self.epochs_spin = spin(course.epochs, MAX_EPOCHS, course.epochs)
        self.rate_edit = QLineEdit()
        self.rate_edit.setPlaceholderText(self.tr("as it is, {0:g}").format(course.rates[-1][1]))
        self.from_spin = spin(1, MAX_EPOCHS, status.epoch + 1)
        self.from_spin.setToolTip(self.tr("The first epoch with the new rate; those before keep theirs."))
        self.last_button = QRadioButton(self.tr("last checkpoint, epoch {0}").format(status.epoch), self)
        dice = dice_text(status.best_val_dice)
        best = self.tr("best epoch {0}, validation Dice {1}").format(status.best_epoch, dice)
        self.best_button = QRadioButton(best, self)
        self.best_button.setEnabled(status.best_epoch > 0)
        self.last_button.setChecked(True)
        self.note = ToneLabel("faint", self)
        self.problem = ToneLabel("error", self)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        text = self.tr("Start again") if status.is_ended else self.tr("Change")
        self.ok_button: QPushButton = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ok_button.setText(text)
        self._arrange()
        self._group = QButtonGroup(self)
        for button in (self.last_button, self.best_button):
            self._group.addButton(button)
        self._group.buttonClicked.connect(self._on_checkpoint)
        self.rate_edit.textChanged.connect(self._say_note)
        self.epochs_spin.valueChanged.connect(self._say_note)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._say_note()

    def accept(self) -> None:
        """Change the course, and start what has ended; stay open where that is refused."""
        try:
            change = self._change()
            # Where only the start was refused, the change is kept and holds for the next try.
            if not change.is_empty and change != self._kept:
                self._runs.change_course(self._status.name, change)
                self._kept = change
            if self._status.is_ended:
                self._resume()
        except WorkstationError as error:
            self.problem.say(f"{error.message} {error.hint}".strip())
            return
        super().accept()

    @property
    def _is_from_best(self) -> bool:
        return self._status.is_ended and self.best_button.isChecked()

    def _resume(self) -> None:
        if self._is_from_best:
            self._runs.resume_from_best(self._status.name)
        else:
            self._runs.resume(self._status.name)

    def _change(self) -> Change:
        epochs = self.epochs_spin.value()
        text = self.rate_edit.text().strip().replace(",", ".")
        try:
            rate = float(text) if text else 0.0
        except ValueError as error:
            hint = self.tr("Write for example 0.0001.")
            raise RequestError(f"{text!r} is not a number.", field="learning_rate", hint=hint) from error
        return Change(epochs if epochs > self._course.epochs else 0, rate, self.from_spin.value())

    def _on_checkpoint(self) -> None:
        epoch = self._status.best_epoch if self._is_from_best else self._status.epoch
        self.from_spin.setValue(epoch + 1)
        self._say_note()

    def _say_note(self) -> None:
        has_rate = bool(self.rate_edit.text().strip())
        self.from_spin.setEnabled(has_rate)
        is_longer = self.epochs_spin.value() > self._course.epochs
        self.problem.say("")
        if self._is_from_best and not has_rate:
            self.note.say(self.tr("With the same learning rate it takes the same steps again: give it a lower one."))
        elif self._course.decay == "cosine" and is_longer:
            self.note.say(self.tr("The cosine is stretched over the new length, so the rate rises again first."))
        else:
            self.note.say("")
        is_done = self._status.state == "finished" and not is_longer and not self._is_from_best
        self.ok_button.setEnabled(not is_done if self._status.is_ended else is_longer or has_rate)

    def _arrange(self) -> None:
        rows = form_rows()
        labelled(rows, self.tr("Epochs in all"), Field(self.epochs_spin), self.epochs_spin)
        labelled(rows, self.tr("Learning rate"), Field(self.rate_edit), self.rate_edit)
        labelled(rows, self.tr("From epoch"), Field(self.from_spin), self.from_spin)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addLayout(rows)
        for button in (self.last_button, self.best_button):
            button.setVisible(self._status.is_ended)
        if self._status.is_ended:
            places = QVBoxLayout()
            places.addWidget(self.last_button)
            places.addWidget(self.best_button)
            rows.addRow(self.tr("Goes on from"), places)
        column.addWidget(self.note)
        column.addWidget(self.problem)
        column.addStretch(1)
        column.addWidget(self.buttons)
        self.setMinimumWidth(420)
