"""The check-up of one case: what its facts say that a user should know before trusting it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from workstation.core.case import SEQUENCES, CaseFiles
from workstation.core.case_facts import TRUTH, CaseFacts, Intensities
from workstation.core.findings import Finding, Place, one_finding
from workstation.core.placement_checks import check_flips, check_mask_grid, check_sequence_grids

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
    # Sequences that share a file share its trouble.
    for text in dict.fromkeys(trouble.text for trouble in facts.troubles.values()):
        parts = tuple(part for part, trouble in facts.troubles.items() if trouble.text == text)
        yield one_finding(
            "error",
            "unreadable",
            title="Files that cannot be read",
            advice="Copy them again from their source; a case with a damaged file cannot be opened.",
            place=Place(facts.name, f"{', '.join(parts)}: {text}", parts),
        )
    missing = tuple(name for name in SEQUENCES if name not in files.sequences)
    if missing and len(missing) < len(SEQUENCES):
        yield one_finding(
            "warning",
            "missing",
            title="Cases that lack a sequence",
            advice="Complete them, or train a network that does not need what they lack; others leave them out.",
            place=Place(facts.name, f"lacks {_and(missing)}", missing),
        )
    if files.truth is None:
        yield one_finding(
            "note",
            "no-truth",
            title="Cases without a truth",
            advice="They can be segmented, not trained on or scored.",
            place=Place(facts.name),
        )


def _labels(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    mask = facts.mask
    if mask is None:
        return
    if mask.others:
        detail = f"{mask.others:,} voxels, values from {mask.lowest:g} to {mask.highest:g}"
        yield one_finding(
            "error",
            "values",
            title="Masks that hold values which are no labels",
            advice="Labels are whole numbers from 0 to 255. Is it an image or a map of probabilities, or was the mask "
            "interpolated? Write it again with nearest-neighbour interpolation.",
            place=Place(facts.name, detail, (TRUTH,)),
        )
        return
    if mask.trouble is not None:
        yield one_finding(
            "error",
            "labels",
            title="Masks whose labels are unclear",
            advice="Say which scheme they follow in a dataset.json or mapping.json, or map their values to one.",
            place=Place(facts.name, mask.trouble.text, (TRUTH,)),
        )
    if mask.largest_fraction > 0:
        yield one_finding(
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
        yield one_finding(
            "warning",
            "empty-truth",
            title="Truths without any tumour",
            advice="Is that so? An empty truth counts as a case with no tumour, and its Dice is undefined.",
            place=Place(facts.name, "", (TRUTH,)),
        )
        return
    empty = [region for region in _REGION_WORDS if region in volumes and not volumes[region]]
    if empty:
        yield one_finding(
            "note",
            "empty-region",
            title="Truths without some region",
            advice="Often right: not every tumour enhances. Dice of an empty region is undefined or 0: mind the means.",
            place=Place(facts.name, f"no {_and([_REGION_WORDS[region] for region in empty])}", (TRUTH,)),
        )


def _intensities(_files: CaseFiles, facts: CaseFacts) -> Iterator[Finding]:
    for name, spread in facts.intensities.items():
        if spread.non_finite:
            yield one_finding(
                "warning",
                "non-finite",
                title="Images with voxels that are not numbers",
                advice="They are read as zero. Find out which step made them (a division by zero, a logarithm).",
                place=Place(facts.name, f"{name}: {spread.non_finite:,} voxels", (name,)),
            )
        if not spread.head_voxels:
            yield one_finding(
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
        return one_finding(
            "warning",
            "standardised",
            title="Images that are already standardised",
            advice="Mean 0 and deviation 1: somebody has done it before. Do not mix them with images that are not.",
            place=Place(facts.name, f"{name}: {_moments(spread)}", (name,)),
        )
    # Interpolation leaves a few small ones.
    is_slight = spread.negative < 0.01 * spread.head_voxels and -spread.lowest < 0.05 * spread.highest
    return one_finding(
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
            yield one_finding(
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
        yield one_finding(
            "warning",
            "header-text",
            title="Texts in headers that may name a person",
            advice="Names, dates and operators travel in such fields. Read them before you pass the files on; mended "
            "copies are without them, and equal in every voxel. What they say is not shown or stored here.",
            place=Place(facts.name, f"{words} in {_and(list(held))}", tuple(held)),
            mend="drop-texts",
        )


def _and(words: tuple[str, ...] | list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


_CHECKS: tuple[Callable[[CaseFiles, CaseFacts], Iterator[Finding]], ...] = (
    _files,
    check_sequence_grids,
    check_mask_grid,
    check_flips,
    _labels,
    _regions,
    _intensities,
    _twins_within,
    _texts,
)
