"""What Review shows before a case is open: how to open one, and the cases of last time."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from workstation.gui.empty_page import EmptyPage
from workstation.gui.theme import NEAR, PAGE, TIGHT
from workstation.gui.tooltips import plain_tip
from workstation.session.settings import recent_paths

_MOST_SHOWN = 5
_LONGEST_PATH = 70


class StartPage(QWidget):
    """The page without a case."""

    open_wanted = Signal()
    path_wanted = Signal(object)
    """A recent Path was chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page = EmptyPage(
            "folder",
            title=self.tr("Open a case"),
            words=self.tr(
                "Drop a folder or files here: one BraTS case, a whole data set, or a mask beside its case.\n"
                "Ctrl+O opens files, Ctrl+Shift+O a folder."
            ),
            action=self.tr("Open folder..."),
        )
        self._page.action_wanted.connect(self.open_wanted)
        self._page.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._heading = QLabel(self.tr("Opened lately"))
        self._heading.setObjectName("quiet")
        self.recent: list[QToolButton] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(TIGHT)
        notice = QLabel(self.tr("For research. Not a medical device."))
        notice.setObjectName("quiet")
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE, PAGE, PAGE, NEAR)
        column.addStretch(2)
        column.addWidget(self._page)
        column.addSpacing(2 * PAGE)
        column.addWidget(self._heading, 0, Qt.AlignmentFlag.AlignCenter)
        column.addLayout(self._rows)
        column.addStretch(3)
        column.addWidget(notice, 0, Qt.AlignmentFlag.AlignCenter)

    def showEvent(self, event: QShowEvent) -> None:
        """Read anew what was opened lately."""
        super().showEvent(event)
        for button in self.recent:
            button.deleteLater()
        self.recent = [self._button(path) for path in recent_paths()[:_MOST_SHOWN]]
        self._heading.setVisible(bool(self.recent))
        for button in self.recent:
            self._rows.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)

    def _button(self, path: Path) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        text = str(path)
        button.setText(text if len(text) <= _LONGEST_PATH else f"...{text[-_LONGEST_PATH:]}")
        button.setToolTip(plain_tip(text))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda _checked=False: self.path_wanted.emit(path))
        return button
