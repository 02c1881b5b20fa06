"""One target of `fuzz.py`, guided by libFuzzer: what atheris instruments tells which inputs take a new branch.

    python tests/fuzz_guided.py --target NAME --seconds N --seed N --keep FOLDER

Half of the inputs are libFuzzer's own changes, half are those of `fuzz.py`, which know JSON and gzip. Prints one JSON
object as `fuzz.fuzz` answers.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import atheris  # type: ignore[import-not-found]
from fuzz import MUTATIONS, Trials
from fuzz_targets import TARGETS

_MOST_BYTES = 2**20


def main() -> None:
    """Run as a command; libFuzzer never comes back, so the process ends from within an input."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True, choices=[target.name for target in TARGETS], metavar="NAME")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--keep", type=Path, required=True)
    options = parser.parse_args()
    target = next(each for each in TARGETS if each.name == options.target)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        folder, corpus = Path(scratch) / "folder", Path(scratch) / "corpus"
        folder.mkdir()
        corpus.mkdir()
        with atheris.instrument_imports(include=["workstation"]):
            trials = Trials(target, folder, options.keep)
            trials.limit()
        (corpus / "honest").write_bytes(trials.honest)
        end = time.monotonic() + options.seconds

        def on_input(data: bytes) -> None:
            trials.take(data)
            if time.monotonic() > end:
                print(json.dumps(trials.result(corpus=len(list(corpus.iterdir())), lines=0)), flush=True)
                shutil.rmtree(scratch, ignore_errors=True)
                os._exit(0)

        def on_change(data: bytes, most: int, seed: int) -> bytes:
            rng = random.Random(seed)
            if rng.random() < 0.5:
                return bytes(atheris.Mutate(data, min(most, _MOST_BYTES)))
            return MUTATIONS[target.kind](data, rng, trials.honest)[:most]

        flags = [f"-seed={options.seed % 2**31 + 1}", f"-max_len={_MOST_BYTES}", "-timeout=0", "-rss_limit_mb=0"]
        atheris.Setup([sys.argv[0], str(corpus), *flags], on_input, custom_mutator=on_change)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
