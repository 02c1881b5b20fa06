"""Questions asked beside the window whose troubles are said where they were asked, not in the message bar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workstation.errors import WorkstationError
from workstation.gui.train.labels import ToneLabel
from workstation.session.background import Background


def ask(
    background: Background,
    topic: str,
    question: Callable[[], Any],
    answer: Callable[[Any], None],
    *,
    says: ToneLabel,
) -> None:
    """Ask beside the window; what a user can act on is said by a label.

    Parameters
    ----------
    background : Background
    topic, question, answer
        As `Background.ask` takes them.
    says : ToneLabel
    """

    def caught() -> Any:
        try:
            return question()
        except WorkstationError as error:
            return error

    def answered(result: Any) -> None:
        if isinstance(result, WorkstationError):
            says.say(f"{result.message}. {result.hint}".replace("..", ".").strip(), "error")
        else:
            answer(result)

    background.ask(topic, caught, answered)
