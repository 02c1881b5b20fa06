"""The main window: rail, workspaces, menus, message bar, status bar, drops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from workstation.core.split import Draw
from workstation.gui.key_bindings import load_keys
from workstation.gui.menus import Menus
from workstation.gui.message_bar import MessageBar
from workstation.gui.questions import ask_content, ask_resampling, ask_scheme
from workstation.gui.rail import WorkspaceRail
from workstation.gui.review.workspace import ReviewWorkspace
from workstation.gui.status_bar import StatusBar
from workstation.gui.task_bar import TaskBar
from workstation.io.nifti_header import prepare
from workstation.session import commands
from workstation.session.session import Session
from workstation.session.settings import settings

_LATE_MS = 200


class MainWindow(QMainWindow):
    """One window on one session."""

    first_painted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._is_painted = False
        # Before there are tooltips, which name keys.
        load_keys()
        # What the first frame need not wait for comes when these fire; they end with the window.
        self._after_paint = _timer(self, 0, self._on_first_painted)
        self._late = _timer(self, _LATE_MS, self._add_job_chip)
        self.rail = WorkspaceRail()
        self.messages = MessageBar()
        self.review = ReviewWorkspace(session)
        self._pages = QStackedWidget()
        self._workspaces: dict[str, QWidget] = {"review": self.review}
        self._pages.addWidget(self.review)
        self.setCentralWidget(self._central())
        self.status = StatusBar(session)
        self.setStatusBar(self.status)
        self.status.addPermanentWidget(TaskBar(session))
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self.menus = Menus(self)
        self.review.take_actions(self.menus.actions)
        self._connect()
        self._on_case()
        geometry = settings().value("window/geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)

    def show_workspace(self, name: str) -> None:
        """Bring a workspace to the front; it is made when it is first wanted."""
        if name not in self._workspaces:
            self._workspaces[name] = self._make_workspace(name)
            self._pages.addWidget(self._workspaces[name])
        self._pages.setCurrentWidget(self._workspaces[name])
        self.rail.choose(name)
        # What is under the crosshair says nothing where no crosshair is seen.
        self.status.read_out.set_shown(shown=name == "review")

    def workspace(self, name: str) -> QWidget | None:
        """A workspace that was made; None before."""
        return self._workspaces.get(name)

    def _central(self) -> QWidget:
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.messages)
        right.addWidget(self._pages, 1)
        central = QWidget()
        row = QHBoxLayout(central)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(right, 1)
        return central

    def _make_workspace(self, name: str) -> QWidget:
        # Imported when first wanted: the window must be up before curves and tables.
        if name == "train":
            from workstation.gui.train.workspace import TrainWorkspace

            return TrainWorkspace(self.session)
        if name == "data":
            from workstation.gui.data.workspace import DataWorkspace

            data = DataWorkspace(self.session)
            data.train_wanted.connect(self._train_on_data_set)
            return data
        from workstation.gui.models.workspace import ModelsWorkspace

        return ModelsWorkspace(self.session)

    def _train_on_data_set(self, preset: str, draw: Draw) -> None:
        from workstation.gui.train.workspace import TrainWorkspace

        self.show_workspace("train")
        train, data_set = self._workspaces["train"], self.session.data_set
        if isinstance(train, TrainWorkspace) and data_set is not None:
            train.set_data(data_set.root)
            train.form.set_split(self.session.split_path, preset=preset, draw=draw)

    def train_on(self, root: Path, split: Path) -> None:
        """Open the form of a training on a data set with a saved split."""
        from workstation.gui.train.workspace import TrainWorkspace

        self.show_workspace("train")
        train = self._workspaces["train"]
        if isinstance(train, TrainWorkspace):
            train.set_data(root)
            train.form.set_split(split, preset=train.form.preset_box.currentData(), draw=Draw())

    def _connect(self) -> None:
        session = self.session
        self.rail.workspace_chosen.connect(self.show_workspace)
        self.review.open_wanted.connect(self.menus.dialogs.open_folder)
        session.problem.connect(self.messages.show_problem)
        session.notice.connect(self.messages.show_notice)
        session.case_changed.connect(self._on_case)
        session.review_wanted.connect(lambda: self.show_workspace("review"))
        session.scheme_wanted.connect(lambda path, kind: ask_scheme(self, path, kind))
        session.content_wanted.connect(lambda path: ask_content(self, path))
        session.resampling_wanted.connect(lambda path, kind, error: ask_resampling(self, path, kind, error))
        session.runs.mask_ready.connect(lambda _name, path: commands.show_finished_mask(session, path))
        session.runs.masks_ready.connect(self._take_masks)
        self.review.panes.menu_wanted.connect(self.menus.show_pane_menu)

    def _take_masks(self, _run: str, paths: list[Path]) -> None:
        from workstation.session.judging import take_masks

        take_masks(self.session, paths)

    def _on_case(self) -> None:
        case = self.session.case
        self.setWindowTitle("BraTS workstation" if case is None else f"{case.name} - BraTS workstation")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint; then, after the first time, load what could wait."""
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            self._after_paint.start()

    def _on_first_painted(self) -> None:
        self.first_painted.emit()
        # So that the first case need not wait for it.
        self.session.background.ask("reader", prepare, lambda _: None)
        self._late.start()

    def _add_job_chip(self) -> None:
        from workstation.gui.train.job_chip import JobChip
        from workstation.gui.train.run_notifier import RunNotifier

        self._notifier = RunNotifier(self.session.runs, self)
        chip = JobChip(self.session)
        chip.run_requested.connect(self._show_run)
        self.status.addPermanentWidget(chip)
        self.session.runs.start_watching()

    def _show_run(self, name: str) -> None:
        self.show_workspace("train")
        self.session.runs.follow(name)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the files or folders that were dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            commands.open_paths(self.session, paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window; runs of the engine go on."""
        self._after_paint.stop()
        self._late.stop()
        settings().setValue("window/geometry", self.saveGeometry())
        self.review.panes.close_scene()
        self.session.close()
        super().closeEvent(event)


def _timer(parent: QWidget, milliseconds: int, slot: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(slot)
    return timer
