"""Faults injected into a real process, one system call at a time.

A child is forked and traced (ptrace, Linux on x86-64; no tool is needed). Every call that changes something below a
watched folder is a *step*: making, opening for writing, writing, cutting, syncing, renaming and removing. A `Fault`
says what happens at step n: the process is killed before it, killed in the middle of a write, or the call and all
that follow fail with an error of the system. That way the faults meet Python, SQLite, HDF5 and Qt alike.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

_TRACEME, _SYSCALL, _SETOPTIONS, _GETREGS, _SETREGS = 0, 24, 0x4200, 12, 13
# Calls are told from signals; threads and children are followed; nothing outlives the tracer.
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x100000
_ALL_KINDS = 0x40000000
_GETEVENTMSG = 0x4201
# Of a stop that tells of a new process or thread: fork, vfork, clone.
_BIRTHS = (1, 2, 3)
_REGISTERS = (
    *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi"),
    *("orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs"),
)
_NONE = 2**64 - 1
_AT_FDCWD = 2**32 - 100
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_KILL = 62

# number of the call: (its name here, where its file is: "fd" or the positions of (folder, path) pairs)
_CALLS: dict[int, tuple[str, Any]] = {
    1: ("write", "fd"),
    18: ("write", "fd"),
    20: ("write", "fd"),
    296: ("write", "fd"),
    40: ("write", "fd"),
    326: ("write", 2),
    285: ("write", "fd"),
    77: ("cut", "fd"),
    76: ("cut", (None, 0)),
    74: ("sync", "fd"),
    75: ("sync", "fd"),
    2: ("open", (None, 0)),
    85: ("open", (None, 0)),
    257: ("open", (0, 1)),
    82: ("rename", (None, 1)),
    264: ("rename", (2, 3)),
    316: ("rename", (2, 3)),
    86: ("link", (None, 1)),
    265: ("link", (2, 3)),
    83: ("mkdir", (None, 0)),
    258: ("mkdir", (0, 1)),
    84: ("remove", (None, 0)),
    87: ("remove", (None, 0)),
    263: ("remove", (0, 1)),
}


class _Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in _REGISTERS]


class Step(NamedTuple):
    """One call that changes something: its kind and the file."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong.

    Parameters
    ----------
    at : int
        The step from which on, counted from 0.
    error : int
        The system's number of the error that calls fail with; 0 kills the process.
    kinds : tuple of str
        The steps that fail; empty: all.
    is_torn : bool
        The step, a write, is carried out by half; then the process is killed, or what follows fails.
    is_lasting : bool
        Later steps of these kinds fail too.
    """

    at: int
    error: int = 0
    kinds: tuple[str, ...] = ()
    is_torn: bool = False
    is_lasting: bool = True


@dataclass(slots=True)
class Traced:
    """What came of a traced process.

    Parameters
    ----------
    steps : list of Step
    was_killed : bool
    answer : mapping
        {"error": class, "message", "hint", "is_ours"} of what `work` raised, and "again" of its second try.
    """

    steps: list[Step] = field(default_factory=list)
    was_killed: bool = False
    answer: dict[str, Any] = field(default_factory=dict)


def is_possible() -> bool:
    """Whether processes can be traced here."""
    return sys.platform == "linux" and os.uname().machine == "x86_64"


def fault_is_over() -> None:
    """Called in the traced process: from here on nothing is injected."""
    os.kill(os.getpid(), 0)


def trace(
    work: Callable[[], None],
    watched: Path,
    *,
    fault: Fault | None = None,
    after_step: Callable[[Step], None] | None = None,
    then: Callable[[], None] | None = None,
) -> Traced:
    """Run `work` in a traced child and inject a fault.

    Parameters
    ----------
    work : callable
        Done in the child; what it raises is in the answer.
    watched : Path
        Only calls below this folder are steps.
    fault : Fault or None
    after_step : callable or None
        Called in the tracer after every step.
    then : callable or None
        Done in the child after work that failed, when the fault is over; then the work is tried once more.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_traced(work, writing, then)
    os.close(writing)
    result = _Tracer(child, watched, fault, after_step).follow()
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    result.answer = json.loads(text) if text else {}
    return result


