"""A page of two columns with a border between them that can be dragged: what is asked for, and what came of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget


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
