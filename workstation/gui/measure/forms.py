"""The forms of the three measurements: what is asked for, and what it will take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from workstation.core.measuring_requests import PROFILE_SIZES, QUICK_SIZES, RIVALS, WEIGHTINGS
from workstation.core.network import PRESETS
from workstation.core.requests import BenchRequest, ProfileRequest, SeamsRequest
from workstation.core.schedule import MODES
from workstation.errors import RequestError
from workstation.gui.figures.words import contestant_word
from workstation.gui.models.sources import ModelEntry
from workstation.gui.theme import NEAR, TIGHT
from workstation.gui.train.fields import Field, box, form_rows, labelled, spin
from workstation.gui.train.wording import memory_word, preset_word, shape_text

MeasuringRequest = ProfileRequest | BenchRequest | SeamsRequest
_CUSTOM = "custom"


class MeasuringForm(QWidget):
    """What the three have in common: rows of fields, and a signal when one was edited.

    Parameters
    ----------
    explanation : str
    parent : QWidget or None
    """

    edited = Signal()

    def __init__(self, explanation: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = QLabel(explanation)
        words.setWordWrap(True)
        words.setObjectName("quiet")
        self._rows = form_rows()
        self._fields: dict[str, Field] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(NEAR)
        column.addWidget(words)
        column.addLayout(self._rows)

    def request(self) -> MeasuringRequest:
        """What is asked for; `RequestError` names the field that is wrong."""
        raise NotImplementedError

    def show_error(self, error: RequestError | None) -> bool:
        """Say what is wrong beside its field; False if the field is not in the form."""
        for name, field in self._fields.items():
            field.error.say(f"{error.message} {error.hint}".strip() if error and error.field == name else "")
        return error is None or error.field in self._fields

    def _add(self, name: str, label: str, *editors: QWidget) -> None:
        field = Field(*editors)
        self._fields[name] = field
        labelled(self._rows, label, field, editors[0])

    def _connect(self) -> None:
        for edit in self.findChildren(QLineEdit):
            edit.textChanged.connect(self.edited)
        for chooser in self.findChildren(QComboBox):
            chooser.currentIndexChanged.connect(self.edited)
        for number in self.findChildren(QSpinBox):
            number.valueChanged.connect(self.edited)
        for tick in self.findChildren(QCheckBox):
            tick.toggled.connect(self.edited)


class ProfileForm(MeasuringForm):
    """A grid of sizes and batches."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            self.tr(
                "Measures the peak memory and the time of training steps over a grid, each point in a process of its "
                "own that cannot take the machine down, beside what was calculated. Half of the points refine the "
                "estimates, the others check them."
            ),
            parent,
        )
        grids = {
            self.tr("Quick: three small sizes"): ",".join(QUICK_SIZES),
            self.tr("Five sizes, up to {0}").format(shape_text((128, 128, 128))): ",".join(PROFILE_SIZES[:5]),
            self.tr("Eight sizes, up to {0}").format(shape_text((240, 240, 144))): ",".join(PROFILE_SIZES),
            self.tr("Custom\N{HORIZONTAL ELLIPSIS}"): _CUSTOM,
        }
        self.sizes_box = box(grids)
        self.sizes_edit = QLineEdit(", ".join(QUICK_SIZES))
        self.sizes_edit.hide()
        self.batches_edit = QLineEdit("1, 2")
        self.modes = {mode: QCheckBox(memory_word(mode)) for mode in MODES}
        for mode in ("exact", "low"):
            self.modes[mode].setChecked(True)
        self.preset_box = box({preset_word(preset): preset for preset in PRESETS})
        self.steps_spin = spin(1, 1000, 2)
        self.steps_spin.setToolTip(self.tr("Timed steps of each point, after one to warm up."))
        self._add("sizes", self.tr("Sizes"), self.sizes_box)
        self._add("own_sizes", "", self.sizes_edit)
        self._rows.setRowVisible(1, False)
        self._add("batches", self.tr("Batches"), self.batches_edit)
        self._add("modes", self.tr("Memory modes"), *self.modes.values())
        self._add("preset", self.tr("Task"), self.preset_box)
        self._add("steps", self.tr("Steps"), self.steps_spin)
        self.sizes_box.currentIndexChanged.connect(self._on_grid_chosen)
        self._connect()

    def request(self) -> ProfileRequest:
        """The grid that is asked for."""
        chosen = self.sizes_box.currentData()
        sizes = _words(self.sizes_edit.text() if chosen == _CUSTOM else chosen)
        return ProfileRequest(
            sizes=tuple(size.lower() for size in sizes),
            batches=_numbers(self.batches_edit.text()),
            modes=tuple(mode for mode, tick in self.modes.items() if tick.isChecked()),
            preset=self.preset_box.currentData(),
            steps=self.steps_spin.value(),
        )

    def _on_grid_chosen(self) -> None:
        is_custom = self.sizes_box.currentData() == _CUSTOM
        self._rows.setRowVisible(1, is_custom)
        self.sizes_edit.setVisible(is_custom)


