"""The card of one model as a readable page, with the state of its hash on top."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from workstation.errors import ModelError
from workstation.gui.models.card_words import Section, needs_section, origin_words, sections_of
from workstation.gui.models.sources import ModelEntry
from workstation.gui.theme import LARGE, NEAR, PAGE, ROOMY, TIGHT, TITLE, font_of
from workstation.gui.tooltips import guarded_tip
from workstation.gui.train.labels import ToneLabel
from workstation.io.model_needs import ModelNeeds

_TITLE_WIDTH = 150
_PAGE_WIDTH = 860


class CardView(QScrollArea):
    """Name, origin, hash state, and the sections of the card.

    Parameters
    ----------
    parent : QWidget or None
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self._title = _selectable()
        self._title.setFont(font_of(self.font(), TITLE))
        self._origin = _selectable()
        self._origin.setObjectName("quiet")
        self.state = ToneLabel("faint")
        self._sections = QVBoxLayout()
        self._sections.setSpacing(ROOMY)
        page = QWidget()
        page.setMaximumWidth(_PAGE_WIDTH)
        column = QVBoxLayout(page)
        column.setContentsMargins(PAGE, PAGE - TIGHT, PAGE, PAGE)
        column.setSpacing(TIGHT)
        column.addWidget(self._title)
        column.addWidget(self._origin)
        column.addWidget(self.state)
        column.addSpacing(NEAR)
        column.addLayout(self._sections)
        column.addStretch(1)
        self.setWidget(page)

    def show_entry(self, entry: ModelEntry) -> None:
        """Show another model; its hash is not known yet."""
        self._title.setText(entry.name)
        self._origin.setText(f"{origin_words(entry)}\n{entry.folder}")
        while (item := self._sections.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for section in sections_of(entry.card) if entry.card else ():
            self._sections.addWidget(_section(section))
        if entry.problem is not None:
            self.show_problem(entry.problem)
        else:
            self.state.say(self.tr("Checking the weights..."), "faint")
        self.verticalScrollBar().setValue(0)

    def show_needs(self, needs: ModelNeeds) -> None:
        """Add what the model needs, below what it does."""
        self._sections.insertWidget(min(1, self._sections.count()), _section(needs_section(needs)))

    def show_checked(self, sha256: str) -> None:
        """Say that the weights are those of the card."""
        words = self.tr("The weights are those of the card (sha256 {}...) and hold no code.")
        self.state.say(words.format(sha256[:12]), "good")
        self.state.setToolTip(guarded_tip(sha256))

    def show_problem(self, problem: ModelError) -> None:
        """Say why the model is not used."""
        self.state.say(f"{problem.message} {problem.hint}".strip(), "error")


def _section(section: Section) -> QFrame:
    title, rows = section
    frame = QFrame()
    frame.setObjectName("card")
    grid = QGridLayout(frame)
    grid.setContentsMargins(ROOMY + TIGHT, ROOMY, ROOMY + TIGHT, ROOMY)
    grid.setHorizontalSpacing(ROOMY)
    grid.setVerticalSpacing(TIGHT + 2)
    grid.setColumnMinimumWidth(0, _TITLE_WIDTH)
    grid.setColumnStretch(1, 1)
    heading = QLabel(title)
    heading.setFont(font_of(heading.font(), LARGE * 0.95, is_bold=True))
    grid.addWidget(heading, 0, 0, 1, 2)
    for number, row in enumerate(rows, start=1):
        name = QLabel(row.title)
        name.setObjectName("quiet")
        value = _selectable()
        value.setText(row.text)
        value.setWordWrap(True)
        for label in (name, value):
            label.setToolTip(guarded_tip(row.tip))
        grid.addWidget(name, number, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(value, number, 1, Qt.AlignmentFlag.AlignTop)
    return frame


def _selectable() -> QLabel:
    label = QLabel()
    # A card may come from anyone: its words are words, never HTML.
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
