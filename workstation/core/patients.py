"""Which patient a case is of, as far as its name tells: rules, stated here and shown where they decide anything.

    BraTS-GLI-00001-000     BraTS-GLI-00001     four digits and more, then two or three: the examination
    UPENN-GBM-00001_11      UPENN-GBM-00001     likewise
    UCSF-PDGM-0429_FU001d   UCSF-PDGM-0429      a follow-up
    Brats18_CBICA_AAB_1     Brats18_CBICA_AAB   BraTS 2017 to 2019 put the examination last, with one digit
    sub-07_ses-02           sub-07              BIDS

Any other name (BraTS2021_00006, BRATS_001) is a patient of its own.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable

RULE = (
    "Patients are told by names: BraTS-GLI-00001-000 and -001 are two examinations of BraTS-GLI-00001; "
    "so are endings such as _FU001, _ses-2, and the last digit of Brats18_CBICA_AAB_1. "
    "Any other name is a patient of its own."
)
_RULES = (
    re.compile(r"(?P<patient>.*[-_]\d{4,})[-_]\d{2,3}"),
    re.compile(r"(?P<patient>.*\d)_FU\d+[a-z]?", re.IGNORECASE),
    re.compile(r"(?P<patient>Brats1[789]_.+)_\d", re.IGNORECASE),
    re.compile(r"(?P<patient>sub-[^_]+)_ses-[^_]+.*"),
)


@functools.lru_cache(maxsize=100_000)
def patient_of(name: str) -> str:
    """The patient that a case's name speaks of; the whole name where no rule applies."""
    for rule in _RULES:
        match = rule.fullmatch(name)
        if match:
            return match["patient"]
    return name


def by_patient(names: Iterable[str]) -> dict[str, list[str]]:
    """Case names, sorted, by patient; patients in the order of their first case."""
    patients: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        patients[patient_of(name)].append(name)
    return dict(patients)