def _be_traced(work: Callable[[], None], writing: int, then: Callable[[], None] | None) -> None:
    answer: dict[str, Any] = {}
    try:
        _ptrace(_TRACEME, 0, 0, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        answer = outcome(work)
        fault_is_over()
        if answer and then is not None:
            then()
            again = outcome(work)
            answer["again"] = again.get("message", "")
        os.write(writing, json.dumps(answer).encode())
    finally:
        os._exit(0)


def outcome(work: Callable[[], None]) -> dict[str, Any]:
    """What `work` raised, as in `Traced.answer`; empty where it went well."""
    from workstation.errors import WorkstationError

    try:
        work()
    except BaseException as error:  # noqa: BLE001 - whatever comes is the answer
        return {
            "error": type(error).__name__,
            "message": str(error),
            "hint": getattr(error, "hint", ""),
            "is_ours": isinstance(error, WorkstationError),
            "trace": traceback.format_exc(),
        }
    return {}


class _Tracer:
    def __init__(
        self, child: int, watched: Path, fault: Fault | None, after_step: Callable[[Step], None] | None
    ) -> None:
        self._child = child
        self._watched = str(watched.resolve())
        self._fault = fault
        self._after_step = after_step
        self._result = Traced()
        self._inside: dict[int, tuple[Step | None, str]] = {}
        self._is_over = False

    def follow(self) -> Traced:
        os.waitpid(self._child, 0)
        _ptrace(_SETOPTIONS, self._child, 0, _OPTIONS)
        _ptrace(_SYSCALL, self._child, 0, 0)
        # The tracer may have other children, which are not traced and may outlive the traced ones.
        alive = {self._child}
        while alive:
            try:
                pid, status = os.waitpid(-1, _ALL_KINDS)
            except ChildProcessError:
                break
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                if pid == self._child:
                    self._result.was_killed = os.WIFSIGNALED(status)
                self._inside.pop(pid, None)
                alive.discard(pid)
                continue
            if status >> 16 in _BIRTHS:
                alive.add(_born(pid))
            number = os.WSTOPSIG(status)
            delivered = 0
            if number == signal.SIGTRAP | 0x80:
                self._on_call(pid)
            elif number not in (signal.SIGTRAP, signal.SIGSTOP):
                delivered = number
            try:
                _ptrace(_SYSCALL, pid, 0, delivered)
            except ProcessLookupError:
                continue
        return self._result

    def _on_call(self, pid: int) -> None:
        registers = _Registers()
        try:
            _ptrace(_GETREGS, pid, 0, ctypes.addressof(registers))
        except ProcessLookupError:
            return
        if pid in self._inside:
            step, todo = self._inside.pop(pid)
            if todo == "kill":
                os.kill(pid, signal.SIGKILL)
            elif todo:
                registers.rax = ctypes.c_uint64(-int(todo)).value
                _ptrace(_SETREGS, pid, 0, ctypes.addressof(registers))
            if step is not None and self._after_step is not None and not self._is_over:
                self._after_step(step)
            return
        if registers.orig_rax == _KILL and registers.rsi == 0:
            self._is_over = True
        step = self._step(pid, registers)
        self._inside[pid] = (step, self._inject(pid, registers, step) if step is not None else "")

    def _inject(self, pid: int, registers: _Registers, step: Step) -> str:
        """Do what the fault says to a call that is about to begin; what is to be done at its end."""
        if self._is_over:
            return ""
        index = len(self._result.steps)
        self._result.steps.append(step)
        fault = self._fault
        if fault is None or index < fault.at or (index > fault.at and not fault.is_lasting):
            return ""
        if fault.kinds and step.kind not in fault.kinds:
            return ""
        if fault.is_torn and index == fault.at:
            registers.rdx //= 2
            _ptrace(_SETREGS, pid, 0, ctypes.addressof(registers))
            return "" if fault.error else "kill"
        if fault.error:
            registers.orig_rax = _NONE
            _ptrace(_SETREGS, pid, 0, ctypes.addressof(registers))
            return str(fault.error)
        os.kill(pid, signal.SIGKILL)
        return "kill"

    def _step(self, pid: int, registers: _Registers) -> Step | None:
        known = _CALLS.get(registers.orig_rax)
        if known is None:
            return None
        kind, where = known
        values = (registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8)
        if kind == "open" and registers.orig_rax != 85:
            flags = values[1] if registers.orig_rax == 2 else values[2]
            if not flags & _WRITES:
                return None
        path = self._path(pid, values, where)
        if path != self._watched and not path.startswith(self._watched + "/"):
            return None
        return Step(kind, path[len(self._watched) + 1 :])

    def _path(self, pid: int, values: tuple[int, ...], where: Any) -> str:
        try:
            if where == "fd":
                return _link(pid, f"fd/{values[0]}")
            if isinstance(where, int):
                return _link(pid, f"fd/{values[where]}")
            folder, position = where
            text = _text_at(pid, values[position])
            if text.startswith("/"):
                return os.path.normpath(text)
            is_here = folder is None or values[folder] & 0xFFFFFFFF == _AT_FDCWD
            base = _link(pid, "cwd" if is_here else f"fd/{values[folder]}")
            return os.path.normpath(f"{base}/{text}")
        except OSError:
            return ""


def _link(pid: int, name: str) -> str:
    return os.readlink(f"/proc/{pid}/{name}")  # noqa: PTH115 - of a socket it is no path


def _text_at(pid: int, address: int) -> str:
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:  # noqa: PTH123 - read at an address
        memory.seek(address)
        return memory.read(4096).split(b"\0", 1)[0].decode(errors="surrogateescape")


_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.restype = ctypes.c_long
_LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def _born(pid: int) -> int:
    """The number of the process or thread that `pid` has just made."""
    number = ctypes.c_ulong()
    _ptrace(_GETEVENTMSG, pid, 0, ctypes.addressof(number))
    return number.value


def _ptrace(request: int, pid: int, address: int, data: int | None) -> None:
    if _LIBC.ptrace(request, pid, address, data) < 0:
        number = ctypes.get_errno()
        if number == errno.ESRCH:
            raise ProcessLookupError(number, os.strerror(number))
        raise OSError(number, os.strerror(number))
