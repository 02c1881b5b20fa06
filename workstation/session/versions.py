"""The verb that keeps the edited mask as a version beside the decisions, so that a decision can be about a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from workstation.io.mask_versions import versions_folder, write_anew
from workstation.io.provenance import ReviewMark
from workstation.io.review_store import now_text
from workstation.session.origins import origin_of
from workstation.session.session import Session

_TOPIC = "version"


def is_keeping(session: Session) -> bool:
    """Whether a version is being written."""
    return session.background.is_asked(_TOPIC)


def keep_version(session: Session, then: Callable[[Path], None]) -> None:
    """Write the edited mask as a new version; `then` takes the file once it was read back and compared.

    Edits that are in a file already, as they are now, are not written again. Where another case was opened meanwhile,
    nothing follows: the edits are then offered at the next opening.
    """
    editing, data_set, case = session.editing, session.data_set, session.case
    mask, entry = session.layers.mask("edited"), session.worklist.current
    if editing.saved_as is not None:
        then(editing.saved_as)
        return
    if mask is None or case is None or data_set is None or entry is None:
        return
    like = mask.source or next(iter(case.sequences.values())).source
    review = ReviewMark("corrected", session.worklist.reader, now_text())
    origin = origin_of(session, "edited", review=review)

    def question() -> Path:
        folder = versions_folder(data_set.root)
        return write_anew(folder, entry.name, mask, word="corrected", like=like, origin=origin)

    def answer(path: Path) -> None:
        if session.case is case:
            editing.note_saved(mask, path)
            then(path)

    session.background.ask(_TOPIC, question, answer, words=_tr("Keeping the corrected mask..."))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Versions", text)
