"""The Review workspace: cases left, panes in the middle, image, masks and comparison right."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.review.case_list import CaseList
from workstation.gui.review.edit_strip import EditStrip
from workstation.gui.review.mouse_schemes import LARGE_STEP
from workstation.gui.review.pane_grid import PaneGrid
from workstation.gui.review.restore_bar import RestoreBar
from workstation.gui.review.side_panel import SidePanel
from workstation.gui.review.start_page import StartPage
from workstation.session import commands
from workstation.session.session import Session


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
        self._splitter.setSizes([200, 920, 300])
        self._splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(RestoreBar(session))
        column.addWidget(self._splitter, 1)
        session.case_changed.connect(self._on_case)
        session.data_set_changed.connect(self._show_cases)
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)
        self._on_case()

    def take_actions(self, actions: Mapping[str, QAction]) -> None:
        """Show the actions that edit beside the panes and in the column on the right."""
        self.strip.take_actions(actions)
        self.side.edit.take_actions(actions)

    def _panes_with_tools(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.strip)
        row.addWidget(self.panes, 1)
        return page

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys that are held: H hides the masks, Space turns the left button into a hand."""
        if (
            event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
            and isinstance(event, QKeyEvent)
            and not event.isAutoRepeat()
            and self.isVisible()
        ):
            self._hold(event.key(), is_down=event.type() == QEvent.Type.KeyPress)
        elif event.type() == QEvent.Type.ApplicationDeactivate:
            self._hold(Qt.Key.Key_H, is_down=False)
            self._hold(Qt.Key.Key_Space, is_down=False)
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Slices and crosshair of the active pane: PgUp, PgDn, Home, End, arrows; its polygon: Enter, Backspace."""
        pane = self.panes.active_view
        by = LARGE_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        far = 10**6
        slices = {Qt.Key.Key_PageUp: by, Qt.Key.Key_PageDown: -by, Qt.Key.Key_Home: -far, Qt.Key.Key_End: far}
        moves = {
            Qt.Key.Key_Left: (-by, 0),
            Qt.Key.Key_Right: (by, 0),
            Qt.Key.Key_Up: (0, -by),
            Qt.Key.Key_Down: (0, by),
        }
        key = Qt.Key(event.key())
        if self._session.case is not None and key in slices:
            pane.step(slices[key])
        elif self._session.case is not None and key in moves:
            pane.nudge(*moves[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and pane.edit.vertices:
            pane.edit.close_polygon()
        elif key == Qt.Key.Key_Backspace and pane.edit.vertices:
            pane.edit.drop_vertex()
        else:
            super().keyPressEvent(event)

    def _hold(self, key: int, *, is_down: bool) -> None:
        if is_down and isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit):
            return
        if key == Qt.Key.Key_H:
            self._session.layers.set_held(held=is_down)
        elif key == Qt.Key.Key_Space:
            for pane in self.panes.slices.values():
                pane.is_space_held = is_down

    def _on_case(self) -> None:
        has_case = self._session.case is not None
        self._centre.setCurrentIndex(int(has_case))
        self._show_cases()
        self.side.setVisible(has_case)
        if has_case:
            self.panes.active_view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_cases(self) -> None:
        # One case needs no list: the room is for its images.
        self.cases.setVisible(len(self._session.case_files) > 1)
