"""The Evaluate page: a batch on the left; masks against the truths on the right, the worst case first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QModelIndex, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.judge.batch_form import BatchForm
from workstation.gui.judge.batch_state import BatchState
from workstation.gui.judge.charts import BoxChart, Group
from workstation.gui.judge.masks_choice import MasksChoice
from workstation.gui.measure.rows_table import Cell, RowsTable
from workstation.gui.models.sources import ModelEntry
from workstation.gui.theme import NEAR, PAGE, ROOMY
from workstation.gui.train.labels import ToneLabel
from workstation.gui.two_columns import arrange_two_columns, asking_column, heading
from workstation.io.cohort_report import CohortRow
from workstation.session import judging
from workstation.session.judging import Evaluation
from workstation.session.session import Session

_LEFT_WIDTH = 340
_COLUMNS = (("dice", 3), ("hd95_mm", 1), ("nsd_1mm", 3))
_POOR_DICE = 0.5


class EvaluatePage(QWidget):
    """Form, state, chart and table, wired.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._found: Evaluation | None = None
        self._rows: Sequence[CohortRow] = ()
        self.form = BatchForm(session)
        self.state = BatchState(session)
        self.masks = MasksChoice(session)
        self.evaluate_button = QPushButton(self.tr("Evaluate"))
        self.summary = ToneLabel("plain", self)
        self.hint = ToneLabel("faint", self)
        self.chart = BoxChart()
        self.table = RowsTable([self.tr("Case")])
        self._arrange()
        self._connect()
        self._show_possible()

    def show_models(self, entries: Sequence[ModelEntry], default: Path | None) -> None:
        """Offer models."""
        self.form.show_models(entries, default)

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the runs, which may have changed meanwhile."""
        super().showEvent(event)
        self._session.runs.start_watching()
        self.form.refresh()
        self._show_possible()

    def evaluate(self) -> None:
        """Score the chosen masks, as a task in the status bar."""
        folder = self.masks.folder
        if folder is not None:
            judging.evaluate_folder(self._session, folder, self._on_evaluated)

    def open_row(self, row: int) -> None:
        """Look at a case in Review, with its mask as the prediction."""
        if self._found is not None and 0 <= row < len(self._rows):
            self._open_case(self._rows[row].case)

    def _open_case(self, case: str) -> None:
        if self._found is not None:
            mask = self._found.masks.get(case)
            judging.show_case(self._session, case, {} if mask is None else {"prediction": mask})

    def _on_evaluated(self, found: Evaluation) -> None:
        self._found, facts = found, found.facts
        self._rows = facts.rows
        regions = facts.regions
        groups = [
            Group(region, facts.box(region, "dice"), [(row.case, _figure(row, region, "dice")) for row in facts.scored])
            for region in regions
        ]
        self.chart.show_groups([_defined(group) for group in groups])
        self._show_table(regions)
        self.summary.say(self._words(found), "warning" if facts.is_stopped else "plain")
        self.hint.say(
            self.tr("The worst case comes first. Return or a double click opens a case in Review.")
            if facts.scored
            else self.tr("No case could be scored; the last column says why.")
        )
        self._results.setVisible(True)
        if self._rows:
            self.table.selectRow(0)

    def _show_table(self, regions: Sequence[str]) -> None:
        has_problems = any(row.problem for row in self._rows)
        titles = _titles(regions, has_problems=has_problems)
        last = len(titles) - 1
        self.table.show_titles(titles, words=(0, last) if has_problems else (0,))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(last if has_problems else 0, QHeaderView.ResizeMode.Stretch)
        self.table.show_rows([_row(row, regions)[: len(titles)] for row in self._rows])

    def _words(self, found: Evaluation) -> str:
        facts = found.facts
        parts = [self.tr("{0}: {1} of {2} cases scored").format(facts.predictions, len(facts.scored), len(facts.rows))]
        parts += [self.tr("median Dice")] if facts.regions else []
        for region in facts.regions:
            summary = facts.box(region, "dice").summary
            words = self.tr("{0} {1:.3f} (mean {2:.3f})")
            parts.append(words.format(region, summary.median, summary.mean))
        if facts.is_stopped:
            parts.append(self.tr("stopped before the last case; evaluate again to go on"))
        return "   \N{MIDDLE DOT}   ".join(parts)

    def _connect(self) -> None:
        self.form.started.connect(self._on_started)
        self.state.finished.connect(self._on_finished)
        self.masks.chosen.connect(self._show_possible)
        self.evaluate_button.clicked.connect(self.evaluate)
        self.table.activated.connect(lambda index: self.open_row(index.row()))
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        self.chart.chosen.connect(self._open_case)
        self._session.data_set_changed.connect(self._on_data_set)
        self._session.tasks.changed.connect(self._show_possible)

    def _on_started(self, name: str) -> None:
        self.state.follow(name)

    def _on_finished(self, name: str) -> None:
        """A batch that was started here is evaluated when it is there."""
        self.masks.refresh()
        self.masks.choose(self._session.runs.folder(name).masks_folder)
        if not self._session.tasks.title:
            self.evaluate()

    def _on_row(self, current: QModelIndex, _before: QModelIndex) -> None:
        row = current.row()
        self.chart.mark(self._rows[row].case if 0 <= row < len(self._rows) else "")

    def _on_data_set(self) -> None:
        """What was found is of another data set."""
        self._found, self._rows = None, ()
        self.table.show_rows([])
        self.chart.show_groups([])
        self.summary.say("")
        self._results.setVisible(False)
        self._show_possible()

    def _show_possible(self) -> None:
        has_data = self._session.data_set is not None
        is_free = not self._session.tasks.title
        self.evaluate_button.setEnabled(has_data and is_free and self.masks.folder is not None)
        if self._found is None:
            self.hint.say(
                self.tr("Choose a run or a folder of masks; each mask is scored against the truth of its case.")
                if has_data
                else self.tr("Open a data set with truths first: in Data, or by dropping its folder on the window.")
            )

    def _arrange(self) -> None:
        arrange_two_columns(self, self._left_side(), self._right_side(), left_width=_LEFT_WIDTH)

    def _left_side(self) -> QWidget:
        side = asking_column(self.tr("Segment"), [self.form, self.state])
        side.setMinimumWidth(300)
        return side

    def _right_side(self) -> QWidget:
        bar = QHBoxLayout()
        bar.setSpacing(NEAR)
        bar.addWidget(self.masks, 1)
        bar.addWidget(self.evaluate_button)
        self._results = QSplitter(Qt.Orientation.Vertical)
        self._results.addWidget(self.chart)
        self._results.addWidget(self.table)
        self._results.setStretchFactor(1, 1)
        self._results.setSizes([260, 400])
        self._results.setChildrenCollapsible(False)
        self._results.setVisible(False)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(ROOMY, ROOMY, PAGE, ROOMY)
        column.setSpacing(NEAR)
        column.addWidget(heading(self.tr("Masks against the truth")))
        column.addLayout(bar)
        column.addWidget(self.summary)
        column.addWidget(self.hint)
        column.addWidget(self._results, 1)
        column.addStretch(0)
        column.setAlignment(Qt.AlignmentFlag.AlignTop)
        return side


def _titles(regions: Sequence[str], *, has_problems: bool) -> list[Cell | str]:
    words = {"dice": "Dice", "hd95_mm": "HD95 mm", "nsd_1mm": "NSD 1 mm"}
    return [
        _tr("Case"),
        *(f"{words[figure]} {region}" for figure, _ in _COLUMNS for region in regions),
        *([_tr("Not scored because")] if has_problems else []),
    ]


def _row(row: CohortRow, regions: Sequence[str]) -> list[Cell | str]:
    cells: list[Cell | str] = [Cell(row.case, tip=row.prediction)]
    for figure, digits in _COLUMNS:
        for region in regions:
            value = _figure(row, region, figure)
            is_poor = figure == "dice" and value < _POOR_DICE
            cells.append(Cell("-" if math.isnan(value) else f"{value:.{digits}f}", "error" if is_poor else ""))
    return [*cells, Cell(row.problem, "warning", row.problem)]


def _tr(text: str) -> str:
    return QCoreApplication.translate("EvaluatePage", text)


def _figure(row: CohortRow, region: str, figure: str) -> float:
    return row.scores.get(region, {}).get(figure, math.nan)


def _defined(group: Group) -> Group:
    return Group(group.name, group.box, [(case, value) for case, value in group.points if math.isfinite(value)])
