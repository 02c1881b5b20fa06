"""What a run is asked to measure: a grid of sizes, the engine against its rivals, or the seams of tiles.

As the requests in `core/requests.py`, they check themselves and travel as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from workstation.core.network import NORMALISATIONS, PRESETS, Shape, UNetPlan
from workstation.core.request_fields import (
    EngineSettings,
    check_choice,
    check_finite,
    check_range,
    parse_size,
    value_as_dict,
    value_from_dict,
)
from workstation.core.schedule import MODES, PRECISIONS
from workstation.errors import RequestError

PROFILE_SIZES = (
    *("64x64x64", "80x96x64", "96x96x96", "112x96x128", "128x128x128"),
    *("144x144x144", "160x192x144", "240x240x144"),
)
QUICK_SIZES = ("32x32x32", "48x48x32", "64x64x64")
RIVALS = ("plain", "plain_no_onednn", "low", "peer")
"""What the engine is compared with: plain Keras with oneDNN and without, its own low-memory mode, PyTorch."""
WEIGHTINGS = ("uniform", "gaussian")


@dataclass(frozen=True, slots=True)
class ProfileRequest:
    """Measure memory and time of steps over a grid, each point in a fresh process with a memory cap.

    Parameters
    ----------
    sizes : tuple of str
        "IxJxK" each; padded to a multiple of 2**depth.
    batches : tuple of int
    modes : tuple of {"exact", "low", "plain"}
    precisions : tuple of {"float32", "bfloat16"}
    preset, filters, depth, normalisation
        The network, as in `TrainRequest`.
    warm_up, steps : int
        Steps of each point before and while it is timed.
    cap_gib : float
        Memory that a point may take; 0 means nine tenths of what is available when it starts.
    name : str
        Of the run; empty means one is made.
    settings : EngineSettings
    """

    kind: ClassVar[str] = "profile"

    sizes: tuple[str, ...] = PROFILE_SIZES
    batches: tuple[int, ...] = (1, 2)
    modes: tuple[str, ...] = ("exact", "low")
    precisions: tuple[str, ...] = ("float32",)
    preset: str = "flair-wt"
    filters: int = 16
    depth: int = 4
    normalisation: str = "batch"
    warm_up: int = 1
    steps: int = 2
    cap_gib: float = 0.0
    name: str = ""
    settings: EngineSettings = field(default_factory=EngineSettings)

    def __post_init__(self) -> None:
        for name in ("sizes", "batches", "modes", "precisions"):
            if not getattr(self, name):
                raise RequestError("A grid needs at least one value along each axis.", field=name)
        for size in self.sizes:
            _check_size(size, "sizes")
        for batch in self.batches:
            check_range(batch, 1, 1024, "batches")
        for mode in self.modes:
            check_choice(mode, MODES, "modes")
        for precision in self.precisions:
            check_choice(precision, PRECISIONS, "precisions")
        _check_common(self)

    @property
    def plan(self) -> UNetPlan:
        """The network that is measured."""
        return _plan_of(self)

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        return value_as_dict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ProfileRequest:
        """Build from a JSON object; `RequestError` on an unknown name, a wrong type or a value out of range."""
        return value_from_dict(cls, values)


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """Compare the engine with its rivals in alternating pairs of steps.

    Parameters
    ----------
    size : str
        "IxJxK".
    batch : int
    preset, filters, depth, normalisation
        The network, as in `TrainRequest`.
    steps : int
        Pairs with each rival.
    warm_up : int
        Steps of each process before the first pair.
    rivals : tuple of str
        Of `RIVALS`, in the order in which they are measured.
    peer : str
        Path of a Python that has PyTorch; empty means the one that runs this, if it has.
    model, case : str
        A model folder and a case: also measure from files to mask on disk against the bare forward pass.
    cap_gib, name, settings
        As in `ProfileRequest`.
    """

    kind: ClassVar[str] = "bench"

    size: str = "96x96x96"
    batch: int = 1
    preset: str = "flair-wt"
    filters: int = 16
    depth: int = 4
    normalisation: str = "batch"
    steps: int = 5
    warm_up: int = 2
    rivals: tuple[str, ...] = RIVALS
    peer: str = ""
    model: str = ""
    case: str = ""
    cap_gib: float = 0.0
    name: str = ""
    settings: EngineSettings = field(default_factory=EngineSettings)

    def __post_init__(self) -> None:
        _check_size(self.size, "size")
        check_range(self.batch, 1, 1024, "batch")
        for rival in self.rivals:
            check_choice(rival, RIVALS, "rivals")
        if bool(self.model.strip()) != bool(self.case.strip()):
            raise RequestError("Inference needs a model and a case.", field="model" if self.case else "case")
        _check_common(self)

    @property
    def plan(self) -> UNetPlan:
        """The network that is measured."""
        return _plan_of(self)

    @property
    def shape(self) -> Shape:
        """Voxels of a volume."""
        return _check_size(self.size, "size")

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        return value_as_dict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BenchRequest:
        """Build from a JSON object; `RequestError` on an unknown name, a wrong type or a value out of range."""
        return value_from_dict(cls, values)


@dataclass(frozen=True, slots=True)
class SeamsRequest:
    """Compare the prediction of a whole volume with that of its tiles.

    Parameters
    ----------
    model, case : str
        A model folder; a folder of a case, or one of its files.
    tile : str
        "IxJxK", multiples of 2**depth of the model.
    overlap : int
        Voxels that neighbouring tiles share at least, along each axis.
    weighting : {"uniform", "gaussian"}
        How overlapping tiles are averaged.
    threshold : float
        Probability from which a voxel belongs to a region, below 1; 0 is what the model's card says.
    out : str
        Folder of the results; empty means the run's own.
    settings : EngineSettings
    """

    kind: ClassVar[str] = "seams"

    model: str
    case: str
    tile: str = "128x128x128"
    overlap: int = 0
    weighting: str = "uniform"
    threshold: float = 0.0
    out: str = ""
    settings: EngineSettings = field(default_factory=EngineSettings)

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise RequestError("No model was given.", field="model", hint="Choose a model folder.")
        if not self.case.strip():
            raise RequestError("No case was given.", field="case", hint="Name a case folder or one of its images.")
        tile = _check_size(self.tile, "tile")
        if not 0 <= self.overlap < min(tile):
            raise RequestError(f"The overlap must be 0 to {min(tile) - 1}, not {self.overlap}.", field="overlap")
        check_choice(self.weighting, WEIGHTINGS, "weighting")
        if not 0 <= self.threshold < 1:
            raise RequestError(
                f"The threshold must be at least 0 and below 1, not {self.threshold}.", field="threshold"
            )

    @property
    def tile_shape(self) -> Shape:
        """Voxels of a tile."""
        return _check_size(self.tile, "tile")

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        return value_as_dict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SeamsRequest:
        """Build from a JSON object; `RequestError` on an unknown name, a wrong type or a value out of range."""
        return value_from_dict(cls, values)


def _check_size(text: str, name: str) -> Shape:
    shape = parse_size(text)
    if shape is None:
        raise RequestError("A measurement needs a size.", field=name, hint="Write three sides as in 96x96x96.")
    return shape


def _check_common(request: ProfileRequest | BenchRequest) -> None:
    check_choice(request.preset, tuple(PRESETS), "preset")
    check_choice(request.normalisation, NORMALISATIONS, "normalisation")
    check_range(request.warm_up, 0, 100, "warm_up")
    check_range(request.steps, 1, 1000, "steps")
    check_finite(request.cap_gib, "cap_gib")
    _ = request.plan


def _plan_of(request: ProfileRequest | BenchRequest) -> UNetPlan:
    plan = PRESETS[request.preset]
    return replace(plan, filters=request.filters, depth=request.depth, normalisation=request.normalisation)