class BenchForm(MeasuringForm):
    """The engine against its rivals."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            self.tr(
                "Compares training steps of this program with those of plain Keras and PyTorch, taking turns step by "
                "step, so that a busy machine slows both. Best measured while nothing else runs."
            ),
            parent,
        )
        sizes = ("96x96x96", "128x128x128", "64x64x64", "32x32x32")
        self.size_box = box({shape_text(tuple(map(int, size.split("x")))): size for size in sizes})
        self.size_box.setEditable(True)
        self.batch_spin = spin(1, 1024, 1)
        self.steps_spin = spin(1, 1000, 5)
        self.steps_spin.setToolTip(self.tr("Pairs of steps with each rival; the ratio is their median."))
        self.rivals = {name: QCheckBox(contestant_word(name)) for name in RIVALS}
        for tick in self.rivals.values():
            tick.setChecked(True)
        self.rivals["plain_no_onednn"].setToolTip(
            self.tr("The paper's own comparison. Slow: eight times a plain step.")
        )
        self.peer_edit = QLineEdit()
        self.peer_edit.setPlaceholderText(self.tr("This Python"))
        self.peer_edit.setToolTip(
            self.tr(
                "Of PyTorch: the path of a Python that has it. Empty: the one that this program runs in, if it has."
            )
        )
        self.peer_button = QPushButton(self.tr("Browse\N{HORIZONTAL ELLIPSIS}"))
        self.peer_button.clicked.connect(self._on_browse_clicked)
        self._add("size", self.tr("Size"), self.size_box)
        self._add("batch", self.tr("Batch"), self.batch_spin)
        self._add("steps", self.tr("Pairs"), self.steps_spin)
        self._add("rivals", self.tr("Against"), _column(list(self.rivals.values())))
        self._add("peer", self.tr("Its Python"), self.peer_edit, self.peer_button)
        self.rivals["peer"].toggled.connect(self._on_peer_toggled)
        self._connect()

    def request(self) -> BenchRequest:
        """The comparison that is asked for."""
        index = self.size_box.findText(self.size_box.currentText())
        size = self.size_box.itemData(index) if index >= 0 else _plain_size(self.size_box.currentText())
        return BenchRequest(
            size=size,
            batch=self.batch_spin.value(),
            steps=self.steps_spin.value(),
            rivals=tuple(name for name, tick in self.rivals.items() if tick.isChecked()),
            peer=self.peer_edit.text().strip(),
        )

    def _on_peer_toggled(self, is_wanted: bool) -> None:  # a slot of Qt's
        self.peer_edit.setEnabled(is_wanted)
        self.peer_button.setEnabled(is_wanted)

    def _on_browse_clicked(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a Python that has PyTorch"), str(Path.home()))
        if chosen:
            self.peer_edit.setText(chosen)


class SeamsForm(MeasuringForm):
    """Whole volume against tiles."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            self.tr(
                "Segments one case twice with the same model, as a whole and tile by tile, and shows where and by how "
                "much the tiles change the answer."
            ),
            parent,
        )
        self.model_box = QComboBox()
        self.model_box.setPlaceholderText(self.tr("No model yet"))
        self.case_edit = QLineEdit()
        self.case_edit.setPlaceholderText(self.tr("Folder of a case"))
        self.case_button = QPushButton(self.tr("Browse\N{HORIZONTAL ELLIPSIS}"))
        self.case_button.clicked.connect(self._on_browse_clicked)
        self.tile_edit = QLineEdit("128x128x128")
        self.tile_edit.setToolTip(self.tr("Sides in voxels, multiples of 16 for the usual depth of 4."))
        self.overlap_spin = spin(0, 1023, 0, suffix=self.tr(" voxels"))
        self.overlap_spin.setToolTip(self.tr("What neighbouring tiles share at least; more means more tiles."))
        words = {"uniform": self.tr("Uniform"), "gaussian": self.tr("Gaussian, less at the border")}
        self.weighting_box = box({words.get(name, name): name for name in WEIGHTINGS})
        self._add("model", self.tr("Model"), self.model_box)
        self._add("case", self.tr("Case"), self.case_edit, self.case_button)
        self._add("tile", self.tr("Tile"), self.tile_edit)
        self._add("overlap", self.tr("Overlap"), self.overlap_spin)
        self._add("weighting", self.tr("Weighting"), self.weighting_box)
        self._connect()

    def request(self) -> SeamsRequest:
        """The comparison that is asked for."""
        return SeamsRequest(
            model=str(self.model_box.currentData() or ""),
            case=self.case_edit.text().strip(),
            tile=_plain_size(self.tile_edit.text()),
            overlap=self.overlap_spin.value(),
            weighting=self.weighting_box.currentData(),
        )

    def show_models(self, entries: Sequence[ModelEntry]) -> None:
        """Offer the models that can be used."""
        chosen = self.model_box.currentData()
        self.model_box.blockSignals(True)
        self.model_box.clear()
        for entry in entries:
            if entry.card is not None:
                self.model_box.addItem(entry.name, str(entry.folder))
        index = self.model_box.findData(chosen)
        self.model_box.setCurrentIndex(max(index, 0) if self.model_box.count() else -1)
        self.model_box.blockSignals(False)
        self.edited.emit()

    def offer_case(self, path: Path | None) -> None:
        """Put the open case into its field, where nobody has written another."""
        if path is not None and not self.case_edit.isModified():
            self.case_edit.setText(str(path))

    def _on_browse_clicked(self) -> None:
        here = self.case_edit.text() or str(Path.home())
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Choose the folder of a case"), here)
        if chosen:
            self.case_edit.setText(chosen)
            self.case_edit.setModified(True)


def _column(widgets: Sequence[QWidget]) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, TIGHT, 0, 0)
    column.setSpacing(NEAR)
    for widget in widgets:
        column.addWidget(widget)
    return holder


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (_plain_size(part) for part in text.split(",")) if word)


def _plain_size(text: str) -> str:
    """A size as requests have it: people write spaces and the proper sign."""
    return text.strip().lower().replace(" ", "").replace("\N{MULTIPLICATION SIGN}", "x")


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.replace(";", ",").split(",") if word.strip())
    except ValueError as error:
        raise RequestError(f"{text!r} is not a list of numbers.", field="batches", hint="Write 1, 2, 4.") from error
