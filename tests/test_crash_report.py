"""A bug in a slot: one dialog with a report to copy, and a window that goes on."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox, QToolButton
from pytestqt.qtbot import QtBot

from workstation.errors import FileMissing
from workstation.gui.crash_reports import CrashReporter
from workstation.gui.main_window import MainWindow
from workstation.io.crash_reports import LOG_BYTES, log_to_file, take_reports
from workstation.io.places import state_folder
from workstation.session.session import Session


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back afterwards
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    window = MainWindow(Session())
    qtbot.addWidget(window)
    window.show()
    CrashReporter(window)
    yield window
    window.close()


def raise_in_slot(window: MainWindow, error: Exception) -> None:
    def slot() -> None:
        raise error

    QTimer.singleShot(0, window, slot)


def test_a_bug_is_logged_and_its_report_can_be_copied(
    window: MainWindow, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[QMessageBox] = []

    def copy() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        seen.append(box)
        next(button for button in box.buttons() if button.text().replace("&", "") == "Copy report").click()

    with caplog.at_level(logging.ERROR):
        QTimer.singleShot(150, window, copy)
        raise_in_slot(window, ZeroDivisionError("no such thing"))
        qtbot.waitUntil(lambda: bool(seen) and QApplication.activeModalWidget() is None)
    report = QGuiApplication.clipboard().text()
    assert "ZeroDivisionError: no such thing" in report
    assert "Traceback" in report
    assert "ZeroDivisionError" in caplog.text
    assert window.isVisible()


def test_an_error_of_ours_goes_to_the_message_bar(window: MainWindow, qtbot: QtBot) -> None:
    raise_in_slot(window, FileMissing("/data/x.nii.gz does not exist", hint="Check the path."))
    qtbot.waitUntil(lambda: window.messages.text == "/data/x.nii.gz does not exist")
    assert QApplication.activeModalWidget() is None


def test_a_bug_in_a_thread_is_shown_in_the_thread_of_the_window(window: MainWindow, qtbot: QtBot) -> None:
    seen: list[threading.Thread] = []

    def close() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            seen.append(threading.current_thread())
            box.button(QMessageBox.StandardButton.Close).click()
        else:
            QTimer.singleShot(50, window, close)

    def fail() -> None:
        raise ZeroDivisionError("in a thread")

    close()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(seen) and QApplication.activeModalWidget() is None, timeout=20_000)
    assert seen == [threading.main_thread()]


def test_words_of_an_error_are_no_markup(window: MainWindow, qtbot: QtBot) -> None:
    formats: list[Qt.TextFormat] = []

    def close() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            formats.append(box.textFormat())
            box.button(QMessageBox.StandardButton.Close).click()
        else:
            QTimer.singleShot(50, window, close)

    close()
    raise_in_slot(window, ValueError("<img src='http://example.org/x'>"))
    qtbot.waitUntil(lambda: bool(formats), timeout=20_000)
    assert formats == [Qt.TextFormat.PlainText]


CRASHING = """
import faulthandler, os, sys
from workstation.gui.crash_reports import CrashFile
file = CrashFile()
print(os.getpid(), flush=True)
if sys.argv[1] == "crash":
    # As a library that reads where nothing is.
    import ctypes
    ctypes.string_at(1)
file.close()
"""


def run_apart(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", CRASHING, how], capture_output=True, text=True, check=False)
    assert done.stdout.strip(), done.stderr
    return int(done.stdout)


def test_a_crash_is_offered_at_the_next_start_once(window: MainWindow, qtbot: QtBot) -> None:
    pid = run_apart("crash")
    path = state_folder() / f"crash-{pid}.txt"
    assert "Segmentation fault" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    reporter = CrashReporter(window)
    reporter.offer_last()
    qtbot.waitUntil(lambda: "ended unexpectedly" in window.messages.text, timeout=20_000)
    button = next(each for each in window.messages.findChildren(QToolButton) if each.text() == "Copy report")
    button.click()
    assert "Segmentation fault" in QGuiApplication.clipboard().text()
    assert take_reports() == ""


def test_a_good_end_leaves_no_report() -> None:
    run_apart("well")
    assert list(state_folder().glob("crash-*")) == []


def test_a_report_of_a_window_that_still_runs_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / f"crash-{os.getpid()}.txt"
    path.write_text("words")
    assert take_reports(tmp_path) == ""
    assert path.exists()


def test_the_log_begins_anew_before_it_grows_large(tmp_path: Path) -> None:
    handler = log_to_file(tmp_path)
    assert handler is not None
    try:
        for number in range(5 * LOG_BYTES // 1000):
            handler.emit(logging.LogRecord("x", logging.WARNING, "", 0, f"{number} " + 950 * "x", None, None))
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["workstation.log", *(f"workstation.log.{n}" for n in (1, 2, 3))]
    assert all(path.stat().st_size <= LOG_BYTES + 2000 for path in files)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
