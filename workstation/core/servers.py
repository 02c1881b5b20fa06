"""Named servers, and what fits on them.

The presets are the three of the paper; `this machine` is measured by whoever asks, and users name others on the command
line (`NAME=BYTES`) or in a file (`io/server_profiles.py`). A job fits where its expected peak leaves `HEAD_ROOM` of the
memory free: the estimate is good to about 10 %, and the system wants some too.

References
----------
Addressing the memory bottleneck in AI model training for healthcare. Dell EMC, Intel, University of Florida, 2020: a
developer's server of 192 GB, one of 384 GB, and the memory-rich one of 1.5 TB with four sockets and 80 cores. Memory
modules are sold in powers of two, so a GB of them is 2**30 bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from workstation.errors import RequestError

HEAD_ROOM = 0.1
"""Share of a server's memory that a job must leave free."""
MAX_BATCH = 1024
"""The largest batch that a request may have."""
THIS_MACHINE = "this machine"
MOST_BYTES = 2**50
"""The most memory that a server is believed to have: more is a slip of the finger."""

_GIB = 2**30
_UNITS: Mapping[str, int] = {
    "": 1,
    "B": 1,
    **{
        prefix + ending: 2 ** (10 * power) for power, prefix in enumerate("KMGT", start=1) for ending in ("", "IB", "B")
    },
}
_AMOUNT = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)\s*([A-Za-z]*)")


@dataclass(frozen=True, slots=True)
class Server:
    """A machine by its memory.

    Parameters
    ----------
    name : str
    memory_bytes : int
    cores : int
        Physical cores; 0 where they are not known.
    """

    name: str
    memory_bytes: int
    cores: int = 0

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise RequestError("A server needs a name.", field="server", hint=_HINT)
        if self.memory_bytes <= 0:
            raise RequestError(f"Server {self.name} needs memory above 0.", field="server", hint=_HINT)
        if self.memory_bytes > MOST_BYTES:
            raise RequestError(f"Server {self.name} cannot have more than 1 PiB of memory.", field="server", hint=_HINT)
        if self.cores < 0:
            raise RequestError(f"Server {self.name} cannot have {self.cores} cores.", field="server", hint=_HINT)

    @property
    def usable_bytes(self) -> int:
        """What a job may take."""
        return int(self.memory_bytes * (1 - HEAD_ROOM))


_HINT = "Write NAME=AMOUNT, as in big=1.5TB or small=64GiB."
# What the paper says of cores, it says of the largest.
PAPER_SERVERS = (
    Server("paper-192", 192 * _GIB),
    Server("paper-384", 384 * _GIB),
    Server("paper-1536", 1536 * _GIB, cores=80),
)


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a job fits on a server.

    Parameters
    ----------
    server : Server
    peak_bytes : int
    largest_batch : int
        The largest that would fit, all else being equal; 0 where not even one volume does.
    """

    server: Server
    peak_bytes: int
    largest_batch: int

    @property
    def fits(self) -> bool:
        """The peak leaves the head room free."""
        return self.peak_bytes <= self.server.usable_bytes

    @property
    def share(self) -> float:
        """Of the server's memory; above 1 where the peak is more than there is."""
        return self.peak_bytes / self.server.memory_bytes

    def as_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "name": self.server.name,
            "memory_bytes": self.server.memory_bytes,
            "usable_bytes": self.server.usable_bytes,
            "cores": self.server.cores or None,
            "fits": self.fits,
            "share": self.share,
            "largest_batch": self.largest_batch,
        }


def fits(servers: Iterable[Server], *, batch: int, peak_of: Callable[[int], int]) -> tuple[Fit, ...]:
    """How a job does on each server.

    Parameters
    ----------
    servers : iterable of Server
    batch : int
    peak_of : callable
        From a batch to the bytes at the peak, which must not fall when the batch grows.
    """
    peak = peak_of(batch)
    return tuple(Fit(server, peak, largest_batch(peak_of, server.usable_bytes)) for server in servers)


def largest_batch(peak_of: Callable[[int], int], usable_bytes: int) -> int:
    """The largest batch up to `MAX_BATCH` whose peak is within `usable_bytes`; 0 where there is none."""
    low, high = 0, 1
    while high <= MAX_BATCH and peak_of(high) <= usable_bytes:
        low, high = high, 2 * high
    high = min(high, MAX_BATCH + 1)
    while high - low > 1:
        middle = (low + high) // 2
        if peak_of(middle) <= usable_bytes:
            low = middle
        else:
            high = middle
    return low


def named_servers(*groups: Iterable[Server]) -> tuple[Server, ...]:
    """All servers of the groups in order; of equal names the last wins, in the place of the first."""
    found: dict[str, Server] = {}
    for group in groups:
        for server in group:
            found[server.name] = server
    return tuple(found.values())


def parse_server(text: str) -> Server:
    """A server as people write it, `NAME=AMOUNT`: `big=1.5TB`, `small=64GiB`, `lab=68719476736`.

    Raises
    ------
    RequestError
        It is not that.
    """
    name, equals, amount = text.partition("=")
    if not equals:
        raise RequestError(f"{text!r} is no server.", field="server", hint=_HINT)
    return Server(name.strip(), parse_bytes(amount))


def parse_bytes(text: str) -> int:
    """Bytes of an amount such as 384GB; units are powers of 1024, as of memory modules. `RequestError` otherwise."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None or match[2].upper() not in _UNITS:
        raise RequestError(f"{text!r} is no amount of memory.", field="server", hint=_HINT)
    return int(float(match[1]) * _UNITS[match[2].upper()])


def server_from_value(name: str, value: Any) -> Server:
    """A server of a JSON file: an amount, or {"memory": amount, "cores": number}; amounts are bytes or as in "384GB".

    Raises
    ------
    RequestError
        It is neither.
    """
    wanted: Mapping[str, Any] = value if isinstance(value, Mapping) else {"memory": value}
    memory, cores = wanted.get("memory"), wanted.get("cores", 0)
    if isinstance(memory, str):
        memory = parse_bytes(memory)
    if not _is_whole(memory) or not _is_whole(cores) or not wanted.keys() <= {"memory", "cores"}:
        hint = 'Write "NAME": "384GB", or "NAME": {"memory": "384GB", "cores": 40}.'
        raise RequestError(f"Server {name!r} cannot be {value!r}.", field="server", hint=hint)
    return Server(name, memory, cores)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
