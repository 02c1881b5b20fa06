"""A short piece of `make fuzz`: every reader of a foreign file, and what fuzzing found before."""

from __future__ import annotations

import json
import platform
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import fuzz
import pytest
from fuzz_targets import TARGETS
from test_models import CONV, write_model

from workstation.core.calibration import Calibration, Timing
from workstation.core.refinement import MeasuredRun
from workstation.core.requests import EngineSettings, TrainRequest
from workstation.errors import InputError, ModelError, RequestError, ReviewError
from workstation.io.changed_masks import changed_masks
from workstation.io.files import read_json
from workstation.io.machine_records import training_run
from workstation.io.model_exchange import export_model, import_model
from workstation.io.models import refuse_code
from workstation.io.review_store import ReviewStore
from workstation.io.runs import RunFolder
from workstation.io.tables import read_table
from workstation.jobs.processes import mark_in, own_mark
from workstation.jobs.ticket import Ticket, read_ticket

DEEP = b"[" * 100_000 + b"]" * 100_000


def test_some_mutated_files_of_every_kind_are_read_or_refused(tmp_path: Path) -> None:
    command = [sys.executable, fuzz.__file__, "--inputs", "20", "--seed", "11", "--keep", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [each["target"] for each in figures] == [target.name for target in TARGETS]
    assert {each["inputs"] for each in figures} == {20}


@pytest.mark.parametrize("kind", sorted(fuzz.MUTATIONS))
def test_mutations_follow_from_the_seed(kind: str) -> None:
    data = b'{"a": [1, {"b": "c"}], "d": 2.5}\n'
    made = [[fuzz.MUTATIONS[kind](data, rng, data) for _ in range(200)] for rng in (random.Random(3), random.Random(3))]
    assert made[0] == made[1]
    assert len(set(made[0])) > 50


def test_a_finding_is_told(tmp_path: Path) -> None:
    child = (
        "import sys; sys.path.insert(0, sys.argv[1]); import fuzz, json; from pathlib import Path\n"
        "def prepare(folder): (folder / 'a.json').write_text(json.dumps({'a': 1}))\n"
        "def read(folder): return 1 / (json.loads((folder / 'a.json').read_text())['a'] != 0)\n"
        "target = fuzz.Target('division', 'a.json', 'json', prepare, read)\n"
        "print(json.dumps(fuzz.fuzz(target, seconds=2, seed=1, keep=Path(sys.argv[2]))))"
    )
    command = [sys.executable, "-c", child, str(Path(fuzz.__file__).parent), str(tmp_path)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert any("ZeroDivisionError" in key for key in found["findings"])
    assert list(tmp_path.glob("division-*.input"))


def test_json_of_a_hundred_thousand_levels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(DEEP)
    with pytest.raises(InputError, match=r"a\.json"):
        read_json(path)


def test_a_run_with_deep_json_everywhere_has_a_status(tmp_path: Path) -> None:
    run = RunFolder.create_at(tmp_path / "run", TrainRequest("/data"))
    for path in (run.events, run.control, run.supervisor, run.path / "summary.json"):
        path.write_bytes(DEEP + b"\n")
    assert RunFolder(run.path).status().damaged == 1


def test_events_of_strange_types_change_nothing(tmp_path: Path) -> None:
    run = RunFolder.create_at(tmp_path / "run", TrainRequest("/data"))
    run.append({"event": "state", "state": {"a": 1}})
    run.append({"event": ["state"], "state": "finished"})
    before = RunFolder(run.path).status().state
    assert before not in ("finished", "failed")


def test_a_run_whose_supervisor_has_an_absurd_number_has_a_status(tmp_path: Path) -> None:
    run = RunFolder.create_at(tmp_path / "run", TrainRequest("/data"))
    run.append({"event": "state", "state": "running"})
    run.beat()
    run.supervisor.write_text(json.dumps({"pid": 2**40, "host": platform.node()}))
    assert RunFolder(run.path).status().state == "lost"


@pytest.mark.parametrize("name", ["bytes", "slot"])
def test_a_ticket_of_infinite_figures_is_none(tmp_path: Path, name: str) -> None:
    path = tmp_path / "run.json"
    Ticket("run", 1.0, True, own_mark()).write(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), name: float("inf")}))
    assert read_ticket(path) is None


