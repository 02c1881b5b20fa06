"""The Data workspace: data sets, their cases as a table with a split beside it, and their check-up."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from workstation.core.case import CaseFiles, DataSet
from workstation.core.findings import Finding
from workstation.core.split import Part
from workstation.gui.data.asking import ask
from workstation.gui.data.case_table import CaseTable
from workstation.gui.data.data_set_bar import DataSetBar, ScanStrip
from workstation.gui.data.figure_strip import FigureStrip
from workstation.gui.data.findings_page import FindingsPage
from workstation.gui.data.split_files import SplitFiles
from workstation.gui.data.split_panel import SplitPanel
from workstation.gui.empty_page import EmptyPage
from workstation.gui.theme import NEAR, PAGE, ROOMY
from workstation.gui.train.labels import ToneLabel
from workstation.io.layouts import is_description, open_dataset
from workstation.io.mending import mend
from workstation.session import commands
from workstation.session.session import Session
from workstation.session.settings import data_sets, forget_data_set, remember_data_set, remember_path

_SIDE_WIDTH = 320
_SIGHT_MS = 150
_CHECK_TAB = 1


class DataWorkspace(QWidget):
    """Adds data sets, shows the one that is open, and checks it.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    train_wanted = Signal(str, object)
    """The open data set is to be trained on: with this preset, by this Draw unless the session has a saved split."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.bar = DataSetBar()
        self.problem = ToneLabel("error", self)
        self.filter_field = QLineEdit(placeholderText=self.tr("Filter by name"), clearButtonEnabled=True)
        self.strip = ScanStrip(session.scan)
        self.table = CaseTable(session.scan)
        self.split = SplitPanel()
        self.split_files = SplitFiles(session, self.split, says=self.problem)
        self.check = FindingsPage()
        self.tabs = QTabWidget()
        self.figures = FigureStrip()
        self._pages = QStackedWidget()
        self._sight = QTimer(self, singleShot=True, interval=_SIGHT_MS)
        self._empty = EmptyPage(
            "data",
            title=self.tr("No data set is open"),
            words=self.tr(
                "Add a folder of cases, or drop one here: BraTS 2017 to 2021, BraTS 2023 and later, Medical\n"
                "Segmentation Decathlon Task01, nnU-Net, or any folder with a mapping.json."
            ),
            action=self.tr("Add data set..."),
        )
        self.setAcceptDrops(True)
        self._arrange()
        self._connect()
        self._on_data_set()

    def open(self, path: Path) -> None:
        """Open a data set beside the window and remember it; what goes wrong is said above the table."""
        self.problem.say(self.tr("Looking at {}...").format(path), "faint")
        ask(self._session.background, "data set", lambda: open_dataset(path), self._on_opened, says=self.problem)

    def mend(self, finding: Finding, out: Path) -> None:
        """Write mended copies of a finding's files into a folder."""
        data_set = self._session.data_set
        if data_set is None:
            return
        stop = self._session.background.stop_sign("mend")

        def answer(written: list[Path]) -> None:
            one, many = self.tr("A mended copy is in {1}"), self.tr("{0:,} mended copies are in {1}")
            words = (one if len(written) == 1 else many).format(len(written), out)
            self.check.problem.say(words + self.tr("; the originals are as they were."), "good")

        self.check.problem.say(self.tr("Writing copies..."), "faint")
        question = lambda: mend(finding, data_set, out, should_stop=stop)  # noqa: E731 - one line, used once
        ask(self._session.background, "mend", question, answer, says=self.check.problem)

    def showEvent(self, event: QShowEvent) -> None:
        """Let the arrow keys walk the table at once; examine what was not examined."""
        super().showEvent(event)
        if self._session.data_set is not None:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            self.table.select_case(self._session.case.name if self._session.case else "")
            self._examine()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a folder or a description of a data set; files are the window's business."""
        if self._dropped(event) is not None:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add the data set that was dropped."""
        path = self._dropped(event)
        if path is not None:
            event.acceptProposedAction()
            self.open(path)

    @staticmethod
    def _dropped(event: QDropEvent) -> Path | None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        return paths[0] if len(paths) == 1 and (paths[0].is_dir() or is_description(paths[0])) else None

    def _on_opened(self, data_set: DataSet) -> None:
        self.problem.say("")
        remember_path(data_set.root)
        remember_data_set(data_set.root)
        self._session.take_data_set(data_set)

    def _connect(self) -> None:
        session, scan = self._session, self._session.scan
        session.data_set_changed.connect(self._on_data_set)
        self._empty.action_wanted.connect(self._on_add_clicked)
        self.bar.add_wanted.connect(self._on_add_clicked)
        self.bar.chosen.connect(self.open)
        self.bar.remove_wanted.connect(self._on_remove)
        self.bar.again_wanted.connect(self._on_again)
        self.bar.train_wanted.connect(self._on_train)
        self.filter_field.textChanged.connect(self.table.filter)
        self.table.case_wanted.connect(self._on_case_wanted)
        self.table.move_wanted.connect(self._on_move)
        self.table.sight_changed.connect(self._sight.start)
        self.table.sight_changed.connect(scan.stand_back)
        self._sight.timeout.connect(self._prefer_sight)
        self.split.draft_changed.connect(self._on_draft)
        self.split.move_wanted.connect(self._on_move)
        self.split.save_wanted.connect(self.split_files.choose_and_save)
        self.split.load_wanted.connect(self.split_files.choose_and_load)
        self.check.case_wanted.connect(self._on_named_case)
        self.check.mend_wanted.connect(self._on_mend_wanted)
        scan.advanced.connect(self.table.rows.refresh)
        scan.state_changed.connect(self._on_scan_state)
        scan.findings_changed.connect(self._on_findings)

    def _on_data_set(self) -> None:
        data_set = self._session.data_set
        self._pages.setCurrentIndex(0 if data_set is None else 1)
        self.bar.show_sets(data_sets(), None if data_set is None else data_set.root.resolve())
        cases = () if data_set is None else data_set.cases
        self.table.rows.set_cases(cases)
        self.split.set_volumes({}, is_complete=False)
        self.split.set_cases(cases)
        self._on_findings()
        if data_set is None:
            self._session.scan.start(())
        else:
            self.figures.show_data_set(data_set)
            if self.isVisible():
                self._examine()

    def _examine(self) -> None:
        data_set, scan = self._session.data_set, self._session.scan
        if data_set is not None and scan.cases is not data_set.cases:
            scan.start(data_set.cases)
            self.table.rows.sort_again()
            self._sight.start()

    def _prefer_sight(self) -> None:
        self._session.scan.prefer(self.table.numbers_in_sight())

    def _on_scan_state(self) -> None:
        scan = self._session.scan
        if scan.total and not scan.is_running:
            self.table.rows.sort_again()
            self.split.set_volumes(scan.volumes_ml, is_complete=scan.done == scan.total)

    def _on_findings(self) -> None:
        scan = self._session.scan
        is_ours = self._session.data_set is not None and scan.cases is self._session.data_set.cases
        findings = scan.findings if is_ours else ()
        self.check.show_findings(findings, examined=scan.done if is_ours else 0, total=scan.total)
        words = self.tr("Check-up ({})").format(len(findings)) if findings else self.tr("Check-up")
        self.tabs.setTabText(_CHECK_TAB, words)

    def _on_draft(self) -> None:
        self.table.rows.set_parts(self.split.draft.part_of)
        if not self.split.draft.is_saved:
            self._session.take_split(None)

    def _on_move(self, part: Part) -> None:
        self.split.move_cases(self.table.selected_names(), part)

    def _on_case_wanted(self, case: CaseFiles) -> None:
        commands.open_case(self._session, case)

    def _on_named_case(self, name: str) -> None:
        data_set = self._session.data_set
        case = next((case for case in data_set.cases if case.name == name), None) if data_set else None
        if case is not None:
            commands.open_case(self._session, case)

    def _on_train(self) -> None:
        """Train at once by a saved split or one that the training draws by itself; else save it first."""
        if self.split.draft.is_saved or self.split.draft.is_plain or not self.split.draft.split.train:
            self._say_train()
        else:
            self.split_files.choose_and_save(then=self._say_train)

    def _say_train(self) -> None:
        self.train_wanted.emit(self.split.preset_box.currentData(), self.split.draft.draw)

    def _on_add_clicked(self) -> None:
        known = data_sets()
        start = str(known[0].parent) if known else str(Path.home())
        folder = QFileDialog.getExistingDirectory(self, self.tr("Add data set"), start)
        if folder:
            self.open(Path(folder))

    def _on_remove(self, root: Path) -> None:
        forget_data_set(root)
        data_set = self._session.data_set
        if data_set is not None and data_set.root.resolve() == root:
            self._session.take_data_set(None)
            data_set = None
        self.problem.say("")
        self.bar.show_sets(data_sets(), None if data_set is None else data_set.root.resolve())

    def _on_again(self) -> None:
        if self._session.data_set is not None:
            self.open(self._session.data_set.root)

    def _on_mend_wanted(self, finding: Finding) -> None:
        data_set = self._session.data_set
        if data_set is not None:
            title = self.tr("Choose an empty folder for the mended copies, outside the data set")
            folder = QFileDialog.getExistingDirectory(self, title, str(data_set.root.parent))
            if folder:
                self.mend(finding, Path(folder))

    def _arrange(self) -> None:
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._cases_page(), self.tr("Cases"))
        self.tabs.addTab(self.check, self.tr("Check-up"))
        self.tabs.setCornerWidget(self.strip, Qt.Corner.TopRightCorner)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(ROOMY)
        column.addWidget(self.figures)
        column.addWidget(self.tabs, 1)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(body)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(PAGE, ROOMY, PAGE, ROOMY)
        whole.setSpacing(ROOMY)
        whole.addWidget(self.bar)
        whole.addWidget(self.problem)
        whole.addWidget(self._pages, 1)

    def _cases_page(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, ROOMY, 0, 0)
        row.setSpacing(ROOMY)
        left = QVBoxLayout()
        left.setSpacing(NEAR)
        left.addWidget(self.filter_field)
        left.addWidget(self.table, 1)
        row.addLayout(left, 1)
        self.split.setFixedWidth(_SIDE_WIDTH)
        row.addWidget(self.split)
        return page
