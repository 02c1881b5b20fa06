"""What is fuzzed: every reader of a file that strangers may have written, with a small corpus of honest files.

A target writes its seed into a folder, and reads what is in that folder afterwards. A reader may answer or raise a
`WorkstationError`; anything else is a finding.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Read = Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Target:
    """One reader.

    Parameters
    ----------
    name : str
    file : str
        The file that is mutated, in the folder.
    kind : {"json", "lines", "bytes", "gzip"}
        How it is mutated.
    prepare : callable
        Writes an honest folder.
    read : callable
        Reads the folder.
    """

    name: str
    file: str
    kind: str
    prepare: Callable[[Path], None]
    read: Read


def _image(name: str) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        from image_files import save

        data = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
        save(folder / name, data)

    return prepare


def _mask(folder: Path) -> None:
    from image_files import labels, save

    save(folder / "a.nii.gz", labels())


def _read_image(folder: Path) -> object:
    from workstation.core.case import CaseFiles, ImageRef
    from workstation.io.examination import examine
    from workstation.io.nifti import guess_content, read_header, read_volume

    (path,) = folder.glob("a.nii*")
    examine(CaseFiles("a", {"FLAIR": ImageRef(path)}, None, "msd"))
    guess_content(path)
    read_header(path)
    return read_volume(path)


def _read_mask(folder: Path) -> object:
    from workstation.io.cases import read_mask

    return read_mask(folder / "a.nii.gz", scheme="brats2021")


def _data_set(layout: str) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        from workstation.io.phantoms import write_phantoms

        write_phantoms(folder, cases=2, shape=(8, 8, 8), layout=layout, seed=1)

    return prepare


def _mapping(folder: Path) -> None:
    _data_set("msd")(folder)
    (folder / "dataset.json").unlink()
    mapping = {"sequences": {"FLAIR": "imagesTr/{case}.nii.gz"}, "truth": "labelsTr/{case}.nii.gz"}
    (folder / "mapping.json").write_text(json.dumps(mapping))


def _open_data_set(folder: Path) -> object:
    from workstation.io.layouts import open_dataset

    return open_dataset(folder)


def _run(folder: Path) -> None:
    from workstation.core.requests import TrainRequest
    from workstation.io.runs import RunFolder

    run = RunFolder.create_at(folder / "run", TrainRequest("/data", filters=2, depth=1))
    run.send("start")
    for event in (
        {"event": "state", "state": "running"},
        {"event": "machine", "cpu": {"model": "x"}},
        {"event": "progress", "done": 1, "total": 4, "unit": "step", "text": "x", "seconds_left": 3.0},
        {"event": "memory", "rss_bytes": 2**30, "peak_bytes": 2**31},
        {"event": "step", "step": 1, "epoch": 1, "loss": 0.5, "dice": 0.2, "seconds": 1.0},
        {"event": "epoch", "epoch": 1, "epochs": 2, "loss": 0.5, "dice": 0.4, "val_loss": 1.0, "val_dice": 0.3},
        {"event": "failed", "kind": "NonFiniteLoss", "text": "x", "hint": "y"},
        {"event": "result", "masks": [{"case": "a", "mask": "b"}]},
        {"event": "state", "state": "finished"},
    ):
        run.append(event)
    run.write_summary()


def _read_run(folder: Path) -> object:
    from workstation.io.runs import RunFolder, list_runs
    from workstation.session.run_reader import RunReader

    found = list_runs(folder)
    RunReader(folder).look("run", 1)
    run = RunFolder(folder / "run")
    run.status()
    run.control_start()
    run.asked_at()
    run.changes()
    return found, run.request()


def _read_events(folder: Path) -> object:
    (folder / "run" / "summary.json").unlink(missing_ok=True)
    return _read_run(folder)


def _changed_run(folder: Path) -> None:
    from workstation.core.course import Change
    from workstation.io.runs import RunFolder
    from workstation.jobs.processes import ProcessMark
    from workstation.jobs.supervision import write_supervision
    from workstation.jobs.ticket import Ticket
    from workstation.jobs.turns import Turns

    _run(folder)
    run = RunFolder(folder / "run")
    run.change(Change(epochs=9))
    run.change(Change(learning_rate=1e-4, from_epoch=3))
    write_supervision(run, ProcessMark(1_000_001, 1.0), ProcessMark(1_000_002, 1.0, "boot/7"))
    Turns(folder).ask(Ticket("run", 1.0, True, ProcessMark(1_000_001, 1.0), bytes=2**30))


def _read_changed_run(folder: Path) -> object:
    from workstation.core.course import course_of
    from workstation.core.requests import TrainRequest
    from workstation.io.runs import RunFolder
    from workstation.jobs.supervision import leftover_engine
    from workstation.jobs.ticket import read_ticket

    run = RunFolder(folder / "run")
    leftover_engine(run)
    ticket = read_ticket(folder / ".turns" / "run.json")
    request = run.request()
    if isinstance(request, TrainRequest):
        course_of(request, run.changes()[0])
    return _read_run(folder), ticket is not None and ticket.is_held()


def _reviewed(folder: Path) -> None:
    from workstation.core.requests import TrainRequest
    from workstation.io.runs import RunFolder

    RunFolder.create_at(folder / "run", TrainRequest(str(folder / "set")))
    (folder / "set").mkdir()
    facts = {"status": "accepted", "reader": "R", "decided_at": "2026", "mask": {"path": "/m.nii", "sha256": "0" * 64}}
    values = {"format": 1, "kind": "reviewed", "data_set": "d", "root": "/d", "created": "2026", "cases": {"a": facts}}
    (folder / "set" / "reviewed.json").write_text(json.dumps(values))


def _read_reviewed(folder: Path) -> object:
    from workstation.io.changed_masks import changed_masks
    from workstation.io.runs import RunFolder

    return changed_masks(RunFolder(folder / "run"))


def _measured(folder: Path) -> None:
    from workstation.core.calibration import Calibration, Timing
    from workstation.core.requests import TrainRequest
    from workstation.io.machine_records import training_run

    run = training_run(TrainRequest("/data"), (32, 32, 32), peak_bytes=2**30, step_seconds=1.0)
    (folder / "run.json").write_text(json.dumps(run.as_dict()))
    calibration = Calibration("m", (Timing("pool", 8, 8, 4096, 0.1),), 0.0, "2026-01-01")
    (folder / "calibration.json").write_text(json.dumps(calibration.as_dict()))


def _read_measured(folder: Path) -> object:
    from workstation.core.calibration import Calibration
    from workstation.core.refinement import MeasuredRun, memory_refinement
    from workstation.io.files import read_json

    run = MeasuredRun.from_dict(read_json(folder / "run.json"))
    memory_refinement([run, run, run], mode=run.mode, precision=run.precision)
    return Calibration.from_dict(read_json(folder / "calibration.json")).by_kind


def _model(folder: Path) -> None:
    from test_models import CONV, write_model

    write_model(folder / "m", CONV)


def _read_card(folder: Path) -> object:
    from workstation.io.models import list_models, read_model_card

    list_models(folder)
    return read_model_card(folder / "m")


def _read_weights(folder: Path) -> object:
    from workstation.io.models import refuse_code

    return refuse_code(folder / "m" / "model.keras")


def _archive(folder: Path) -> None:
    from test_models import CONV, write_model

    from workstation.io.model_exchange import export_model

    export_model(write_model(folder / "m", CONV), folder / "a.model.zip")


def _import(folder: Path) -> object:
    import shutil

    from workstation.io.model_exchange import import_model

    shutil.rmtree(folder / "models", ignore_errors=True)
    return import_model(folder / "a.model.zip", folder / "models")


def _split(folder: Path) -> None:
    from workstation.core.split import Draw, Split
    from workstation.io.layouts import open_dataset
    from workstation.io.splits import save_manifest

    _data_set("msd")(folder / "data")
    split = Split(("BRATS_001",), ("BRATS_002",), ())
    save_manifest(folder / "split.json", open_dataset(folder / "data"), split, draw=Draw(), moved=("BRATS_001",))


def _read_split(folder: Path) -> object:
    from workstation.io.layouts import open_dataset
    from workstation.io.splits import check_manifest, read_manifest

    manifest = read_manifest(folder / "split.json")
    return check_manifest(manifest, open_dataset(folder / "data"))


def _reviews(folder: Path) -> None:
    from workstation.core.review import CaseFigures, Decision
    from workstation.io.review_store import ReviewStore, review_path

    with ReviewStore(review_path(folder)) as store:
        store.decide(Decision("a", "Ada", "accepted", note="x", decided_at="2026-01-01"))
        store.set_predictions({"a": Path("/p.nii.gz")})
        store.keep_figures({"a": CaseFigures("f", {"WT": 0.5}, 1.0, 2.0)})
    with sqlite3.connect(review_path(folder)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()


def _read_reviews(folder: Path) -> object:
    from workstation.io.review_export import review_json
    from workstation.io.review_store import ReviewStore, review_path

    for ending in ("-wal", "-shm", "-journal"):
        (folder / ".workstation" / f"reviews.sqlite{ending}").unlink(missing_ok=True)
    with ReviewStore(review_path(folder)) as store:
        store.predictions()
        return review_json(("a",), store.history(), store.figures())


def _journal(folder: Path) -> None:
    from fault_points import _journal_begun_with_edit

    _journal_begun_with_edit(folder)
    (found,) = (folder / "edits").glob("*.journal")
    found.rename(folder / "a.journal")


def _read_journal(folder: Path) -> object:
    from workstation.io.edit_journal import read_journal, replayed

    return replayed(read_journal(folder / "a.journal"))


def _side_car(folder: Path) -> None:
    from fault_points import _export

    _export(folder, 8)


def _read_side_car(folder: Path) -> object:
    from workstation.io.cases import read_mask
    from workstation.io.provenance import inherited_facts, mean_entropy_of

    inherited_facts(folder / "mask.nii.gz")
    mean_entropy_of(folder / "mask.nii.gz")
    return read_mask(folder / "mask.nii.gz")


def _small_files(folder: Path) -> None:
    from workstation.jobs.queue_settings import QueueSettings, write_queue_settings

    write_queue_settings(folder, QueueSettings(at_once=2))
    (folder / "servers.json").write_text(json.dumps({"lab": "512GB", "big": {"memory": "2TB", "cores": 128}}))


def _read_servers(folder: Path) -> object:
    from workstation.io.server_profiles import read_servers

    return read_servers(folder / "servers.json")


def _read_queue(folder: Path) -> object:
    from workstation.jobs.queue_settings import read_queue_settings

    return read_queue_settings(folder)


def _table(folder: Path) -> None:
    from workstation.io.tables import write_table

    write_table(folder / "a.csv", ("case", "dice"), [{"case": "=a", "dice": 0.5}])


def _read_table(folder: Path) -> object:
    from workstation.io.tables import read_table

    return read_table(folder / "a.csv")


def _link(folder: Path) -> None:
    frames = {"axial": {"fitted": "head", "zoom": 1.5, "middle_mm": [1.0, 2.0, 3.0]}}
    values = {
        "case": "a",
        "path": "/a",
        "masks": {"truth": "/t"},
        "cursor_mm": [1.0, 2.0, 3.0],
        "sequence": "FLAIR",
        "windows": {"FLAIR": [0.0, 9.0]},
        "frames": frames,
        "display": {"convention": "radiological"},
        "size": [800.0, 600.0],
        "camera": [0, 0, 0, 1, 0, 0, 0, 1, 0, 99.0],
    }
    (folder / "link.json").write_text(json.dumps(values))


def _read_link(folder: Path) -> object:
    from workstation.session.view_link import _DIGEST_BYTES, PREFIX, read_token

    # Sealed as `ViewLink.token` does, so that what is inside is reached.
    packed = zlib.compress((folder / "link.json").read_bytes(), 1)
    digest = hashlib.sha256(packed).digest()[:_DIGEST_BYTES]
    return read_token(PREFIX + base64.urlsafe_b64encode(digest + packed).decode().rstrip("="))


def _any_zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.model.zip", "w") as archive:
        archive.writestr("../../evil", "x")


def _recipe(folder: Path) -> None:
    from workstation.core.requests import TrainRequest
    from workstation.io.recipes import save_recipe

    save_recipe(folder / "a.recipe.json", TrainRequest("/data"))


def _read_recipe(folder: Path) -> object:
    from workstation.io.recipes import read_recipe

    return read_recipe(folder / "a.recipe.json", local={"data": "/data"})


TARGETS: tuple[Target, ...] = (
    Target("NIfTI, gzipped", "a.nii.gz", "gzip", _image("a.nii.gz"), _read_image),
    Target("NIfTI", "a.nii", "bytes", _image("a.nii"), _read_image),
    Target("mask", "a.nii.gz", "gzip", _mask, _read_mask),
    Target("dataset.json, MSD", "dataset.json", "json", _data_set("msd"), _open_data_set),
    Target("dataset.json, nnU-Net", "dataset.json", "json", _data_set("nnunet"), _open_data_set),
    Target("mapping.json", "mapping.json", "json", _mapping, _open_data_set),
    Target("request.json", "run/request.json", "json", _run, _read_run),
    Target("events.jsonl", "run/events.jsonl", "lines", _run, _read_events),
    Target("control.jsonl", "run/control.jsonl", "lines", _run, _read_run),
    Target("summary.json", "run/summary.json", "json", _run, _read_run),
    Target("changes.jsonl", "run/changes.jsonl", "lines", _changed_run, _read_changed_run),
    Target("supervisor.json", "run/supervisor.json", "json", _changed_run, _read_changed_run),
    Target("ticket", ".turns/run.json", "json", _changed_run, _read_changed_run),
    Target("reviewed.json", "set/reviewed.json", "json", _reviewed, _read_reviewed),
    Target("measured run", "run.json", "json", _measured, _read_measured),
    Target("calibration.json", "calibration.json", "json", _measured, _read_measured),
    Target("card.json", "m/card.json", "json", _model, _read_card),
    Target("model.keras", "m/model.keras", "bytes", _model, _read_weights),
    Target("model archive", "a.model.zip", "bytes", _archive, _import),
    Target("model archive, hostile", "a.model.zip", "bytes", _any_zip, _import),
    Target("recipe", "a.recipe.json", "json", _recipe, _read_recipe),
    Target("split", "split.json", "json", _split, _read_split),
    Target("reviews.sqlite", ".workstation/reviews.sqlite", "bytes", _reviews, _read_reviews),
    Target("journal of edits", "a.journal", "bytes", _journal, _read_journal),
    Target("side-car", "mask.json", "json", _side_car, _read_side_car),
    Target("servers.json", "servers.json", "json", _small_files, _read_servers),
    Target("queue settings", ".queue.json", "json", _small_files, _read_queue),
    Target("table (CSV)", "a.csv", "bytes", _table, _read_table),
    Target("copied view", "link.json", "json", _link, _read_link),
)
