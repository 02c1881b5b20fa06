"""What a run left, in tabs: curves of a training, figures and table of a measurement, log, request."""

from __future__ import annotations

from PySide6.QtWidgets import QTabWidget, QWidget

from workstation.gui.measure.result_view import ResultView
from workstation.gui.train.curves import CurvesView
from workstation.gui.train.log_view import LogView
from workstation.gui.train.run_request import RequestView
from workstation.session.measurements import MEASURING_KINDS


class RunTabs(QTabWidget):
    """The tabs; those that a kind of run has nothing for are hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curves = CurvesView()
        self.result = ResultView()
        self.log = LogView()
        self.request = RequestView()
        self.setDocumentMode(True)
        self._curves_tab = self.addTab(self.curves, self.tr("Curves"))
        self._result_tab = self.addTab(self.result, self.tr("Figures"))
        self._table_tab = self.addTab(self.result.table_page, self.tr("Table"))
        self.addTab(self.log, self.tr("Log"))
        self.addTab(self.request, self.tr("Request"))
        self.show_kind("")

    def show_kind(self, kind: str) -> None:
        """Show the tabs of a kind of run."""
        measures = kind in MEASURING_KINDS
        if self.isTabVisible(self._result_tab) == measures and self.isTabVisible(self._curves_tab) != measures:
            return
        was_first = self.currentIndex() in (self._curves_tab, self._result_tab, self._table_tab)
        self.setTabVisible(self._curves_tab, not measures)
        self.setTabVisible(self._result_tab, measures)
        self.setTabVisible(self._table_tab, measures)
        if was_first:
            self.setCurrentIndex(self._result_tab if measures else self._curves_tab)
