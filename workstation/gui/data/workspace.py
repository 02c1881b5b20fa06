"""The Data workspace: a data set as a table, with its figures above and the preview of a split beside it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workstation.core.case import CaseFiles, DataSet
from workstation.core.labels import LAYOUT_SCHEMES, SCHEMES
from workstation.errors import WorkstationError
from workstation.gui.data.case_rows import overview_of
from workstation.gui.data.case_table import CaseTable
from workstation.gui.data.split_panel import SplitPanel
from workstation.gui.empty_page import EmptyPage
from workstation.gui.icons import icon
from workstation.gui.theme import LARGE, NEAR, PAGE, ROOMY, SMALL, TITLE, font_of
from workstation.gui.train.labels import ToneLabel
from workstation.io.layouts import open_dataset
from workstation.session import commands
from workstation.session.session import Session
from workstation.session.settings import recent_paths, remember_path

_SIDE_WIDTH = 330
_FIGURES = ("cases", "truth", "complete", "layout", "scheme")


class DataWorkspace(QWidget):
    """Opens data sets and shows the one that is open.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    """

    train_wanted = Signal()
    """The open data set is to be trained on."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.problem = ToneLabel("error", self)
        self.filter_field = QLineEdit(placeholderText=self.tr("Filter by name"), clearButtonEnabled=True)
        self.table = CaseTable()
        self.split = SplitPanel()
        self._title = QLabel()
        self._path = QLabel()
        self._figures = {name: QLabel("-") for name in _FIGURES}
        self._missing = ToneLabel("warning", self)
        self._pages = QStackedWidget()
        self._empty = EmptyPage(
            "data",
            title=self.tr("No data set is open"),
            words=self.tr(
                "Open a folder of cases: BraTS 2017 to 2021, BraTS 2023 and later, Medical Segmentation\n"
                "Decathlon Task01, nnU-Net, or any folder with a mapping.json. The layout is recognised by its names."
            ),
            action=self.tr("Open data set..."),
        )
        self._arrange()
        self._connect()
        self._on_data_set()

    def open(self, path: Path) -> None:
        """Open a data set beside the window; what goes wrong is said above the table."""
        self.problem.say(self.tr("Looking at {}...").format(path), "faint")

        def question() -> DataSet | WorkstationError:
            try:
                return open_dataset(path)
            except WorkstationError as error:
                return error

        self._session.background.ask("data set", question, self._on_answer)

    def showEvent(self, event: QShowEvent) -> None:
        """Let the arrow keys walk the table at once."""
        super().showEvent(event)
        if self._session.data_set is not None:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            self.table.select_case(self._session.case.name if self._session.case else "")

    def _on_answer(self, answer: DataSet | WorkstationError) -> None:
        if isinstance(answer, WorkstationError):
            self.problem.say(f"{answer.message}. {answer.hint}".replace("..", ".").strip(), "error")
            return
        self.problem.say("")
        remember_path(answer.root)
        self._session.take_data_set(answer)

    def _connect(self) -> None:
        self._session.data_set_changed.connect(self._on_data_set)
        self._empty.action_wanted.connect(self._on_open_clicked)
        self.filter_field.textChanged.connect(self.table.filter)
        self.table.case_wanted.connect(self._on_case_wanted)
        self.split.preview_changed.connect(self._on_preview)

    def _on_data_set(self) -> None:
        data_set = self._session.data_set
        self._pages.setCurrentIndex(0 if data_set is None else 1)
        cases = () if data_set is None else data_set.cases
        self.table.rows.set_cases(cases, Path() if data_set is None else data_set.root)
        self.split.set_cases(cases)
        if data_set is not None:
            self._show_figures(data_set)

    def _show_figures(self, data_set: DataSet) -> None:
        overview = overview_of(data_set)
        self._title.setText(data_set.name)
        self._path.setText(str(data_set.root))
        schemes = {case.scheme_name or LAYOUT_SCHEMES.get(case.layout) for case in data_set.cases if case.truth}
        scheme = SCHEMES.get(next(iter(schemes)) or "") if len(schemes) == 1 else None
        words = {
            "cases": f"{overview.cases:,}",
            "truth": f"{overview.with_truth:,}",
            "complete": f"{overview.complete:,}",
            "layout": _layout_word(data_set.layout),
            "scheme": scheme.title if scheme else self.tr("told by the values"),
        }
        for name, text in words.items():
            self._figures[name].setText(text)
        lacks = ", ".join(f"{name} ({count:,})" for name, count in overview.missing.items())
        self._missing.say(self.tr("Cases that lack a sequence: {}.").format(lacks) if lacks else "")

    def _on_preview(self) -> None:
        self.table.rows.set_parts(self.split.preview.part_of)

    def _on_case_wanted(self, case: CaseFiles) -> None:
        commands.open_case(self._session, case)

    def _on_open_clicked(self) -> None:
        recent = recent_paths()
        start = str(recent[0].parent) if recent else str(Path.home())
        folder = QFileDialog.getExistingDirectory(self, self.tr("Open data set"), start)
        if folder:
            self.open(Path(folder))

    def _arrange(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(PAGE, PAGE - 4, PAGE, PAGE)
        column.setSpacing(ROOMY)
        column.addLayout(self._header())
        column.addWidget(self._figure_strip())
        column.addWidget(self._missing)
        row = QHBoxLayout()
        row.setSpacing(ROOMY)
        left = QVBoxLayout()
        left.setSpacing(NEAR)
        left.addWidget(self.filter_field)
        left.addWidget(self.table, 1)
        row.addLayout(left, 1)
        self.split.setFixedWidth(_SIDE_WIDTH)
        row.addWidget(self.split)
        column.addLayout(row, 1)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(body)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self.problem.setContentsMargins(PAGE, ROOMY, PAGE, 0)
        whole.addWidget(self.problem)
        whole.addWidget(self._pages, 1)

    def _header(self) -> QHBoxLayout:
        self._title.setFont(font_of(self.font(), TITLE))
        for label in (self._title, self._path):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._path.setObjectName("quiet")
        self._path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._title)
        words.addWidget(self._path)
        train = QPushButton(icon("train"), self.tr("Train on it..."))
        train.clicked.connect(self.train_wanted)
        other = QPushButton(icon("open"), self.tr("Open data set..."))
        other.clicked.connect(self._on_open_clicked)
        row = QHBoxLayout()
        row.setSpacing(NEAR)
        row.addLayout(words, 1)
        row.addWidget(train, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(other, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _figure_strip(self) -> QFrame:
        strip = QFrame()
        strip.setObjectName("card")
        titles = (
            (self.tr("Cases"), self.tr("Folders or files that hold one examination each")),
            (self.tr("With truth"), self.tr("Cases with a reference mask")),
            (self.tr("Complete"), self.tr("Cases with a truth and all of T1, T1c, T2 and FLAIR")),
            (self.tr("Layout"), self.tr("Recognised by the names of the files")),
            (
                self.tr("Labels"),
                self.tr("Label scheme of the truths: stated by the layout, else told by the values of each mask"),
            ),
        )
        grid = QGridLayout(strip)
        grid.setContentsMargins(ROOMY + 4, NEAR + 2, ROOMY + 4, NEAR + 2)
        grid.setHorizontalSpacing(2 * PAGE)
        grid.setVerticalSpacing(1)
        for place, ((title, tip), value) in enumerate(zip(titles, self._figures.values(), strict=True)):
            name = QLabel(title)
            name.setObjectName("quiet")
            name.setFont(font_of(self.font(), SMALL))
            value.setFont(font_of(self.font(), LARGE, is_bold=True))
            for row, label in enumerate((value, name)):
                label.setToolTip(tip)
                grid.addWidget(label, row, place)
        grid.setColumnStretch(len(titles), 1)
        return strip


def _layout_word(layout: str) -> str:
    words = {
        "msd": "MSD Task01",
        "brats2021": "BraTS 2017-2021",
        "brats2023": "BraTS 2023",
        "nnunet": "nnU-Net",
        "mapping": "mapping.json",
    }
    return words.get(layout, layout)
