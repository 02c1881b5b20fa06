"""Where the images and the mask of a case lie: on one grid or not, the right way round or not."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from workstation.core.case import CaseFiles
from workstation.core.case_facts import TRUTH, CaseFacts, FileFacts, Lie
from workstation.core.findings import Finding, Mend, Place, one_finding

# A flip is suspected from this gain in contrast, and thought probable from the second; see `core/examination.py`.
SUSPECTED_GAIN, PROBABLE_GAIN = 0.25, 0.75
OUTSIDE_SHARE = 0.1
# Contrasts of fewer voxels are chance.
_LEAST_VOXELS = 100


def check_sequence_grids(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    """Sequences that are not on the grid of the first one."""
    first = facts.image
    for name, other in facts.files.items():
        if first is None or name in (TRUTH, first.name) or other.grid.is_same(first.grid):
            continue
        if other.grid.transform_onto(first.grid) is not None:
            yield _turned(facts, name, other=other, first=first)
            continue
        place = Place(facts.name, f"{name}: {_difference(other, first)}", (name,))
        if other.shape == first.shape:
            yield one_finding(
                "error",
                "sequence-grid",
                title="Sequences on different voxel grids",
                advice="Register them onto one grid. Where only a header lost its geometry, a mended copy with the "
                "first sequence's geometry will do: look at it before you trust it.",
                place=place,
                mend="copy-geometry",
            )
        else:
            yield one_finding(
                "error",
                "sequence-shape",
                title="Sequences of different sizes",
                advice="Register or resample them onto one grid, with the tool that made them.",
                place=place,
            )


def check_mask_grid(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    """A truth that is not on the grid of the images."""
    first, truth = facts.image, facts.truth
    if first is None or truth is None or truth.grid.is_same(first.grid):
        return
    if truth.grid.transform_onto(first.grid) is not None:
        if not _is_header_flip(facts):
            yield _turned(facts, TRUTH, other=truth, first=first)
        return
    difference = _difference(truth, first)
    if truth.shape == first.shape:
        yield one_finding(
            "error",
            "mask-grid",
            title="Masks that do not lie on their images",
            advice="The mask lost its geometry on the way. If it lies right voxel for voxel, a mended copy with the "
            "image's geometry will do; else go back to where it was drawn.",
            place=Place(facts.name, difference + _voxel_for_voxel(facts), (TRUTH,)),
            mend="copy-geometry",
        )
    else:
        yield one_finding(
            "error",
            "mask-shape",
            title="Masks of another size than their images",
            advice="The mask is of another image, or its axes were changed on the way. Go back to where it was drawn.",
            place=Place(facts.name, difference, (TRUTH,)),
        )


def _voxel_for_voxel(facts: CaseFacts) -> str:
    flip, lies = suspected_flip(facts), facts.placement.lies
    if flip:
        return f"; voxel for voxel it seems to be flipped {flip[0].flip} ({flip[1]})"
    if lies and lies[0].contrast > 0 and lies[0].outside <= OUTSIDE_SHARE:
        return "; voxel for voxel it seems to lie right"
    return ""


def _turned(facts: CaseFacts, name: str, *, other: FileFacts, first: FileFacts) -> Finding:
    axes = f"{other.grid.axis_codes}, {first.name} {first.grid.axis_codes}"
    return one_finding(
        "note",
        "turned",
        title="Axes in another order",
        advice="Nothing: the headers say how the axes run, and the program turns them. Other tools may not.",
        place=Place(facts.name, f"{name} has axes {axes}", (name,)),
    )


def check_flips(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    """A truth that seems to lie the wrong way round, or reaches outside the head."""
    lies, flip = facts.placement.lies, suspected_flip(facts)
    if flip and facts.placement.is_by_header:
        best, confidence = flip
        is_header = _is_header_flip(facts)
        detail = (
            f"{best.flip} ({confidence}): T2 and FLAIR are brighter under the flipped mask, {_contrast(lies[0], best)}"
        )
        look = "Open the case and compare the mask with FLAIR."
        if is_header:
            title = "Masks that seem to be flipped by their headers"
            advice = f"{look} Voxel for voxel they would lie right: a mended copy with the image's geometry will do."
        else:
            title = "Masks that seem to be flipped"
            advice = f"{look} If it is flipped, write it again from where it was drawn."
        place = Place(facts.name, detail, (TRUTH,))
        mend: Mend = "copy-geometry" if is_header else ""
        kind = "header-flip" if is_header else "flip"
        yield one_finding("warning", kind, title=title, advice=advice, place=place, mend=mend)
    elif lies and lies[0].outside > OUTSIDE_SHARE:
        yield one_finding(
            "warning",
            "outside",
            title="Masks that reach outside the head",
            advice="Open the case: the mask may belong to another one, or be shifted.",
            place=Place(facts.name, f"{lies[0].outside:.0%} of the mask lie where every image is background", (TRUTH,)),
        )


def suspected_flip(facts: CaseFacts) -> tuple[Lie, str] | None:
    """The orientation that a mask seems to belong in, and how sure that is; None where it seems to lie right."""
    lies, truth = facts.placement.lies, facts.mask
    if len(lies) < 2 or truth is None or sum(count for value, count in truth.counts.items() if value) < _LEAST_VOXELS:
        return None
    here, best = lies[0], max(lies[1:], key=lambda lie: -math.inf if math.isnan(lie.contrast) else lie.contrast)
    gain = best.contrast - (0.0 if math.isnan(here.contrast) else here.contrast)
    if here.outside > 2 * OUTSIDE_SHARE and math.isnan(gain):
        best = min(lies[1:], key=lambda lie: lie.outside)
        gain = 0.0
    moved_in = here.outside - best.outside
    if not (gain >= SUSPECTED_GAIN or (moved_in > 0.5 and best.outside < OUTSIDE_SHARE)):
        return None
    is_probable = gain >= PROBABLE_GAIN or (gain >= SUSPECTED_GAIN and moved_in > OUTSIDE_SHARE)
    return best, "probable" if is_probable else "possible"


def _is_header_flip(facts: CaseFacts) -> bool:
    """Whether the mask would lie right if its header were ignored."""
    flip = suspected_flip(facts)
    return flip is not None and bool(flip[0].flip) and flip[0].flip == facts.placement.ignoring_header


def _contrast(here: Lie, best: Lie) -> str:
    before = "none in the head" if math.isnan(here.contrast) else f"{here.contrast:+.1f}"
    return f"{best.contrast:+.1f} standard deviations instead of {before}"


def _difference(other: FileFacts, first: FileFacts) -> str:
    if other.shape == first.shape:
        grid, base = other.grid, first.grid
        is_identity = bool(np.array_equal(grid.affine, np.eye(4)))
        what = "has an identity affine" if is_identity else f"has axes {grid.axis_codes}"
        return f"{what}, {first.name} has axes {base.axis_codes}; up to {grid.difference_mm(base):.3g} mm apart"
    sizes = f"{_times(other.shape)} voxels on {_times(first.shape)}"
    is_permuted = sorted(other.shape) == sorted(first.shape)
    return sizes + ("; its axes seem to be in another order" if is_permuted else "")


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
