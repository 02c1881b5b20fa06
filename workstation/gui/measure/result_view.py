"""What a measuring run found: a headline, its figures one at a time, and its table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import WorkstationError
from workstation.gui.figures.figure import panels_of
from workstation.gui.figures.saving import save_figure
from workstation.gui.measure.result_words import Told, tell
from workstation.gui.measure.rows_table import RowsTable
from workstation.gui.theme import NEAR, ROOMY, TIGHT
from workstation.gui.train.labels import ToneLabel


class ResultView(QWidget):
    """The result of one run, or words where it has none.

    Parameters
    ----------
    parent : QWidget or None
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = ""
        self._result: Mapping[str, Any] | None = None
        self._place = Path()
        self.headline = ToneLabel("plain", self)
        self.warning = ToneLabel("warning", self)
        self.chooser = QComboBox()
        self.chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.chooser.setAccessibleName(self.tr("Figure"))
        self.save_button = QPushButton(self.tr("Save the figures\N{HORIZONTAL ELLIPSIS}"))
        self.panels = QStackedWidget()
        self.table: RowsTable | None = None
        self._words = ToneLabel("faint", self)
        self._table_words = ToneLabel("faint", self)
        for label in (self._words, self._table_words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._arrange()
        self.chooser.currentIndexChanged.connect(self._show_panel)
        self.save_button.clicked.connect(self._on_save_clicked)

    def show_result(self, kind: str, result: Mapping[str, Any], place: Path) -> None:
        """Show a result; one of the same kind keeps the figure that is being looked at.

        Parameters
        ----------
        kind : {"profile", "bench", "seams"}
        result : mapping
            The JSON of `workstation KIND --json`.
        place : Path
            Folder that is offered for pictures.
        """
        try:
            told = tell(kind, result)
            panels = panels_of(kind, result)
        except WorkstationError as error:
            self.show_words(f"{error.message} {error.hint}".strip())
            return
        chosen = self.chooser.currentIndex() if kind == self._kind else 0
        self._kind, self._result, self._place = kind, result, place
        self._clear()
        self.chooser.blockSignals(True)
        for name, panel in panels.items():
            self.chooser.addItem(name)
            self.panels.addWidget(_scrolled(panel))
        self.chooser.setCurrentIndex(min(max(chosen, 0), self.chooser.count() - 1))
        self.chooser.blockSignals(False)
        self._show_panel()
        self._chooser_row.setVisible(True)
        self.chooser.setVisible(self.chooser.count() > 1)
        self._show_told(told)
        self._pages.setCurrentIndex(1)

    def show_words(self, words: str) -> None:
        """Say why there is no result."""
        self._kind, self._result = "", None
        self._clear()
        self._words.say(words)
        self._table_words.say(words)
        self._pages.setCurrentIndex(0)

    @property
    def words(self) -> str:
        """What is said in place of a result; empty if there is one."""
        return self._words.text() if self._pages.currentIndex() == 0 else ""

    def _show_told(self, told: Told) -> None:
        self.headline.say(told.headline)
        self.warning.say(told.warning)
        self.table = RowsTable(told.titles, words=told.words, stretched=told.stretched)
        self.table.show_rows(told.rows)
        self._table_words.say("")
        self._table_place.addWidget(self.table)

    def _clear(self) -> None:
        self.chooser.blockSignals(True)
        self.chooser.clear()
        self.chooser.blockSignals(False)
        while (panel := self.panels.widget(0)) is not None:
            self.panels.removeWidget(panel)
            panel.deleteLater()
        if self.table is not None:
            self._table_place.removeWidget(self.table)
            # It is deleted a turn of the event loop later, and is of another run.
            self.table.hide()
            self.table.deleteLater()
            self.table = None

    def _show_panel(self) -> None:
        self.panels.setCurrentIndex(self.chooser.currentIndex())

    def _on_save_clicked(self) -> None:
        proposed = str(self._place / f"{self._kind}.png")
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Save the figures"), proposed, self.tr("Picture (*.png)"))
        if chosen:
            self.save(Path(chosen))

    def save(self, path: Path) -> None:
        """Write all figures of the result as one picture, and say so."""
        if self._result is None:
            return
        try:
            save_figure(self._kind, self._result, path)
        except WorkstationError as error:
            self.warning.say(f"{error.message} {error.hint}".strip(), "error")
        else:
            self.warning.say(self.tr("Saved as {0}.").format(path), "good")

    def _arrange(self) -> None:
        self._chooser_row = QWidget()
        row = QHBoxLayout(self._chooser_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(NEAR)
        row.addWidget(self.chooser)
        row.addWidget(self.save_button)
        row.addStretch(1)
        figures = QWidget()
        self.figures = figures
        column = QVBoxLayout(figures)
        column.setContentsMargins(0, ROOMY, 0, 0)
        column.setSpacing(NEAR)
        for widget in (self.headline, self.warning, self._chooser_row):
            column.addWidget(widget)
        column.addWidget(self.panels, 1)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._words)
        self._pages.addWidget(figures)
        self.table_page = QWidget()
        self._table_place = QVBoxLayout(self.table_page)
        self._table_place.setContentsMargins(0, NEAR, 0, 0)
        self._table_place.addWidget(self._table_words)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(TIGHT)
        whole.addWidget(self._pages)


def _scrolled(panel: QWidget) -> QScrollArea:
    """A panel of many rows is higher than the window."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setWidget(panel)
    return area
