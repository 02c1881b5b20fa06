"""What a batch is asked for: models, flips, entropy, cases; and what it takes, told before it is started."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workstation.core.requests import SegmentRequest
from workstation.core.segment_cost import segment_bytes, segment_seconds
from workstation.errors import WorkstationError
from workstation.gui.models.segment_options import SegmentOptions
from workstation.gui.models.sources import ModelEntry
from workstation.gui.theme import NEAR, TIGHT
from workstation.gui.tooltips import plain_tip
from workstation.gui.train.labels import ToneLabel
from workstation.gui.train.wording import bytes_text, duration_text
from workstation.io.models import ModelCard
from workstation.jobs.memory import machine_memory
from workstation.session.judging import WHICH, cases_of
from workstation.session.session import Session
from workstation.session.starting import start_batch

_MOST_ROWS = 4


class BatchForm(QWidget):
    """Fields, estimate and the button.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    started = Signal(str)
    """Name of a run."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._entries: tuple[ModelEntry, ...] = ()
        self.model = _wide_box()
        self.others = QListWidget()
        self._options = SegmentOptions(QBoxLayout.Direction.TopToBottom)
        self.flips, self.entropy = self._options.flips, self._options.entropy
        self.which = _wide_box()
        self.estimate = ToneLabel("faint", self)
        self.problem = ToneLabel("error", self)
        self.start_button = QPushButton()
        self.start_button.setDefault(True)
        self._arrange()
        self._connect()
        self.refresh()

    def show_models(self, entries: Sequence[ModelEntry], default: Path | None) -> None:
        """Offer the models that can be used."""
        before = self.model.currentData() or (str(default) if default else None)
        self._entries = tuple(entry for entry in entries if entry.card is not None)
        with QSignalBlocker(self.model):
            self.model.clear()
            for entry in self._entries:
                self.model.addItem(entry.name, str(entry.folder))
                tip = plain_tip(str(entry.folder))
                self.model.setItemData(self.model.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
            self.model.setCurrentIndex(max(0, self.model.findData(before)) if self._entries else -1)
        self._offer_others()

    def request(self) -> SegmentRequest:
        """What is asked for; `RequestError` where it cannot be."""
        cases = cases_of(self._session, self.which.currentData())
        return SegmentRequest(
            model=str(self.model.currentData() or ""),
            cases=tuple(str(next(iter(case.sequences.values())).path) for case in cases),
            models=tuple(folder for folder in self._ticked()),
            flips=self.flips.isChecked(),
            entropy=self.entropy.isChecked(),
        )

    def refresh(self) -> None:
        """Count cases and estimate anew."""
        words = {"all": self.tr("All cases"), "shown": self.tr("Cases that the worklist shows")}
        words["missing"] = self.tr("Cases without a prediction")
        counts = {which: len(cases_of(self._session, which)) for which in WHICH}
        with QSignalBlocker(self.which):
            for row, which in enumerate(WHICH):
                self.which.setItemText(row, f"{words[which]} ({counts[which]:,})")
        count = counts[self.which.currentData()]
        self.start_button.setText(self.tr("Segment {0:,} cases").format(count))
        is_possible = count > 0 and self.model.currentIndex() >= 0
        self.start_button.setEnabled(is_possible)
        self._estimate(count) if is_possible else self.estimate.say(self._why_not(count))

    def _why_not(self, count: int) -> str:
        if self._session.data_set is None:
            return self.tr("Open a data set first: in Data, or by dropping its folder on the window.")
        return self.tr("No case is among these.") if not count else self.tr("There is no model that can be used.")

    def _estimate(self, count: int) -> None:
        cards = [card for folder in (self.model.currentData(), *self._ticked()) if (card := self._card(folder))]
        plans, shape = [card.plan for card in cards], cards[0].shape
        flips = self.flips.isChecked()
        needed = segment_bytes(plans, shape, flips=flips, entropy=self.entropy.isChecked())
        free = machine_memory().available_bytes
        words = self.tr("About {0} of memory; {1} are free.").format(bytes_text(needed), bytes_text(free))
        calibration = self._session.machine.facts.knowledge.calibration
        seconds = None if calibration is None else segment_seconds(plans, shape, calibration, flips=flips)
        if seconds is not None:
            text = self.tr("{0} of computing for {1} cases.")
            words += " " + text.format(duration_text(seconds * count), count)
        self.estimate.say(words, "faint" if needed <= free else "warning")

    def _card(self, folder: str | None) -> ModelCard | None:
        return next((entry.card for entry in self._entries if str(entry.folder) == folder), None)

    def _ticked(self) -> list[str]:
        items = [self.others.item(row) for row in range(self.others.count())]
        return [item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked]

    def _offer_others(self) -> None:
        """Offer to average with the models that find the same regions."""
        before, chosen = self._ticked(), self._card(self.model.currentData())
        with QSignalBlocker(self.others):
            self.others.clear()
            for entry in self._entries:
                is_other = entry.card is not chosen and entry.card is not None and chosen is not None
                if is_other and entry.card is not None and chosen is not None and entry.card.outputs == chosen.outputs:
                    item = QListWidgetItem(entry.name, self.others)
                    item.setData(Qt.ItemDataRole.UserRole, str(entry.folder))
                    item.setToolTip(plain_tip(str(entry.folder)))
                    is_ticked = str(entry.folder) in before
                    item.setCheckState(Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked)
        row = max(self.others.sizeHintForRow(0), self.fontMetrics().height())
        self.others.setFixedHeight(
            row * min(_MOST_ROWS, max(1, self.others.count())) + 2 * self.others.frameWidth() + 4
        )
        has_others = self.others.count() > 0
        self.others.setVisible(has_others)
        self._others_label.setVisible(has_others)
        self.refresh()

    def _on_start_clicked(self) -> None:
        self.problem.say("")
        try:
            name = start_batch(self._session, self.request())
        except WorkstationError as error:
            self.problem.say(f"{error.message} {error.hint}".strip())
            return
        self.started.emit(name)

    def _connect(self) -> None:
        self.model.currentIndexChanged.connect(self._offer_others)
        for signal in (self.others.itemChanged, self.which.currentIndexChanged):
            signal.connect(self.refresh)
        self._options.changed.connect(self.refresh)
        self.start_button.clicked.connect(self._on_start_clicked)
        self._session.worklist.changed.connect(self._on_worklist)
        self._session.data_set_changed.connect(self.refresh)

    def _on_worklist(self) -> None:
        if self.isVisible():
            self.refresh()

    def _arrange(self) -> None:
        for which in WHICH:
            self.which.addItem("", which)
        self._others_label = QLabel(self.tr("Average with"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TIGHT)
        for label, editor in ((self.tr("Model"), self.model), ("", self.others), (self.tr("Cases"), self.which)):
            text = QLabel(label) if label else self._others_label
            text.setBuddy(editor)
            text.setObjectName("quiet")
            column.addWidget(text)
            column.addWidget(editor)
            column.addSpacing(NEAR)
        for widget in (self._options, self.estimate, self.start_button, self.problem):
            column.addWidget(widget)
            column.addSpacing(TIGHT)


def _wide_box() -> QComboBox:
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box
