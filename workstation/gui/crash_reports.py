"""Bugs and crashes of the window: logged, shown once with a report to copy, and offered again at the next start.

A bug in a slot or a thread is an exception: it comes to the hooks set here, and the window stays. What ends the process
(a signal in a library, an abort of Qt) is written down by Python's fault handler into a file (`io/crash_reports.py`);
the next window offers it. Nothing is sent anywhere.
"""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox

from workstation import __version__
from workstation.errors import WorkstationError
from workstation.io.crash_reports import close_report, log_to_file, open_report, take_reports

if TYPE_CHECKING:
    from workstation.gui.main_window import MainWindow

_LOG = logging.getLogger(__name__)


class CrashReporter(QObject):
    """Takes over the hooks for exceptions that nobody caught, for as long as the program runs.

    Parameters
    ----------
    window : MainWindow
    """

    _came = Signal(object, str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._is_shown = False
        # From a thread it is shown in the window's.
        self._came.connect(self._on_came, Qt.ConnectionType.QueuedConnection)
        sys.excepthook = self._on_exception
        threading.excepthook = lambda found: self._on_exception(found.exc_type, found.exc_value, found.exc_traceback)

    def offer_last(self) -> None:
        """Show what an earlier window left when it crashed, if one did; it is read beside the window."""
        self._window.session.background.ask("crash reports", take_reports, self._on_reports)

    def _on_exception(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, WorkstationError):
            self._window.session.problem.emit(error)
            return
        report = "".join(traceback.format_exception(kind, error, trace))
        _LOG.error("unexpected error\n%s", report)
        if not issubclass(kind, KeyboardInterrupt | SystemExit):
            self._came.emit(error, report)

    def _on_came(self, error: BaseException, report: str) -> None:
        if not self._is_shown:
            self._is_shown = True
            _show_report(self._window, error, report)
            self._is_shown = False

    def _on_reports(self, report: str) -> None:
        if report:
            problem = WorkstationError(
                self.tr("The program ended unexpectedly the last time."),
                hint=self.tr(
                    "Files are never left half written. The report says where it happened; it was sent nowhere."
                ),
            )
            self._window.messages.show_problem(problem, report=with_version(report))


class CrashFile:
    """The report of this process while it runs: the fault handler and the log write into the state folder."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._handler = log_to_file()
        try:
            self._descriptor = open_report()
        except OSError as error:
            _LOG.warning("no report can be kept of a crash: %s", error)
        else:
            faulthandler.enable(file=self._descriptor, all_threads=True)

    def close(self) -> None:
        """The program ended as it should."""
        if self._descriptor is not None:
            faulthandler.disable()
            close_report(self._descriptor)
            self._descriptor = None
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            self._handler.close()


def with_version(report: str) -> str:
    """A report under the name and version of the program."""
    return f"BraTS workstation {__version__}\n{report}"


def _show_report(window: MainWindow, error: BaseException, report: str) -> None:
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Critical)
    # What an exception says may hold the name of a file, which may look like markup.
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(window.tr("Something went wrong"))
    box.setText(window.tr("This is a mistake in the program, not in your data: {error}").format(error=error))
    box.setInformativeText(window.tr("Nothing you opened was changed. You can go on working."))
    box.setDetailedText(report)
    copy = box.addButton(window.tr("Copy report"), QMessageBox.ButtonRole.ActionRole)
    copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(with_version(report)))
    box.addButton(QMessageBox.StandardButton.Close)
    box.exec()
