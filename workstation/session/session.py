"""One window's state: the open data set and case, how they are looked at, what is drawn over them, the runs,
what is known of the machine.

It is passed to constructors; there are no singletons. Views read it and call the verbs in `session/commands.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from workstation.core.case import Case, CaseFiles, DataSet
from workstation.core.volume import LabelMap
from workstation.session.background import Background
from workstation.session.editing import Editing
from workstation.session.images import DisplayImage
from workstation.session.layers import Layers
from workstation.session.loading import LoadedCase
from workstation.session.machine import Machine
from workstation.session.runs import Runs
from workstation.session.view import Point, ViewState


class Session(QObject):
    """The state behind one window."""

    case_changed = Signal()
    data_set_changed = Signal()
    problem = Signal(object)
    """A WorkstationError to show."""
    notice = Signal(str)
    """A sentence to show for a while."""
    scheme_wanted = Signal(object, str)
    """A mask (Path) whose labels are unclear, and what it is to be: "truth" or "prediction"."""
    resampling_wanted = Signal(object, str, object)
    """A mask (Path) on another grid, what it is to be, and the GeometryError."""
    content_wanted = Signal(object)
    """A file (Path) that may be a mask or an image."""
    review_wanted = Signal()
    """Something worth seeing in Review has come."""

    def __init__(self, parent: QObject | None = None, *, runs: Runs | None = None) -> None:
        super().__init__(parent)
        self.background = Background(self)
        self.view = ViewState(self)
        self.layers = Layers(self.background, self)
        self.editing = Editing(self.background, self.layers, self)
        self.runs = runs if runs is not None else Runs(parent=self)
        self.machine = Machine(self.background, parent=self)
        self._case: Case | None = None
        self._images: Mapping[str, DisplayImage] = {}
        self._data_set: DataSet | None = None
        self._expected_case: CaseFiles | None = None
        self.background.failed.connect(self._on_failed)
        self.background.failed.connect(self.problem)
        self.editing.journal.failed.connect(self.problem)

    @property
    def case(self) -> Case | None:
        """The open case."""
        return self._case

    @property
    def images(self) -> Mapping[str, DisplayImage]:
        """The open case's sequences, prepared for display."""
        return self._images

    @property
    def data_set(self) -> DataSet | None:
        """The open data set."""
        return self._data_set

    @property
    def case_files(self) -> tuple[CaseFiles, ...]:
        """The cases to step through: those of the data set, or the open one."""
        if self._data_set is not None:
            return self._data_set.cases
        return (self._case.files,) if self._case else ()

    @property
    def expected_case(self) -> CaseFiles | None:
        """The case of the data set that is being opened; None if none is."""
        return self._expected_case

    def expect_case(self, files: CaseFiles | None) -> None:
        """Note which case is being opened, so that the next step counts from it."""
        self._expected_case = files

    def take_data_set(self, data_set: DataSet | None) -> None:
        """Take over another data set."""
        if data_set is not self._data_set:
            self._data_set = data_set
            self.data_set_changed.emit()

    def take_case(self, loaded: LoadedCase, *, prediction: LabelMap | None = None) -> None:
        """Take over a case that was read; what was drawn over the last one is gone."""
        self._expected_case = None
        self._case = loaded.case
        self._images = loaded.images
        self.layers.set_masks(truth=loaded.case.truth, prediction=prediction)
        self.editing.take_case(loaded.case)
        self.view.take_images(loaded.images)
        self.view.set_cursor(loaded.focus_mm)
        self.case_changed.emit()
        self.view.reset_requested.emit()
        if loaded.problem is not None:
            self.problem.emit(loaded.problem)

    def jump_to(self, position_mm: Point) -> None:
        """Move the crosshair and bring it into view in every pane."""
        self.view.set_cursor(position_mm)
        self.view.centre_requested.emit()

    def close(self) -> None:
        """End what runs beside the window; runs of the engine go on."""
        self.runs.stop_watching()
        self.machine.close()
        self.editing.close()
        self.background.close()

    def _on_failed(self, _error: object) -> None:
        self._expected_case = None
