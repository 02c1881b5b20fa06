"""The right side of a page that starts runs: their list and the selected one, or what to do where there are none."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from workstation.gui.theme import NEAR, ROOMY, TIGHT
from workstation.gui.train.run_details import RunDetails
from workstation.gui.train.run_list import RunList
from workstation.gui.two_columns import heading


class RunsSide(QStackedWidget):
    """List above, details below; or an empty page.

    Parameters
    ----------
    title : str
    runs : RunList
    details : RunDetails
    empty : QWidget
    heights : (int, int)
        Of list and details, logical pixels.
    beside_title, above_list : sequence of QWidget
    """

    def __init__(
        self,
        title: str,
        runs: RunList,
        details: RunDetails,
        *,
        empty: QWidget,
        heights: tuple[int, int],
        beside_title: Sequence[QWidget] = (),
        above_list: Sequence[QWidget] = (),
    ) -> None:
        super().__init__()
        head = QHBoxLayout()
        head.addWidget(heading(title), 1)
        for widget in beside_title:
            head.addWidget(widget)
        above, below = QWidget(), QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(ROOMY, ROOMY, ROOMY, TIGHT)
        column.addLayout(head)
        for widget in (*above_list, runs):
            column.addWidget(widget)
        column = QVBoxLayout(below)
        column.setContentsMargins(ROOMY, NEAR, ROOMY, ROOMY)
        column.addWidget(details)
        both = QSplitter(Qt.Orientation.Vertical)
        both.addWidget(above)
        both.addWidget(below)
        both.setSizes(list(heights))
        both.setChildrenCollapsible(False)
        self.addWidget(empty)
        self.addWidget(both)

    def show_runs(self, *, has_runs: bool) -> None:
        """Show the runs, or the empty page."""
        self.setCurrentIndex(int(has_runs))
