"""The Models workspace: the models and their cards; what a training costs; what the engine measures.

Costs and measurements are made when their tab is first shown: they bring tables, forms and plots.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
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

from workstation.errors import ModelError, WorkstationError
from workstation.gui.empty_page import EmptyPage
from workstation.gui.icons import icon
from workstation.gui.models.card_view import CardView
from workstation.gui.models.card_words import lacking_words, list_words
from workstation.gui.models.segment_options import SegmentOptions
from workstation.gui.models.sources import (
    ModelEntry,
    add_folder,
    added_folders,
    check_model,
    find_models,
)
from workstation.gui.models.verbs import ModelVerbs
from workstation.gui.theme import LARGE, NEAR, PAGE, ROOMY, TIGHT, font_of
from workstation.gui.tooltips import plain_tip
from workstation.gui.train.labels import ToneLabel
from workstation.io.model_needs import ModelNeeds, needs_of
from workstation.io.model_shelf import default_model
from workstation.io.models import ModelCard
from workstation.io.runs import list_runs
from workstation.session.session import Session
from workstation.session.starting import segment_open_case

if TYPE_CHECKING:
    from workstation.gui.judge.compare_page import ComparePage
    from workstation.gui.judge.evaluate_page import EvaluatePage
    from workstation.gui.measure.page import MeasurePage
    from workstation.gui.models.cost_page import CostPage

_LIST_WIDTH = 320
_TABS = ("models", "evaluate", "compare", "cost", "measure")


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
        self._default: Path | None = None
        self._wanted: Path | None = None
        self.verbs = ModelVerbs(session, self)
        self.list = QListWidget()
        self.card = CardView()
        self.problem = ToneLabel("error", self)
        self.segment_button = QPushButton(self.tr("Segment the open case"))
        self.default_button = QPushButton(self.tr("Make default"))
        self.rename_button = QPushButton(self.tr("Rename..."))
        self.export_button = QPushButton(icon("export"), self.tr("Export..."))
        self.remove_button = QPushButton()
        self.options = SegmentOptions(QBoxLayout.Direction.LeftToRight)
        self._why_not = ToneLabel("faint", self)
        self.tabs = QTabWidget()
        self._places = {name: QWidget() for name in _TABS[1:]}
        self.evaluate: EvaluatePage | None = None
        self.compare: ComparePage | None = None
        self.cost: CostPage | None = None
        self.measure: MeasurePage | None = None
        self._pages = QStackedWidget()
        self._empty = EmptyPage(
            "models",
            title=self.tr("No models yet"),
            words=self.tr(
                "A finished training leaves its model here. You can also import a model that somebody gave you as a\n"
                "file (.model.zip). It is checked against its hashes, and what could run code is refused."
            ),
            action=self.tr("Import a model file..."),
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

        def question() -> tuple[tuple[ModelEntry, ...], Path | None]:
            entries = find_models(places, added)
            return entries, default_model(entries)

        self._session.background.ask("models", question, self._on_found)

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
        for button, verb in (
            (self.default_button, self.verbs.make_default),
            (self.rename_button, self.verbs.ask_name),
            (self.export_button, self.verbs.ask_export),
            (self.remove_button, self.verbs.remove),
        ):
            button.clicked.connect(partial(self._on_verb, verb))
        self.verbs.done.connect(self.refresh)
        self.verbs.imported.connect(self._on_imported)
        self.verbs.failed.connect(self._on_failed)
        self._empty.action_wanted.connect(self.verbs.ask_import)
        self.tabs.currentChanged.connect(self._on_tab_chosen)

    def show_tab(self, name: str) -> None:
        """Bring "models", "evaluate", "compare", "cost" or "measure" to the front."""
        self.tabs.setCurrentIndex(_TABS.index(name))

    def _on_tab_chosen(self, index: int) -> None:
        """Make a page when it is first wanted."""
        name = _TABS[index]
        if name == "evaluate" and self.evaluate is None:
            from workstation.gui.judge.evaluate_page import EvaluatePage

            self.evaluate = EvaluatePage(self._session)
            self.evaluate.show_models(self._entries, self._default)
            _fill(self._places[name], self.evaluate)
        if name == "compare" and self.compare is None:
            from workstation.gui.judge.compare_page import ComparePage

            self.compare = ComparePage(self._session)
            _fill(self._places[name], self.compare)
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

    def _on_found(self, found: tuple[tuple[ModelEntry, ...], Path | None]) -> None:
        entries, default = found
        if found == (self._entries, self._default) and self.list.count() == len(entries):
            self._pages.setCurrentIndex(int(bool(entries)))
            return
        before = self._wanted or (self.selected.folder if self.selected else default)
        self._entries, self._default, self._wanted = entries, default, None
        if self.measure is not None:
            self.measure.show_models(entries)
        if self.evaluate is not None:
            self.evaluate.show_models(entries, default)
        self._checked.clear()
        self.list.blockSignals(True)
        self.list.clear()
        for entry in entries:
            words = list_words(entry, is_default=entry.folder == default)
            item = QListWidgetItem(icon("models" if entry.card else "warning"), f"{entry.name}\n{words}", self.list)
            item.setToolTip(plain_tip(str(entry.folder)))
        folders = [entry.folder for entry in entries]
        self.list.setCurrentRow(folders.index(before) if before in folders else 0)
        self.list.blockSignals(False)
        self._pages.setCurrentIndex(int(bool(entries)))
        self._on_selected()

    def _on_selected(self) -> None:
        entry = self.selected
        if entry is None:
            return
        self.card.show_entry(entry)
        self._show_verbs(entry)
        if entry.card is not None:
            self._ask_needs(entry, entry.card)
        if entry.folder in self._checked:
            self._on_checked(entry, self._checked[entry.folder])
        elif entry.card is not None:
            self._session.background.ask(
                "model check", partial(check_model, entry.folder), partial(self._on_checked, entry)
            )
        self._judge()

    def _show_verbs(self, entry: ModelEntry) -> None:
        """Offer what can be done to a model."""
        is_usable = entry.card is not None
        self.remove_button.setVisible(entry.origin in ("added", "imported"))
        self.remove_button.setText(self.tr("Delete...") if entry.origin == "imported" else self.tr("Remove from list"))
        self.rename_button.setEnabled(is_usable and entry.origin != "shipped")
        kept = self.tr("A model that ships keeps its name; export it, import the file, and rename that.")
        self.rename_button.setToolTip(kept if entry.origin == "shipped" else "")
        self.default_button.setEnabled(is_usable and entry.folder != self._default)
        self.export_button.setEnabled(is_usable)

    def _ask_needs(self, entry: ModelEntry, card: ModelCard) -> None:
        root = self._session.runs.root

        def answer(needs: ModelNeeds) -> None:
            if self.selected == entry:
                self.card.show_needs(needs)

        self._session.background.ask(
            "model needs", lambda: needs_of(entry.folder, card, list_runs(root)), answer, is_urgent=False
        )

    def _on_verb(self, verb: Callable[[ModelEntry], None]) -> None:
        if self.selected is not None:
            self.problem.say("")
            verb(self.selected)

    def _on_imported(self, folder: Path) -> None:
        self.problem.say("")
        self._wanted = folder
        self.refresh()

    def _on_failed(self, problem: WorkstationError) -> None:
        self.problem.say(f"{problem.message} {problem.hint}".strip())

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
            segment_open_case(
                self._session,
                entry.folder,
                threshold=entry.card.threshold,
                flips=self.options.flips.isChecked(),
                entropy=self.options.entropy.isChecked(),
            )

    def _on_add_clicked(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Add a model folder"), str(Path.home()))
        if folder:
            self.add(Path(folder))

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
        self.tabs.addTab(self._places["evaluate"], self.tr("Evaluate"))
        self.tabs.addTab(self._places["compare"], self.tr("Compare"))
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
        take = QPushButton(icon("import"), self.tr("Import a model file..."))
        take.clicked.connect(self.verbs.ask_import)
        add = QPushButton(icon("folder-add"), self.tr("Add a model folder..."))
        add.clicked.connect(self._on_add_clicked)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(ROOMY, PAGE - TIGHT, TIGHT, ROOMY)
        column.setSpacing(NEAR)
        column.addWidget(title)
        column.addWidget(self.list, 1)
        column.addWidget(take)
        column.addWidget(add)
        return side

    def _right_side(self) -> QWidget:
        self.segment_button.setDefault(True)
        foot = QHBoxLayout()
        foot.setContentsMargins(PAGE, 0, PAGE, ROOMY)
        foot.setSpacing(ROOMY)
        how = QHBoxLayout()
        how.setContentsMargins(PAGE, NEAR, PAGE, NEAR)
        how.addWidget(self.options)
        how.addStretch(1)
        foot.addWidget(self.segment_button)
        foot.addWidget(self._why_not, 1)
        for button in (self.default_button, self.rename_button, self.export_button, self.remove_button):
            foot.addWidget(button)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.card, 1)
        column.addLayout(how)
        column.addLayout(foot)
        return side


def _fill(place: QWidget, page: QWidget) -> None:
    column = QVBoxLayout(place)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(page)
    # Else the layout shows it a turn of the event loop later, and the tab is empty for a frame.
    page.show()
