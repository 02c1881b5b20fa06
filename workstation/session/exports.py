"""The verb that exports the masks of a whole data set, beside the window."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication

from workstation.core.selection import Selection
from workstation.errors import ExportError
from workstation.io.export_batch import BatchExport, ExportItem, export_all, masks_to_export
from workstation.session.origins import reviews_of
from workstation.session.session import Session
from workstation.session.tasks import Report, ShouldStop

MaskSource = Path | Literal["worklist", "truths"]
"""A folder of masks named after their cases, the worklist's predictions, or the data set's truths."""


def export_masks(
    session: Session,
    folder: Path,
    *,
    source: MaskSource,
    selection: Selection | None = None,
    keeps_header: bool = False,
) -> None:
    """Export the masks of the open data set in the background, with a table of them.

    Parameters
    ----------
    session : Session
    folder : Path
        Where they go.
    source : "worklist", "truths" or Path
        The worklist's predictions (corrected where the reader did), the data set's truths, or a folder of masks named
        after their cases.
    selection : Selection or None
    keeps_header : bool
        As in `export_mask`.
    """
    data, reviews, entries = session.data_set, reviews_of(session), session.worklist.entries

    def items() -> list[ExportItem]:
        if source == "worklist":
            return [ExportItem(entry.files.name, entry.corrected or entry.prediction, entry.files) for entry in entries]
        return masks_to_export(source if isinstance(source, Path) else None, data)

    def work(report: Report, should_stop: ShouldStop) -> BatchExport:
        return export_all(
            items(),
            folder,
            selection=selection,
            keeps_header=keeps_header,
            reviews=reviews,
            report=report,
            should_stop=should_stop,
        )

    session.tasks.start(_tr("Exporting masks"), work, lambda done: _say_exported(session, done))


def _say_exported(session: Session, done: BatchExport) -> None:
    failed = done.count("failed")
    words = _tr("Stopped: {} masks exported to {}") if done.is_stopped else _tr("Exported {} masks to {}")
    text = words.format(done.count("exported"), done.table.parent)
    if failed:
        problem = _tr("{}; {} could not be exported").format(text, failed)
        hint = _tr("The reasons stand in {}.").format(done.table)
        session.problem.emit(ExportError(problem, hint=hint, path=done.table))
    else:
        session.notice.emit(_tr("{}; each read back and compared.").format(text))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Exports", text)
