"""The worklist left of the panes: progress, filter and order, the cases, the decision about the open one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workstation.core.review import STATUSES
from workstation.gui.icons import icon
from workstation.gui.review.case_model import CaseDelegate, CaseModel
from workstation.gui.review.decision_panel import DecisionPanel
from workstation.gui.theme import NEAR, TIGHT
from workstation.session import commands, reading
from workstation.session.session import Session
from workstation.session.worklist_entries import SORTS, Choice, is_shown

_LEAST_WIDTH = 200
_BAR_HEIGHT = 5


class CaseList(QWidget):
    """The column left of the panes; a click or Enter opens a case."""

    reader_wanted = Signal()
    """The reader's name is to be asked for."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.model = CaseModel(session, self)
        self.words = QLabel()
        self.bar = QProgressBar(textVisible=False)
        self.filter_field = QLineEdit(placeholderText=self.tr("Name, note, dice<0.8"), clearButtonEnabled=True)
        self.filter_button = _menu_button("filter", self.tr("Show only some of the cases"))
        self.sort_button = _menu_button("sort", self.tr("Order of the list"))
        self.list = QListView()
        self.empty = QLabel(self.tr("No case passes the filter."))
        self.panel = DecisionPanel(session)
        self.reader_button = QToolButton()
        self._statuses: dict[str, QAction] = {}
        self._sorts: dict[str, QAction] = {}
        self._make_menus()
        self._set_up_list()
        self._arrange()
        self._connect()
        self._on_reading()
        self.refresh()

    def refresh(self) -> None:
        """Show the session's worklist."""
        worklist = self._session.worklist
        shown, choice, progress = worklist.shown, worklist.choice, worklist.progress
        self.model.set_entries(shown)
        self.setMinimumWidth(_LEAST_WIDTH)
        self.bar.setRange(0, max(progress.total, 1))
        self.bar.setValue(progress.read)
        self.words.setText(self._progress_words())
        tip = [f"{reading.status_word(status)}: {progress.counts[status]:,}" for status in STATUSES]
        self.words.setToolTip("\n".join(tip))
        self.empty.setVisible(progress.total > 0 and not any(is_shown(entry, choice) for entry in shown))
        if self.filter_field.text() != choice.text:
            self.filter_field.setText(choice.text)
        for status, action in self._statuses.items():
            action.setChecked(status in choice.statuses)
        self._disputed.setChecked(choice.only_disputed)
        self.filter_button.setChecked(bool(choice.statuses or choice.only_disputed))
        self._sorts[choice.sort].setChecked(True)
        self._select_open()

    def _progress_words(self) -> str:
        progress, shown = self._session.worklist.progress, self._session.worklist.shown
        words = self.tr("{read:,} of {total:,} read").format(read=progress.read, total=progress.total)
        flagged = progress.counts["flagged"]
        figures = self._session.figures
        if figures.left:
            return self.tr("Measuring {} of {}...").format(figures.total - figures.left, figures.total)
        if len(shown) < progress.total:
            return self.tr("{words}, {shown:,} shown").format(words=words, shown=len(shown))
        return self.tr("{words}, {flagged:,} flagged").format(words=words, flagged=flagged) if flagged else words

    def _make_menus(self) -> None:
        menu = QMenu(self)
        for status in STATUSES:
            self._statuses[status] = self._switch(menu, reading.status_word(status).capitalize(), self._on_filter)
        menu.addSeparator()
        self._disputed = self._switch(menu, self.tr("Readers differ"), self._on_filter)
        menu.addSeparator()
        menu.addAction(self.tr("Dice below 0.8")).triggered.connect(lambda: self.filter_field.setText("dice<0.8"))
        menu.addAction(self.tr("Show all")).triggered.connect(self._on_all)
        self.filter_button.setMenu(menu)
        self.filter_button.setCheckable(True)
        words = {
            "name": self.tr("By name"),
            "status": self.tr("By status, what is to be done first"),
            "dice": self.tr("By Dice of the whole tumour, worst first"),
            "volume": self.tr("By tumour volume, largest first"),
            "entropy": self.tr("By how unsure the model is, most first"),
            "disagreement": self.tr("By disagreement of readers"),
        }
        menu, group = QMenu(self), QActionGroup(self)
        for sort in SORTS:
            self._sorts[sort] = self._switch(menu, words[sort], partial(self._choose, sort=sort))
            group.addAction(self._sorts[sort])
        self.sort_button.setMenu(menu)

    def _switch(self, menu: QMenu, text: str, slot: Callable[[], None]) -> QAction:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.triggered.connect(lambda _checked=False: slot())
        return action

    def _set_up_list(self) -> None:
        self.list.setModel(self.model)
        self.list.setItemDelegate(CaseDelegate(self._session, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.empty.setObjectName("quiet")
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        over = QVBoxLayout(self.list.viewport())
        over.addWidget(self.empty)

    def _arrange(self) -> None:
        self.words.setObjectName("quiet")
        self.bar.setFixedHeight(_BAR_HEIGHT)
        self.reader_button.setIcon(icon("reader"))
        self.reader_button.setAutoRaise(True)
        self.reader_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        search = QHBoxLayout()
        search.setSpacing(TIGHT)
        for widget in (self.filter_field, self.filter_button, self.sort_button):
            search.addWidget(widget)
        card = QFrame()
        card.setObjectName("card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(NEAR, NEAR, NEAR, NEAR)
        inside.addWidget(self.panel)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 4, 6)
        column.setSpacing(6)
        column.addWidget(self.words)
        column.addWidget(self.bar)
        column.addLayout(search)
        column.addWidget(self.list, 1)
        column.addWidget(card)
        column.addWidget(self.reader_button, 0, Qt.AlignmentFlag.AlignLeft)

    def _connect(self) -> None:
        session = self._session
        self.filter_field.textChanged.connect(lambda text: self._choose(text=text))
        self.list.clicked.connect(self._on_chosen)
        self.list.activated.connect(self._on_chosen)
        self.reader_button.clicked.connect(self.reader_wanted)
        session.worklist.changed.connect(self.refresh)
        session.worklist.reading_changed.connect(self._on_reading)
        session.figures.progressed.connect(lambda: self.words.setText(self._progress_words()))
        session.layers.display_changed.connect(self.list.viewport().update)

    def _choose(self, **changes: Any) -> None:
        reading.choose(self._session, dataclasses.replace(self._session.worklist.choice, **changes))

    def _on_filter(self) -> None:
        statuses = frozenset(status for status, action in self._statuses.items() if action.isChecked())
        self._choose(statuses=statuses, only_disputed=self._disputed.isChecked())

    def _on_all(self) -> None:
        reading.choose(self._session, Choice(sort=self._session.worklist.choice.sort))

    def _on_reading(self) -> None:
        worklist = self._session.worklist
        words = self.tr("{}, blinded").format(worklist.reader) if worklist.is_blinded else worklist.reader
        self.reader_button.setText(words)
        tip = self.tr("Who reads; decisions are kept under this name")
        if worklist.is_blinded:
            tip += "\n" + self.tr("Predictions are hidden until you have decided")
        self.reader_button.setToolTip(tip)

    def _select_open(self) -> None:
        current = self._session.worklist.current
        row = -1 if current is None else self.model.row_of(current.name)
        if row >= 0:
            index = self.model.index(row)
            if self.list.currentIndex() != index:
                self.list.setCurrentIndex(index)
                self.list.scrollTo(index)
        else:
            self.list.clearSelection()

    def _on_chosen(self, index: QModelIndex) -> None:
        files = self.model.entry(index.row()).files
        if self._session.case is None or files != self._session.case.files:
            commands.open_case(self._session, files)


def _menu_button(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name))
    button.setToolTip(tip)
    button.setAutoRaise(True)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    return button
