"""How far readers agree: a line per pair of readers, and the cases on which they differ."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation.core.agreement import Agreement, agreements_of
from workstation.gui.theme import NEAR, ROOMY, TIGHT
from workstation.session import commands
from workstation.session.session import Session


class AgreementDialog(QDialog):
    """Not modal: a click on a case opens it beside the dialog."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setWindowTitle(self.tr("Agreement of readers"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(760, 440)
        self.table = QTableWidget()
        self.differing = QListWidget()
        self._words = QLabel(
            self.tr(
                "Cases that both readers judged. Corrected counts as not accepted, since the mask was not taken as it "
                "was; flagged and unread cases are left out. Kappa: 1 is complete agreement, 0 what chance would bring."
            )
        )
        self._heading = QLabel()
        self._pairs: tuple[Agreement, ...] = ()
        self._arrange()
        self.table.itemSelectionChanged.connect(self._show_differing)
        self.differing.itemActivated.connect(self._on_case)
        self.differing.itemClicked.connect(self._on_case)
        session.worklist.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Count anew."""
        worklist = self._session.worklist
        # While somebody reads blinded, what others say of a case waits for that reader's own decision, here too.
        names = {entry.name for entry in worklist.entries if entry.has_decided or not worklist.is_blinded}
        history = self._session.worklist.access.content.history
        pairs = agreements_of(each for each in history if each.case in names)
        if pairs == self._pairs and self.table.columnCount():
            return
        self._pairs = pairs
        headers = (
            *(self.tr("Readers"), self.tr("Cases"), self.tr("Both accept"), self.tr("First only")),
            *(self.tr("Second only"), self.tr("Neither"), self.tr("Same"), self.tr("Kappa")),
        )
        row = max(self.table.currentRow(), 0)
        self.table.setColumnCount(len(headers))
        self.table.setHorizontalHeaderLabels(headers)
        self.table.setRowCount(len(pairs))
        for line, pair in enumerate(pairs):
            for column, text in enumerate(self._cells(pair)):
                item = QTableWidgetItem(text)
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                item.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | side)
                self.table.setItem(line, column, item)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        if pairs:
            self.table.selectRow(min(row, len(pairs) - 1))
        self._show_differing()

    def _cells(self, pair: Agreement) -> tuple[str, ...]:
        counts = (pair.cases, pair.both_accept, pair.only_first_accepts, pair.only_second_accepts, pair.both_reject)
        share = "-" if math.isnan(pair.share) else f"{100 * pair.share:.0f} %"
        kappa = self.tr("undefined") if math.isnan(pair.kappa) else f"{pair.kappa:.3f}"
        return (f"{pair.first} / {pair.second}", *(f"{count:,}" for count in counts), share, kappa)

    def _arrange(self) -> None:
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setHighlightSections(False)
        header.setToolTip(self.tr("Cohen J. Educational and Psychological Measurement 20(1), 1960, 37-46"))
        self._words.setWordWrap(True)
        self._words.setObjectName("quiet")
        self._heading.setWordWrap(True)
        self._heading.setContentsMargins(0, TIGHT, 0, TIGHT)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(ROOMY, ROOMY, ROOMY, ROOMY)
        column.setSpacing(NEAR)
        column.addWidget(self._words)
        column.addWidget(self.table, 2)
        column.addWidget(self._heading)
        column.addWidget(self.differing, 3)
        column.addWidget(buttons)

    def _show_differing(self) -> None:
        self.differing.clear()
        for widget in (self._words, self.table, self.differing):
            widget.setVisible(bool(self._pairs))
        if not self._pairs:
            self._heading.setText(
                self.tr(
                    "So far fewer than two readers have decided. Agreement is shown here once a second reader, under a "
                    "name of their own (Decide, Reader...), has judged the same cases."
                )
            )
            return
        pair = self._pairs[max(self.table.currentRow(), 0)]
        self.differing.addItems(list(pair.differing))
        words = self.tr("They differ on:") if pair.differing else self.tr("They differ on no case.")
        self._heading.setText(words)

    def _on_case(self, item: QListWidgetItem) -> None:
        found = next((each for each in self._session.worklist.entries if each.name == item.text()), None)
        if found is not None and found is not self._session.worklist.current:
            commands.open_case(self._session, found.files)
