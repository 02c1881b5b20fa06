"""The command line: one sub-command per verb; a layer is imported only inside its sub-command."""

from __future__ import annotations


def main(arguments: list[str] | None = None) -> int:
    """Run the command `workstation`; returns its exit status."""
    raise SystemExit(2)
