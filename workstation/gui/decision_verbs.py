"""What the actions of the Decide menu do in the window, and how a decision is said, with a way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QInputDialog

from workstation.core.review import Decision
from workstation.session import reading

if TYPE_CHECKING:
    from workstation.gui.main_window import MainWindow
    from workstation.io.reviewed_set import ReviewedSet


class DecisionVerbs(QObject):
    """Carries the actions out."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session
        self._session.worklist.decided.connect(self._on_decided)
        window.review.cases.reader_wanted.connect(self.ask_reader)

    @property
    def verbs(self) -> dict[str, Callable[[], object]]:
        """By the ids of the actions."""
        session, panel = self._session, self._window.review.cases.panel
        worklist = session.worklist
        return {
            "go.next_unread": lambda: reading.open_next_unread(session),
            "decide.accept": panel.accept_and_next,
            "decide.reject": panel.ask_reason,
            "decide.flag": panel.ask_note,
            "decide.corrected": panel.mark_corrected,
            "decide.undo": lambda: reading.undo_decision(session),
            "decide.blinded": lambda: worklist.set_blinded(blinded=not worklist.is_blinded),
            "decide.reader": self.ask_reader,
            "decide.agreement": self.show_agreement,
            "decide.predictions": self.open_predictions,
            "decide.train": self.train,
            "decide.export": self.export,
        }

    def ask_reader(self) -> None:
        """Ask who reads."""
        worklist = self._session.worklist
        title, words = self.tr("Reader"), self.tr("Decisions are kept under the name:")
        name, is_given = QInputDialog.getText(self._window, title, words, text=worklist.reader)
        if is_given:
            worklist.set_reader(name)

    def show_agreement(self) -> None:
        """Show how far readers agree, beside the window."""
        from workstation.gui.review.agreement_dialog import AgreementDialog

        AgreementDialog(self._session, self._window).show()

    def open_predictions(self) -> None:
        """Ask for a folder of masks."""
        data_set = self._session.data_set
        start = str(data_set.root.parent) if data_set else str(Path.home())
        title = self.tr("Folder with predictions, named after their cases")
        folder = QFileDialog.getExistingDirectory(self._window, title, start)
        if folder:
            reading.open_predictions(self._session, Path(folder))

    def train(self) -> None:
        """Ask where to make a data set of the accepted and corrected cases; the form of a training opens with it."""
        data_set = self._session.data_set
        if data_set is None:
            return
        place = data_set.root.parent / f"{data_set.name}_reviewed"
        title = self.tr("A new folder for the accepted and corrected cases")
        path, _ = QFileDialog.getSaveFileName(
            self._window, title, str(place), "", options=QFileDialog.Option.DontConfirmOverwrite
        )
        if path:
            reading.make_training_set(self._session, Path(path), self._on_made)

    def _on_made(self, made: ReviewedSet) -> None:
        words = self.tr("{0} cases are ready to be trained on").format(len(made.cases))
        if made.problems:
            case, why = next(iter(made.problems.items()))
            words += self.tr("; {0} were left out, such as {1}: {2}").format(len(made.problems), case, why)
        self._session.notice.emit(words + ".")
        self._window.train_on(made.root, made.split)

    def export(self) -> None:
        """Ask where to write the decisions."""
        data_set = self._session.data_set
        name = f"{data_set.name}_decisions.csv" if data_set else "decisions.csv"
        title, kinds = self.tr("Export decisions"), "CSV (*.csv);;JSON (*.json)"
        path, _ = QFileDialog.getSaveFileName(self._window, title, str(Path.home() / name), kinds)
        if path:
            reading.export_decisions(self._session, Path(path))

    def _on_decided(self, decision: Decision) -> None:
        words = self.tr("{case}: {status}").format(case=decision.case, status=reading.status_word(decision.status))
        if decision.reason:
            words += f" ({decision.reason})"
        undo = (self.tr("Undo"), lambda: reading.undo_decision(self._session))
        self._window.messages.show_notice(words, action=undo)
