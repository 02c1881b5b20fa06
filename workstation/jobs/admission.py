"""Who may start now: the rule of the queue, as a pure function of the tickets and the memory.

A run starts when what it needs fits into the memory budget beside what is reserved. Runs start in the order in which
they were asked for, with one exception: a small run passes a large one that waits where it cannot delay it. How long
runs take is not known, so "cannot" is meant for every order in which those before it may end. For each run `w` that
waits before it, let the others be those that run and those that wait before `w`; each of them may be there or gone at
the time when `w` starts. The small run may pass if, for every subset of the others beside which `w` fits, `w` also fits
with the small run still there. Since only sums matter, this is: the small run is at most

    (budget - need of w) - (the largest sum of reservations of others that is at most budget - need of w)

A run that needs more than the budget is taken as if it needed all of it: it runs alone, since somebody asked for it in
spite of the estimate. So is one whose need is not known yet, and one that measures times (`is_alone`), beside which
nothing starts. Memory that other programs hold delays a start as well, but nobody knows for how long, so it plays no
part in who passes whom.

All sums are in MiB, needs rounded up and the budget down, so that the largest sum is found exactly with one long
integer, whose bit n says that some subset has the sum n.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from workstation.jobs.ticket import Ticket

_MIB = 2**20

Why = Literal["", "memory", "programs", "order", "at_once", "alone", "disk"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What there is to give.

    Parameters
    ----------
    budget_bytes : int
        Memory that all runs may have together.
    open_bytes : int
        The same as far as other programs leave it: what is available now, and what runs hold already.
    at_once : int
        Most runs at the same time; 0 is no limit.
    """

    budget_bytes: int
    open_bytes: int
    at_once: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a run may start, and why not.

    Parameters
    ----------
    why : str
        Empty if it may start. "memory": it does not fit beside those that run; "programs": it would, but other programs
        hold the memory; "order": it fits, but would delay the run `beside[0]`, which waits before it; "at_once": so
        many runs as are allowed run already; "alone": it or one that runs measures times. The supervisor adds "disk":
        the bytes are those of the disk.
    place : int
        1 for the first of those that wait.
    need_bytes : int
        What is reserved when it starts.
    free_bytes : int
        What is left for it now.
    beside : tuple of str
        The runs that are in its way, or beside which it starts.
    """

    why: Why
    place: int
    need_bytes: int
    free_bytes: int
    beside: tuple[str, ...] = ()

    @property
    def may_start(self) -> bool:
        """Nothing is in its way."""
        return not self.why


def judge(ticket: Ticket, tickets: Sequence[Ticket], limits: Limits) -> Verdict:
    """Whether the run of `ticket` may start now.

    Parameters
    ----------
    ticket : Ticket
        Of the run that waits.
    tickets : sequence of Ticket
        Of all that run and wait; its own may be among them.
    limits : Limits
    """
    running = sorted((each for each in tickets if each.is_running and each.name != ticket.name), key=_place)
    ahead = sorted((each for each in tickets if not each.is_running and each.place < ticket.place), key=_place)
    names = tuple(each.name for each in running)
    budget = limits.budget_bytes // _MIB
    need = _weight(ticket, budget)
    taken = sum(_weight(each, budget) for each in running)
    free = budget - taken
    left = min(free, limits.open_bytes // _MIB - taken)
    # Who measures times, or has been told that the estimate is too large, does not wait for other programs.
    wants_all = need >= budget
    why: Why = ""
    beside = names
    if limits.at_once and len(running) >= limits.at_once:
        why = "at_once"
    elif running and (ticket.is_alone or any(each.is_alone for each in running)):
        why = "alone"
    elif need > free:
        why = "memory"
    elif (delayed := _delayed_by(need, running, ahead, limits)) is not None:
        why, beside = "order", (delayed.name,)
    elif need > left and not wants_all:
        why = "programs"
    return Verdict(why, len(ahead) + 1, need * _MIB, max(0, left if why == "programs" else free) * _MIB, beside)


def largest_sum(weights: Iterable[int], limit: int) -> int:
    """The largest sum of some of the weights that is at most `limit`; 0 where none is."""
    sums = 1
    within = (1 << max(0, limit) + 1) - 1
    for weight in weights:
        sums |= sums << weight & within
    return sums.bit_length() - 1


def _delayed_by(need: int, running: Sequence[Ticket], ahead: Sequence[Ticket], limits: Limits) -> Ticket | None:
    """The first of those that wait ahead which a run of this need could delay; None if there is none."""
    if not ahead:
        return None
    if limits.at_once and len(running) + len(ahead) >= limits.at_once:
        return ahead[0]
    budget = limits.budget_bytes // _MIB
    for index, waiting in enumerate(ahead):
        room = budget - _weight(waiting, budget)
        others = (_weight(each, budget) for each in (*running, *ahead[:index]))
        if need > room - largest_sum(others, room):
            return waiting
    return None


def _weight(ticket: Ticket, budget: int) -> int:
    """MiB of the budget that a run takes."""
    if ticket.is_running and not ticket.is_alone and ticket.bytes:
        return math.ceil(ticket.bytes / _MIB)
    if ticket.is_alone or not ticket.bytes:
        return budget
    return min(budget, math.ceil(ticket.bytes / _MIB))


def _place(ticket: Ticket) -> tuple[float, str]:
    return ticket.place
