"""The lesions of the truth in the shown region: which were found, and how well; a click goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workstation.gui.measure.rows_table import Cell
from workstation.gui.review.findings_table import Finding, FindingsTable
from workstation.gui.review.least_size import LeastSize
from workstation.gui.review.metric_words import lesion_counts_tip
from workstation.gui.review.places import place_words, position_of, slice_number
from workstation.gui.review.section import quiet_label
from workstation.gui.theme import TIGHT
from workstation.session.session import Session

if TYPE_CHECKING:
    from workstation.core.lesions import Lesion
    from workstation.core.metrics import MaskScores


class LesionsPanel(QWidget):
    """The list of lesions."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.table = FindingsTable(self._titles())
        self.summary = quiet_label()
        self.summary.setToolTip(lesion_counts_tip())
        self.least = LeastSize(self.tr("Smaller lesions are not listed; the scores count them all the same"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TIGHT)
        for widget in (self.summary, self.least, self.table):
            column.addWidget(widget)
        self.least.changed.connect(lambda _: self.refresh())
        self.table.chosen.connect(lambda lesion: session.jump_to(position_of(session, lesion.voxel)))
        session.assessment.changed.connect(self._on_changed)
        session.layers.display_changed.connect(self._on_display)
        self._region = ""
        self.refresh()

    def refresh(self) -> None:
        """List the lesions of the session's assessment."""
        assessment = self._session.assessment
        self._region = assessment.region
        scores = None if assessment.scores is None else assessment.scores.regions.get(self._region)
        lesions = () if scores is None else scores.lesions
        listed = [lesion for lesion in lesions if lesion.voxels >= self.least.number.value()]
        self.table.show_findings([self._finding(lesion) for lesion in listed])
        self.table.setVisible(bool(listed))
        self.least.setVisible(bool(lesions))
        left = len(lesions) - len(listed)
        self.summary.setText(self._summary(scores) + (self.tr("; smaller ones: {}").format(left) if left else ""))

    def _on_changed(self, part: str) -> None:
        if part == "scores":
            self.refresh()

    def _on_display(self) -> None:
        if self._session.assessment.region != self._region:
            self.refresh()

    def _summary(self, found: MaskScores | None) -> str:
        assessment = self._session.assessment
        if assessment.scores is None:
            return self.tr("Measuring...")
        if found is None:
            return self.tr("One of the masks does not say where {} is.").format(self._region)
        scores = found.scores
        words = self.tr("{0}: {1} found, {2} missed, {3} made up")
        return words.format(self._region, scores.lesions_tp, scores.lesions_fn, scores.lesions_fp)

    def _titles(self) -> list[Cell]:
        return [
            Cell(
                self.tr("Lesion"), tip=self.tr("Found: a component of the prediction reaches its dilation by 3 voxels")
            ),
            Cell(self.tr("ml"), tip=self.tr("Volume in the truth")),
            Cell(self.tr("Slice"), tip=self.tr("Axial slice of its middle")),
            Cell(self.tr("Dice"), tip=self.tr("With all components that reach it, whole; 0 if it was missed")),
            Cell(self.tr("HD95"), tip=self.tr("The same in mm, larger directed 95th percentile; 374 if it was missed")),
        ]

    def _finding(self, lesion: Lesion) -> Finding:
        word, tone = (self.tr("found"), "good") if lesion.is_detected else (self.tr("missed"), "error")
        tip = self.tr("{0:,} voxels").format(lesion.voxels)
        if not lesion.is_counted:
            word, tone = self.tr("{}, small").format(word), "faint"
            tip += "\n" + self.tr("Up to 50 mm\N{SUPERSCRIPT THREE}: left out of scores and counts")
        where, place = slice_number(self._session, lesion.voxel), place_words(lesion.voxel)
        return Finding(
            (
                Cell(word, tone, f"{tip}\n{place}"),
                Cell(f"{lesion.volume_ml:,.2f}", tip=tip),
                Cell(str(where), tip=place),
                Cell(f"{lesion.dice:.4f}"),
                Cell(f"{lesion.hd95_mm:.2f}"),
            ),
            (word, lesion.voxels, where, lesion.dice, lesion.hd95_mm),
            lesion,
        )
