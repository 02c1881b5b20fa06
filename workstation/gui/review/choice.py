"""A row of buttons of which one is chosen, for a few short words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QWidget


class Choice(QWidget):
    """One of a few values.

    Parameters
    ----------
    options : sequence of (value, text, tooltip)
    """

    chosen = Signal(str)
    """The value that the user chose; not emitted by `set_value`."""

    def __init__(self, options: Sequence[tuple[str, str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        for value, text, tip in options:
            button = QToolButton()
            button.setText(text)
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _checked=False, value=value: self.chosen.emit(value))
            self._group.addButton(button)
            self._buttons[value] = button
            row.addWidget(button, 1)

    def set_value(self, value: str) -> None:
        """Show a value as chosen; one that has no button leaves none pressed."""
        if value in self._buttons:
            self._buttons[value].setChecked(True)
        elif (pressed := self._group.checkedButton()) is not None:
            # An exclusive group always keeps one.
            self._group.setExclusive(False)
            pressed.setChecked(False)
            self._group.setExclusive(True)

    def set_enabled_values(self, values: Sequence[str]) -> None:
        """Let only some of the values be chosen."""
        for value, button in self._buttons.items():
            button.setEnabled(value in values)

    def button(self, value: str) -> QToolButton:
        """The button of a value."""
        return self._buttons[value]

    @property
    def value(self) -> str:
        """The chosen value; empty before the first choice."""
        return next((value for value, button in self._buttons.items() if button.isChecked()), "")
