"""What was measured of each machine: its calibration and its runs, among the user's data.

    machines/<machine>/machine.json            what the machine is, in words
                       calibration.json        the latest
                       runs/<time>-<random>.json   one measured run each

`<machine>` follows from what times depend on (`machine_name`), so a new TensorFlow or another number of threads starts
afresh. There are no locks: every file is written beside and renamed, a run is a file of its own, and a calibration
replaces the former as a whole. A damaged file is skipped, since all of it can be measured again. The window reads this
too, so nothing here needs TensorFlow or psutil.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from workstation.core.calibration import Calibration
from workstation.core.network import Shape
from workstation.core.refinement import MeasuredRun
from workstation.core.requests import EngineSettings, TrainRequest
from workstation.errors import WorkstationError
from workstation.io.files import read_json, write_json
from workstation.io.places import data_folder

MOST_RUNS = 200
"""Measured runs that are kept of a machine, the newest."""
_DEFAULT = EngineSettings()


@dataclass(frozen=True, slots=True)
class MachineRecords:
    """The records of one machine.

    Parameters
    ----------
    machine : str
        See `machine_name`.
    root : Path
        Folder of all machines.
    """

    machine: str
    root: Path

    @property
    def folder(self) -> Path:
        """Where this machine's records are; it need not be there yet."""
        words = re.sub(r"[^a-z0-9]+", "-", self.machine.lower()).strip("-")[:48].strip("-")
        return self.root / f"{words}-{hashlib.sha256(self.machine.encode()).hexdigest()[:8]}"

    def calibration(self) -> Calibration | None:
        """The latest calibration; None where there is none, or it cannot be read."""
        try:
            found = Calibration.from_dict(read_json(self.folder / "calibration.json"))
        except WorkstationError:
            return None
        return found if found.machine == self.machine else None

    def write_calibration(self, calibration: Calibration) -> None:
        """Replace the calibration; `ExportError` where the folder cannot be written."""
        self._describe()
        write_json(self.folder / "calibration.json", calibration.as_dict())

    def runs(self) -> tuple[MeasuredRun, ...]:
        """The measured runs, oldest first; those that cannot be read are left out."""
        found = []
        for path in self._run_files():
            with suppress(WorkstationError):
                found.append(MeasuredRun.from_dict(read_json(path)))
        return tuple(found)

    def add_run(self, run: MeasuredRun) -> None:
        """Add a measured run, and forget the oldest beyond `MOST_RUNS`; `ExportError` where it cannot be written."""
        self._describe()
        now = datetime.now(UTC)
        stamped = run if run.created else replace(run, created=now.isoformat(timespec="seconds"))
        write_json(self.folder / "runs" / f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(2)}.json", stamped.as_dict())
        for path in self._run_files()[:-MOST_RUNS]:
            # Another process may have removed it already.
            path.unlink(missing_ok=True)

    def _run_files(self) -> list[Path]:
        # Names begin with the time; those of files that are being written begin with a dot.
        return sorted(path for path in (self.folder / "runs").glob("*.json") if not path.name.startswith("."))

    def _describe(self) -> None:
        path = self.folder / "machine.json"
        if not path.exists():
            write_json(path, {"machine": self.machine})


def machine_records(settings: EngineSettings = _DEFAULT, root: Path | None = None) -> MachineRecords:
    """The records of this machine with these settings; `root` None is the user's folder."""
    return MachineRecords(machine_name(settings), root or machines_root())


def machines_root() -> Path:
    """Folder of what was measured of machines, among the user's data."""
    return data_folder() / "machines"


def machine_name(settings: EngineSettings = _DEFAULT) -> str:
    """What a measured time depends on, in words: processor, cores, threads, version of TensorFlow, oneDNN.

    It is the same in every process of the machine, whether that has imported TensorFlow or not.
    """
    threads = f"{settings.intra_threads} threads" if settings.intra_threads else "all threads"
    onednn = "on" if settings.onednn else "off"
    threads += f" on {settings.cores}" if settings.cores else ""
    return f"{_processor()}, {os.cpu_count()} cores, {threads}, TensorFlow {_tensorflow()}, oneDNN {onednn}"


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _tensorflow() -> str:
    # Imported here, as in `io/provenance.py`.
    from importlib.metadata import PackageNotFoundError, version

    for package in ("tensorflow-cpu", "tensorflow"):
        with suppress(PackageNotFoundError):
            return version(package)
    return "none"


def training_run(request: TrainRequest, shape: Shape, *, peak_bytes: int, step_seconds: float) -> MeasuredRun:
    """What a training measured, as a record; `shape` is that of the volumes as it ran."""
    return MeasuredRun(
        plan=request.plan,
        shape=shape,
        batch=request.batch,
        mode=request.memory,
        precision=request.precision,
        micro_batch=request.micro_batch,
        peak_bytes=peak_bytes,
        step_seconds=step_seconds,
    )