@pytest.mark.parametrize("pid", [-1, 0, "1", None])
def test_a_process_without_a_number_is_none(pid: object) -> None:
    assert mark_in({"pid": pid, "start_time": 1.0}) is None
    assert mark_in({"pid": 1, "start_time": 10**400}) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"batch": float("inf")},
        {"micro_batch": "brats2021"},
        {"shape": [float("inf"), 32, 32]},
        {"shape": [32, 1e308, 1]},
        {"created": 0},
        {"batch": 0},
        {"micro_batch": -1},
    ],
)
def test_a_measured_run_of_absurd_figures_is_refused(changes: dict[str, object]) -> None:
    honest = training_run(TrainRequest("/data"), (32, 32, 32), peak_bytes=2**30, step_seconds=1.0)
    assert MeasuredRun.from_dict(honest.as_dict()) == honest
    with pytest.raises(InputError, match="measured run"):
        MeasuredRun.from_dict({**honest.as_dict(), **changes})


@pytest.mark.parametrize("changes", [{"operation": {"a": 1}}, {"precision": []}, {"voxels": 1.5}, {"seconds": 10**400}])
def test_a_calibration_of_strange_types_is_refused(changes: dict[str, object]) -> None:
    honest = Calibration("m", (Timing("pool", 8, 8, 4096, 0.1),), 0.0, "2026-01-01").as_dict()
    assert Calibration.from_dict(honest).as_dict() == honest
    with pytest.raises(InputError, match="calibration"):
        Calibration.from_dict({**honest, "entries": [{**honest["entries"][0], **changes}]})


@pytest.mark.parametrize("root", ["a\0b", "\ud800", "x" * 5000])
def test_a_judged_set_from_a_place_that_cannot_be_has_no_changes(tmp_path: Path, root: str) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "reviewed.json").write_text(json.dumps({"root": root, "cases": {}}))
    run = RunFolder.create_at(tmp_path / "run", TrainRequest(str(tmp_path / "set")))
    assert changed_masks(run) == ()


def test_masks_that_a_name_cannot_be_are_changed_ones(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    cases = {"a": {"mask": {"path": "a\0b", "sha256": "0"}}, "b": {"mask": {"path": "/dev/zero", "sha256": "0"}}}
    (tmp_path / "set" / "reviewed.json").write_text(json.dumps({"root": "/d", "cases": cases}))
    run = RunFolder.create_at(tmp_path / "run", TrainRequest(str(tmp_path / "set")))
    asked = json.loads((run.path / "request.json").read_text())
    (run.path / "request.json").write_text(json.dumps({**asked, "created": "1980-01-01T00:00:00+00:00"}))
    assert changed_masks(RunFolder(run.path)) == ("a", "b")


def test_a_start_without_a_time_counts_from_the_making(tmp_path: Path) -> None:
    run = RunFolder.create_at(tmp_path / "run", TrainRequest("/data"))
    run.control.write_text('{"command":"start"}\n{"command":"start","time":"soon"}\n')
    assert run.asked_at() == run.created


def test_a_request_that_is_no_object_is_refused() -> None:
    with pytest.raises(RequestError, match="object"):
        EngineSettings.from_dict(0.5)  # type: ignore[arg-type]


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"case,dice\n\xff\xfe,1\n")
    with pytest.raises(InputError, match="no CSV file"):
        read_table(path)


def test_a_review_store_with_other_tables_is_damaged(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "reviews.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE others (a)")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    with ReviewStore(path) as store, pytest.raises(ReviewError, match="damaged"):
        store.history()


def test_a_model_archive_damaged_in_its_middle_is_refused(tmp_path: Path) -> None:
    path = export_model(write_model(tmp_path / "m", CONV), tmp_path / "a.model.zip")
    honest = path.read_bytes()
    for at in range(30, len(honest) - 1, 7):
        path.write_bytes(honest[:at] + bytes([honest[at] ^ 0xFF]) + honest[at + 1 :])
        try:
            import_model(path, tmp_path / f"models{at}")
        except ModelError as error:
            assert error.hint


def test_weights_that_claim_more_than_their_file_holds_are_refused(tmp_path: Path) -> None:
    path = write_model(tmp_path / "m", CONV) / "model.keras"
    content = bytearray(path.read_bytes())
    # Both sizes of the first member in the directory at the end, 20 and 24 bytes into its entry.
    at = content.index(b"PK\x01\x02")
    content[at + 20 : at + 24] = (2**31 - 1).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ModelError, match="claims 2,147,483,647 bytes"):
        refuse_code(path)


def test_weights_packed_with_damage_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps({"a": "x" * 5000}))
    content = bytearray(path.read_bytes())
    content[50] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.keras"):
        refuse_code(path)
