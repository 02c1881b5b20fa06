"""Which label is drawn: one button for each label of the scheme, with colour, value and name."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from workstation.core.labels import LabelScheme
from workstation.gui.colours import rgb_of
from workstation.gui.review.legend import swatch_icon
from workstation.session.session import Session

_SWATCH = 12


class LabelPicker(QWidget):
    """The labels of what is edited."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editing = session.editing
        self._scheme: LabelScheme | None = None
        self._group = QButtonGroup(self)
        self.buttons: dict[int, QToolButton] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        for signal in (session.editing.changed, session.editing.tools.changed, session.layers.masks_changed):
            signal.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """List the scheme's labels, and mark the one that is drawn."""
        scheme = self._editing.scheme
        if scheme is not self._scheme:
            self._scheme = scheme
            self._make_buttons(scheme)
        button = self.buttons.get(self._editing.tools.label)
        if button is not None:
            button.setChecked(True)

    def _make_buttons(self, scheme: LabelScheme | None) -> None:
        for button in self.buttons.values():
            self._group.removeButton(button)
            self._column.removeWidget(button)
            button.deleteLater()
        self.buttons = {}
        for value, label in scheme.labels.items() if scheme is not None else ():
            button = QToolButton()
            button.setText(f" {value}  {label.name}")
            button.setIcon(swatch_icon(rgb_of(label.colour)))
            button.setIconSize(QSize(_SWATCH, _SWATCH))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setToolTip(self.tr("Draw {} (Ctrl+click takes the label under the mouse)").format(label.name))
            button.clicked.connect(lambda _checked=False, value=value: self._editing.tools.set_label(value))
            self._group.addButton(button)
            self.buttons[value] = button
            self._column.addWidget(button)
