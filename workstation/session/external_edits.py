"""Masks that are open in another program: written to a working file, watched, and taken back as one edit when saved.

What comes back must lie on the voxel grid of the case and have labels of its scheme. It can be undone like any edit, is
in the journal, and becomes a version when the case is decided on. A file that is saved while another case is open waits
until its case is open again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QFileSystemWatcher, QObject, QProcess, QTimer

from workstation.core.boxes import Box, occupied_box
from workstation.core.case import Case
from workstation.core.labels import LabelScheme
from workstation.core.volume import LabelMap
from workstation.errors import EditError, GeometryError, InputError, LabelError
from workstation.io.cases import mask_onto
from workstation.io.editors import Editor
from workstation.io.mask_versions import working_folder, write_anew
from workstation.io.nifti import read_label_map
from workstation.io.review_figures import fingerprint_of
from workstation.session.origins import origin_of
from workstation.session.session import Session

# Programs write a file in several steps: it is read when it has rested for so long.
_REST_MS = 500


@dataclass(slots=True)
class _Lent:
    """A working file: of which case, in which program, and as what it was known last."""

    case_path: Path
    editor: Editor
    scheme: LabelScheme
    stamp: str


class ExternalEdits(QObject):
    """The masks of one window that are open in other programs."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._lent: dict[Path, _Lent] = {}
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._on_touched)
        self._watcher.directoryChanged.connect(self._on_touched)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._look)
        session.case_changed.connect(self._on_case)

    @property
    def working_files(self) -> tuple[Path, ...]:
        """The files that are watched."""
        return tuple(self._lent)

    def open_in(self, editor: Editor) -> None:
        """Write the mask that an edit would change, and open it with the shown image in another program."""
        session, case = self._session, self._session.case
        labels, scheme = session.editing.labels(), session.editing.scheme
        if case is None or labels is None or scheme is None or not case.files.sequences:
            return
        sequence = session.view.sequence
        image = case.files.sequences.get(sequence, next(iter(case.files.sequences.values()))).path
        source = next(iter(case.sequences.values())).source
        # A copy: strokes go on while the file is written.
        mask = LabelMap(case.name, labels.copy(order="K"), case.grid, scheme, source)
        origin = origin_of(session, "edited")
        folder = working_folder(session.data_set.root if session.data_set else None)

        def question() -> tuple[Path, Path, str]:
            program = editor.program()
            path = write_anew(folder, case.name, mask, word="working", like=source, origin=origin)
            return program, path, fingerprint_of(path)

        def answer(found: tuple[Path, Path, str]) -> None:
            program, path, stamp = found
            self._lend(path, _Lent(_place_of(case), editor, scheme, stamp))
            self._start(editor, program, (image, path))

        session.background.ask("lend", question, answer, words=_tr("Opening in {}...").format(editor.title))

    def _start(self, editor: Editor, program: Path, paths: tuple[Path, Path]) -> None:
        # It outlives the window, as a program that the user had started would.
        is_started, _pid = QProcess.startDetached(str(program), list(editor.arguments(*paths)), str(paths[1].parent))
        if is_started:
            words = _tr("{editor} edits {name}. Save there under the same name, and the mask comes back by itself.")
            self._session.notice.emit(words.format(editor=editor.title, name=paths[1].name))
        else:
            hint = f"Start it by hand and open {paths[1]}: what is saved there comes back by itself."
            self._session.problem.emit(EditError(f"{program} could not be started", hint=hint, path=program))

    def _lend(self, path: Path, lent: _Lent) -> None:
        self._lent[path] = lent
        self._watcher.addPaths([str(path.parent), str(path)])

    def _on_case(self) -> None:
        if self._lent:
            self._rest.start()

    def _on_touched(self, _path: str) -> None:
        self._rest.start()

    def _look(self) -> None:
        """Take back what was saved of the open case."""
        case = self._session.case
        for path, lent in self._lent.items():
            if path.is_file() and str(path) not in self._watcher.files():
                # A file that another one was renamed onto is watched no longer.
                self._watcher.addPath(str(path))
            stamp = fingerprint_of(path)
            if case is not None and _place_of(case) == lent.case_path and stamp != lent.stamp and path.is_file():
                lent.stamp = stamp
                self._take_back(path, lent, case)

    def _take_back(self, path: Path, lent: _Lent, case: Case) -> None:
        session, editing = self._session, self._session.editing
        revision, labels = editing.revision, editing.labels()
        if labels is None:
            return
        before = labels.copy(order="K")

        def answer(found: _Changes | None) -> None:
            if session.case is not case or editing.revision != revision or editing.is_drawing:
                # Compared with labels that are no longer those: again, at once or when the case is open again.
                lent.stamp = ""
                self._rest.start()
            elif found is not None:
                editing.change(lent.editor.title, found.box, found.labels)
                words = _tr("Taken back from {editor}: {count} voxels are others. Undo brings the old ones back.")
                session.notice.emit(words.format(editor=lent.editor.title, count=f"{found.count:,}"))

        session.background.ask(f"taking back {path}", lambda: _changes(before, _read(path, lent, case)), answer)


@dataclass(frozen=True, slots=True, eq=False)
class _Changes:
    """What another program changed: a box, its labels, and how many voxels are others."""

    box: Box
    labels: np.ndarray
    count: int


def _changes(before: np.ndarray, after: np.ndarray) -> _Changes | None:
    is_other = before != after
    box = occupied_box(is_other)
    return None if box is None else _Changes(box, after[box], int(np.count_nonzero(is_other)))


def _read(path: Path, lent: _Lent, case: Case) -> np.ndarray:
    """The labels in a working file, in the axis order of the case."""
    title = lent.editor.title
    try:
        return mask_onto(read_label_map(path, scheme=lent.scheme), case.grid).data
    except GeometryError as error:
        size = " x ".join(str(side) for side in case.grid.shape)
        hint = f"Nothing was taken back. Save it in {title} on the grid of the image, {size} voxels, under this name."
        problem = f"what {title} saved is on another voxel grid than the case"
        raise EditError(problem, hint=hint, path=path) from error
    except (InputError, LabelError) as error:
        hint = f"Nothing was taken back. Save it in {title} as labels of {lent.scheme.title}, under this name."
        raise EditError(f"what {title} saved cannot be read: {error}", hint=hint, path=path) from error


def _place_of(case: Case) -> Path:
    """What tells a case from others of the same name."""
    return next((image.path for image in case.files.sequences.values()), Path(case.name))


def _tr(text: str) -> str:
    return QCoreApplication.translate("ExternalEdits", text)
