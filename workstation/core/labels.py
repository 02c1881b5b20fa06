"""Label schemes of the BraTS family, the regions that are scored, and recognising which scheme a mask follows.

The same integers mean different tissues in different data sets (4 is enhancing tumour or resection cavity, 3 is
enhancing or nothing), so a mask always travels with its scheme, and values alone decide only where they can.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from workstation.errors import AmbiguousScheme, LabelError

REGIONS = ("WT", "TC", "ET")
REGION_NAMES: Mapping[str, str] = MappingProxyType(
    {"WT": "whole tumour", "TC": "tumour core", "ET": "enhancing tumour", "RC": "resection cavity"}
)


@dataclass(frozen=True, slots=True)
class Label:
    """One value of a label map.

    Parameters
    ----------
    value : int
        1 to 255; 0 is background everywhere.
    tissue : str
        What it stands for across schemes: "core", "oedema", "enhancing", "cavity", or "region".
    name : str
        The scheme's own words.
    colour : str
        #rrggbb for display.
    """

    value: int
    tissue: str
    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class LabelScheme:
    """What the integers of a label map mean.

    Parameters
    ----------
    name : str
        "brats2021", "brats2023", "msd", or "region:WT" and the like for a 0/1 mask of one region.
    title : str
        For people.
    labels : mapping of int to Label
    regions : mapping of str to frozenset of int
        The labels whose union is the region.
    """

    name: str
    title: str
    labels: Mapping[int, Label]
    regions: Mapping[str, frozenset[int]]

    def value_of(self, tissue: str) -> int | None:
        """The label of a tissue; None where the scheme has none."""
        return next((label.value for label in self.labels.values() if label.tissue == tissue), None)


_COLOURS = {"core": "#e0535a", "oedema": "#4fb477", "enhancing": "#e8c547", "cavity": "#5b8def", "region": "#d9534f"}


def _scheme(name: str, title: str, *labels: tuple[int, str, str]) -> LabelScheme:
    table = {value: Label(value, tissue, words, _COLOURS[tissue]) for value, tissue, words in labels}

    def values(*tissues: str) -> frozenset[int]:
        return frozenset(label.value for label in table.values() if label.tissue in tissues)

    regions = {
        "WT": values("core", "oedema", "enhancing"),
        "TC": values("core", "enhancing"),
        "ET": values("enhancing"),
    }
    if values("cavity"):
        regions["RC"] = values("cavity")
    return LabelScheme(name, title, MappingProxyType(table), MappingProxyType(regions))


SCHEMES: Mapping[str, LabelScheme] = MappingProxyType(
    {
        scheme.name: scheme
        for scheme in (
            _scheme(
                "brats2021",
                "BraTS 2017-2021",
                (1, "core", "necrotic and non-enhancing core"),
                (2, "oedema", "oedema"),
                (4, "enhancing", "enhancing tumour"),
            ),
            _scheme(
                "brats2023",
                "BraTS 2023 and later",
                (1, "core", "necrotic core"),
                (2, "oedema", "oedema / SNFH"),
                (3, "enhancing", "enhancing tumour"),
                (4, "cavity", "resection cavity"),
            ),
            _scheme(
                "msd",
                "Medical Segmentation Decathlon Task01",
                (1, "oedema", "oedema"),
                (2, "core", "non-enhancing tumour"),
                (3, "enhancing", "enhancing tumour"),
            ),
        )
    }
)

# The scheme that a layout implies.
LAYOUT_SCHEMES: Mapping[str, str] = MappingProxyType({"msd": "msd", "brats2021": "brats2021", "brats2023": "brats2023"})


def region_scheme(region: str) -> LabelScheme:
    """The scheme of a 0/1 mask of one region, named "region:WT" and the like."""
    if region not in REGION_NAMES:
        raise LabelError(f"{region} is not a region", hint=f"Regions are {', '.join(REGION_NAMES)}.")
    label = Label(1, "region", REGION_NAMES[region], _COLOURS["region"])
    return LabelScheme(
        f"region:{region}",
        f"{REGION_NAMES[region].capitalize()} alone",
        MappingProxyType({1: label}),
        MappingProxyType({region: frozenset({1})}),
    )


def unnamed_scheme() -> LabelScheme:
    """A scheme that takes every integer and says nothing of it: for masks that are only copied."""
    labels = {value: Label(value, "unknown", f"label {value}", _COLOURS["region"]) for value in range(1, 256)}
    return LabelScheme("unknown", "an unnamed scheme", MappingProxyType(labels), MappingProxyType({}))


def scheme_named(name: str) -> LabelScheme:
    """The scheme of a name; LabelError if there is none."""
    if name.startswith("region:"):
        return region_scheme(name.removeprefix("region:"))
    if name not in SCHEMES:
        raise LabelError(f"{name} is not a label scheme", hint=f"Known schemes: {', '.join(SCHEMES)}, region:WT.")
    return SCHEMES[name]


def recognise_scheme(values: Iterable[int], *, layout: str | None = None) -> LabelScheme:
    """The label scheme that a mask follows, from its layout and the values in it.

    Parameters
    ----------
    values : iterable of int
        The values that occur; 0 may be among them.
    layout : str or None
        Layout of the data set ("msd", "brats2021", "brats2023", "nnunet"); the first three imply a scheme.

    Raises
    ------
    LabelError
        No scheme has all these values.
    AmbiguousScheme
        Several have, and they would mean different tissues.
    """
    present = {int(value) for value in values} - {0}
    implied = SCHEMES.get(LAYOUT_SCHEMES.get(layout or "", ""))
    if implied is not None and present <= set(implied.labels):
        return implied
    fitting = [scheme for scheme in SCHEMES.values() if present <= set(scheme.labels)]
    if not fitting:
        raise LabelError(
            f"values {_listed(present)} fit no known label scheme",
            hint="A BraTS mask holds 0 and 1 to 4. Is this an image, or a mask of another kind?",
        )
    # A layout whose own scheme does not fit (a BraTS 2021 name beside a label 3) was relabelled by somebody: only they
    # know how. 1, 2 and 4 may be an old mask, or a post-treatment one without enhancement.
    if implied is not None or (len(fitting) > 1 and present):
        raise AmbiguousScheme(
            f"values {_listed(present)} fit {' and '.join(scheme.title for scheme in fitting)}",
            hint="Say which label scheme the mask follows: " + ", ".join(scheme.name for scheme in fitting) + ".",
        )
    return fitting[0]


def region_mask(data: np.ndarray, scheme: LabelScheme, region: str) -> np.ndarray:
    """The mask of one region.

    Parameters
    ----------
    data : (I, J, K) uint8 ndarray
        Labels of `scheme`.
    scheme : LabelScheme
    region : str
        One of `scheme.regions`.

    Returns
    -------
    (I, J, K) bool ndarray
        In the memory order of `data`.

    Raises
    ------
    LabelError
        The scheme cannot express the region (a whole-tumour mask has no core).
    """
    if region not in scheme.regions:
        raise LabelError(
            f"a mask of {scheme.title} does not say where the {REGION_NAMES.get(region, region)} is",
            hint=f"It has: {', '.join(scheme.regions)}.",
        )
    return label_mask(data, scheme.regions[region])


def label_mask(data: np.ndarray, values: Collection[int]) -> np.ndarray:
    """Voxels whose label is one of `values`: bool, of the shape and memory order of the uint8 `data`."""
    is_member = np.zeros(256, dtype=bool)
    is_member[list(values)] = True
    mask: np.ndarray = is_member[data]
    return mask


def convert_labels(data: np.ndarray, source: LabelScheme, target: LabelScheme) -> np.ndarray:
    """The same tissues in another scheme's integers.

    Parameters
    ----------
    data : (I, J, K) uint8 ndarray
        Labels of `source`.
    source, target : LabelScheme

    Returns
    -------
    (I, J, K) uint8 ndarray

    Raises
    ------
    LabelError
        A tissue that occurs in `data` has no label in `target`.
    """
    if source.name == target.name:
        return data
    table = np.zeros(256, dtype=np.uint8)
    present = set(np.flatnonzero(np.bincount(data.ravel(order="K"), minlength=256)).tolist())
    for value, label in source.labels.items():
        counterpart = target.value_of(label.tissue)
        if counterpart is None and value in present:
            raise LabelError(
                f"{target.title} has no label for {label.name} (value {value} of {source.title})",
                hint="Choose a scheme that has it, or export one region as 0/1.",
            )
        table[value] = counterpart or 0
    converted: np.ndarray = table[data]
    return converted


def labels_from_regions(regions: Mapping[str, np.ndarray], scheme: LabelScheme) -> np.ndarray:
    """A label map from nested region masks, as BraTS networks predict them.

    Parameters
    ----------
    regions : mapping of "WT", "TC", "ET" to (I, J, K) bool ndarray
        A voxel's label is that of the innermost region that holds it.
    scheme : LabelScheme
        Whose integers to write.

    Returns
    -------
    (I, J, K) uint8 ndarray
    """
    data = np.zeros(regions["WT"].shape, dtype=np.uint8)
    for region, tissue in (("WT", "oedema"), ("TC", "core"), ("ET", "enhancing")):
        value = scheme.value_of(tissue)
        if value is None:
            raise LabelError(f"{scheme.title} has no label for {tissue}", hint="Choose a BraTS scheme.")
        data[regions[region]] = value
    return data


def _listed(values: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(values)))
