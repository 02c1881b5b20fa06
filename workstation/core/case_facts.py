"""What was found in the files of one case: enough to list it and to judge it without reading it again.

Everything here is plain numbers and words, which travel as JSON (`io/fact_cache.py`). Of texts in headers only the
names and lengths of their fields are kept: what stands in them may name a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from workstation.core.geometry import Grid

Shape = tuple[int, int, int]
Rows = tuple[tuple[float, float, float, float], ...]
TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a file could not be read.

    Parameters
    ----------
    kind : str
        Name of the class of error, such as "ImageFormatError".
    text, hint : str
    """

    kind: str
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class HeaderText:
    """A place in a header that holds text; what it says is not kept.

    Parameters
    ----------
    field : str
        "descrip", "aux_file", "db_name", "intent_name", or "extension" with its kind.
    length : int
        Bytes.
    """

    field: str
    length: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One image or mask as its header has it.

    Parameters
    ----------
    name : str
        Of the sequence, or "truth".
    shape : (I, J, K)
    affine : 4 rows of 4 float
        Voxel index to world, RAS+, mm.
    dtype : str
        As stored.
    digest : str
        SHA-256 of the values in 32-bit floats and of the shape: equal for equal voxels, whatever type or packing they
        are stored in; empty where there is nothing but zeros.
    texts : tuple of HeaderText
    """

    name: str
    shape: Shape
    affine: Rows
    dtype: str
    digest: str = ""
    texts: tuple[HeaderText, ...] = ()

    @property
    def grid(self) -> Grid:
        """Shape and place."""
        return Grid(self.shape, np.array(self.affine))


@dataclass(frozen=True, slots=True)
class Intensities:
    """How the intensities of an image are spread.

    Parameters
    ----------
    lowest, highest : float
        Of the finite voxels.
    mean, deviation : float
        Of the finite voxels that are not background; 0 where there is none.
    whole_mean, whole_deviation : float
        Of all finite voxels.
    head_voxels, negative, non_finite : int
        Voxels that are not background; below zero; not a number or infinite.
    """

    lowest: float = 0.0
    highest: float = 0.0
    mean: float = 0.0
    deviation: float = 0.0
    whole_mean: float = 0.0
    whole_deviation: float = 0.0
    head_voxels: int = 0
    negative: int = 0
    non_finite: int = 0


@dataclass(frozen=True, slots=True)
class MaskValues:
    """What a mask holds.

    Parameters
    ----------
    counts : mapping of int to int
        Voxels by whole value, 0 too; without those that are no label (see `others`).
    largest_fraction : float
        How far a value lies from a whole number at most; exactly 0 in a clean mask.
    others : int
        Voxels that are no label: fractions, negative, above 255, not finite.
    lowest, highest : float
        Of the finite values.
    scheme : str
        Name of the label scheme; empty where it is unclear or none fits.
    trouble : Trouble or None
        Why it is unclear.
    """

    counts: Mapping[int, int]
    largest_fraction: float = 0.0
    others: int = 0
    lowest: float = 0.0
    highest: float = 0.0
    scheme: str = ""
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Lie:
    """How a mask lies on the images in one orientation.

    Parameters
    ----------
    flip : str
        "", "left-right", "front-back", "left-right and front-back", or "up-down".
    outside : float
        Share of the mask where every image is background, 0 to 1.
    contrast : float
        How much brighter T2 and FLAIR are in the mask than in the rest of the head, in standard deviations of the head;
        NaN where neither is there or the mask lies wholly outside.
    """

    flip: str
    outside: float
    contrast: float


@dataclass(frozen=True, slots=True)
class Placement:
    """How a mask lies as it is, and how it would in other orientations.

    Parameters
    ----------
    is_by_header : bool
        Whether the headers say where it lies; else it was laid voxel for voxel, since they disagree.
    lies : tuple of Lie
        As it is first; empty where mask or images could not be laid on each other.
    ignoring_header : str
        The flip that would come about if the mask's header were ignored; empty for none.
    """

    is_by_header: bool = True
    lies: tuple[Lie, ...] = ()
    ignoring_header: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """A small axial picture, radiological: the patient's right at the left, front up.

    Parameters
    ----------
    grey : (N, N) uint8 ndarray
    labels : (N, N) uint8 ndarray
        Labels of the truth; 0 where there is none.
    """

    grey: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class CaseFacts:
    """All that is known of a case.

    Parameters
    ----------
    name : str
    files : mapping of str to FileFacts
        By sequence and "truth"; only those that could be read.
    intensities : mapping of str to Intensities
        By sequence.
    mask : MaskValues or None
    placement : Placement
    troubles : mapping of str to Trouble
        Files that could not be read, by sequence and "truth".
    volumes_ml : mapping of str to float
        By region, WT first; empty without a truth of a known scheme.
    thumbnail : Thumbnail or None
    """

    name: str
    files: Mapping[str, FileFacts] = field(default_factory=dict)
    intensities: Mapping[str, Intensities] = field(default_factory=dict)
    mask: MaskValues | None = None
    placement: Placement = field(default_factory=Placement)
    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    volumes_ml: Mapping[str, float] = field(default_factory=dict)
    thumbnail: Thumbnail | None = None

    @property
    def image(self) -> FileFacts | None:
        """The first sequence, whose grid is the case's; None where none could be read."""
        return next((facts for name, facts in self.files.items() if name != TRUTH), None)

    @property
    def truth(self) -> FileFacts | None:
        """The mask's header; None without one."""
        return self.files.get(TRUTH)
