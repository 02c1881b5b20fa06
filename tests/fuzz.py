"""Fuzzing of all readers: `make fuzz MINUTES=30`.

    python tests/fuzz.py [--minutes N | --seconds N | --inputs N] [--target NAME ...] [--seed N] [--plain]

Each target (`fuzz_targets.py`) runs in a process of its own with 1 GiB of address space more than it began with and 5 s
for each input. Inputs are mutated from a corpus: bits, bytes, blocks and numbers of binary files, the tree of JSON
files. An input that makes the program run lines it never ran before joins the corpus (lines of `workstation` are
watched by `sys.settrace`), so the search walks deeper by itself. Where atheris is installed (`pip install -e .[fuzz]`)
libFuzzer guides the search by the branches of instrumented code instead (`fuzz_guided.py`). A finding is anything that
is raised but a `WorkstationError`, a hang, a MemoryError, or a process that dies; its input is kept in
`fuzz-findings/`.
"""

from __future__ import annotations

import argparse
import copy
import gzip
import importlib.util
import json
import multiprocessing
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from fuzz_targets import TARGETS, Target

PATIENCE_SECONDS = 5
MEMORY_BYTES = 2**30
_PACKAGE = str(Path(__file__).resolve().parents[1] / "workstation")
_NUMBERS = (0, 1, -1, 127, 128, 255, 256, 32767, 32768, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(2**70), 0.5, 1e308, -1e308, float("nan"), float("inf")),
    *(
        "",
        "a",
        "..",
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\x",
        "a\0b",
        "a\nb",
        "<b>x</b>",
        "=1+1",
        "\ud800",
        "x" * 5000,
    ),
    *([], {}, [[]], [None], {"a": None}, [0] * 100, "1x1x1", "nan", "brats2021", "train", "segment"),
)


class Hang(BaseException):
    """An input took too long."""


def mutated_bytes(data: bytes, rng: random.Random, other: bytes) -> bytes:
    """A few random changes to a binary file."""
    content = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        if not content:
            return rng.randbytes(rng.randrange(1, 64))
        at = rng.randrange(len(content))
        match rng.randrange(8):
            case 0:
                content[at] ^= 1 << rng.randrange(8)
            case 1:
                content[at] = rng.choice((0, 1, 127, 128, 255, 10, 34, 123))
            case 2:
                width = rng.choice((2, 4, 8))
                number = rng.choice(_NUMBERS) % 2 ** (8 * width)
                content[at : at + width] = number.to_bytes(width, rng.choice(("little", "big")))
            case 3:
                del content[at : at + rng.randrange(1, 64)]
            case 4:
                content[at:at] = content[at : at + rng.randrange(1, 256)]
            case 5:
                content[at:at] = rng.randbytes(rng.randrange(1, 16))
            case 6:
                start = rng.randrange(len(other)) if other else 0
                content[at : at + 32] = other[start : start + 32]
            case _:
                content = content[:at]
    return bytes(content)


def mutated_json(data: bytes, rng: random.Random, other: bytes) -> bytes:
    """Another tree; now and then only other bytes."""
    if rng.random() < 0.15:
        return mutated_bytes(data, rng, other)
    if rng.random() < 0.02:
        depth = rng.choice((10, 900, 100_000))
        return rng.choice((b"[" * depth + b"]" * depth, b'{"a":' * depth + b"0" + b"}" * depth, b"9" * 100_000))
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return mutated_bytes(data, rng, other)
    try:
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            value = _changed(value, rng)
        return json.dumps(value).encode()
    except RecursionError:
        return mutated_bytes(data, rng, other)


def mutated_lines(data: bytes, rng: random.Random, other: bytes) -> bytes:
    """Lines of JSON, some of them other ones."""
    lines = data.splitlines()
    for _ in range(rng.choice((1, 2, 3))):
        if not lines:
            break
        at = rng.randrange(len(lines))
        if rng.random() < 0.2:
            lines.insert(at, rng.choice(lines))
        elif rng.random() < 0.1:
            del lines[at]
        else:
            lines[at] = mutated_json(lines[at], rng, other)
    return b"\n".join(lines) + rng.choice((b"\n", b""))


