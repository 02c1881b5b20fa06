"""How a user likes to look: kept between starts, and restored before the first case is opened."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject

from workstation.session.session import Session
from workstation.session.settings import settings

_Get = Callable[[], str]
_Set = Callable[[str], None]
_KEYS = "keys"


class Preferences(QObject):
    """Restores a session's preferences, then writes each one down whenever it changes.

    A value that a setter does not know, from another version of the program, changes nothing.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        view, layers, pointer, worklist = session.view, session.layers, session.pointer, session.worklist
        self._values: Mapping[str, tuple[_Get, _Set]] = {
            "view/convention": (lambda: view.convention, view.set_convention),
            "view/sagittal_nose": (lambda: view.sagittal_nose, view.set_sagittal_nose),
            "view/interpolation": (lambda: view.interpolation, view.set_interpolation),
            "view/cine_per_second": (lambda: str(view.cine_per_second), _number(view.set_cine_per_second)),
            "view/lightbox_mm": (lambda: f"{view.lightbox_mm:g}", _number(view.set_lightbox_mm)),
            "masks/palette": (lambda: layers.palette, layers.set_palette),
            "mouse/scheme": (lambda: pointer.scheme, pointer.set_scheme),
            "mouse/tool": (lambda: pointer.tool, pointer.set_tool),
            "review/reader": (lambda: worklist.reader, worklist.set_reader),
            "review/blinded": (
                lambda: "yes" if worklist.is_blinded else "no",
                lambda value: worklist.set_blinded(blinded=value == "yes"),
            ),
        }
        self._stored: dict[str, str] = {}
        self._restore()
        signals = (view.convention_changed, view.decoration_changed, layers.display_changed, pointer.changed)
        for signal in signals:
            signal.connect(self._keep)
        worklist.reading_changed.connect(self._keep)

    def _restore(self) -> None:
        stored = settings()
        for name, (get, set_value) in self._values.items():
            if stored.contains(name):
                set_value(str(stored.value(name)))
            self._stored[name] = get()

    def _keep(self) -> None:
        changed = {name: get() for name, (get, _) in self._values.items() if get() != self._stored[name]}
        if changed:
            stored = settings()
            for name, value in changed.items():
                stored.setValue(name, value)
            self._stored.update(changed)


def _number(set_value: Callable[[float], None]) -> _Set:
    """A setter for a number from what is stored; what is none changes nothing."""

    def set_text(text: str) -> None:
        try:
            value = float(text)
        except ValueError:
            return
        if math.isfinite(value):
            set_value(value)

    return set_text


def stored_keys() -> dict[str, tuple[str, ...]]:
    """The keys that the user chose, by action; empty where nothing readable is stored."""
    try:
        found = json.loads(str(settings().value(_KEYS, "{}")))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        name: tuple(keys)
        for name, keys in found.items()
        if isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    }


def store_keys(keys: Mapping[str, tuple[str, ...]]) -> None:
    """Keep the keys that the user chose, by action."""
    if keys:
        # As one text: an ini list would take a key like the comma apart.
        settings().setValue(_KEYS, json.dumps({name: list(each) for name, each in keys.items()}))
    else:
        settings().remove(_KEYS)
