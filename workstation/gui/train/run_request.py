"""What a run was asked to do, as a table of two columns."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from workstation.core.requests import Request, SegmentRequest, TrainRequest
from workstation.gui.tooltips import plain_tip
from workstation.gui.train.wording import (
    decay_word,
    memory_word,
    normalisation_word,
    precision_word,
    preset_word,
    when_text,
)
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
        match request:
            case TrainRequest():
                rows |= self._of_training(request)
            case SegmentRequest():
                rows |= self._of_segmentation(request)
            case _:
                rows |= self._of_measurement(request)
        height = round(1.6 * self.fontMetrics().height())
        for label, value in rows.items():
            item = QTreeWidgetItem([label, value])
            item.setToolTip(1, plain_tip(value))
            item.setSizeHint(1, QSize(0, height))
            self.addTopLevelItem(item)

    def _of_training(self, request: TrainRequest) -> dict[str, str]:
        cases = self.tr("{0} chosen").format(len(request.cases)) if request.cases else self.tr("all")
        return {
            self.tr("Data set"): request.data,
            self.tr("Cases"): cases,
            self.tr("Split"): request.split or self.tr("drawn by the seed"),
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
            self.tr("Intensities"): self.tr("varied") if request.vary_intensities else self.tr("as they are"),
            self.tr("Decay of the rate"): decay_word(request.decay),
            self.tr("Filters and depth"): f"{request.filters}, {request.depth}",
            self.tr("Normalisation"): normalisation_word(request.normalisation),
            self.tr("Memory mode"): memory_word(request.memory),
            self.tr("Precision"): precision_word(request.precision),
            self.tr("Micro-batch"): str(request.micro_batch) if request.micro_batch else self.tr("whole batch"),
            self.tr("Sentinel cases"): self._sentinels_of(request),
            self.tr("TensorBoard"): self.tr("on") if request.tensorboard else self.tr("off"),
            **self._of_engine(request),
        }

    def _sentinels_of(self, request: TrainRequest) -> str:
        if not request.sentinel_epochs:
            return self.tr("none")
        which = ", ".join(request.sentinels) or self.tr("the first two of the validation")
        return self.tr("{0}, every {1} epochs").format(which, request.sentinel_epochs)

    def _of_segmentation(self, request: SegmentRequest) -> dict[str, str]:
        return {
            self.tr("Model"): request.model,
            self.tr("Cases"): ", ".join(request.cases),
            self.tr("Threshold"): f"{request.threshold:g}",
            **self._of_engine(request),
        }

    def _of_measurement(self, request: Request) -> dict[str, str]:
        """Every field that is set, under its own name: who measures knows them from the command line."""
        values = {name: value for name, value in request.as_dict().items() if name != "settings" and value != ""}
        rows = {
            name.replace("_", " ").capitalize(): ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            for name, value in values.items()
        }
        return {**rows, **self._of_engine(request)}

    def _of_engine(self, request: Request) -> dict[str, str]:
        threads, cores = request.settings.intra_threads, request.settings.cores
        return {
            **({self.tr("Cores"): cores} if cores else {}),
            self.tr("Threads"): str(threads) if threads else self.tr("all physical cores"),
            self.tr("oneDNN"): self.tr("on") if request.settings.onednn else self.tr("off"),
        }
