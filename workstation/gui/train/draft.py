"""What stands in the form of a new training, and what is wrong with it; no widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from workstation.core.requests import EngineSettings, TrainRequest
from workstation.errors import RequestError

# Fields that a draft has as a request has them.
_SHARED = (
    *("data", "preset", "size", "batch", "epochs", "loss", "seed", "augment", "filters", "depth", "normalisation"),
    *("memory", "precision", "micro_batch", "decay", "vary_intensities", "vary_shapes", "start_from"),
    *("validation", "test", "split", "sentinel_epochs", "tensorboard", "name", "settings"),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields as they were entered; free text may be nonsense.

    Parameters
    ----------
    data, size, learning_rate, start_from, cases, split, sentinels, name : str
        As typed; names of cases with commas between them.
    validation, test : float
        Shares of the cases, 0 to 1.
    averaging_percent : float
        Share of the weights' running mean that a step keeps.
    threads : int
        0 means all physical cores.
    cores : str
        As in `EngineSettings`, as typed.
    settings : EngineSettings
        What of it has no field of its own.
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
    validation: float = 0.1
    test: float = 0.1
    seed: int = 1
    threads: int = 0
    cores: str = ""
    augment: bool = True
    filters: int = 16
    depth: int = 4
    normalisation: str = "batch"
    memory: str = "exact"
    precision: str = "float32"
    micro_batch: int = 0
    decay: str = "none"
    vary_intensities: bool = False
    vary_shapes: bool = False
    averaging_percent: float = 0.0
    start_from: str = ""
    onednn: bool = True
    cases: str = ""
    split: str = ""
    sentinel_epochs: int = 1
    sentinels: str = ""
    tensorboard: bool = True
    name: str = ""
    settings: EngineSettings = field(default_factory=EngineSettings)


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


def draft_of(request: TrainRequest) -> Draft:
    """The draft of a request that was made before: what a form shows of a run that is cloned."""
    named = {name: getattr(request, name) for name in _SHARED}
    return Draft(
        learning_rate=f"{request.learning_rate:g}",
        averaging_percent=round(100 * request.averaging, 3),
        threads=request.settings.intra_threads,
        cores=request.settings.cores,
        onednn=request.settings.onednn,
        cases=", ".join(request.cases),
        sentinels=", ".join(request.sentinels),
        **named,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for each in text.split(",") if (name := each.strip()))


def _values(draft: Draft, errors: dict[str, str]) -> dict[str, Any]:
    """The request's fields; one that cannot be converted goes to `errors`."""
    values: dict[str, Any] = {
        "data": draft.data.strip(),
        "preset": draft.preset,
        "size": draft.size.strip().lower().replace(" ", ""),
        "batch": draft.batch,
        "epochs": draft.epochs,
        "loss": draft.loss,
        "validation": draft.validation,
        "test": draft.test,
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
        "vary_shapes": draft.vary_shapes,
        # As typed in per cent, to what the field's digits can say.
        "averaging": round(draft.averaging_percent / 100, 5),
        "start_from": draft.start_from.strip(),
        "cases": _names(draft.cases),
        "split": draft.split.strip(),
        "sentinel_epochs": draft.sentinel_epochs,
        "sentinels": _names(draft.sentinels),
        "tensorboard": draft.tensorboard,
        "name": draft.name.strip(),
    }
    try:
        cores = draft.cores.lower().replace(" ", "")
        settings = replace(draft.settings, intra_threads=draft.threads, omp_threads=draft.threads)
        values["settings"] = replace(settings, onednn=draft.onednn, cores=cores)
    except RequestError as error:
        errors[error.field] = _sentence(error)
    try:
        # Half of the world writes 0,001.
        values["learning_rate"] = float(draft.learning_rate.strip().replace(",", "."))
    except ValueError:
        errors["learning_rate"] = f"{draft.learning_rate!r} is not a number. Write for example 0.001."
    return values


def _sentence(error: RequestError) -> str:
    return f"{error.message} {error.hint}".strip()
