"""Training: from a data set and a request to a model folder, in a run folder that tells all about it.

The loop walks a flat list of turns (`pipeline.turns`). It asks the control between any two, saves `last` at each
epoch's end, at every stop and every quarter of an hour, and `best` when an epoch is the best so far. As random numbers
follow from (seed, epoch, case), a training that goes on from `last` ends with the weights of an uninterrupted one,
wherever in an epoch it was stopped; after a kill it repeats what came after `last`.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras

from workstation.core.case import CaseFiles, DataSet
from workstation.core.course import course_of
from workstation.core.network import Shape
from workstation.core.requests import TrainRequest
from workstation.core.schedule import Instruction
from workstation.core.split import Split, split_cases
from workstation.engine.checkpoints import BEST, LAST, Position, load_checkpoint, save_checkpoint
from workstation.engine.choices import Choices
from workstation.engine.control import Control
from workstation.engine.environment import describe, versions
from workstation.engine.model_folder import load_model, manifest, save_model
from workstation.engine.pipeline import Batch, BatchReader, ExampleSource, turns
from workstation.engine.precision import refuse_slow_precision
from workstation.engine.preprocessing import DESCRIPTION, ORIENTATION, Example, to_orientation
from workstation.engine.reporting import TrainReport
from workstation.engine.sentinels import Sentinels, sentinel_names
from workstation.engine.steps import Scores, StepLeft, Steps
from workstation.engine.unet import build_unet
from workstation.errors import LayoutError, NonFiniteLoss, RequestError
from workstation.io.layouts import open_dataset
from workstation.io.models import ModelCard
from workstation.io.nifti import read_header
from workstation.io.places import choices_path
from workstation.io.runs import RunFolder
from workstation.io.splits import check_manifest, read_manifest

SAVE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Material:
    """What a training works on: the cases, their split, and their common shape before padding."""

    cases: tuple[CaseFiles, ...]
    split: Split
    shape: Shape


def train(request: TrainRequest, run: RunFolder, *, control: Control | None = None) -> dict[str, Any]:
    """Train as asked, or go on with it where the run folder has a checkpoint.

    Parameters
    ----------
    request : TrainRequest
    run : RunFolder
        Receives events, checkpoints and the model.
    control : Control or None
        None reads the commands of the run folder.

    Returns
    -------
    dict
        "state" ("finished" or "stopped"), "model" (name of the folder in the run, or None), "best_epoch", "val_dice".

    Raises
    ------
    InputError, RequestError
        The data cannot be used as asked.
    RunError
        The checkpoint is damaged or belongs to another recipe.
    RequestError
        The precision is slow on this processor.
    NonFiniteLoss, OutOfMemory
        Training cannot go on; the last good checkpoint is kept.
    """
    run.append({"event": "state", "state": "preparing"})
    refuse_slow_precision(request.precision)
    material = find_material(request)
    run.append({"event": "machine", **describe()})
    return _Training(request, run, control or Control(run), material).run()


def find_material(request: TrainRequest) -> Material:
    """The cases of a request that have a truth and the sequences, split by its seed or as its manifest lists them.

    Raises
    ------
    LayoutError
        A case that was named is not there or is not complete, or none is left; or a file of the manifest's cases is
        another one.
    InputError
        The manifest is damaged.
    """
    dataset = open_dataset(Path(request.data))
    listed = _listed_split(request, dataset)
    chosen = request.cases if listed is None else tuple(name for names in listed.parts.values() for name in names)
    found = {case.name: case for case in dataset.cases}
    for name in chosen:
        if name not in found:
            raise LayoutError(f"{request.data} has no case {name}.", hint="Check the names of the cases.")
    needed = set(request.plan.inputs)
    usable = {name: case for name, case in found.items() if case.truth is not None and needed <= case.sequences.keys()}
    wanted = [name for name in (chosen or found) if chosen or name in usable]
    incomplete = [name for name in wanted if name not in usable]
    if incomplete or not wanted:
        subject = f"Case {incomplete[0]}" if incomplete else f"Every case of {request.data}"
        raise LayoutError(
            f"{subject} lacks a truth or one of {', '.join(request.plan.inputs)}.",
            hint="Choose a preset that fits the data, or complete the cases.",
        )
    fractions = (1 - request.validation - request.test, request.validation, request.test)
    split = listed or split_cases(wanted, seed=request.seed, fractions=fractions)
    cases = tuple(usable[name] for name in sorted(wanted))
    return Material(cases, split, request.shape or _common_shape(cases, request.plan.inputs[0]))


def _listed_split(request: TrainRequest, dataset: DataSet) -> Split | None:
    """The split of the request's manifest, once every file proved to be the one that it lists; None without one."""
    if not request.split:
        return None
    saved = read_manifest(Path(request.split))
    check_manifest(saved, dataset)
    if not saved.split.train:
        raise LayoutError(f"{request.split} leaves no case to train on.", hint="Move cases to the training part.")
    return saved.split


