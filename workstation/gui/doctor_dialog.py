"""The dialog that checks the installation: each check with what was found and what to do; in a thread."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.theme import NEAR, NORMAL, PAGE, ROOMY, font_of, tokens_of
from workstation.jobs.doctor import Check, examine_installation
from workstation.session.session import Session
from workstation.session.tasks import Report, ShouldStop

Examine = Callable[[Report, ShouldStop], tuple[Check, ...]]


def examine(report: Report, should_stop: ShouldStop) -> tuple[Check, ...]:
    """All checks; for a thread."""
    checks = []
    for check in examine_installation(should_stop=should_stop):
        checks.append(check)
        report(len(checks), 0, check.name)
    return tuple(checks)


class DoctorDialog(QDialog):
    """Starts the checks when it is made; closing it stops them.

    Parameters
    ----------
    session : Session
    parent : QWidget or None
    work : callable
        Makes the checks; another one in tests.
    """

    def __init__(self, session: Session, parent: QWidget | None = None, *, work: Examine = examine) -> None:
        super().__init__(parent)
        self._session = session
        self._is_open = True
        self.checks: tuple[Check, ...] = ()
        self.setWindowTitle(self.tr("Check the installation"))
        self.resize(720, 560)
        self.summary = QLabel(self.tr("Looking at packages, screen, OpenGL and engine; this takes some seconds."))
        self.summary.setWordWrap(True)
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self._rows = QGridLayout()
        self.copy = QPushButton(self.tr("Copy"))
        self.copy.setEnabled(False)
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        self._arrange()
        self._is_begun = session.tasks.start(self.tr("Checking the installation"), work, self._on_checks)
        if not self._is_begun:
            self.bar.hide()
            words = self.tr("{0} is not finished yet. Check the installation when it is.")
            self.summary.setText(words.format(session.tasks.title))

    def text(self) -> str:
        """All checks as text."""
        lines = []
        for check in self.checks:
            lines.append(f"{check.verdict}: {check.name}: {check.found}")
            if check.advice:
                lines.append(f"    {check.advice}")
        return "\n".join(lines)

    def done(self, result: int) -> None:
        """Close; checks that are under way are not waited for."""
        if self._is_open:
            self._is_open = False
            if self._is_begun and not self.checks:
                self._session.tasks.stop()
        super().done(result)

    def _arrange(self) -> None:
        self._rows.setHorizontalSpacing(PAGE)
        self._rows.setVerticalSpacing(NEAR)
        self._rows.setColumnStretch(2, 1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, ROOMY, 0)
        column.addLayout(self._rows)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        page = QVBoxLayout(self)
        page.setContentsMargins(PAGE, PAGE, PAGE, PAGE)
        page.setSpacing(ROOMY)
        page.addWidget(self.summary)
        page.addWidget(self.bar)
        page.addWidget(area, 1)
        page.addWidget(buttons)

    def _on_checks(self, checks: tuple[Check, ...]) -> None:
        if not self._is_open:
            return
        self.checks = checks
        self.bar.hide()
        self.copy.setEnabled(True)
        bad = sum(check.verdict == "bad" for check in checks)
        notes = sum(check.verdict == "note" for check in checks)
        if bad or notes:
            words = self.tr("{bad} of {count} checks failed, {notes} are worth a look; what to do stands below each.")
            self.summary.setText(words.format(bad=bad, count=len(checks), notes=notes))
        else:
            self.summary.setText(self.tr("All is well."))
        for check in checks:
            self._add(check)

    def _add(self, check: Check) -> None:
        tokens = tokens_of(self.palette())
        words, colour = {
            "good": (self.tr("Good"), tokens.good),
            "note": (self.tr("Note"), tokens.warning),
            "bad": (self.tr("Bad"), tokens.error),
        }[check.verdict]
        row = self._rows.rowCount()
        verdict, name = _label(words, is_bold=True), _label(check.name, is_bold=True)
        verdict.setStyleSheet(f"color: {colour}")
        found = _label(f"{check.found}\n{check.advice}" if check.advice else check.found)
        for column, label in enumerate((verdict, name, found)):
            self._rows.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)


def _label(text: str, *, is_bold: bool = False) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(not is_bold)
    label.setFont(font_of(label.font(), NORMAL, is_bold=is_bold))
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
