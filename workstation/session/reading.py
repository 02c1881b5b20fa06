"""The verbs of reading a worklist: accept, reject, flag, correct, take back, go on. They know no widget.

They mean the case that is on the screen: while another one is being opened, or the last decision is being written,
they do nothing, so that a key pressed twice never decides about a case that was not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from workstation.core.review import Decision, latest_of
from workstation.core.split import Draw
from workstation.errors import LayoutError
from workstation.io.review_export import review_rows, write_review_csv, write_review_json
from workstation.io.review_figures import predictions_in
from workstation.io.reviewed_set import ReviewedSet, make_reviewed_set
from workstation.session.commands import open_case, open_mask
from workstation.session.session import Session
from workstation.session.tasks import Report, ShouldStop
from workstation.session.versions import is_keeping, keep_version
from workstation.session.worklist_entries import Choice, next_unread

# Few cases are reviewed at first, and none of them is to be kept aside.
_REVIEWED_DRAW = Draw(validation=0.2, test=0.0)


def choose(session: Session, choice: Choice) -> None:
    """Order and filter the worklist anew; what it is ordered by is measured where it was not yet."""
    session.worklist.choose(choice)
    if choice.needs_figures:
        session.figures.measure_all()


def accept_and_next(session: Session, *, note: str | None = None) -> None:
    """Accept the mask of the open case and open the next one of the list.

    Where the prediction was hidden until now it shows itself first, and the case stays; accepting again goes on. A mask
    that was edited is kept as a version beside the decisions, and the decision is that it was corrected.

    Parameters
    ----------
    session : Session
    note : str or None
        None keeps the note there is.
    """
    if not _may_decide(session):
        return
    worklist = session.worklist
    entry = worklist.current
    shown = worklist.shown
    place = -1 if entry is None else shown.index(entry)
    following = shown[place + 1] if 0 <= place < len(shown) - 1 else None
    stays = worklist.is_holding

    def then(_kept: Decision) -> None:
        if following is not None and not stays:
            open_case(session, following.files)

    if session.editing.is_shown:
        _decide_corrected(session, note=note, then=then)
    else:
        worklist.decide("accepted", note=note, then=then)


def reject(session: Session, reason: str, *, note: str | None = None) -> None:
    """Reject the mask of the open case.

    Parameters
    ----------
    session : Session
    reason : str
        One of `core.review.REASONS`, or free words; not empty.
    note : str or None
        None keeps the note there is.
    """
    if not reason.strip():
        session.problem.emit(LayoutError("a mask is rejected for a reason", hint="Choose one, or write your own."))
    elif _may_decide(session):
        session.worklist.decide("rejected", reason=reason.strip(), note=note)


def flag(session: Session, note: str) -> None:
    """Flag the open case: somebody has to look again."""
    if _may_decide(session):
        session.worklist.decide("flagged", note=note)


def mark_corrected(session: Session, mask: Path | None = None, *, note: str | None = None) -> None:
    """Say that the mask of the open case was corrected.

    Parameters
    ----------
    session : Session
    mask : Path or None
        The file of the corrected mask. None takes the edits: the file that they were exported to, or one that is
        written beside the decisions; where nothing was edited, the prediction that is open.
    note : str or None
        None keeps the note there is.
    """
    if not _may_decide(session):
        return
    if mask is None and session.editing.has_layer:
        _decide_corrected(session, note=note)
    else:
        session.worklist.decide("corrected", note=note, mask=mask)


def _decide_corrected(
    session: Session, *, note: str | None = None, then: Callable[[Decision], None] = lambda _kept: None
) -> None:
    def decide(mask: Path) -> None:
        session.worklist.decide("corrected", note=note, mask=mask, then=then)

    keep_version(session, decide)


def write_note(session: Session, note: str) -> None:
    """Keep a note on the open case, whatever was decided about it."""
    entry = session.worklist.current
    if entry is not None and note.strip() != entry.own.note and _may_decide(session):
        session.worklist.decide(entry.status, reason=entry.own.reason, note=note)


def undo_decision(session: Session) -> None:
    """Take the last decision of this window back, and go to its case."""

    last = session.worklist.last

    def then(kept: Decision) -> None:
        if last is not None:
            session.keep_in_sight(last)
        words = _tr("Taken back: {case} is {status} again.")
        session.notice.emit(words.format(case=kept.case, status=status_word(kept.status)))
        entry = next((each for each in session.worklist.entries if each.name == kept.case), None)
        if entry is not None and entry is not session.worklist.current:
            open_case(session, entry.files)

    session.worklist.undo(then)


def open_next_unread(session: Session) -> None:
    """Open the next case of the list that was not decided on, round to its beginning."""
    worklist, current = session.worklist, session.worklist.current
    if current is None or session.expected_case is not None:
        return
    found = next_unread(worklist.shown, worklist.shown.index(current))
    if found is not None and found is not current:
        open_case(session, found.files)
    elif found is None:
        progress = worklist.progress
        flagged = progress.counts["flagged"]
        words = _tr("Nothing in this list is unread. {read} of {total} are read, {flagged} flagged.")
        session.notice.emit(words.format(read=progress.read, total=progress.total, flagged=flagged))


def open_predictions(session: Session, folder: Path) -> None:
    """Take the masks of a folder as the predictions of the data set's cases, by their names."""
    files = [entry.files for entry in session.worklist.entries]

    def answer(found: dict[str, Path]) -> None:
        named = {entry.name: found[entry.files.name] for entry in session.worklist.entries if entry.files.name in found}
        session.worklist.attach(named)
        words = _tr("{count} of {total} cases have a prediction from {folder}.")
        session.notice.emit(words.format(count=len(named), total=len(files), folder=folder))
        current = session.worklist.current
        if current is not None and current.name in named:
            open_mask(session, named[current.name], kind="prediction")

    words = _tr("Looking for predictions in {}...").format(folder.name)
    session.background.ask("predictions", lambda: predictions_in(folder, files), answer, words=words)


