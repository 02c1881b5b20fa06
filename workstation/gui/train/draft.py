"""What stands in the form of a new training, and what is wrong with it; no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workstation.core.requests import EngineSettings, TrainRequest
from workstation.errors import RequestError


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields as they were entered; free text may be nonsense.

    Parameters
    ----------
    data, size, learning_rate, split, name : str
        As typed.
    validation_percent, test_percent : int
        Of the cases.
    threads : int
        0 means all physical cores.
    others
        As in `TrainRequest` and `EngineSettings`.
    """

    data: str = ""
    preset: str = "flair-wt"
    size: str = "full"
    batch: int = 1
    epochs: int = 25
    learning_rate: str = "0.001"
    loss: str = "dice"
    validation_percent: int = 10
    test_percent: int = 10
    seed: int = 1
    threads: int = 0
    augment: bool = True
    filters: int = 16
    depth: int = 4
    normalisation: str = "batch"
    memory: str = "exact"
    precision: str = "float32"
    micro_batch: int = 0
    decay: str = "none"
    vary_intensities: bool = False
    onednn: bool = True
    split: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a draft amounts to.

    Parameters
    ----------
    request : TrainRequest or None
        Where nothing is wrong.
    errors : mapping of str to str
        What is wrong and what to do, by field of `TrainRequest`.
    """

    request: TrainRequest | None
    errors: Mapping[str, str]


def check(draft: Draft) -> Verdict:
    """Turn a draft into a request, or say of every field what is wrong with it.

    A request refuses at its first wrong field; so each field is also tried alone, among values that are right.
    """
    errors: dict[str, str] = {}
    values = _values(draft, errors)
    for name, value in values.items():
        try:
            TrainRequest(**{"data": "x", name: value})
        except RequestError as error:
            errors.setdefault(error.field, _sentence(error))
    if errors:
        return Verdict(None, MappingProxyType(errors))
    try:
        return Verdict(TrainRequest(**values), MappingProxyType({}))
    except RequestError as error:
        return Verdict(None, MappingProxyType({error.field: _sentence(error)}))


def _values(draft: Draft, errors: dict[str, str]) -> dict[str, Any]:
    """The request's fields; one that cannot be converted goes to `errors`."""
    values: dict[str, Any] = {
        "data": draft.data.strip(),
        "preset": draft.preset,
        "size": draft.size.strip().lower().replace(" ", ""),
        "batch": draft.batch,
        "epochs": draft.epochs,
        "loss": draft.loss,
        "validation": draft.validation_percent / 100,
        "test": draft.test_percent / 100,
        "seed": draft.seed,
        "augment": draft.augment,
        "filters": draft.filters,
        "depth": draft.depth,
        "normalisation": draft.normalisation,
        "memory": draft.memory,
        "precision": draft.precision,
        "micro_batch": draft.micro_batch,
        "decay": draft.decay,
        "vary_intensities": draft.vary_intensities,
        "split": draft.split.strip(),
        "name": draft.name.strip(),
        "settings": EngineSettings(onednn=draft.onednn, intra_threads=draft.threads, omp_threads=draft.threads),
    }
    try:
        # Half of the world writes 0,001.
        values["learning_rate"] = float(draft.learning_rate.strip().replace(",", "."))
    except ValueError:
        errors["learning_rate"] = f"{draft.learning_rate!r} is not a number. Write for example 0.001."
    return values


def _sentence(error: RequestError) -> str:
    return f"{error.message} {error.hint}".strip()
