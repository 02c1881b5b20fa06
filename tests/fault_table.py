"""Every fault at every step of every write, as a table: `make faults` writes it to FAULTS.md.

    python tests/fault_table.py [--point NAME ...] [--json] [--out FAULTS.md] [--list]

For each point (`fault_points.py`) the steps of an undisturbed write are counted first. Then each fault is injected at
each step, in a process of its own (`fault_tracer.py`), and three things are asked: does the program's own reader find
the old or the new state, whole? Was somebody told, by an error of ours with a hint? Does the same write succeed
afterwards, and is no temporary file left? After a power cut (`fault_disk.py`) only the first.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fault_disk import Disk
from fault_places import NO_POINT
from fault_points import POINTS, Point
from fault_tracer import Fault, Step, Traced, is_possible, trace

FAULTS = ("killed", "disk full", "permission lost", "read-only", "rename fails", "sync fails", "power cut")
_NAMING = ("open", "mkdir", "rename", "link", "remove")
_TEMPORARY = re.compile(r"\.[0-9a-f]{8}\..+")


@dataclass(slots=True)
class Cell:
    """What came of one fault at all steps of one point."""

    injected: int = 0
    holes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def faults_of(name: str, steps: list[Step]) -> Iterator[Fault]:
    """The faults of one kind that can meet these steps."""
    for at, step in enumerate(steps):
        if name == "killed":
            yield Fault(at)
            if step.kind == "write":
                yield Fault(at, is_torn=True)
        elif name == "disk full" and step.kind in ("write", "mkdir", "cut"):
            yield Fault(at, errno.ENOSPC, kinds=("write", "mkdir", "cut"))
            if step.kind == "write":
                yield Fault(at, errno.ENOSPC, kinds=("write", "mkdir", "cut"), is_torn=True)
        elif name == "permission lost" and step.kind in _NAMING:
            yield Fault(at, errno.EACCES, kinds=_NAMING)
        elif name == "read-only" and at == 0:
            yield Fault(at, errno.EROFS)
        elif name == "rename fails" and step.kind == "rename":
            yield Fault(at, errno.EIO, is_lasting=False)
        elif name == "sync fails" and step.kind == "sync":
            yield Fault(at, errno.EIO, kinds=("sync",), is_lasting=False)


class Trial:
    """One point in a scratch folder of its own."""

    def __init__(self, point: Point, scratch: Path, *, most: int = 0) -> None:
        self._point = point
        self._most = most
        self._scratch = scratch
        self._count = 0
        folder = self._prepared()
        self._old = point.read(self._copy(folder))
        self.steps = trace(lambda: point.write(folder), folder).steps
        self._new = point.read(self._copy(folder))
        if not self.steps or (self._new == self._old and not point.may_stay_silent):
            raise RuntimeError(f"{point.name}: writes nothing that can be told")

    def cell(self, name: str) -> Cell:
        """Inject one fault at all steps."""
        if name == "power cut":
            return self._power_cut()
        cell = Cell()
        for fault in _spread(list(faults_of(name, self.steps)), self._most):
            cell.injected += 1
            what = self._inject(fault, cell)
            if what:
                step = self.steps[fault.at]
                torn = ", half of it" if fault.is_torn else ""
                cell.holes.append(f"step {fault.at} ({step.kind} {step.path}{torn}): {what}")
        return cell

    def _inject(self, fault: Fault, cell: Cell) -> str:
        """Why what came of a fault is no good; empty where it is."""
        folder, seen = self._prepared(), self._fresh()
        work = lambda: self._point.write(folder)  # noqa: E731
        result = trace(work, folder, fault=fault, then=lambda: _copy_tree(folder, seen / folder.name))
        if result.was_killed != (not fault.error):
            return "the process was killed" if result.was_killed else "the process was not killed"
        # What failed was copied before it was tried again.
        found = seen / folder.name if (seen / folder.name).exists() else self._copy(folder)
        problem, state = self._judge(found)
        if problem:
            return problem
        if result.was_killed:
            result = trace(work, folder)
            return self._judge_again(result.answer.get("message", ""), state)
        return self._judge_answer(result, fault, state, found, cell)

    def _judge_answer(self, result: Traced, fault: Fault, state: Any, found: Path, cell: Cell) -> str:
        answer = result.answer
        if answer:
            cell.errors.append(str(answer["error"]))
            if not answer["is_ours"] or not answer["hint"]:
                return f"{answer['error']} without a hint: {answer['message']}"
            if problem := self._judge_again(answer.get("again", ""), state):
                return problem
        elif state != self._new and not self._point.may_stay_silent:
            return "nobody was told"
        # Where nothing may be removed any more, neither may what was begun.
        can_remove = fault.is_lasting is False or "remove" not in fault.kinds
        left = [path.name for path in found.rglob("*") if _TEMPORARY.fullmatch(path.name)] if can_remove else []
        return f"left {left[0]}" if left else ""

    def _judge_again(self, message: str, state: Any) -> str:
        """Why a second try is no good; where the first one did it all, a refusal is right: it is there already."""
        return f"cannot be written afterwards: {message}" if message and state != self._new else ""

    def _power_cut(self) -> Cell:
        folder = self._prepared()
        disk, cell = Disk(folder), Cell()
        known: dict[str, str] = {}
        # A step leaves several states, and most are like those of its neighbours.
        looked_at = set(_spread(list(range(len(self.steps))), 2 * self._most))
        number = 0

        def look(words: str) -> None:
            place = self._fresh()
            for variant, state in disk.states(place):
                mark = variant + _digest(state)
                if mark not in known:
                    cell.injected += 1
                    known[mark] = self._judge(state)[0]
                if known[mark]:
                    cell.holes.append(f"{words}, {variant}: {known[mark]}")
            shutil.rmtree(place)

        def after_step(step: Step) -> None:
            nonlocal number
            disk.after_step(step)
            if number in looked_at:
                look(f"after {step.kind} {step.path}")
            number += 1

        result = trace(lambda: self._point.write(folder), folder, after_step=after_step)
        if result.answer:
            raise RuntimeError(result.answer["trace"])
        if self._point.is_durable and not self._point.may_stay_silent:
            for variant, state in disk.states(self._fresh()):
                if self._judge(state)[1] != self._new:
                    cell.holes.append(f"after the end, {variant}: what was said to be written is lost")
        return cell

    def _judge(self, folder: Path) -> tuple[str, Any]:
        """(why a state is neither old nor new, the state)."""
        try:
            state = self._point.read(folder)
        except Exception as error:  # noqa: BLE001 - a reader that fails is the finding
            return f"cannot be read: {type(error).__name__}: {error}", None
        if state in (self._old, self._new, *self._point.between):
            return "", state
        return f"is neither old nor new: {state}", state

    def _prepared(self) -> Path:
        folder = self._fresh() / "folder"
        folder.mkdir()
        self._point.prepare(folder)
        return folder

    def _copy(self, folder: Path) -> Path:
        return _copy_tree(folder, self._fresh() / folder.name)

    def _fresh(self) -> Path:
        self._count += 1
        folder = self._scratch / str(self._count)
        folder.mkdir()
        return folder


def _spread(faults: list[Any], most: int) -> list[Any]:
    """At most so many, spread from the first to the last; all if it is 0."""
    if not most or len(faults) <= most:
        return faults
    return [faults[round(number * (len(faults) - 1) / (most - 1))] for number in range(most)]


def _copy_tree(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found.update(f"{path.relative_to(folder)}\0{path.is_dir()}\0".encode())
        if path.is_file():
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def examine(point: Point, *, most: int) -> dict[str, dict[str, Any]]:
    """All faults at one point, or `most` of each kind, in this process and its children."""
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        trial = Trial(point, Path(scratch), most=most)
        return {"steps": {"count": len(trial.steps)}} | {name: asdict(trial.cell(name)) for name in FAULTS}


def examine_apart(names: list[str], *, most: int = 0) -> dict[str, dict[str, dict[str, Any]]]:
    """The same for several points, in a process of their own, which loads only what they need."""
    words = [word for name in names for word in ("--point", name)]
    command = [sys.executable, __file__, *words, "--json", "--most", str(most)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode not in (0, 1) or not done.stdout.strip():
        raise RuntimeError(f"{names}: {done.stderr[-3000:]}")
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(done.stdout.splitlines()[-1])
    return found


def table_of(found: dict[str, dict[str, dict[str, Any]]]) -> str:
    """The table in Markdown."""
    lines = [
        "| what is written | steps | " + " | ".join(FAULTS) + " |",
        "| --- | --- |" + " --- |" * len(FAULTS),
    ]
    for name, cells in found.items():
        words = []
        for fault in FAULTS:
            cell = cells[fault]
            holes = len(cell["holes"])
            words.append(
                "-" if not cell["injected"] else f"**{holes} holes**" if holes else f"{cell['injected']}, whole"
            )
        lines.append(f"| {name} | {cells['steps']['count']} | " + " | ".join(words) + " |")
    return "\n".join(lines)


def main() -> int:
    """Run as a command; 1 if there is a hole."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--point", action="append", metavar="NAME", choices=[point.name for point in POINTS])
    parser.add_argument("--json", action="store_true", help="in this process, as JSON")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="inject each fault at N steps; 0: at all")
    parser.add_argument("--out", type=Path, metavar="FILE", help="Markdown whose table and list are replaced")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if not is_possible():
        parser.error("faults are injected on Linux on x86-64 only")
    names = options.point or [point.name for point in POINTS]
    if options.list:
        print("\n".join(names))
        return 0
    if options.json:
        cells = {point.name: examine(point, most=options.most) for point in POINTS if point.name in names}
        print(json.dumps(cells))
        return int(has_holes(cells))
    found = {}
    for name in names:
        found |= examine_apart([name], most=options.most)
        for fault in FAULTS:
            for hole in found[name][fault]["holes"]:
                print(f"{name}, {fault}: {hole}", file=sys.stderr)
    print(table_of(found))
    if options.out:
        text = options.out.read_text(encoding="utf-8")
        text = _with(text, "table", table_of(found))
        reasons = "\n".join(f"- `{module}`: {reason}." for module, reason in NO_POINT.items())
        options.out.write_text(_with(text, "list", reasons), encoding="utf-8")
    return int(has_holes(found))


def has_holes(found: dict[str, dict[str, dict[str, Any]]]) -> bool:
    """Whether any fault left something that is neither old nor new, or told nobody."""
    return any(cells[fault]["holes"] for cells in found.values() for fault in FAULTS)


def _with(text: str, name: str, content: str) -> str:
    """A text with other content between the marks of a name."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, rest = text.split(begin, 1)
    return f"{before}{begin}{content}{end}{rest.split(end, 1)[1]}"


if __name__ == "__main__":
    sys.exit(main())
