"""Which keys an action has: those it comes with, or those the user chose.

There is one set of keys for the program, kept in its settings and taken over when a window is made. Tooltips that name
a key are made by `actions.with_keys`, which remembers them, so that they follow when a key is changed.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication

from workstation.gui.actions import ACTIONS, BY_ID, Action, Keys, chosen_keys, keys_of, made_tips, with_keys
from workstation.session.preferences import store_keys, stored_keys

_SHIFT = Qt.KeyboardModifier.ShiftModifier


def load_keys() -> None:
    """Take over what is stored; what is no action or no key, from another version of the program, is left out."""
    chosen_keys.clear()
    for name, keys in stored_keys().items():
        known = tuple(key for key in keys if is_key(key))
        if name in BY_ID and known != BY_ID[name].keys and len(known) == len(keys):
            chosen_keys[name] = known


def choose_keys(changes: Mapping[str, Keys]) -> None:
    """Give actions other keys, store that, and bring every tooltip up to date."""
    for name, keys in changes.items():
        if keys == BY_ID[name].keys:
            chosen_keys.pop(name, None)
        else:
            chosen_keys[name] = keys
    store_keys(chosen_keys)
    _renew_tips()


def is_key(text: str) -> bool:
    """Whether a text is one key sequence in portable words."""
    return bool(text) and QKeySequence(text).toString() == text


def owner_of(key: str, *, but: str = "") -> Action | None:
    """The action that a key belongs to, another one than `but`; None if it is free."""
    return next((each for each in ACTIONS if each.id != but and key in _taken_by(each)), None)


def pane_action(event: QKeyEvent) -> tuple[Action, bool] | None:
    """The action of the panes that a key event asks for, and whether it asks for a large step; None if none."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    pressed = _sequence(modifiers, event.key())
    plain = _sequence(modifiers & ~_SHIFT, event.key())
    for action in ACTIONS:
        if action.in_pane:
            keys = {QKeySequence(key) for key in keys_of(action)}
            if pressed in keys:
                return action, False
            if plain in keys and action.has_large_step:
                return action, True
    return None


def is_held_key(action: Action, event: QKeyEvent) -> bool:
    """Whether an event is about the key of an action, with any modifiers: those may come and go while it is held."""
    pressed = _sequence(Qt.KeyboardModifier.NoModifier, event.key()).toString()
    return any(key.rpartition("+")[2] == pressed for key in keys_of(action))


def _sequence(modifiers: Qt.KeyboardModifier, key: int) -> QKeySequence:
    return QKeySequence(QKeyCombination(modifiers, Qt.Key(key)))


def _taken_by(action: Action) -> set[str]:
    """Its keys, and the same with Shift where they take five steps."""
    keys = set(keys_of(action))
    return keys | {f"Shift+{key}" for key in keys} if action.has_large_step else keys


def _renew_tips() -> None:
    # Found by their texts: no two actions have one key, or the same words.
    for widget in QApplication.allWidgets():
        made = made_tips.get(widget.toolTip())
        if made is not None:
            widget.setToolTip(with_keys(*made))
