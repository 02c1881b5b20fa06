"""What other runs will still take of the machine's memory; pure arithmetic on their statuses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workstation.io.run_status import RunStatus


@dataclass(frozen=True, slots=True)
class OtherRuns:
    """The runs that share the machine with one that is about to be started.

    Parameters
    ----------
    promised_bytes : int
        What those that have begun will take beyond what they hold already: it is not in use yet, but not free.
    running, waiting : int
        How many have begun, and how many wait for their turn.
    """

    promised_bytes: int = 0
    running: int = 0
    waiting: int = 0


def other_runs(statuses: Iterable[RunStatus]) -> OtherRuns:
    """The claims of all runs that have not ended."""
    alive = [status for status in statuses if status.is_alive and not status.is_ended]
    begun = [status for status in alive if status.state != "waiting"]
    return OtherRuns(sum(map(_promised, begun)), len(begun), len(alive) - len(begun))


def _promised(status: RunStatus) -> int:
    expected = status.reserved_bytes or status.estimate_bytes
    return max(0, expected - status.rss_bytes)
