"""The metrics of the shown masks as a table: regions or labels in columns, a metric a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workstation.core.labels import REGION_NAMES
from workstation.gui.measure.rows_table import Cell, Row, RowsTable
from workstation.gui.review.choice import Choice
from workstation.gui.review.mask_names import short_name
from workstation.gui.review.metric_words import (
    Metric,
    is_by_rule,
    lesion_counts,
    lesion_counts_tip,
    metrics,
    rule_words,
    value_text,
)
from workstation.gui.review.section import quiet_label
from workstation.gui.theme import SMALL, TIGHT, font_of
from workstation.session.session import Session

if TYPE_CHECKING:
    from workstation.core.metrics import Scores

_NARROWEST = 24


class MetricsPanel(QWidget):
    """The table, and the choice of its columns."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.columns = Choice(
            [
                ("regions", self.tr("Regions"), self.tr("WT, TC, ET: unions of labels, as BraTS scores them")),
                ("labels", self.tr("Labels"), self.tr("Every label by itself")),
            ]
        )
        self.columns.set_value("regions")
        self.table = RowsTable([""], is_whole=True, apart=TIGHT)
        self.table.setFont(font_of(self.font(), SMALL))
        self.table.horizontalHeader().setFont(self.table.font())
        self.table.horizontalHeader().setMinimumSectionSize(_NARROWEST)
        self.hint = quiet_label()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TIGHT)
        for widget in (self.columns, self.table, self.hint):
            column.addWidget(widget)
        self.columns.chosen.connect(lambda _value: self.refresh())
        session.assessment.changed.connect(self._on_changed)
        self.refresh()

    def refresh(self) -> None:
        """Write the figures of the session's assessment."""
        assessment = self._session.assessment
        scores = self._columns()
        self.hint.setVisible(not scores)
        self.table.setVisible(bool(scores))
        self.columns.setVisible(bool(scores) or assessment.scores is not None)
        if scores:
            titles = [Cell(""), *(Cell(title, tip=tip) for title, tip, _ in scores)]
            self.table.show_titles(titles)
            self.table.show_rows(_rows([each for _, _, each in scores]))
        elif assessment.scores is None:
            self.hint.setText(self.tr("Measuring..."))
        else:
            self.hint.setText(self.tr("The two masks have no labels in common."))

    def _on_changed(self, part: str) -> None:
        if part == "scores":
            self.refresh()

    def _columns(self) -> list[tuple[str, str, Scores]]:
        """(title, tooltip, scores) of each column."""
        found, truth = self._session.assessment.scores, self._session.layers.truth
        if found is None or truth is None:
            return []
        if self.columns.value == "regions":
            return [(name, REGION_NAMES[name].capitalize(), each.scores) for name, each in found.regions.items()]
        labels = truth.scheme.labels
        return [
            (short_name(labels[value]), f"{labels[value].name} ({value})", each.scores)
            for value, each in found.labels.items()
        ]


def _rows(scores: list[Scores]) -> list[Row]:
    rows: list[Row] = [
        [Cell(metric.title, tip=metric.tip), *(_cell(each, metric) for each in scores)] for metric in metrics()
    ]
    tip = lesion_counts_tip()
    titles = QCoreApplication.translate("Metrics", "TP/FP/FN lesions")
    rows.append([Cell(titles, tip=tip), *(Cell(lesion_counts(each), tip=tip) for each in scores)])
    return rows


def _cell(scores: Scores, metric: Metric) -> Cell:
    if is_by_rule(scores, metric):
        return Cell(value_text(scores, metric), "faint", f"{rule_words(scores)}\n{metric.tip}")
    return Cell(value_text(scores, metric), tip=metric.tip)
