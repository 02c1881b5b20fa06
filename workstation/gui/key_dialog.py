"""The dialog that changes keys: every action with its keys, what is taken by which, back to what they come with."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation.gui.actions import ACTIONS, BY_ID, MENUS, Keys, is_changed, key_text, keys_of, translated
from workstation.gui.fuzzy import fuzzy_score
from workstation.gui.key_bindings import choose_keys, is_key, owner_of
from workstation.gui.theme import NEAR, ROOMY

_NAME = Qt.ItemDataRole.UserRole
# Held down it is a hand in the panes, in both mouse schemes.
_HAND = "Space"
# Of the height of the type.
_ROW_HEIGHT = 1.5


class KeyDialog(QDialog):
    """Changes count at once, and are kept.

    Parameters
    ----------
    parent : QWidget or None
    on_changed : callable
        Called after every change.
    """

    def __init__(self, parent: QWidget | None = None, *, on_changed: Callable[[], None]) -> None:
        super().__init__(parent)
        self._on_changed = on_changed
        self.setWindowTitle(self.tr("Change keys"))
        self.resize(680, 620)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(self.tr("Search actions or keys"))
        self.filter.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([self.tr("Action"), self.tr("Keys"), self.tr("Comes with")])
        self.tree.setUniformRowHeights(True)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(False)
        self.recorder = QKeySequenceEdit()
        self.recorder.setMaximumSequenceLength(1)
        self.recorder.setClearButtonEnabled(True)
        self.assign, self.clear = QPushButton(self.tr("Assign")), QPushButton(self.tr("No key"))
        self.reset, self.reset_all = QPushButton(self.tr("Default")), QPushButton(self.tr("All to default"))
        self.remark = QLabel()
        self.remark.setWordWrap(True)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._groups: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        self._arrange()
        self._fill()
        self._connect()
        self._refresh()

    def choose_action(self, name: str) -> None:
        """Select an action by its id."""
        self.tree.setCurrentItem(self._items[name])

    def _arrange(self) -> None:
        new = QLabel(self.tr("New key"))
        new.setBuddy(self.recorder)
        row = QHBoxLayout()
        row.setSpacing(NEAR)
        row.addWidget(new)
        row.addWidget(self.recorder, 1)
        for button in (self.assign, self.clear, self.reset):
            button.setAutoDefault(False)
            row.addWidget(button)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.addButton(self.reset_all, QDialogButtonBox.ButtonRole.ResetRole)
        self.reset_all.setAutoDefault(False)
        close.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(ROOMY, ROOMY, ROOMY, ROOMY)
        column.setSpacing(NEAR)
        column.addWidget(self.filter)
        column.addWidget(self.tree, 1)
        column.addLayout(row)
        column.addWidget(self.remark)
        column.addWidget(close)

    def _fill(self) -> None:
        height = round(_ROW_HEIGHT * self.fontMetrics().height())
        for menu in MENUS:
            group = QTreeWidgetItem([translated(menu)])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            # All rows are as high as the first one.
            group.setSizeHint(2, QSize(0, height))
            self.tree.addTopLevelItem(group)
            items = []
            for action in ACTIONS:
                if action.menu == menu:
                    item = QTreeWidgetItem([action.title])
                    item.setData(0, _NAME, action.id)
                    group.addChild(item)
                    self._items[action.id] = item
                    items.append(item)
            self._groups.append((group, items))
            group.setExpanded(True)

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._filter)
        self.tree.currentItemChanged.connect(self._on_chosen)
        self.recorder.keySequenceChanged.connect(self._refresh)
        self.assign.clicked.connect(self._assign)
        self.clear.clicked.connect(lambda: self._give(()))
        self.reset.clicked.connect(self._to_default)
        self.reset_all.clicked.connect(self._all_to_default)

    @property
    def _name(self) -> str:
        item = self.tree.currentItem()
        return "" if item is None else str(item.data(0, _NAME) or "")

    @property
    def _recorded(self) -> str:
        return str(self.recorder.keySequence().toString())

    def _on_chosen(self) -> None:
        self.recorder.setKeySequence(QKeySequence())
        self._refresh()

    def _filter(self, query: str) -> None:
        for name, item in self._items.items():
            words = f"{BY_ID[name].title} {key_text(BY_ID[name])}"
            item.setHidden(fuzzy_score(query, words) is None)
        for group, items in self._groups:
            group.setHidden(all(item.isHidden() for item in items))

    def _refresh(self) -> None:
        for name, item in self._items.items():
            action = BY_ID[name]
            item.setText(1, key_text(action))
            item.setText(2, " or ".join(action.keys) if is_changed(action) else "")
            font = item.font(1)
            font.setBold(is_changed(action))
            item.setFont(1, font)
        name, key = self._name, self._recorded
        owner = owner_of(key, but=name) if name and key else None
        self.recorder.setEnabled(bool(name))
        self.assign.setEnabled(bool(name) and is_key(key) and key != _HAND and key not in keys_of(BY_ID[name]))
        self.assign.setText(self.tr("Assign") if owner is None else self.tr("Take it"))
        self.clear.setEnabled(bool(name) and bool(keys_of(BY_ID[name])))
        self.reset.setEnabled(bool(name) and is_changed(BY_ID[name]))
        self.reset_all.setEnabled(any(is_changed(action) for action in ACTIONS))
        self.remark.setText(self._words(name, key, None if owner is None else owner.title))

    def _words(self, name: str, key: str, owner: str | None) -> str:
        if not name:
            return self.tr("Choose an action, then press its new key in the field.")
        if key == _HAND:
            return self.tr("Space is the hand of the panes and stays it.")
        if owner is not None:
            return self.tr("{0} belongs to \u201c{1}\u201d, which loses it.").format(key, owner)
        return self.tr("Press the new key in the field.") if not key else self.tr("{0} is free.").format(key)

    def _assign(self) -> None:
        key, name = self._recorded, self._name
        changes: dict[str, Keys] = {name: (key,)}
        owner = owner_of(key, but=name)
        if owner is not None:
            # Five steps at once come with the key of one step, and go with it.
            plain = key.removeprefix("Shift+") if owner.has_large_step and key not in keys_of(owner) else key
            changes[owner.id] = tuple(each for each in keys_of(owner) if each != plain)
        self._change(changes)

    def _give(self, keys: Keys) -> None:
        self._change({self._name: keys})

    def _to_default(self) -> None:
        """Its own keys back; whoever has one of them now loses it."""
        name = self._name
        changes: dict[str, Keys] = {name: BY_ID[name].keys}
        for key in BY_ID[name].keys:
            owner = owner_of(key, but=name)
            if owner is not None:
                changes[owner.id] = tuple(each for each in changes.get(owner.id, keys_of(owner)) if each != key)
        self._change(changes)

    def _all_to_default(self) -> None:
        self._change({action.id: action.keys for action in ACTIONS})

    def _change(self, changes: dict[str, Keys]) -> None:
        choose_keys(changes)
        self._on_changed()
        self.recorder.setKeySequence(QKeySequence())
        self._refresh()
