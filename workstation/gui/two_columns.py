"""A page of two columns with a border between them that can be dragged: what is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSplitter, QVBoxLayout, QWidget

from workstation.gui.theme import LARGE, NEAR, ROOMY, font_of


def arrange_two_columns(page: QWidget, left: QWidget, right: QWidget, *, left_width: int) -> None:
    """Fill a page; the left column begins with its width in logical pixels, and the right one takes what is added."""
    splitter = QSplitter(Qt.Orientation.Horizontal)
    splitter.addWidget(left)
    splitter.addWidget(right)
    splitter.setStretchFactor(0, 0)
    splitter.setStretchFactor(1, 1)
    splitter.setSizes([left_width, 3 * left_width])
    splitter.setChildrenCollapsible(False)
    layout = QHBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(splitter)


def heading(text: str) -> QLabel:
    """The title of a column or of a part of it."""
    label = QLabel(text)
    label.setFont(font_of(label.font(), LARGE, is_bold=True))
    return label


def scrolled(content: QWidget) -> QScrollArea:
    """Content that may be higher than the page."""
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def asking_column(title: str, parts: Sequence[QWidget]) -> QScrollArea:
    """The left column: a title, and below it what is asked, as high as it needs to be."""
    inner = QWidget()
    column = QVBoxLayout(inner)
    column.setContentsMargins(ROOMY, ROOMY, ROOMY, ROOMY)
    column.setSpacing(ROOMY)
    column.addWidget(heading(title))
    for part in parts:
        column.addWidget(part)
    column.addStretch(1)
    return scrolled(inner)


def with_foot(column: QWidget, foot: Sequence[QWidget]) -> QWidget:
    """A column, and below it what stays in sight however far it is scrolled."""
    side = QWidget()
    whole = QVBoxLayout(side)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.setSpacing(0)
    whole.addWidget(column, 1)
    below = QVBoxLayout()
    below.setContentsMargins(ROOMY, NEAR, ROOMY, ROOMY)
    below.setSpacing(NEAR)
    for widget in foot:
        below.addWidget(widget)
    whole.addLayout(below)
    return side
