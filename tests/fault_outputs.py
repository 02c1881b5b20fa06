"""Points of what is made of cases and models: versions, mended copies, data sets, names, predictions, caches."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

from fault_point import Point, environment


def _nothing(_folder: Path) -> None:
    """Nothing was there before."""


def _version(folder: Path, stop: int) -> None:
    from small_cases import box

    from workstation.io.mask_versions import write_anew

    write_anew(folder / "corrected", "a", box(5, stop), word="corrected", like=None, origin=None)


def _versions(folder: Path) -> Any:
    """The versions with something in them: an empty file is a name that was kept free and never used."""
    from workstation.core.labels import SCHEMES
    from workstation.io.nifti import read_label_map

    found = [path for path in sorted(folder.glob("corrected/a_corrected_*.nii.gz")) if path.stat().st_size]
    return [int(read_label_map(path, scheme=SCHEMES["brats2021"]).data.any(axis=(0, 1)).sum()) for path in found]


def _predict(folder: Path, number: int) -> None:
    from workstation.io.review_store import ReviewStore, review_path

    with ReviewStore(review_path(folder)) as store:
        store.set_predictions({"a": Path(f"/a{number}.nii"), "b": Path(f"/b{number}.nii")})


def _predicted(folder: Path) -> Any:
    from workstation.io.review_store import ReviewStore, review_path

    with ReviewStore(review_path(folder)) as store:
        return {case: str(path) for case, path in sorted(store.predictions().items())}


@functools.cache
def _phantom() -> Path:
    """A data set of one case, made once."""
    from workstation.io.phantoms import write_phantoms

    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_phantoms(folder / "set", cases=1, shape=(8, 8, 8), layout="brats2021", seed=7)
    return folder / "set"


def _texted_set(folder: Path) -> None:
    """A case with a text in a header, which a mended copy leaves out."""
    import nibabel as nib

    shutil.copytree(_phantom(), folder / "set")
    path = folder / "set" / "Phantom_00001" / "Phantom_00001_t1.nii.gz"
    image = nib.load(path)
    image.header["descrip"] = b"Jane Doe"
    nib.save(image, path)


def _mend(folder: Path) -> None:
    from workstation.core.set_checks import check_up
    from workstation.io.examination import examine
    from workstation.io.layouts import open_dataset
    from workstation.io.mending import mend

    data_set = open_dataset(folder / "set")
    findings = check_up(data_set.cases, [examine(case) for case in data_set.cases])
    mend(next(each for each in findings if each.mend == "drop-texts"), data_set, folder / "out")


def _mended(folder: Path) -> Any:
    """The copies, each read, and those that the record tells of."""
    from workstation.io.files import read_json
    from workstation.io.mending import RECORD_NAME
    from workstation.io.nifti import read_volume

    copies = [path for path in sorted(folder.glob("out/*/*.nii.gz")) if path.name[0] != "."]
    record = folder / "out" / RECORD_NAME
    told = [entry["copy"] for entry in read_json(record)["mends"]] if record.exists() else []
    return [[read_volume(path).data.shape[0] for path in copies], [Path(each).name for each in told]]


def _judged_set(folder: Path) -> None:
    from workstation.core.review import Decision
    from workstation.io.layouts import open_dataset
    from workstation.io.review_store import ReviewStore, review_path

    data = open_dataset(shutil.copytree(_phantom(), folder / "set"))
    with ReviewStore(review_path(data.root)) as store:
        store.decide(Decision(data.cases[0].name, "R", "accepted", decided_at="2026-01-01T00:00:00+00:00"))


def _make_set(folder: Path) -> None:
    from workstation.core.split import Draw
    from workstation.io.layouts import open_dataset
    from workstation.io.review_store import ReviewStore, review_path
    from workstation.io.reviewed_set import make_reviewed_set

    data = open_dataset(folder / "set")
    with ReviewStore(review_path(data.root)) as store:
        latest = store.latest()
    make_reviewed_set(data, latest, folder / "out", draw=Draw(validation=0.0, test=0.0))


def _made_set(folder: Path) -> Any:
    """What a training finds: the cases of the split, whose files agree with it."""
    from workstation.io.layouts import open_dataset
    from workstation.io.splits import check_manifest, read_manifest

    if not (folder / "out").exists():
        return "no set"
    manifest = read_manifest(folder / "out" / "split.json")
    check_manifest(manifest, open_dataset(folder / "out"))
    return [manifest.data_set, len(manifest.split.train)]


def _models(folder: Path) -> None:
    from test_models import CONV, write_model

    write_model(folder / "models" / "m", CONV)
    write_model(folder / "models" / "n", CONV)


def _rename(folder: Path, name: str) -> None:
    from workstation.io.model_shelf import rename_model

    rename_model(folder / "models" / "m", name)


def _named(folder: Path) -> Any:
    from workstation.io.models import read_model_card

    return read_model_card(folder / "models" / "m").name


def _mark(folder: Path, name: str) -> None:
    from workstation.io.model_shelf import mark_default

    with environment(WORKSTATION_MODELS=folder / "models"):
        mark_default(folder / "models" / name)


def _begin_marked(folder: Path) -> None:
    _models(folder)
    _mark(folder, "m")


def _marked(folder: Path) -> Any:
    from workstation.io.files import read_json

    with environment(WORKSTATION_MODELS=folder / "models"):
        return Path(read_json(folder / "models" / "default.json")["folder"]).name


def _remove(folder: Path) -> None:
    from workstation.io.model_shelf import remove_model

    with environment(WORKSTATION_MODELS=folder / "models"):
        remove_model(folder / "models" / "m")


def _left(folder: Path) -> Any:
    """The models that are listed, each with its weights whole."""
    from workstation.io.models import list_models, read_model_card

    found = [each.folder for each in list_models(folder / "models")]
    return [read_model_card(each).name + each.name for each in found]


def _export_model(folder: Path, name: str) -> None:
    from workstation.io.model_exchange import export_model

    export_model(folder / "models" / name, folder / "out.model.zip")


def _begin_exported(folder: Path) -> None:
    _models(folder)
    _rename(folder, "other")
    _export_model(folder, "m")


def _exported_model(folder: Path) -> Any:
    from workstation.io.model_exchange import import_model
    from workstation.io.models import read_model_card

    with tempfile.TemporaryDirectory() as scratch:
        return read_model_card(import_model(folder / "out.model.zip", Path(scratch))).name


def _score(folder: Path) -> Any:
    from workstation.io.score_cache import kept_scores

    with environment(WORKSTATION_CACHE=folder / "cache"):
        return kept_scores(folder / "t.nii", folder / "p.nii", lambda: {"WT": {"dice": 0.5, "hd95_mm": float("nan")}})


def _scored(folder: Path) -> Any:
    return str(_score(folder))


def _pair(folder: Path) -> None:
    for name in ("t.nii", "p.nii"):
        (folder / name).write_bytes(b"voxels")


def _facts(folder: Path) -> Any:
    from workstation.io.fact_cache import FactCache
    from workstation.io.layouts import open_dataset

    return FactCache(folder / "cache").facts(open_dataset(folder / "set").cases[0])


def _facts_found(folder: Path) -> Any:
    facts = _facts(folder)
    return [sorted(facts.files), sorted(facts.intensities), sorted(facts.troubles)]


OUTPUTS: tuple[Point, ...] = (
    Point(
        "version of a corrected mask",
        lambda folder: _version(folder, 8),
        lambda folder: _version(folder, 12),
        _versions,
    ),
    Point("predictions of cases", lambda folder: _predict(folder, 1), lambda folder: _predict(folder, 2), _predicted),
    Point(
        "mended copy and its record",
        _texted_set,
        _mend,
        _mended,
        between=([[8], []],),
    ),
    Point("data set of judged masks", _judged_set, _make_set, _made_set),
    Point("model renamed", _models, lambda folder: _rename(folder, "new"), _named),
    Point("default model", _begin_marked, lambda folder: _mark(folder, "n"), _marked),
    Point("model removed", _models, _remove, _left),
    Point("exported model", _begin_exported, lambda folder: _export_model(folder, "n"), _exported_model),
    Point("scores (cache)", _pair, lambda folder: _score(folder) and None, _scored, may_stay_silent=True),
    Point(
        "facts of a case (cache)",
        _texted_set,
        lambda folder: _facts(folder) and None,
        _facts_found,
        may_stay_silent=True,
    ),
)
