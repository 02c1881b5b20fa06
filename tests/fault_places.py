"""Which module of the program writes at which point, so that none is forgotten: `test_faults.py` compares."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "workstation"

PLACES: dict[str, tuple[str, ...]] = {
    "engine/bench.py": ("figures of a measurement",),
    "engine/checkpoints.py": ("checkpoint",),
    "engine/choices.py": ("choices of operations (cache)",),
    "engine/model_folder.py": ("model folder",),
    "engine/profile.py": ("figures of a measurement",),
    "engine/seams.py": ("figures of a measurement", "mask and side-car"),
    "engine/segment_batch.py": ("mask, map and side-car of a batch",),
    "engine/sentinels.py": ("masks of sentinels",),
    "cli/check.py": ("split",),
    "cli/demo.py": ("mask and side-car",),
    "cli/exports.py": ("mask and side-car",),
    "gui/data/split_files.py": ("split",),
    "gui/figures/saving.py": ("picture",),
    "gui/file_dialogs.py": ("mask and side-car", "picture"),
    "gui/picture_files.py": ("picture",),
    "gui/report/writing.py": ("report (PDF)", "report (HTML)"),
    "gui/slice_series.py": ("picture",),
    "gui/snapshot.py": ("picture",),
    "gui/train/curves.py": ("picture", "table (CSV)"),
    "io/cohort_report.py": ("table (CSV)",),
    "io/edit_journal.py": (
        "journal of edits, begun",
        "journal of edits, next edit",
        "edit taken back from another program",
    ),
    "io/events.py": ("event of a run",),
    "io/example_cache.py": ("decoded case (cache)",),
    "io/export.py": ("mask and side-car",),
    "io/export_batch.py": ("mask and side-car", "table (CSV)"),
    "io/fact_cache.py": ("facts of a case (cache)",),
    "io/files.py": ("queue settings",),
    "io/machine_records.py": ("measured run", "calibration"),
    "io/mask_versions.py": ("version of a corrected mask",),
    "io/mending.py": ("mended copy and its record",),
    "io/model_exchange.py": ("imported model", "exported model"),
    "io/model_shelf.py": ("model renamed", "default model", "model removed"),
    "io/models.py": ("model folder",),
    "io/nifti_writing.py": ("mask and side-car",),
    "io/recipes.py": ("recipe",),
    "io/results.py": ("table (CSV)",),
    "io/review_export.py": ("table (CSV)", "split"),
    "io/review_store.py": ("decision, first", "decision, next", "decision taken back", "predictions of cases"),
    "io/reviewed_set.py": ("data set of judged masks",),
    "io/run_comparison.py": ("table (CSV)",),
    "io/runs.py": ("new run", "event of a run", "command to a run", "change of a training", "summary of a run"),
    "io/score_cache.py": ("scores (cache)",),
    "io/splits.py": ("split",),
    "io/tables.py": ("table (CSV)",),
    "jobs/control.py": ("run removed",),
    "jobs/queue_settings.py": ("queue settings",),
    "jobs/supervision.py": ("who carries a run out",),
    "jobs/ticket.py": ("place in the queue",),
    "jobs/turns.py": ("place in the queue", "place given back"),
    "session/commands.py": ("mask and side-car",),
    "session/external_edits.py": ("version of a corrected mask", "edit taken back from another program"),
    "session/runs.py": ("run removed",),
    "session/settings.py": ("settings",),
    "session/versions.py": ("version of a corrected mask",),
}

NO_POINT: dict[str, str] = {
    "engine/measure.py": "the kernel's files about this process",
    "engine/peer_torch.py": "the kernel's files about this process",
    "engine/subjects.py": "a case made up for a benchmark, in a folder that goes with it",
    "gui/bench_curves.py": "a run made up for a benchmark, in a folder that goes with it",
    "gui/report/flow.py": "called by `gui/report/writing.py` with the name beside",
    "gui/report/scene.py": "a folder that lasts as long as one picture",
    "io/crash_reports.py": "the log, and what a process writes while it dies: lines that stand for themselves",
    "io/phantoms.py": "made-up cases for the demonstration; each file is written beside and renamed",
    "jobs/engine_process.py": "the kernel's files about this process",
    "jobs/local.py": "the log of a supervisor: lines that stand for themselves",
    "jobs/memory_cap.py": "the kernel's files about control groups",
    "jobs/supervisor.py": "the log of an engine: lines that stand for themselves",
}

_WRITING = frozenset(
    (
        *("replacing", "replacing_folder", "set_aside", "append_record", "write_text", "write_bytes", "savez"),
        *("write_json", "write_table", "write_png", "copyfile", "symlink_to"),
        *("write_label_map", "write_volume", "write_image", "write_copy"),
        *("export_label_map", "export_mask", "write_anew", "save_manifest"),
    )
)
_MODES = frozenset("rwabxt+")


def writing_modules() -> Iterator[str]:
    """The modules that write a file or have one written, by the calls in them."""
    for path in sorted(PACKAGE.rglob("*.py")):
        calls = (node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call))
        if any(_writes(call) for call in calls):
            yield path.relative_to(PACKAGE).as_posix()


def _writes(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in ("open", "ZipFile"):
        given = [*call.args, *(word.value for word in call.keywords)]
        modes = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        flags = {node.attr for each in given for node in ast.walk(each) if isinstance(node, ast.Attribute)}
        is_mode = any(set(mode) <= _MODES and set(mode) & set("wax+") for mode in modes)
        return is_mode or bool(flags & {"O_CREAT", "O_RDWR", "O_WRONLY"})
    return name in _WRITING or ast.unparse(function) in ("sqlite3.connect", "QSettings")
