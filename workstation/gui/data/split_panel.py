"""The panel of the split: how it is drawn, what comes of it, cases moved by hand, saved and loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workstation.core.case import CaseFiles
from workstation.core.network import PRESETS
from workstation.core.patients import RULE
from workstation.core.split import PARTS, TASK01_CASES, TASK01_COUNTS, Draw, Part
from workstation.errors import RequestError
from workstation.gui.data.split_draft import SplitDraft, drawn, moved
from workstation.gui.theme import LARGE, NEAR, ROOMY, SMALL, TIGHT, font_of, tokens_of
from workstation.gui.train.fields import ShareSpin, spin
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import preset_word
from workstation.io.splits import Manifest

# Of training, validation and test; Okabe and Ito's, as the curves have them.
_COLOURS = ("#3d9be0", "#e08a1e", "#1fa67a")
_WAYS = ("shares", "folds", "paper")


class SplitBar(QWidget):
    """The shares of the parts, side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: tuple[int, ...] = (0, 0, 0)

    def set_counts(self, counts: Sequence[int]) -> None:
        """Show other counts."""
        self._counts = tuple(counts)
        self.update()

    def sizeHint(self) -> QSize:
        """A flat bar."""
        return QSize(160, 10)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Three colours in one rounded bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(0, (self.height() - 10) / 2, self.width(), 10)
        outline = QPainterPath()
        outline.addRoundedRect(bar, 4, 4)
        painter.setClipPath(outline)
        painter.fillRect(bar, QColor(tokens_of(self.palette()).raised))
        left, total = bar.x(), sum(self._counts)
        for count, colour in zip(self._counts, _COLOURS, strict=True):
            width = bar.width() * count / total if total else 0
            painter.fillRect(QRectF(left, bar.y(), max(0.0, width - 1), bar.height()), QColor(colour))
            left += width