def export_decisions(session: Session, path: Path) -> None:
    """Write all decisions about the data set as CSV, or as JSON with the whole history if the name ends in .json."""
    cases = [entry.name for entry in session.worklist.entries]
    content = session.worklist.access.content

    def question() -> Path:
        if path.suffix.lower() == ".json":
            write_review_json(path, cases, content.history, content.figures)
        else:
            write_review_csv(path, review_rows(cases, content.history, content.figures))
        return path

    def answer(written: Path) -> None:
        session.notice.emit(
            _tr("Wrote the decisions about {count} cases to {path}.").format(count=len(cases), path=written)
        )

    session.background.ask("decisions", question, answer, words=_tr("Writing {}...").format(path.name))


def make_training_set(session: Session, out: Path, answer: Callable[[ReviewedSet], None]) -> None:
    """Make a data set of what was accepted or corrected in a new folder, as a task that can be watched and stopped."""
    data, latest = session.data_set, latest_of(session.worklist.access.content.history)
    if data is None:
        return

    def work(report: Report, should_stop: ShouldStop) -> ReviewedSet:
        return make_reviewed_set(data, latest, out, draw=_REVIEWED_DRAW, report=report, should_stop=should_stop)

    session.tasks.start(_tr("Making a data set of what was accepted"), work, answer)


def status_word(status: str) -> str:
    """A status for people."""
    words = {
        "unread": _tr("unread"),
        "accepted": _tr("accepted"),
        "corrected": _tr("corrected"),
        "rejected": _tr("rejected"),
        "flagged": _tr("flagged"),
    }
    return words[status]


def _may_decide(session: Session) -> bool:
    worklist = session.worklist
    if worklist.current is None or session.expected_case is not None or worklist.is_deciding:
        return False
    if is_keeping(session):
        return False
    return session.case is not None


def _tr(text: str) -> str:
    return QCoreApplication.translate("Reading", text)
