"""What a check-up finds: a severity, what is the matter, where, and what to do; findings of one kind become one.

error     the case cannot be used as it is: it would not open, or could not be trained on
warning   it can be used, and the result may be wrong
note      worth knowing
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
Mend = Literal["", "copy-geometry", "round-labels", "drop-texts"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found.

    Parameters
    ----------
    case : str
    detail : str
        What exactly, with figures; may be empty.
    parts : tuple of str
        Sequences, or "truth".
    """

    case: str
    detail: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of thing that is the matter, and every place where it is.

    Parameters
    ----------
    severity : {"error", "warning", "note"}
    kind : str
        A word for programs, such as "mask-grid".
    title, advice : str
        What is the matter, and what to do.
    places : tuple of Place
    mend : str
        What a copy could be mended by, see `io/mending.py`; empty for nothing.
    """

    severity: Severity
    kind: str
    title: str
    advice: str
    places: tuple[Place, ...]
    mend: Mend = ""

    @property
    def cases(self) -> tuple[str, ...]:
        """Names of the cases, each once, in order."""
        return tuple(dict.fromkeys(place.case for place in self.places))

    def as_dict(self) -> dict[str, Any]:
        """A JSON object."""
        places = [{"case": each.case, "detail": each.detail, "parts": list(each.parts)} for each in self.places]
        return {
            "severity": self.severity,
            "kind": self.kind,
            "title": self.title,
            "advice": self.advice,
            "mend": self.mend,
            "places": places,
        }


def one_finding(severity: Severity, kind: str, *, title: str, advice: str, place: Place, mend: Mend = "") -> Finding:
    """A finding in one place."""
    return Finding(severity, kind, title, advice, (place,), mend)


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings that say the same of several places as one; worst first, then those with most places."""
    groups: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[(finding.severity, finding.kind, finding.title, finding.mend)].append(finding)
    joined = [
        replace(group[0], places=tuple(place for finding in group for place in finding.places))
        for group in groups.values()
    ]
    return tuple(sorted(joined, key=lambda each: (SEVERITIES.index(each.severity), -len(each.places), each.title)))


def unusable(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Names of the cases with an error, sorted."""
    return tuple(sorted({name for each in findings if each.severity == "error" for name in each.cases}))