def _common_shape(cases: Sequence[CaseFiles], sequence: str) -> Shape:
    """The smallest shape that holds every case in the network's orientation; reads headers only."""
    shapes = []
    for case in cases:
        grid = read_header(case.sequences[sequence].path).grid
        shapes.append(grid.transformed(to_orientation(grid, ORIENTATION)).shape)
    i, j, k = (max(sides) for sides in zip(*shapes, strict=True))
    return i, j, k


class _Training:
    """One training under way: its parts, and where it stands."""

    def __init__(self, request: TrainRequest, run: RunFolder, control: Control, material: Material) -> None:
        plan = request.plan
        self._request = request
        self._run = run
        self._control = control
        self._split = material.split
        self._shape = material.shape
        self._cases = {case.name: case for case in material.cases}
        self._epoch_steps = -(-len(material.split.train) // request.batch)
        self._source = ExampleSource(material.cases, plan, shape=request.shape)
        self._reader = BatchReader(
            self._source,
            plan,
            shape=self._shape,
            seed=request.seed,
            augment=request.augment,
            vary_intensities=request.vary_intensities,
            vary_shapes=request.vary_shapes,
        )
        model = build_unet(plan, seed=request.seed)
        is_new = not (run.checkpoints / LAST).exists()
        start = _take_weights(model, request) if is_new and request.start_from else {}
        self._choices = Choices(choices_path())
        self._steps = Steps(
            model,
            plan,
            loss=request.loss,
            learning_rate=request.learning_rate,
            shape=self._shape,
            memory=request.memory,
            precision=request.precision,
            micro_batch=request.micro_batch,
            averaging=request.averaging,
            choices=self._choices,
            observe=self._leave_if_asked,
        )
        watched = [self._cases[name] for name in sentinel_names(request, self._split, self._cases)]
        self._sentinels = Sentinels(request, run, watched, model=model, shape=self._shape, choices=self._choices)
        self._report = TrainReport(
            run,
            epochs=request.epochs,
            regions=plan.outputs,
            writes_tensorboard=request.tensorboard,
            train_steps=self._epoch_steps,
            validation_steps=len(self._split.validation),
        )
        self._fingerprint = _fingerprint(request, material)
        self._changes, self._changes_offset = run.changes()
        self._course = course_of(request, self._changes)
        self._position = Position(start=start) if is_new else self._resumed()
        self._validation: list[Scores] = []
        self._saved_at = time.monotonic()

    def run(self) -> dict[str, Any]:
        """Train to the end or to a stop, then write the model of the best epoch."""
        used = [self._cases[name] for name in (*self._split.train, *self._split.validation)]
        is_given_up = threading.Event()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="manifest") as background:
            try:
                hashes = background.submit(
                    manifest, used, inputs=self._request.plan.inputs, should_stop=is_given_up.is_set
                )
                first = self._source.read(self._split.train[0])
                self._steps.trace()
                self._report.state("running")
                self._say_course()
                is_complete = self._loop()
                if not is_complete:
                    self._report.state("stopping")
                return self._finish(first, hashes, is_complete=is_complete)
            finally:
                is_given_up.set()

    def _resumed(self) -> Position:
        best = self._run.checkpoints / BEST
        if self._run.goes_on_from_best() and best.exists():
            self._position = load_checkpoint(best, self._steps, fingerprint=self._fingerprint)
            # A kill before the next checkpoint must not lead back to what was left behind.
            self._save(LAST)
            self._sentinels.forget_after(self._position.epoch - 1)
            self._report.rewound(epoch=self._position.epoch - 1, total_step=self._position.total_steps)
            return self._position
        return load_checkpoint(self._run.checkpoints / LAST, self._steps, fingerprint=self._fingerprint)

    def _follow_changes(self) -> None:
        """Take up what was changed of the course since."""
        changes, self._changes_offset = self._run.changes(self._changes_offset)
        if changes:
            self._changes += changes
            self._course = course_of(self._request, self._changes)
            self._say_course()

    def _say_course(self) -> None:
        self._report.course(epochs=self._course.epochs, learning_rate=self._learning_rate())

    def _loop(self) -> bool:
        """Walk the epochs that there are, and those that are added meanwhile; whether all were walked."""
        while self._position.epoch <= self._course.epochs:
            if not self._walk():
                return False
            self._follow_changes()
        return True

    def _walk(self) -> bool:
        """Walk the turns from the present position to the end of the present course; whether all were walked."""
        request, position = self._request, self._position
        order = turns(
            self._split.train,
            self._split.validation,
            batch=request.batch,
            epochs=self._course.epochs,
            seed=request.seed,
            epoch=position.epoch,
            step=position.step,
        )
        batches = self._reader.batches(order)
        try:
            for batch in batches:
                self._control.wait_while_paused(self._report.state)
                if self._control.stops_now():
                    self._save_last()
                    return False
                try:
                    self._take(batch)
                except StepLeft:
                    self._save_last()
                    return False
                if batch.turn.is_last:
                    self._end_epoch()
                    if position.epoch <= self._course.epochs and self._control.stops_after_epoch():
                        return False
        finally:
            batches.close()
        return True

    def _leave_if_asked(self, _instruction: Instruction, _seconds: float) -> None:
        """A step at full resolution takes minutes on small machines: a stop does not wait for its end."""
        if self._control.leaves_step():
            raise StepLeft

    def _take(self, batch: Batch) -> None:
        start = time.perf_counter()
        if batch.turn.is_validation:
            self._validation.append(self._steps.validate(batch.inputs, batch.targets))
            seconds = time.perf_counter() - start
            self._report.validation_step(seconds=seconds)
            text = f"epoch {batch.turn.epoch} of {self._course.epochs}, validation"
        else:
            self._follow_changes()
            rate = self._learning_rate()
            self._steps.set_learning_rate(rate)
            scores = self._steps.train(batch.inputs, batch.targets)
            seconds = time.perf_counter() - start
            self._count(batch, scores, seconds=seconds, learning_rate=rate)
            text = f"epoch {batch.turn.epoch} of {self._course.epochs}"
        position = self._position
        position.seconds += seconds + batch.wait_seconds
        self._report.progress(total_step=position.total_steps, epoch=batch.turn.epoch, text=text)
        if not batch.turn.is_validation and time.monotonic() - self._saved_at > SAVE_SECONDS:
            self._save_last()

    def _learning_rate(self) -> float:
        """Of the next step, from its place in the training alone."""
        return self._course.learning_rate(self._position.total_steps, epoch_steps=self._epoch_steps)

    def _count(self, batch: Batch, scores: Scores, *, seconds: float, learning_rate: float) -> None:
        """Add a training step to the position, and refuse to go on from a loss that is no number."""
        position, samples = self._position, len(batch.turn.names)
        if not math.isfinite(scores.loss):
            raise NonFiniteLoss(
                f"The loss became {scores.loss} in epoch {batch.turn.epoch}, step {batch.turn.step + 1} "
                f"({', '.join(batch.turn.names)}).",
                hint="Lower the learning rate, or look at the images of this step; the last good checkpoint is kept.",
            )
        position.step = batch.turn.step + 1
        position.total_steps += 1
        position.samples += samples
        position.sums = [total + samples * value for total, value in zip(position.sums, scores[:3], strict=True)]
        self._report.step(
            scores,
            total_step=position.total_steps,
            epoch=batch.turn.epoch,
            seconds=seconds,
            wait_seconds=batch.wait_seconds,
            learning_rate=learning_rate,
        )

    def _end_epoch(self) -> None:
        position = self._position
        loss, dice, soft_dice = (total / max(1, position.samples) for total in position.sums)
        trained = Scores(loss, dice, soft_dice)
        checked = _mean(self._validation)
        value = checked.dice if checked else -trained.loss
        is_best = position.best_value is None or value > position.best_value
        epoch, seconds = position.epoch, position.seconds
        if is_best:
            position.best_epoch, position.best_value = epoch, value
            position.best = {"epoch": epoch, "loss": trained.loss, "dice": trained.dice}
            if checked:
                position.best |= {"val_loss": checked.loss, "val_dice": checked.dice}
        position.epoch, position.step, position.samples, position.seconds = epoch + 1, 0, 0, 0.0
        position.sums = [0.0, 0.0, 0.0]
        self._validation = []
        if is_best:
            self._save(BEST)
        self._save_last()
        self._report.epoch(trained, checked, epoch=epoch, seconds=seconds, is_best=is_best)
        self._look_at_sentinels(epoch)
        self._report.memory()

    def _look_at_sentinels(self, epoch: int) -> None:
        """Segment the cases that are watched, with the weights that a model of this epoch would have."""
        if self._sentinels.is_due(epoch, epochs=self._course.epochs):
            with self._steps.averaged():
                for event in self._sentinels.look(epoch, should_stop=self._control.stops_now):
                    self._run.append(event)

    def _save_last(self) -> None:
        self._save(LAST)
        self._saved_at = time.monotonic()

    def _save(self, name: str) -> None:
        path = self._run.checkpoints / name
        save_checkpoint(path, self._steps, self._position, fingerprint=self._fingerprint)

    def _finish(self, first: Example, hashes: Future[list[dict[str, Any]]], *, is_complete: bool) -> dict[str, Any]:
        """Write the model of the best epoch, if there is one; of a stopped run too, since it may be good enough."""
        best, has_model = self._run.checkpoints / BEST, self._position.best_epoch > 0
        if has_model:
            chosen = load_checkpoint(best, self._steps, fingerprint=self._fingerprint)
            self._position.best = chosen.best
            with self._steps.averaged():
                save_model(self._run.model, self._steps.model, self._card(first, hashes.result()))
        return {
            "state": "finished" if is_complete else "stopped",
            "model": self._run.model.name if has_model else None,
            "best_epoch": self._position.best_epoch,
            "val_dice": self._position.best.get("val_dice"),
        }

    def _card(self, first: Example, data: list[dict[str, Any]]) -> ModelCard:
        request = self._request
        names_files = ("data", "cases", "split", "sentinels", "start_from")
        recipe = {name: value for name, value in request.as_dict().items() if name not in names_files}
        return ModelCard(
            name=request.name or request.preset,
            plan=request.plan,
            scheme=first.scheme,
            orientation=ORIENTATION,
            zooms=first.zooms,
            shape=self._shape,
            preprocessing=DESCRIPTION,
            training={"recipe": recipe, "split": asdict(self._split), "data": data, "start": self._position.start},
            metrics=self._position.best,
            versions=versions(),
            licence="The licence of the training data applies; see its source.",
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def _take_weights(model: keras.Model, request: TrainRequest) -> dict[str, str]:
    """Give a model the weights of the one that the request starts from; what that was, for the card."""
    source, card = load_model(Path(request.start_from))
    if card.plan != request.plan:
        raise RequestError(
            f"{request.start_from} is another network than the one that is asked for.",
            field="start_from",
            hint="Ask for the preset, filters, depth and normalisation of that model.",
        )
    model.set_weights(source.get_weights())
    return {"name": card.name, "created": card.created, "sha256": card.sha256}


def _mean(scores: Sequence[Scores]) -> Scores | None:
    if not scores:
        return None
    loss, dice, soft_dice = (sum(values) / len(scores) for values in zip(*(each[:3] for each in scores), strict=True))
    regions = zip(*(each.regions for each in scores), strict=True)
    return Scores(loss, dice, soft_dice, tuple(sum(values) / len(scores) for values in regions))


def _fingerprint(request: TrainRequest, material: Material) -> str:
    """What must be equal for a checkpoint to be gone on with; more epochs or other threads are no other training.

    What stands at its default is left out: a field that a later version adds makes no old checkpoint another's.
    """
    # What a manifest says is in the split below; where it or the first weights lie does not matter, nor who watches.
    request = replace(request, epochs=1, name="", data="-", split="", start_from="", settings=type(request.settings)())
    request = replace(request, sentinel_epochs=0, sentinels=(), tensorboard=False)
    usual = TrainRequest(data="-").as_dict()
    recipe = {name: value for name, value in request.as_dict().items() if value != usual[name]}
    text = json.dumps([recipe, asdict(material.split), material.shape], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
