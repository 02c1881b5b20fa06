"""Why a run waits, as events for readers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workstation.jobs.admission import Verdict

_GIB = 2**30


def waiting_event(verdict: Verdict) -> dict[str, Any]:
    """The event that a verdict is worth."""
    return {
        "event": "state",
        "state": "waiting",
        "text": waiting_words(verdict),
        "why": verdict.why,
        "place": verdict.place,
        "wanted_bytes": verdict.need_bytes,
        "free_bytes": verdict.free_bytes,
        "beside": quoted(verdict.beside),
    }


def waiting_words(verdict: Verdict) -> str:
    """Why a run waits: "waits for 6.2 GiB; 4.1 GiB free beside 'task01'"."""
    need, free = amount(verdict.need_bytes), amount(verdict.free_bytes)
    names = quoted(verdict.beside)
    words = {
        "memory": f"waits for {need}; {free} free beside {names}",
        "programs": f"waits for {need}; other programs leave {free}",
        "order": f"waits behind {names}, which it could delay",
        "at_once": f"waits for {names}: no more runs at once are allowed",
        "alone": f"waits for {names}: times are measured without other runs",
        "disk": f"waits for {need} on the disk of the runs; {free} free",
    }
    return words.get(verdict.why, "")


def quoted(names: Sequence[str]) -> str:
    """Names in quotation marks."""
    return ", ".join(f"'{name}'" for name in names)


def amount(count: int) -> str:
    """A size in GiB, or MiB below a tenth of one."""
    return f"{count / _GIB:.1f} GiB" if count >= _GIB / 10 else f"{count / 2**20:.0f} MiB"
