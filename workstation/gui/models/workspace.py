"""The Models workspace: the models and their cards; what a training costs; what the engine measures.

Costs and measurements are made when their tab is first shown: they bring tables, forms and plots.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from workstation.errors import ModelError
from workstation.gui.empty_page import EmptyPage
from workstation.gui.icons import icon
from workstation.gui.models.card_view import CardView
from workstation.gui.models.card_words import lacking_words, list_words
from workstation.gui.models.sources import (
    ModelEntry,
    add_folder,
    added_folders,
    check_model,
    find_models,
    remove_folder,
)
from workstation.gui.theme import LARGE, NEAR, PAGE, ROOMY, TIGHT, font_of
from workstation.gui.train.labels import ToneLabel
from workstation.session import commands
from workstation.session.session import Session

if TYPE_CHECKING:
    from workstation.gui.measure.page import MeasurePage
    from workstation.gui.models.cost_page import CostPage

_LIST_WIDTH = 320
_TABS = ("models", "cost", "measure")


class ModelsWorkspace(QWidget):
    """List, card and verbs, wired.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._entries: tuple[ModelEntry, ...] = ()
        self._checked: dict[Path, ModelError | None] = {}
        self.list = QListWidget()
        self.card = CardView()
        self.problem = ToneLabel("error", self)
        self.segment_button = QPushButton(self.tr("Segment the open case"))
        self.remove_button = QPushButton(self.tr("Remove from list"))
        self._why_not = ToneLabel("faint", self)
        self.tabs = QTabWidget()
        self._places = {"cost": QWidget(), "measure": QWidget()}
        self.cost: CostPage | None = None
        self.measure: MeasurePage | None = None
        self._pages = QStackedWidget()
        self._empty = EmptyPage(
            "models",
            title=self.tr("No models yet"),
            words=self.tr(
                "A finished training leaves its model here. You can also add a model folder that somebody gave you:\n"
                "it holds model.keras and card.json, and is checked before it is used."
            ),
            action=self.tr("Add a model folder..."),
        )
        self._arrange()
        self._connect()

    @property
    def selected(self) -> ModelEntry | None:
        """The model that the card belongs to; None if there is none."""
        row = self.list.currentRow()
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def showEvent(self, event: QShowEvent) -> None:
        """Look which models there are now."""
        super().showEvent(event)
        self._session.runs.start_watching()
        self.refresh()

    def refresh(self) -> None:
        """Look again, beside the window."""
        runs = self._session.runs
        finished = [status.name for status in runs.statuses if status.kind == "train" and status.is_ended]
        places = [(name, runs.folder(name).model) for name in finished]
        added = added_folders()
        self._session.background.ask("models", lambda: find_models(places, added), self._on_found)

    def add(self, folder: Path) -> None:
        """Add a folder of models to the list; what is wrong with it is said above the list."""
        try:
            add_folder(folder)
        except ModelError as problem:
            self.problem.say(f"{problem.message} {problem.hint}")
            return
        self.problem.say("")
        self.refresh()

    def _connect(self) -> None:
        self._session.runs.runs_changed.connect(self._on_runs_changed)
        self._session.runs.status_changed.connect(self._on_runs_changed)
        self._session.case_changed.connect(self._judge)
        self.list.currentRowChanged.connect(self._on_selected)
        self.segment_button.clicked.connect(self._on_segment_clicked)
        self.remove_button.clicked.connect(self._on_remove_clicked)
        self._empty.action_wanted.connect(self._on_add_clicked)
        self.tabs.currentChanged.connect(self._on_tab_chosen)

    def show_tab(self, name: str) -> None:
        """Bring "models", "cost" or "measure" to the front."""
        self.tabs.setCurrentIndex(_TABS.index(name))

    def _on_tab_chosen(self, index: int) -> None:
        """Make a page when it is first wanted."""
        name = _TABS[index]
        if name == "cost" and self.cost is None:
            from workstation.gui.models.cost_page import CostPage

            self.cost = CostPage(self._session.machine)
            _fill(self._places[name], self.cost)
        if name == "measure" and self.measure is None:
            from workstation.gui.measure.page import MeasurePage

            self.measure = MeasurePage(self._session)
            self.measure.show_models(self._entries)
            _fill(self._places[name], self.measure)

    def _on_runs_changed(self) -> None:
        if self.isVisible():
            self.refresh()

    def _on_found(self, entries: tuple[ModelEntry, ...]) -> None:
        if entries == self._entries and self.list.count() == len(entries):
            self._pages.setCurrentIndex(int(bool(entries)))
            return
        before = self.selected
        self._entries = entries
        if self.measure is not None:
            self.measure.show_models(entries)
        self._checked.clear()
        self.list.blockSignals(True)
        self.list.clear()
        for entry in entries:
            item = QListWidgetItem(
                icon("models" if entry.card else "warning"), f"{entry.name}\n{list_words(entry)}", self.list
            )
            item.setToolTip(str(entry.folder))
        folders = [entry.folder for entry in entries]
        self.list.setCurrentRow(folders.index(before.folder) if before and before.folder in folders else 0)
        self.list.blockSignals(False)
        self._pages.setCurrentIndex(int(bool(entries)))
        self._on_selected()

    def _on_selected(self) -> None:
        entry = self.selected
        if entry is None:
            return
        self.card.show_entry(entry)
        self.remove_button.setVisible(entry.origin == "added")
        if entry.folder in self._checked:
            self._on_checked(entry, self._checked[entry.folder])
        elif entry.card is not None:
            self._session.background.ask(
                "model check", partial(check_model, entry.folder), partial(self._on_checked, entry)
            )
        self._judge()

    def _on_checked(self, entry: ModelEntry, problem: ModelError | None) -> None:
        self._checked[entry.folder] = problem
        if self.selected != entry or entry.card is None:
            return
        if problem is None:
            self.card.show_checked(entry.card.sha256)
        else:
            self.card.show_problem(problem)
        self._judge()

    def _judge(self) -> None:
        """Enable the button, or say why not."""
        entry, case = self.selected, self._session.case
        if entry is None:
            return
        is_refused = self._checked.get(entry.folder) is not None
        why_not = lacking_words(None if is_refused else entry.card, case.sequences if case else None)
        self.segment_button.setEnabled(not why_not and entry.folder in self._checked)
        self._why_not.say(why_not or (case.name if case else ""))

    def _on_segment_clicked(self) -> None:
        entry = self.selected
        if entry is not None and entry.card is not None:
            commands.segment_open_case(self._session, entry.folder, threshold=entry.card.threshold)

    def _on_add_clicked(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Add a model folder"), str(Path.home()))
        if folder:
            self.add(Path(folder))

    def _on_remove_clicked(self) -> None:
        if self.selected is not None:
            remove_folder(self.selected.folder)
            self.refresh()

    def _arrange(self) -> None:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self._left_side())
        splitter.addWidget(self._right_side())
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([_LIST_WIDTH, 3 * _LIST_WIDTH])
        splitter.setChildrenCollapsible(False)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(splitter)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self.problem.setContentsMargins(PAGE, ROOMY, PAGE, 0)
        models = QWidget()
        column = QVBoxLayout(models)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.problem)
        column.addWidget(self._pages, 1)
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(models, self.tr("Models"))
        self.tabs.addTab(self._places["cost"], self.tr("Cost"))
        self.tabs.addTab(self._places["measure"], self.tr("Measure"))
        whole.addWidget(self.tabs)

    def _left_side(self) -> QWidget:
        title = QLabel(self.tr("Models"))
        title.setFont(font_of(self.font(), LARGE, is_bold=True))
        self.list.setAlternatingRowColors(False)
        self.list.setIconSize(QSize(20, 20))
        self.list.setSpacing(2)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        add = QPushButton(icon("folder-add"), self.tr("Add a model folder..."))
        add.clicked.connect(self._on_add_clicked)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(ROOMY, PAGE - TIGHT, TIGHT, ROOMY)
        column.setSpacing(NEAR)
        column.addWidget(title)
        column.addWidget(self.list, 1)
        column.addWidget(add)
        return side

    def _right_side(self) -> QWidget:
        self.segment_button.setDefault(True)
        foot = QHBoxLayout()
        foot.setContentsMargins(PAGE, NEAR, PAGE, ROOMY)
        foot.setSpacing(ROOMY)
        foot.addWidget(self.segment_button)
        foot.addWidget(self._why_not, 1)
        foot.addWidget(self.remove_button)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.card, 1)
        column.addLayout(foot)
        return side


def _fill(place: QWidget, page: QWidget) -> None:
    column = QVBoxLayout(place)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(page)
    # Else the layout shows it a turn of the event loop later, and the tab is empty for a frame.
    page.show()
