"""Model folders: `model.keras` beside `card.json`, which says what the model is and what it was made from.

A model is data that may come from anyone. So the card carries the hash of the weights, and the network's description
inside `model.keras` (a zip file) is read and checked here, without Keras: it may name only what a
network of ours is made of, none of which can hold code. The engine then loads it in Keras's safe mode as well.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from workstation.core.cost import count_parameters
from workstation.core.network import Shape, UNetPlan, padded_shape
from workstation.errors import ModelError, WorkstationError
from workstation.io.files import open_file, read_json, sha256_of, write_json

CARD_NAME = "card.json"
WEIGHTS_NAME = "model.keras"
CARD_VERSION = 1
_UNREADABLE = (
    *(OSError, EOFError, KeyError, ValueError, RecursionError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error),
)
_MAX_CONFIG_BYTES = 16 * 2**20
_MOST_WEIGHT_BYTES = 16 * 2**30
_WEIGHTS_MEMBER = "model.weights.h5"
_KERAS_MEMBERS = frozenset({"config.json", "metadata.json", _WEIGHTS_MEMBER})
_KERAS_MODULE = re.compile(r"keras(\.[A-Za-z0-9_.]+)?")
# All that a network of ours is made of; Lambda and whatever else holds code is not among it.
_PARTS = (
    frozenset({"Functional", "InputLayer", "Conv3D", "Conv3DTranspose", "BatchNormalization", "GroupNormalization"})
    | {"ReLU", "Activation", "MaxPooling3D", "UpSampling3D", "Concatenate"}
    | {"DTypePolicy", "HeUniform", "GlorotUniform", "RandomUniform", "Ones", "Zeros"}
)


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model is, fits, and was made from.

    Parameters
    ----------
    name : str
    plan : UNetPlan
        The network, with its input sequences and output regions in channel order.
    scheme : str
        Label scheme of the truths it was trained on.
    orientation : str
        Voxel axes that it expects, such as "LPS".
    zooms : (3,) tuple of float
        Voxel size of the training volumes, mm.
    shape : (I, J, K)
        Shape of the training volumes, before padding.
    preprocessing : mapping
        "version", and how intensities are normalised and volumes padded, in words.
    threshold : float
        Probability from which a voxel belongs to a region.
    training : mapping
        "recipe", "split" and "data", the manifest: one entry per case with names and sha256 of its files.
    metrics : mapping of str to float
        Of the weights as saved, such as "val_dice", "epoch".
    versions : mapping of str to str
        Of Python, TensorFlow, Keras and others when it was made.
    licence, attribution, limits, created : str
        `created` is ISO 8601.
    sha256 : str
        Of `model.keras`; filled in when the card is written.
    """

    name: str
    plan: UNetPlan
    scheme: str
    orientation: str
    zooms: tuple[float, float, float]
    shape: tuple[int, int, int]
    preprocessing: Mapping[str, Any]
    threshold: float = 0.5
    training: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    attribution: str = ""
    limits: str = "For research only; not a medical device."
    created: str = ""
    sha256: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Sequences in the order of the input channels."""
        return self.plan.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """Regions in the order of the output channels."""
        return self.plan.outputs

    def working_shape(self, shape: Shape) -> Shape:
        """What a volume is cropped or padded to for the network, about its centre as in training.

        Statistics of a volume's own take in the air around the head: they are what the model knows only in volumes of
        the size that it was trained on. With batch norm the size does not matter, and nothing is cropped.
        """
        return padded_shape(shape if self.plan.normalisation == "batch" else self.shape, self.plan.multiple)

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of `card.json`."""
        return {"card_version": CARD_VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelCard:
        """Build from the JSON object of `card.json`.

        Raises
        ------
        KeyError, TypeError, ValueError, RequestError
            A field is missing or is not what it should be.
        """
        if values.get("card_version") != CARD_VERSION:
            raise ValueError(f"it is of version {values.get('card_version')}, and version {CARD_VERSION} is understood")
        known = {each.name for each in fields(cls)}
        given = {name: value for name, value in values.items() if name in known}
        plan = dict(given["plan"])
        given["plan"] = UNetPlan(**{**plan, "inputs": tuple(plan["inputs"]), "outputs": tuple(plan["outputs"])})
        first, second, third = (float(zoom) for zoom in given["zooms"])
        i, j, k = (int(side) for side in given["shape"])
        given.update(zooms=(first, second, third), shape=(i, j, k), threshold=float(given.get("threshold", 0.5)))
        if not all(isinstance(given[name], str) for name in ("name", "scheme", "orientation", "sha256")):
            raise TypeError("name, scheme, orientation and sha256 must be text")
        return cls(**given)


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A folder that holds, or tries to hold, a model: either `card` or `problem` is set."""

    folder: Path
    card: ModelCard | None
    problem: ModelError | None


def write_model_card(folder: Path, card: ModelCard) -> ModelCard:
    """Write `card.json` beside the `model.keras` that is there; the card with its hash filled in."""
    values = {**card.as_dict(), "sha256": sha256_of(folder / WEIGHTS_NAME)}
    write_json(folder / CARD_NAME, values)
    return ModelCard.from_dict(values)


def read_model_card(folder: Path, *, verify: bool = True) -> ModelCard:
    """The card of a model folder, once the model proved to be the one that the card describes.

    Parameters
    ----------
    folder : Path
    verify : bool
        Whether to read `model.keras` too: its hash, and that it holds no code.

    Raises
    ------
    ModelError
        Card or model is missing, damaged, does not belong to the other, or would run code.
    """
    card_path, weights_path = folder / CARD_NAME, folder / WEIGHTS_NAME
    if not card_path.is_file() or not weights_path.is_file():
        missing = CARD_NAME if not card_path.is_file() else WEIGHTS_NAME
        raise ModelError(
            f"{folder} is not a model folder: {missing} is missing.",
            hint="Choose a folder that holds model.keras and card.json.",
            path=folder,
        )
    card = _parsed_card(card_path)
    if verify:
        if sha256_of(weights_path) != card.sha256:
            raise ModelError(
                f"{weights_path} is not the file that its card describes: the sha256 differs.",
                hint="Copy the whole model folder again, or train the model anew.",
                path=weights_path,
            )
        refuse_code(weights_path, most_bytes=_most_weight_bytes(card.plan))
    return card


def list_models(folder: Path) -> tuple[ListedModel, ...]:
    """The model folders directly in `folder`, by name; hashes are not read. Empty if there is no such folder."""
    if not folder.is_dir():
        return ()
    found = []
    for each in sorted(folder.iterdir()):
        # Hidden ones are on their way in or out.
        if each.name[0] != "." and ((each / CARD_NAME).is_file() or (each / WEIGHTS_NAME).is_file()):
            try:
                found.append(ListedModel(each, read_model_card(each, verify=False), None))
            except ModelError as problem:
                found.append(ListedModel(each, None, problem))
    return tuple(found)


def refuse_code(weights_path: Path, *, most_bytes: int = _MOST_WEIGHT_BYTES) -> None:
    """Raise `ModelError` if a `.keras` file is anything but weights for Keras's own layers, or cannot be read.

    Parameters
    ----------
    weights_path : Path
    most_bytes : int
        Of the weights, unpacked.
    """
    try:
        with open_file(weights_path) as file, zipfile.ZipFile(file) as archive:
            _refuse_members(archive, most_bytes, held=os.fstat(file.fileno()).st_size)
            if archive.getinfo("config.json").file_size > _MAX_CONFIG_BYTES:
                raise ValueError("its description is too large")
            config = json.loads(archive.read("config.json"))
        suspects = sorted(set(_foreign_classes(config)))
    except _UNREADABLE as e:
        raise ModelError(
            f"{weights_path} cannot be read as a Keras model: {e}.",
            hint="Copy the whole model folder again, or train the model anew.",
            path=weights_path,
        ) from e
    if suspects:
        raise ModelError(
            f"{weights_path} would run code of its own ({', '.join(suspects)}), so it is not loaded.",
            hint="Use models made of ordinary Keras layers only, such as those trained here.",
            path=weights_path,
        )


def _refuse_members(archive: zipfile.ZipFile, most_bytes: int, *, held: int) -> None:
    """Refuse what Keras itself never writes for such networks: assets, arrays that may be pickles, bombs."""
    for member in archive.infolist():
        if member.filename not in _KERAS_MEMBERS:
            raise ValueError(f"it holds {member.filename!r}, which is not part of such a model")
        if member.compress_size > held:
            # As much memory would be asked for before a byte of it is read.
            raise ValueError(f"{member.filename!r} claims {member.compress_size:,} bytes of a file of {held:,}")
        if member.filename == _WEIGHTS_MEMBER and member.file_size > most_bytes:
            raise ValueError(f"its weights claim {member.file_size / 2**20:.0f} MiB, and the network has fewer")


def _most_weight_bytes(plan: UNetPlan) -> int:
    # In float32, with the two moments of Adam where they were kept, and the words around them.
    return 4 * 4 * count_parameters(plan).total + 64 * 2**20


def _parsed_card(path: Path) -> ModelCard:
    try:
        return ModelCard.from_dict(read_json(path))
    except WorkstationError as e:
        problem = e.message
    except KeyError as e:
        problem = f"{e.args[0]} is missing"
    except (TypeError, ValueError, OverflowError, AttributeError) as e:
        problem = str(e)
    raise ModelError(f"{path} is not a usable model card: {problem}", hint="Copy the model folder again.", path=path)


def _foreign_classes(config: Any) -> Iterator[str]:
    """Names of the objects in a Keras description that are not parts of an ordinary network."""
    if isinstance(config, Mapping):
        name, module = config.get("class_name"), config.get("module")
        if name is not None and not (name == "__keras_tensor__" and module is None):
            is_keras = isinstance(module, str) and _KERAS_MODULE.fullmatch(module) is not None
            if not is_keras or name not in _PARTS or config.get("registered_name") not in (None, name):
                yield str(name)
        for value in config.values():
            yield from _foreign_classes(value)
    elif isinstance(config, list):
        for value in config:
            yield from _foreign_classes(value)
