"""Reports and exports of whole data sets asked for by file dialogs, and made beside the window.

What draws reports is imported in the thread that makes the first one: neither the start nor the window waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QFileDialog, QMessageBox

from workstation.gui.file_dialogs import last_folder, remember_folder
from workstation.session.exports import MaskSource, export_masks
from workstation.session.origins import origin_of, reviews_of
from workstation.session.session import Session
from workstation.session.tasks import Report, ShouldStop

if TYPE_CHECKING:
    from workstation.gui.main_window import MainWindow
    from workstation.io.cohort_report import CohortFacts

_REPORTS = "PDF (*.pdf);;HTML (*.html)"


class ReportDialogs(QObject):
    """Asks for paths, and starts the tasks."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session

    @property
    def verbs(self) -> dict[str, Callable[[], object]]:
        """What the actions of the File menu do."""
        return {
            "file.report": self.report_case,
            "file.report_cohort": self.report_cohort,
            "file.export_all": self.export_all,
        }

    def report_case(self) -> None:
        """Ask where to write the report of the open case."""
        case = self._session.case
        if case is None:
            return
        place = str(Path(last_folder()) / f"{case.name}_report.pdf")
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Report on the open case"), place, _REPORTS)
        if name:
            report_open_case(self._session, Path(name))

    def report_cohort(self) -> None:
        """Ask for predictions, and where to write the report on them."""
        data = self._session.data_set
        source = self._ask_source(self.tr("Which predictions is the report about?"), has_truths=False)
        if data is None or source is None:
            return
        place = str(Path(last_folder()) / f"{data.name}_report.pdf")
        kinds = _REPORTS + ";;CSV (*.csv)"
        name, _ = QFileDialog.getSaveFileName(self._window, self.tr("Report on the data set"), place, kinds)
        if name:
            report_cohort(self._session, source, Path(name))

    def export_all(self) -> None:
        """Ask which masks to export, and for a folder to export them into."""
        source = self._ask_source(self.tr("Which masks are to be exported?"), has_truths=True)
        folder = None if source is None else self._ask_folder(self.tr("Export into"))
        if source is not None and folder is not None:
            export_masks(self._session, folder, source=source)

    def _ask_source(self, question: str, *, has_truths: bool) -> MaskSource | None:
        """The worklist's predictions, a folder, or the truths."""
        box = QMessageBox(self._window)
        box.setWindowTitle(self.tr("Masks of the data set"))
        box.setText(question)
        box.setInformativeText(self.tr("The masks of a folder are found by their names: each begins with its case's."))
        role = QMessageBox.ButtonRole.AcceptRole
        has_own = any(entry.prediction is not None for entry in self._session.worklist.entries)
        own = box.addButton(self.tr("The worklist's predictions"), role) if has_own else None
        folder = box.addButton(self.tr("A folder of masks..."), role)
        truths = box.addButton(self.tr("The truths"), role) if has_truths else None
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        chosen = box.clickedButton()
        box.deleteLater()
        if chosen is folder:
            return self._ask_folder(self.tr("A folder of masks named after their cases"))
        if own is not None and chosen is own:
            return "worklist"
        return "truths" if truths is not None and chosen is truths else None

    def _ask_folder(self, title: str) -> Path | None:
        name = QFileDialog.getExistingDirectory(self._window, title, last_folder())
        if not name:
            return None
        remember_folder(Path(name).parent)
        return Path(name)


def report_open_case(session: Session, out: Path) -> None:
    """Write the report of the open case, beside the window: its truth, and the mask that is judged, as they are now."""
    case, view, layers = session.case, session.view, session.layers
    if case is None:
        return
    # Any two masks may be drawn; the report calls none the truth that is not, and tells of no decision about another.
    judged = next(slot for slot in (*reversed(layers.pair), "prediction") if slot != "truth")
    truth, prediction, origin = layers.mask("truth"), layers.mask(judged), origin_of(session, judged)
    shown = (view.sequence, layers.palette, view.convention, view.sagittal_nose)

    def work(report: Report, should_stop: ShouldStop) -> None:
        from workstation.gui.report.case_pictures import Style
        from workstation.gui.report.making import Progress, make_case_report
        from workstation.gui.report.slices import Convention
        from workstation.io.case_report import CaseInput

        sequence, palette, convention, nose = shown
        given = CaseInput(case, truth, prediction, origin.review, origin.edits)
        style = Style(sequence, palette, Convention(convention, nose))
        make_case_report(given, [out], style=style, progress=Progress(report, should_stop))

    session.tasks.start(_tr("Report on {0}").format(case.name), work, lambda _result: _say_written(session, out))


def report_cohort(session: Session, source: MaskSource, out: Path) -> None:
    """Write the report of a folder of masks, or of the worklist's, against the open data set, beside the window."""
    data = session.data_set
    if data is None:
        return
    reviews, entries = reviews_of(session), session.worklist.entries
    own = {entry.files.name: entry.prediction for entry in entries if entry.prediction is not None}
    masks = source if isinstance(source, Path) else own

    def work(report: Report, should_stop: ShouldStop) -> CohortFacts:
        from workstation.gui.report.making import Progress, make_cohort_report

        progress = Progress(report, should_stop)
        return make_cohort_report(data, masks, [out], reviews=reviews, progress=progress)

    session.tasks.start(_tr("Report on {0}").format(data.name), work, lambda _facts: _say_written(session, out))


def _say_written(session: Session, out: Path) -> None:
    session.notice.emit(_tr("Report written: {0}").format(out))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Reports", text)
