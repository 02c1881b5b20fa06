"""Agreement of two readers, against figures worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

from workstation.core.agreement import Agreement, agreement_of, agreements_of
from workstation.core.review import Decision


def decisions(reader: str, statuses: Iterable[str]) -> list[Decision]:
    """One decision a case: C0, C1, ..."""
    return [Decision(f"C{number}", reader, status) for number, status in enumerate(statuses)]


def test_kappa_of_a_table_worked_out_by_hand() -> None:
    # 50 grant proposals: both yes 20, only the first 5, only the second 10, both no 15. p_o = 35/50 = 0.7;
    # p_e = (25/50)(30/50) + (25/50)(20/50) = 0.5; kappa = (0.7 - 0.5) / (1 - 0.5) = 0.4.
    agreement = Agreement("A", "B", both_accept=20, only_first_accepts=5, only_second_accepts=10, both_reject=15)
    assert agreement.cases == 50
    assert agreement.share == pytest.approx(0.7, abs=1e-15)
    assert agreement.kappa == pytest.approx(0.4, abs=1e-15)


def test_complete_agreement_is_one_and_complete_disagreement_of_halves_is_minus_one() -> None:
    assert Agreement("A", "B", 3, 0, 0, 4).kappa == 1
    assert Agreement("A", "B", 0, 5, 5, 0).kappa == -1


def test_independent_verdicts_have_a_kappa_of_zero() -> None:
    # Both accept half, and each combination is as frequent as chance says.
    assert Agreement("A", "B", 6, 6, 6, 6).kappa == 0


def test_kappa_is_undefined_where_one_verdict_is_all_there_is() -> None:
    assert math.isnan(Agreement("A", "B", 7, 0, 0, 0).kappa)
    assert Agreement("A", "B", 7, 0, 0, 0).share == 1
    assert math.isnan(Agreement("A", "B", 0, 0, 0, 0).kappa)
    assert math.isnan(Agreement("A", "B", 0, 0, 0, 0).share)


def test_a_corrected_mask_was_not_taken_as_it_was_and_flags_are_no_verdict() -> None:
    first = decisions("A", ("accepted", "corrected", "rejected", "flagged", "accepted", "unread"))
    second = decisions("B", ("accepted", "rejected", "accepted", "accepted", "flagged", "accepted"))
    agreement = agreement_of([*first, *second], "A", "B")
    assert (agreement.both_accept, agreement.both_reject) == (1, 1)
    assert (agreement.only_first_accepts, agreement.only_second_accepts) == (0, 1)
    assert agreement.differing == ("C2",)


def test_the_last_decision_counts_and_cases_of_one_reader_do_not() -> None:
    history = [
        *decisions("A", ("accepted", "accepted")),
        *decisions("B", ("accepted",)),
        Decision("C0", "B", "rejected"),
    ]
    agreement = agreement_of(history, "A", "B")
    assert (agreement.cases, agreement.only_first_accepts) == (1, 1)


def test_every_pair_of_readers_is_compared_once() -> None:
    history = [decision for reader in "CAB" for decision in decisions(reader, ("accepted",))]
    assert [(each.first, each.second) for each in agreements_of(history)] == [("A", "B"), ("A", "C"), ("B", "C")]
