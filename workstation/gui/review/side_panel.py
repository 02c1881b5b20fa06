"""The column right of the panes: what the tool draws while one is taken; image, layers, comparison."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from workstation.gui.review.edit_panel import EditPanel
from workstation.gui.review.image_panel import ImagePanel
from workstation.gui.review.layers_panel import LayersPanel
from workstation.gui.review.legend import Legend
from workstation.session.session import Session

_WIDTH = 300


class SidePanel(QScrollArea):
    """What is shown and how, and what the comparison says."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = EditPanel(session, _heading(self.tr("Correct")))
        self.image = ImagePanel(session)
        self.layers = LayersPanel(session)
        self.legend = Legend(session)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(_WIDTH)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(10, 10, 12, 10)
        column.setSpacing(8)
        column.addWidget(self.edit)
        sections = (
            (self.tr("Image"), self.image),
            (self.tr("Masks"), self.layers),
            (self.tr("Truth against prediction"), self.legend),
        )
        for number, (title, widget) in enumerate(sections):
            if number:
                column.addSpacing(10)
            column.addWidget(_heading(title))
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(content)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("heading")
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label
