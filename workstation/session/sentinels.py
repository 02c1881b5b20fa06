"""What a training made of the open case, epoch by epoch: which run, which epochs, and which of them is shown.

The masks are those of a run's sentinel cases (`io/sentinel_masks.py`). Choosing an epoch lays its mask over the case as
the prediction; all else about the view stays, so that only what was learned moves.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workstation.core.case import Case, CaseFiles
from workstation.core.volume import LabelMap
from workstation.errors import LayoutError, RunError
from workstation.io.layouts import open_dataset
from workstation.io.runs import RunFolder
from workstation.io.sentinel_masks import SentinelMask, sentinel_masks
from workstation.session.loading import load_mask

if TYPE_CHECKING:
    from workstation.session.session import Session

_KEPT_MASKS = 24
"""A mask of a BraTS volume takes 9 MB."""


@dataclass(frozen=True, slots=True)
class Found:
    """A sentinel case of a run.

    Parameters
    ----------
    run : str
    epochs : int
        That the run is to have.
    files : CaseFiles
    root : Path
        Of its data set.
    masks : tuple of SentinelMask
        By epoch; never empty.
    """

    run: str
    epochs: int
    files: CaseFiles
    root: Path
    masks: tuple[SentinelMask, ...]


class Sentinels(QObject):
    """The epochs of the open case, where it is a sentinel case that was asked for.

    Parameters
    ----------
    session : Session
    """

    changed = Signal()
    """Another series, more epochs, or another epoch."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._found: Found | None = None
        self._epoch = 0
        self._masks: OrderedDict[Path, LabelMap] = OrderedDict()
        session.case_changed.connect(self._on_case)
        session.runs.status_changed.connect(self._on_status)

    @property
    def series(self) -> Found | None:
        """What the slider is about; None where there is none."""
        return self._found

    @property
    def current(self) -> SentinelMask | None:
        """The mask that is shown, or about to be."""
        masks = self._found.masks if self._found else ()
        return next((mask for mask in masks if mask.epoch == self._epoch), None)

    def show(self, run: str, *, epoch: int, case: str = "") -> None:
        """Open a sentinel case of a run and lay the mask of an epoch over it, or of the nearest one before.

        Parameters
        ----------
        run : str
        epoch : int
        case : str
            Empty takes the open case if it is one of the run's, else the run's first.
        """
        folder = self._session.runs.folder(run)
        is_open = self._session.case.name if self._session.case else ""

        def answer(found: Found) -> None:
            self._open_case(found, lambda: self._take(found, epoch))

        words = self.tr("Opening the sentinel cases of {0}...").format(run)
        self._session.background.ask("sentinels", lambda: find(folder, case, is_open), answer, words=words)

    def show_epoch(self, epoch: int) -> None:
        """Lay the mask of another epoch over the case."""
        if self._found is not None and epoch != self._epoch and epoch in {mask.epoch for mask in self._found.masks}:
            self._epoch = epoch
            self.changed.emit()
            self._lay()

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) epoch that has a mask."""
        if self._found is None:
            self._session.notice.emit(self.tr("This case has no epochs. Open a sentinel case from a run in Train."))
            return
        epochs = [mask.epoch for mask in self._found.masks]
        at = epochs.index(self._epoch) + by
        if 0 <= at < len(epochs):
            self.show_epoch(epochs[at])

    def leave(self) -> None:
        """Put the slider away; the mask stays."""
        if self._found is not None:
            self._found = None
            self._masks.clear()
            self._session.background.forget("sentinel mask")
            self.changed.emit()

    def close(self) -> None:
        """Ask nothing more: a word of a run may still be on its way when the threads are gone."""
        self._found = None

    def _open_case(self, found: Found, then: Callable[[], None]) -> None:
        """Open the case unless it is open; `then` runs once it is."""
        session = self._session
        if _is_of(found, session.case):
            then()
            return
        # Imported here: the verbs import the session, which owns this.
        from workstation.session import commands

        entries = session.data_set.cases if session.data_set is not None else ()
        known = next((files for files in entries if _image_of(files) == _image_of(found.files)), None)
        if known is not None:
            commands.open_case(session, known, then=then)
        else:
            commands.open_paths(session, [_image_of(found.files)], then=then)

    def _take(self, found: Found, epoch: int) -> None:
        before = [mask.epoch for mask in found.masks if mask.epoch <= epoch]
        self._found = found
        self._epoch = before[-1] if before else found.masks[0].epoch
        self._masks.clear()
        self.changed.emit()
        self._lay()
        self._session.review_wanted.emit()

    def _lay(self) -> None:
        mask, case = self.current, self._session.case
        if mask is None or case is None:
            return
        known = self._masks.get(mask.path)
        if known is not None:
            self._session.background.forget("sentinel mask")
            self._session.lay_mask("prediction", known)
            return

        def answer(read: LabelMap) -> None:
            self._masks[mask.path] = read
            while len(self._masks) > _KEPT_MASKS:
                self._masks.popitem(last=False)
            if self._session.case is case and self.current == mask:
                self._session.lay_mask("prediction", read)

        self._session.background.ask(
            "sentinel mask", lambda: load_mask(mask.path, case, scheme=mask.scheme), answer, is_urgent=False
        )

    def _on_case(self) -> None:
        if self._found is not None and not _is_of(self._found, self._session.case):
            self.leave()

    def _on_status(self, name: str) -> None:
        """More epochs may have come; the one that is shown stays."""
        found, status = self._found, self._session.runs.status(name)
        if found is None or found.run != name or status is None:
            return
        folder, case = self._session.runs.folder(name), found.files.name

        def answer(masks: tuple[SentinelMask, ...]) -> None:
            now = self._found
            if now is not None and (now.run, now.files.name) == (name, case) and masks and masks != now.masks:
                self._found = Found(name, max(now.epochs, masks[-1].epoch), now.files, now.root, masks)
                if self.current is None:
                    # The training went back behind it.
                    self._epoch = masks[-1].epoch
                    self._lay()
                self.changed.emit()

        self._session.background.ask("sentinel epochs", lambda: _masks_of(folder, case), answer, is_urgent=False)


def find(run: RunFolder, case: str, preferred: str) -> Found:
    """A sentinel case of a run with its masks: the one that is named, else the preferred if it is one, else the first.

    Raises
    ------
    RunError
        The run has no masks yet, or its request cannot be read.
    InputError
        Its data set is no longer there.
    """
    masks = sentinel_masks(run)
    names = list(dict.fromkeys(mask.case for mask in masks))
    if not names or (case and case not in names):
        hint = "They come at the end of an epoch, where the run was asked to watch cases."
        raise RunError(f"{run.name} has no masks of sentinel cases.", hint=hint, path=run.path)
    name = case or (preferred if preferred in names else names[0])
    data = Path(str(getattr(run.request(), "data", "")))
    data_set = open_dataset(data)
    files = next((files for files in data_set.cases if files.name == name), None)
    if files is None:
        raise LayoutError(f"{data} no longer has the case {name}.", hint="Put it back, or look at another one.")
    own = tuple(mask for mask in masks if mask.case == name)
    return Found(run.name, max(run.status().epochs, own[-1].epoch), files, data_set.root, own)


def _masks_of(run: RunFolder, case: str) -> tuple[SentinelMask, ...]:
    return tuple(mask for mask in sentinel_masks(run) if mask.case == case)


def _image_of(files: CaseFiles) -> Path:
    return next(iter(files.sequences.values())).path.resolve()


def _is_of(found: Found, case: Case | None) -> bool:
    return case is not None and _image_of(case.files) == _image_of(found.files)
