"""What a run was asked to do, as a table of two columns."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from workstation.core.requests import Request, TrainRequest
from workstation.gui.train.wording import preset_word, when_text
from workstation.io.runs import RunFolder


class RequestView(QTreeWidget):
    """The request of one run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)

    def show_request(self, run: RunFolder, request: Request) -> None:
        """Replace all rows."""
        self.clear()
        rows = {self.tr("Folder"): str(run.path), self.tr("Asked at"): when_text(run.created)}
        rows |= self._of_training(request) if isinstance(request, TrainRequest) else self._of_segmentation(request)
        height = round(1.6 * self.fontMetrics().height())
        for label, value in rows.items():
            item = QTreeWidgetItem([label, value])
            item.setToolTip(1, value)
            item.setSizeHint(0, QSize(0, height))
            self.addTopLevelItem(item)

    def _of_training(self, request: TrainRequest) -> dict[str, str]:
        cases = self.tr("{0} chosen").format(len(request.cases)) if request.cases else self.tr("all")
        return {
            self.tr("Data set"): request.data,
            self.tr("Cases"): cases,
            self.tr("Task"): preset_word(request.preset),
            self.tr("Size"): self.tr("full volume") if request.shape is None else request.size,
            self.tr("Batch"): str(request.batch),
            self.tr("Epochs"): str(request.epochs),
            self.tr("Learning rate"): f"{request.learning_rate:g}",
            self.tr("Loss"): request.loss,
            self.tr("Validation"): f"{request.validation:.0%}",
            self.tr("Test"): f"{request.test:.0%}",
            self.tr("Seed"): str(request.seed),
            self.tr("Augmentation"): self.tr("on") if request.augment else self.tr("off"),
            self.tr("Filters and depth"): f"{request.filters}, {request.depth}",
            **self._of_engine(request),
        }

    def _of_segmentation(self, request: Request) -> dict[str, str]:
        values = request.as_dict()
        return {
            self.tr("Model"): values["model"],
            self.tr("Cases"): ", ".join(values["cases"]),
            self.tr("Threshold"): f"{values['threshold']:g}",
            **self._of_engine(request),
        }

    def _of_engine(self, request: Request) -> dict[str, str]:
        threads = request.settings.intra_threads
        return {
            self.tr("Threads"): str(threads) if threads else self.tr("all physical cores"),
            self.tr("oneDNN"): self.tr("on") if request.settings.onednn else self.tr("off"),
        }
