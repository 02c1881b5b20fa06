"""One window's state: the open data set and case, how they are looked at, what is drawn over them, the runs,
what is known of the machine.

It is passed to constructors; there are no singletons. Views read it and call the verbs in `session/commands.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from workstation.core.case import Case, CaseFiles, DataSet
from workstation.core.review import Decision
from workstation.core.volume import LabelMap
from workstation.session.assessment import Assessment
from workstation.session.background import Background
from workstation.session.case_figures import FiguresQueue
from workstation.session.diameter_lines import DiameterLines
from workstation.session.editing import Editing
from workstation.session.entropy_image import EntropyImage
from workstation.session.images import DisplayImage
from workstation.session.lane import Lane
from workstation.session.layers import Layers
from workstation.session.loading import LoadedCase, load_mask
from workstation.session.machine import Machine
from workstation.session.marks import Marks
from workstation.session.pointer import Pointer
from workstation.session.prefetch import Prefetch, Wanted
from workstation.session.runs import Runs
from workstation.session.scan import DataScan
from workstation.session.sentinels import Sentinels
from workstation.session.tasks import Tasks
from workstation.session.view import Point, ViewState
from workstation.session.worklist import Worklist


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
        self.pointer = Pointer(self)
        self.marks = Marks(self)
        self.assessment = Assessment(self.layers, self.background, self)
        self.diameters = DiameterLines(self.layers, self.background, self)
        self.runs = runs if runs is not None else Runs(parent=self)
        self.sentinels = Sentinels(self)
        self.machine = Machine(self.background, parent=self)
        self.scan = DataScan(self.background, parent=self)
        self.tasks = Tasks(self)
        self.worklist = Worklist(self.layers, self)
        self.entropy = EntropyImage(self)
        self.ahead = Lane("ahead", self)
        self.prefetch = Prefetch(self.ahead, self)
        self.figures = FiguresQueue(self.worklist, self.ahead, self)
        self._case: Case | None = None
        self._loaded: tuple[str, LoadedCase] | None = None  # with its key when it was read
        self._images: Mapping[str, DisplayImage] = {}
        self._data_set: DataSet | None = None
        self._split_path: Path | None = None
        self._expected_case: CaseFiles | None = None
        self._measured: tuple[str, Path | None] | None = None
        self._version: Path | None = None  # of the open case, shown or about to be
        self._taken_back: dict[str, Path] = {}
        self.background.failed.connect(self._on_failed)
        self.background.failed.connect(self.problem)
        self.editing.journal.failed.connect(self.problem)
        self.editing.touched.connect(self.assessment.hold)
        self.editing.tools.changed.connect(self._on_edit_tool)
        self.pointer.changed.connect(self._on_pointer)
        self.tasks.failed.connect(self.problem)
        self.worklist.access.failed.connect(self.problem)
        self.worklist.mask_wanted.connect(self._fetch_prediction)
        self.worklist.changed.connect(self._on_worklist)
        self.worklist.decided.connect(lambda _decision: self.runs.compare_masks())

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
    def split_path(self) -> Path | None:
        """The manifest of a split of the open data set; None where it is drawn by a training itself."""
        return self._split_path

    def take_split(self, path: Path | None) -> None:
        """Note which split a training on the open data set is to have."""
        self._split_path = path

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
            self._split_path = None
            self._loaded = None
            self.prefetch.forget()
            self.figures.stop()
            self._taken_back.clear()
            self.worklist.take_data_set(data_set)
            self.data_set_changed.emit()

    def take_case(self, loaded: LoadedCase, *, prediction: LabelMap | None = None, keeps_view: bool = False) -> None:
        """Take over a case that was read; what was drawn over the last one is gone.

        Parameters
        ----------
        loaded : LoadedCase
        prediction : LabelMap or None
            A mask to lay over it; None takes the one that came with it.
        keeps_view : bool
            Whether zoom and camera stay, as from case to case of a data set.
        """
        self._expected_case = self._version = None
        if self._loaded is not None:
            self.prefetch.give_back(*self._loaded)
        files = loaded.case.files
        wanted = Wanted(files, self.worklist.prediction_of(files))
        self._loaded = (wanted.key, loaded) if self._data_set else None
        self._case = loaded.case
        self._images = loaded.images
        self.marks.clear()
        seen = self.worklist.take_case(files, prediction or loaded.prediction)
        self.layers.set_masks(truth=loaded.case.truth, prediction=seen)
        self.editing.take_case(loaded.case)
        # Only now: before, the edits of the last case were in the way.
        self._show_version()
        self.view.take_images(loaded.images)
        self.view.set_cursor((seen and loaded.prediction_focus_mm) or loaded.focus_mm)
        self.case_changed.emit()
        if not keeps_view:
            self.view.reset_requested.emit()
        if loaded.problem is not None:
            self.problem.emit(loaded.problem)

    def set_extra_image(self, name: str, image: DisplayImage | None) -> None:
        """Add an image to those of the open case, or take it away; the case's own sequences stay first."""
        if image is not None or name in self._images:
            kept = {each: shown for each, shown in self._images.items() if each != name}
            self._images = kept if image is None else {**kept, name: image}
            self.view.take_images(self._images)

    def lay_mask(self, kind: str, mask: LabelMap) -> None:
        """Show a mask over the open case; a prediction that the reader must not see yet is held back."""
        seen = self.worklist.admit(mask) if kind == "prediction" else mask
        if seen is not None:
            self.layers.show_mask(kind, seen)
        else:
            self.notice.emit(self.tr("Reading is blinded: the prediction shows itself after your decision."))

    def keep_in_sight(self, decision: Decision) -> None:
        """A decision was taken back: the corrected mask that it was about still belongs to its case."""
        if decision.status == "corrected" and decision.mask is not None:
            self._taken_back[decision.case] = Path(decision.mask.path)

    def jump_to(self, position_mm: Point) -> None:
        """Move the crosshair and bring it into view in every pane."""
        self.view.set_cursor(position_mm)
        self.view.centre_requested.emit()

    def close(self) -> None:
        """End what runs beside the window; runs of the engine go on."""
        self.sentinels.close()
        self.runs.stop_watching()
        self.assessment.close()
        self.machine.close()
        self.editing.close()
        self.scan.close()
        self.tasks.close()
        self.prefetch.forget()
        self.figures.stop()
        self.ahead.close(drops=True)
        self.worklist.close()
        self.background.close()

    def _fetch_prediction(self, path: Path) -> None:
        """Lay the prediction over a case that was opened before the store said which one it is."""
        case = self._case
        if case is None or self.background.is_asked("mask prediction"):
            return

        def answer(mask: LabelMap) -> None:
            if self._case is case:
                pair = self.layers.pair
                self.lay_mask("prediction", mask)
                # Edits that were there before, or are being made, stay in sight.
                if "edited" in pair:
                    self.layers.set_pair(*pair)

        self.background.ask("mask prediction", lambda: load_mask(path, case), answer)

    def _show_version(self) -> None:
        """Lay what the reader corrected earlier over the open case, once each time it is opened."""
        case, current = self._case, self.worklist.current
        path = None if current is None else current.corrected or self._taken_back.get(current.name)
        if case is None or path is None or path == self._version:
            return
        if self._expected_case is not None or self.editing.has_layer:
            return
        self._version = path

        def answer(mask: LabelMap) -> None:
            if self._case is case:
                self.editing.take_version(mask, path)

        self.background.ask("mask edited", lambda: load_mask(path, case), answer)

    def _on_worklist(self) -> None:
        """Read the neighbours of the open case ahead, as the list is ordered now; measure it if its masks are new."""
        current = self.worklist.current
        if self._loaded is None or current is None:
            return
        self._show_version()
        neighbours = [Wanted(each.files, each.prediction) for each in self.worklist.neighbours]
        self.prefetch.want(neighbours, open_bytes=self._loaded[1].byte_count)
        measured = (current.name, current.prediction)
        if current.prediction is not None and measured != self._measured:
            self._measured = measured
            self.figures.measure_open()

    def _on_edit_tool(self) -> None:
        # The left button draws or measures, not both.
        if self.editing.tools.tool:
            self.pointer.set_measure(None)

    def _on_pointer(self) -> None:
        if self.pointer.measure is not None:
            self.editing.tools.set_tool("")

    def _on_failed(self, _error: object) -> None:
        self._expected_case = None
