"""The lines of the worklist: what a reader may see of each case, in which order, and which of them.

Values and functions without Qt. While a reader reads blinded and has not decided, what the prediction or other readers
say of a case is not in its entry at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workstation.core.case import CaseFiles
from workstation.core.review import READ, STATUSES, CaseFigures, Decision

SORTS = ("name", "status", "dice", "volume", "entropy", "disagreement")
# What is still to be done comes first.
_STATUS_ORDER = {name: place for place, name in enumerate(("unread", "flagged", "rejected", "corrected", "accepted"))}
_CONDITION = re.compile(r"(?P<what>dice|ml)\s*(?P<sign>[<>])\s*(?P<number>\d+(?:[.,]\d+)?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StoreContent:
    """What a review store held when it was last read.

    Parameters
    ----------
    history : tuple of Decision
        From the first to the last.
    predictions : mapping of str to Path
    figures : mapping of str to CaseFigures
    entropies : mapping of str to float
        Mean entropy of predictions, bits.
    """

    history: tuple[Decision, ...] = ()
    predictions: Mapping[str, Path] = field(default_factory=dict)
    figures: Mapping[str, CaseFigures] = field(default_factory=dict)
    entropies: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One case in the worklist of one reader.

    Parameters
    ----------
    files : CaseFiles
    name : str
        Its name in the store; that of the case, unless two cases of the set have the same.
    own : Decision
        The reader's last decision; "unread" where there is none.
    others : tuple of Decision
        The last decisions of other readers.
    figures : CaseFigures or None
        None until they were measured.
    prediction : Path or None
    has_decided : bool
        Whether the reader ever decided about it, also where that was taken back.
    mean_entropy : float or None
        Of the prediction, bits; None where it is not known or may not be.
    """

    files: CaseFiles
    name: str
    own: Decision
    others: tuple[Decision, ...] = ()
    figures: CaseFigures | None = None
    prediction: Path | None = None
    has_decided: bool = False
    mean_entropy: float | None = None

    @property
    def status(self) -> str:
        """The reader's own: one of `STATUSES`."""
        return self.own.status

    @property
    def corrected(self) -> Path | None:
        """The corrected mask that the reader kept; None without one, or where it is the prediction's own file."""
        mask = self.own.mask if self.own.status == "corrected" else None
        path = None if mask is None else Path(mask.path)
        return None if path == self.prediction else path

    @property
    def dice(self) -> float | None:
        """Of the whole tumour; None without it."""
        return None if self.figures is None else self.figures.dice.get("WT")

    @property
    def volume_ml(self) -> float | None:
        """Of the prediction's whole tumour, else of the truth's; None until it was measured."""
        if self.figures is None:
            return None
        found = self.figures.prediction_ml
        return self.figures.truth_ml if found is None else found

    @property
    def is_disputed(self) -> bool:
        """Whether another reader's verdict is another one: one took the mask as it is, the other did not."""
        verdicts = {each.status == "accepted" for each in (self.own, *self.others) if each.status in READ}
        return len(verdicts) == 2


@dataclass(frozen=True, slots=True)
class Choice:
    """Which entries are shown, and in which order.

    Parameters
    ----------
    sort : str
        One of `SORTS`.
    text : str
        Words that the name or the note has, and conditions: "dice<0.8", "ml>20".
    statuses : frozenset of str
        Empty shows all.
    only_disputed : bool
        Whether to show only the cases on which readers differ.
    """

    sort: str = "name"
    text: str = ""
    statuses: frozenset[str] = frozenset()
    only_disputed: bool = False

    @property
    def is_filtering(self) -> bool:
        """Whether some entries may be left out."""
        return bool(self.text.strip() or self.statuses or self.only_disputed)

    @property
    def needs_figures(self) -> bool:
        """Whether Dice or volumes decide about order or filter."""
        return self.sort in ("dice", "volume") or _CONDITION.search(self.text) is not None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a reader is: cases by status."""

    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All cases."""
        return sum(self.counts.values())

    @property
    def read(self) -> int:
        """Accepted, corrected or rejected."""
        return sum(self.counts[status] for status in READ)


