"""The fields of a new training, each with room for what is wrong with it; what they mean is in `draft`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workstation.core.network import MAX_DEPTH, MAX_FILTERS, NORMALISATIONS, PRESETS, Shape
from workstation.core.requests import DECAYS, LOSSES
from workstation.core.schedule import MODES, PRECISIONS
from workstation.core.split import Draw
from workstation.gui.theme import NEAR, font_of
from workstation.gui.train.data_facts import DataFacts, SplitFacts
from workstation.gui.train.draft import Draft
from workstation.gui.train.fields import Field, box, form_rows, labelled, spin
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import (
    decay_word,
    memory_word,
    normalisation_word,
    precision_word,
    preset_word,
    shape_text,
)

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
        self._make_editors()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._main_rows())
        layout.addWidget(self._advanced_toggle, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._advanced)
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
            learning_rate=self.rate_edit.text(),
            loss=self.loss_box.currentData(),
            validation_percent=self.validation_spin.value(),
            test_percent=self.test_spin.value(),
            seed=self.seed_spin.value(),
            threads=self.threads_spin.value(),
            augment=self.augment_check.isChecked(),
            filters=self.filters_spin.value(),
            depth=self.depth_spin.value(),
            normalisation=self.normalisation_box.currentData(),
            memory=self.memory_box.currentData(),
            precision=self.precision_box.currentData(),
            micro_batch=self.micro_batch_spin.value(),
            decay=self.decay_box.currentData(),
            vary_intensities=self.vary_check.isChecked(),
            onednn=self.onednn_check.isChecked(),
            split=self.split_edit.text(),
            name=self.name_edit.text(),
        )

    def set_data(self, path: str) -> None:
        """Put a data set into its field."""
        self.data_edit.setText(path)

    def set_split(self, path: Path | None, *, preset: str, draw: Draw) -> None:
        """Take over what the Data workspace shows: a saved split, or what the training is to draw one by."""
        self.split_edit.setText("" if path is None else str(path))
        self.preset_box.setCurrentIndex(self.preset_box.findData(preset))
        if path is None:
            self.seed_spin.setValue(draw.seed)
            self.validation_spin.setValue(round(100 * draw.validation))
            self.test_spin.setValue(round(100 * draw.test))

    def apply(self, changes: Mapping[str, Any]) -> None:
        """Put fields of a `TrainRequest` into their editors, and let those that stand under "Advanced" be seen."""
        boxes = {"memory": self.memory_box, "precision": self.precision_box}
        spins = {"batch": self.batch_spin, "filters": self.filters_spin, "micro_batch": self.micro_batch_spin}
        for name, value in changes.items():
            if name == "size":
                self._set_size(value)
            elif name in boxes:
                boxes[name].setCurrentIndex(boxes[name].findData(value))
            else:
                spins[name].setValue(value)
            if self._fields[name].parent() is self._advanced:
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
        if any(self._fields[name].parent() is self._advanced for name in errors if name in self._fields):
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

    def show_split(self, facts: SplitFacts | None) -> None:
        """Say what the saved split holds, or why it cannot be used."""
        if facts is None or facts.error:
            self._split_facts.say(facts.error if facts else "", "error")
            return
        words = self.tr("{train:,} training, {validation:,} validation, {test:,} test")
        self._split_facts.say(words.format(**facts.counts), "faint")

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
        self.epochs_spin = spin(1, 100_000, 25)
        self.name_edit = QLineEdit()
        self.name_edit.setPlaceholderText(self.tr("Optional"))
        self._make_advanced_editors()

    def _make_advanced_editors(self) -> None:
        losses = {"dice": self.tr("Dice (as in the paper)"), "bce+dice": self.tr("Cross-entropy + Dice")}
        self.rate_edit = QLineEdit("0.001")
        self.loss_box = box({losses.get(loss, loss): loss for loss in LOSSES})
        self.validation_spin = spin(0, 99, 10, suffix=self.tr(" % of the cases"))
        self.test_spin = spin(0, 99, 10, suffix=self.tr(" % of the cases"))
        self.test_spin.setToolTip(self.tr("Kept aside and never looked at during the training."))
        self.split_edit = QLineEdit()
        self.split_edit.setPlaceholderText(self.tr("Drawn by the seed and the shares below"))
        self.split_edit.setClearButtonEnabled(True)
        self.split_edit.setToolTip(
            self.tr("A split saved in Data: which cases are trained on, watched and kept aside, file by file.")
        )
        self._split_facts = ToneLabel("faint", self)
        self.split_button = QPushButton(self.tr("Browse\N{HORIZONTAL ELLIPSIS}"))
        self.seed_spin = spin(0, 2**31 - 1, 1)
        self.seed_spin.setToolTip(self.tr("Of the split, the weights, the order and the augmentation."))
        self.threads_spin = spin(0, 4096, 0)
        self.threads_spin.setSpecialValueText(self.tr("All physical cores"))
        self.filters_spin = spin(1, MAX_FILTERS, 16)
        self.depth_spin = spin(1, MAX_DEPTH, 4)
        self.depth_spin.setToolTip(self.tr("Number of poolings; sides are padded to a multiple of 2 to its power."))
        self.augment_check = QCheckBox(self.tr("Random flips and quarter turns"))
        self.augment_check.setChecked(True)
        self.onednn_check = QCheckBox(self.tr("oneDNN kernels"))
        self.onednn_check.setChecked(True)
        self._make_learning_editors()
        self._make_memory_editors()
        self._advanced_toggle = QToolButton()
        self._advanced_toggle.setText(self.tr("Advanced"))
        self._advanced_toggle.setCheckable(True)
        self._advanced_toggle.setAutoRaise(True)
        self._advanced_toggle.setArrowType(Qt.ArrowType.RightArrow)
        self._advanced_toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._advanced = QWidget()
        self._advanced.setLayout(self._advanced_groups())
        self._advanced.hide()

    def _make_learning_editors(self) -> None:
        self.decay_box = box({decay_word(decay): decay for decay in DECAYS})
        self.decay_box.setToolTip(
            self.tr(
                "Cosine: the rate falls to nothing by the last epoch, so that the weights settle. Costs no time; a "
                "training that is stopped early has not settled."
            )
        )
        self.vary_check = QCheckBox(self.tr("Vary intensities"))
        self.vary_check.setToolTip(
            self.tr(
                "Random contrast, brightness and gamma of each sequence: for few cases of few scanners. Costs hardly "
                "any time, since batches are made while a step computes; often needs more epochs."
            )
        )
        self.normalisation_box = box({normalisation_word(name): name for name in NORMALISATIONS})
        self.normalisation_box.setToolTip(
            self.tr(
                "Batch: as in the paper; its statistics are those of a micro-batch where there are any. Group and "
                "instance: of each volume alone, so that micro-batches change nothing. Memory and time are the same."
            )
        )

    def _make_memory_editors(self) -> None:
        self.memory_box = box({memory_word(mode): mode for mode in MODES})
        self.memory_box.setToolTip(
            self.tr(
                "Exact: keeps the output of each convolution and computes norms again, at almost no cost in time.\n"
                "Low: computes whole blocks again; less memory, more time.\n"
                "Plain: Keras's own step; the most memory, and slower.\n"
                "All three have the same gradients. The estimate below says what each comes to."
            )
        )
        self.precision_box = box({precision_word(name): name for name in PRECISIONS})
        self.precision_box.setToolTip(
            self.tr(
                "bfloat16 halves what is kept between layers. Processors without AVX512-BF16 or AMX would be many "
                "times slower with it: there the engine refuses it."
            )
        )
        self.micro_batch_spin = spin(0, 1024, 0)
        self.micro_batch_spin.setSpecialValueText(self.tr("Whole batch at once"))
        self.micro_batch_spin.setToolTip(
            self.tr(
                "Volumes that are in memory at once; their gradients are added up to those of the batch. 1 trains any "
                "batch in the memory of one volume. The Dice loss costs another forward pass, about a third more time."
            )
        )

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

    def _advanced_groups(self) -> QVBoxLayout:
        groups = QVBoxLayout()
        groups.setContentsMargins(0, 0, 0, 0)
        groups.setSpacing(NEAR)
        for title, rows in (
            (self.tr("Memory and time"), self._memory_rows()),
            (self.tr("Network"), self._network_rows()),
            (self.tr("Learning"), self._learning_rows()),
        ):
            heading = QLabel(title)
            heading.setFont(font_of(heading.font(), 1.0, is_bold=True))
            groups.addWidget(heading)
            groups.addLayout(rows)
            groups.addSpacing(NEAR)
        return groups

    def _memory_rows(self) -> QFormLayout:
        rows = form_rows()
        self._add(rows, "memory", self.tr("Memory mode"), self.memory_box)
        self._add(rows, "precision", self.tr("Precision"), self.precision_box)
        self._add(rows, "micro_batch", self.tr("Micro-batch"), self.micro_batch_spin)
        self._add(rows, "threads", self.tr("Threads"), self.threads_spin)
        self._add(rows, "onednn", self.tr("Engine"), self.onednn_check)
        return rows

    def _network_rows(self) -> QFormLayout:
        rows = form_rows()
        self._add(rows, "filters", self.tr("Filters"), self.filters_spin)
        self._add(rows, "depth", self.tr("Depth"), self.depth_spin)
        self._add(rows, "normalisation", self.tr("Normalisation"), self.normalisation_box)
        return rows

    def _learning_rows(self) -> QFormLayout:
        rows = form_rows()
        self._add(rows, "learning_rate", self.tr("Learning rate"), self.rate_edit)
        self._add(rows, "decay", self.tr("Its decay"), self.decay_box)
        self._add(rows, "loss", self.tr("Loss"), self.loss_box)
        field = self._add(rows, "split", self.tr("Split"), self.split_edit, self.split_button)
        field.add_below(self._split_facts)
        self._add(rows, "validation", self.tr("Validation"), self.validation_spin)
        self._add(rows, "test", self.tr("Test"), self.test_spin)
        self._add(rows, "seed", self.tr("Seed"), self.seed_spin)
        self._add(rows, "augment", self.tr("Augmentation"), self.augment_check)
        self._add(rows, "vary_intensities", "", self.vary_check)
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
        for edit in (self.data_edit, self.custom_edit, self.rate_edit, self.name_edit, self.split_edit):
            edit.textChanged.connect(self.draft_changed)
        for chooser in self.findChildren(QComboBox):
            chooser.currentIndexChanged.connect(self.draft_changed)
        for number in self.findChildren(QSpinBox):
            number.valueChanged.connect(self.draft_changed)
        for tick in self.findChildren(QCheckBox):
            tick.toggled.connect(self.draft_changed)
        self.data_edit.textChanged.connect(self._on_data_edited)
        self.size_box.currentIndexChanged.connect(self._on_size_chosen)
        self.browse_button.clicked.connect(self._on_browse_clicked)
        self.split_edit.textChanged.connect(self._on_split_edited)
        self.split_button.clicked.connect(self._on_split_clicked)
        self._advanced_toggle.toggled.connect(self._on_advanced_toggled)

    def _on_data_edited(self, text: str) -> None:
        self._is_data_touched = True
        self.data_edit.setToolTip(text)
        self.data_changed.emit(text)

    def _on_split_edited(self, text: str) -> None:
        """A saved split leaves nothing to draw."""
        for shares in (self.validation_spin, self.test_spin):
            shares.setEnabled(not text.strip())

    def _on_split_clicked(self) -> None:
        here = self.split_edit.text() or self.data_edit.text() or str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a saved split"), here, "JSON (*.json)")
        if chosen:
            self.split_edit.setText(chosen)

    def _on_size_chosen(self) -> None:
        is_custom = self.size_box.currentData() == _CUSTOM
        self.custom_edit.setVisible(is_custom)
        if is_custom:
            self.custom_edit.setFocus()
            self.custom_edit.selectAll()

    def _on_advanced_toggled(self, is_open: bool) -> None:  # a slot of Qt's
        self._advanced.setVisible(is_open)
        self._advanced_toggle.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)

    def _on_browse_clicked(self) -> None:
        here = self.data_edit.text() or str(Path.home())
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Choose the folder of a data set"), here)
        if chosen:
            self.set_data(chosen)
