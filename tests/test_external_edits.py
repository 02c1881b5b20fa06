"""Masks lent to another program, played by a script that rewrites the file, and taken back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from small_cases import truth_path, write_cases, write_shifted

from workstation.core.case import DataSet
from workstation.errors import EditError
from workstation.io.editors import EDITORS
from workstation.io.files import sha256_of
from workstation.session import commands, reading
from workstation.session.external_edits import ExternalEdits
from workstation.session.session import Session

PATIENCE_MS = 30_000
SNAP = EDITORS["itksnap"]
# Sets a voxel of label 4, and saves as a program does: beside the file, and renamed onto it.
SAVING = """
data = np.asarray(mask.dataobj).copy()
data[3, 4, 5] = 4
save(nib.Nifti1Image(data, mask.affine, mask.header))
"""
ON_ANOTHER_GRID = """
save(nib.Nifti1Image(np.asarray(mask.dataobj)[:-2], mask.affine))
"""
STRANGE_LABELS = """
data = np.asarray(mask.dataobj).copy()
data[3, 4, 5] = 77
save(nib.Nifti1Image(data, mask.affine, mask.header))
"""


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    return write_cases(tmp_path / "data", cases=2)


@pytest.fixture
def session(qtbot: QtBot, data: DataSet, tmp_path: Path) -> Iterator[Session]:
    session = Session()
    prediction = write_shifted(truth_path(data.cases[0]), tmp_path / "prediction.nii.gz")
    with qtbot.waitSignal(session.case_changed):
        commands.open_path(session, data.root, prediction=prediction)
    qtbot.waitUntil(lambda: session.layers.comparison is not None and session.worklist.access.is_read)
    yield session
    session.close()


@pytest.fixture
def external(session: Session) -> Iterator[ExternalEdits]:
    """Deleted after the test: it would see that the test's folders go."""
    edits = ExternalEdits(session)
    yield edits
    edits.deleteLater()


def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, saving: str, *, command: str = "itksnap") -> Path:
    """A program on the search path that edits at once; returns the file that it writes its arguments to."""
    folder, told = tmp_path / "bin", tmp_path / "told.txt"
    folder.mkdir()
    lines = [
        f"#!{sys.executable}",
        "import os, sys, nibabel as nib, numpy as np",
        "path = sys.argv[sys.argv.index('-s') + 1]",
        "mask = nib.load(path)",
        "def save(image):",
        "    beside = os.path.join(os.path.dirname(path), 'beside.nii.gz')",
        "    nib.save(image, beside)",
        "    os.replace(beside, path)",
        saving,
        f"open({str(told) + '.new'!r}, 'w').write('\\n'.join(sys.argv[1:]))",
        f"os.replace({str(told) + '.new'!r}, {str(told)!r})",
    ]
    program = folder / command
    program.write_text("\n".join(lines))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return told


def test_what_another_program_saved_comes_back_as_one_edit(
    session: Session,
    external: ExternalEdits,
    data: DataSet,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = install(monkeypatch, tmp_path, SAVING)
    sources = {path: sha256_of(path) for path in tmp_path.rglob("*.nii.gz")}
    prediction = session.layers.mask("prediction")
    assert prediction is not None
    external.open_in(SNAP)
    qtbot.waitUntil(lambda: session.layers.mask("edited") is not None, timeout=PATIENCE_MS)
    (working,) = external.working_files
    assert working == data.root.resolve() / ".workstation" / "working" / f"{data.cases[0].name}_working_1.nii.gz"
    qtbot.waitUntil(told.is_file, timeout=PATIENCE_MS)
    image = data.cases[0].sequences[session.view.sequence].path
    assert told.read_text().split("\n") == ["-g", str(image), "-s", str(working)]
    mask = session.layers.mask("edited")
    assert mask is not None
    expected = prediction.data.copy()
    expected[3, 4, 5] = 4
    assert np.array_equal(mask.data, expected)
    assert session.layers.pair == ("truth", "edited")
    assert session.editing.undo_verb == "ITK-SNAP"
    # It is an edit like others: a decision keeps it, and it can be taken back.
    with qtbot.waitSignal(session.worklist.decided, timeout=PATIENCE_MS) as decided:
        reading.mark_corrected(session)
    assert decided.args[0].status == "corrected"
    session.editing.undo()
    assert np.array_equal(session.editing.labels(), prediction.data)
    assert {path: sha256_of(path) for path in sources} == sources


@pytest.mark.parametrize(
    ("saving", "problem", "hint"),
    [(ON_ANOTHER_GRID, "another voxel grid", "32 x 36 x 28"), (STRANGE_LABELS, "cannot be read", "BraTS 2017-2021")],
    ids=["grid", "labels"],
)
def test_what_does_not_fit_the_case_is_refused_with_the_reason(
    session: Session,
    external: ExternalEdits,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    saving: str,
    problem: str,
    hint: str,
) -> None:
    install(monkeypatch, tmp_path, saving)
    with qtbot.waitSignal(session.problem, timeout=PATIENCE_MS) as told:
        external.open_in(SNAP)
    error = told.args[0]
    assert isinstance(error, EditError)
    assert problem in error.message
    assert hint in (error.hint or "")
    assert "Nothing was taken back" in (error.hint or "")
    assert session.layers.mask("edited") is None


def test_what_is_saved_while_another_case_is_open_waits(
    session: Session,
    external: ExternalEdits,
    data: DataSet,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = install(monkeypatch, tmp_path, SAVING)
    external.open_in(SNAP)
    qtbot.waitUntil(lambda: bool(external.working_files), timeout=PATIENCE_MS)
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, 1)
    qtbot.waitUntil(told.is_file, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not session.background.is_busy)
    assert session.layers.mask("edited") is None
    with qtbot.waitSignal(session.case_changed):
        commands.step_case(session, -1)
    qtbot.waitUntil(lambda: session.layers.mask("edited") is not None, timeout=PATIENCE_MS)
    mask = session.layers.mask("edited")
    assert mask is not None
    assert mask.data[3, 4, 5] == 4


def test_a_program_that_is_not_installed_is_said(
    session: Session,
    external: ExternalEdits,
    data: DataSet,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with qtbot.waitSignal(session.problem, timeout=PATIENCE_MS) as told:
        external.open_in(EDITORS["slicer"])
    assert "3D Slicer was not found" in told.args[0].message
    assert "www.slicer.org" in told.args[0].hint
    assert not (data.root / ".workstation" / "working").exists()


def test_the_newest_program_in_the_usual_places_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    for version in ("5.6.2", "5.8.1"):
        program = tmp_path / f"Slicer-{version}-linux-amd64" / "Slicer"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    assert EDITORS["slicer"].program() == tmp_path / "Slicer-5.8.1-linux-amd64" / "Slicer"


def test_slicer_is_told_that_the_mask_is_one() -> None:
    option, code = EDITORS["slicer"].arguments(Path("/a/it's.nii.gz"), Path("/b/mask.nii.gz"))
    assert option == "--python-code"
    assert code == "slicer.util.loadVolume(\"/a/it's.nii.gz\"); slicer.util.loadSegmentation('/b/mask.nii.gz')"
