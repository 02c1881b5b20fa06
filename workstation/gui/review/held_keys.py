"""Keys that are held: H hides the masks, Space turns the left button into a hand; and when the program is left.

Only the widget that has the focus is listened to. A filter on the whole application would call Python for every event
of every widget: some forty a frame, and four thousand until the window is there.
"""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from workstation.gui.actions import BY_ID
from workstation.gui.key_bindings import is_held_key, pane_action
from workstation.gui.review.slice_view import SliceView
from workstation.session.session import Session

_KEYS = frozenset({QEvent.Type.KeyPress, QEvent.Type.KeyRelease})


class HeldKeys(QObject):
    """Listens to the widget that has the focus, for as long as the page is there.

    Parameters
    ----------
    session : Session
    page : QWidget
        The workspace that holds the panes: while it is not seen, keys mean nothing here.
    """

    def __init__(self, session: Session, page: QWidget) -> None:
        super().__init__(page)
        self._session = session
        self._page = page
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._on_focus)
            app.applicationStateChanged.connect(self._on_state)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take note of keys that go down or up; whoever has the focus gets them all the same."""
        if event.type() in _KEYS and isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            self._hold(event)
        return False

    def _on_focus(self, old: QWidget | None, new: QWidget | None) -> None:
        # Without a focus, keys go to the window. A widget that is being destroyed may be told of here as the old one.
        for widget, listens in ((old or self._page.window(), False), (new or self._page.window(), True)):
            if shiboken6.isValid(widget):
                (widget.installEventFilter if listens else widget.removeEventFilter)(self)

    def _hold(self, event: QKeyEvent) -> None:
        is_down = event.type() == QEvent.Type.KeyPress
        is_typing = isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit)
        if not self._page.isVisible() or (is_down and is_typing):
            return
        hold, asked = BY_ID["masks.hold"], pane_action(event)
        if is_down and asked is not None and asked[0] is hold:
            self._session.layers.set_held(held=True)
        elif not is_down and is_held_key(hold, event):
            self._session.layers.set_held(held=False)
        elif event.key() == Qt.Key.Key_Space:
            self._set_space(is_held=is_down)

    def _on_state(self, state: Qt.ApplicationState) -> None:
        is_left = state != Qt.ApplicationState.ApplicationActive
        # Time spent in other programs is not time spent reading.
        self._session.worklist.clock.set_paused(paused=is_left)
        if is_left:
            # The release of a key goes elsewhere.
            self._session.layers.set_held(held=False)
            self._set_space(is_held=False)

    def _set_space(self, *, is_held: bool) -> None:
        for pane in self._page.findChildren(SliceView):
            pane.is_space_held = is_held
