"""Phantoms written as a data set in one of the layouts that the program reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from workstation.core.case import SEQUENCES, DataSet
from workstation.core.labels import SCHEMES, convert_labels
from workstation.core.phantom import Phantom, make_phantom
from workstation.errors import ExportError, RequestError
from workstation.io.files import write_json
from workstation.io.layouts import open_dataset
from workstation.io.nifti_writing import write_volume

_SMALLEST_SIDE = 8
_MSD_CHANNELS = ("FLAIR", "T1", "T1c", "T2")
_MSD_NAMES = ("FLAIR", "T1w", "t1gd", "T2w")
_NNUNET_NAMES = ("T1", "T1ce", "T2", "Flair")


def write_phantoms(out: Path, *, cases: int, shape: tuple[int, int, int], layout: str, seed: int) -> DataSet:
    """Make cases and write them.

    Parameters
    ----------
    out : Path
        A new or empty folder.
    cases : int
        How many; each has the seed `seed + number`.
    shape : tuple of int
        Voxels along (I, J, K), each at least 8.
    layout : {"msd", "brats2021", "brats2023", "nnunet"}
    seed : int

    Raises
    ------
    RequestError
        The layout is unknown, or a side too short.
    ExportError
        The folder holds something, or cannot be written.
    """
    if layout not in _WRITERS:
        raise RequestError(f"{layout} is no layout", field="layout", hint=f"Layouts: {', '.join(_WRITERS)}.")
    if min(shape) < _SMALLEST_SIDE:
        raise RequestError(
            f"a phantom has at least {_SMALLEST_SIDE} voxels a side", field="shape", hint="Use 64x64x64."
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError(f"{out} is not empty", hint="Choose a new folder; nothing is overwritten.", path=out)
    for number in range(1, cases + 1):
        _WRITERS[layout](out, number, make_phantom(shape, seed=seed + number))
    if layout in _DESCRIPTIONS:
        write_json(out / "dataset.json", {"name": "Phantom", "numTraining": cases, **_DESCRIPTIONS[layout]})
    return open_dataset(out)


def _write_msd(out: Path, number: int, phantom: Phantom) -> None:
    name = f"BRATS_{number:03d}.nii.gz"
    channels = np.stack([phantom.sequences[sequence] for sequence in _MSD_CHANNELS], axis=3)
    write_volume(out / "imagesTr" / name, channels, phantom.grid)
    write_volume(out / "labelsTr" / name, _labels(phantom, "msd"), phantom.grid)


def _write_nnunet(out: Path, number: int, phantom: Phantom) -> None:
    for channel, sequence in enumerate(SEQUENCES):
        path = out / "imagesTr" / f"Phantom_{number:03d}_{channel:04d}.nii.gz"
        write_volume(path, phantom.sequences[sequence], phantom.grid)
    write_volume(out / "labelsTr" / f"Phantom_{number:03d}.nii.gz", _labels(phantom, "brats2023"), phantom.grid)


def _write_folders(out: Path, name: str, endings: Mapping[str, str], phantom: Phantom, *, scheme: str) -> None:
    for sequence, ending in endings.items():
        data = _labels(phantom, scheme) if sequence == "truth" else phantom.sequences[sequence]
        write_volume(out / name / f"{name}{ending}.nii.gz", data, phantom.grid)


def _write_brats2021(out: Path, number: int, phantom: Phantom) -> None:
    endings = {"T1": "_t1", "T1c": "_t1ce", "T2": "_t2", "FLAIR": "_flair", "truth": "_seg"}
    _write_folders(out, f"Phantom_{number:05d}", endings, phantom, scheme="brats2021")


def _write_brats2023(out: Path, number: int, phantom: Phantom) -> None:
    endings = {"T1": "-t1n", "T1c": "-t1c", "T2": "-t2w", "FLAIR": "-t2f", "truth": "-seg"}
    _write_folders(out, f"Phantom-GLI-{number:05d}-000", endings, phantom, scheme="brats2023")


def _labels(phantom: Phantom, scheme: str) -> np.ndarray:
    return convert_labels(phantom.labels, SCHEMES["brats2021"], SCHEMES[scheme])


_WRITERS: Mapping[str, Callable[[Path, int, Phantom], None]] = {
    "msd": _write_msd,
    "brats2021": _write_brats2021,
    "brats2023": _write_brats2023,
    "nnunet": _write_nnunet,
}
_DESCRIPTIONS: Mapping[str, Mapping[str, object]] = {
    "msd": {
        "tensorImageSize": "4D",
        "modality": {str(number): name for number, name in enumerate(_MSD_NAMES)},
        "labels": {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
    },
    "nnunet": {
        "channel_names": {str(number): name for number, name in enumerate(_NNUNET_NAMES)},
        "labels": {"background": 0, "necrotic core": 1, "edema": 2, "enhancing tumor": 3},
        "file_ending": ".nii.gz",
    },
}
