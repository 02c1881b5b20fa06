"""The fields of a new training, each with room for what is wrong with it; what they mean is in `draft`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workstation.core.network import PRESETS, Shape
from workstation.core.request_fields import EngineSettings
from workstation.core.requests import MAX_EPOCHS
from workstation.core.split import Draw
from workstation.gui.tooltips import plain_tip
from workstation.gui.train.advanced_fields import AdvancedFields
from workstation.gui.train.data_facts import DataFacts
from workstation.gui.train.draft import Draft
from workstation.gui.train.fields import Field, box, form_rows, labelled, spin
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import preset_word, shape_text

_SIZES = ("160x192x144", "128x128x128", "96x96x96")
_CUSTOM = "custom"


class TrainForm(QWidget):
    """The form.

    Parameters
    ----------
    parent : QWidget or None
    """

    draft_changed = Signal()
    """A field was edited."""
    data_changed = Signal(str)
    """The field of the data set has another text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: dict[str, Field] = {}
        self._labels: list[QLabel] = []
        self._is_data_touched = False
        # What has no field here, but may come with a draft: KMP affinity, block time, niceness.
        self._settings = EngineSettings()
        self._make_editors()
        self._make_advanced()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._main_rows())
        layout.addLayout(self._foot_row())
        layout.addWidget(self.advanced)
        self._fields |= self.advanced.fields
        self._labels += self.advanced.labels
        self._align_labels()
        self._connect()

    def draft(self) -> Draft:
        """What stands in the fields."""
        size = self.size_box.currentData()
        return Draft(
            data=self.data_edit.text(),
            preset=self.preset_box.currentData(),
            size=self.custom_edit.text() if size == _CUSTOM else size,
            batch=self.batch_spin.value(),
            epochs=self.epochs_spin.value(),
            name=self.name_edit.text(),
            settings=self._settings,
            **self.advanced.values(),
        )

    def fill(self, draft: Draft) -> None:
        """Put another draft into all fields."""
        self.set_data(draft.data)
        self.preset_box.setCurrentIndex(self.preset_box.findData(draft.preset))
        self._set_size(draft.size)
        self.batch_spin.setValue(draft.batch)
        self.epochs_spin.setValue(draft.epochs)
        self.name_edit.setText(draft.name)
        self._settings = draft.settings
        self.advanced.fill(draft)
        self._advanced_toggle.setChecked(True)

    def set_data(self, path: str) -> None:
        """Put a data set into its field."""
        self.data_edit.setText(path)

    def set_split(self, path: Path | None, *, preset: str, draw: Draw) -> None:
        """Take over what the Data workspace shows: a saved split, or what the training is to draw one by."""
        self.preset_box.setCurrentIndex(self.preset_box.findData(preset))
        self.advanced.set_split(path, draw)

    def apply(self, changes: Mapping[str, Any]) -> None:
        """Put fields of a `TrainRequest` into their editors, and let those that stand under "Advanced" be seen."""
        more = self.advanced
        boxes = {"memory": more.memory_box, "precision": more.precision_box}
        spins = {"batch": self.batch_spin, "filters": more.filters_spin, "micro_batch": more.micro_batch_spin}
        for name, value in changes.items():
            if name == "size":
                self._set_size(value)
            elif name in boxes:
                boxes[name].setCurrentIndex(boxes[name].findData(value))
            else:
                spins[name].setValue(value)
            if self._fields[name].parent() is self.advanced:
                self._advanced_toggle.setChecked(True)

    def _set_size(self, size: str) -> None:
        index = self.size_box.findData(size)
        self.custom_edit.setText(size)
        self.size_box.setCurrentIndex(index if index >= 0 else self.size_box.findData(_CUSTOM))

    def show_errors(self, errors: Mapping[str, str], *, also_untouched: bool = False) -> None:
        """Show what is wrong beside each field, and open the advanced ones if one of them is.

        The empty data set of a form that nobody has touched is no error yet, unless `also_untouched`.
        """
        for name, field in self._fields.items():
            is_early = name == "data" and not self._is_data_touched and not also_untouched
            field.error.say("" if is_early else errors.get(name, ""))
        if any(self._fields[name].parent() is self.advanced for name in errors if name in self._fields):
            self._advanced_toggle.setChecked(True)

    def show_facts(self, facts: DataFacts | None, *, is_busy: bool = False) -> None:
        """Say what is known about the data set, and offer its own size as the full one."""
        if is_busy:
            self._facts.say(self.tr("Looking at the data set\N{HORIZONTAL ELLIPSIS}"), "faint")
        elif facts is None:
            self._facts.say("")
        elif facts.error:
            self._facts.say(facts.error, "error")
        else:
            usable = (facts.usable or {}).get(self.preset_box.currentData(), 0)
            text = self.tr("{0}: {1} of {2} cases have a truth and the sequences needed.")
            self._facts.say(text.format(facts.name, usable, facts.cases), "faint" if usable > 1 else "warning")
        self._name_full_size(facts.shape if facts else None)

    def _name_full_size(self, shape: Shape | None) -> None:
        full = self.tr("Full volume")
        self.size_box.setItemText(0, f"{full} ({shape_text(shape)})" if shape else full)

    def _make_editors(self) -> None:
        self.data_edit = QLineEdit()
        self.data_edit.setPlaceholderText(self.tr("Folder with the cases"))
        self.data_edit.setClearButtonEnabled(True)
        self.browse_button = QPushButton(self.tr("Browse\N{HORIZONTAL ELLIPSIS}"))
        self._facts = ToneLabel("faint", self)
        self.preset_box = box({preset_word(preset): preset for preset in PRESETS})
        sizes = {self.tr("Full volume"): "full"} | {shape_text(tuple(map(int, s.split("x")))): s for s in _SIZES}
        self.size_box = box(sizes | {self.tr("Custom\N{HORIZONTAL ELLIPSIS}"): _CUSTOM})
        self.size_box.setToolTip(self.tr("Other sizes crop or pad each volume about its centre; nothing is resampled."))
        self.custom_edit = QLineEdit("64x64x64")
        self.custom_edit.setMaximumWidth(110)
        self.custom_edit.hide()
        self.batch_spin = spin(1, 1024, 1)
        self.batch_spin.setToolTip(self.tr("Volumes in one step. Memory grows with it almost in proportion."))
        self.epochs_spin = spin(1, MAX_EPOCHS, 25)
        self.name_edit = QLineEdit()
        self.name_edit.setPlaceholderText(self.tr("Optional"))

    def _make_advanced(self) -> None:
        self._advanced_toggle = QToolButton()
        self._advanced_toggle.setText(self.tr("Advanced"))
        self._advanced_toggle.setCheckable(True)
        self._advanced_toggle.setAutoRaise(True)
        self._advanced_toggle.setArrowType(Qt.ArrowType.RightArrow)
        self._advanced_toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.load_button = QPushButton(self.tr("Load recipe\N{HORIZONTAL ELLIPSIS}"))
        self.load_button.setToolTip(self.tr("Take all fields but data set, cases and names from a recipe's file."))
        self.save_button = QPushButton(self.tr("Save recipe\N{HORIZONTAL ELLIPSIS}"))
        self.save_button.setToolTip(
            self.tr("Keep all fields but data set, cases and names as a recipe: a small file to give to others.")
        )
        self.advanced = AdvancedFields()
        self.advanced.hide()

    def _foot_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self._advanced_toggle)
        row.addStretch(1)
        row.addWidget(self.load_button)
        row.addWidget(self.save_button)
        return row

    def _main_rows(self) -> QFormLayout:
        rows = form_rows()
        field = self._add(rows, "data", self.tr("Data set"), self.data_edit, self.browse_button)
        field.add_below(self._facts)
        self._add(rows, "preset", self.tr("Task"), self.preset_box)
        self._add(rows, "size", self.tr("Size"), self.size_box, self.custom_edit)
        self._add(rows, "batch", self.tr("Batch"), self.batch_spin)
        self._add(rows, "epochs", self.tr("Epochs"), self.epochs_spin)
        self._add(rows, "name", self.tr("Name"), self.name_edit)
        return rows

    def _add(self, rows: QFormLayout, name: str, label: str, *editors: QWidget) -> Field:
        field = Field(*editors)
        self._fields[name] = field
        text = labelled(rows, label, field, editors[0])
        self._labels.append(text)
        return field

    def _align_labels(self) -> None:
        """One width for both groups of rows, so that their fields stand in one column."""
        width = max(label.sizeHint().width() for label in self._labels)
        for label in self._labels:
            label.setMinimumWidth(width)

    def _connect(self) -> None:
        for edit in self._edits():
            edit.textChanged.connect(self.draft_changed)
        for chooser in self.findChildren(QComboBox):
            chooser.currentIndexChanged.connect(self.draft_changed)
        for whole in self.findChildren(QSpinBox):
            whole.valueChanged.connect(self.draft_changed)
        for number in self.findChildren(QDoubleSpinBox):
            number.valueChanged.connect(self.draft_changed)
        for tick in self.findChildren(QCheckBox):
            tick.toggled.connect(self.draft_changed)
        self.data_edit.textChanged.connect(self._on_data_edited)
        self.size_box.currentIndexChanged.connect(self._on_size_chosen)
        self.browse_button.clicked.connect(self._on_browse_clicked)
        self._advanced_toggle.toggled.connect(self._on_advanced_toggled)

    def _edits(self) -> tuple[QLineEdit, ...]:
        more = self.advanced
        texts = (
            more.rate_edit,
            more.cores_edit,
            more.start_from_edit,
            more.cases_edit,
            more.split_edit,
            more.sentinels_edit,
        )
        return (self.data_edit, self.custom_edit, self.name_edit, *texts)

    def _on_data_edited(self, text: str) -> None:
        self._is_data_touched = True
        self.data_edit.setToolTip(plain_tip(text) if text else "")
        self.data_changed.emit(text)

    def _on_size_chosen(self) -> None:
        is_custom = self.size_box.currentData() == _CUSTOM
        self.custom_edit.setVisible(is_custom)
        if is_custom:
            self.custom_edit.setFocus()
            self.custom_edit.selectAll()

    def _on_advanced_toggled(self, is_open: bool) -> None:  # a slot of Qt's
        self.advanced.setVisible(is_open)
        self._advanced_toggle.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)

    def _on_browse_clicked(self) -> None:
        here = self.data_edit.text() or str(Path.home())
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Choose the folder of a data set"), here)
        if chosen:
            self.set_data(chosen)
