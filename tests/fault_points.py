"""The places at which the program writes, each as something that can be done again in an empty folder.

A `Point` makes the old state in a folder, replaces it by the new one, and reads back with the program's own
reader what is there. What a reader answers is a plain value, so that old and new can be told apart.
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import numpy as np
from fault_outputs import OUTPUTS
from fault_point import Point, environment
from fault_runs import RUNS


def _label_map(stop: int) -> Any:
    from small_cases import box

    return box(5, stop)


def _export(folder: Path, stop: int) -> None:
    from workstation.io.export import export_label_map

    export_label_map(_label_map(stop), folder / "mask.nii.gz")


def _exported(folder: Path) -> Any:
    """Which mask is there, and whether its side-car is its own, another's or missing."""
    from workstation.core.labels import SCHEMES
    from workstation.io.files import read_json, sha256_of, side_car_of
    from workstation.io.nifti import read_label_map

    mask = folder / "mask.nii.gz"
    if not mask.is_file():
        return ["no mask", side_car_of(mask).exists()]
    voxels = int(read_label_map(mask, scheme=SCHEMES["brats2021"]).data.astype(bool).sum())
    car = side_car_of(mask)
    if not car.is_file():
        return [voxels, "no side-car"]
    return [voxels, "its own" if read_json(car)["mask"]["sha256"] == sha256_of(mask) else "another's"]


def _decide(folder: Path, case: str) -> None:
    from workstation.core.review import Decision
    from workstation.io.review_store import ReviewStore, review_path

    with ReviewStore(review_path(folder)) as store:
        store.decide(Decision(case, "reader", "accepted", decided_at="2026-01-01T00:00:00+00:00"))


def _decided(folder: Path) -> Any:
    from workstation.io.review_store import ReviewStore, review_path

    if not review_path(folder).exists():
        return []
    with ReviewStore(review_path(folder)) as store:
        return [[each.case, each.status] for each in store.history()]


def _take_back(folder: Path) -> None:
    from workstation.io.review_store import ReviewStore, review_path

    with ReviewStore(review_path(folder)) as store:
        store.undo(store.history()[-1].number)


def _split(folder: Path, seed: int) -> None:
    from workstation.core.case import CaseFiles, DataSet, ImageRef
    from workstation.core.split import Draw, Split
    from workstation.io.splits import save_manifest

    image = folder / "a.nii.gz"
    if not image.exists():
        image.write_bytes(b"voxels")
    data_set = DataSet("set", folder, "msd", (CaseFiles("a", {"FLAIR": ImageRef(image)}, None, "msd"),))
    save_manifest(folder / "split.json", data_set, Split(("a",), (), ()), draw=Draw(seed=seed))


def _split_seed(folder: Path) -> Any:
    from workstation.io.splits import read_manifest

    return read_manifest(folder / "split.json").draw.seed


def _create_run(folder: Path) -> Any:
    from workstation.core.requests import TrainRequest
    from workstation.io.runs import RunFolder

    return RunFolder.create_at(folder / "run", TrainRequest(str(folder)))


def _create_run_again(folder: Path) -> None:
    from workstation.core.requests import TrainRequest
    from workstation.io.runs import RunFolder

    RunFolder.create(folder, TrainRequest(str(folder)), label="run")


def _runs(folder: Path) -> Any:
    from workstation.io.runs import list_runs

    return [run.request().kind for run in list_runs(folder)][:1]


def _event(folder: Path, number: int) -> None:
    from workstation.io.runs import RunFolder

    RunFolder(folder / "run").append({"event": "step", "step": number})


def _events(folder: Path) -> Any:
    from workstation.io.runs import RunFolder

    return [event["step"] for event in RunFolder(folder / "run").read_events()[0]]


def _begin_events(folder: Path) -> None:
    _create_run(folder)
    _event(folder, 1)


def _send(folder: Path) -> None:
    from workstation.io.runs import RunFolder

    RunFolder(folder / "run").send("stop_now")


def _sent(folder: Path) -> Any:
    from workstation.io.runs import RunFolder

    return [command["command"] for command in RunFolder(folder / "run").commands()[0]]


