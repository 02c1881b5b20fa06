"""The fields of a new training, each with room for what is wrong with it; what they mean is in `draft`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
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

from workstation.core.network import MAX_DEPTH, MAX_FILTERS, PRESETS, Shape
from workstation.core.requests import LOSSES
from workstation.gui.train.data_facts import DataFacts
from workstation.gui.train.draft import Draft
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import preset_word, shape_text

_SIZES = ("160x192x144", "128x128x128", "96x96x96")
_CUSTOM = "custom"


class _Field(QWidget):
    """An editor with the words of its error below."""

    def __init__(self, *editors: QWidget) -> None:
        super().__init__()
        self.error = ToneLabel("error", self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        row = QHBoxLayout()
        row.setSpacing(6)
        # The theme's style gives spin boxes, boxes and lines different heights.
        height = QComboBox().sizeHint().height()
        for editor in editors:
            editor.setMinimumHeight(height)
            row.addWidget(editor)
        layout.addLayout(row)
        layout.addWidget(self.error)

    def add_below(self, widget: QWidget) -> None:
        """Put a widget below the error."""
        layout = self.layout()
        if layout is not None:
            layout.addWidget(widget)


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
        self._fields: dict[str, _Field] = {}
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
            onednn=self.onednn_check.isChecked(),
            name=self.name_edit.text(),
        )

    def set_data(self, path: str) -> None:
        """Put a data set into its field."""
        self.data_edit.setText(path)

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

    def _name_full_size(self, shape: Shape | None) -> None:
        full = self.tr("Full volume")
        self.size_box.setItemText(0, f"{full} ({shape_text(shape)})" if shape else full)

    def _make_editors(self) -> None:
        self.data_edit = QLineEdit()
        self.data_edit.setPlaceholderText(self.tr("Folder with the cases"))
        self.data_edit.setClearButtonEnabled(True)
        self.browse_button = QPushButton(self.tr("Browse\N{HORIZONTAL ELLIPSIS}"))
        self._facts = ToneLabel("faint", self)
        self.preset_box = _box({preset_word(preset): preset for preset in PRESETS})
        sizes = {self.tr("Full volume"): "full"} | {shape_text(tuple(map(int, s.split("x")))): s for s in _SIZES}
        self.size_box = _box(sizes | {self.tr("Custom\N{HORIZONTAL ELLIPSIS}"): _CUSTOM})
        self.size_box.setToolTip(self.tr("Other sizes crop or pad each volume about its centre; nothing is resampled."))
        self.custom_edit = QLineEdit("64x64x64")
        self.custom_edit.setMaximumWidth(110)
        self.custom_edit.hide()
        self.batch_spin = _spin(1, 1024, 1)
        self.batch_spin.setToolTip(self.tr("Volumes in one step. Memory grows with it almost in proportion."))
        self.epochs_spin = _spin(1, 100_000, 25)
        self.name_edit = QLineEdit()
        self.name_edit.setPlaceholderText(self.tr("Optional"))
        self._make_advanced_editors()

    def _make_advanced_editors(self) -> None:
        losses = {"dice": self.tr("Dice (as in the paper)"), "bce+dice": self.tr("Cross-entropy + Dice")}
        self.rate_edit = QLineEdit("0.001")
        self.loss_box = _box({losses.get(loss, loss): loss for loss in LOSSES})
        self.validation_spin = _spin(0, 99, 10, suffix=self.tr(" % of the cases"))
        self.test_spin = _spin(0, 99, 10, suffix=self.tr(" % of the cases"))
        self.test_spin.setToolTip(self.tr("Kept aside and never looked at during the training."))
        self.seed_spin = _spin(0, 2**31 - 1, 1)
        self.seed_spin.setToolTip(self.tr("Of the split, the weights, the order and the augmentation."))
        self.threads_spin = _spin(0, 4096, 0)
        self.threads_spin.setSpecialValueText(self.tr("All physical cores"))
        self.filters_spin = _spin(1, MAX_FILTERS, 16)
        self.depth_spin = _spin(1, MAX_DEPTH, 4)
        self.augment_check = QCheckBox(self.tr("Random flips and quarter turns"))
        self.augment_check.setChecked(True)
        self.onednn_check = QCheckBox(self.tr("oneDNN kernels"))
        self.onednn_check.setChecked(True)
        self._advanced_toggle = QToolButton()
        self._advanced_toggle.setText(self.tr("Advanced"))
        self._advanced_toggle.setCheckable(True)
        self._advanced_toggle.setAutoRaise(True)
        self._advanced_toggle.setArrowType(Qt.ArrowType.RightArrow)
        self._advanced_toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._advanced = QWidget()
        self._advanced.setLayout(self._advanced_rows())
        self._advanced.hide()

    def _main_rows(self) -> QFormLayout:
        rows = _rows()
        field = self._add(rows, "data", self.tr("Data set"), self.data_edit, self.browse_button)
        field.add_below(self._facts)
        self._add(rows, "preset", self.tr("Task"), self.preset_box)
        self._add(rows, "size", self.tr("Size"), self.size_box, self.custom_edit)
        self._add(rows, "batch", self.tr("Batch"), self.batch_spin)
        self._add(rows, "epochs", self.tr("Epochs"), self.epochs_spin)
        self._add(rows, "name", self.tr("Name"), self.name_edit)
        return rows

    def _advanced_rows(self) -> QFormLayout:
        rows = _rows()
        self._add(rows, "learning_rate", self.tr("Learning rate"), self.rate_edit)
        self._add(rows, "loss", self.tr("Loss"), self.loss_box)
        self._add(rows, "validation", self.tr("Validation"), self.validation_spin)
        self._add(rows, "test", self.tr("Test"), self.test_spin)
        self._add(rows, "seed", self.tr("Seed"), self.seed_spin)
        self._add(rows, "augment", self.tr("Augmentation"), self.augment_check)
        self._add(rows, "filters", self.tr("Filters"), self.filters_spin)
        self._add(rows, "depth", self.tr("Depth"), self.depth_spin)
        self._add(rows, "threads", self.tr("Threads"), self.threads_spin)
        self._add(rows, "onednn", self.tr("Engine"), self.onednn_check)
        return rows

    def _add(self, rows: QFormLayout, name: str, label: str, *editors: QWidget) -> _Field:
        field = _Field(*editors)
        self._fields[name] = field
        text = QLabel(label)
        # So that assistive technology, and a click on the label, find the editor within the field.
        text.setBuddy(editors[0])
        # Level with the editor also where words of an error make the row higher.
        margin = (editors[0].minimumHeight() - text.sizeHint().height()) // 2
        text.setContentsMargins(0, max(0, margin), 0, 0)
        text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        rows.addRow(text, field)
        self._labels.append(text)
        return field

    def _align_labels(self) -> None:
        """One width for both groups of rows, so that their fields stand in one column."""
        width = max(label.sizeHint().width() for label in self._labels)
        for label in self._labels:
            label.setMinimumWidth(width)

    def _connect(self) -> None:
        for edit in (self.data_edit, self.custom_edit, self.rate_edit, self.name_edit):
            edit.textChanged.connect(self.draft_changed)
        for box in (self.preset_box, self.size_box, self.loss_box):
            box.currentIndexChanged.connect(self.draft_changed)
        for spin in self.findChildren(QSpinBox):
            spin.valueChanged.connect(self.draft_changed)
        for tick in (self.augment_check, self.onednn_check):
            tick.toggled.connect(self.draft_changed)
        self.data_edit.textChanged.connect(self._on_data_edited)
        self.size_box.currentIndexChanged.connect(self._on_size_chosen)
        self.browse_button.clicked.connect(self._on_browse_clicked)
        self._advanced_toggle.toggled.connect(self._on_advanced_toggled)

    def _on_data_edited(self, text: str) -> None:
        self._is_data_touched = True
        self.data_edit.setToolTip(text)
        self.data_changed.emit(text)

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


def _rows() -> QFormLayout:
    rows = QFormLayout()
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setHorizontalSpacing(12)
    rows.setVerticalSpacing(8)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    return rows


def _box(items: Mapping[str, str]) -> QComboBox:
    box = QComboBox()
    for text, value in items.items():
        box.addItem(text, value)
    return box


def _spin(low: int, high: int, value: int, *, suffix: str = "") -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setValue(value)
    spin.setSuffix(suffix)
    spin.setGroupSeparatorShown(False)
    return spin
