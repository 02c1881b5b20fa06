"""Every panel and dialog of the window brought up one after the other, so that each can be pictured in both themes.

`screenshots.py --panels` calls it; what is shown is a data set with predictions, and runs. A dialog that blocks is
pictured while it does, and then put away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from workstation.gui.train.run_tabs import RunTabs
from workstation.session import commands, reading

PATIENCE_MS = 60_000
_MODAL_MS = 350
_DIALOGS = {
    "palette": "help.palette",
    "shortcuts": "help.shortcuts",
    "keys": "help.keys",
    "preferences": "file.preferences",
    "export": "file.export",
    "export-all": "file.export_all",
    "report-cohort": "file.report_cohort",
    "slices": "file.slices",
    "reader": "decide.reader",
    "go-link": "go.link",
    "about": "help.about",
}
Write = Callable[[str, QWidget], None]


def empty_panels(window: Any, write: Write) -> None:
    """The workspaces before anything is opened."""
    for name in ("review", "data", "train", "models"):
        window.show_workspace(name)
        settle()
        write(f"empty-{name}", window)
    window.show_workspace("review")


def open_data(window: Any, data: Path, predictions: Path) -> None:
    """Open a data set with predictions, and wait for its first case as it is shown."""
    session = window.session
    commands.open_path(session, data)
    wait_until(lambda: session.case is not None and session.worklist.access.is_read, "the data set")
    reading.open_predictions(session, predictions)
    wait_until(lambda: session.layers.prediction is not None, "the predictions")
    _review_settled(window)


def all_panels(window: Any, write: Write) -> None:
    """Review in its layouts, every dialog, and the other workspaces."""
    for part in (_review, _dialogs, _data, _train, _models):
        part(window, write)
    window.show_workspace("review")


def settle(turns: int = 20) -> None:
    """Let what was queued be painted."""
    left = iter(range(turns))
    wait_until(lambda: next(left, None) is None, "the event loop")


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Let the window live until something is so."""
    loop, timer, patience = QEventLoop(), QTimer(interval=10), QTimer(singleShot=True, interval=PATIENCE_MS)
    timer.timeout.connect(lambda: condition() and loop.quit())
    patience.timeout.connect(lambda: loop.exit(1))
    timer.start()
    patience.start()
    if not condition() and loop.exec():
        raise SystemExit(f"waited in vain for {what}")
    QApplication.processEvents()


def _review_settled(window: Any) -> None:
    session, panes = window.session, window.review.panes
    has_pair = session.layers.truth is not None and session.layers.prediction is not None
    wait_until(lambda: not has_pair or session.layers.comparison is not None, "the comparison")
    if session.view.layout == "planes":
        wait_until(lambda: getattr(panes.panes["3d"], "is_settled", False), "the 3D pane")
    wait_until(lambda: not session.background.is_busy, "the figures")
    settle(60)


def _review(window: Any, write: Write) -> None:
    session, side = window.session, window.review.side
    bar = side.verticalScrollBar()
    for mode in ("labels", "comparison", "errors"):
        session.layers.set_mode(mode)
        _review_settled(window)
        write(f"review-{mode}", window)
    session.layers.set_mode("comparison")
    for section in side.sections.values():
        section.set_open(is_open=True)
    _review_settled(window)
    for part in range(1, 4):
        bar.setValue(round(bar.maximum() * part / 3))
        settle()
        write(f"review-side-{part}", side)
    bar.setValue(0)
    commands.step_error(session, 1)
    _review_settled(window)
    write("review-first-error", window)
    for name in ("view.sequences", "view.lightbox"):
        window.menus.actions[name].trigger()
        _review_settled(window)
        write(f"review-{name.split('.')[1]}", window)
    window.menus.actions["view.planes"].trigger()
    session.view.set_maximised("3d")
    _review_settled(window)
    write("review-3d", window)
    session.view.set_maximised(None)
    for name in ("lesions", "confusion"):
        side.sections[name].set_open(is_open=False)


def _dialogs(window: Any, write: Write) -> None:
    for name, action in _DIALOGS.items():
        _write_modal(f"dialog-{name}", window.menus.actions[action].trigger, write)
    window.menus.actions["decide.agreement"].trigger()
    settle()
    for each in QApplication.topLevelWidgets():
        if type(each).__name__ == "AgreementDialog" and each.isVisible():
            write("dialog-agreement", each)
            each.close()
    for name in ("decide.reject", "decide.flag"):
        window.menus.actions[name].trigger()
        settle()
        write(f"worklist-{name.split('.')[1]}", window.review.cases)
        QTest.keyClick(window.review.cases.panel.note, Qt.Key.Key_Escape)


def _write_modal(name: str, show: Callable[[], object], write: Write) -> None:
    """Picture the dialog that `show` runs, and reject it; file dialogs are the desktop's own and left away."""

    def on_shown() -> None:
        dialog = QApplication.activeModalWidget()
        if dialog is None:
            return
        if not isinstance(dialog, QFileDialog):
            write(name, dialog)
        dialog.close()

    QTimer.singleShot(_MODAL_MS, on_shown)
    show()
    settle(_MODAL_MS // 10 + 20)


def _data(window: Any, write: Write) -> None:
    window.show_workspace("data")
    page, session = window.workspace("data"), window.session
    wait_until(lambda: session.scan.total and not session.scan.is_running, "the check-up")
    wait_until(lambda: not session.background.is_busy, "the pictures")
    settle(200)
    for number, name in enumerate(("cases", "check-up")):
        page.tabs.setCurrentIndex(number)
        settle(60)
        write(f"data-{name}", window)
    page.tabs.setCurrentIndex(0)


def _train(window: Any, write: Write) -> None:
    window.show_workspace("train")
    page, runs = window.workspace("train"), window.session.runs
    wait_until(lambda: runs.has_looked, "the runs")
    settle(100)
    write("train-form", window)
    for name in _newest_of_each_kind(runs):
        page.show_run(name)
        settle(150)
        kind = runs.status(name).kind
        tabs = page.findChild(RunTabs)
        write(f"train-run-{kind}", window)
        if tabs is not None and kind == "train":
            for number in filter(tabs.isTabVisible, range(1, tabs.count())):
                tabs.setCurrentIndex(number)
                settle(30)
                write(f"train-run-tab-{number}", window)
            tabs.setCurrentIndex(0)


def _newest_of_each_kind(runs: Any) -> Iterator[str]:
    seen: set[str] = set()
    for status in runs.statuses:
        if status.kind not in seen:
            seen.add(status.kind)
            yield status.name


def _models(window: Any, write: Write) -> None:
    window.show_workspace("models")
    page = window.workspace("models")
    settle(100)
    for name in ("models", "cost", "measure"):
        page.show_tab(name)
        settle(100)
        write(f"models-{name}", window)
    for kind in ("bench", "seams", "profile"):
        if page.measure is not None:
            page.measure.choose(kind)
            settle(60)
            write(f"models-measure-{kind}", window)
    page.show_tab("models")
