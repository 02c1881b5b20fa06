"""Cases examined beside the window: all of them, wanted ones first, stopped and gone on with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workstation.core.case import SEQUENCES, CaseFiles, ImageRef
from workstation.core.case_facts import CaseFacts, Trouble
from workstation.session.background import Background
from workstation.session.scan import DataScan


def case_files(name: str) -> CaseFiles:
    images = {each: ImageRef(Path(f"/data/{name}_{each}.nii.gz")) for each in SEQUENCES}
    return CaseFiles(name, images, ImageRef(Path(f"/data/{name}_seg.nii.gz")), layout="brats2021")


CASES = tuple(case_files(f"case{number:02d}") for number in range(30))


class SlowReader:
    """Gives facts of a case when it is let; notes the order in which it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = threading.Semaphore(0)

    def __call__(self, files: CaseFiles) -> CaseFacts:
        self.asked.append(files.name)
        self.gate.acquire()
        return CaseFacts(files.name, volumes_ml={"WT": float(files.name[-2:])})


@pytest.fixture
def reader() -> SlowReader:
    return SlowReader()


@pytest.fixture
def make_scan(qtbot: QtBot) -> Iterator[Callable[..., DataScan]]:
    background = Background()
    made: list[DataScan] = []

    def make(find: Callable[[CaseFiles], CaseFacts]) -> DataScan:
        made.append(DataScan(background, find=find))
        return made[-1]

    yield make
    for scan in made:
        scan.close()
    background.close()


def test_every_case_is_examined_and_joined(make_scan: Callable[..., DataScan], qtbot: QtBot) -> None:
    trouble = {"T1": Trouble("ImageFormatError", "T1 is damaged")}
    scan = make_scan(lambda files: CaseFacts(files.name, troubles=trouble if files.name == "case07" else {}))
    with qtbot.waitSignals([scan.findings_changed] * 2):
        scan.start(CASES)
    assert (scan.done, scan.total, scan.is_running) == (30, 30, False)
    assert [facts.name for facts in scan.facts if facts] == [case.name for case in CASES]
    assert [finding.cases for finding in scan.findings] == [("case07",)]
    assert (scan.worst_of(7), scan.worst_of(8)) == ("error", None)


def test_cases_in_sight_come_first(make_scan: Callable[..., DataScan], reader: SlowReader, qtbot: QtBot) -> None:
    scan = make_scan(reader)
    scan.start(CASES)
    qtbot.waitUntil(lambda: len(reader.asked) == 2)
    scan.prefer([20, 21])
    reader.gate.release(2)
    qtbot.waitUntil(lambda: len(reader.asked) == 4)
    assert sorted(reader.asked[2:4]) == ["case20", "case21"]
    reader.gate.release(100)


def test_a_stop_keeps_what_was_found_and_can_be_gone_on_from(
    make_scan: Callable[..., DataScan], reader: SlowReader, qtbot: QtBot
) -> None:
    scan = make_scan(reader)
    scan.start(CASES)
    reader.gate.release(5)
    qtbot.waitUntil(lambda: scan.done == 5)
    scan.stop()
    assert not scan.is_running
    reader.gate.release(100)
    scan.go_on()
    qtbot.waitUntil(lambda: scan.done == 30)
    assert scan.volumes_ml == {case.name: float(case.name[-2:]) for case in CASES}


def test_answers_to_an_older_search_are_dropped(
    make_scan: Callable[..., DataScan], reader: SlowReader, qtbot: QtBot
) -> None:
    scan = make_scan(reader)
    scan.start(CASES)
    qtbot.waitUntil(lambda: len(reader.asked) == 2)
    others = tuple(case_files(f"other{number:02d}") for number in range(3))
    scan.start(others)
    reader.gate.release(100)
    qtbot.waitUntil(lambda: scan.done == 3)
    assert [facts.name for facts in scan.facts if facts] == ["other00", "other01", "other02"]


def test_a_bug_in_a_thread_is_not_swallowed(make_scan: Callable[..., DataScan], qtbot: QtBot) -> None:
    def find(files: CaseFiles) -> CaseFacts:
        if files.name == "case03":
            raise ZeroDivisionError(files.name)
        return CaseFacts(files.name)

    with qtbot.captureExceptions() as caught:
        make_scan(find).start(CASES)
        qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][0] is ZeroDivisionError


def test_answers_come_in_heaps(make_scan: Callable[..., DataScan], qtbot: QtBot) -> None:
    many = tuple(case_files(f"case{number:04d}") for number in range(1000))
    scan = make_scan(lambda files: CaseFacts(files.name))
    heaps: list[int] = []
    scan.advanced.connect(lambda indices: heaps.append(len(indices)))
    scan.start(many)
    qtbot.waitUntil(lambda: scan.done == 1000)
    assert sum(heaps) == 1000
    assert len(heaps) < 100
