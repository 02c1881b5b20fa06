"""`workstation doctor`: whether the program can do its work on this machine."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from workstation.cli.output import Outcome, ProgressLine, add_command

_MARKS = {"good": "ok  ", "note": "note", "bad": "BAD "}


def add_commands(commands: Any) -> None:
    """Add this module's sub-command."""
    add_command(commands, "doctor", run_doctor, summary="check the installation and say what to do")


def run_doctor(options: argparse.Namespace) -> Outcome:
    """`workstation doctor`; exit status 1 where something does not work."""
    from workstation.jobs.doctor import examine_installation

    progress = ProgressLine()
    checks = []
    for check in examine_installation():
        checks.append(check)
        progress.show(check.name)
    progress.end()
    lines = []
    for check in checks:
        lines.append(f"{_MARKS[check.verdict]}  {check.name}: {check.found}")
        if check.advice:
            lines.append(f"      {check.advice}")
    is_bad = any(check.verdict == "bad" for check in checks)
    return Outcome(
        {"is_well": not is_bad, "checks": [asdict(check) for check in checks]}, "\n".join(lines), int(is_bad)
    )