def _queue(folder: Path, count: int) -> None:
    from workstation.jobs.queue_settings import QueueSettings, write_queue_settings

    write_queue_settings(folder, QueueSettings(at_once=count))


def _queued(folder: Path) -> Any:
    from workstation.jobs.queue_settings import read_queue_settings

    return read_queue_settings(folder).at_once


def _table(folder: Path, value: int) -> None:
    from workstation.io.tables import write_table

    write_table(folder / "table.csv", ("case", "dice"), [{"case": "a", "dice": value}] * 500)


def _tabled(folder: Path) -> Any:
    from workstation.io.tables import read_table

    rows = read_table(folder / "table.csv")
    return [len(rows), *sorted({row["dice"] for row in rows})]


def _setting(folder: Path, value: str) -> None:
    from workstation.session.settings import settings

    with environment(XDG_CONFIG_HOME=folder):
        stored = settings()
        stored.setValue("view/convention", value)
        stored.sync()


def _setting_found(folder: Path) -> Any:
    from workstation.session.settings import settings

    with environment(XDG_CONFIG_HOME=folder):
        return settings().value("view/convention", "the defaults")


def _report(folder: Path, name: str, words: str) -> None:
    from workstation.gui.figures.saving import ensure_application
    from workstation.gui.report.blocks import Document, Text
    from workstation.gui.report.writing import write_document

    ensure_application()
    write_document(Document(words, "footer", "For research.", (Text(words),)), folder / name)


def _report_words(folder: Path, name: str) -> Any:
    content = (folder / name).read_bytes()
    if name.endswith(".html"):
        if not content.rstrip().endswith(b"</html>"):
            raise ValueError("the page has no end")
        return "new" if b"new words" in content else "old"
    import io

    from pypdf import PdfReader

    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split()[0]


def _picture(folder: Path, shade: int) -> None:
    from PySide6.QtGui import QImage

    from workstation.gui.snapshot import _save

    image = QImage(64, 64, QImage.Format.Format_RGB32)
    image.fill(shade)
    _save(image, folder / "view.png")


def _picture_shade(folder: Path) -> Any:
    from PySide6.QtGui import QImage

    image = QImage(str(folder / "view.png"))
    if image.isNull():
        raise ValueError("the picture cannot be read")
    return [image.pixel(0, 0) & 255, image.pixel(63, 63) & 255]


def _example(folder: Path) -> Any:
    from workstation.core.case import CaseFiles, ImageRef
    from workstation.io.example_cache import ExampleCache, Recipe, StoredExample

    files = CaseFiles("a", {"FLAIR": ImageRef(folder / "source.nii")}, None, "msd")
    made = StoredExample(
        np.arange(64, dtype=np.float32).reshape(4, 4, 4, 1), None, np.zeros(1, np.float32), (1.0, 1.0, 1.0)
    )
    cache = ExampleCache(folder / "cache", limit_bytes=2**30)
    return cache.fetch(files, Recipe(("FLAIR",), (), "LPS", 1), lambda: made)


def _example_sum(folder: Path) -> Any:
    return [float(_example(folder).inputs.sum())]


def _steps(value: float) -> Any:
    class Variable:
        shape = (64, 64)

        def __init__(self) -> None:
            self.value = np.full(self.shape, value, np.float32)

        def numpy(self) -> np.ndarray:
            return self.value

        def assign(self, new: np.ndarray) -> None:
            self.value = new

    return types.SimpleNamespace(
        model=types.SimpleNamespace(weights=[Variable()]),
        optimiser=types.SimpleNamespace(variables=[Variable()]),
        averages=(),
    )


def _checkpoint(folder: Path, epoch: int) -> None:
    from workstation.engine.checkpoints import Position, save_checkpoint

    save_checkpoint(folder / "checkpoints" / "last.npz", _steps(epoch), Position(epoch=epoch), fingerprint="f")


