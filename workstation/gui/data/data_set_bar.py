"""The head of the Data workspace: the data sets that are remembered, and how far the examination has come."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QPushButton, QToolButton, QWidget

from workstation.core.plain_text import one_line
from workstation.gui.icons import icon
from workstation.gui.theme import NEAR, ROOMY
from workstation.gui.tooltips import plain_tip
from workstation.session.scan import DataScan

_LEAST_WIDTH = 280
_BAR_WIDTH = 150


class DataSetBar(QWidget):
    """A box of data sets, and buttons to add one, take one off the list, look again, and train."""

    chosen = Signal(object)
    """A folder (Path) that was picked from the list."""
    add_wanted = Signal()
    remove_wanted = Signal(object)
    again_wanted = Signal()
    train_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox()
        self.box.setMinimumWidth(_LEAST_WIDTH)
        self.box.setMaximumWidth(2 * _LEAST_WIDTH)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.add_button = QPushButton(icon("folder-add"), self.tr("Add data set..."))
        self.remove_button = _tool("remove", self.tr("Take this data set off the list; its files stay"))
        self.again_button = _tool("refresh", self.tr("Look at the folder again"))
        self.train_button = QPushButton(icon("train"), self.tr("Train on it..."))
        self.box.activated.connect(self._on_activated)
        self.add_button.clicked.connect(self.add_wanted)
        self.remove_button.clicked.connect(lambda: self.remove_wanted.emit(self.box.currentData()))
        self.again_button.clicked.connect(self.again_wanted)
        self.train_button.clicked.connect(self.train_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(NEAR)
        row.addWidget(self.box, 1)
        row.addWidget(self.add_button)
        row.addWidget(self.again_button)
        row.addWidget(self.remove_button)
        row.addStretch(1)
        row.addWidget(self.train_button)

    def show_sets(self, roots: list[Path], current: Path | None) -> None:
        """List data sets; the open one is chosen, whether it is among them or not."""
        shown = [*roots, *([current] if current is not None and current not in roots else [])]
        self.box.clear()
        self.box.setPlaceholderText(self.tr("No data set is open"))
        for root in shown:
            self.box.addItem(one_line(f"{root.name}  \N{EN DASH}  {root.parent}"), root)
            self.box.setItemData(self.box.count() - 1, plain_tip(one_line(str(root))), Qt.ItemDataRole.ToolTipRole)
        self.box.setCurrentIndex(shown.index(current) if current in shown else -1)
        self.box.setEnabled(bool(shown))
        for button in (self.remove_button, self.again_button, self.train_button):
            button.setVisible(current is not None)

    def _on_activated(self, index: int) -> None:
        # One whose folder is gone cannot be opened, but taken off the list.
        self.remove_button.setVisible(True)
        self.chosen.emit(self.box.itemData(index))


class ScanStrip(QWidget):
    """How many cases were examined, with a button to stop and to go on.

    Parameters
    ----------
    scan : DataScan
    parent : QWidget or None
    """

    def __init__(self, scan: DataScan, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scan = scan
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(_BAR_WIDTH, 8)
        self._words = QLabel()
        self._words.setObjectName("quiet")
        self.button = QToolButton()
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.clicked.connect(self._on_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, NEAR)
        row.setSpacing(ROOMY)
        row.addWidget(self._words)
        row.addWidget(self._bar)
        row.addWidget(self.button)
        scan.advanced.connect(self._show_progress)
        scan.state_changed.connect(self._show_state)
        self._show_state()

    @property
    def text(self) -> str:
        """What it says."""
        return self._words.text()

    def _show_state(self) -> None:
        scan = self._scan
        is_through = scan.done == scan.total
        self._bar.setVisible(not is_through)
        self.button.setVisible(not is_through)
        self.button.setIcon(icon("stop" if scan.is_running else "resume"))
        self.button.setText(self.tr("Stop") if scan.is_running else self.tr("Go on"))
        self._bar.setRange(0, max(1, scan.total))
        self._show_progress()

    def _show_progress(self) -> None:
        scan = self._scan
        is_through = scan.done == scan.total
        self._bar.setValue(scan.done)
        doing = self.tr("Examined {:,} of {:,}").format(scan.done, scan.total)
        through = self.tr("All {:,} examined").format(scan.total) if scan.total else ""
        self._words.setText(through if is_through else doing)

    def _on_clicked(self) -> None:
        if self._scan.is_running:
            self._scan.stop()
        else:
            self._scan.go_on()


def _tool(icon_name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(icon_name))
    button.setIconSize(QSize(18, 18))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button
