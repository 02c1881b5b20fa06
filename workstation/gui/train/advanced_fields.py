"""The fields of a new training that most leave as they are: memory, network, learning, and what is watched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.core.network import MAX_DEPTH, MAX_FILTERS, NORMALISATIONS
from workstation.core.requests import DECAYS, LOSSES, MAX_EPOCHS
from workstation.core.schedule import MODES, PRECISIONS
from workstation.core.split import Draw
from workstation.gui.theme import NEAR, font_of
from workstation.gui.train.data_facts import SplitFacts
from workstation.gui.train.draft import Draft
from workstation.gui.train.fields import Field, ShareSpin, box, form_rows, labelled, spin
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import decay_word, memory_word, normalisation_word, precision_word


class AdvancedFields(QWidget):
    """The fields, in groups.

    Parameters
    ----------
    parent : QWidget or None

    Attributes
    ----------
    fields : dict of str to Field
        By field of `TrainRequest`.
    labels : list of QLabel
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, Field] = {}
        self.labels: list[QLabel] = []
        self._make_editors()
        self._make_learning_editors()
        self._make_memory_editors()
        self._make_watching_editors()
        groups = QVBoxLayout(self)
        groups.setContentsMargins(0, 0, 0, 0)
        groups.setSpacing(NEAR)
        for title, rows in (
            (self.tr("Memory and time"), self._memory_rows()),
            (self.tr("Network"), self._network_rows()),
            (self.tr("Learning"), self._learning_rows()),
            (self.tr("Watching"), self._watching_rows()),
        ):
            heading = QLabel(title)
            heading.setFont(font_of(heading.font(), 1.0, is_bold=True))
            groups.addWidget(heading)
            groups.addLayout(rows)
            groups.addSpacing(NEAR)
        self.split_edit.textChanged.connect(self._on_split_edited)
        self.split_button.clicked.connect(self._on_split_clicked)

    def values(self) -> dict[str, Any]:
        """What stands in the fields, by field of `Draft`."""
        return {
            "learning_rate": self.rate_edit.text(),
            "loss": self.loss_box.currentData(),
            "validation": self.validation_spin.share,
            "test": self.test_spin.share,
            "seed": self.seed_spin.value(),
            "threads": self.threads_spin.value(),
            "cores": self.cores_edit.text(),
            "augment": self.augment_check.isChecked(),
            "filters": self.filters_spin.value(),
            "depth": self.depth_spin.value(),
            "normalisation": self.normalisation_box.currentData(),
            "memory": self.memory_box.currentData(),
            "precision": self.precision_box.currentData(),
            "micro_batch": self.micro_batch_spin.value(),
            "decay": self.decay_box.currentData(),
            "vary_intensities": self.vary_check.isChecked(),
            "vary_shapes": self.shapes_check.isChecked(),
            "averaging_percent": self.averaging_spin.value(),
            "start_from": self.start_from_edit.text(),
            "onednn": self.onednn_check.isChecked(),
            "cases": self.cases_edit.text(),
            "split": self.split_edit.text(),
            "sentinel_epochs": self.sentinel_epochs_spin.value(),
            "sentinels": self.sentinels_edit.text(),
            "tensorboard": self.tensorboard_check.isChecked(),
        }

    def fill(self, draft: Draft) -> None:
        """Put a draft into the fields."""
        for edit, text in (
            (self.rate_edit, draft.learning_rate),
            (self.cores_edit, draft.cores),
            (self.start_from_edit, draft.start_from),
            (self.cases_edit, draft.cases),
            (self.split_edit, draft.split),
            (self.sentinels_edit, draft.sentinels),
        ):
            edit.setText(text)
        for chooser, value in (
            (self.loss_box, draft.loss),
            (self.normalisation_box, draft.normalisation),
            (self.memory_box, draft.memory),
            (self.precision_box, draft.precision),
            (self.decay_box, draft.decay),
        ):
            chooser.setCurrentIndex(chooser.findData(value))
        for number, count in (
            (self.seed_spin, draft.seed),
            (self.threads_spin, draft.threads),
            (self.filters_spin, draft.filters),
            (self.depth_spin, draft.depth),
            (self.micro_batch_spin, draft.micro_batch),
            (self.sentinel_epochs_spin, draft.sentinel_epochs),
        ):
            number.setValue(count)
        for tick, is_on in (
            (self.augment_check, draft.augment),
            (self.vary_check, draft.vary_intensities),
            (self.shapes_check, draft.vary_shapes),
            (self.onednn_check, draft.onednn),
            (self.tensorboard_check, draft.tensorboard),
        ):
            tick.setChecked(is_on)
        self.averaging_spin.setValue(draft.averaging_percent)
        self.validation_spin.set_share(draft.validation)
        self.test_spin.set_share(draft.test)

    def set_split(self, path: Path | None, draw: Draw) -> None:
        """Take over a saved split, or what the training is to draw one by."""
        self.split_edit.setText("" if path is None else str(path))
        if path is None:
            self.seed_spin.setValue(draw.seed)
            self.validation_spin.set_share(draw.validation)
            self.test_spin.set_share(draw.test)

    def show_split(self, facts: SplitFacts | None) -> None:
        """Say what the saved split holds, or why it cannot be used."""
        if facts is None or facts.error:
            self._split_facts.say(facts.error if facts else "", "error")
            return
        words = self.tr("{train:,} training, {validation:,} validation, {test:,} test")
        self._split_facts.say(words.format(**facts.counts), "faint")

    def _make_editors(self) -> None:
        losses = {"dice": self.tr("Dice (as in the paper)"), "bce+dice": self.tr("Cross-entropy + Dice")}
        self.rate_edit = QLineEdit("0.001")
        self.loss_box = box({losses.get(loss, loss): loss for loss in LOSSES})
        self.validation_spin = ShareSpin(0.1, most_percent=99, suffix=self.tr(" % of the cases"))
        self.test_spin = ShareSpin(0.1, most_percent=99, suffix=self.tr(" % of the cases"))
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
        self.threads_spin.setToolTip(self.tr("Within one operation. More than there are cores make it slower."))
        self.cores_edit = QLineEdit()
        self.cores_edit.setPlaceholderText(self.tr("All"))
        self.cores_edit.setToolTip(
            self.tr(
                "Cores that the run keeps to, such as 0-7,16; or a NUMA node of a large server, such as node0: its "
                "cores and, as long as there is some, the memory beside them, which is the fastest."
            )
        )
        self.filters_spin = spin(1, MAX_FILTERS, 16)
        self.depth_spin = spin(1, MAX_DEPTH, 4)
        self.depth_spin.setToolTip(self.tr("Number of poolings; sides are padded to a multiple of 2 to its power."))
        self.augment_check = QCheckBox(self.tr("Random flips and quarter turns"))
        self.augment_check.setChecked(True)
        self.onednn_check = QCheckBox(self.tr("oneDNN kernels"))
        self.onednn_check.setChecked(True)

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

        self.shapes_check = QCheckBox(self.tr("Vary shapes"))
        self.shapes_check.setToolTip(self.tr("Random turns of up to 15 degrees, and scaling by up to a fifth."))
        self.averaging_spin = QDoubleSpinBox()
        self.averaging_spin.setRange(0, 99.999)
        self.averaging_spin.setDecimals(3)
        self.averaging_spin.setSuffix(self.tr(" % kept by a step"))
        self.averaging_spin.setSpecialValueText(self.tr("None"))
        self.averaging_spin.setToolTip(
            self.tr("The model is the running mean of the weights, which wanders less than they do. Try 99 %.")
        )
        self.start_from_edit = QLineEdit()
        self.start_from_edit.setPlaceholderText(self.tr("Random weights"))
        self.start_from_edit.setToolTip(self.tr("Folder of a model of the same network, to start with its weights."))

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

    def _make_watching_editors(self) -> None:
        self.sentinel_epochs_spin = spin(0, MAX_EPOCHS, 1)
        self.sentinel_epochs_spin.setPrefix(self.tr("every "))
        self._name_epochs(1)
        self.sentinel_epochs_spin.valueChanged.connect(self._name_epochs)
        self.sentinel_epochs_spin.setSpecialValueText(self.tr("None"))
        self.sentinel_epochs_spin.setToolTip(
            self.tr(
                "Cases that are segmented again as the training goes on, so that Review shows what it learned, epoch "
                "by epoch. Takes less memory than a step, and about a third of its time for each case."
            )
        )
        self.sentinels_edit = QLineEdit()
        self.sentinels_edit.setPlaceholderText(self.tr("The first two of the validation"))
        self.sentinels_edit.setToolTip(self.tr("Names of cases, with commas between them."))
        self.tensorboard_check = QCheckBox(self.tr("Write files for TensorBoard"))
        self.tensorboard_check.setChecked(True)
        self.tensorboard_check.setToolTip(self.tr('Beside the run\'s own curves, in its folder "tensorboard".'))
        self.cases_edit = QLineEdit()
        self.cases_edit.setPlaceholderText(self.tr("All"))
        self.cases_edit.setToolTip(self.tr("Names of the cases to use, with commas between them."))

    def _name_epochs(self, count: int) -> None:
        self.sentinel_epochs_spin.setSuffix(self.tr(" epoch") if count == 1 else self.tr(" epochs"))

    def _memory_rows(self) -> QFormLayout:
        rows = form_rows()
        self._add(rows, "memory", self.tr("Memory mode"), self.memory_box)
        self._add(rows, "precision", self.tr("Precision"), self.precision_box)
        self._add(rows, "micro_batch", self.tr("Micro-batch"), self.micro_batch_spin)
        self._add(rows, "threads", self.tr("Threads"), self.threads_spin)
        self._add(rows, "cores", self.tr("Cores"), self.cores_edit)
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
        self._add(rows, "cases", self.tr("Cases"), self.cases_edit)
        field = self._add(rows, "split", self.tr("Split"), self.split_edit, self.split_button)
        field.add_below(self._split_facts)
        self._add(rows, "validation", self.tr("Validation"), self.validation_spin)
        self._add(rows, "test", self.tr("Test"), self.test_spin)
        self._add(rows, "seed", self.tr("Seed"), self.seed_spin)
        self._add(rows, "augment", self.tr("Augmentation"), self.augment_check)
        self._add(rows, "vary_intensities", "", self.vary_check)
        self._add(rows, "vary_shapes", "", self.shapes_check)
        self._add(rows, "averaging", self.tr("Averaging"), self.averaging_spin)
        self._add(rows, "start_from", self.tr("Start from"), self.start_from_edit)
        return rows

    def _watching_rows(self) -> QFormLayout:
        rows = form_rows()
        self._add(rows, "sentinel_epochs", self.tr("Sentinel cases"), self.sentinel_epochs_spin)
        self._add(rows, "sentinels", self.tr("Which"), self.sentinels_edit)
        self._add(rows, "tensorboard", self.tr("TensorBoard"), self.tensorboard_check)
        return rows

    def _add(self, rows: QFormLayout, name: str, label: str, *editors: QWidget) -> Field:
        field = Field(*editors)
        self.fields[name] = field
        self.labels.append(labelled(rows, label, field, editors[0]))
        return field

    def _on_split_edited(self, text: str) -> None:
        """A saved split leaves nothing to draw."""
        for shares in (self.validation_spin, self.test_spin):
            shares.setEnabled(not text.strip())

    def _on_split_clicked(self) -> None:
        here = self.split_edit.text() or str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a saved split"), here, "JSON (*.json)")
        if chosen:
            self.split_edit.setText(chosen)
