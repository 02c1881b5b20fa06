"""Parts of forms: an editor with room for what is wrong with it, rows of them, boxes and spins."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.train.labels import ToneLabel

_SHARE_DECIMALS = 4


class Field(QWidget):
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


def form_rows() -> QFormLayout:
    """Labels at the left, fields as wide as there is room."""
    rows = QFormLayout()
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setHorizontalSpacing(12)
    rows.setVerticalSpacing(8)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
    return rows


def labelled(rows: QFormLayout, label: str, field: Field, editor: QWidget) -> QLabel:
    """Add a field with its label, which stands level with the editor also where words of an error follow."""
    text = QLabel(label)
    # So that assistive technology, and a click on the label, find the editor within the field.
    text.setBuddy(editor)
    margin = (editor.minimumHeight() - text.sizeHint().height()) // 2
    text.setContentsMargins(0, max(0, margin), 0, 0)
    text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    rows.addRow(text, field)
    return text


def box(items: Mapping[str, str]) -> QComboBox:
    """A box of words that stand for values."""
    made = QComboBox()
    for text, value in items.items():
        made.addItem(text, value)
    return made


def spin(low: int, high: int, value: int, *, suffix: str = "") -> QSpinBox:
    """A field of a whole number."""
    made = QSpinBox()
    made.setRange(low, high)
    made.setValue(value)
    made.setSuffix(suffix)
    made.setGroupSeparatorShown(False)
    return made


class ShareSpin(QDoubleSpinBox):
    """A share of the cases in per cent; one of more digits than are shown stays what it is until it is edited.

    Parameters
    ----------
    share : float
        0 to 1.
    most_percent : int
    suffix : str
    """

    def __init__(self, share: float, *, most_percent: int, suffix: str) -> None:
        super().__init__()
        self._exact = share
        self.setRange(0, most_percent)
        self.setDecimals(_SHARE_DECIMALS)
        self.setSuffix(suffix)
        self.setValue(100 * share)

    @property
    def share(self) -> float:
        """0 to 1."""
        return self._exact if self.value() == round(100 * self._exact, _SHARE_DECIMALS) else self.value() / 100

    def set_share(self, share: float) -> None:
        """Show a share: 30 of 484 cases are 6.1983 %, and 30 / 484 for whoever asks."""
        self._exact = share
        self.setValue(100 * share)

    def textFromValue(self, value: float) -> str:
        """Without the zeros behind the last digit that counts."""
        return self.locale().toString(value, "g", 2 + _SHARE_DECIMALS)
