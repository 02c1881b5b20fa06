"""The Review workspace: cases left, panes in the middle, image, masks and comparison right."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from workstation.gui.key_bindings import pane_action
from workstation.gui.review.case_list import CaseList
from workstation.gui.review.edit_strip import EditStrip
from workstation.gui.review.held_keys import HeldKeys
from workstation.gui.review.mouse_schemes import LARGE_STEP
from workstation.gui.review.pane_grid import PaneGrid
from workstation.gui.review.restore_bar import RestoreBar
from workstation.gui.review.sentinel_bar import SentinelBar
from workstation.gui.review.side_panel import SidePanel
from workstation.gui.review.start_page import StartPage
from workstation.session import commands
from workstation.session.session import Session

_FAR = 10**6


class ReviewWorkspace(QWidget):
    """Where cases are read."""

    open_wanted = Signal()
    """The user pressed "Open" on the empty page."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.cases = CaseList(session)
        self.panes = PaneGrid(session)
        self.strip = EditStrip()
        self.side = SidePanel(session)
        self._centre = QStackedWidget()
        self.start_page = StartPage()
        self.start_page.open_wanted.connect(self.open_wanted)
        self.start_page.path_wanted.connect(lambda path: commands.open_path(session, path))
        self._centre.addWidget(self.start_page)
        self._centre.addWidget(self._panes_with_tools())
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        for widget, stretch in ((self.cases, 0), (self._centre, 1), (self.side, 0)):
            self._splitter.addWidget(widget)
            self._splitter.setStretchFactor(self._splitter.count() - 1, stretch)
        self._splitter.setSizes([236, 900, 300])
        self._splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(RestoreBar(session))
        column.addWidget(self._splitter, 1)
        session.case_changed.connect(self._on_case)
        session.data_set_changed.connect(self._show_cases)
        self.cases.panel.finished.connect(self._focus_pane)
        HeldKeys(session, self)
        self._on_case()

    def take_actions(self, actions: Mapping[str, QAction]) -> None:
        """Show the actions that edit beside the panes and in the column on the right."""
        self.strip.take_actions(actions)
        self.side.edit.take_actions(actions)

    def _panes_with_tools(self) -> QWidget:
        """The panes, the tools left of them, and below them the epochs of a sentinel case."""
        self.epochs = SentinelBar(self._session)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.strip)
        row.addWidget(self.panes, 1)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row, 1)
        column.addWidget(self.epochs)
        return page

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Slices and crosshair of the active pane; of its polygon, Enter closes it and Backspace drops a corner."""
        pane, key, asked = self.panes.active_view, Qt.Key(event.key()), pane_action(event)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and pane.edit.vertices:
            pane.edit.close_polygon()
        elif key == Qt.Key.Key_Backspace and pane.edit.vertices:
            pane.edit.drop_vertex()
        elif self._session.case is None or asked is None or not self.do_in_pane(asked[0].id, is_large=asked[1]):
            super().keyPressEvent(event)

    def do_in_pane(self, name: str, *, is_large: bool = False) -> bool:
        """Carry out an action of the panes, "go.slice_up" and the like; False if it is none."""
        pane = self.panes.active_view
        by = LARGE_STEP if is_large else 1
        steps = {"go.slice_up": by, "go.slice_down": -by, "go.first": -_FAR, "go.last": _FAR}
        moves = {"go.left": (-by, 0), "go.right": (by, 0), "go.up": (0, -by), "go.down": (0, by)}
        if name in steps:
            pane.step(steps[name])
        elif name in moves:
            pane.nudge(*moves[name])
        return name in steps or name in moves

    def leave_tool(self) -> bool:
        """Drop the polygon that is being drawn, else the edit tool; False if there is neither."""
        cancelled = [pane.edit.cancel_polygon() for pane in self.panes.all_slices.values()]
        if any(cancelled):
            return True
        had_tool = bool(self._session.editing.tools.tool)
        self._session.editing.tools.set_tool("")
        return had_tool

    def _on_case(self) -> None:
        has_case = self._session.case is not None
        self._centre.setCurrentIndex(int(has_case))
        self._show_cases()
        self.side.setVisible(has_case)
        if has_case:
            self._focus_pane()

    def _focus_pane(self) -> None:
        self.panes.active_view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_cases(self) -> None:
        # One case that is no data set needs no list: the room is for its images.
        self.cases.setVisible(self._session.data_set is not None)
