"""A split that is being made: how it is drawn, what was moved by hand, and what is wrong with it; no widget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from workstation.core.case import CaseFiles
from workstation.core.set_checks import patients_in_parts
from workstation.core.split import Draw, Part, Split, draw_split, move, split_cases
from workstation.errors import RequestError
from workstation.gui.data.case_rows import is_usable

EMPTY = Split((), (), ())


@dataclass(frozen=True, slots=True)
class SplitDraft:
    """What stands in the panel.

    Parameters
    ----------
    draw : Draw
    split : Split
        With what was moved; empty where it cannot be drawn.
    moved : frozenset of str
        Cases that were moved by hand.
    usable : int
        How many cases can take part.
    problem : str
        Why it cannot be drawn; empty if it can, or if there are no cases.
    is_saved : bool
        Whether a manifest says just this.
    """

    draw: Draw
    split: Split = EMPTY
    moved: frozenset[str] = frozenset()
    usable: int = 0
    problem: str = ""
    is_saved: bool = False

    @property
    def part_of(self) -> Mapping[str, Part]:
        """The part of each case that takes part."""
        return {name: part for part, names in self.split.parts.items() for name in names}

    @property
    def torn_patients(self) -> int:
        """How many cases belong to patients who are in several parts."""
        return sum(len(finding.places) for finding in patients_in_parts(self.split))

    @property
    def is_plain(self) -> bool:
        """Whether a training with the same seed and shares draws it by itself."""
        names = [name for held in self.split.parts.values() for name in held]
        if not names or self.draw.folds or self.moved:
            return False
        shares = (1 - self.draw.validation - self.draw.test, self.draw.validation, self.draw.test)
        try:
            return split_cases(names, seed=self.draw.seed, fractions=shares) == self.split
        except RequestError:
            return False


def drawn(
    cases: Sequence[CaseFiles], draw: Draw, *, inputs: tuple[str, ...], volumes_ml: Mapping[str, float]
) -> SplitDraft:
    """Draw the cases that a network with these inputs could train on.

    Parameters
    ----------
    cases : sequence of CaseFiles
    draw : Draw
    inputs : tuple of str
        Cases without one of these sequences, or without truth, take no part.
    volumes_ml : mapping of str to float
        Of the whole tumour, by case.
    """
    names = [case.name for case in cases if is_usable(case, inputs)]
    if not names:
        return SplitDraft(draw)
    try:
        split = draw_split(names, draw, volumes_ml=volumes_ml)
    except RequestError as error:
        problem = f"{error.message[:1].upper()}{error.message[1:]}. {error.hint}".strip()
        return SplitDraft(draw, usable=len(names), problem=problem)
    return SplitDraft(draw, split, usable=len(names))


def moved(draft: SplitDraft, names: Iterable[str], part: Part) -> SplitDraft:
    """The draft with cases moved into a part; those that take no part are left where they are."""
    part_of = draft.part_of
    chosen = [name for name in names if part_of.get(name, part) != part]
    if not chosen:
        return draft
    return replace(draft, split=move(draft.split, chosen, part), moved=draft.moved | frozenset(chosen), is_saved=False)
