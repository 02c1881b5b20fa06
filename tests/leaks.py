"""A fixture that fails a test of the window which leaves a thread, a running timer or a window behind."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator

import pytest

_PATIENCE_SECONDS = 3.0


@pytest.fixture(autouse=True)
def no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compare threads, windows and timers before and after; only tests that use `qtbot` pay for it."""
    if "qtbot" not in request.fixturenames:
        yield
        return
    from PySide6.QtWidgets import QApplication

    threads = set(threading.enumerate())
    windows = {_address(widget) for widget in QApplication.topLevelWidgets()}
    timers = {id(timer) for timer in _running_timers()}
    yield
    _delete_what_waits()
    left = _wait_for_threads(threads)
    assert not left, f"the test left threads: {[thread.name for thread in left]}"
    open_windows = _new_windows(windows)
    if open_windows:
        # Python objects in a circle keep their widgets until the collector comes by.
        gc.collect()
        _delete_what_waits()
        open_windows = _new_windows(windows)
    assert not open_windows, f"the test left windows: {open_windows}"
    running = [timer for timer in _running_timers() if id(timer) not in timers]
    assert not running, f"the test left running timers: {[(timer.parent(), timer.interval()) for timer in running]}"


def _delete_what_waits() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()


def _new_windows(known: set[int]) -> list[object]:
    from PySide6.QtWidgets import QApplication, QMenu

    # pyqtgraph's plots keep context menus without a parent for as long as the program runs.
    return [
        each for each in QApplication.topLevelWidgets() if _address(each) not in known and not isinstance(each, QMenu)
    ]


def _address(widget: object) -> int:
    """Of the widget itself: Python may wrap one that is not its own anew each time it is asked for."""
    from shiboken6 import getCppPointer

    return int(getCppPointer(widget)[0])


def _wait_for_threads(known: set[threading.Thread]) -> list[threading.Thread]:
    """The threads that are still there after some patience: a pool's workers take a moment to go."""
    end = time.monotonic() + _PATIENCE_SECONDS
    left = [thread for thread in threading.enumerate() if thread not in known]
    for thread in left:
        thread.join(max(0.0, end - time.monotonic()))
    return [thread for thread in left if thread.is_alive()]


def _running_timers() -> list[object]:
    from PySide6.QtCore import QTimer
    from shiboken6 import isValid

    # A timer type's instances are tracked by the collector; walking all objects takes some 20 ms.
    return [each for each in gc.get_objects() if type(each) is QTimer and isValid(each) and each.isActive()]
