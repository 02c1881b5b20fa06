"""The error atlas of the shown region: every connected error, the largest first; a click or N goes there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workstation.gui.actions import with_keys
from workstation.gui.colours import PALETTES, hex_of
from workstation.gui.measure.rows_table import Cell
from workstation.gui.review.choice import Choice
from workstation.gui.review.findings_table import Finding, FindingsTable
from workstation.gui.review.least_size import LeastSize
from workstation.gui.review.places import place_words, slice_number
from workstation.gui.review.section import quiet_label
from workstation.gui.theme import TIGHT
from workstation.session import commands
from workstation.session.session import Session

if TYPE_CHECKING:
    from workstation.core.error_atlas import ErrorComponent


class ErrorsPanel(QWidget):
    """The list of errors."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: tuple[ErrorComponent, ...] = ()
        self.targets = Choice(
            [
                ("regions", self.tr("Region"), self.tr("Errors of the region that is compared")),
                (
                    "labels",
                    self.tr("Labels"),
                    self.tr("Errors of every label by itself: also where labels are mixed up"),
                ),
            ]
        )
        self.targets.set_value(session.assessment.errors_of)
        self.table = FindingsTable(self._titles())
        self.summary = quiet_label()
        self._filter = LeastSize(self.tr("Smaller errors are not listed, and N passes them by"))
        self.least = self._filter.number
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TIGHT)
        for widget in (self.targets, self.summary, self._filter, self.table):
            column.addWidget(widget)
        assessment = session.assessment
        self.targets.chosen.connect(assessment.set_errors_of)
        self._filter.changed.connect(assessment.set_least_voxels)
        self.table.chosen.connect(lambda error: commands.go_to_error(session, error))
        assessment.errors_changed.connect(self.refresh)
        session.layers.display_changed.connect(self._on_display)
        self._palette = session.layers.palette
        self.refresh()

    def refresh(self) -> None:
        """List the session's errors."""
        assessment = self._session.assessment
        self.targets.set_value(assessment.errors_of)
        self._filter.set_value(assessment.least_voxels)
        errors = assessment.errors
        if errors != self._shown:
            self._shown = errors
            self.table.show_findings([self._finding(error) for error in errors])
        self.table.show_current(assessment.current_error)
        self.table.setVisible(bool(errors))
        self._filter.setVisible(assessment.atlas is not None)
        self.summary.setText(self._summary())

    def _on_display(self) -> None:
        if self._session.layers.palette != self._palette:
            self._palette = self._session.layers.palette
            self._shown = ()
            self.refresh()

    def _summary(self) -> str:
        assessment = self._session.assessment
        if assessment.atlas is None:
            return self.tr("Looking for errors...")
        region = assessment.region if assessment.errors_of == "regions" else self.tr("all labels")
        every = assessment.every_error
        if every is None:
            return self.tr("One of the masks does not say where {} is.").format(region)
        if not every:
            return self.tr("No errors in {}.").format(region)
        listed, current = assessment.errors, assessment.current_error
        if current in listed:
            words = self.tr("{0}: error {1} of {2}").format(region, listed.index(current) + 1, len(listed))
        else:
            words = self.tr("Errors in {0}: {1}").format(region, len(listed))
        left = len(every) - len(listed)
        return words + (self.tr("; smaller ones: {}").format(left) if left else "")

    def _titles(self) -> list[Cell]:
        tip = self.tr("The largest first: {}").format(with_keys(self.tr("next"), "go.next_error"))
        return [
            Cell(self.tr("Kind"), tip=self.tr("FP: in the prediction alone. FN: in the truth alone.\n{}").format(tip)),
            Cell(self.tr("ml"), tip=self.tr("Volume of the connected error (by faces, edges and corners)")),
            Cell(
                self.tr("mm"),
                tip=self.tr(
                    "Distance from the error's nearest voxel to the truth (FP) or to the prediction (FN), centre to "
                    "centre, and from its farthest: one voxel where it touches, \N{INFINITY} where that mask is empty"
                ),
            ),
            Cell(self.tr("Slice"), tip=self.tr("Axial slice of its middle")),
            Cell(
                self.tr("Dice"),
                tip=self.tr("Its cost: how much the region's Dice would rise if it alone were mended"),
            ),
        ]

    def _finding(self, error: ErrorComponent) -> Finding:
        session = self._session
        palette = PALETTES[session.layers.palette]
        colour = hex_of(palette.prediction if error.kind == "fp" else palette.truth)
        where = slice_number(session, error.voxel)
        kind, name = error.kind.upper(), error.region
        truth = session.layers.truth
        if error.label is not None and truth is not None:
            label = truth.scheme.labels[error.label]
            kind, name = f"{kind} {label.value}", f"{label.name} ({label.value})"
        distance = (
            _mm(error.distance_mm)
            if error.distance_mm == error.reach_mm
            else (f"{_mm(error.distance_mm)}\N{EN DASH}{_mm(error.reach_mm)}")
        )
        volume = self.tr("{0:,} voxels, {1:.3f} ml").format(error.voxels, error.volume_ml)
        place = place_words(error.voxel)
        return Finding(
            (
                Cell(kind, tip=f"{name}, {volume}\n{place}", colour=colour),
                Cell(f"{error.volume_ml:,.2f}", tip=volume),
                Cell(distance),
                Cell(str(where), tip=place),
                Cell(f"+{error.dice_cost:.4f}"),
            ),
            (kind, error.voxels, error.distance_mm, where, error.dice_cost),
            error,
        )


def _mm(value: float) -> str:
    return "\N{INFINITY}" if math.isinf(value) else f"{value:.0f}" if value >= 10 else f"{value:.1f}"
