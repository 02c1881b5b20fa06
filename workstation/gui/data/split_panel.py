"""The preview of a split: seed and shares on one side, counts and a bar on the other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QLabel, QSpinBox, QVBoxLayout, QWidget

from workstation.core.case import CaseFiles
from workstation.core.network import PRESETS
from workstation.core.requests import TrainRequest
from workstation.gui.data.case_rows import PARTS, SplitPreview, preview_split
from workstation.gui.theme import LARGE, NEAR, ROOMY, font_of, tokens_of
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import preset_word

# Of training, validation and test; Okabe and Ito's, as the curves have them.
_COLOURS = ("#3d9be0", "#e08a1e", "#1fa67a")


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
    """Seed, shares and preset of a training that might be, and the split it would make."""

    preview_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._cases: Sequence[CaseFiles] = ()
        self.preview = SplitPreview({})
        default = TrainRequest(data="-")
        self.preset_box = QComboBox()
        for name in PRESETS:
            self.preset_box.addItem(preset_word(name), name)
        self.seed_spin = _spin(0, 2**31 - 1, default.seed)
        self.validation_spin = _spin(0, 90, round(100 * default.validation), suffix=" %")
        self.test_spin = _spin(0, 90, round(100 * default.test), suffix=" %")
        self._bar = SplitBar()
        self._counts = {part: QLabel("-") for part in PARTS}
        self.problem = ToneLabel("warning", self)
        self._arrange()
        self.preset_box.currentIndexChanged.connect(self.refresh)
        for spin in (self.seed_spin, self.validation_spin, self.test_spin):
            spin.valueChanged.connect(self.refresh)

    def set_cases(self, cases: Sequence[CaseFiles]) -> None:
        """Split other cases."""
        self._cases = cases
        self.refresh()

    def refresh(self) -> None:
        """Split anew."""
        self.preview = preview_split(
            self._cases,
            inputs=PRESETS[self.preset_box.currentData()].inputs,
            seed=self.seed_spin.value(),
            validation=self.validation_spin.value() / 100,
            test=self.test_spin.value() / 100,
        )
        has_none = bool(self._cases) and not self.preview.part_of and not self.preview.problem
        nothing = self.tr("No case has a truth and the sequences that this network needs.")
        self.problem.say(nothing if has_none else self.preview.problem)
        for part, label in self._counts.items():
            label.setText(f"{self.preview.count(part):,}")
        self._bar.set_counts([self.preview.count(part) for part in PARTS])
        self.preview_changed.emit()

    def _arrange(self) -> None:
        title = QLabel(self.tr("Split preview"))
        title.setFont(font_of(self.font(), LARGE, is_bold=True))
        words = QLabel(self.tr("What a training with these settings would learn from, watch and keep aside."))
        words.setObjectName("quiet")
        words.setWordWrap(True)
        form = QFormLayout()
        form.setHorizontalSpacing(ROOMY)
        form.setVerticalSpacing(NEAR)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Network"), self.preset_box)
        form.addRow(self.tr("Seed"), self.seed_spin)
        form.addRow(self.tr("Validation"), self.validation_spin)
        form.addRow(self.tr("Test"), self.test_spin)
        counts = QFormLayout()
        counts.setVerticalSpacing(NEAR // 2)
        names = (self.tr("Training"), self.tr("Validation"), self.tr("Test"))
        for name, colour, label in zip(names, _COLOURS, self._counts.values(), strict=True):
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            label.setFont(font_of(self.font(), 1.0, is_bold=True))
            counts.addRow(f'<span style="color:{colour}">\N{BLACK SQUARE}</span>&nbsp; {name}', label)
        column = QVBoxLayout(self)
        column.setContentsMargins(ROOMY + 4, ROOMY, ROOMY + 4, ROOMY)
        column.setSpacing(ROOMY)
        column.addWidget(title)
        column.addWidget(words)
        column.addLayout(form)
        column.addWidget(self._bar)
        column.addLayout(counts)
        column.addWidget(self.problem)
        column.addStretch(1)


def _spin(low: int, high: int, value: int, *, suffix: str = "") -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setValue(value)
    spin.setSuffix(suffix)
    return spin
