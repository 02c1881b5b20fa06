"""The lines of the worklist as values: what a reader may see, order, filter, progress, the next unread case, time."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.core.case import CaseFiles, ImageRef
from workstation.core.review import CaseFigures, Decision
from workstation.session.reading_clock import ReadingClock
from workstation.session.worklist_entries import (
    Choice,
    StoreContent,
    is_shown,
    make_entries,
    named_cases,
    next_unread,
    ordered,
    progress_of,
)


def files(name: str, folder: str = "data") -> CaseFiles:
    return CaseFiles(name, {"FLAIR": ImageRef(Path(f"/{folder}/{name}/flair.nii.gz"))})


NAMED = [(name, files(name)) for name in ("case 10", "case 2", "case 1", "case 3")]
FIGURES = {
    "case 1": CaseFigures("a", {"WT": 0.9}, 20.0, 22.0),
    "case 2": CaseFigures("b", {"WT": 0.4}, 30.0, 5.0),
    "case 3": CaseFigures("c", {}, 80.0, None),
}
HISTORY = (
    Decision("case 1", "Ada", "accepted", number=1),
    Decision("case 2", "Ada", "rejected", "misses tumour", "left temporal", number=2),
    Decision("case 1", "Ben", "rejected", "wrong label", number=3),
    Decision("case 3", "Ben", "accepted", number=4),
    Decision("case 10", "Ada", "flagged", number=5),
    Decision("case 10", "Ada", "unread", undoes=5, number=6),
)
CONTENT = StoreContent(HISTORY, {"case 3": Path("/p/3.nii.gz")}, FIGURES)


def test_an_entry_is_the_readers_own_last_decision_beside_those_of_others() -> None:
    found = make_entries(NAMED, CONTENT, reader="Ada", is_blinded=False)
    assert [(each.name, each.status) for each in found] == [
        ("case 10", "unread"),
        ("case 2", "rejected"),
        ("case 1", "accepted"),
        ("case 3", "unread"),
    ]
    assert [[other.reader for other in each.others] for each in found] == [[], [], ["Ben"], ["Ben"]]
    assert [each.is_disputed for each in found] == [False, False, True, False]
    assert [each.has_decided for each in found] == [True, True, True, False]
    assert found[3].prediction == Path("/p/3.nii.gz")


def test_a_blinded_reader_sees_neither_scores_nor_others_before_deciding() -> None:
    by_name = {each.name: each for each in make_entries(NAMED, CONTENT, reader="Ada", is_blinded=True)}
    unread = by_name["case 3"]
    assert unread.others == ()
    assert (unread.dice, unread.volume_ml) == (None, 80.0)  # the truth's volume is no secret
    assert by_name["case 2"].dice == 0.4
    assert [other.status for other in by_name["case 1"].others] == ["rejected"]
    by_name = {each.name: each for each in make_entries(NAMED, CONTENT, reader="Cleo", is_blinded=True)}
    assert all(each.others == () and each.dice is None for each in by_name.values())
    assert by_name["case 2"].volume_ml == 30.0


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["case 1", "case 2", "case 3", "case 10"]),
        ("status", ["case 3", "case 10", "case 2", "case 1"]),
        ("dice", ["case 2", "case 1", "case 3", "case 10"]),
        ("volume", ["case 3", "case 1", "case 2", "case 10"]),
        ("disagreement", ["case 1", "case 3", "case 2", "case 10"]),
    ],
)
def test_orders(sort: str, names: list[str]) -> None:
    found = make_entries(NAMED, CONTENT, reader="Ada", is_blinded=False)
    assert [each.name for each in ordered(found, sort)] == names


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (Choice(), {"case 1", "case 2", "case 3", "case 10"}),
        (Choice(text="CASE 1"), {"case 1", "case 10"}),
        (Choice(text="temporal"), {"case 2"}),
        (Choice(text="misses left"), {"case 2"}),
        (Choice(text="dice<0.5"), {"case 2"}),
        (Choice(text="Dice > 0,5"), {"case 1"}),
        (Choice(text="ml>20 case"), {"case 1", "case 3"}),
        (Choice(text="ml>20 ml<50"), {"case 1"}),
        (Choice(statuses=frozenset({"unread", "rejected"})), {"case 2", "case 3", "case 10"}),
        (Choice(only_disputed=True), {"case 1"}),
    ],
)
def test_filters(choice: Choice, names: set[str]) -> None:
    found = make_entries(NAMED, CONTENT, reader="Ada", is_blinded=False)
    assert {each.name for each in found if is_shown(each, choice)} == names
    assert choice.is_filtering is (choice != Choice())


def test_progress_counts_verdicts_as_read_and_flags_apart() -> None:
    found = progress_of(make_entries(NAMED, CONTENT, reader="Ada", is_blinded=False))
    assert (found.read, found.total, found.counts["flagged"]) == (2, 4, 0)


def test_the_next_unread_case_is_found_round_the_end() -> None:
    found = ordered(make_entries(NAMED, CONTENT, reader="Ada", is_blinded=False), "name")
    assert [each.name for each in found] == ["case 1", "case 2", "case 3", "case 10"]
    after = [next_unread(found, place) for place in range(4)]
    assert [each and each.name for each in after] == ["case 3", "case 3", "case 10", "case 3"]
    assert next_unread(found[:2], 0) is None


def test_cases_of_one_name_are_told_apart_by_their_folders() -> None:
    cases = [files("C1", "a"), files("C1", "b"), files("C2", "a")]
    assert [name for name, _ in named_cases(cases)] == ["C1 (/a/C1)", "C1 (/b/C1)", "C2"]


def test_the_clock_adds_visits_and_leaves_out_pauses() -> None:
    now = [100.0]
    clock = ReadingClock(lambda: now[0])

    def spend(seconds: float) -> None:
        now[0] += seconds

    clock.turn_to("C1")
    spend(5)
    clock.turn_to("C2")
    spend(3)
    clock.turn_to("C1")
    spend(2)
    clock.set_paused(paused=True)
    spend(1000)
    clock.set_paused(paused=False)
    spend(1)
    assert clock.take("C1") == pytest.approx(5 + 2 + 1)
    spend(4)
    assert clock.take("C1") == pytest.approx(4)
    assert clock.take("C2") == pytest.approx(3)
    assert clock.take("C3") == 0
    clock.turn_to(None)
    spend(9)
    assert clock.take("C1") == 0