def mutated_gzip(data: bytes, rng: random.Random, other: bytes) -> bytes:
    """What is packed, changed and packed again; or the packed bytes."""
    if rng.random() < 0.2:
        return mutated_bytes(data, rng, other)
    try:
        plain = gzip.decompress(data)
    except (OSError, EOFError, ValueError, zlib.error):
        return mutated_bytes(data, rng, other)
    if rng.random() < 0.9:
        # Most of a NIfTI's meaning is in its first bytes.
        plain = mutated_bytes(plain[:400], rng, plain) + plain[400:]
    else:
        plain = mutated_bytes(plain, rng, plain)
    if rng.random() < 0.01:
        plain += bytes(rng.choice((10_000_000, 200_000_000)))
    return gzip.compress(plain, 1)


MUTATIONS: dict[str, Callable[[bytes, random.Random, bytes], bytes]] = {
    "json": mutated_json,
    "lines": mutated_lines,
    "bytes": mutated_bytes,
    "gzip": mutated_gzip,
}


def _changed(value: Any, rng: random.Random) -> Any:
    places = list(_places(value))
    holder, key = rng.choice(places) if places else (None, None)
    if holder is None or rng.random() < 0.03:
        return copy.deepcopy(rng.choice(_VALUES))
    match rng.randrange(6):
        case 0 | 1 | 2:
            holder[key] = copy.deepcopy(rng.choice(_VALUES))
        case 3:
            del holder[key]
        case 4 if isinstance(holder, dict):
            holder[rng.choice(("", "a", "../x", "a\nb", *map(str, holder)))] = holder[key]
        case _:
            source, name = rng.choice(places)
            holder[key] = copy.deepcopy(source[name]) if name in source or isinstance(source, list) else None
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys: Any = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


class Lines:
    """Which lines of the program were run."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, int]] = set()
        self._found_new = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch what is run in the block."""
        self._found_new = False
        sys.settrace(self._on_call)
        try:
            yield
        finally:
            sys.settrace(None)

    @property
    def found_new(self) -> bool:
        """Whether the last block ran a line for the first time."""
        return self._found_new

    @property
    def count(self) -> int:
        """Lines so far."""
        return len(self._seen)

    def _on_call(self, frame: FrameType, _event: str, _value: object) -> Any:
        return self._on_line if frame.f_code.co_filename.startswith(_PACKAGE) else None

    def _on_line(self, frame: FrameType, event: str, _value: object) -> Any:
        if event == "line":
            place = (frame.f_code.co_filename, frame.f_lineno)
            if place not in self._seen:
                self._seen.add(place)
                self._found_new = True
        return self._on_line


