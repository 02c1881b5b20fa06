"""The dialog of how runs share this machine: memory, how many at once, cores, and whether the desktop is told."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from workstation.errors import WorkstationError
from workstation.gui.train.fields import Field, box, form_rows, labelled, spin
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import bytes_text
from workstation.jobs.memory import machine_memory
from workstation.jobs.queue_settings import QueueSettings, memory_budget
from workstation.session.runs import Runs

_MOST_AT_ONCE = 64


class QueueDialog(QDialog):
    """Edits the settings of a folder of runs; they hold for every start from then on.

    Parameters
    ----------
    runs : Runs
    parent : QWidget or None
    """

    def __init__(self, runs: Runs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        settings = runs.queue_settings()
        self.setWindowTitle(self.tr("How runs share this machine"))
        usual = bytes_text(memory_budget(QueueSettings(), machine_memory()))
        self.memory_edit = QLineEdit(settings.memory)
        self.memory_edit.setPlaceholderText(self.tr("nine tenths, {0}").format(usual))
        self.memory_edit.setToolTip(self.tr("What all runs may take together, such as 64GiB or 1.5TB."))
        self.at_once_spin = spin(0, _MOST_AT_ONCE, settings.at_once)
        self.at_once_spin.setSpecialValueText(self.tr("As many as memory allows"))
        self.cores_box = box(
            {self.tr("Left to the system"): "left", self.tr("Divided among the runs at once"): "divided"}
        )
        self.cores_box.setCurrentIndex(self.cores_box.findData(settings.cores))
        self.cores_box.setToolTip(
            self.tr(
                "Left: each run uses all cores that are free at the moment. Divided: each keeps to its share for its "
                "whole life, so that its steps take the same time whoever runs beside it."
            )
        )
        self.notify_check = QCheckBox(self.tr("Tell the desktop when a run ends"))
        self.notify_check.setChecked(settings.notifies)
        self.problem = ToneLabel("error", self)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self.save_button = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        rows = form_rows()
        labelled(rows, self.tr("Memory for runs"), Field(self.memory_edit), self.memory_edit)
        labelled(rows, self.tr("Runs at once"), Field(self.at_once_spin), self.at_once_spin)
        labelled(rows, self.tr("Cores"), Field(self.cores_box), self.cores_box)
        labelled(rows, "", Field(self.notify_check), self.notify_check)
        column = self._column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addLayout(rows)
        column.addWidget(self.problem)
        column.addStretch(1)
        column.addWidget(self.buttons)
        self.setMinimumWidth(420)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def accept(self) -> None:
        """Keep the settings, or say what is wrong with them and stay."""
        try:
            settings = QueueSettings(
                memory=self.memory_edit.text().strip(),
                at_once=self.at_once_spin.value(),
                cores=self.cores_box.currentData(),
                notifies=self.notify_check.isChecked(),
            )
            self._runs.set_queue(settings)
        except WorkstationError as error:
            self.problem.say(f"{error.message} {error.hint}".strip())
            # The words come between the fields and the buttons, which must not be squeezed for them.
            self.resize(self.width(), max(self.height(), self._column.totalHeightForWidth(self.width())))
            return
        super().accept()
