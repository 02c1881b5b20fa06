"""The rule of the queue: order is kept, and a small run passes a large one only where it cannot delay it."""

from __future__ import annotations

import random
from itertools import chain, combinations

import pytest

from workstation.jobs.admission import Limits, Verdict, judge, largest_sum
from workstation.jobs.processes import ProcessMark
from workstation.jobs.ticket import Ticket
from workstation.jobs.waiting import waiting_words

GIB = 2**30
NOBODY = ProcessMark(1, 0.0)


def running(name: str, gib: float, *, is_alone: bool = False) -> Ticket:
    return Ticket(name, 0.0, True, NOBODY, bytes=int(gib * GIB), is_alone=is_alone)


def waiting(name: str, asked: float, gib: float, *, is_alone: bool = False) -> Ticket:
    return Ticket(name, asked, False, NOBODY, bytes=int(gib * GIB), is_alone=is_alone)


def limits(gib: float = 20, *, left_gib: float | None = None, at_once: int = 0) -> Limits:
    return Limits(int(gib * GIB), int((gib if left_gib is None else left_gib) * GIB), at_once)


def why(ticket: Ticket, *others: Ticket, given: Limits | None = None) -> str:
    return judge(ticket, [ticket, *others], given or limits()).why


def test_a_run_starts_where_it_fits_beside_what_is_reserved() -> None:
    assert why(waiting("b", 1, 8), running("a", 12)) == ""
    assert why(waiting("b", 1, 8.1), running("a", 12)) == "memory"


def test_a_run_that_waits_is_told_what_for() -> None:
    verdict = judge(waiting("b", 1, 6.2), [running("task01", 15.9)], limits())
    assert verdict == Verdict("memory", 1, 6349 * 2**20, 4198 * 2**20, ("task01",))
    assert waiting_words(verdict) == "waits for 6.2 GiB; 4.1 GiB free beside 'task01'"


def test_places_follow_the_time_of_asking() -> None:
    tickets = [running("a", 20), waiting("c", 2, 5), waiting("b", 1, 5), waiting("d", 3, 5)]
    assert [judge(ticket, tickets, limits()).place for ticket in tickets[1:]] == [2, 1, 3]


def test_the_first_in_the_queue_does_not_wait_for_the_others() -> None:
    assert why(waiting("b", 1, 20), waiting("c", 2, 1)) == ""


def test_a_small_run_passes_a_large_one_beside_which_it_fits() -> None:
    # 16 wait for 12 of 20 to end; then 4 are left.
    assert why(waiting("small", 2, 4), running("a", 12), waiting("large", 1, 16)) == ""
    assert why(waiting("small", 2, 4.1), running("a", 12), waiting("large", 1, 16)) == "order"


def test_a_small_run_does_not_pass_what_could_start_when_only_some_have_ended() -> None:
    # 13 can start when the run of 8 has ended: 20 - 7 - 13 leaves nothing, although 20 - 13 would leave 7.
    both = (running("a", 8), running("b", 7))
    assert why(waiting("small", 2, 1), *both, waiting("large", 1, 13)) == "order"
    # 11 can start when either has ended: 20 - 8 - 11 leaves 1.
    assert why(waiting("small", 2, 1), *both, waiting("large", 1, 11)) == ""
    assert why(waiting("small", 2, 2), *both, waiting("large", 1, 11)) == "order"


def test_a_small_run_does_not_take_the_room_of_one_that_is_just_about_to_start() -> None:
    assert why(waiting("c", 2, 5), running("a", 6), waiting("b", 1, 10)) == "order"
    assert why(waiting("c", 2, 4), running("a", 6), waiting("b", 1, 10)) == ""


def test_nobody_passes_a_run_whose_need_is_not_known_yet() -> None:
    assert why(waiting("small", 2, 1), running("a", 6), waiting("new", 1, 0)) == "order"


def test_a_run_that_needs_more_than_there_is_runs_alone() -> None:
    assert why(waiting("huge", 1, 50)) == ""
    assert why(waiting("huge", 1, 50), given=limits(left_gib=12)) == ""
    assert why(waiting("huge", 1, 50), running("a", 1)) == "memory"
    assert judge(waiting("huge", 1, 50), [], limits()).need_bytes == 20 * GIB
    assert why(waiting("small", 2, 1), running("huge", 20)) == "memory"


def test_a_measurement_of_times_and_other_runs_exclude_each_other() -> None:
    assert why(waiting("bench", 1, 0.1, is_alone=True), running("a", 1)) == "alone"
    assert why(waiting("b", 1, 1), running("bench", 20, is_alone=True)) == "alone"
    assert why(waiting("bench", 1, 0.1, is_alone=True)) == ""
    assert why(waiting("b", 2, 1), waiting("bench", 1, 0.1, is_alone=True)) == "order"


def test_memory_of_other_programs_is_waited_for() -> None:
    verdict = judge(waiting("b", 1, 8), [running("a", 4)], limits(left_gib=10))
    assert (verdict.why, verdict.free_bytes) == ("programs", 6 * GIB)
    assert waiting_words(verdict) == "waits for 8.0 GiB; other programs leave 6.0 GiB"


def test_the_number_of_runs_may_be_limited() -> None:
    two = limits(at_once=2)
    assert why(waiting("c", 1, 1), running("a", 1), running("b", 1), given=two) == "at_once"
    assert why(waiting("b", 1, 1), running("a", 1), given=two) == ""
    # It fits beside the large one, and would take its place among the two.
    assert why(waiting("c", 2, 1), running("a", 12), waiting("b", 1, 16), given=two) == "order"
    assert why(waiting("c", 2, 1), running("a", 12), waiting("b", 1, 16), given=limits(at_once=3)) == ""


def test_the_largest_sum_that_fits() -> None:
    assert largest_sum([8, 7, 3], 14) == 11
    assert largest_sum([8, 7, 3], 2) == 0
    assert largest_sum([], 5) == 0
    assert largest_sum([4, 4], 8) == 8


@pytest.mark.parametrize("seed", range(300))
def test_no_order_of_endings_shows_a_run_that_was_delayed_by_one_that_passed_it(seed: int) -> None:
    """By trying all subsets of those that may still be there when a run before it could start."""
    chance = random.Random(seed)
    budget = 24
    present = [running(f"r{index}", chance.randint(1, 9)) for index in range(chance.randint(0, 3))]
    while sum(ticket.bytes for ticket in present) > budget * GIB:
        present.pop()
    ahead = [waiting(f"w{index}", index, chance.randint(1, 24)) for index in range(chance.randint(1, 3))]
    own = waiting("own", 9, chance.randint(1, 12))
    can_delay = False
    for index, first in enumerate(ahead):
        others = [ticket.bytes // GIB for ticket in (*present, *ahead[:index])]
        subsets = chain.from_iterable(combinations(others, size) for size in range(len(others) + 1))
        need, extra = first.bytes // GIB, own.bytes // GIB
        can_delay |= any(sum(there) + need <= budget < sum(there) + need + extra for there in subsets)
    fits = sum(ticket.bytes for ticket in present) + own.bytes <= budget * GIB
    assert judge(own, [*present, *ahead, own], limits(budget)).may_start == (fits and not can_delay)
