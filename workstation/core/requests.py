"""What a run is asked to do: frozen values that check themselves and travel as JSON.

A form, a command line and `request.json` all build these, so each field is checked here, once, and a refusal names
the field. Whether the data set or model exists is for the engine to find out. A new field needs a default: request
files of older versions stay readable. Requests to measure are in `core/measuring_requests.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar

from workstation.core.measuring_requests import BenchRequest, ProfileRequest, SeamsRequest
from workstation.core.network import NORMALISATIONS, PRESETS, Shape, UNetPlan
from workstation.core.request_fields import (
    MAX_SIDE,
    EngineSettings,
    check_choice,
    check_fraction,
    check_range,
    parse_size,
    value_as_dict,
    value_from_dict,
)
from workstation.core.schedule import MODES, PRECISIONS
from workstation.errors import RequestError

__all__ = [
    "LOSSES",
    "MAX_EPOCHS",
    "MAX_SIDE",
    "REQUESTS",
    "BenchRequest",
    "EngineSettings",
    "ProfileRequest",
    "Request",
    "SeamsRequest",
    "SegmentRequest",
    "TrainRequest",
    "parse_size",
    "request_from_dict",
]

LOSSES = ("dice", "bce+dice")
DECAYS = ("none", "cosine")
MOST_MODELS = 16
MAX_EPOCHS = 100_000
MAX_SENTINELS = 8


def check_learning_rate(value: float) -> None:
    """Refuse what is no learning rate of Adam."""
    if not (math.isfinite(value) and 0 < value <= 10):
        raise RequestError(f"The learning rate must be above 0 and at most 10, not {value}.", field="learning_rate")


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """Train a network on a data set.

    Parameters
    ----------
    data : str
        Folder of the data set, in any layout that is recognised.
    preset : str
        One of `PRESETS`: which sequences go in and which regions come out.
    size : str
        "full", or "IxJxK" to crop or pad each volume about its centre. Either is padded to a multiple of 2**depth.
    batch, epochs : int
    learning_rate : float
        Of Adam.
    loss : {"dice", "bce+dice"}
        The paper's negative log Dice, or binary cross-entropy plus soft Dice loss.
    validation, test : float
        Fractions of the cases held out.
    seed : int
        Of the split, the weights, the order and the augmentation.
    augment : bool
        Random flips, and quarter turns where two axes are equal.
    vary_intensities : bool
        Also random contrast, brightness and gamma of each sequence: for small data sets, whose scanners are few.
    vary_shapes : bool
        Also random turns of up to 15 degrees and scaling by up to a fifth, interpolated linearly.
    decay : {"none", "cosine"}
        Whether the learning rate falls over the training, along half a cosine.
    averaging : float
        Share of the weights' running mean that a step keeps, at least 0 and below 1: that mean is validated and becomes
        the model. 0 uses the weights themselves.
    start_from : str
        A model folder whose weights training starts with; empty starts with random ones.
    filters, depth : int
        Of the network, see `UNetPlan`.
    normalisation : {"batch", "group", "instance"}
        Of the network, see `UNetPlan`.
    memory : {"exact", "low", "plain"}
        What a step keeps and what it computes again, see `core/schedule.py`; "plain" is Keras's own step.
    precision : {"float32", "bfloat16"}
        Of activations; weights, statistics and the loss are always float32. bfloat16 needs a processor that has it.
    micro_batch : int
        Volumes that are in memory at once, their gradients added up to those of the batch; 0 means the whole batch.
    cases : tuple of str
        Names of the cases to use; empty means all.
    split : str
        Manifest of a split (`io/splits.py`), which then alone says what is trained on, validated on and kept aside;
        empty draws one from the seed and the two fractions.
    sentinel_epochs : int
        Every so many epochs the sentinel cases are segmented with the weights as they are then; 0 never.
    sentinels : tuple of str
        Their names; empty means the first two of the validation, or of the training without one.
    tensorboard : bool
        Also write TensorBoard's event files into the run folder.
    name : str
        Of the run and its model; empty means one is made from the preset.
    settings : EngineSettings
    """

    kind: ClassVar[str] = "train"

    data: str
    preset: str = "flair-wt"
    size: str = "full"
    batch: int = 1
    epochs: int = 25
    learning_rate: float = 1e-3
    loss: str = "dice"
    validation: float = 0.1
    test: float = 0.1
    seed: int = 1
    augment: bool = True
    vary_intensities: bool = False
    vary_shapes: bool = False
    decay: str = "none"
    averaging: float = 0.0
    start_from: str = ""
    filters: int = 16
    depth: int = 4
    normalisation: str = "batch"
    memory: str = "exact"
    precision: str = "float32"
    micro_batch: int = 0
    cases: tuple[str, ...] = ()
    split: str = ""
    sentinel_epochs: int = 0
    sentinels: tuple[str, ...] = ()
    tensorboard: bool = False
    name: str = ""
    settings: EngineSettings = field(default_factory=EngineSettings)

    def __post_init__(self) -> None:
        if not self.data.strip():
            raise RequestError("No data set was given.", field="data", hint="Choose the folder of a data set.")
        if self.preset not in PRESETS:
            raise RequestError(
                f"Unknown preset {self.preset!r}.", field="preset", hint=f"Known presets: {', '.join(PRESETS)}."
            )
        parse_size(self.size)
        check_range(self.batch, 1, 1024, "batch")
        check_range(self.epochs, 1, MAX_EPOCHS, "epochs")
        check_range(self.seed, 0, 2**31 - 1, "seed")
        check_learning_rate(self.learning_rate)
        if self.loss not in LOSSES:
            raise RequestError(f"Unknown loss {self.loss!r}.", field="loss", hint=f"Known: {', '.join(LOSSES)}.")
        check_choice(self.normalisation, NORMALISATIONS, "normalisation")
        check_choice(self.decay, DECAYS, "decay")
        check_choice(self.memory, MODES, "memory")
        check_choice(self.precision, PRECISIONS, "precision")
        check_range(self.micro_batch, 0, 1024, "micro_batch")
        if self.memory == "plain" and (self.precision != "float32" or 0 < self.micro_batch < self.batch):
            raise RequestError("The plain engine has neither bfloat16 nor micro-batches.", field="memory")
        check_range(self.sentinel_epochs, 0, MAX_EPOCHS, "sentinel_epochs")
        if len(self.sentinels) > MAX_SENTINELS:
            raise RequestError(
                f"There may be at most {MAX_SENTINELS} sentinel cases, not {len(self.sentinels)}.", field="sentinels"
            )
        if self.split and self.cases:
            raise RequestError("A split names the cases itself; choose cases or a split.", field="split")
        check_fraction(self.averaging, "averaging")
        check_fraction(self.validation, "validation")
        check_fraction(self.test, "test")
        if self.validation + self.test >= 1:
            raise RequestError("Validation and test leave no case to train on.", field="validation")
        _ = self.plan

    @property
    def plan(self) -> UNetPlan:
        """The network that is asked for."""
        return replace(PRESETS[self.preset], filters=self.filters, depth=self.depth, normalisation=self.normalisation)

    @property
    def shape(self) -> Shape | None:
        """Voxels to crop or pad each volume to; None leaves it as it is."""
        return parse_size(self.size)

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        return value_as_dict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainRequest:
        """Build from a JSON object; `RequestError` on an unknown name, a wrong type or a value out of range."""
        return value_from_dict(cls, values)


@dataclass(frozen=True, slots=True)
class SegmentRequest:
    """Segment cases with a trained model.

    Parameters
    ----------
    model : str
        A model folder.
    cases : tuple of str
        Paths: a folder of one case, or one of its files.
    out : str
        File (one case) or folder of the masks; empty means the run's predictions.
    threshold : float
        Probability from which a voxel belongs to a region, below 1; 0 is what the model's card says.
    scheme : str
        Label scheme of the mask of a model with several regions; empty means the source's, else brats2021.
    models : tuple of str
        Further model folders, whose probabilities are averaged with those of the first.
    flips : bool
        Whether each model predicts all eight flips of a volume, which are averaged.
    entropy : bool
        Whether the entropy of the probabilities is written too, as an image.
    settings : EngineSettings
    """

    kind: ClassVar[str] = "segment"

    model: str
    cases: tuple[str, ...]
    out: str = ""
    threshold: float = 0.0
    scheme: str = ""
    models: tuple[str, ...] = ()
    flips: bool = False
    entropy: bool = False
    settings: EngineSettings = field(default_factory=EngineSettings)

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise RequestError("No model was given.", field="model", hint="Choose a model folder.")
        if not self.cases or not all(case.strip() for case in self.cases):
            raise RequestError("No case was given.", field="cases", hint="Name a case folder or one of its images.")
        if not 0 <= self.threshold < 1:
            raise RequestError(f"The threshold must lie between 0 and 1, not {self.threshold}.", field="threshold")
        if not all(each.strip() for each in self.models) or len(set(self.folders)) < len(self.folders):
            raise RequestError("A model was named twice, or has no name.", field="models", hint="Name others.")
        if len(self.folders) > MOST_MODELS:
            raise RequestError(f"At most {MOST_MODELS} models are averaged.", field="models")

    @property
    def folders(self) -> tuple[str, ...]:
        """All model folders, the first one first."""
        return (self.model, *self.models)

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        return value_as_dict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SegmentRequest:
        """Build from a JSON object; `RequestError` on an unknown name, a wrong type or a value out of range."""
        return value_from_dict(cls, values)


Request = TrainRequest | SegmentRequest | ProfileRequest | BenchRequest | SeamsRequest
REQUESTS: Mapping[str, type[Request]] = MappingProxyType(
    {each.kind: each for each in (TrainRequest, SegmentRequest, ProfileRequest, BenchRequest, SeamsRequest)}
)


def request_from_dict(kind: str, values: Mapping[str, Any]) -> Request:
    """The request of a kind ("train", "segment", ...); `RequestError` if the kind is unknown or a value is wrong."""
    if kind not in REQUESTS:
        raise RequestError(f"Unknown kind of run {kind!r}.", field="kind", hint=f"Known: {', '.join(REQUESTS)}.")
    return REQUESTS[kind].from_dict(values)
