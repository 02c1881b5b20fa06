"""Below the panes: a slider over the epochs of a training whose sentinel case is open."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from workstation.gui.actions import with_keys
from workstation.gui.review.layers_panel import ElidedLabel
from workstation.gui.theme import NEAR
from workstation.gui.train.wording import dice_text
from workstation.session.session import Session


class SentinelBar(QWidget):
    """Which epoch's mask is shown; hidden where the open case has none.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentinels = session.sentinels
        # Names of runs are long; the slider must not lose its room to them.
        self.run_label = ElidedLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setPageStep(1)
        self.slider.setMinimumWidth(160)
        self.slider.setAccessibleName(self.tr("Epoch"))
        self.epoch_label = QLabel()
        self.previous_button = self._button("\N{BLACK LEFT-POINTING TRIANGLE}")
        self.next_button = self._button("\N{BLACK RIGHT-POINTING TRIANGLE}")
        self.leave_button = self._button("\N{MULTIPLICATION SIGN}")
        self.leave_button.setToolTip(self.tr("Put the slider away; the mask stays"))
        row = QHBoxLayout(self)
        row.setContentsMargins(NEAR, NEAR // 2, NEAR, NEAR // 2)
        row.setSpacing(NEAR)
        row.addWidget(self.run_label, 2)
        row.addWidget(self.previous_button)
        row.addWidget(self.slider, 3)
        row.addWidget(self.next_button)
        row.addWidget(self.epoch_label)
        row.addWidget(self.leave_button)
        self.slider.valueChanged.connect(self._on_moved)
        self.previous_button.clicked.connect(lambda: self._sentinels.step(-1))
        self.next_button.clicked.connect(lambda: self._sentinels.step(1))
        self.leave_button.clicked.connect(self._sentinels.leave)
        self._sentinels.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        series, current = self._sentinels.series, self._sentinels.current
        self.setVisible(series is not None)
        if series is None or current is None:
            return
        self.previous_button.setToolTip(with_keys(self.tr("Previous epoch"), "go.previous_epoch"))
        self.next_button.setToolTip(with_keys(self.tr("Next epoch"), "go.next_epoch"))
        at = series.masks.index(current)
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(series.masks) - 1)
        self.slider.setValue(at)
        self.slider.blockSignals(False)
        self.previous_button.setEnabled(at > 0)
        self.next_button.setEnabled(at < len(series.masks) - 1)
        self.run_label.set_full_text(self.tr("Learned by {0}").format(series.run))
        scores = "  ".join(f"{name} {dice_text(value)}" for name, value in current.dice.items())
        epoch = self.tr("Epoch {0} of {1}").format(current.epoch, series.epochs)
        self.epoch_label.setText(f"{epoch} \N{MIDDLE DOT} Dice {scores}" if scores else epoch)
        self.epoch_label.setToolTip(
            self.tr("Dice of each region with the truth, 2|T\N{INTERSECTION}P| / (|T| + |P|), as the training saw it.")
        )

    def _on_moved(self, place: int) -> None:
        series = self._sentinels.series
        if series is not None:
            self._sentinels.show_epoch(series.masks[place].epoch)

    def _button(self, text: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button
