"""Everything that must be settled before TensorFlow is imported, and a description of the machine.

`prepare` sets the environment variables that TensorFlow and oneDNN read once, at import, turns file descriptor 1 to
the error stream (native libraries print to it whenever they like, and stdout belongs to the command line's answer),
and then imports TensorFlow. `machine_facts` and `environment_of` do without it.

Measured on two Zen 4 cores: with oneDNN on, TensorFlow keeps its tensors in a pool of its own, and huge pages for
malloc (GLIBC_TUNABLES=glibc.malloc.hugetlb=1) gained nothing after the first step; with oneDNN off, 23 of a step's
27 s at 96x96x96 are page faults of memory that is given back after each operation.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from workstation.core.request_fields import cores_in
from workstation.core.requests import EngineSettings
from workstation.errors import RequestError

_FEATURES = {
    "avx2": {"avx2"},
    "avx512": {"avx512f"},
    "vnni": {"avx512_vnni", "avx_vnni"},
    "bf16": {"avx512_bf16"},
    "amx": {"amx_tile"},
}
_NODES = Path("/sys/devices/system/node")
_PACKAGES = ("tensorflow-cpu", "tensorflow", "keras", "numpy", "nibabel")
_MALLOC = ("MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES", "LD_PRELOAD")


class Prepared:
    """A prepared process; as a context manager it gives stdout back at its end."""

    def __init__(self, saved_stdout: int | None) -> None:
        self._saved_stdout = saved_stdout

    def __enter__(self) -> Prepared:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._saved_stdout is not None:
            sys.stdout.flush()
            os.dup2(self._saved_stdout, 1)
            os.close(self._saved_stdout)
            self._saved_stdout = None


def prepare(settings: EngineSettings) -> Prepared:
    """Make this process ready and import TensorFlow; nothing else of the program imports it earlier.

    It takes effect at once; `with prepare(...)` also restores stdout afterwards. Where TensorFlow is there already,
    its variables can no longer be changed, and only niceness and stdout are seen to.

    Parameters
    ----------
    settings : EngineSettings

    Raises
    ------
    RequestError
        The settings name cores that may not be used.
    """
    if "tensorflow" not in sys.modules:
        keep_to_cores(settings.cores)
        os.environ.update(environment_of(settings))
    with suppress(psutil.Error, OSError):
        process = psutil.Process()
        if settings.nice > process.nice():
            process.nice(settings.nice)
    saved = _claim_stdout()
    _import_tensorflow()
    return Prepared(saved)


def keep_to_cores(cores: str, *, nodes: Path = _NODES) -> None:
    """Keep this process, and all threads that it makes from now on, to some of the cores that it may use.

    Parameters
    ----------
    cores : str
        As in `EngineSettings`. Linux gives a process memory of the node it runs on, where there is any.
    nodes : Path
        Where the system describes its NUMA nodes.

    Raises
    ------
    RequestError
        There are no such cores, or this process may use none of them.
    """
    if not cores or not hasattr(os, "sched_setaffinity"):
        return
    wanted = cores
    if cores.startswith("node"):
        try:
            wanted = (nodes / cores / "cpulist").read_text(encoding="ascii")
        except OSError as error:
            hint = "Name another node, or cores by their numbers; `lscpu` lists both."
            raise RequestError(f"This machine has no NUMA {cores}.", field="cores", hint=hint) from error
    usable = cores_in(wanted) & os.sched_getaffinity(0)
    if not usable:
        hint = "Name others, or none for all; `lscpu` lists them."
        raise RequestError(f"None of the cores {cores} may be used here.", field="cores", hint=hint)
    os.sched_setaffinity(0, usable)


def environment_of(settings: EngineSettings) -> dict[str, str]:
    """The environment variables that carry the settings to TensorFlow, oneDNN and OpenMP.

    The stock wheels of TensorFlow run oneDNN on TensorFlow's own threads and ignore the KMP variables; builds with
    Intel's OpenMP read them.
    """
    cores = physical_cores()
    return {
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TF_ENABLE_ONEDNN_OPTS": "1" if settings.onednn else "0",
        "TF_NUM_INTRAOP_THREADS": str(settings.intra_threads or cores),
        "TF_NUM_INTEROP_THREADS": str(settings.inter_threads or 1),
        "OMP_NUM_THREADS": str(settings.omp_threads or settings.intra_threads or cores),
        "KMP_AFFINITY": settings.affinity or "granularity=fine,compact,1,0",
        "KMP_BLOCKTIME": str(settings.blocktime_ms),
    }


def physical_cores() -> int:
    """Cores this process may use, not counting hyper-threads."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


