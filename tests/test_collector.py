"""Garbage is collected in the thread of the window, and nowhere else."""

from __future__ import annotations

import gc
import threading

from PySide6.QtCore import QCoreApplication, QObject
from pytestqt.qtbot import QtBot

from workstation.gui.collector import MainThreadCollector, collect_if_due


class Circle:
    """Garbage that only the collector finds; it tells in which thread it went."""

    def __init__(self, gone: list[threading.Thread]) -> None:
        self.itself = self
        self._gone = gone

    def __del__(self) -> None:
        self._gone.append(threading.current_thread())


def test_garbage_made_in_a_thread_goes_in_the_thread_of_the_window(qtbot: QtBot) -> None:
    gone: list[threading.Thread] = []
    owner = QObject()
    MainThreadCollector(owner)
    assert not gc.isenabled()

    def litter() -> None:
        # Far beyond the first threshold: automatic collection would have run here.
        for _ in range(20_000):
            Circle(gone)

    worker = threading.Thread(target=litter)
    worker.start()
    worker.join()
    assert not gone
    qtbot.waitUntil(lambda: len(gone) == 20_000, timeout=5_000)
    assert set(gone) == {threading.main_thread()}
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(owner, 52)  # QEvent.DeferredDelete


def test_nothing_is_collected_before_it_is_due() -> None:
    gc.collect()
    gone: list[threading.Thread] = []
    Circle(gone)
    collect_if_due()
    assert not gone
    gc.collect()
    assert len(gone) == 1
