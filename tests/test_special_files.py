"""Pipes, devices, folders and links to themselves in the place of a file: refused or left out, never waited for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from fuzz_targets import TARGETS, Target

from workstation.errors import WorkstationError

SECONDS = 20
# It is a text of the clipboard, not a file.
READERS = [target for target in TARGETS if target.name != "copied view"]


class Waits(BaseException):
    """The reader waits; no reader may take it for an error of the system."""


@pytest.fixture
def alarm() -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Waits

    former = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


KINDS: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a device without an end": lambda path: path.symlink_to("/dev/zero"),
    "a folder": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path),
}


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("target", READERS, ids=lambda target: target.name)
def test_what_is_no_file_is_never_waited_for(target: Target, tmp_path: Path) -> None:
    for number, make in enumerate(KINDS.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        target.prepare(folder)
        path = folder / target.file
        path.unlink()
        make(path)
        try:
            target.read(folder)
        except WorkstationError as refused:
            assert refused.message
