"""The check-up of a data set: every case by itself, then what only shows between cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from workstation.core.case import CaseFiles
from workstation.core.case_checks import check_case
from workstation.core.case_facts import CaseFacts
from workstation.core.findings import Finding, Place, merged
from workstation.core.labels import SCHEMES
from workstation.core.patients import RULE, by_patient
from workstation.core.split import Split

_SHOWN_NAMES = 3


def check_up(
    cases: Sequence[CaseFiles],
    facts: Sequence[CaseFacts | None],
    *,
    split: Split | None = None,
    by_case: Sequence[Sequence[Finding]] | None = None,
) -> tuple[Finding, ...]:
    """Everything that is the matter with a data set, worst first.

    Parameters
    ----------
    cases : sequence of CaseFiles
    facts : sequence of CaseFacts or None
        One for each case; None where it was not examined.
    split : Split or None
        To look for patients in several parts.
    by_case : sequence of sequence of Finding or None
        What `check_case` said of each case, where that was asked before.
    """
    known = [each for each in facts if each is not None]
    if by_case is None:
        pairs = zip(cases, facts, strict=True)
        by_case = [tuple(check_case(case, each)) for case, each in pairs if each is not None]
    found = [finding for each in by_case for finding in each]
    found += _name_clashes(cases)
    found += _duplicates(known)
    found += _schemes(known)
    found += patients_in_parts(split) if split else _several_examinations(case.name for case in cases)
    return merged(found)


def patients_in_parts(split: Split) -> list[Finding]:
    """The patients of whom examinations are in several parts of a split, as a finding; empty where there are none."""
    part_of = {name: part for part, names in split.parts.items() for name in names}
    places = [
        Place(name, f"{part_of[name]}; {patient} is in {' and '.join(sorted({part_of[each] for each in names}))}")
        for patient, names in by_patient(part_of).items()
        if len({part_of[each] for each in names}) > 1
        for name in names
    ]
    if not places:
        return []
    title = "One patient in several parts of the split"
    advice = f"A network that has seen a patient is not tested by that patient. Split by patient. {RULE}"
    return [Finding("warning", "leak", title, advice, tuple(places))]


def _several_examinations(names: Iterable[str]) -> list[Finding]:
    groups = {patient: cases for patient, cases in by_patient(names).items() if len(cases) > 1}
    if not groups:
        return []
    places = tuple(Place(name, patient) for patient, cases in groups.items() for name in cases)
    title = "Several examinations of one patient"
    return [Finding("note", "patients", title, f"Split by patient, never by case. {RULE}", places)]


def _name_clashes(cases: Sequence[CaseFiles]) -> list[Finding]:
    counts: dict[str, int] = defaultdict(int)
    for case in cases:
        counts[case.name] += 1
    places = tuple(Place(name, f"{count} cases") for name, count in counts.items() if count > 1)
    if not places:
        return []
    title = "Cases of one name"
    advice = "Only one of them can be trained on or split: give them different names, or open their folders apart."
    return [Finding("error", "name-clash", title, advice, places)]


def _duplicates(facts: Sequence[CaseFacts]) -> Iterator[Finding]:
    """Images that are equal in every voxel in several cases; empty masks are equal and mean nothing."""
    owners: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for case in facts:
        for part, each in case.files.items():
            if each.digest:
                owners[each.digest].append((case.name, part))
    # By case and those that share with it: which parts.
    shared: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for held in owners.values():
        names = sorted({name for name, _ in held})
        for name, part in held if len(names) > 1 else ():
            shared[name, tuple(each for each in names if each != name)].append(part)
    places = [
        Place(name, f"{', '.join(parts)}: equal in every voxel to {_listed(others)}", tuple(parts))
        for (name, others), parts in sorted(shared.items())
    ]
    if places:
        title = "Cases that hold the same images"
        advice = "The same image under two names counts twice, and leaks from training into test. Keep one of them."
        yield Finding("warning", "duplicate", title, advice, tuple(places))


def _listed(names: Sequence[str]) -> str:
    """Names, the first few of many."""
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _schemes(facts: Sequence[CaseFacts]) -> Iterator[Finding]:
    by_scheme: dict[str, list[str]] = defaultdict(list)
    for case in facts:
        if case.mask is not None and case.mask.scheme and set(case.mask.counts) - {0}:
            by_scheme[case.mask.scheme].append(case.name)
    if len(by_scheme) > 1:
        most = max(by_scheme, key=lambda name: len(by_scheme[name]))
        places = [
            Place(name, SCHEMES[scheme].title if scheme in SCHEMES else scheme)
            for scheme, names in by_scheme.items()
            if scheme != most
            for name in names
        ]
        title = f"Labels of another scheme than most ({SCHEMES[most].title if most in SCHEMES else most})"
        advice = "The same number means another tissue there. The program keeps them apart; other tools may not."
        yield Finding("warning", "mixed-schemes", title, advice, tuple(places))
