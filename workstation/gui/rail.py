"""The rail at the left edge: one button a workspace, icon above label."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QVBoxLayout, QWidget

from workstation.gui.icons import icon
from workstation.gui.theme import NEAR, SMALL, TIGHT, font_of, tokens_of

_WIDTH = 76
_HEIGHT = 62
_ICON = 24
_KEY_REASONS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
_WORKSPACES = ("review", "data", "train", "models")


class _RailButton(QAbstractButton):
    """One workspace; painted here, because no style draws a label under an icon with a bar beside it."""

    def __init__(self, name: str, label: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon = icon(name)
        self.setText(label)
        self.setCheckable(True)
        self.setAccessibleName(label)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFont(font_of(self.font(), SMALL))
        self._is_reached_by_key = False

    def sizeHint(self) -> QSize:
        """Wide enough for the label."""
        width = self.fontMetrics().horizontalAdvance(self.text()) + 2 * NEAR
        return QSize(max(_WIDTH, width), _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """As the hint: a cut label says nothing."""
        return self.sizeHint()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Remember whether a key led here: only then is the focus frame of use."""
        self._is_reached_by_key = event.reason() in _KEY_REASONS
        super().focusInEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ground, bar, icon, label, focus frame."""
        tokens = tokens_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        tile = QRectF(self.rect()).adjusted(6, 3, -6, -3)
        if self.isChecked() or self.underMouse():
            ground = QColor(tokens.raised)
            ground.setAlphaF(1.0 if self.isChecked() else 0.5)
            painter.setBrush(ground)
            painter.drawRoundedRect(tile, 7, 7)
        if self.isChecked():
            painter.setBrush(QColor(tokens.accent))
            painter.drawRoundedRect(QRectF(0, tile.y() + 8, 3, tile.height() - 16), 1.5, 1.5)
        if self.hasFocus() and self._is_reached_by_key:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(tokens.link))
            painter.drawRoundedRect(tile.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        top = int(tile.y()) + 7
        self._icon.paint(painter, (self.width() - _ICON) // 2, top, _ICON, _ICON)
        painter.setPen(QColor(tokens.text if self.isChecked() else tokens.faint))
        words = QRectF(0, top + _ICON, self.width(), tile.bottom() - top - _ICON - 2)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self.text())


class WorkspaceRail(QWidget):
    """Chooses between Review, Data, Train and Models; Tab reaches it, the arrow keys move in it.

    Parameters
    ----------
    parent : QWidget or None
    """

    workspace_chosen = Signal(str)
    """ "review", "data", "train" or "models"; emitted when the choice is another one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: dict[str, _RailButton] = {}
        self._group = QButtonGroup(self)
        self._current = _WORKSPACES[0]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, NEAR, 0, NEAR)
        layout.setSpacing(TIGHT)
        for name, label in zip(_WORKSPACES, self._labels(), strict=True):
            button = _RailButton(name, label, self)
            button.clicked.connect(lambda _checked=False, chosen=name: self.choose(chosen))
            self._buttons[name] = button
            self._group.addButton(button)
            layout.addWidget(button)
        layout.addStretch(1)
        self._buttons[self._current].setChecked(True)
        self.setAccessibleName(self.tr("Workspaces"))

    @property
    def current(self) -> str:
        """The chosen workspace."""
        return self._current

    def choose(self, name: str) -> None:
        """Choose a workspace; announced if it is another one."""
        if name not in self._buttons:
            raise ValueError(f"{name!r} is not one of {_WORKSPACES}")
        self._buttons[name].setChecked(True)
        if name != self._current:
            self._current = name
            self.workspace_chosen.emit(name)

    def set_shortcut_hint(self, name: str, keys: str) -> None:
        """Say in a button's tooltip which keys lead there."""
        button = self._buttons[name]
        button.setToolTip(f"{button.text()} ({keys})" if keys else button.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose the neighbour, round and round."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        name = _WORKSPACES[(_WORKSPACES.index(self._current) + step) % len(_WORKSPACES)]
        self._buttons[name].setFocus(Qt.FocusReason.TabFocusReason)
        self.choose(name)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line at the right edge."""
        super().paintEvent(event)
        tokens = tokens_of(self.palette())
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.base))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(tokens.line))

    def changeEvent(self, event: QEvent) -> None:
        """Repaint the buttons in another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange):
            for button in self._buttons.values():
                button.update()

    def _labels(self) -> tuple[str, ...]:
        return (self.tr("Review"), self.tr("Data"), self.tr("Train"), self.tr("Models"))
