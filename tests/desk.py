"""Hands and eyes at the training desk: what the scripted session clicks, waits for and sees, in either window."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabWidget, QWidget

from workstation.gui.main_window import MainWindow
from workstation.gui.train.workspace import TrainWorkspace
from workstation.session.session import Session

PATIENCE_SECONDS = 300.0
PICTURES = "DESK_PICTURES"
"""Names a folder in which the session leaves a picture of each of its stages; without it there are none."""


class Desk:
    """One window and who sits at it.

    Parameters
    ----------
    window : MainWindow
    """

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    @property
    def session(self) -> Session:
        return self.window.session

    @property
    def train(self) -> TrainWorkspace:
        workspace = self.window.workspace("train")
        assert isinstance(workspace, TrainWorkspace)
        return workspace

    def wait(self, fact: Callable[[], object], what: str = "") -> None:
        """Let the window live until something is so; fail with a picture if it does not become so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not fact():
            if time.monotonic() > deadline:
                self.picture("given up")
                raise TimeoutError(f"waited {PATIENCE_SECONDS} s for {what or fact}")
            QTest.qWait(10)

    def settle(self) -> None:
        """Wait until nothing works beside the window."""
        session = self.session
        busy = (session.background, session.worklist.access, session.ahead)
        self.wait(lambda: not any(each.is_busy for each in busy) and not session.tasks.title, "nothing to do")
        QApplication.processEvents()

    def click(self, widget: QWidget) -> None:
        """Press the left button in the middle of something that can be pressed."""
        assert widget.isVisible() and widget.isEnabled(), widget
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
        QApplication.processEvents()

    def go(self, workspace: str) -> None:
        """Choose a workspace in the rail."""
        self.click(self.window.rail._buttons[workspace])

    def choose_tab(self, tabs: QTabWidget, index: int) -> None:
        """Click a tab."""
        bar = tabs.tabBar()
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(index).center())
        QApplication.processEvents()

    def wait_for_run(self, words: str) -> None:
        """Wait until the run that is shown in Train says so."""
        self.wait(lambda: words in self.train.details._facts.text(), words)

    def act(self, verb: str, then: str) -> None:
        """Press a button of the run that is shown, once it is offered, and wait for the word that follows from it."""
        button = self.train.details.buttons[verb]
        self.wait(lambda: button.isVisible() and button.isEnabled(), verb)
        self.click(button)
        self.wait_for_run(then)

    def picture(self, name: str) -> None:
        """Keep the window as it looks now, where pictures are wanted."""
        folder = os.environ.get(PICTURES)
        if folder:
            QApplication.processEvents()
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.window.grab().save(str(Path(folder) / (re.sub(r"\W+", "_", name) + ".png")))


def image_of(widget: QWidget) -> np.ndarray:
    """(height, width, 3) uint8 of what a widget shows: red, green, blue."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return pixels[:, : image.width(), 2::-1].copy()


def count_of(widget: QWidget, colour: QColor) -> int:
    """How many pixels of a widget have exactly this colour."""
    wanted = (colour.red(), colour.green(), colour.blue())
    return int(np.count_nonzero((image_of(widget) == wanted).all(axis=2)))


def click_epoch(desk: Desk, epoch: int) -> None:
    """Click an epoch in the plot of the Dice."""
    plot = desk.train.details.curves.dice
    box = plot.getPlotItem().getViewBox()
    first, last = box.viewRange()[0]
    rect = box.sceneBoundingRect()
    x = rect.left() + rect.width() * (epoch - first) / (last - first)
    place = plot.mapFromScene(QPoint(round(x), round(rect.center().y())))
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QApplication.processEvents()
