"""A model card in words: sections of rows, so that the view only lays them out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import QCoreApplication

from workstation.core.cost import count_parameters
from workstation.core.labels import REGION_NAMES, SCHEMES
from workstation.gui.models.sources import ModelEntry
from workstation.gui.train.wording import bytes_text, seconds_text, shape_text, whole_text
from workstation.io.model_needs import ModelNeeds
from workstation.io.models import ModelCard

_METRICS = ("val_dice", "val_loss", "dice", "loss")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the card: what, its value, and a word of explanation."""

    title: str
    text: str
    tip: str = ""


Section = tuple[str, Sequence[Row]]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Models", text)


def origin_words(entry: ModelEntry) -> str:
    """Where a model comes from."""
    if entry.origin == "run":
        return _tr("from the run {}").format(entry.run)
    words = {"shipped": _tr("ships with the program"), "imported": _tr("imported by you from a file")}
    return words.get(entry.origin, _tr("a folder that you added"))


def list_words(entry: ModelEntry, *, is_default: bool = False) -> str:
    """The second line of a model in the list."""
    if entry.card is None:
        return _tr("cannot be used")
    parts = [f"{', '.join(entry.card.inputs)} \N{RIGHTWARDS ARROW} {', '.join(entry.card.outputs)}"]
    dice = entry.card.metrics.get("val_dice")
    if isinstance(dice, float | int):
        parts.append(_tr("val. Dice {}").format(f"{dice:.3f}"))
    origins = {"run": _tr("run"), "shipped": _tr("shipped"), "imported": _tr("imported"), "added": _tr("added")}
    parts.append(origins[entry.origin])
    if is_default:
        parts.insert(0, _tr("default"))
    return "  \N{MIDDLE DOT}  ".join(parts)


def lacking_words(card: ModelCard | None, sequences: Collection[str] | None) -> str:
    """Why a model cannot segment the open case; empty if it can.

    Parameters
    ----------
    card : ModelCard or None
    sequences : collection of str or None
        Of the open case; None if there is none.
    """
    if card is None:
        return _tr("This model cannot be used.")
    if sequences is None:
        return _tr("Open a case first.")
    lacking = [name for name in card.inputs if name not in sequences]
    return _tr("The open case has no {}.").format(", ".join(lacking)) if lacking else ""


def sections_of(card: ModelCard) -> tuple[Section, ...]:
    """The whole card, section by section; what it does not say is left out."""
    sections = (
        (_tr("What it does"), _purpose(card)),
        (_tr("How good it was on its validation cases"), _quality(card)),
        (_tr("What it was trained on"), _training(card)),
        (_tr("What it expects"), _expectations(card)),
        (_tr("Terms"), _terms(card)),
    )
    return tuple(
        (title, [row for row in rows if row.text]) for title, rows in sections if any(row.text for row in rows)
    )


def needs_section(needs: ModelNeeds) -> Section:
    """What a segmentation with the model needs on this machine."""
    memory = _tr("{0} for {1} voxels").format(bytes_text(needs.memory_bytes), shape_text(needs.shape))
    computing = "" if needs.estimated_seconds is None else seconds_text(needs.estimated_seconds)
    measured = _tr("{0} a case, the median of {1} segmented here").format(
        seconds_text(needs.measured_seconds), needs.measured_count
    )
    rows = [
        Row(_tr("Memory"), memory, _tr("Expected peak of one case; flips take no more, further models hardly any")),
        Row(_tr("Computing"), computing, _tr("Estimated from the calibration of this machine, without files")),
        Row(
            _tr("Time"),
            _tr("no case was segmented here yet") if needs.measured_seconds is None else measured,
            _tr("Measured from reading the files to the written mask"),
        ),
    ]
    return _tr("What it needs on this machine"), [row for row in rows if row.text]


def _purpose(card: ModelCard) -> list[Row]:
    outputs = ", ".join(f"{name} ({REGION_NAMES.get(name, name)})" for name in card.outputs)
    parameters = count_parameters(card.plan)
    network = _tr("3D U-Net, {} filters, depth {}, {} parameters").format(
        card.plan.filters, card.plan.depth, whole_text(parameters.total)
    )
    return [
        Row(_tr("Reads"), ", ".join(card.inputs), _tr("Sequences, in the order of the network's channels")),
        Row(_tr("Finds"), outputs),
        Row(_tr("Network"), network, _tr("{} of them are trained").format(whole_text(parameters.trainable))),
        Row(_tr("Threshold"), f"{card.threshold:g}", _tr("Probability from which a voxel belongs to a region")),
    ]


def _quality(card: ModelCard) -> list[Row]:
    names = {
        "val_dice": _tr("Validation Dice"),
        "val_loss": _tr("Validation loss"),
        "dice": _tr("Training Dice"),
        "loss": _tr("Training loss"),
    }
    tip = _tr("Of the epoch whose weights were kept")
    rows = [
        Row(names[name], f"{card.metrics[name]:.4f}", tip)
        for name in _METRICS
        if isinstance(card.metrics.get(name), float | int)
    ]
    epoch = card.metrics.get("epoch")
    if isinstance(epoch, float | int) and rows:
        rows.append(Row(_tr("Epoch"), f"{epoch:g}", tip))
    return rows


def _training(card: ModelCard) -> list[Row]:
    recipe, split = _mapping(card.training.get("recipe")), _mapping(card.training.get("split"))
    counts = [len(split[part]) for part in ("train", "validation", "test") if isinstance(split.get(part), list)]
    data = card.training.get("data")
    cases = len(data) if isinstance(data, list) else 0
    return [
        Row(
            _tr("Cases"),
            _tr("{} for training, {} for validation, {} kept aside").format(*counts) if len(counts) == 3 else "",
        ),
        Row(
            _tr("Manifest"),
            _tr("{} cases listed with the sha256 of their files").format(whole_text(cases)) if cases else "",
        ),
        Row(_tr("Volumes"), f"{shape_text(card.shape)}, {_zooms(card)}", _tr("Before padding")),
        Row(_tr("Labels"), SCHEMES[card.scheme].title if card.scheme in SCHEMES else card.scheme),
        Row(_tr("Recipe"), _recipe(recipe)),
        Row(_tr("Made"), _date(card.created)),
    ]


def _expectations(card: ModelCard) -> list[Row]:
    preprocessing = card.preprocessing
    return [
        Row(_tr("Axes"), card.orientation, _tr("Voxel axes run to these sides; cases are turned to them")),
        Row(_tr("Intensities"), str(preprocessing.get("intensity", ""))),
        Row(_tr("Padding"), str(preprocessing.get("padding", ""))),
    ]


def _terms(card: ModelCard) -> list[Row]:
    versions = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    return [
        Row(_tr("Licence"), card.licence),
        Row(_tr("Attribution"), card.attribution),
        Row(_tr("Limits"), card.limits),
        Row(_tr("Made with"), versions),
    ]


def _recipe(recipe: Mapping[str, Any]) -> str:
    words = {
        "epochs": _tr("{} epochs"),
        "batch": _tr("batch {}"),
        "learning_rate": _tr("learning rate {}"),
        "loss": _tr("loss {}"),
        "seed": _tr("seed {}"),
    }
    return ", ".join(text.format(recipe[name]) for name, text in words.items() if name in recipe)


def _mapping(value: object) -> Mapping[str, Any]:
    # A card may come from anyone: what is not as expected is not shown.
    return value if isinstance(value, Mapping) else {}


def _zooms(card: ModelCard) -> str:
    return " \N{MULTIPLICATION SIGN} ".join(f"{zoom:.4g}" for zoom in card.zooms) + " mm"


def _date(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return text
