"""Asks a child process, once per process of ours, whether VTK can render here, and with what."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

_COMMAND = (sys.executable, "-m", "workstation.gui.scene.probe_child")
_PATIENCE_MS = 30_000
WINDOW_VARIABLE = "VTK_DEFAULT_OPENGL_WINDOW"
_SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "swr")
# What was found, for the life of the process; empty or one entry.
_known: list[OpenGLFacts] = []


@dataclass(frozen=True, slots=True)
class OpenGLFacts:
    """What the child found.

    Parameters
    ----------
    is_usable : bool
    renderer : str
        OpenGL's own name of it, such as "llvmpipe (LLVM 15.0.6, 256 bits)".
    window_class : str
        The kind of VTK window that worked.
    reason : str
        In words, why it is not usable; empty if it is.
    """

    is_usable: bool
    renderer: str = ""
    window_class: str = ""
    reason: str = ""

    @property
    def is_software(self) -> bool:
        """Whether the processor draws, not a graphics card."""
        return any(name in self.renderer.lower() for name in _SOFTWARE)


class Probe(QObject):
    """One question to a child process; the answer comes by `answered`.

    Parameters
    ----------
    parent : QObject or None
    command : tuple of str
        The child; another one in tests.
    """

    answered = Signal(object)
    """OpenGLFacts; emitted once."""

    def __init__(self, parent: QObject | None = None, *, command: tuple[str, ...] = _COMMAND) -> None:
        super().__init__(parent)
        self._command = command
        self._process: QProcess | None = None
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self._on_too_late)

    def ask(self) -> None:
        """Ask, unless the answer is known; either way it comes after this call returns."""
        if _known and self._command == _COMMAND:
            QTimer.singleShot(0, self, lambda: self.answered.emit(_known[0]))
            return
        self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        if not environment.contains("DISPLAY") and not environment.contains(WINDOW_VARIABLE):
            # Spares VTK the search for an X server, and a warning.
            environment.insert(WINDOW_VARIABLE, "vtkEGLRenderWindow")
        self._process.setProcessEnvironment(environment)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._patience.start()
        self._process.start(self._command[0], list(self._command[1:]))

    def stop(self) -> None:
        """Ask no longer; nothing is answered."""
        process, self._process = self._process, None
        self._patience.stop()
        if process is not None:
            process.finished.disconnect(self._on_finished)
            process.errorOccurred.disconnect(self._on_error)
            process.kill()
            process.waitForFinished(1000)

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._process is None:
            return
        output = bytes(self._process.readAllStandardOutput().data()).decode(errors="replace")
        errors = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
        self._answer(read_answer(output, errors, code=code, is_crash=status == QProcess.ExitStatus.CrashExit))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            self._answer(OpenGLFacts(False, reason=_tr("the check could not be started")))

    def _on_too_late(self) -> None:
        self.stop()
        self._answer(OpenGLFacts(False, reason=_tr("the check did not end in time")))

    def _answer(self, facts: OpenGLFacts) -> None:
        self._patience.stop()
        self._process = None
        if self._command == _COMMAND:
            _known[:] = [facts]
        if facts.is_usable:
            # So that this process takes the very window that the child proved.
            os.environ.setdefault(WINDOW_VARIABLE, facts.window_class)
        self.answered.emit(facts)


def read_answer(output: str, errors: str, *, code: int, is_crash: bool) -> OpenGLFacts:
    """What the child's last words mean.

    Parameters
    ----------
    output, errors : str
        Its stdout and stderr.
    code : int
        Its exit code.
    is_crash : bool
        Whether a signal ended it.
    """
    if is_crash:
        return OpenGLFacts(False, reason=_tr("OpenGL ended the check with a crash"))
    try:
        facts = json.loads(output.strip().splitlines()[-1])
        renderer, window_class, is_drawn = str(facts["renderer"]), str(facts["window_class"]), facts["is_drawn"]
    except (ValueError, IndexError, KeyError, TypeError):
        last = (errors.strip().splitlines() or [_tr("exit code {0}").format(code)])[-1]
        return OpenGLFacts(False, reason=last)
    if code != 0 or not is_drawn:
        return OpenGLFacts(False, renderer, window_class, _tr("OpenGL drew nothing ({0})").format(renderer or "?"))
    return OpenGLFacts(True, renderer, window_class)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Scene", text)
