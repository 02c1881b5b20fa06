"""What a run is asked to do: frozen values that check themselves and travel as JSON.

A form, a command line and `request.json` all build these, so each field is checked here, once, and a refusal names
the field. Whether the data set or model exists is for the engine to find out. A new field needs a default: request
files of older versions stay readable.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from workstation.core.network import PRESETS, Shape, UNetPlan
from workstation.errors import RequestError

LOSSES = ("dice", "bce+dice")
MAX_SIDE = 1024
_AFFINITY = re.compile(r"[A-Za-z0-9_,=\-.:\[\]{} ]*")
_SIZE = re.compile(r"(\d{1,5})[xX×](\d{1,5})[xX×](\d{1,5})")


def parse_size(text: str) -> Shape | None:
    """Voxels of "IxJxK"; None for "full", the volume as it is.

    Raises
    ------
    RequestError
        Neither of the two, or a side outside 1 to 1024.
    """
    if text.strip().lower() == "full":
        return None
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise RequestError(
            f"{text!r} is not a size.", field="size", hint='Write "full", or three sides as in 240x240x144.'
        )
    i, j, k = (int(side) for side in match.groups())
    if not all(1 <= side <= MAX_SIDE for side in (i, j, k)):
        raise RequestError(f"Sides must be 1 to {MAX_SIDE} voxels, not {text}.", field="size")
    return i, j, k


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the engine uses the machine; recorded in every run.

    Parameters
    ----------
    onednn : bool
        TF_ENABLE_ONEDNN_OPTS, always set explicitly.
    intra_threads, omp_threads : int
        Threads within one operation; 0 means all physical cores.
    inter_threads : int
        Operations at the same time.
    affinity : str
        KMP_AFFINITY; empty is the engine's default. Read by builds of TensorFlow with Intel's OpenMP only.
    blocktime_ms : int
        KMP_BLOCKTIME, likewise.
    nice : int
        0 to 19; how far a run stands back behind the window.
    """

    onednn: bool = True
    intra_threads: int = 0
    inter_threads: int = 1
    omp_threads: int = 0
    affinity: str = ""
    blocktime_ms: int = 1
    nice: int = 10

    def __post_init__(self) -> None:
        _check_range(self.intra_threads, 0, 4096, "intra_threads")
        _check_range(self.inter_threads, 0, 4096, "inter_threads")
        _check_range(self.omp_threads, 0, 4096, "omp_threads")
        _check_range(self.blocktime_ms, 0, 3_600_000, "blocktime_ms")
        _check_range(self.nice, 0, 19, "nice")
        if _AFFINITY.fullmatch(self.affinity) is None:
            raise RequestError(f"{self.affinity!r} is not a KMP_AFFINITY.", field="affinity")

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> EngineSettings:
        """Build from a JSON object; `RequestError` on an unknown name, a wrong type or a value out of range."""
        return _from_dict(cls, values)


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
    filters, depth : int
        Of the network, see `UNetPlan`.
    cases : tuple of str
        Names of the cases to use; empty means all.
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
    filters: int = 16
    depth: int = 4
    cases: tuple[str, ...] = ()
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
        _check_range(self.batch, 1, 1024, "batch")
        _check_range(self.epochs, 1, 100_000, "epochs")
        _check_range(self.seed, 0, 2**31 - 1, "seed")
        if not (math.isfinite(self.learning_rate) and 0 < self.learning_rate <= 10):
            raise RequestError(
                f"The learning rate must be above 0 and at most 10, not {self.learning_rate}.", field="learning_rate"
            )
        if self.loss not in LOSSES:
            raise RequestError(f"Unknown loss {self.loss!r}.", field="loss", hint=f"Known: {', '.join(LOSSES)}.")
        _check_fraction(self.validation, "validation")
        _check_fraction(self.test, "test")
        if self.validation + self.test >= 1:
            raise RequestError("Validation and test leave no case to train on.", field="validation")
        _ = self.plan

    @property
    def plan(self) -> UNetPlan:
        """The network that is asked for."""
        return replace(PRESETS[self.preset], filters=self.filters, depth=self.depth)

    @property
    def shape(self) -> Shape | None:
        """Voxels to crop or pad each volume to; None leaves it as it is."""
        return parse_size(self.size)

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        return {**asdict(self), "cases": list(self.cases)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainRequest:
        """Build from a JSON object; `RequestError` on an unknown name, a wrong type or a value out of range."""
        return _from_dict(cls, values)


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
        Probability from which a voxel belongs to a region, above 0 and below 1.
    scheme : str
        Label scheme of the mask of a model with several regions; empty means the source's, else brats2021.
    settings : EngineSettings
    """

    kind: ClassVar[str] = "segment"

    model: str
    cases: tuple[str, ...]
    out: str = ""
    threshold: float = 0.5
    scheme: str = ""
    settings: EngineSettings = field(default_factory=EngineSettings)

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise RequestError("No model was given.", field="model", hint="Choose a model folder.")
        if not self.cases or not all(case.strip() for case in self.cases):
            raise RequestError("No case was given.", field="cases", hint="Name a case folder or one of its images.")
        if not 0 < self.threshold < 1:
            raise RequestError(f"The threshold must lie between 0 and 1, not {self.threshold}.", field="threshold")

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        return {**asdict(self), "cases": list(self.cases)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SegmentRequest:
        """Build from a JSON object; `RequestError` on an unknown name, a wrong type or a value out of range."""
        return _from_dict(cls, values)


Request = TrainRequest | SegmentRequest
REQUESTS: Mapping[str, type[TrainRequest] | type[SegmentRequest]] = MappingProxyType(
    {TrainRequest.kind: TrainRequest, SegmentRequest.kind: SegmentRequest}
)
_Value = TypeVar("_Value", EngineSettings, TrainRequest, SegmentRequest)


def request_from_dict(kind: str, values: Mapping[str, Any]) -> Request:
    """The request of a kind ("train", "segment"); `RequestError` if the kind is unknown or a value is wrong."""
    if kind not in REQUESTS:
        raise RequestError(f"Unknown kind of run {kind!r}.", field="kind", hint=f"Known: {', '.join(REQUESTS)}.")
    return REQUESTS[kind].from_dict(values)


def _from_dict(cls: type[_Value], values: Mapping[str, Any]) -> _Value:
    annotations = {each.name: str(each.type) for each in fields(cls)}
    given: dict[str, Any] = {}
    for name, value in values.items():
        if name not in annotations:
            raise RequestError(f"Unknown field {name!r} in a {cls.__name__}.", field=name)
        given[name] = _converted(name, value, annotations[name])
    needed: set[str] = {"data"} if cls is TrainRequest else {"model", "cases"} if cls is SegmentRequest else set()
    for name in sorted(needed - given.keys()):
        raise RequestError(f"A {cls.__name__} needs {name}.", field=name)
    return cls(**given)


def _converted(name: str, value: Any, annotation: str) -> Any:
    """A JSON value as the field's type; strict, since a wrong type means a wrong file."""
    if annotation == "EngineSettings" and isinstance(value, Mapping):
        return EngineSettings.from_dict(value)
    if annotation.startswith("tuple") and isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if annotation == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if annotation == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if annotation == "bool" and isinstance(value, bool):
        return value
    if annotation == "str" and isinstance(value, str):
        return value
    raise RequestError(f"{name} cannot be {value!r}.", field=name)


def _check_range(value: int, low: int, high: int, name: str) -> None:
    if not low <= value <= high:
        words = name.replace("_", " ").capitalize()
        raise RequestError(f"{words} must be {low} to {high}, not {value}.", field=name)


def _check_fraction(value: float, name: str) -> None:
    if not 0 <= value < 1:
        raise RequestError(f"{name.capitalize()} must be at least 0 and below 1, not {value}.", field=name)
