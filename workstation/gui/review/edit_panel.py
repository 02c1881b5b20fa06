"""What the tools are set to: label, size, shape, intensities; and the verbs that work on a whole label.

There while a tool is taken or something was edited; otherwise the room is for what is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.actions import with_keys
from workstation.gui.review.choice import Choice
from workstation.gui.review.label_picker import LabelPicker
from workstation.session.edit_tools import RADII_MM
from workstation.session.session import Session


class EditPanel(QWidget):
    """Settings of the edit tools.

    Parameters
    ----------
    session : Session
    heading : QWidget
        Stands above them, and is hidden with them.
    """

    def __init__(self, session: Session, heading: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.origin, self.shape = self._choices()
        self.labels = LabelPicker(session)
        self.radius = self._spin(RADII_MM, 0.5, self.tr(" mm"), 1)
        self.limit = QCheckBox(self.tr("Only intensities"))
        self.low, self.high = (self._spin((-1e9, 1e9), 1.0, "", 0) for _ in range(2))
        self.island = self._spin((0.01, 99.0), 0.05, self.tr(" ml"), 2)
        self.sigma = self._spin((0.2, 10.0), 0.1, self.tr(" mm"), 1)
        self.verbs: dict[str, QToolButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 10)
        column.setSpacing(6)
        column.addWidget(heading)
        column.addLayout(self._source_row())
        column.addWidget(self.labels)
        column.addLayout(self._brush_row())
        column.addLayout(self._range_row())
        column.addLayout(self._verb_rows())
        self._connect()
        self.refresh()

    def take_actions(self, actions: Mapping[str, QAction]) -> None:
        """Let the buttons do what the actions of their names do."""
        for name, button in self.verbs.items():
            button.setToolTip(actions[name].text())
            button.clicked.connect(actions[name].trigger)

    def refresh(self) -> None:
        """Show the session's state."""
        editing, tools = self._session.editing, self._session.editing.tools
        is_shown = self._session.case is not None and (bool(tools.tool) or editing.has_layer)
        self.setVisible(is_shown)
        if not is_shown:
            return
        self.origin.set_enabled_values(editing.origins)
        self.origin.set_value(editing.origin)
        for widget in (self._origin_words, self.origin):
            widget.setVisible(not editing.has_layer)
        self.shape.set_value("ball" if tools.is_ball else "disc")
        _show(self.radius, tools.radius_mm)
        _show(self.island, tools.island_ml)
        _show(self.sigma, tools.sigma_mm)
        self._refresh_range()

    def _refresh_range(self) -> None:
        tools, view = self._session.editing.tools, self._session.view
        self.limit.setChecked(tools.is_limited)
        tip = self.tr("Draw only where {} lies between these intensities").format(view.sequence)
        if tip != self.limit.toolTip():
            self.limit.setToolTip(tip)
        image = self._session.images.get(view.sequence)
        ends = tools.range_of(view.sequence) or view.window(view.sequence)
        for field, value in zip((self.low, self.high), ends, strict=True):
            field.setEnabled(tools.is_limited)
            field.setDecimals(0 if image is None or image.step >= 1 else 3)
            field.setSingleStep(1 if image is None else max(image.step, 10 ** -field.decimals()) * 10)
            _show(field, value)

    def _choices(self) -> tuple[Choice, Choice]:
        origins = (
            ("prediction", self.tr("Prediction"), self.tr("The first edit copies the prediction")),
            ("second", self.tr("Second"), self.tr("The first edit copies the second mask")),
            ("truth", self.tr("Truth"), self.tr("The first edit copies the truth")),
            ("empty", self.tr("Empty"), self.tr("The first edit begins with an empty mask")),
        )
        shapes = (
            ("disc", self.tr("Slice"), with_keys(self.tr("Draw and fill in the slice alone"), "edit.ball")),
            ("ball", self.tr("3D"), with_keys(self.tr("Draw with a ball, fill in three dimensions"), "edit.ball")),
        )
        return Choice(origins), Choice(shapes)

    def _source_row(self) -> QHBoxLayout:
        self._origin_words = QLabel(self.tr("Begin with"))
        return _row(self._origin_words, self.origin)

    def _brush_row(self) -> QHBoxLayout:
        self.radius.setToolTip(self.tr("Radius of brush and eraser; also Shift+wheel in a pane"))
        return _row(QLabel(self.tr("Radius")), self.radius, self.shape)

    def _range_row(self) -> QHBoxLayout:
        self.low.setToolTip(self.tr("Lowest intensity that is drawn on"))
        self.high.setToolTip(self.tr("Highest intensity that is drawn on"))
        for field in (self.low, self.high):
            # A field is as wide as the widest number it may hold; these take what room there is.
            field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
            field.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = _row(self.limit, self.low, QLabel("-"), self.high)
        row.setStretchFactor(self.low, 1)
        row.setStretchFactor(self.high, 1)
        return row

    def _verb_rows(self) -> QGridLayout:
        """The verbs that work on a whole label."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        rows = (
            ("edit.interpolate", self.tr("Interpolate slices"), None),
            ("edit.islands", self.tr("Remove islands under"), self.island),
            ("edit.smooth", self.tr("Smooth by"), self.sigma),
        )
        for row, (name, words, field) in enumerate(rows):
            button = QToolButton()
            button.setText(words)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            self.verbs[name] = button
            grid.addWidget(button, row, 0, 1, 1 if field is not None else 2)
            if field is not None:
                grid.addWidget(field, row, 1)
        return grid

    def _spin(self, limits: tuple[float, float], step: float, unit: str, decimals: int) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setKeyboardTracking(False)
        field.setDecimals(decimals)
        field.setRange(*limits)
        field.setSingleStep(step)
        field.setSuffix(unit)
        return field

    def _connect(self) -> None:
        session, tools = self._session, self._session.editing.tools
        self.origin.chosen.connect(tools.set_origin)
        self.shape.chosen.connect(lambda shape: tools.set_ball(is_ball=shape == "ball"))
        self.radius.valueChanged.connect(tools.set_radius)
        self.island.valueChanged.connect(tools.set_island)
        self.sigma.valueChanged.connect(tools.set_sigma)
        self.limit.clicked.connect(lambda checked: tools.set_limited(is_limited=checked))
        for field in (self.low, self.high):
            field.valueChanged.connect(self._on_range)
        for signal in (
            session.editing.changed,
            tools.changed,
            session.layers.masks_changed,
            session.view.sequence_changed,
            session.view.window_changed,
        ):
            signal.connect(self.refresh)

    def _on_range(self) -> None:
        self._session.editing.tools.set_range(self._session.view.sequence, self.low.value(), self.high.value())


def _show(field: QDoubleSpinBox, value: float) -> None:
    field.blockSignals(True)
    field.setValue(value)
    field.blockSignals(False)


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget, 1 if isinstance(widget, Choice) else 0)
    return row
