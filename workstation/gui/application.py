"""The program with a window: application object, theme, crash dialog, first case."""

from __future__ import annotations

import gc
import os
import platform
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from workstation import __version__
from workstation.errors import DisplayError, FileMissing, LayoutError
from workstation.gui.collector import MainThreadCollector
from workstation.gui.crash_reports import CrashFile, CrashReporter
from workstation.gui.heap import map_large_blocks
from workstation.gui.icons import application_icon
from workstation.gui.main_window import MainWindow
from workstation.gui.theme import apply_theme, chosen_theme
from workstation.gui.view_links import go_to, show_when_open
from workstation.session import commands
from workstation.session.preferences import Preferences
from workstation.session.session import Session
from workstation.session.view_link import read_token

# Python lets a thread that computes run on for 5 ms before the window's gets its turn: a third of a frame, each time.
_SWITCH_SECONDS = 0.0005


def run_window(
    cases: Sequence[Path], *, truth: Path | None = None, prediction: Path | None = None, view: str = ""
) -> int:
    """Open the window and stay in it.

    Parameters
    ----------
    cases : sequence of Path
        What to open first: a case, a data set, a file, or several of them.
    truth, prediction : Path or None
        Masks to lay over the first case.
    view : str
        A copied view to go to; without cases, that of its own case.

    Returns
    -------
    int
        The exit status.

    Raises
    ------
    FileMissing
        A path does not exist.
    LayoutError
        Masks are given without a case.
    ViewLinkError
        The view cannot be read, or its case is not where it was.
    DisplayError
        There is no screen.
    """
    masks = [path for path in (truth, prediction) if path is not None]
    for path in (*cases, *masks):
        if not path.exists():
            raise FileMissing(f"{path} does not exist", hint="Check the spelling of the path.", path=path)
    if masks and not cases:
        raise LayoutError(f"{masks[0]} needs a case to lie on", hint="Name the case first.", path=masks[0])
    link = read_token(view) if view else None
    app = make_application()
    session = Session()
    Preferences(session)
    window = MainWindow(session)
    file, reporter = CrashFile(), CrashReporter(window)
    window.show()
    # What is loaded by now stays to the end: collections need not walk through it again.
    gc.freeze()
    reporter.offer_last()
    if link is not None and cases:
        show_when_open(session, window.review.panes, link)
    elif link is not None:
        go_to(session, window.review.panes, link)
    commands.open_paths(session, cases, truth=truth, prediction=prediction)
    # Python sees Ctrl+C only when it runs: let it, now and then.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    pulse = QTimer(interval=300)
    pulse.timeout.connect(lambda: None)
    pulse.start()
    status = app.exec()
    file.close()
    return status


def make_application() -> QApplication:
    """The application object, themed; the one that exists if there is one.

    Raises
    ------
    DisplayError
        There is no screen (Qt would end the process).
    """
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    if not _has_screen() and "QT_QPA_PLATFORM" not in os.environ:
        raise DisplayError(
            "there is no screen to open a window on",
            hint="Start it on a desktop, over ssh -X, or with xvfb-run. `workstation snapshot` needs no screen.",
        )
    # Qt scales a picture in several threads: at the size of a pane, waking them and waiting for them takes longer than
    # they save, most of all while a training has the cores.
    os.environ["QT_NO_GUI_THREADPOOL"] = "1"
    QGuiApplication.setDesktopFileName("brats-workstation")
    app = QApplication([])
    MainThreadCollector(app)
    map_large_blocks()
    sys.setswitchinterval(_SWITCH_SECONDS)
    app.setApplicationName("BraTS workstation")
    app.setApplicationVersion(__version__)
    app.setWindowIcon(application_icon())
    apply_theme(app, chosen_theme())
    return app


def use_offscreen_without_display() -> None:
    """Let pictures be painted where there is no screen; to be called before `make_application`."""
    if not _has_screen():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def _has_screen() -> bool:
    return platform.system() != "Linux" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
