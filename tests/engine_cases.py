"""Tiny cases for the tests of the engine: a bright ball in a noisy head, in the layout of BraTS 2021."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from workstation.core.geometry import Grid
from workstation.core.labels import scheme_named
from workstation.core.volume import LabelMap
from workstation.io.nifti_writing import write_label_map, write_volume

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
SUFFIXES = ("t1", "t1ce", "t2", "flair")


def write_cases(
    root: Path, *, count: int, shape: tuple[int, int, int] = (16, 16, 12), affine: np.ndarray = LPS
) -> Path:
    """`count` cases named tiny_0, tiny_1, ...; the folder of the data set."""
    for index in range(count):
        write_case(root / f"tiny_{index}", seed=index, shape=shape, affine=affine)
    return root


def write_case(folder: Path, *, seed: int, shape: tuple[int, int, int], affine: np.ndarray = LPS) -> Path:
    """One case: head 100, tumour brighter in every sequence, air 0; labels 2 around 4 around 1."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    centre = np.array(shape) / 2 + random.uniform(-1.5, 1.5, 3)
    distance = np.sqrt(sum((axis - middle) ** 2 for axis, middle in zip(np.indices(shape), centre, strict=True)))
    labels = np.select([distance < 1.2, distance < 2.2, distance < 3.5], [1, 4, 2]).astype(np.uint8)
    is_head = distance < min(shape) / 2
    grid = Grid(shape, affine)
    for place, suffix in enumerate(SUFFIXES):
        image = np.where(is_head, random.normal(100, 5, shape) + (30 + 20 * place) * (labels > 0), 0)
        write_volume(folder / f"{folder.name}_{suffix}.nii.gz", image.astype(np.int16), grid)
    truth = LabelMap(folder.name, labels, grid, scheme_named("brats2021"))
    write_label_map(folder / f"{folder.name}_seg.nii.gz", truth)
    return folder
