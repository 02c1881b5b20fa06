"""A word in the system tray when a run ends while the window is not looked at, where nobody else tells the desktop.

Where there is `notify-send`, the run's supervisor tells, window or not (`jobs/notification.py`).
"""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from workstation.gui.train.wording import kind_word, state_word
from workstation.io.runs import RunStatus
from workstation.jobs.notification import can_notify, is_wanted
from workstation.session.runs import Runs


class RunNotifier(QObject):
    """Tells of the ends of runs.

    Parameters
    ----------
    runs : Runs
    window : QWidget
        Nothing is told while it is the active one.
    """

    def __init__(self, runs: Runs, window: QWidget) -> None:
        super().__init__(window)
        self._runs = runs
        self._window = window
        self._alive: set[str] = set()
        self._tray: QSystemTrayIcon | None = None
        runs.status_changed.connect(self._on_status_changed)

    def _on_status_changed(self, name: str) -> None:
        status = self._runs.status(name)
        if status is None:
            return
        if not status.is_ended:
            self._alive.add(name)
        elif name in self._alive:
            self._alive.discard(name)
            if status.state != "stopped":
                self._tell(status)

    def _tell(self, status: RunStatus) -> None:
        if not is_wanted(self._runs.root) or can_notify() or self._window.isActiveWindow():
            return
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(QApplication.windowIcon(), self)
        self._tray.show()
        is_good = status.state == "finished"
        icon = QSystemTrayIcon.MessageIcon.Information if is_good else QSystemTrayIcon.MessageIcon.Warning
        title = f"{kind_word(status.kind)} \N{MIDDLE DOT} {state_word(status.state)}"
        self._tray.showMessage(title, f"{status.name}\n{status.reason}".strip(), icon)
