"""Sequence and window of the images: four named buttons, the window's ends, automatic and reset."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from workstation.core.case import SEQUENCES
from workstation.gui.actions import with_keys
from workstation.gui.review.choice import Choice
from workstation.gui.review.layers_panel import ElidedLabel
from workstation.session.session import Session

_FOLLOW_MS = 66


class ImagePanel(QWidget):
    """Which sequence is shown, and between which intensities."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        tips = [
            (name, name, with_keys(self.tr("Show {}").format(name), f"view.sequence_{number}"))
            for number, name in enumerate(SEQUENCES, start=1)
        ]
        self.sequences = Choice(tips)
        self.sequences.chosen.connect(session.view.set_sequence)
        # Elided: a long file name would push the whole column out of the window.
        self._other = ElidedLabel()
        self.low, self.high = self._field(self.tr("Black at")), self._field(self.tr("White at"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.sequences)
        column.addWidget(self._other)
        column.addLayout(self._window_rows())
        view = session.view
        session.case_changed.connect(self._on_case)
        # An image may have been added to the open case, such as the map of where the model is unsure.
        view.sequence_changed.connect(self._on_case)
        # During a drag the slices come first: painting two fields takes as long as composing one.
        self._following = QTimer(self, singleShot=True, interval=_FOLLOW_MS)
        self._following.timeout.connect(self._on_window)
        view.window_changed.connect(self._follow)
        self._on_case()

    def _field(self, tip: str) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setKeyboardTracking(False)
        field.setRange(-1e9, 1e9)
        field.setToolTip(tip + self.tr(" (intensity of the file)"))
        field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        field.valueChanged.connect(self._on_edited)
        return field

    def _window_rows(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        for row, (text, field) in enumerate(((self.tr("Black"), self.low), (self.tr("White"), self.high))):
            grid.addWidget(QLabel(text), row, 0)
            grid.addWidget(field, row, 1)
        automatic = QToolButton()
        automatic.setText(self.tr("Automatic"))
        automatic.setToolTip(
            with_keys(self.tr("0.1 to 99.9 percentile of the voxels that are not zero"), "view.auto_window")
        )
        automatic.clicked.connect(lambda: self._session.view.reset_window(self._session.view.sequence))
        grid.addWidget(automatic, 0, 2)
        grid.setColumnStretch(1, 1)
        return grid

    def _on_case(self) -> None:
        names = self._session.view.sequences
        self.sequences.set_enabled_values(names)
        others = [name for name in names if name not in SEQUENCES]
        self._other.set_full_text(", ".join(others))
        self._other.setVisible(bool(others))
        self._on_window()

    def _follow(self) -> None:
        if not self._following.isActive():
            self._following.start()

    def _on_window(self) -> None:
        view = self._session.view
        self.sequences.set_value(view.sequence)
        image = self._session.images.get(view.sequence)
        for field, value in zip((self.low, self.high), view.window(view.sequence), strict=True):
            field.blockSignals(True)
            field.setEnabled(image is not None)
            # An image of whole numbers has a window in whole numbers; a normalised one needs fractions.
            field.setDecimals(0 if image is None or image.step >= 1 else 3)
            field.setSingleStep(1 if image is None else max(image.step, 10 ** -field.decimals()) * 10)
            field.setValue(value)
            field.blockSignals(False)

    def _on_edited(self) -> None:
        view = self._session.view
        view.set_window(view.sequence, self.low.value(), self.high.value())
