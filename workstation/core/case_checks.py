"""The check-up of one case: what its facts say that a user should know before trusting it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np

from workstation.core.case import SEQUENCES, CaseFiles
from workstation.core.case_facts import TRUTH, CaseFacts, FileFacts, Intensities, Lie
from workstation.core.findings import Finding, Mend, Place, Severity

# A flip is suspected from this gain in contrast, and thought probable from the second; see `core/examination.py`.
SUSPECTED_GAIN, PROBABLE_GAIN = 0.25, 0.75
OUTSIDE_SHARE = 0.1
# Contrasts of fewer voxels are chance.
_LEAST_VOXELS = 100
_REGION_WORDS: Mapping[str, str] = MappingProxyType({"TC": "tumour core", "ET": "enhancing tumour"})


def check_case(files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    """What is the matter with a case.

    Parameters
    ----------
    files : CaseFiles
        What the case should have.
    facts : CaseFacts
        What was found.
    """
    for check in _CHECKS:
        yield from check(files, facts)


def _files(files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    for part, trouble in facts.troubles.items():
        yield _finding(
            "error",
            "unreadable",
            title="Files that cannot be read",
            advice="Copy them again from their source; a case with a damaged file cannot be opened.",
            place=Place(facts.name, f"{part}: {trouble.text}", (part,)),
        )
    missing = tuple(name for name in SEQUENCES if name not in files.sequences)
    if missing and len(missing) < len(SEQUENCES):
        yield _finding(
            "warning",
            "missing",
            title="Cases that lack a sequence",
            advice="Complete them, or train a network that does not need what they lack; others leave them out.",
            place=Place(facts.name, f"lacks {_and(missing)}", missing),
        )
    if files.truth is None:
        yield _finding(
            "note",
            "no-truth",
            title="Cases without a truth",
            advice="They can be segmented, not trained on or scored.",
            place=Place(facts.name),
        )


def _sequence_grids(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    first = facts.image
    for name, other in facts.files.items():
        if first is None or name in (TRUTH, first.name) or other.grid.is_same(first.grid):
            continue
        if other.grid.transform_onto(first.grid) is not None:
            yield _turned(facts, name, other=other, first=first)
            continue
        place = Place(facts.name, f"{name}: {_difference(other, first)}", (name,))
        if other.shape == first.shape:
            yield _finding(
                "error",
                "sequence-grid",
                title="Sequences on different voxel grids",
                advice="Register them onto one grid. Where only a header lost its geometry, a mended copy with the "
                "first sequence's geometry will do: look at it before you trust it.",
                place=place,
                mend="copy-geometry",
            )
        else:
            yield _finding(
                "error",
                "sequence-shape",
                title="Sequences of different sizes",
                advice="Register or resample them onto one grid, with the tool that made them.",
                place=place,
            )


def _mask_grid(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    first, truth = facts.image, facts.truth
    if first is None or truth is None or truth.grid.is_same(first.grid):
        return
    if truth.grid.transform_onto(first.grid) is not None:
        if not _is_header_flip(facts):
            yield _turned(facts, TRUTH, other=truth, first=first)
        return
    difference = _difference(truth, first)
    if truth.shape == first.shape:
        yield _finding(
            "error",
            "mask-grid",
            title="Masks that do not lie on their images",
            advice="The mask lost its geometry on the way. If it lies right voxel for voxel, a mended copy with the "
            "image's geometry will do; else go back to where it was drawn.",
            place=Place(facts.name, difference + _voxel_for_voxel(facts), (TRUTH,)),
            mend="copy-geometry",
        )
    else:
        yield _finding(
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
    return _finding(
        "note",
        "turned",
        title="Axes in another order",
        advice="Nothing: the headers say how the axes run, and the program turns them. Other tools may not.",
        place=Place(facts.name, f"{name} has axes {axes}", (name,)),
    )


def _flips(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
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
        yield _finding("warning", kind, title=title, advice=advice, place=place, mend=mend)
    elif lies and lies[0].outside > OUTSIDE_SHARE:
        yield _finding(
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


def _labels(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    mask = facts.mask
    if mask is None:
        return
    if mask.others:
        detail = f"{mask.others:,} voxels, values from {mask.lowest:g} to {mask.highest:g}"
        yield _finding(
            "error",
            "values",
            title="Masks that hold values which are no labels",
            advice="Labels are whole numbers from 0 to 255. Is it an image or a map of probabilities, or was the mask "
            "interpolated? Write it again with nearest-neighbour interpolation.",
            place=Place(facts.name, detail, (TRUTH,)),
        )
        return
    if mask.trouble is not None:
        yield _finding(
            "error",
            "labels",
            title="Masks whose labels are unclear",
            advice="Say which scheme they follow in a dataset.json or mapping.json, or map their values to one.",
            place=Place(facts.name, mask.trouble.text, (TRUTH,)),
        )
    if mask.largest_fraction > 0:
        yield _finding(
            "warning",
            "fractions",
            title="Masks whose values are not quite whole",
            advice="They were scaled or stored as floats. Here they are rounded; tools that cut them off go wrong. "
            "A mended copy holds whole numbers.",
            place=Place(facts.name, f"up to {mask.largest_fraction:.1e} off", (TRUTH,)),
            mend="round-labels",
        )


def _regions(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    volumes = facts.volumes_ml
    if facts.mask is None or not volumes or facts.mask.others:
        return
    if not sum(volumes.values()):
        yield _finding(
            "warning",
            "empty-truth",
            title="Truths without any tumour",
            advice="Is that so? An empty truth counts as a case with no tumour, and its Dice is undefined.",
            place=Place(facts.name, "", (TRUTH,)),
        )
        return
    empty = [region for region in _REGION_WORDS if region in volumes and not volumes[region]]
    if empty:
        yield _finding(
            "note",
            "empty-region",
            title="Truths without some region",
            advice="Often right: not every tumour enhances. Dice of an empty region is undefined or 0: mind the means.",
            place=Place(facts.name, f"no {_and([_REGION_WORDS[region] for region in empty])}", (TRUTH,)),
        )


def _intensities(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    for name, spread in facts.intensities.items():
        if spread.non_finite:
            yield _finding(
                "warning",
                "non-finite",
                title="Images with voxels that are not numbers",
                advice="They are read as zero. Find out which step made them (a division by zero, a logarithm).",
                place=Place(facts.name, f"{name}: {spread.non_finite:,} voxels", (name,)),
            )
        if not spread.head_voxels:
            yield _finding(
                "warning",
                "empty-image",
                title="Images that hold one value only",
                advice="The sequence is empty. Copy it again, or leave the case out.",
                place=Place(facts.name, f"{name}: {spread.lowest:g} everywhere", (name,)),
            )
        elif spread.negative:
            yield _below_zero(facts, name, spread)


def _below_zero(facts: CaseFacts, name: str, spread: Intensities) -> Finding:
    if is_standardised(spread):
        return _finding(
            "warning",
            "standardised",
            title="Images that are already standardised",
            advice="Mean 0 and deviation 1: somebody has done it before. Do not mix them with images that are not.",
            place=Place(facts.name, f"{name}: {_moments(spread)}", (name,)),
        )
    # Interpolation leaves a few small ones.
    is_slight = spread.negative < 0.01 * spread.head_voxels and -spread.lowest < 0.05 * spread.highest
    return _finding(
        "note" if is_slight else "warning",
        "negative",
        title="Images with a few values below zero" if is_slight else "Images with values below zero",
        advice="MR intensities are not negative. A few come of interpolation; many mean that the image was normalised.",
        place=Place(facts.name, f"{name}: {spread.negative:,} voxels, down to {spread.lowest:g}", (name,)),
    )


def is_standardised(spread: Intensities) -> bool:
    """Whether intensities have mean 0 and deviation 1, over the head or over the whole volume."""
    pairs = ((spread.mean, spread.deviation), (spread.whole_mean, spread.whole_deviation))
    return spread.negative > 0 and any(abs(mean) <= 0.1 and 0.8 <= deviation <= 1.25 for mean, deviation in pairs)


def _moments(spread: Intensities) -> str:
    is_head = abs(spread.mean) <= 0.1 and 0.8 <= spread.deviation <= 1.25
    mean, deviation = (spread.mean, spread.deviation) if is_head else (spread.whole_mean, spread.whole_deviation)
    return f"mean {mean:.2f}, deviation {deviation:.2f}"


def _twins_within(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    for (name, one), (other_name, other) in itertools.combinations(facts.files.items(), 2):
        if one.digest and one.digest == other.digest:
            yield _finding(
                "warning",
                "same-image",
                title="Two sequences of a case that are one image",
                advice="One of them is a copy under a wrong name. Fetch the right file, or leave the case out.",
                place=Place(facts.name, f"{name} and {other_name} are equal in every voxel", (name, other_name)),
            )


def _texts(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    held = {name: each.texts for name, each in facts.files.items() if each.texts}
    if held:
        fields = {text.field: text.length for texts in held.values() for text in texts}
        words = _and([f"{field} ({length:,} bytes)" for field, length in fields.items()])
        yield _finding(
            "warning",
            "header-text",
            title="Texts in headers that may name a person",
            advice="Names, dates and operators travel in such fields. Read them before you pass the files on; mended "
            "copies are without them, and equal in every voxel. What they say is not shown or stored here.",
            place=Place(facts.name, f"{words} in {_and(list(held))}", tuple(held)),
            mend="drop-texts",
        )


def _difference(other: FileFacts, first: FileFacts) -> str:
    if other.shape == first.shape:
        grid, base = other.grid, first.grid
        is_identity = bool(np.array_equal(grid.affine, np.eye(4)))
        what = "has an identity affine" if is_identity else f"has axes {grid.axis_codes}"
        return f"{what}, {first.name} has axes {base.axis_codes}; up to {grid.difference_mm(base):.3g} mm apart"
    sizes = f"{_times(other.shape)} voxels on {_times(first.shape)}"
    is_permuted = sorted(other.shape) == sorted(first.shape)
    return sizes + ("; its axes seem to be in another order" if is_permuted else "")


def _finding(severity: Severity, kind: str, *, title: str, advice: str, place: Place, mend: Mend = "") -> Finding:
    return Finding(severity, kind, title, advice, (place,), mend)


def _and(words: tuple[str, ...] | list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


_CHECKS: tuple[Callable[[CaseFiles, CaseFacts], Iterator[Finding]], ...] = (
    _files,
    _sequence_grids,
    _mask_grid,
    _flips,
    _labels,
    _regions,
    _intensities,
    _twins_within,
    _texts,
)