def _checkpointed(folder: Path) -> Any:
    from workstation.engine.checkpoints import load_checkpoint

    steps = _steps(0)
    position = load_checkpoint(folder / "checkpoints" / "last.npz", steps, fingerprint="f")
    return [
        position.epoch,
        float(steps.model.weights[0].numpy().max()),
        float(steps.optimiser.variables[0].value.min()),
    ]


_MODELS: dict[int, Any] = {}


def _model(folder: Path, seed: int) -> None:
    from workstation.core.network import UNetPlan
    from workstation.engine.model_folder import save_model
    from workstation.io.models import ModelCard

    plan = UNetPlan(filters=1, depth=1)
    card = ModelCard(f"model {seed}", plan, "brats2021", "LPS", (1.0, 1.0, 1.0), (16, 16, 16), {"version": 1})
    save_model(folder / "model", _MODELS[seed], card)


def _begin_model(folder: Path) -> None:
    from workstation.core.network import UNetPlan
    from workstation.engine.unet import build_unet

    for seed in (1, 2):
        if seed not in _MODELS:
            _MODELS[seed] = build_unet(UNetPlan(filters=1, depth=1), seed=seed)
    _model(folder, 1)


def _model_name(folder: Path) -> Any:
    from workstation.io.models import read_model_card

    return read_model_card(folder / "model").name


def _begin_journal(folder: Path) -> None:
    from workstation.io.edit_journal import begin_journal

    begin_journal(folder / "edits", folder / "case.nii.gz", _label_map(8), origin="empty").close()


def _journal_edit(folder: Path, stop: int) -> None:
    from workstation.core.label_edits import Edit, EditableLabelMap
    from workstation.io.edit_journal import journals_of, read_journal, replayed, resume_journal

    (path,) = journals_of(folder / "edits", folder / "case.nii.gz")
    contents = read_journal(path)
    editable: EditableLabelMap = replayed(contents)[0]
    new = np.full((20, 20, 1), 1, np.uint8)
    edit = Edit("brush", editable.replace((slice(0, 20), slice(0, 20), slice(stop, stop + 1)), new))
    journal = resume_journal(contents)
    try:
        journal.append_edit(edit)
        journal.sync()
    finally:
        journal.close()


def _journal_begun_with_edit(folder: Path) -> None:
    _begin_journal(folder)
    _journal_edit(folder, 1)


def _lent(folder: Path) -> None:
    """Another program has saved the mask that is being edited with 7 slices instead of 3."""
    from workstation.io.export import export_label_map

    _begin_journal(folder)
    export_label_map(_label_map(12), folder / "working.nii.gz")


def _take_in(folder: Path) -> None:
    from workstation.core.label_edits import Edit
    from workstation.io.edit_journal import journals_of, read_journal, replayed, resume_journal
    from workstation.session.external_edits import _changes, _Lent, _read

    (path,) = journals_of(folder / "edits", folder / "case.nii.gz")
    contents = read_journal(path)
    editable, mask = replayed(contents)[0], _label_map(8)
    lent = _Lent(folder, types.SimpleNamespace(title="Other"), mask.scheme, "")  # type: ignore[arg-type]
    case: Any = types.SimpleNamespace(grid=mask.grid)
    found = _changes(editable.data.copy(), _read(folder / "working.nii.gz", lent, case))
    journal = resume_journal(contents)
    try:
        if found is not None:
            journal.append_edit(Edit("Other", editable.replace(found.box, found.labels)))
            journal.sync()
    finally:
        journal.close()


def _slices(folder: Path) -> Any:
    from workstation.io.edit_journal import read_journal, replayed

    (path,) = (folder / "edits").glob("*.journal")
    return int(replayed(read_journal(path))[0].data.any(axis=(0, 1)).sum())


def _edits(folder: Path) -> Any:
    """The edits of the journal that is there; "none" without a journal that can be read."""
    from workstation.errors import EditError
    from workstation.io.edit_journal import read_journal

    found = []
    for path in (folder / "edits").glob("*.journal"):
        try:
            found.append(read_journal(path).edit_count)
        except EditError:
            # Nothing was drawn yet: a journal without a base is none.
            continue
    return max(found, default="none")


