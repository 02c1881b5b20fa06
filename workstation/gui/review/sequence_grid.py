"""The sequences of the case in one plane, side by side, with one crosshair, one zoom and one place."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from workstation.gui.review.slice_view import SliceView
from workstation.session.session import Session

_MOST = 4
_COLUMNS = 2


class SequenceGrid(QWidget):
    """Up to four panes of one plane; each shows one sequence, and the one under the mouse becomes the session's.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    menu_wanted = Signal(QPoint)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._is_following = False
        self.panes: dict[str, SliceView] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(3)
        session.case_changed.connect(self._on_case)
        session.view.layout_changed.connect(self._on_layout)
        session.view.sequence_changed.connect(self._mark_active)
        self._on_case()

    @property
    def active_view(self) -> SliceView | None:
        """The pane of the session's sequence; None if that has none."""
        return self.panes.get(self._session.view.sequence)

    def _on_case(self) -> None:
        names = self._session.view.sequences[:_MOST]
        if tuple(self.panes) != names:
            for pane in self.panes.values():
                self._grid.removeWidget(pane)
                pane.hide()
                pane.deleteLater()
            self.panes = {name: self._make(name) for name in names}
            for number, pane in enumerate(self.panes.values()):
                self._grid.addWidget(pane, number // _COLUMNS, number % _COLUMNS)
        self._on_layout()
        self._mark_active()

    def _make(self, name: str) -> SliceView:
        pane = SliceView(self._session, self._session.view.layout_plane, self, sequence=name)
        pane.entered.connect(self._session.view.set_sequence)
        pane.menu_wanted.connect(self.menu_wanted)
        pane.framed.connect(lambda: self._follow(pane))
        return pane

    def _follow(self, leader: SliceView) -> None:
        """Zoom and pan of one pane are those of all."""
        if self._is_following:
            return
        self._is_following = True
        for pane in self.panes.values():
            if pane is not leader:
                pane.take_frame(leader.frame)
        self._is_following = False

    def _on_layout(self) -> None:
        view = self._session.view
        shown = [name for name in self.panes if view.maximised in (None, name)] if view.layout == "sequences" else []
        for number, (name, pane) in enumerate(self.panes.items()):
            if pane.plane != view.layout_plane:
                pane.show_plane(view.layout_plane)
            pane.setVisible(name in shown)
            row, column = number // _COLUMNS, number % _COLUMNS
            if shown:
                self._grid.setRowStretch(row, int(any(self._row(each) == row for each in shown)))
                self._grid.setColumnStretch(column, int(any(self._column(each) == column for each in shown)))

    def _row(self, name: str) -> int:
        return list(self.panes).index(name) // _COLUMNS

    def _column(self, name: str) -> int:
        return list(self.panes).index(name) % _COLUMNS

    def _mark_active(self) -> None:
        for name, pane in self.panes.items():
            pane.set_active(active=name == self._session.view.sequence)
