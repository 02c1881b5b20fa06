"""What a place that writes is to the faults: something that can be done again in an empty folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Make = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Point:
    """One place at which the program writes.

    Parameters
    ----------
    name : str
    prepare, write : callable
        Make the old state in a folder; do what is tested.
    read : callable
        What the program finds there.
    needs_engine : bool
        Whether it loads TensorFlow.
    is_durable : bool
        Whether the new state must be on the disk when `write` returns.
    may_stay_silent : bool
        Whether nobody needs to hear that it could not be written: a cache.
    between : tuple of str
        States beside old and new that are whole, with the reason in words.
    """

    name: str
    prepare: Make
    write: Make
    read: Callable[[Path], Any]
    needs_engine: bool = False
    is_durable: bool = True
    may_stay_silent: bool = False
    between: tuple[Any, ...] = ()


@contextmanager
def environment(**values: Path | str) -> Iterator[None]:
    """Other variables of the environment for the length of a block."""
    former = {name: os.environ.get(name) for name in values}
    os.environ.update({name: str(value) for name, value in values.items()})
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