def _import_model(folder: Path) -> None:
    from workstation.io.model_exchange import import_model

    import_model(folder / "given.model.zip", folder / "models")


def _given_model(folder: Path) -> None:
    from test_models import CONV, write_model

    from workstation.io.model_exchange import export_model

    export_model(write_model(folder / "source", CONV), folder / "given.model.zip")


def _imported(folder: Path) -> Any:
    from workstation.io.models import list_models, read_model_card

    return [read_model_card(each.folder).name for each in list_models(folder / "models") if each.folder.name[0] != "."][
        :1
    ]


def _nothing(_folder: Path) -> None:
    """Nothing was there before."""


def _recipe(folder: Path, batch: int) -> None:
    from workstation.core.requests import TrainRequest
    from workstation.io.recipes import save_recipe

    save_recipe(folder / "a.recipe.json", TrainRequest("/data", batch=batch))


def _recipe_batch(folder: Path) -> int:
    from workstation.io.recipes import read_recipe

    return read_recipe(folder / "a.recipe.json", local={"data": "/data"}).batch


POINTS: tuple[Point, ...] = (
    Point(
        "mask and side-car",
        lambda folder: _export(folder, 8),
        lambda folder: _export(folder, 12),
        _exported,
        between=([1200, "no side-car"], [2800, "no side-car"]),
    ),
    Point("decision, first", _nothing, lambda folder: _decide(folder, "a"), _decided),
    Point("decision, next", lambda folder: _decide(folder, "a"), lambda folder: _decide(folder, "b"), _decided),
    Point("decision taken back", lambda folder: _decide(folder, "a"), _take_back, _decided),
    Point("recipe", lambda folder: _recipe(folder, 1), lambda folder: _recipe(folder, 2), _recipe_batch),
    Point("split", lambda folder: _split(folder, 1), lambda folder: _split(folder, 2), _split_seed),
    Point("new run", _nothing, _create_run_again, _runs),
    Point("event of a run", _begin_events, lambda folder: _event(folder, 2), _events, is_durable=False),
    Point("command to a run", lambda folder: _create_run(folder) and None, _send, _sent, is_durable=False),
    Point("queue settings", lambda folder: _queue(folder, 1), lambda folder: _queue(folder, 2), _queued),
    Point("table (CSV)", lambda folder: _table(folder, 1), lambda folder: _table(folder, 2), _tabled),
    Point(
        "settings",
        lambda folder: _setting(folder, "radiological"),
        lambda folder: _setting(folder, "neurological"),
        _setting_found,
        is_durable=False,
        may_stay_silent=True,
        between=("the defaults",),
    ),
    Point(
        "report (PDF)",
        lambda folder: _report(folder, "r.pdf", "old words"),
        lambda folder: _report(folder, "r.pdf", "new words"),
        lambda folder: _report_words(folder, "r.pdf"),
    ),
    Point(
        "report (HTML)",
        lambda folder: _report(folder, "r.html", "old words"),
        lambda folder: _report(folder, "r.html", "new words"),
        lambda folder: _report_words(folder, "r.html"),
    ),
    Point(
        "picture", lambda folder: _picture(folder, 0x101010), lambda folder: _picture(folder, 0xF0F0F0), _picture_shade
    ),
    Point(
        "decoded case (cache)",
        lambda folder: (folder / "source.nii").write_bytes(b"voxels") and None,
        lambda folder: _example(folder) and None,
        _example_sum,
        may_stay_silent=True,
    ),
    Point("journal of edits, begun", _nothing, _begin_journal, _edits),
    Point("journal of edits, next edit", _journal_begun_with_edit, lambda folder: _journal_edit(folder, 2), _edits),
    Point("edit taken back from another program", _lent, _take_in, _slices),
    Point("imported model", _given_model, _import_model, _imported),
    Point(
        "checkpoint",
        lambda folder: _checkpoint(folder, 1),
        lambda folder: _checkpoint(folder, 2),
        _checkpointed,
        needs_engine=True,
    ),
    Point("model folder", _begin_model, lambda folder: _model(folder, 2), _model_name, needs_engine=True),
    *RUNS,
    *OUTPUTS,
)
