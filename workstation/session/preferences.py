"""How a user likes to look: kept between starts, and restored before the first case is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject

from workstation.session.session import Session
from workstation.session.settings import settings

_Get = Callable[[], str]
_Set = Callable[[str], None]


class Preferences(QObject):
    """Restores a session's preferences, then writes each one down whenever it changes.

    A value that a setter does not know, from another version of the program, changes nothing.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        view, layers, worklist = session.view, session.layers, session.worklist
        self._values: Mapping[str, tuple[_Get, _Set]] = {
            "view/convention": (lambda: view.convention, view.set_convention),
            "view/sagittal_nose": (lambda: view.sagittal_nose, view.set_sagittal_nose),
            "view/interpolation": (lambda: view.interpolation, view.set_interpolation),
            "masks/palette": (lambda: layers.palette, layers.set_palette),
            "review/reader": (lambda: worklist.reader, worklist.set_reader),
            "review/blinded": (
                lambda: "yes" if worklist.is_blinded else "no",
                lambda value: worklist.set_blinded(blinded=value == "yes"),
            ),
        }
        self._stored: dict[str, str] = {}
        self._restore()
        for signal in (view.convention_changed, view.decoration_changed, layers.display_changed):
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
