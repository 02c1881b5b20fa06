"""What the window knows of its machine, and the calibration that it starts in a process of its own."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from measured_results import calibration_of
from pytestqt.qtbot import QtBot

from workstation.core.estimate import Job, Knowledge, make_estimate
from workstation.core.network import PRESETS
from workstation.core.refinement import MeasuredRun
from workstation.core.servers import THIS_MACHINE
from workstation.io.machine_records import machine_records
from workstation.io.server_profiles import servers_file
from workstation.session.background import Background
from workstation.session.machine import Machine, RememberedKnowledge, read_machine

PLAN = PRESETS["flair-wt"]
# A stand-in for `workstation estimate --calibrate --json`: says how far it is, then does what it is told.
_FAKE = """
import sys, time
print("[###############               ] steps at 64x64x64", file=sys.stderr, flush=True)
print("{}")
DO
"""


def fake(do: str) -> tuple[str, ...]:
    return sys.executable, "-c", _FAKE.replace("DO", do)


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


def calibrated(machine: Machine, qtbot: QtBot) -> None:
    machine.calibrate()
    assert machine.is_calibrating
    qtbot.waitUntil(lambda: not machine.is_calibrating, timeout=20_000)


def test_what_is_known_comes_from_records_and_the_users_servers() -> None:
    records = machine_records()
    records.write_calibration(calibration_of(records.machine))
    servers_file().parent.mkdir(parents=True)
    servers_file().write_text('{"lab": "512GB"}')
    facts = read_machine()
    assert facts.knowledge.calibration is not None
    assert [server.name for server in facts.servers] == [
        THIS_MACHINE,
        *("paper-192", "paper-384", "paper-1536"),
        "lab",
    ]
    assert facts.problem is None


def test_a_damaged_file_of_servers_is_told_and_the_others_stay() -> None:
    servers_file().parent.mkdir(parents=True)
    servers_file().write_text('{"lab": "much"}')
    facts = read_machine()
    assert len(facts.servers) == 4
    assert facts.problem is not None
    assert "'much' is no amount of memory" in facts.problem.message


def test_remembered_knowledge_says_the_same_and_answers_at_once_with_hundreds_of_runs() -> None:
    runs = tuple(
        MeasuredRun(PLAN, (128, 128, 128), mode=mode, peak_bytes=3 * 10**9 + number, step_seconds=5.0)
        for number in range(100)
        for mode in ("exact", "low")
    )
    calibration = calibration_of("m")
    job = Job(PLAN, (160, 160, 144), batch=2, cases=20)
    plain, remembered = Knowledge(calibration, runs), RememberedKnowledge(calibration, runs)
    assert make_estimate(job, knowledge=remembered) == make_estimate(job, knowledge=plain)
    best = 1.0
    for _ in range(5):
        start = time.process_time()
        make_estimate(job, knowledge=remembered)
        best = min(best, time.process_time() - start)
    # Without remembering it takes most of a second; the margin is for busy machines.
    assert best < 0.1


def test_a_calibration_tells_how_far_it_is_and_its_records_are_read(background: Background, qtbot: QtBot) -> None:
    records = machine_records()
    told: list[tuple[float | None, str]] = []
    machine = Machine(background, words=fake("time.sleep(0.2)"))
    machine.changed.connect(lambda: told.append((machine.fraction, machine.text)))
    records.write_calibration(calibration_of(records.machine))
    calibrated(machine, qtbot)
    qtbot.waitUntil(lambda: machine.facts.knowledge.calibration is not None)
    assert any(fraction == 0.5 and text.startswith("steps at 64x64x64") for fraction, text in told)
    assert machine.problem == ""


def test_a_failed_calibration_says_why(background: Background, qtbot: QtBot) -> None:
    do = "print('workstation: There is not enough memory.', file=sys.stderr); sys.exit(1)"
    machine = Machine(background, words=fake(do))
    calibrated(machine, qtbot)
    assert machine.problem == "The calibration failed: There is not enough memory."


def test_a_calibration_that_cannot_be_started_says_so(background: Background, qtbot: QtBot, tmp_path: Path) -> None:
    machine = Machine(background, words=(str(tmp_path / "absent"),))
    with qtbot.waitSignal(machine.changed):
        machine.calibrate()
    qtbot.waitUntil(lambda: not machine.is_calibrating)
    assert "could not be started" in machine.problem


def test_a_cancelled_calibration_ends_its_process_and_is_no_failure(background: Background, qtbot: QtBot) -> None:
    machine = Machine(background, words=fake("time.sleep(60)"))
    machine.calibrate()
    qtbot.waitUntil(lambda: machine.fraction is not None, timeout=20_000)
    machine.cancel()
    qtbot.waitUntil(lambda: not machine.is_calibrating)
    assert machine.problem == ""


def test_closing_ends_a_calibration(background: Background, qtbot: QtBot) -> None:
    machine = Machine(background, words=fake("time.sleep(60)"))
    machine.calibrate()
    machine.close()
    assert not machine.is_calibrating
