"""The map of where a model is unsure, as one more image of the open case.

It tells what the prediction says, so it is there only while the prediction is: in blinded reading not before the
reader's decision, and another prediction takes it away.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject

from workstation.core.case import Case
from workstation.core.volume import LabelMap, Volume
from workstation.errors import GeometryError
from workstation.io.nifti import read_volume
from workstation.io.provenance import entropy_path
from workstation.session.images import DisplayImage, make_display_image

if TYPE_CHECKING:
    from workstation.session.session import Session

NAME = "Entropy"


class EntropyImage(QObject):
    """Shows the map of the prediction, or takes it away.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._of: LabelMap | None = None
        self._volume: Volume | None = None
        self._before = ""
        session.layers.masks_changed.connect(self._on_masks)

    @property
    def is_shown(self) -> bool:
        """Whether the panes show the map."""
        return self._session.view.sequence == NAME

    @property
    def volume(self) -> Volume | None:
        """The map itself, in bits; None while it is not among the images of the case."""
        return self._volume

    def toggle(self) -> None:
        """Show the map of the prediction, or go back to the sequence before."""
        session = self._session
        if self.is_shown:
            session.view.set_sequence(self._before)
            return
        case, mask = session.case, session.layers.mask("prediction")
        path = entropy_path(mask.source.path) if mask is not None and mask.source is not None else None
        if case is None or mask is None or path is None or not path.is_file():
            words = _tr("There is no map of where the model is unsure. Let it be written when you segment (Evaluate).")
            session.notice.emit(words)
        elif self._of is mask:
            self._show()
        else:
            words = _tr("Opening {0}...").format(path.name)
            session.background.ask(
                "entropy", lambda: _read(path, case), lambda found: self._take(case, mask, *found), words=words
            )

    def _take(self, case: Case, mask: LabelMap, volume: Volume, image: DisplayImage) -> None:
        session = self._session
        if session.case is case and session.layers.mask("prediction") is mask:
            self._of, self._volume = mask, volume
            session.set_extra_image(NAME, image)
            self._show()

    def _show(self) -> None:
        self._before = self._session.view.sequence
        self._session.view.set_sequence(NAME)

    def _on_masks(self) -> None:
        if self._of is not None and self._session.layers.mask("prediction") is not self._of:
            self._of = self._volume = None
            self._session.set_extra_image(NAME, None)


def _read(path: Path, case: Case) -> tuple[Volume, DisplayImage]:
    volume = read_volume(path, name=NAME)
    if not volume.grid.is_same(case.grid):
        hint = "Segment the case again."
        raise GeometryError(f"{path} is not on the grid of {case.name}", hint=hint, path=path)
    return volume, make_display_image(volume)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Entropy", text)
