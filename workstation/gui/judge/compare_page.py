"""The Compare page: two runs, or folders of any tool, case by case; where B got worse comes first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QGridLayout, QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget

from workstation.core.paired import FIGURES, Paired
from workstation.errors import WorkstationError
from workstation.gui.file_dialogs import last_folder
from workstation.gui.judge.charts import ScatterChart
from workstation.gui.judge.masks_choice import MasksChoice
from workstation.gui.measure.rows_table import Cell, RowsTable
from workstation.gui.theme import NEAR, PAGE, ROOMY
from workstation.gui.train.labels import ToneLabel
from workstation.gui.two_columns import heading
from workstation.io.run_comparison import Comparison, write_comparison
from workstation.session import judging
from workstation.session.session import Session


class ComparePage(QWidget):
    """Two choices of masks, the figure and region that are shown, scatter and table, wired.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._found: Comparison | None = None
        self._paired: Paired | None = None
        self.a, self.b = MasksChoice(session), MasksChoice(session)
        self.compare_button = QPushButton(self.tr("Compare"))
        self.compare_button.setDefault(True)
        self.region, self.figure = QComboBox(), QComboBox()
        self.csv_button = QPushButton(self.tr("Save as CSV..."))
        self.summary = ToneLabel("plain", self)
        self.details = ToneLabel("faint", self)
        self.scatter = ScatterChart()
        self.table = RowsTable([self.tr("Case"), "A", "B", self.tr("B \N{MINUS SIGN} A")])
        for name in FIGURES:
            self.figure.addItem(self._figure_words()[name], name)
        self._arrange()
        self._connect()
        self._show_possible()

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the runs, which may have changed meanwhile."""
        super().showEvent(event)
        self._session.runs.start_watching()
        self._show_possible()

    def compare(self) -> None:
        """Score both, as a task in the status bar."""
        a, b = self.a.folder, self.b.folder
        if a is not None and b is not None:
            judging.compare_masks(self._session, a, b, self._on_compared)

    def open_row(self, row: int) -> None:
        """Look at a case in Review: A as the prediction, B as the second mask."""
        if self._paired is not None and 0 <= row < len(self._paired.pairs):
            self._open_case(self._paired.pairs[row].case)

    def save(self, path: Path) -> None:
        """Write every case and figure as CSV."""
        if self._found is None:
            return
        try:
            write_comparison(path, self._found)
        except WorkstationError as error:
            self._session.problem.emit(error)
        else:
            self._session.notice.emit(self.tr("Saved {0}").format(path))

    def _open_case(self, case: str) -> None:
        if self._found is not None:
            a, b = self._found.masks[case]
            judging.show_case(self._session, case, {"prediction": a, "second": b})

    def _on_compared(self, found: Comparison) -> None:
        self._found = found
        with QSignalBlocker(self.region):
            before = self.region.currentText()
            self.region.clear()
            self.region.addItems(found.regions)
            self.region.setCurrentIndex(max(0, self.region.findText(before)))
        self._show_figure()

    def _show_figure(self) -> None:
        """Pair the chosen figure of the chosen region."""
        found, region = self._found, self.region.currentText()
        self._results.setVisible(found is not None and bool(region))
        for widget in (self.region, self.figure, self.csv_button):
            widget.setEnabled(found is not None and bool(region))
        if found is None:
            return
        if not region:
            self.summary.say(self.tr("No case could be scored in both."), "warning")
            self.details.say("\n".join(f"{case}: {why}" for case, why in found.problems().items()))
            return
        paired = self._paired = found.paired(region, self.figure.currentData())
        self.scatter.show_points([(each.case, each.a, each.b) for each in paired.pairs], ("A", "B"))
        self.table.show_rows([_row(each.case, each.a, each.b, found=paired) for each in paired.pairs])
        self.summary.say(self._summary(found, paired), "plain")
        self.details.say(self._details(found, paired))
        if paired.pairs:
            self.table.selectRow(0)

    def _summary(self, found: Comparison, paired: Paired) -> str:
        words = self.tr("B is better in {0}, worse in {1}, equal in {2} of {3} cases").format(
            paired.wins, paired.losses, paired.ties, len(paired.pairs)
        )
        p = paired.p_value
        chance = self.tr("no difference to test") if math.isnan(p) else self.tr("Wilcoxon p {0}").format(p_words(p))
        digits = 2 if paired.figure.endswith("_mm") else 3
        values = [f"{each.median:.{digits}f}" for each in (paired.a, paired.b)]
        medians = self.tr("median {0} under A, {1} under B, of the differences {2}").format(
            *values, f"{paired.differences.median:+.{digits}f}"
        )
        parts = [words, chance] + ([medians] if paired.pairs else [])
        return "   \N{MIDDLE DOT}   ".join(parts)

    def _details(self, found: Comparison, paired: Paired) -> str:
        lines = [f"A  {found.a.predictions}", f"B  {found.b.predictions}"]
        if found.only_a or found.only_b:
            words = self.tr("Left out: {0} cases with a mask of A only, {1} of B only.")
            lines.append(words.format(len(found.only_a), len(found.only_b)))
        if paired.missing:
            words = self.tr("{0} cases have no such figure in one of them.")
            lines.append(words.format(len(paired.missing)))
        if found.a.is_stopped or found.b.is_stopped:
            lines.append(self.tr("Stopped before the last case; compare again to go on."))
        lines.append(self.tr("Where B got worse comes first. Return or a double click opens a case with both masks."))
        return "\n".join(lines)

    def _connect(self) -> None:
        for choice in (self.a, self.b):
            choice.chosen.connect(self._show_possible)
        self.compare_button.clicked.connect(self.compare)
        self.region.currentIndexChanged.connect(self._show_figure)
        self.figure.currentIndexChanged.connect(self._show_figure)
        self.csv_button.clicked.connect(self._ask_csv)
        self.table.activated.connect(lambda index: self.open_row(index.row()))
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        self.scatter.chosen.connect(self._open_case)
        self._session.data_set_changed.connect(self._on_data_set)
        self._session.tasks.changed.connect(self._show_possible)

    def _on_row(self, current: QModelIndex, _before: QModelIndex) -> None:
        pairs = self._paired.pairs if self._paired is not None else ()
        self.scatter.mark(pairs[current.row()].case if 0 <= current.row() < len(pairs) else "")

    def _on_data_set(self) -> None:
        self._found = self._paired = None
        self.summary.say("")
        self._show_figure()
        self._show_possible()

    def _show_possible(self) -> None:
        has_data = self._session.data_set is not None
        a, b = self.a.folder, self.b.folder
        is_possible = has_data and a is not None and b is not None and a != b
        self.compare_button.setEnabled(is_possible and not self._session.tasks.title)
        if self._found is None:
            self.details.say(
                self.tr(
                    "Choose two runs, or folders of masks of any tool: nnU-Net's, or those of a BraTS container. Masks "
                    "are matched to the cases of the open data set by their names."
                )
                if has_data
                else self.tr("Open a data set with truths first: in Data, or by dropping its folder on the window.")
            )

    def _ask_csv(self) -> None:
        place = str(Path(last_folder()) / "comparison.csv")
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save the comparison"), place, "CSV (*.csv)")
        if name:
            self.save(Path(name))

    def _arrange(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(NEAR)
        grid.setVerticalSpacing(NEAR)
        rows: Sequence[tuple[str, QWidget]] = (("A", self.a), ("B", self.b))
        for row, (name, choice) in enumerate(rows):
            grid.addWidget(QLabel(name), row, 0)
            grid.addWidget(choice, row, 1, 1, 4)
        grid.addWidget(self.compare_button, 0, 5, 2, 1)
        for place, (name, box) in enumerate(((self.tr("Region"), self.region), (self.tr("Figure"), self.figure))):
            grid.addWidget(QLabel(name), 2, 2 * place)
            grid.addWidget(box, 2, 2 * place + 1)
        grid.addWidget(self.csv_button, 2, 5)
        grid.setColumnStretch(4, 1)
        self._results = QSplitter(Qt.Orientation.Horizontal)
        self._results.addWidget(self.scatter)
        self._results.addWidget(self.table)
        self._results.setSizes([420, 520])
        self._results.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE, PAGE, PAGE, ROOMY)
        column.setSpacing(ROOMY)
        column.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(heading(self.tr("Run against run")))
        column.addLayout(grid)
        column.addWidget(self.summary)
        column.addWidget(self.details)
        column.addWidget(self._results, 1)
        self._show_figure()

    def _figure_words(self) -> Mapping[str, str]:
        return {
            "dice": "Dice",
            "hd95_mm": self.tr("HD95, mm"),
            "nsd_1mm": self.tr("NSD at 1 mm"),
            "assd_mm": self.tr("ASSD, mm"),
            "sensitivity": self.tr("Sensitivity"),
            "precision": self.tr("Precision"),
            "lesionwise_dice": self.tr("Lesion-wise Dice"),
            "lesionwise_hd95_mm": self.tr("Lesion-wise HD95, mm"),
        }


def p_words(value: float) -> str:
    """A p value to read: never 0."""
    return "< 0.0001" if value < 1e-4 else f"= {value:.4f}"


def _row(case: str, a: float, b: float, *, found: Paired) -> list[Cell | str]:
    gain = (a - b) if found.lower_is_better else (b - a)
    tone = "error" if gain < 0 else "good" if gain > 0 else ""
    digits = 2 if found.figure.endswith("_mm") else 4
    return [case, f"{a:.{digits}f}", f"{b:.{digits}f}", Cell(f"{b - a:+.{digits}f}", tone)]
