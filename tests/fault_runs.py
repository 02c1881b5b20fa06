"""Points of runs: what the window, a supervisor and the engine leave in a run folder and beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fault_point import Point


def _run(folder: Path) -> Any:
    """A run that has ended."""
    from workstation.core.requests import TrainRequest
    from workstation.io.runs import RunFolder

    run = RunFolder.create_at(folder / "run", TrainRequest(str(folder)))
    run.append({"event": "state", "state": "finished"})
    return run


def _prepare_run(folder: Path) -> None:
    _run(folder)


def _open(folder: Path) -> Any:
    from workstation.io.runs import RunFolder

    return RunFolder(folder / "run")


def _change(folder: Path) -> None:
    from workstation.core.course import Change

    _open(folder).change(Change(epochs=9))


def _changed(folder: Path) -> Any:
    return [change.epochs for change in _open(folder).changes()[0]]


def _summary(folder: Path) -> Any:
    return [_open(folder).status().state, (folder / "run" / "summary.json").exists()]


def _supervise(folder: Path, pid: int) -> None:
    from workstation.jobs.processes import ProcessMark
    from workstation.jobs.supervision import write_supervision

    write_supervision(_open(folder), ProcessMark(pid, 1.0), None)


def _begin_supervised(folder: Path) -> None:
    _run(folder)
    _supervise(folder, 1_000_001)


def _supervised(folder: Path) -> Any:
    from workstation.jobs.supervision import read_supervision

    return read_supervision(_open(folder)).get("pid")


def _ask(folder: Path, count: int) -> None:
    from workstation.jobs.processes import ProcessMark
    from workstation.jobs.ticket import Ticket
    from workstation.jobs.turns import Turns

    Turns(folder).ask(Ticket("run", 1.0, False, ProcessMark(1_000_001, 1.0), bytes=count))


def _leave(folder: Path) -> None:
    from workstation.jobs.turns import Turns

    Turns(folder).leave("run")


def _asked(folder: Path) -> Any:
    from workstation.jobs.ticket import read_ticket

    ticket = read_ticket(folder / ".turns" / "run.json")
    return "no place" if ticket is None else ticket.bytes


def _remove(folder: Path) -> None:
    from workstation.jobs.control import remove

    remove(_open(folder))


def _runs(folder: Path) -> Any:
    """Each run with its state: half of one would have another."""
    from workstation.io.runs import list_runs

    return [[run.name, run.status().state] for run in list_runs(folder)]


def _measured(folder: Path, gib: int) -> None:
    from workstation.core.requests import TrainRequest
    from workstation.io.machine_records import machine_records, training_run

    run = training_run(TrainRequest("/data"), (32, 32, 32), peak_bytes=gib * 2**30, step_seconds=1.0)
    machine_records(root=folder).add_run(run)


def _measured_runs(folder: Path) -> Any:
    from workstation.io.machine_records import machine_records

    return [run.peak_bytes // 2**30 for run in machine_records(root=folder).runs()]


def _calibrate(folder: Path, seconds: float) -> None:
    from workstation.core.calibration import Calibration, Timing
    from workstation.io.machine_records import machine_name, machine_records

    calibration = Calibration(machine_name(), (Timing("pool", 8, 8, 4096, seconds),), 0.0, "2026-01-01")
    machine_records(root=folder).write_calibration(calibration)


def _calibrated(folder: Path) -> Any:
    from workstation.io.machine_records import machine_records

    found = machine_records(root=folder).calibration()
    return None if found is None else found.entries[0].seconds


def _watch(folder: Path, epoch: int) -> None:
    """The masks of an epoch, as the training writes them; the network is left out."""
    from small_cases import box

    from workstation.core.case import CaseFiles
    from workstation.engine.sentinels import Sentinels

    class Watched(Sentinels):
        def __init__(self) -> None:
            self._run = _open(folder)
            self._cases = [CaseFiles("a", {}, None, "msd")]

        def _segment(self, files: CaseFiles) -> Any:
            return box(5, 5 + epoch), {}

    list(Watched().look(epoch, should_stop=lambda: False))


def _begin_watched(folder: Path) -> None:
    _run(folder)
    _watch(folder, 1)


def _watched(folder: Path) -> Any:
    from workstation.core.labels import SCHEMES
    from workstation.io.nifti import read_label_map

    found = sorted((folder / "run" / "sentinels").glob("epoch_*/a.nii.gz"))
    return [int(read_label_map(path, scheme=SCHEMES["brats2021"]).data.astype(bool).sum()) for path in found]


# Entropies of 0.469 and 0.971 bits, so that maps can be told from each other as masks can.
_PROBABILITY = {"a": 0.1, "b": 0.4}
_STOP = {"a": 8, "b": 12}


def _segment(folder: Path, mark: str) -> None:
    """One case of a batch with a stand-in for the models, whose mark says which ones they were."""
    import types

    import numpy as np
    from small_cases import box, write_cases

    from workstation.core.requests import SegmentRequest
    from workstation.engine import segment_batch
    from workstation.io.cases import load_case

    files = write_cases(folder / "cases").cases[0] if not (folder / "cases").exists() else _case_of(folder)
    card = types.SimpleNamespace(
        name=mark, sha256=mark, created="", outputs=("WT",), preprocessing={"version": 1}, orientation="LPS"
    )
    case = load_case(files, sequences=("FLAIR",), with_truth=False)
    source = case.sequences["FLAIR"].source

    class Models:
        segmenters = (types.SimpleNamespace(card=card),)
        flips, threshold, inputs = False, 0.5, ("FLAIR",)

        def load(self, _files: Any) -> Any:
            return case

        def probabilities(self, _case: Any) -> Any:
            return np.full((*case.grid.shape, 1), _PROBABILITY[mark], np.float32)

        def label_map(self, _case: Any, _probabilities: Any, *, scheme: str) -> Any:
            data = np.zeros(case.grid.shape, np.uint8)
            data[:, :, 5 : _STOP[mark]] = 2
            made = box(5, 8)
            return type(made)("mask", data, case.grid, made.scheme, source)

        def warnings(self, _case: Any) -> list[str]:
            return []

    models: Any = Models()
    models.card = card
    request = SegmentRequest(model="m", cases=("c",), entropy=True)
    segment_batch._segment_one(models, request, files, folder / "out" / "a.nii.gz")


def _case_of(folder: Path) -> Any:
    from workstation.io.layouts import open_dataset

    return open_dataset(folder / "cases").cases[0]


def _segmented(folder: Path) -> Any:
    """Whose mask is there, whose side-car, and whose map of entropies."""
    import numpy as np

    from workstation.core.labels import SCHEMES
    from workstation.io.files import read_json
    from workstation.io.nifti import read_label_map, read_volume
    from workstation.io.provenance import entropy_path

    mask, car = folder / "out" / "a.nii.gz", folder / "out" / "a.json"
    slices = int(read_label_map(mask, scheme=SCHEMES["brats2021"]).data.any(axis=(0, 1)).sum()) if mask.exists() else 0
    whose = {0: "no mask", 3: "a", 7: "b"}[slices]
    said = read_json(car)["model"]["name"] if car.exists() else "no side-car"
    if not entropy_path(mask).exists():
        return [whose, said, "no map"]
    least, most = (float(each) for each in np.quantile(read_volume(entropy_path(mask)).data, (0, 1)))
    maps = {(0.469, 0.469): "map of a", (0.971, 0.971): "map of b"}
    return [whose, said, maps[round(least, 3), round(most, 3)]]


def _profile(folder: Path, count: int) -> None:
    from workstation.core.measuring import MeasuredPoint
    from workstation.core.requests import ProfileRequest
    from workstation.engine import profile

    point = MeasuredPoint((16, 16, 16), 1, "plain", "float32", fitted=True, estimated_bytes=100, measured_bytes=count)
    profile._write(folder / "out", ProfileRequest(sizes=("16x16x16",)), [point])


def _profiled(folder: Path) -> Any:
    from workstation.io.files import read_json
    from workstation.io.tables import read_table

    out = folder / "out"
    table = [int(row["measured_bytes"]) for row in read_table(out / "points.csv")]
    return [table, [point["measured_bytes"] for point in read_json(out / "profile.json")["points"]]]


def _choose(folder: Path) -> Any:
    from workstation.engine.choices import Choices

    choices = Choices(folder / "choices.json")
    choices._known["pool float32x8@12"] = {"form": "keras", "seconds": {"keras": 1.0}}
    choices._write()
    return choices


def _chosen(folder: Path) -> Any:
    from workstation.engine.choices import Choices

    return list(Choices(folder / "choices.json").table())


RUNS: tuple[Point, ...] = (
    Point("change of a training", _prepare_run, _change, _changed, is_durable=False),
    Point("summary of a run", _prepare_run, lambda folder: _open(folder).write_summary(), _summary),
    Point("who carries a run out", _begin_supervised, lambda folder: _supervise(folder, 1_000_002), _supervised),
    Point("place in the queue", lambda folder: _ask(folder, 1), lambda folder: _ask(folder, 2), _asked),
    Point("place given back", lambda folder: _ask(folder, 1), _leave, _asked, is_durable=False),
    Point("run removed", _prepare_run, _remove, _runs),
    Point("measured run", lambda folder: _measured(folder, 1), lambda folder: _measured(folder, 2), _measured_runs),
    Point("calibration", lambda folder: _calibrate(folder, 1.0), lambda folder: _calibrate(folder, 2.0), _calibrated),
    Point("masks of sentinels", _begin_watched, lambda folder: _watch(folder, 2), _watched, needs_engine=True),
    Point(
        "mask, map and side-car of a batch",
        lambda folder: _segment(folder, "a"),
        lambda folder: _segment(folder, "b"),
        _segmented,
        needs_engine=True,
        between=(
            ["a", "no side-car", "map of a"],
            ["a", "no side-car", "no map"],
            ["b", "no side-car", "no map"],
            ["b", "no side-car", "map of b"],
        ),
    ),
    Point(
        "figures of a measurement",
        lambda folder: _profile(folder, 1),
        lambda folder: _profile(folder, 2),
        _profiled,
        needs_engine=True,
        between=([[2], [1]],),
    ),
    Point(
        "choices of operations (cache)",
        lambda _folder: None,
        lambda folder: _choose(folder) and None,
        _chosen,
        needs_engine=True,
        may_stay_silent=True,
    ),
)
