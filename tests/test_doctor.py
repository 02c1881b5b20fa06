"""The check of the installation: each child may crash, be silent or answer, and every trouble comes with advice."""

from __future__ import annotations

import json
import sys
import threading
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from workstation.cli import main
from workstation.gui.doctor_dialog import DoctorDialog
from workstation.gui.main_window import MainWindow
from workstation.io.runs import default_runs_root
from workstation.jobs import doctor
from workstation.jobs.doctor import (
    Check,
    check_engine,
    check_folder,
    check_opengl,
    check_packages,
    check_python,
    check_screen,
    examine_installation,
)
from workstation.session.session import Session


def answering(facts: dict[str, Any], *, code: int = 0) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import sys; print({json.dumps(json.dumps(facts))}); sys.exit({code})")


CRASH = (sys.executable, "-c", "import os; os.abort()")
SILENT = (sys.executable, "-c", "import sys; sys.exit('no luck today')")
GONE = ("/no/such/program",)
ENGINE = {"cpu": {"model": "Some CPU", "features": ["avx2"]}, "onednn": {"is_on": True}}


@pytest.fixture(autouse=True)
def quick_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")


def test_an_engine_with_onednn_is_good() -> None:
    check = check_engine(answering(ENGINE))
    assert (check.verdict, check.advice) == ("good", "")
    assert "Some CPU" in check.found
    assert "oneDNN on" in check.found


def test_an_engine_without_onednn_is_worth_a_note() -> None:
    check = check_engine(answering({**ENGINE, "onednn": {"is_on": False}}))
    assert check.verdict == "note"
    assert "TF_ENABLE_ONEDNN_OPTS" in check.advice


@pytest.mark.parametrize(("command", "words"), [(CRASH, "signal 6"), (SILENT, "no luck today"), (GONE, "No such file")])
def test_an_engine_that_does_not_start_is_bad(command: tuple[str, ...], words: str) -> None:
    check = check_engine(command)
    assert check.verdict == "bad"
    assert words in check.found
    assert check.advice


@pytest.mark.parametrize("command", [CRASH, answering({"is_drawn": False}, code=1)])
def test_without_opengl_the_rest_works(command: tuple[str, ...]) -> None:
    check = check_opengl(command)
    assert check.verdict == "note"
    assert "3D" in check.advice


def test_without_a_screen_commands_work(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert check_screen(CRASH).verdict == "note"


def test_a_missing_library_of_qt_is_named() -> None:
    words = "xcb-cursor0 or libxcb-cursor0 is needed to load the Qt xcb platform plugin."
    check = check_screen((sys.executable, "-c", f"import sys; sys.exit({words!r})"))
    assert check.verdict == "bad"
    assert "libxcb-cursor0" in check.advice


def test_missing_and_broken_packages_are_bad() -> None:
    def version_of(name: str) -> str:
        if name == "vtk":
            raise PackageNotFoundError(name)
        return "1.0"

    assert "vtk" in check_packages(version_of).found
    assert check_packages(version_of).verdict == "bad"
    broken = check_packages(lambda name: "6.11.0" if name == "PySide6-Essentials" else "1.0")
    assert broken.verdict == "bad"
    assert check_packages(lambda _: "1.0").verdict == "good"


def test_another_python_is_bad() -> None:
    assert check_python((3, 10)).verdict == "bad"
    assert check_python((3, 13)).verdict == "good"


def test_a_folder_of_runs_that_others_may_read_is_worth_a_note(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    check = check_folder("Runs", tmp_path)
    assert check.verdict == "note"
    assert f"chmod 700 {tmp_path}" in check.advice
    tmp_path.chmod(0o700)
    assert "open to others" not in check_folder("Runs", tmp_path).found


def test_a_file_in_the_place_of_a_folder_is_bad(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert check_folder("Runs", tmp_path / "file").verdict == "bad"


def test_words_in_any_encoding_are_told() -> None:
    program = "import sys; sys.stderr.buffer.write(b'Display \\xe9teint'); sys.exit(3)"
    check = check_opengl((sys.executable, "-c", program))
    assert check.found == "Display \N{REPLACEMENT CHARACTER}teint"


def test_a_folder_that_is_not_made_yet_is_not_made() -> None:
    assert "not made yet" in check_folder("Runs", default_runs_root()).found
    assert not default_runs_root().exists()


def test_all_is_looked_at_and_can_be_stopped() -> None:
    commands = {"screen": answering({"platform": "x", "size": [1, 2]}), "opengl": CRASH, "engine": answering(ENGINE)}
    names = [check.name for check in examine_installation(**commands)]
    assert names[:2] == ["Program", "Packages"]
    assert {"Memory", "Runs", "Cache", "Screen", "OpenGL", "Engine"} <= set(names)
    assert list(examine_installation(should_stop=lambda: True, **commands)) == []


def test_the_command_ends_with_1_where_something_is_bad(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [Check("A", "good", "x"), Check("B", "note", "y", "do y")]
    monkeypatch.setattr(doctor, "examine_installation", lambda: iter(found))
    assert main(["doctor", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["is_well"] is True
    assert answer["checks"][1] == {"name": "B", "verdict": "note", "found": "y", "advice": "do y"}
    found.append(Check("C", "bad", "z", "do z"))
    assert main(["doctor"]) == 1
    assert "BAD   C: z\n      do z" in capsys.readouterr().out


def test_the_dialog_shows_each_check_as_plain_words(qtbot: QtBot) -> None:
    session = Session()
    checks = (Check("A", "good", "<b>fine</b>"), Check("B", "bad", "broken", "mend it"))
    dialog = DoctorDialog(session, work=lambda _report, _stop: checks)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: bool(dialog.checks), timeout=20_000)
    labels = [label for label in dialog.findChildren(QLabel) if "fine" in label.text() or "mend it" in label.text()]
    assert [label.text() for label in labels] == ["<b>fine</b>", "broken\nmend it"]
    assert {label.textFormat().name for label in labels} == {"PlainText"}
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == "good: A: <b>fine</b>\nbad: B: broken\n    mend it"
    dialog.close()
    session.close()


def test_closing_the_dialog_stops_the_checks(qtbot: QtBot) -> None:
    session = Session()
    stops: list[bool] = []

    def work(_report: object, should_stop: Any) -> tuple[Check, ...]:
        while not should_stop():
            pass
        stops.append(True)
        return ()

    dialog = DoctorDialog(session, work=work)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.close()
    qtbot.waitUntil(lambda: bool(stops) and not session.tasks.title, timeout=20_000)
    assert dialog.checks == ()
    session.close()


def test_another_task_goes_on_when_the_dialog_is_closed(qtbot: QtBot) -> None:
    session = Session()
    gate, done = threading.Event(), []

    def work(_report: object, should_stop: Any) -> bool:
        gate.wait(60)
        return bool(should_stop())

    session.tasks.start("Report on <b>A", work, done.append)
    dialog = DoctorDialog(session, work=lambda _report, _stop: (Check("A", "good", "fine"),))
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.bar.isVisible()
    assert "Report on <b>A is not finished yet" in dialog.summary.text()
    dialog.close()
    gate.set()
    qtbot.waitUntil(lambda: done == [False], timeout=30_000)
    session.close()


def test_the_help_menu_has_it(qtbot: QtBot) -> None:
    window = MainWindow(Session())
    qtbot.addWidget(window)
    assert window.menus.actions["help.doctor"].isEnabled()
    window.close()
