"""The command palette: every action that can be done now, found by a few letters, with its keys."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.actions import ACTIONS, BY_ID, key_text, translated
from workstation.gui.fuzzy import fuzzy_score
from workstation.gui.theme import NEAR, ROOMY, tokens_of

_WIDTH, _ROWS, _ROW_HEIGHT = 560, 12, 28
_NAME, _MENU, _KEYS = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
Index = QModelIndex | QPersistentModelIndex
_LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class CommandPalette(QDialog):
    """A field and a list; Enter does what is chosen, Esc nothing.

    Parameters
    ----------
    actions : mapping of str to QAction
        By the registry's ids; those that are disabled are left out.
    parent : QWidget
        The window that it stands over.
    """

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("command_palette")
        self.setWindowTitle(self.tr("Command palette"))
        # In the order of the menus, which is that of equal scores.
        there = [each.id for each in ACTIONS if each.id in actions]
        self._actions = {name: actions[name] for name in there if actions[name].isEnabled()}
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("What do you want to do?"))
        self.field.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setItemDelegate(_Row(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setFixedHeight(_ROWS * _ROW_HEIGHT + 4)
        self._none = QLabel(self.tr("Nothing that can be done now is called so."))
        self._none.setObjectName("quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(NEAR, NEAR, NEAR, NEAR)
        column.setSpacing(NEAR)
        for widget in (self.field, self.list, self._none):
            column.addWidget(widget)
        self.field.textChanged.connect(self._fill)
        self.field.returnPressed.connect(self._accept_if_any)
        self.list.itemClicked.connect(lambda _item: self.accept())
        self.field.installEventFilter(self)
        self._fill("")
        self.resize(_WIDTH, self.sizeHint().height())
        corner = parent.mapToGlobal(parent.rect().topLeft())
        self.move(corner.x() + (parent.width() - _WIDTH) // 2, corner.y() + parent.height() // 8)

    @property
    def names(self) -> list[str]:
        """The ids of the actions listed, the best first."""
        return [str(self.list.item(row).data(_NAME)) for row in range(self.list.count())]

    def choose(self) -> QAction | None:
        """Let the user choose; None if nothing was."""
        if self.exec() != QDialog.DialogCode.Accepted or self.list.currentItem() is None:
            return None
        return self._actions[str(self.list.currentItem().data(_NAME))]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down go through the list while the field has the focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _LIST_KEYS:
            self.list.keyPressEvent(event)
            return True
        return super().eventFilter(watched, event)

    def _accept_if_any(self) -> None:
        if self.list.currentItem() is not None:
            self.accept()

    def _fill(self, query: str) -> None:
        scored = []
        for number, name in enumerate(self._actions):
            action = BY_ID[name]
            score = fuzzy_score(query, f"{action.title} {translated(action.menu)}")
            if score is not None:
                scored.append((-score, number, name))
        self.list.clear()
        for _, _, name in sorted(scored):
            action = BY_ID[name]
            item = QListWidgetItem(action.title)
            item.setData(_NAME, name)
            item.setData(_MENU, translated(action.menu))
            item.setData(_KEYS, key_text(action))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._none.setVisible(not scored)


class _Row(QStyledItemDelegate):
    """A title, its menu quietly behind it, the keys at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One height for all."""
        return QSize(0, _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint ground and words."""
        self.initStyleOption(option, index)
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        palette = option.palette
        painter.save()
        if is_chosen:
            painter.fillRect(option.rect, palette.color(QPalette.ColorRole.Highlight))
        role = QPalette.ColorRole.HighlightedText if is_chosen else QPalette.ColorRole.Text
        plain = palette.color(role)
        quiet = plain if is_chosen else tokens_of(palette).faint
        area = option.rect.adjusted(ROOMY, 0, -ROOMY, 0)
        metrics = option.fontMetrics
        keys = str(index.data(_KEYS))
        words = metrics.elidedText(
            option.text, Qt.TextElideMode.ElideRight, area.width() - metrics.horizontalAdvance(keys) - ROOMY
        )
        painter.setPen(plain)
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        painter.setPen(quiet)
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, keys)
        start = metrics.horizontalAdvance(words) + ROOMY
        room = area.width() - start - metrics.horizontalAdvance(keys) - ROOMY
        menu = str(index.data(_MENU))
        if metrics.horizontalAdvance(menu) < room:
            place = QRect(area.left() + start, area.top(), room, area.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, menu)
        painter.restore()
