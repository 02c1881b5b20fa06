"""Tell the desktop that a run has ended, through `notify-send`, if there is one and a desktop to tell.

The supervisor does so: the window may have been closed days ago. The environment's WORKSTATION_NOTIFY=off turns it off.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from workstation.jobs.queue_settings import read_queue_settings

_SECONDS = 5.0


def is_wanted(root: Path) -> bool:
    """Whoever owns a folder of runs wants to be told of their ends."""
    return os.environ.get("WORKSTATION_NOTIFY", "") != "off" and read_queue_settings(root).notifies


def can_notify() -> bool:
    """There is a desktop session that takes notifications."""
    return bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS")) and shutil.which("notify-send") is not None


def notify(title: str, text: str, *, is_bad: bool) -> None:
    """Show a notification; nothing happens where there is no desktop, or it does not answer."""
    if not can_notify():
        return
    urgency = "critical" if is_bad else "normal"
    command = ["notify-send", "--app-name=BraTS Workstation", f"--urgency={urgency}", "--", title, text]
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, timeout=_SECONDS, check=False, capture_output=True)
