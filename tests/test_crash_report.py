"""A bug in a slot: one dialog with a report to copy, and a window that goes on."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from workstation.errors import FileMissing
from workstation.gui.application import _report_crashes
from workstation.gui.main_window import MainWindow
from workstation.session.session import Session


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back afterwards
    window = MainWindow(Session())
    qtbot.addWidget(window)
    window.show()
    _report_crashes(window)
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