def make_entries(
    named: Sequence[tuple[str, CaseFiles]], content: StoreContent, *, reader: str, is_blinded: bool
) -> tuple[Entry, ...]:
    """One entry per case, in the order of `named` (name in the store, files)."""
    latest: dict[str, dict[str, Decision]] = {}
    decided = set()
    for decision in content.history:
        latest.setdefault(decision.case, {})[decision.reader] = decision
        if decision.reader == reader and decision.status != "unread":
            decided.add(decision.case)
    entries = []
    for name, files in named:
        by_reader = latest.get(name, {})
        own = by_reader.get(reader, Decision(name, reader, "unread"))
        others = tuple(each for other, each in sorted(by_reader.items()) if other != reader and each.status != "unread")
        figures, entropy = content.figures.get(name), content.entropies.get(name)
        if is_blinded and name not in decided:
            others, entropy = (), None
            figures = None if figures is None else CaseFigures(figures.fingerprint, {}, figures.truth_ml)
        prediction = content.predictions.get(name)
        entries.append(Entry(files, name, own, others, figures, prediction, name in decided, entropy))
    return tuple(entries)


def ordered(entries: Sequence[Entry], sort: str) -> list[Entry]:
    """Entries by one of `SORTS`: status with what is to be done first, Dice from the worst, others from the largest.

    What was not measured comes last; equal ones keep the order of their names.
    """
    by_name = sorted(entries, key=lambda entry: natural_key(entry.name))
    if sort == "status":
        return sorted(by_name, key=lambda entry: _STATUS_ORDER[entry.status])
    if sort == "dice":
        return sorted(by_name, key=lambda entry: (entry.dice is None, entry.dice or 0.0))
    if sort == "volume":
        return sorted(by_name, key=lambda entry: (entry.volume_ml is None, -(entry.volume_ml or 0.0)))
    if sort == "entropy":
        return sorted(by_name, key=lambda entry: (entry.mean_entropy is None, -(entry.mean_entropy or 0.0)))
    if sort == "disagreement":
        return sorted(by_name, key=lambda entry: (not entry.is_disputed, not entry.others))
    return by_name


def is_shown(entry: Entry, choice: Choice) -> bool:
    """Whether an entry passes the filter."""
    if choice.statuses and entry.status not in choice.statuses:
        return False
    if choice.only_disputed and not entry.is_disputed:
        return False
    conditions = list(_CONDITION.finditer(choice.text))
    words = _CONDITION.sub(" ", choice.text).casefold().split()
    text = f"{entry.name} {entry.own.note} {entry.own.reason}".casefold()
    return all(word in text for word in words) and all(_holds(entry, match) for match in conditions)


def progress_of(entries: Sequence[Entry]) -> Progress:
    """Cases by status."""
    counts = dict.fromkeys(STATUSES, 0)
    for entry in entries:
        counts[entry.status] += 1
    return Progress(counts)


def next_unread(entries: Sequence[Entry], after: int) -> Entry | None:
    """The first unread entry behind a place, round to the beginning; None where all were decided on."""
    turned = [*entries[after + 1 :], *entries[: after + 1]]
    return next((entry for entry in turned if entry.status == "unread"), None)


def neighbours_of(entries: Sequence[Entry], place: int) -> tuple[Entry, ...]:
    """What is likely to be opened after the entry at a place: the next one, the next unread one, the previous one."""
    found = (*entries[place + 1 : place + 2], next_unread(entries, place), *entries[:place][-1:])
    return tuple({each.name: each for each in found if each is not None and each is not entries[place]}.values())


def named_cases(cases: Sequence[CaseFiles]) -> list[tuple[str, CaseFiles]]:
    """Cases with their names in the store: those that share a name get the folder of their images behind it."""
    seen: dict[str, int] = {}
    for files in cases:
        seen[files.name] = seen.get(files.name, 0) + 1
    return [
        (files.name if seen[files.name] == 1 else f"{files.name} ({first_image(files).parent})", files)
        for files in cases
    ]


def first_image(files: CaseFiles) -> Path:
    """The file of a case's first sequence; no path where it has none."""
    return next((each.path for each in files.sequences.values()), Path())


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """A key by which "case 10" comes after "case 9"."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def _holds(entry: Entry, condition: re.Match[str]) -> bool:
    value = entry.dice if condition["what"].lower() == "dice" else entry.volume_ml
    if value is None:
        return False
    number = float(condition["number"].replace(",", "."))
    return value < number if condition["sign"] == "<" else value > number