def machine_facts() -> dict[str, Any]:
    """Processor and memory, without TensorFlow.

    Returns
    -------
    dict
        "cpu": model, physical_cores, logical_cores, features (of avx2, avx512, vnni, bf16, amx);
        "memory": total_bytes, available_bytes, both within the limit of a container.
    """
    model, flags = _processor()
    memory = psutil.virtual_memory()
    limit, used = _container_memory()
    return {
        "cpu": {
            "model": model,
            "physical_cores": physical_cores(),
            "logical_cores": psutil.cpu_count() or 1,
            "features": [name for name, any_of in _FEATURES.items() if any_of & flags],
        },
        "memory": {
            "total_bytes": min(memory.total, limit),
            "available_bytes": max(0, min(memory.available, limit - used)),
        },
    }


def describe() -> dict[str, Any]:
    """What a run records of its machine: `machine_facts`, versions, oneDNN state and threads; imports TensorFlow.

    Returns
    -------
    dict
        A JSON object; "onednn" has the setting and what TensorFlow made of it.
    """
    import tensorflow as tf

    return {
        **machine_facts(),
        "versions": versions(),
        "onednn": {"setting": os.environ.get("TF_ENABLE_ONEDNN_OPTS", ""), "is_on": onednn_is_on()},
        "threads": {
            "intra": tf.config.threading.get_intra_op_parallelism_threads()
            or int(os.environ.get("TF_NUM_INTRAOP_THREADS", "0")),
            "inter": tf.config.threading.get_inter_op_parallelism_threads()
            or int(os.environ.get("TF_NUM_INTEROP_THREADS", "0")),
            "omp": int(os.environ.get("OMP_NUM_THREADS", "0") or 0),
            "affinity": os.environ.get("KMP_AFFINITY", ""),
            "blocktime_ms": os.environ.get("KMP_BLOCKTIME", ""),
            "nice": psutil.Process().nice(),
        },
        "allocator": {name: os.environ[name] for name in _MALLOC if name in os.environ},
    }


def versions() -> dict[str, str]:
    """Versions of the system, Python and the packages that decide a result."""
    found = {"system": platform.platform(), "python": platform.python_version()}
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def memory_in_use() -> tuple[int, int]:
    """Resident memory of this process, now and at its peak, in bytes."""
    info = psutil.Process().memory_info()
    try:
        import resource
    except ImportError:  # Windows, where psutil knows the peak
        return info.rss, int(getattr(info, "peak_wset", info.rss))
    unit = 1 if sys.platform == "darwin" else 1024
    return info.rss, max(info.rss, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def _claim_stdout() -> int | None:
    """Turn descriptor 1 to the error stream; the old one, or None if one of the two is closed."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    try:
        saved = os.dup(1)
    except OSError:
        return None
    try:
        os.dup2(2, 1)
    except OSError:
        os.close(saved)
        return None
    return saved


def _import_tensorflow() -> None:
    """Import TensorFlow without its greetings on the error stream, which no log level silences; errors still show."""
    if "tensorflow" in sys.modules:
        return
    with tempfile.TemporaryFile() as said:
        saved = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            said.seek(0)
            os.write(saved, said.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _processor() -> tuple[str, set[str]]:
    """Model name and instruction-set flags; no flags where the system does not list them."""
    model, flags = platform.processor() or platform.machine(), set[str]()
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                model = value.strip()
            elif name.strip() == "flags":
                return model, set(value.split())
    return model, flags


def _container_memory() -> tuple[int, int]:
    """Limit and use of the control group in bytes; no limit is a very large one."""
    root = Path("/sys/fs/cgroup")
    try:
        return int((root / "memory.max").read_text()), int((root / "memory.current").read_text())
    except (OSError, ValueError):
        return sys.maxsize, 0


def onednn_is_on() -> bool | None:
    """Whether TensorFlow uses oneDNN in this process; None if this version does not tell."""
    try:
        from tensorflow.python.util import _pywrap_util_port
    except ImportError:
        return None
    return bool(_pywrap_util_port.IsMklEnabled())
