"""Which run a verb of the command line is about."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from workstation.errors import RunError

if TYPE_CHECKING:
    from workstation.io.runs import RunFolder


def run_named(options: argparse.Namespace) -> RunFolder:
    """The run whose name or folder was given to a verb of `runs`; `RunError` if there is none."""
    from workstation.io.runs import RunFolder, default_runs_root

    if not options.name:
        raise RunError(f"`runs {options.verb}` needs a run", hint="`workstation runs list` shows their names.")
    for path in (Path(options.name), default_runs_root() / options.name):
        if (path / "request.json").is_file():
            return RunFolder(path.resolve())
    raise RunError(f"there is no run {options.name}", hint="`workstation runs list` shows their names.")
