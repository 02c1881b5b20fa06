"""The controls of the Cost page: a network, volumes, and how they are trained."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QSlider, QSpinBox, QVBoxLayout, QWidget

from workstation.core.estimate import Job
from workstation.core.network import MAX_DEPTH, MAX_FILTERS, NORMALISATIONS, PRESETS, Shape
from workstation.core.requests import LOSSES, TrainRequest
from workstation.core.schedule import MODES, PRECISIONS
from workstation.errors import RequestError
from workstation.gui.theme import NEAR
from workstation.gui.train.fields import Field, box, form_rows, labelled, spin
from workstation.gui.train.wording import memory_word, normalisation_word, precision_word, preset_word, shape_text

_SIZES = ("240x240x144", "240x240x155", "160x192x144", "144x144x144", "128x128x128", "96x96x96")
_CUSTOM = "custom"
_MOST_BATCH, _MOST_FILTERS = 64, 64
_NUMBER_WIDTH = 84


class CostControls(QWidget):
    """The fields; `edited` while one moves.

    Parameters
    ----------
    parent : QWidget or None
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: dict[str, Field] = {}
        self._rows = form_rows()
        self._make_editors()
        self._add_rows()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(NEAR)
        column.addLayout(self._rows)
        self._connect()

    @property
    def epochs(self) -> int:
        """Of the training."""
        return self.epochs_spin.value()

    def job(self) -> Job:
        """The training that is asked about, checked as a request for it; `RequestError` names the wrong field."""
        request = TrainRequest(
            data="any",
            preset=self.preset_box.currentData(),
            size=self._size(),
            batch=self.batch_spin.value(),
            epochs=self.epochs,
            loss=self.loss_box.currentData(),
            filters=self.filters_spin.value(),
            depth=self.depth_spin.value(),
            normalisation=self.normalisation_box.currentData(),
            memory=self.memory_box.currentData(),
            precision=self.precision_box.currentData(),
            micro_batch=self.micro_batch_spin.value(),
        )
        if request.shape is None:
            raise RequestError("An estimate needs three sides.", field="size", hint="Write as in 240x240x144.")
        return Job(
            request.plan,
            request.shape,
            batch=request.batch,
            mode=request.memory,
            precision=request.precision,
            micro_batch=request.micro_batch,
            cases=self.cases_spin.value(),
            loss=request.loss,
        )

    def show_error(self, error: RequestError | None) -> None:
        """Say what is wrong beside its field."""
        for name, field in self._fields.items():
            field.error.say(f"{error.message} {error.hint}".strip() if error and error.field == name else "")

    def set_shape(self, shape: Shape) -> None:
        """Put a size into its field."""
        text = "x".join(map(str, shape))
        index = self.size_box.findData(text)
        self.custom_edit.setText(text)
        self.size_box.setCurrentIndex(index if index >= 0 else self.size_box.count() - 1)

    def _size(self) -> str:
        chosen = self.size_box.currentData()
        text = self.custom_edit.text() if chosen == _CUSTOM else chosen
        return str(text).strip().lower().replace(" ", "")

    def _make_editors(self) -> None:
        self.preset_box = box({preset_word(preset): preset for preset in PRESETS})
        sizes = {shape_text(tuple(map(int, size.split("x")))): size for size in _SIZES}
        self.size_box = box(sizes | {self.tr("Custom\N{HORIZONTAL ELLIPSIS}"): _CUSTOM})
        self.custom_edit = QLineEdit("64x64x64")
        self.custom_edit.setMaximumWidth(110)
        self.custom_edit.hide()
        self.batch_spin = spin(1, 1024, 1)
        self.batch_slider = _slider(1, _MOST_BATCH, 1, self.tr("Batch"))
        self.filters_spin = spin(1, MAX_FILTERS, 16)
        # Of one width, so that the sliders are.
        self.filters_spin.setFixedWidth(_NUMBER_WIDTH)
        self.batch_spin.setFixedWidth(_NUMBER_WIDTH)
        self.filters_slider = _slider(1, min(_MOST_FILTERS, MAX_FILTERS), 16, self.tr("Filters"))
        self.depth_spin = spin(1, MAX_DEPTH, 4)
        self.normalisation_box = box({normalisation_word(name): name for name in NORMALISATIONS})
        self.memory_box = box({memory_word(mode): mode for mode in MODES})
        self.precision_box = box({precision_word(name): name for name in PRECISIONS})
        self.micro_batch_spin = spin(0, 1024, 0)
        self.micro_batch_spin.setSpecialValueText(self.tr("Whole batch at once"))
        losses = {"dice": self.tr("Dice (as in the paper)"), "bce+dice": self.tr("Cross-entropy + Dice")}
        self.loss_box = box({losses.get(loss, loss): loss for loss in LOSSES})
        self.loss_box.setToolTip(
            self.tr("Matters here with micro-batches only: the Dice loss needs another pass then.")
        )
        self.cases_spin = spin(0, 100_000, 484)
        self.cases_spin.setSpecialValueText(self.tr("Not known"))
        self.cases_spin.setToolTip(self.tr("484 in the paper; 80 % are trained on, 10 % validate."))
        self.epochs_spin = spin(1, 100_000, 25)

    def _add_rows(self) -> None:
        self._add("preset", self.tr("Task"), self.preset_box)
        self._add("size", self.tr("Volume"), self.size_box, self.custom_edit)
        self._add("batch", self.tr("Batch"), self.batch_slider, self.batch_spin)
        self._add("memory", self.tr("Memory mode"), self.memory_box)
        self._add("precision", self.tr("Precision"), self.precision_box)
        self._add("micro_batch", self.tr("Micro-batch"), self.micro_batch_spin)
        self._add("filters", self.tr("Filters"), self.filters_slider, self.filters_spin)
        self._add("depth", self.tr("Depth"), self.depth_spin)
        self._add("normalisation", self.tr("Normalisation"), self.normalisation_box)
        self._add("loss", self.tr("Loss"), self.loss_box)
        self._add("cases", self.tr("Cases"), self.cases_spin)
        self._add("epochs", self.tr("Epochs"), self.epochs_spin)

    def _add(self, name: str, label: str, *editors: QWidget) -> None:
        field = Field(*editors)
        self._fields[name] = field
        labelled(self._rows, label, field, editors[0])

    def _connect(self) -> None:
        for slider, number in (
            (self.batch_slider, self.batch_spin),
            (self.filters_slider, self.filters_spin),
        ):
            slider.valueChanged.connect(number.setValue)
            number.valueChanged.connect(lambda value, other=slider: _follow(other, value))
        for chooser in self.findChildren(QComboBox):
            chooser.currentIndexChanged.connect(self.edited)
        for number in self.findChildren(QSpinBox):
            number.valueChanged.connect(self.edited)
        self.custom_edit.textChanged.connect(self.edited)
        self.size_box.currentIndexChanged.connect(self._on_size_chosen)

    def _on_size_chosen(self) -> None:
        self.custom_edit.setVisible(self.size_box.currentData() == _CUSTOM)


def _slider(low: int, high: int, value: int, name: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    slider.setValue(value)
    slider.setAccessibleName(name)
    return slider


def _follow(slider: QSlider, value: int) -> None:
    """Move a slider to a number without its answering: larger numbers than it has are allowed in the field."""
    slider.blockSignals(True)
    slider.setValue(value)
    slider.blockSignals(False)
