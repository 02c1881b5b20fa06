"""The child's answers in words, and that a crash of it reaches nobody."""

from __future__ import annotations

import json
import sys

import pytest
from pytestqt.qtbot import QtBot

from workstation.gui.scene.probe import OpenGLFacts, Probe, read_answer

GOOD = json.dumps({"is_drawn": True, "renderer": "llvmpipe (LLVM 15)", "window_class": "vtkEGLRenderWindow"})


def child(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def ask(qtbot: QtBot, command: tuple[str, ...]) -> OpenGLFacts:
    probe = Probe(command=command)
    with qtbot.waitSignal(probe.answered, timeout=20_000) as answer:
        probe.ask()
    facts: OpenGLFacts = answer.args[0]
    return facts


def test_a_drawn_sphere_means_usable(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    facts = ask(qtbot, child(f"print({GOOD!r})"))
    assert (facts.is_usable, facts.is_software, facts.reason) == (True, True, "")


def test_a_child_that_dies_by_a_signal_is_an_answer(qtbot: QtBot) -> None:
    facts = ask(qtbot, child("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))
    assert not facts.is_usable
    assert "crash" in facts.reason


def test_the_last_line_of_an_exception_is_the_reason(qtbot: QtBot) -> None:
    facts = ask(qtbot, child("raise ImportError('libGL.so.1: no such file')"))
    assert facts == OpenGLFacts(False, reason="ImportError: libGL.so.1: no such file")


def test_a_program_that_is_not_there_is_an_answer(qtbot: QtBot) -> None:
    assert not ask(qtbot, ("/no/such/program",)).is_usable


def test_a_black_picture_is_not_usable() -> None:
    answer = json.dumps({"is_drawn": False, "renderer": "broken", "window_class": "x"})
    facts = read_answer(answer, "", code=1, is_crash=False)
    assert (facts.is_usable, "broken" in facts.reason) == (False, True)


@pytest.mark.parametrize("output", ["", "nonsense", "[]", "{}"])
def test_an_answer_that_cannot_be_read_is_a_no(output: str) -> None:
    facts = read_answer(output, "", code=7, is_crash=False)
    assert (facts.is_usable, facts.reason) == (False, "exit code 7")


def test_a_stopped_probe_answers_nothing(qtbot: QtBot) -> None:
    probe = Probe(command=child("import time; time.sleep(60)"))
    with qtbot.assertNotEmitted(probe.answered, wait=50):
        probe.ask()
        probe.stop()


def test_a_card_is_no_software() -> None:
    assert not OpenGLFacts(True, renderer="NVIDIA RTX A2000").is_software
