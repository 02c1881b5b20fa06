"""Questions asked beside the window: the newest answer counts, errors are told apart from bugs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from workstation.errors import InputError
from workstation.session.background import THREADS, Background


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    background = Background()
    yield background
    background.close()


def test_an_answer_comes_in_the_thread_that_asked(background: Background, qtbot: QtBot) -> None:
    asked_in, answered_in = [], []

    def question() -> int:
        asked_in.append(threading.current_thread())
        return 42

    background.ask("topic", question, lambda value: answered_in.append((value, threading.current_thread())))
    qtbot.waitUntil(lambda: bool(answered_in))
    assert answered_in == [(42, threading.main_thread())]
    assert asked_in[0] is not threading.main_thread()


def test_the_answer_to_an_older_question_is_dropped(background: Background, qtbot: QtBot) -> None:
    gate = threading.Event()
    answers: list[str] = []
    background.ask("topic", lambda: gate.wait(5) and "old", answers.append)
    background.ask("topic", lambda: "new", answers.append)
    qtbot.waitUntil(lambda: answers == ["new"])
    gate.set()
    background.close()
    qtbot.wait(1)
    assert answers == ["new"]


def test_other_topics_are_not_made_stale(background: Background, qtbot: QtBot) -> None:
    answers: list[str] = []
    background.ask("one", lambda: "one", answers.append)
    background.ask("two", lambda: "two", answers.append)
    qtbot.waitUntil(lambda: sorted(answers) == ["one", "two"])


def test_a_stale_question_that_waits_for_a_thread_is_never_begun(background: Background, qtbot: QtBot) -> None:
    gate = threading.Event()
    begun: list[str] = []
    for number in range(THREADS):
        background.ask(str(number), lambda: gate.wait(5), lambda _: None)
    background.ask("topic", lambda: begun.append("old"), lambda _: None)
    background.ask("topic", lambda: begun.append("new"), lambda _: None)
    gate.set()
    qtbot.waitUntil(lambda: not background.is_busy)
    assert begun == ["new"]


def test_a_stop_sign_is_raised_for_the_question_that_became_stale(background: Background) -> None:
    first = background.stop_sign("topic")
    background.ask("topic", lambda: None, lambda _: None)
    assert not first()
    second = background.stop_sign("topic")
    background.ask("topic", lambda: None, lambda _: None)
    assert first()
    assert not second()
    background.forget("topic")
    assert second()


def test_an_error_of_ours_is_announced_and_the_answer_is_not_called(background: Background, qtbot: QtBot) -> None:
    def question() -> None:
        raise InputError("the file is damaged", hint="Copy it again.")

    with qtbot.waitSignal(background.failed) as failed:
        background.ask("topic", question, lambda _: pytest.fail("answered"))
    assert str(failed.args[0]) == "the file is damaged"
    assert not background.is_busy


def test_a_bug_reaches_the_hook_and_leaves_nothing_busy(background: Background, qtbot: QtBot) -> None:
    def question() -> None:
        raise ZeroDivisionError("a bug")

    with capture_exceptions() as caught:
        background.ask("topic", question, lambda _: pytest.fail("answered"), words="Dividing...")
        qtbot.waitUntil(lambda: bool(caught))
    assert isinstance(caught[0][1], ZeroDivisionError)
    assert not background.is_busy
    assert background.words == ""


def test_words_are_announced_while_it_lasts(background: Background, qtbot: QtBot) -> None:
    said: list[str] = []
    background.busy_changed.connect(said.append)
    background.ask("topic", lambda: None, lambda _: None, words="Opening x...")
    qtbot.waitUntil(lambda: said == ["Opening x...", ""])


def test_closing_waits_for_what_runs(background: Background) -> None:
    begun, done = threading.Event(), []
    background.ask("topic", lambda: (begun.set(), done.append(1)), lambda _: pytest.fail("answered"))
    begun.wait(5)
    background.close()
    assert done == [1]
