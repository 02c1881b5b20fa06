"""The supervisor's last word on a run, whatever its engine did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fake_engine import engine_words

from workstation.core.requests import TrainRequest
from workstation.errors import RunError
from workstation.io.runs import RunFolder
from workstation.jobs.outcome import MemoryStory, ending_of
from workstation.jobs.supervision import only_supervisor
from workstation.jobs.supervisor import Pace, supervise
from workstation.jobs.turns import Turns

GIB = 2**30
QUICK = Pace(look=0.01, beat=0.02, terminate_after=0.1, kill_after=0.3)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path, TrainRequest(data="/data", epochs=3), label="x")


def states(run: RunFolder) -> list[str]:
    return [event["state"] for event in run.read_events()[0] if event["event"] == "state"]


def test_a_run_goes_from_preparing_to_finished_and_leaves_its_log(run: RunFolder) -> None:
    assert supervise(run.path, engine=engine_words("finish"), pace=QUICK) == 0
    assert states(run) == ["preparing", "running", "finished"]
    assert run.log.read_text() == "fake engine, finish\n"
    status = run.status()
    assert (status.epoch, status.best_epoch, status.reason) == (3, 3, "")
    assert status.peak_bytes > 5_000_000


def test_a_failure_keeps_the_reason_that_the_engine_gave(run: RunFolder) -> None:
    assert supervise(run.path, engine=engine_words("fail"), pace=QUICK) == 1
    status = run.status()
    assert (status.state, status.reason, status.hint) == ("failed", "The loss is NaN.", "Lower the rate.")


def test_a_crash_quotes_the_last_line_of_the_log(run: RunFolder) -> None:
    assert supervise(run.path, engine=engine_words("crash"), pace=QUICK) == 1
    status = run.status()
    assert status.state == "failed"
    assert "ValueError: nobody expected this" in status.reason
    assert "log" in status.hint


def test_an_engine_that_the_kernel_killed_is_told_from_a_failure(run: RunFolder) -> None:
    assert supervise(run.path, engine=engine_words("gone"), pace=QUICK) == 1
    status = run.status()
    assert status.state == "killed"
    assert status.reason == "Somebody outside the program ended it (SIGKILL)."


def test_a_disk_that_fails_for_a_moment_ends_no_training(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beats, honest = [], RunFolder.beat

    def beat(folder: RunFolder) -> None:
        beats.append(folder)
        if len(beats) == 2:
            raise RunError("the disk has failed", path=folder.path)
        honest(folder)

    monkeypatch.setattr(RunFolder, "beat", beat)
    assert supervise(run.path, engine=engine_words("finish"), pace=replace(QUICK, beat=0.0)) == 0
    assert len(beats) > 2
    assert "the disk has failed" in capsys.readouterr().err


def test_an_engine_that_does_not_stop_is_ended_by_force(run: RunFolder) -> None:
    assert supervise(run.path, engine=engine_words("deaf"), pace=QUICK) == 3
    assert states(run)[-2:] == ["stopping", "stopped"]
    assert "ended" in run.status().reason


def test_a_run_that_was_stopped_before_its_turn_never_starts_an_engine(run: RunFolder) -> None:
    run.send("start")
    run.send("stop_now")
    assert supervise(run.path, engine=["/nonexistent"], pace=QUICK) == 3
    assert run.status().state == "stopped"
    assert not run.log.exists()


def test_a_stop_of_an_earlier_start_is_not_obeyed_again(run: RunFolder) -> None:
    for command in ("start", "stop_now", "start"):
        run.send(command)
    assert supervise(run.path, engine=engine_words("finish"), pace=QUICK) == 0


def test_an_engine_that_is_not_there_is_a_failure_in_words(run: RunFolder) -> None:
    assert supervise(run.path, engine=["/nonexistent/engine"], pace=QUICK) == 1
    assert "could not be started" in run.status().reason


def test_the_environment_may_name_another_engine(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSTATION_ENGINE", " ".join(engine_words("finish")))
    assert supervise(run.path, pace=QUICK) == 0


def test_two_supervisors_do_not_carry_out_one_run(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workstation.jobs.supervision._LOCK_PATIENCE_SECONDS", 0.0)
    with only_supervisor(run), pytest.raises(RunError, match="already"):
        supervise(run.path, engine=engine_words("finish"), pace=QUICK)


def test_the_turn_is_given_back_at_the_end(run: RunFolder) -> None:
    supervise(run.path, engine=engine_words("fail"), pace=QUICK)
    assert not list((run.root / ".turns").glob("*.json"))
    assert Turns(run.root).look().reserved_bytes == 0


@pytest.mark.parametrize(
    ("returncode", "was_stopped", "expected"),
    [
        (0, False, "finished"),
        (0, True, "finished"),
        (3, True, "stopped"),
        (-15, True, "stopped"),
        (-9, True, "stopped"),
        (-9, False, "killed"),
        (-15, False, "killed"),
        (1, False, "failed"),
        (-11, False, "failed"),
        (-4, False, "failed"),
        (-64, False, "failed"),
        (77, True, "failed"),
    ],
)
def test_every_exit_status_has_an_ending(returncode: int, was_stopped: bool, expected: str) -> None:
    ending = ending_of(returncode, was_stopped=was_stopped, has_reason=False, memory=MemoryStory(), last_line="")
    assert ending.state == expected
    assert bool(ending.reason) == (expected in ("killed", "failed") or returncode in (-9, -15))


@pytest.mark.parametrize(
    ("story", "words"),
    [
        (MemoryStory(GIB, 2 * GIB, ended_at_bytes=3 * GIB), "Killed for memory at 3.0 GiB; estimate 2.0 GiB."),
        (
            MemoryStory(3 * GIB // 2, GIB, is_kernels_deed=True),
            "The machine's memory was exhausted and the system ended the run at 1.5 GiB; estimate 1.0 GiB.",
        ),
        (MemoryStory(3 * GIB // 2), "Killed, probably for memory at 1.5 GiB."),
        (MemoryStory(GIB, GIB, is_kernels_deed=False), "Somebody outside the program ended it (SIGKILL)."),
    ],
)
def test_a_kill_says_whose_deed_it_was_and_names_the_memory(story: MemoryStory, words: str) -> None:
    assert ending_of(-9, was_stopped=False, has_reason=False, memory=story, last_line="").reason == words
