"""Which form of an operation runs: measured once on the machine at hand, then remembered.

A choice holds for one processor model, TensorFlow version, number of threads and state of oneDNN, and for one class of
tensors: type, channels, and voxels within a factor of two. It is measured on tensors of at most `_MAX_SIDE` voxels a
side, in milliseconds, when the class is first met. A file that cannot be read or written costs the time to measure.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from workstation.engine.environment import machine_facts, onednn_is_on, physical_cores, versions
from workstation.engine.operations import FORMS
from workstation.errors import WorkstationError
from workstation.io.files import read_json, write_json

_MAX_SIDE = 64
# Where the largest tensor has fewer numbers than this, a form saves less than it costs to find out.
_MIN_NUMBERS = 2**16
_REPETITIONS = 5
_VERSION = 2


class Choices:
    """The choices of one process.

    Parameters
    ----------
    path : Path or None
        Where they are remembered; None forgets them with the process.
    fixed : mapping of str to str
        Forms that are not to be measured, by operation.
    """

    def __init__(self, path: Path | None = None, *, fixed: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._fixed = dict(fixed or {})
        self._machine = machine_key()
        self._known: dict[str, dict[str, Any]] = self._read()

    def form(self, operation: str, *arguments: Any) -> Callable[..., Any]:
        """The function to call with these arguments.

        Parameters
        ----------
        operation : str
            A key of `FORMS`.
        arguments : tensors and others
            What it will be called with; only types and shapes are looked at.
        """
        forms = FORMS[operation]
        if operation in self._fixed:
            return forms[self._fixed[operation]]
        if _numbers(arguments) < _MIN_NUMBERS:
            return next(iter(forms.values()))
        key = _class_of(operation, arguments)
        known = self._known.get(key)
        if known is None or known["form"] not in forms:
            known = self._known[key] = _measured(forms, arguments)
            self._write()
        return forms[known["form"]]

    def table(self) -> Mapping[str, Mapping[str, Any]]:
        """What was chosen, by class: "form", and "seconds" of each form."""
        return self._known

    def _read(self) -> dict[str, dict[str, Any]]:
        found = self._stored().get(self._machine, {})
        if not isinstance(found, dict):
            return {}
        return {key: value for key, value in found.items() if isinstance(value, dict) and "form" in value}

    def _stored(self) -> dict[str, Any]:
        """What the file holds, of all machines; nothing if it is damaged or of another version."""
        if self._path is None or not self._path.exists():
            return {}
        try:
            values = read_json(self._path)
        except WorkstationError:
            return {}
        return values if values.get("version") == _VERSION else {}

    def _write(self) -> None:
        """Add to what other processes and other machines have written."""
        if self._path is None:
            return
        try:
            write_json(self._path, {**self._stored(), "version": _VERSION, self._machine: self._known})
        except WorkstationError:
            # Remembering is a convenience: the next process measures again.
            self._path = None


def machine_key() -> str:
    """What a measured time depends on, in words."""
    threads = os.environ.get("TF_NUM_INTRAOP_THREADS") or str(physical_cores())
    tensorflow = versions().get("tensorflow-cpu") or versions().get("tensorflow", "?")
    onednn = "on" if onednn_is_on() else "off"
    return f"{machine_facts()['cpu']['model']}, {threads} threads, TensorFlow {tensorflow}, oneDNN {onednn}"


def _numbers(arguments: tuple[Any, ...]) -> int:
    """In the largest tensor."""
    return max(each.shape.num_elements() for each in arguments if isinstance(each, tf.Tensor | tf.Variable))


def _class_of(operation: str, arguments: tuple[Any, ...]) -> str:
    parts = [operation]
    for each in arguments:
        if isinstance(each, tf.Tensor | tf.Variable):
            *_, channels = each.shape
            voxels = each.shape.num_elements() // channels if each.shape.rank == 5 else 0
            parts.append(f"{each.dtype.name}x{channels}@{min(voxels, _MAX_SIDE**3).bit_length()}")
        elif isinstance(each, int):
            parts.append(str(each))
        else:
            raise TypeError(f"{operation} got a {type(each).__name__}")
    return " ".join(parts)


def _measured(forms: Mapping[str, Callable[..., Any]], arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Times of all forms on small tensors of the same kind, in alternation, and the name of the fastest."""
    small = _examples(arguments)
    seconds: dict[str, list[float]] = {name: [] for name in forms}
    for repetition in range(_REPETITIONS + 1):
        for name, function in forms.items():
            start = time.perf_counter()
            function(*small)
            if repetition:  # the first builds the graph
                seconds[name].append(time.perf_counter() - start)
    # The least of a few: other processes only ever add to a time.
    least = {name: min(each) for name, each in seconds.items()}
    return {"form": min(least, key=lambda name: least[name]), "seconds": least}


def _examples(arguments: tuple[Any, ...]) -> list[Any]:
    """Random tensors like the arguments, volumes made smaller alike; kernels keep their shape."""
    tensors = [each for each in arguments if isinstance(each, tf.Tensor | tf.Variable)]
    volumes = [each.shape[1:4] for each in tensors if each.shape.rank == 5 and not _is_kernel(each)]
    largest = [max((shape[axis] for shape in volumes), default=1) for axis in range(3)]
    examples: list[Any] = []
    for each in arguments:
        if not isinstance(each, tf.Tensor | tf.Variable):
            examples.append(each)
            continue
        shape = list(each.shape)
        if each.shape.rank == 5 and not _is_kernel(each):
            shape[1:4] = [
                max(1, side * min(_MAX_SIDE, most) // most) for side, most in zip(shape[1:4], largest, strict=True)
            ]
        examples.append(tf.cast(tf.random.stateless_normal(shape, (1, 2)), each.dtype))
    return examples


def _is_kernel(each: tf.Tensor | tf.Variable) -> bool:
    return tuple(each.shape[:3]) in ((3, 3, 3), (2, 2, 2)) and each.shape[0] == each.shape[2]
