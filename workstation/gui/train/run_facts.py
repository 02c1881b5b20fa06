"""How a run stands, in a line of words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from workstation.gui.train.wording import bytes_text, duration_text, progress_words, state_word, waiting_words
from workstation.io.runs import RunStatus


def facts_of_run(status: RunStatus, *, beside: Sequence[str]) -> str:
    """State, progress, time left, memory; `beside` names the runs that share the processor with it."""
    facts = [state_word(status.state), waiting_words(status) or progress_words(status)]
    if status.place:
        facts.append(_tr("place {0} in the queue").format(status.place))
    if status.seconds_left is not None:
        facts.append(_tr("{0} left").format(duration_text(status.seconds_left)))
    if status.rss_bytes and not status.is_ended:
        facts.append(_tr("{0} in use").format(bytes_text(status.rss_bytes)))
    if status.reserved_bytes:
        facts.append(_tr("{0} reserved").format(bytes_text(status.reserved_bytes)))
    if status.peak_bytes:
        facts.append(_tr("peak {0}").format(bytes_text(status.peak_bytes)))
    if beside:
        facts.append(_tr("shares the processor with {0}").format(", ".join(beside)))
    if status.damaged:
        facts.append(_tr("{0} damaged lines left out").format(status.damaged))
    return " \N{MIDDLE DOT} ".join(fact for fact in facts if fact)


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunFacts", text)
