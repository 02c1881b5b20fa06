"""Sentinel cases: a few cases that are segmented again and again as a training goes on, to see what it learns.

    RUN/sentinels/epoch_000012/CASE.nii.gz      on the grid of the case, in its label scheme

A sentinel is placed as a training case is, so its mask is what the network sees: outside a size that crops there is
no tumour. It is predicted between two steps, as a validation case is, when nothing of a step is in memory but weights
and optimiser. Masks of one epoch overwrite each other: a resumed training leaves no others than one that
never stopped.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from workstation.core.case import CaseFiles
from workstation.core.geometry import reorient
from workstation.core.labels import labels_from_regions, region_scheme, scheme_named
from workstation.core.network import Shape, padded_shape
from workstation.core.overlap import dice
from workstation.core.requests import TrainRequest
from workstation.core.split import Split
from workstation.core.volume import LabelMap
from workstation.engine.choices import Choices
from workstation.engine.pipeline import ExampleSource
from workstation.engine.prediction import Predictor
from workstation.engine.preprocessing import ORIENTATION, Placement, to_orientation
from workstation.engine.steps import refusing_to_run_out_of_memory
from workstation.errors import LayoutError
from workstation.io.nifti import read_header
from workstation.io.nifti_writing import write_label_map
from workstation.io.runs import RunFolder
from workstation.io.sentinel_masks import sentinel_epoch

_THRESHOLD = 0.5
_BY_DEFAULT = 2


def sentinel_names(request: TrainRequest, split: Split, cases: Mapping[str, CaseFiles]) -> tuple[str, ...]:
    """The cases that a request wants to be watched; `LayoutError` if one is not there."""
    if not request.sentinel_epochs:
        return ()
    for name in request.sentinels:
        if name not in cases:
            raise LayoutError(
                f"{request.data} has no complete case {name} to watch.", hint="Check the names of the sentinel cases."
            )
    return request.sentinels or tuple((split.validation or split.train)[:_BY_DEFAULT])


class Sentinels:
    """The sentinel cases of one training.

    Parameters
    ----------
    request : TrainRequest
    run : RunFolder
        Receives the masks.
    cases : sequence of CaseFiles
        To be watched.
    model : keras.Model
        Whose present weights predict.
    shape : (I, J, K)
        Of the training's volumes, before padding.
    choices : Choices
    """

    def __init__(
        self,
        request: TrainRequest,
        run: RunFolder,
        cases: Sequence[CaseFiles],
        *,
        model: keras.Model,
        shape: Shape,
        choices: Choices,
    ) -> None:
        self._plan = request.plan
        self._every = request.sentinel_epochs
        self._run = run
        self._cases = cases
        self._shape = shape
        self._source = ExampleSource(cases, request.plan, shape=None)
        self._predictor = Predictor(model, request.plan, choices)

    def is_due(self, epoch: int, *, epochs: int) -> bool:
        """Whether an epoch that is over is among those that are looked at; the first and the last always are."""
        return bool(self._cases) and (epoch in (1, epochs) or epoch % self._every == 0)

    def look(self, epoch: int, *, should_stop: Callable[[], bool]) -> Iterator[dict[str, Any]]:
        """Segment the cases after an epoch; yields an event for each, once its mask is written.

        Raises
        ------
        OutOfMemory, ExportError, InputError
        """
        for files in self._cases:
            if should_stop():
                return
            start = time.perf_counter()
            mask, scores = self._segment(files)
            path = sentinel_epoch(self._run, epoch) / f"{files.name}.nii.gz"
            write_label_map(path, mask)
            about = {"epoch": epoch, "case": files.name, "scheme": mask.scheme.name}
            yield {"event": "sentinel", **about, "dice": scores, "seconds": time.perf_counter() - start}

    def forget_after(self, epoch: int) -> None:
        """Remove the masks of later epochs: the training went back."""
        for folder in self._run.sentinels.glob("epoch_*"):
            if folder.name > sentinel_epoch(self._run, epoch).name:
                shutil.rmtree(folder)

    def _segment(self, files: CaseFiles) -> tuple[LabelMap, dict[str, float]]:
        """The mask of a case on its own grid, and the Dice of each region with its truth."""
        example = self._source.read(files.name)
        i, j, k = example.inputs.shape[:3]
        inner = Placement((i, j, k), self._shape)
        outer = Placement(self._shape, padded_shape(self._shape, self._plan.multiple))
        inputs = outer.place(inner.place(example.inputs, example.background), example.background)
        with refusing_to_run_out_of_memory():
            found = self._predictor.predict(tf.constant(inputs[np.newaxis])).numpy()[0]
        masks = inner.unplace(outer.unplace(found)) >= _THRESHOLD
        scores = {}
        if example.targets is not None:
            truths = example.targets.astype(bool)
            scores = {
                name: dice(truths[..., channel], masks[..., channel]) for channel, name in enumerate(self._plan.outputs)
            }
        return self._label_map(files, masks, example.scheme), scores

    def _label_map(self, files: CaseFiles, masks: np.ndarray, scheme: str) -> LabelMap:
        source = read_header(files.sequences[self._plan.inputs[0]].path)
        outputs = self._plan.outputs
        target = region_scheme(outputs[0]) if len(outputs) == 1 else scheme_named(scheme)
        if len(outputs) == 1:
            data = masks[..., 0].astype(np.uint8)
        else:
            data = labels_from_regions({name: masks[..., c] for c, name in enumerate(outputs)}, target)
        data = reorient(data, to_orientation(source.grid, ORIENTATION).inverse)
        return LabelMap(name=files.name, data=data, grid=source.grid, scheme=target, source=source)
