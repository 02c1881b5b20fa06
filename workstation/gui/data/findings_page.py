"""What the check-up found: findings at the left, worst first; of the chosen one what to do and where, at the right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workstation.core.findings import SEVERITIES, Finding, Place
from workstation.core.plain_text import one_line
from workstation.gui.empty_page import EmptyPage
from workstation.gui.icons import icon
from workstation.gui.measure.rows_table import Cell, RowsTable
from workstation.gui.theme import LARGE, NEAR, PAGE, ROOMY, TIGHT, font_of, tokens_of
from workstation.gui.tooltips import plain_tip
from workstation.gui.train.labels import ToneLabel

_LIST_WIDTH = 380
_NAME_WIDTH = 210
_ICONS = {"error": "error", "warning": "warning", "note": "info"}
_TONES = {"error": "error", "warning": "warning", "note": "link"}


class FindingsPage(QWidget):
    """The page."""

    case_wanted = Signal(str)
    """Name of a case to open."""
    mend_wanted = Signal(object)
    """A Finding whose files are to be copied mended."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._findings: tuple[Finding, ...] = ()
        self.list = QListWidget()
        self.summary = ToneLabel("plain", self)
        self._title = QLabel()
        self._advice = ToneLabel("plain", self)
        self.mend_button = QPushButton(icon("export"), self.tr("Write mended copies..."))
        self.open_button = QPushButton(icon("eye"), self.tr("Open the case"))
        self.places = RowsTable((self.tr("Case"), self.tr("What was found")), words=(0, 1), stretched=1)
        self.places.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        # Not by contents: names may be of any length, and there may be thousands of them.
        self.places.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.places.setColumnWidth(0, _NAME_WIDTH)
        self.problem = ToneLabel("error", self)
        self._pages = QStackedWidget()
        self._good = EmptyPage("check-circle", title=self.tr("Nothing was found"), words=self._good_words())
        self._waiting = EmptyPage("search", title=self.tr("Not examined yet"), words=self._waiting_words())
        self._arrange()
        self.list.currentRowChanged.connect(self._on_chosen)
        self.places.doubleClicked.connect(self._on_open)
        self.open_button.clicked.connect(self._on_open)
        self.mend_button.clicked.connect(self._on_mend)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those that are shown."""
        return self._findings

    @property
    def chosen(self) -> Finding | None:
        """The finding at the right; None if there is none."""
        row = self.list.currentRow()
        return self._findings[row] if 0 <= row < len(self._findings) else None

    def show_findings(self, findings: Sequence[Finding], *, examined: int, total: int) -> None:
        """Show what was found in the cases that were examined; the chosen one stays chosen."""
        before = self.chosen
        self._findings = tuple(findings)
        self.summary.say(self._summary(examined, total))
        self.list.blockSignals(True)
        self.list.clear()
        for finding in self._findings:
            item = QListWidgetItem(f"{finding.title}\n{self._count_words(finding)}", self.list)
            item.setToolTip(plain_tip(finding.title))
        kinds = [finding.kind for finding in self._findings]
        self.list.setCurrentRow(kinds.index(before.kind) if before and before.kind in kinds else 0)
        self.list.blockSignals(False)
        page = self._body if self._findings else self._good if examined else self._waiting
        self._pages.setCurrentWidget(page)
        self._on_chosen()

    def changeEvent(self, event: QEvent) -> None:
        """Another theme has other colours."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange):
            self._paint_icons()

    def _paint_icons(self) -> None:
        tokens = tokens_of(self.palette())
        for row, finding in enumerate(self._findings[: self.list.count()]):
            tone = "on_accent" if row == self.list.currentRow() else _TONES[finding.severity]
            colour = QColor(getattr(tokens, tone))
            self.list.item(row).setIcon(icon(_ICONS[finding.severity], colour=colour))

    def _on_chosen(self, _row: int = 0) -> None:
        finding = self.chosen
        self.problem.say("")
        self._paint_icons()
        if finding is None:
            return
        self._title.setText(finding.title)
        self._advice.say(finding.advice)
        self.mend_button.setVisible(bool(finding.mend))
        self.places.show_rows([self._row(place) for place in finding.places])
        self.places.selectRow(0)

    def _row(self, place: Place) -> tuple[Cell, Cell]:
        name, detail = one_line(place.case), one_line(place.detail) or "\N{EN DASH}"
        return Cell(name, tip=name), Cell(detail, tip=detail)

    def _on_open(self) -> None:
        finding, row = self.chosen, self.places.currentIndex().row()
        if finding is not None and 0 <= row < len(finding.places):
            self.case_wanted.emit(finding.places[row].case)

    def _on_mend(self) -> None:
        if self.chosen is not None:
            self.mend_wanted.emit(self.chosen)

    def _count_words(self, finding: Finding) -> str:
        words = {"error": self.tr("error"), "warning": self.tr("warning"), "note": self.tr("note")}
        count = len(finding.cases)
        cases = self.tr("1 case") if count == 1 else self.tr("{:,} cases").format(count)
        return f"{words[finding.severity]}  \N{MIDDLE DOT}  {cases}"

    def _summary(self, examined: int, total: int) -> str:
        counts = Counter(finding.severity for finding in self._findings)
        words = {
            "error": (self.tr("1 kind of error"), self.tr("{:,} kinds of errors")),
            "warning": (self.tr("1 kind of warning"), self.tr("{:,} kinds of warnings")),
            "note": (self.tr("1 note"), self.tr("{:,} notes")),
        }
        parts = [words[each][counts[each] > 1].format(counts[each]) for each in SEVERITIES if counts[each]]
        unusable = {name for each in self._findings if each.severity == "error" for name in each.cases}
        told = ", ".join(parts)
        if unusable:
            one, many = self.tr("1 case cannot be used"), self.tr("{:,} cases cannot be used")
            told += ". " + (one if len(unusable) == 1 else many).format(len(unusable))
        if 0 < examined < total:
            told += self.tr(". {:,} of {:,} cases were examined").format(examined, total)
        return f"{told}." if told else ""

    def _good_words(self) -> str:
        return self.tr(
            "Sequences are complete and on one grid with their masks, labels follow one scheme,\n"
            "and no image comes twice. A check-up cannot see everything: look at the cases too."
        )

    def _waiting_words(self) -> str:
        return self.tr(
            "Open a data set, and every case is examined beside the window: missing sequences, grids,\n"
            "suspected flips, labels, intensities, duplicates, and texts in headers that may name a person."
        )

    def _arrange(self) -> None:
        self._body = QSplitter(Qt.Orientation.Horizontal)
        self._body.addWidget(self._left_side())
        self._body.addWidget(self._right_side())
        self._body.setStretchFactor(1, 1)
        self._body.setSizes([_LIST_WIDTH, 2 * _LIST_WIDTH])
        self._body.setChildrenCollapsible(False)
        for page in (self._waiting, self._good, self._body):
            self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, ROOMY, 0, 0)
        column.setSpacing(ROOMY)
        column.addWidget(self.summary)
        column.addWidget(self._pages, 1)

    def _left_side(self) -> QWidget:
        self.list.setIconSize(QSize(20, 20))
        self.list.setSpacing(2)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return self.list

    def _right_side(self) -> QWidget:
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setFont(font_of(self.font(), LARGE, is_bold=True))
        self._title.setWordWrap(True)
        what = QLabel(self.tr("What to do"))
        what.setObjectName("quiet")
        buttons = QHBoxLayout()
        buttons.setSpacing(NEAR)
        buttons.addWidget(self.mend_button)
        buttons.addWidget(self.open_button)
        buttons.addStretch(1)
        side = QFrame()
        column = QVBoxLayout(side)
        column.setContentsMargins(PAGE, 0, 0, 0)
        column.setSpacing(NEAR)
        column.addWidget(self._title)
        column.addSpacing(TIGHT)
        column.addWidget(what)
        column.addWidget(self._advice)
        column.addLayout(buttons)
        column.addWidget(self.problem)
        column.addSpacing(TIGHT)
        column.addWidget(self.places, 1)
        return side