class Trials:
    """Inputs given to one target in this process, and what came of them.

    Parameters
    ----------
    target : Target
    folder : Path
        Empty; the target's files go there.
    keep : Path
        Folder for inputs that found something.
    """

    def __init__(self, target: Target, folder: Path, keep: Path) -> None:
        self._target = target
        self._folder = folder
        self._keep = keep
        self.findings: dict[str, str] = {}
        self.count = self.refused = 0
        self._slowest = 0.0
        target.prepare(folder)
        self.honest = (folder / target.file).read_bytes()

    def limit(self) -> None:
        """From here on an input may take 1 GiB and 5 s."""
        from workstation.errors import WorkstationError

        # What is read lazily is imported before memory is counted.
        with suppress(WorkstationError):
            self._target.read(self._folder)
        _limit_memory()
        signal.signal(signal.SIGALRM, _on_alarm)

    def take(self, data: bytes, watching: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        """Let the target read an input."""
        from workstation.errors import WorkstationError

        name = _slug(self._target.name)
        (self._folder / self._target.file).write_bytes(data)
        (self._keep / f"{name}.last").write_bytes(data)
        self.count += 1
        began = time.monotonic()
        signal.alarm(PATIENCE_SECONDS)
        try:
            with watching():
                self._target.read(self._folder)
        except WorkstationError:
            self.refused += 1
        except BaseException as error:  # noqa: BLE001 - it is what is looked for
            where = traceback.extract_tb(error.__traceback__)[-1]
            key = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
            if key not in self.findings:
                self.findings[key] = traceback.format_exc()[-3000:]
                (self._keep / f"{name}-{len(self.findings)}.input").write_bytes(data)
        finally:
            signal.alarm(0)
        self._slowest = max(self._slowest, time.monotonic() - began)
        if self.count % 500 == 0:
            shutil.rmtree(self._folder)
            self._folder.mkdir()
            self._target.prepare(self._folder)

    def result(self, *, corpus: int, lines: int) -> dict[str, Any]:
        """What came of all, as JSON."""
        (self._keep / f"{_slug(self._target.name)}.last").unlink(missing_ok=True)
        return {
            "target": self._target.name,
            "inputs": self.count,
            "refused": self.refused,
            "corpus": corpus,
            "lines": lines,
            "slowest_seconds": round(self._slowest, 2),
            "peak_bytes": _peak(),
            "findings": self.findings,
        }


def fuzz(target: Target, *, seconds: float, seed: int, keep: Path, most: int = 0) -> dict[str, Any]:
    """Fuzz one target in this process, for so long or with so many inputs."""
    rng, lines = random.Random(f"{seed} {target.name}"), Lines()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        folder = Path(scratch) / "folder"
        folder.mkdir()
        trials = Trials(target, folder, keep)
        corpus = [trials.honest]
        trials.limit()
        end = time.monotonic() + seconds
        while trials.count < most if most else time.monotonic() < end:
            is_first = trials.count == 0
            data = corpus[0] if is_first else MUTATIONS[target.kind](rng.choice(corpus), rng, rng.choice(corpus))
            trials.take(data, lines.watching)
            if lines.found_new and len(data) < 2**20:
                corpus.append(data)
    return trials.result(corpus=len(corpus), lines=lines.count)


def fuzz_apart(target: Target, *, seconds: float, seed: int, keep: Path, most: int = 0) -> dict[str, Any]:
    """The same in a process of its own, which may die."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)

    def work() -> None:
        theirs.send(fuzz(target, seconds=seconds, seed=seed, keep=keep, most=most))

    process = context.Process(target=work)
    process.start()
    theirs.close()
    try:
        found: dict[str, Any] = ours.recv()
    except EOFError:
        found = {}
    process.join()
    if found:
        return found
    words = f"it died with {process.exitcode}; the input is {_slug(target.name)}.last"
    return {"target": target.name, "inputs": 0, "findings": {words: ""}}


def fuzz_guided(target: Target, *, seconds: float, seed: int, keep: Path) -> dict[str, Any]:
    """The same in a process that libFuzzer guides."""
    script = Path(__file__).with_name("fuzz_guided.py")
    words = ["--target", target.name, "--seconds", str(seconds), "--seed", str(seed), "--keep", str(keep)]
    done = subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        words_said = f"it died with {done.returncode}; the input is {_slug(target.name)}.last"
        return {"target": target.name, "inputs": 0, "findings": {words_said: done.stderr[-3000:]}}
    return found


def load_what_all_need() -> None:
    """So that each process need not load it anew."""
    import nibabel  # noqa: F401

    import workstation.io.examination
    import workstation.session.run_reader  # noqa: F401


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _on_alarm(*_: object) -> None:
    raise Hang(f"no answer in {PATIENCE_SECONDS} s")


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def main() -> int:
    """Run as a command; 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--seconds", type=float, help="for each target, instead of minutes for all")
    parser.add_argument("--inputs", type=int, default=0, metavar="N", help="for each target, instead of a time; plain")
    parser.add_argument("--target", action="append", choices=[target.name for target in TARGETS], metavar="NAME")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), metavar="FOLDER")
    parser.add_argument("--plain", action="store_true", help="without atheris, even where it is installed")
    options = parser.parse_args()
    is_guided = not (options.plain or options.inputs) and importlib.util.find_spec("atheris") is not None
    options.keep.mkdir(parents=True, exist_ok=True)
    known = {target.name: target for target in TARGETS}
    if not is_guided:
        load_what_all_need()
    run = fuzz_guided if is_guided else partial(fuzz_apart, most=options.inputs)
    names = options.target or list(known)
    seconds = options.seconds or 60 * options.minutes / len(names)
    has_findings = False
    length = f"{options.inputs} inputs" if options.inputs else f"{seconds:.0f} s"
    print(f"seed {options.seed}, {length} each, {'guided by atheris' if is_guided else 'plain'}")
    for name in names:
        found = run(known[name], seconds=seconds, seed=options.seed, keep=options.keep)
        findings = found.pop("findings")
        print(json.dumps(found), flush=True)
        for key, trace in findings.items():
            print(f"  FOUND {key}\n{trace}", flush=True)
            has_findings = True
    return int(has_findings)


if __name__ == "__main__":
    sys.exit(main())
