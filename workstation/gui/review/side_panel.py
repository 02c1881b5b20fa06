"""The column right of the panes: what a tool draws while one is taken; image, layers, comparison; what is measured."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from workstation.gui.review.confusion_panel import ConfusionPanel
from workstation.gui.review.edit_panel import EditPanel
from workstation.gui.review.errors_panel import ErrorsPanel
from workstation.gui.review.image_panel import ImagePanel
from workstation.gui.review.layers_panel import LayersPanel
from workstation.gui.review.legend import Legend
from workstation.gui.review.lesions_panel import LesionsPanel
from workstation.gui.review.metrics_panel import MetricsPanel
from workstation.gui.review.section import Section
from workstation.session.assessment import Part
from workstation.session.session import Session

_WIDTH = 300


class SidePanel(QScrollArea):
    """What is shown and how, and what the comparison says."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
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
            (self.tr("Comparison"), self.legend),
        )
        for number, (title, widget) in enumerate(sections):
            if number:
                column.addSpacing(10)
            column.addWidget(_heading(title))
            column.addWidget(widget)
        column.addSpacing(4)
        for section in self._folding():
            column.addWidget(section)
        column.addStretch(1)
        self.setWidget(content)

    def _folding(self) -> tuple[Section, ...]:
        """The parts that fold away, and are measured only while they are open."""
        self.metrics, self.errors = MetricsPanel(self._session), ErrorsPanel(self._session)
        self.lesions, self.confusion = LesionsPanel(self._session), ConfusionPanel(self._session)
        self.sections = {
            "metrics": Section("metrics", self.tr("Metrics"), self.metrics, is_open=True),
            "errors": Section("errors", self.tr("Errors"), self.errors, is_open=True),
            "lesions": Section("lesions", self.tr("Lesions"), self.lesions),
            "confusion": Section("confusion", self.tr("Confusion of labels"), self.confusion),
        }
        for section in self.sections.values():
            section.opened.connect(self._on_opened)
        self._session.layers.masks_changed.connect(self._on_masks)
        self._on_opened()
        self._on_masks()
        return tuple(self.sections.values())

    def _on_masks(self) -> None:
        is_possible = self._session.assessment.is_possible
        words = "" if is_possible else self.tr("Shown once there are a truth and a prediction")
        for section in self.sections.values():
            section.set_missing(words)

    def _on_opened(self) -> None:
        is_open = {name: section.is_open for name, section in self.sections.items()}
        wanted: dict[Part, bool] = {
            "scores": is_open["metrics"] or is_open["lesions"],
            "errors": is_open["errors"],
            "confusion": is_open["confusion"],
        }
        for part, is_wanted in wanted.items():
            self._session.assessment.set_wanted(part, wanted=is_wanted)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("heading")
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label
