"""The command line: one sub-command per verb; a layer is imported only inside its sub-command.

The contract of every sub-command: `--help`; exit status 0 on success, 1 on a `WorkstationError` (message and hint on
stderr, no traceback), 2 on wrong usage; with `--json` one JSON object on stdout and nothing else there; progress on
stderr. Without a sub-command the arguments are cases and the window opens.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from workstation import __version__
from workstation.cli import (
    check,
    comparison,
    data,
    demo,
    doctor,
    estimate,
    exports,
    figure,
    machine,
    measure,
    models,
    queue,
    reports,
    runs,
    segmentation,
    window,
    worklist,
)
from workstation.cli.output import Outcome
from workstation.errors import WorkstationError

_GROUPS = (
    machine,
    doctor,
    estimate,
    data,
    check,
    exports,
    reports,
    runs,
    queue,
    segmentation,
    comparison,
    models,
    measure,
    figure,
    worklist,
    window,
    demo,
)


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in two lines: the usage of a command with many options hides it."""

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        self.exit(2, f"{self.prog}: {message}\n  {self.prog} --help says what it takes.\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command `workstation`.

    Parameters
    ----------
    arguments : list of str or None
        The words after the command's name; None takes the process's own.

    Returns
    -------
    int
        The exit status: 0 success, 1 a `WorkstationError`, 2 wrong usage, 130 interrupted.
    """
    words = _with_negative_values(sys.argv[1:] if arguments is None else arguments)
    parser, names = build_parser()
    if not words or (words[0] not in names and words[0] not in ("-h", "--help", "--version")):
        words = ["open", *words]
    options = parser.parse_args(words)
    run: Callable[[argparse.Namespace], Outcome] = options.verb_function
    try:
        outcome = run(options)
    except WorkstationError as error:
        print(f"workstation: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("workstation: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output (head, a closed terminal) went away: nothing is left to say to it.
        sys.stderr.close()
        return 1
    _print(outcome, as_json=getattr(options, "json", False))
    return outcome.status


def build_parser() -> tuple[argparse.ArgumentParser, frozenset[str]]:
    """The parser of the whole command line, and the names of its sub-commands."""
    parser = Parser(
        prog="workstation",
        description="Review, compare and train brain-tumour segmentations at full resolution. Not a medical device.",
        epilog="Without a sub-command: workstation [CASE ...] [--truth MASK] [--prediction MASK] opens the window.",
    )
    parser.add_argument("--version", action="version", version=f"workstation {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for group in _GROUPS:
        group.add_commands(commands)
    return parser, frozenset(commands.choices)


def _with_negative_values(words: Sequence[str]) -> list[str]:
    """Join `--size -1x2x3` to `--size=-1x2x3`: argparse would take the value for an option and miss one."""
    joined: list[str] = []
    for word in words:
        if re.match(r"-\d", word) and joined and re.fullmatch(r"--[a-z-]+", joined[-1]):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _print(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(outcome.data, indent=2, allow_nan=False))
    elif outcome.text:
        print(outcome.text)
