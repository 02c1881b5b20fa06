"""What the fields of requests have in common: sizes, the engine's settings, checks, and JSON to values.

A wrong type in a request file means a wrong file, so conversion is strict; a refusal names the field.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, TypeVar

from workstation.core.network import Shape
from workstation.errors import RequestError

MAX_SIDE = 1024
_AFFINITY = re.compile(r"[A-Za-z0-9_,=\-.:\[\]{} ]*")
_CORES = re.compile(r"node\d{1,3}|\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?)*")
_SIZE = re.compile(r"(\d{1,5})[xX×](\d{1,5})[xX×](\d{1,5})")
_Value = TypeVar("_Value")


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


def cores_in(text: str) -> frozenset[int]:
    """The numbers of "0-3,8"; empty for an empty text."""
    found: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return frozenset(found)


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
    cores : str
        Those that the engine keeps to, as in "0-7,16", or "node0", those of a NUMA node, whose memory is then used
        first; empty is all. Unlike `affinity` it holds for every build.
    """

    onednn: bool = True
    intra_threads: int = 0
    inter_threads: int = 1
    omp_threads: int = 0
    affinity: str = ""
    blocktime_ms: int = 1
    nice: int = 10
    cores: str = ""

    def __post_init__(self) -> None:
        check_range(self.intra_threads, 0, 4096, "intra_threads")
        check_range(self.inter_threads, 0, 4096, "inter_threads")
        check_range(self.omp_threads, 0, 4096, "omp_threads")
        check_range(self.blocktime_ms, 0, 3_600_000, "blocktime_ms")
        check_range(self.nice, 0, 19, "nice")
        if _AFFINITY.fullmatch(self.affinity) is None:
            raise RequestError(f"{self.affinity!r} is not a KMP_AFFINITY.", field="affinity")
        if self.cores and _CORES.fullmatch(self.cores) is None:
            hint = 'Write for example "0-7,16", or "node0" for a NUMA node.'
            raise RequestError(f"{self.cores!r} names no cores.", field="cores", hint=hint)

    def as_dict(self) -> dict[str, Any]:
        """A JSON object that `from_dict` reads back equal."""
        return value_as_dict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> EngineSettings:
        """Build from a JSON object; `RequestError` on an unknown name, a wrong type or a value out of range."""
        return value_from_dict(cls, values)


def value_from_dict(cls: type[_Value], values: Mapping[str, Any], **converted: Any) -> _Value:
    """Build a dataclass from a JSON object; `RequestError` on an unknown or missing name, or a wrong type.

    `converted` are fields that are values already.
    """
    if not isinstance(values, Mapping):
        raise RequestError(f"A {cls.__name__} is a JSON object, not {values!r:.80}.", field="")
    known = {each.name: each for each in fields(cls)}  # type: ignore[arg-type]
    given = dict(converted)
    for name, value in values.items():
        if name not in known:
            raise RequestError(f"Unknown field {name!r} in a {cls.__name__}.", field=name)
        given[name] = _converted(name, value, str(known[name].type))
    for name, each in known.items():
        if name not in given and each.default is MISSING and each.default_factory is MISSING:
            raise RequestError(f"A {cls.__name__} needs {name}.", field=name)
    return cls(**given)


def value_as_dict(value: Any) -> dict[str, Any]:
    """A JSON object of a dataclass that `value_from_dict` reads back equal."""
    return {name: list(each) if isinstance(each, tuple) else each for name, each in asdict(value).items()}


def check_range(value: int, low: int, high: int, name: str) -> None:
    """Refuse a number outside `low` to `high`."""
    if not low <= value <= high:
        raise RequestError(f"{_words(name)} must be {low} to {high}, not {value}.", field=name)


def check_choice(value: str, known: tuple[str, ...], name: str) -> None:
    """Refuse a word that is not among those known."""
    if value not in known:
        raise RequestError(f"{_words(name)} cannot be {value!r}.", field=name, hint=f"Known: {', '.join(known)}.")


def check_fraction(value: float, name: str) -> None:
    """Refuse what is not at least 0 and below 1."""
    if not 0 <= value < 1:
        raise RequestError(f"{name.capitalize()} must be at least 0 and below 1, not {value}.", field=name)


def check_finite(value: float, name: str) -> None:
    """Refuse a negative number, an infinity or what is no number."""
    if not (math.isfinite(value) and value >= 0):
        raise RequestError(f"{_words(name)} must be a number of at least 0, not {value}.", field=name)


def _converted(name: str, value: Any, annotation: str) -> Any:
    """A JSON value as the field's type."""
    if annotation == "EngineSettings" and isinstance(value, Mapping):
        return EngineSettings.from_dict(value)
    if annotation.startswith("tuple[") and isinstance(value, list | tuple):
        item = annotation.removeprefix("tuple[").removesuffix("]").split(",")[0]
        return tuple(_converted(name, each, item) for each in value)
    if annotation == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if annotation == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if annotation == "bool" and isinstance(value, bool):
        return value
    if annotation == "str" and isinstance(value, str):
        return value
    raise RequestError(f"{name} cannot be {value!r}.", field=name)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
