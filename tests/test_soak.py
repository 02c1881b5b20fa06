"""A short piece of `make soak`, and two windows with the command line on one data set and one folder of runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soak
from small_cases import write_cases

from workstation.io.review_store import ReviewStore, review_path
from workstation.io.runs import RunFolder, list_runs

DECISIONS, EVENTS, RUNS = 25, 100, 5
# One window of two: decides, writes events into a run that both share, and makes runs.
WINDOW = f"""
import sys, time
from pathlib import Path
from workstation.core.requests import TrainRequest
from workstation.gui.application import make_application
from workstation.gui.main_window import MainWindow
from workstation.io.runs import RunFolder
from workstation.session import commands
from workstation.session.session import Session

data, runs, reader = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
app = make_application()
session = Session()
session.worklist.set_reader(reader)
window = MainWindow(session)
window.show()

def until(condition):
    end = time.monotonic() + 300
    while not condition():
        app.processEvents()
        time.sleep(0.001)
        assert time.monotonic() < end

commands.open_path(session, data)
until(lambda: session.case is not None and session.worklist.access.is_read)
window.show_workspace("train")
shared = RunFolder(runs / "shared")
kept = []
for number in range({DECISIONS}):
    until(lambda: not session.worklist.is_deciding)
    session.worklist.decide("flagged", note=f"{{reader}} {{number}}", then=kept.append)
    for event in range({EVENTS // DECISIONS}):
        shared.append({{"event": "warning", "text": f"{{reader}} {{number}} {{event}}"}})
    if number % {DECISIONS // RUNS} == 0:
        RunFolder.create(runs, TrainRequest(str(data)), label=reader)
    until(lambda: len(kept) == number + 1)
window.close()
"""


@pytest.mark.xvfb
def test_random_use_of_the_window_leaks_nothing(tmp_path: Path) -> None:
    command = [sys.executable, soak.__file__, "--minutes", "0.5", "--seed", "4"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    facts = json.loads(done.stdout)
    assert facts["uses"] > 20
    assert facts["problems"] == []


def test_growth_is_that_of_the_last_third_over_the_middle_third() -> None:
    samples = [dict.fromkeys(soak.SLACK, value) for value in (1, 1, 1, 5, 6, 7, 10, 20, 30)]
    # medians 6 and 20
    assert soak.growth_of(samples) == dict.fromkeys(soak.SLACK, 14)


def test_two_windows_and_the_command_line_lose_nothing_of_each_other(tmp_path: Path) -> None:
    data = write_cases(tmp_path / "data", cases=2)
    root = tmp_path / "runs"
    RunFolder.create_at(root / "shared", request_of(data.root))
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "WORKSTATION_RUNS": str(root)}
    windows = [
        subprocess.Popen(
            [sys.executable, "-c", WINDOW, str(data.root), str(root), reader], env=environment, stderr=subprocess.PIPE
        )
        for reader in ("Ada", "Ben")
    ]
    answers = []
    while any(window.poll() is None for window in windows):
        for words in (["worklist", str(data.root), "--json"], ["runs", "--json"]):
            command = [sys.executable, "-m", "workstation", *words]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            answers.append((done.returncode, done.stderr))
    errors = [window.communicate()[1].decode()[-2000:] for window in windows]
    assert [window.returncode for window in windows] == [0, 0], errors
    assert {code for code, _ in answers} == {0}, answers
    with ReviewStore(review_path(data.root)) as store:
        notes = sorted(decision.note for decision in store.history())
    assert notes == sorted(f"{reader} {number}" for reader in ("Ada", "Ben") for number in range(DECISIONS))
    records, _ = RunFolder(root / "shared").read_events()
    texts = [record["text"] for record in records]
    per_decision = EVENTS // DECISIONS
    assert sorted(texts) == sorted(
        f"{reader} {number} {event}"
        for reader in ("Ada", "Ben")
        for number in range(DECISIONS)
        for event in range(per_decision)
    )
    assert RunFolder(root / "shared").status().damaged == 0
    assert len(list_runs(root)) == 1 + 2 * RUNS


def request_of(data: Path) -> object:
    from workstation.core.requests import TrainRequest

    return TrainRequest(str(data))
