"""What is the user's stays the user's: folders for nobody else, nothing on the network, no headers in outputs."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import pytest
from image_files import labels, save
from small_cases import box, truth_path, write_cases, write_shifted

from workstation.core.requests import TrainRequest
from workstation.core.review import Decision
from workstation.io.edit_journal import begin_journal
from workstation.io.export import export_mask
from workstation.io.places import edits_folder
from workstation.io.review_store import ReviewStore, review_path
from workstation.io.runs import RunFolder, default_runs_root

SECRET = "Jane Doe, born 1970-01-01"
# Found by every Python that the test starts, children of children included.
GUARD = """
import os, sys

def guard(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind"):
        address = arguments[1] if event in ("socket.connect", "socket.sendto", "socket.bind") else arguments[0]
        # A name in the file system is no network; a library asks on import whether the machine's own address works.
        is_probe = event == "socket.bind" and address[0] in ("::1", "127.0.0.1")
        if not is_probe and (not isinstance(address, (str, bytes)) or event.startswith("socket.get")):
            with open(os.environ["NETWORK_TOUCHED"], "a") as file:
                file.write(f"{event} {arguments[1:]} {sys.argv}\\n")

sys.addaudithook(guard)
"""
WHOLE_WINDOW = """
import sys, time
from pathlib import Path
from workstation.gui.application import make_application
from workstation.gui.main_window import MainWindow
from workstation.session import commands
from workstation.session.preferences import Preferences
from workstation.session.session import Session

app = make_application()
session = Session()
Preferences(session)
window = MainWindow(session)
window.show()
commands.open_paths(session, [Path(sys.argv[1])], prediction=Path(sys.argv[2]))

def until(condition):
    end = time.monotonic() + 120
    while not condition():
        app.processEvents()
        assert time.monotonic() < end

until(lambda: session.layers.comparison is not None)
for name in ("data", "train", "models", "review"):
    window.show_workspace(name)
    for _ in range(30):
        app.processEvents()
commands.export_mask(session, Path(sys.argv[3]) / "out.nii.gz", kind="prediction")
until((Path(sys.argv[3]) / "out.json").exists)
maps = Path("/proc/self/maps").read_text() if Path("/proc/self/maps").exists() else ""
assert "QtNetwork" not in maps and "Qt6Network" not in maps
window.close()
"""
# With a network of its own: to look for the fastest form of each operation of a large one takes most of a minute.
SMALL_SEGMENTATION = """
import sys
from pathlib import Path
from workstation.cli import main
from workstation.core.network import UNetPlan
from workstation.engine.model_folder import save_model
from workstation.engine.preprocessing import DESCRIPTION
from workstation.engine.unet import build_unet
from workstation.io.models import ModelCard

plan = UNetPlan(filters=1, depth=1)
card = ModelCard("small", plan, "brats2021", "LPS", (1.0, 1.0, 1.0), (32, 36, 28), DESCRIPTION)
save_model(Path(sys.argv[1]), build_unet(plan, seed=1), card)
sys.exit(main(["segment", sys.argv[1], sys.argv[2], "--out", sys.argv[3]]))
"""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def loose_mask() -> object:
    """The mask of rights that leaves everything open: what is private then was made so."""
    former = os.umask(0)
    yield
    os.umask(former)


@pytest.mark.usefixtures("loose_mask")
def test_folders_of_runs_reviews_and_edits_are_the_users_alone(tmp_path: Path) -> None:
    run = RunFolder.create(default_runs_root(), TrainRequest("/data"), label="x")
    assert (mode_of(run.path), mode_of(default_runs_root())) == (0o700, 0o700)
    with ReviewStore(review_path(tmp_path)) as store:
        store.decide(Decision("a", "Ada", "accepted"))
        files = list(review_path(tmp_path).parent.iterdir())
        assert {mode_of(path) for path in files} == {0o600}
    assert mode_of(review_path(tmp_path).parent) == 0o700
    journal = begin_journal(edits_folder(), tmp_path / "a.nii.gz", box(5, 8), origin="empty")
    journal.close()
    assert (mode_of(edits_folder()), mode_of(journal.path)) == (0o700, 0o600)


def guarded(tmp_path: Path) -> tuple[dict[str, str], Path]:
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    touched = tmp_path / "touched.txt"
    path = os.pathsep.join([str(tmp_path / "guard"), *filter(None, [os.environ.get("PYTHONPATH"), str(Path.cwd())])])
    environment = {**os.environ, "PYTHONPATH": path, "NETWORK_TOUCHED": str(touched), "QT_QPA_PLATFORM": "offscreen"}
    return environment, touched


def without_network() -> list[str]:
    """A prefix that runs a command where there is no network at all, if this user may do that."""
    command = ["unshare", "--net"]
    if shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
        return command
    return []


def run_guarded(words: list[str], tmp_path: Path) -> None:
    environment, touched = guarded(tmp_path)
    command = [*without_network(), sys.executable, *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert not touched.exists(), touched.read_text()


def test_the_guard_sees_a_connection_of_a_child(tmp_path: Path) -> None:
    child = "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with pytest.raises(AssertionError, match=r"socket\.connect"):
        run_guarded(["-c", parent], tmp_path)


def test_the_whole_window_works_without_network_and_asks_for_none(tmp_path: Path) -> None:
    files = write_cases(tmp_path / "cases").cases[0]
    prediction = write_shifted(truth_path(files), tmp_path / "p.nii.gz")
    (tmp_path / "out").mkdir()
    case = next(iter(files.sequences.values())).path.parent
    run_guarded(["-c", WHOLE_WINDOW, str(case), str(prediction), str(tmp_path / "out")], tmp_path)


def test_a_segmentation_works_without_network_and_asks_for_none(tmp_path: Path) -> None:
    files = write_cases(tmp_path / "cases").cases[0]
    case = next(iter(files.sequences.values())).path.parent
    run_guarded(["-c", SMALL_SEGMENTATION, str(tmp_path / "model"), str(case), str(tmp_path / "m.nii.gz")], tmp_path)
    assert (tmp_path / "m.nii.gz").is_file()


def test_nothing_of_a_header_is_in_an_export_or_its_side_car(tmp_path: Path) -> None:
    source = save(tmp_path / "a_seg.nii.gz", labels())
    image = nib.load(source)
    image.header["descrip"] = SECRET.encode()
    image.header["aux_file"] = SECRET[:20].encode()
    image.header["db_name"] = SECRET[:15].encode()
    image.header["intent_name"] = SECRET[:15].encode()
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", SECRET.encode()))
    nib.save(image, source)
    export_mask(source, tmp_path / "out.nii")
    written = (tmp_path / "out.nii").read_bytes() + (tmp_path / "out.json").read_bytes()
    assert b"Jane" not in written
    assert str(tmp_path).encode() not in written
