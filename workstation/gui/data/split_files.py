"""Splits written to manifests and read from them, with the dialogs that ask where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from workstation.core.case import DataSet
from workstation.core.split import all_folds, draw_split
from workstation.gui.data.asking import ask
from workstation.gui.data.split_draft import SplitDraft
from workstation.gui.data.split_panel import SplitPanel
from workstation.gui.train.labels import ToneLabel
from workstation.io.splits import Manifest, check_manifest, fold_path, read_manifest, save_manifest
from workstation.session.session import Session


class SplitFiles(QObject):
    """Saves and loads what a panel shows.

    Parameters
    ----------
    session : Session
    panel : SplitPanel
    says : ToneLabel
        Where it is said what was saved, or why not.
    """

    def __init__(self, session: Session, panel: SplitPanel, *, says: ToneLabel) -> None:
        super().__init__(panel)
        self._session = session
        self._panel = panel
        self._says = says

    def save(self, path: Path, *, then: Callable[[], object] = lambda: None) -> None:
        """Hash the files of the split's cases and write its manifest, or one for each fold; then do something."""
        data_set, draft, background = self._session.data_set, self._panel.draft, self._session.background
        if data_set is None:
            return
        should_stop = background.stop_sign("split")
        volumes = dict(self._session.scan.volumes_ml)

        def question() -> Path:
            return _save(path, data_set, draft, volumes_ml=volumes, should_stop=should_stop)

        def answer(written: Path) -> None:
            self._says.say(self.tr("Saved as {}.").format(written), "good")
            # Hashing takes its time: what is shown by now may be another split, or of another data set.
            if self._session.data_set is data_set and self._panel.draft == draft:
                self._panel.note_saved()
                self._session.take_split(written)
                then()

        self._says.say(self.tr("Saving the split: every file is hashed..."), "faint")
        ask(background, "split", question, answer, says=self._says)

    def load(self, path: Path) -> None:
        """Read a manifest, compare it with the data set, and show it."""
        data_set = self._session.data_set
        if data_set is None:
            return

        def question() -> Manifest:
            manifest = read_manifest(path)
            # Hashes are compared before a training; here the names and sizes are enough.
            check_manifest(manifest, data_set, is_deep=False)
            return manifest

        def answer(manifest: Manifest) -> None:
            self._says.say("")
            if self._session.data_set is data_set:
                self._panel.take_manifest(manifest)
                self._session.take_split(path)

        ask(self._session.background, "split", question, answer, says=self._says)

    def choose_and_save(self, *, then: Callable[[], object] = lambda: None) -> None:
        """Ask where to, and save."""
        data_set = self._session.data_set
        if data_set is not None:
            start = str(data_set.root.parent / f"{data_set.name}-split.json")
            name, _ = QFileDialog.getSaveFileName(
                self._panel, self.tr("Save the split"), start, self.tr("Splits (*.json)")
            )
            if name:
                self.save(Path(name).with_suffix(".json"), then=then)

    def choose_and_load(self) -> None:
        """Ask which, and load."""
        data_set = self._session.data_set
        if data_set is not None:
            start = str(data_set.root.parent)
            name, _ = QFileDialog.getOpenFileName(
                self._panel, self.tr("Load a split"), start, self.tr("Splits (*.json)")
            )
            if name:
                self.load(Path(name))


def _save(
    path: Path,
    data_set: DataSet,
    draft: SplitDraft,
    *,
    volumes_ml: dict[str, float],
    should_stop: Callable[[], bool],
) -> Path:
    """Write the manifests of a draft; the path of the one that is shown."""
    names = [name for held in draft.split.parts.values() for name in held]
    shown = path
    # A fold that was changed by hand is saved alone: the others would no longer fit it.
    for draw in [draft.draw] if draft.moved else all_folds(draft.draw):
        is_shown = draw == draft.draw
        split = draft.split if is_shown else draw_split(names, draw, volumes_ml=volumes_ml)
        written = save_manifest(
            fold_path(path, draw), data_set, split, draw=draw, moved=draft.moved, should_stop=should_stop
        )
        shown = written if is_shown else shown
    return shown