class SplitPanel(QFrame):
    """Seed, shares and rules of a split, and the split they make."""

    draft_changed = Signal()
    save_wanted = Signal()
    load_wanted = Signal()
    move_wanted = Signal(str)
    """The selected cases are to go into this part."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._cases: Sequence[CaseFiles] = ()
        self._volumes: Mapping[str, float] = {}
        self.draft = SplitDraft(Draw())
        self._make_editors()
        self._arrange()
        self._connect()
        self._on_way()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Sequences that a case must have to take part."""
        return tuple(PRESETS[self.preset_box.currentData()].inputs)

    def set_cases(self, cases: Sequence[CaseFiles]) -> None:
        """Split other cases."""
        self._cases = cases
        item = self.way_box.model().item(_WAYS.index("paper"))  # type: ignore[attr-defined]
        item.setEnabled(sum(case.truth is not None for case in cases) == TASK01_CASES)
        if not item.isEnabled() and self.way_box.currentData() == "paper":
            self.way_box.setCurrentIndex(0)
        self.refresh()

    def set_volumes(self, volumes_ml: Mapping[str, float], *, is_complete: bool) -> None:
        """Take the tumour volumes that are known; levelling waits until all are."""
        self._volumes = volumes_ml
        self.level_check.setEnabled(is_complete)
        if not is_complete:
            self.level_check.setChecked(False)
        if self.level_check.isChecked():
            self.refresh()
        else:
            self._take(self.draft)

    def refresh(self) -> None:
        """Draw anew; what was moved by hand is forgotten."""
        try:
            draw = self._draw()
        except RequestError as error:
            self._take(SplitDraft(self.draft.draw, problem=f"{error.message}. {error.hint}"))
            return
        self._take(drawn(self._cases, draw, inputs=self.inputs, volumes_ml=self._volumes))

    def move_cases(self, names: Iterable[str], part: Part) -> None:
        """Move cases into a part."""
        self._take(moved(self.draft, names, part))

    def take_manifest(self, manifest: Manifest) -> None:
        """Show a split that was loaded, with the settings it was drawn by."""
        draw = manifest.draw
        way = "paper" if draw.is_paper else "folds" if draw.folds else "shares"
        values = {
            self.seed_spin: draw.seed,
            self.folds_spin: draw.folds or 5,
            self.fold_spin: draw.fold + 1,
        }
        shares = {self.validation_spin: draw.validation, self.test_spin: draw.test}
        editors = [*values, *shares, self.way_box, self.patient_check, self.level_check]
        for editor in editors:
            editor.blockSignals(True)
        for spin_box, value in values.items():
            spin_box.setValue(value)
        for share_box, share in shares.items():
            share_box.set_share(share)
        self.way_box.setCurrentIndex(_WAYS.index(way))
        self.patient_check.setChecked(draw.by_patient)
        self.level_check.setChecked(draw.is_level)
        for editor in editors:
            editor.blockSignals(False)
        self._show_way()
        held = sum(map(len, manifest.split.parts.values()))
        self._take(SplitDraft(draw, manifest.split, frozenset(manifest.moved), usable=held, is_saved=True))

    def note_saved(self) -> None:
        """A manifest says what is shown."""
        self._take(replace(self.draft, is_saved=True))

    def _draw(self) -> Draw:
        way = self.way_box.currentData()
        folds = self.folds_spin.value() if way == "folds" else 0
        return Draw(
            seed=self.seed_spin.value(),
            validation=0.0 if folds else self.validation_spin.share,
            test=self.test_spin.share,
            by_patient=self.patient_check.isChecked(),
            is_level=self.level_check.isChecked(),
            folds=folds,
            fold=min(self.fold_spin.value(), max(folds, 1)) - 1,
            is_paper=way == "paper",
        )

    def _take(self, draft: SplitDraft) -> None:
        self.draft = draft
        counts = {part: len(names) for part, names in draft.split.parts.items()}
        has_none = bool(self._cases) and not draft.usable and not draft.problem
        nothing = self.tr("No case has a truth and the sequences that this network needs.")
        torn = draft.torn_patients
        leak = self.tr("{:,} cases belong to patients who are in several parts: their scores would flatter.")
        self.problem.say(nothing if has_none else draft.problem or (leak.format(torn) if torn else ""))
        hand = self.tr("{:,} moved by hand").format(len(draft.moved)) if draft.moved else ""
        saved = self.tr("saved") if draft.is_saved else ""
        self._state.say(", ".join(filter(None, (hand, saved))))
        self.reset_button.setVisible(bool(draft.moved))
        for part, label in self._counts.items():
            label.setText(f"{counts[part]:,}" + self._mean_text(draft.split.parts[part]))
        self._bar.set_counts(list(counts.values()))
        self.save_button.setEnabled(bool(counts["train"]))
        self.draft_changed.emit()

    def _mean_text(self, names: Sequence[str]) -> str:
        volumes = [self._volumes[name] for name in names if name in self._volumes]
        if not volumes:
            return ""
        return self.tr("  \N{MIDDLE DOT}  {:,.0f} ml").format(sum(volumes) / len(volumes))

    def _on_way(self) -> None:
        self._show_way()
        self.refresh()

    def _show_way(self) -> None:
        """Show the fields that the chosen way has."""
        way = self.way_box.currentData()
        for editor, ways in ((self.validation_spin, ("shares",)), (self.test_spin, ("shares", "folds"))):
            self._form.setRowVisible(editor, way in ways)
        self._form.setRowVisible(self._fold_row, way == "folds")
        self.fold_spin.setMaximum(self.folds_spin.value())

    def _make_editors(self) -> None:
        self.preset_box = QComboBox()
        for name in PRESETS:
            self.preset_box.addItem(preset_word(name), name)
        self.preset_box.setToolTip(self.tr("Cases without the sequences that it reads, or without truth, stay out."))
        self.way_box = QComboBox()
        paper = self.tr("The paper's {} / {} / {}").format(*TASK01_COUNTS)
        for way, text in zip(_WAYS, (self.tr("Shares"), self.tr("Folds"), paper), strict=True):
            self.way_box.addItem(text, way)
        tip = self.tr("Of {} cases with truth: the labelled ones of Task01_BrainTumour.").format(TASK01_CASES)
        self.way_box.setItemData(_WAYS.index("paper"), tip, Qt.ItemDataRole.ToolTipRole)
        default = Draw()
        self.seed_spin = spin(0, 2**31 - 1, default.seed)
        self.validation_spin = ShareSpin(default.validation, most_percent=90, suffix=" %")
        self.test_spin = ShareSpin(default.test, most_percent=90, suffix=" %")
        self.folds_spin = spin(2, 20, 5)
        self.fold_spin = spin(1, 20, 1)
        self.patient_check = QCheckBox(self.tr("Keep patients together"))
        self.patient_check.setChecked(True)
        self.patient_check.setToolTip(RULE)
        self.level_check = QCheckBox(self.tr("Level tumour volumes"))
        self.level_check.setToolTip(
            self.tr(
                "Draws from four groups of like volume, so that each part has small and large tumours. "
                "Needs every case examined."
            )
        )
        self.level_check.setEnabled(False)
        self._bar = SplitBar()
        self._counts = {part: QLabel("-") for part in PARTS}
        self.problem = ToneLabel("warning", self)
        self._state = ToneLabel("faint", self)
        self.move_buttons = {part: QPushButton() for part in PARTS}
        self.reset_button = QPushButton(self.tr("Undo moves"))
        self.save_button = QPushButton(self.tr("Save..."))
        self.save_button.setToolTip(self.tr("Writes the names and the SHA-256 of every file; folds get a file each."))
        self.load_button = QPushButton(self.tr("Load..."))

    def _connect(self) -> None:
        self.way_box.currentIndexChanged.connect(self._on_way)
        self.preset_box.currentIndexChanged.connect(self.refresh)
        self.folds_spin.valueChanged.connect(self._on_way)
        for spin_box in (self.seed_spin, self.validation_spin, self.test_spin, self.fold_spin):
            spin_box.valueChanged.connect(self.refresh)
        for check in (self.patient_check, self.level_check):
            check.toggled.connect(self.refresh)
        self.reset_button.clicked.connect(self.refresh)
        self.save_button.clicked.connect(self.save_wanted)
        self.load_button.clicked.connect(self.load_wanted)
        for part, button in self.move_buttons.items():
            button.clicked.connect(lambda _checked=False, part=part: self.move_wanted.emit(part))

    def _arrange(self) -> None:
        title = QLabel(self.tr("Split"))
        title.setFont(font_of(self.font(), LARGE, is_bold=True))
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self.load_button)
        head.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(ROOMY + 4, ROOMY, ROOMY + 4, ROOMY)
        column.setSpacing(ROOMY)
        column.addLayout(head)
        column.addLayout(self._settings())
        column.addWidget(self._bar)
        column.addLayout(self._figures())
        column.addWidget(self._state)
        column.addWidget(self.problem)
        column.addLayout(self._moves())
        column.addStretch(1)

    def _settings(self) -> QFormLayout:
        form = self._form = QFormLayout()
        form.setHorizontalSpacing(ROOMY)
        form.setVerticalSpacing(NEAR)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._fold_row = QWidget()
        folds = QHBoxLayout(self._fold_row)
        folds.setContentsMargins(0, 0, 0, 0)
        folds.addWidget(self.fold_spin, 1)
        folds.addWidget(QLabel(self.tr("of")))
        folds.addWidget(self.folds_spin, 1)
        form.addRow(self.tr("Network"), self.preset_box)
        form.addRow(self.tr("Draw by"), self.way_box)
        form.addRow(self.tr("Seed"), self.seed_spin)
        form.addRow(self.tr("Fold"), self._fold_row)
        form.addRow(self.tr("Validation"), self.validation_spin)
        form.addRow(self.tr("Test"), self.test_spin)
        form.addRow("", self.patient_check)
        form.addRow("", self.level_check)
        return form

    def _figures(self) -> QFormLayout:
        counts = QFormLayout()
        counts.setVerticalSpacing(NEAR // 2)
        names = (self.tr("Training"), self.tr("Validation"), self.tr("Test"))
        tip = self.tr("Cases, and the mean volume of their whole tumours once all were examined")
        for name, colour, label in zip(names, _COLOURS, self._counts.values(), strict=True):
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            label.setFont(font_of(self.font(), 1.0, is_bold=True))
            label.setToolTip(tip)
            counts.addRow(f'<span style="color:{colour}">\N{BLACK SQUARE}</span>&nbsp; {name}', label)
        return counts

    def _moves(self) -> QGridLayout:
        words = QLabel(self.tr("Move the selected cases to"))
        words.setObjectName("quiet")
        words.setFont(font_of(self.font(), SMALL))
        grid = QGridLayout()
        grid.setSpacing(TIGHT)
        grid.addWidget(words, 0, 0, 1, 3)
        names = (self.tr("Training"), self.tr("Validation"), self.tr("Test"))
        for place, (button, name) in enumerate(zip(self.move_buttons.values(), names, strict=True)):
            button.setText(name)
            grid.addWidget(button, 1, place)
        grid.addWidget(self.reset_button, 2, 0, 1, 3)
        return grid
