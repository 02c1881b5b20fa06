"""Loops over tensors, compiled for the processor at hand when they are first needed; no compiler on the machine.

LLVM, as the package llvmlite brings it, compiles the few loops for which TensorFlow and oneDNN have nothing fast
(`engine/kernel_gradients.py`, `engine/norm_loops.py`). A loop is written once, for vectors of eight floats, which LLVM
maps to what the processor has. Compiling takes about a tenth of a second, once in a process for each set of sizes.

Tensors are read in place, through the buffer protocol.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

from workstation.engine.environment import physical_cores

LANES = 8
"""Floats in a vector."""

FLOAT = ir.FloatType()
COUNT = ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, LANES)
DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
_FLOATS = FLOAT.as_pointer()
_DOUBLES = ir.DoubleType().as_pointer()
_INT32 = ir.IntType(32)

Result = TypeVar("Result")


class Loops(ir.IRBuilder):
    """Writes one function `void(floats..., doubles..., counts...)` that contains nested loops.

    Parameters
    ----------
    floats, doubles, counts : int
        How many pointers to float, pointers to double and numbers it takes, in this order; the pointers are to
        memory that does not overlap.
    """

    def __init__(self, floats: int, doubles: int, counts: int) -> None:
        self.source = ir.Module("loops")
        kinds = [_FLOATS] * floats + [_DOUBLES] * doubles + [COUNT] * counts
        function = ir.Function(self.source, ir.FunctionType(ir.VoidType(), kinds), "run")
        for argument in function.args[: floats + doubles]:
            argument.add_attribute("noalias")
        super().__init__(function.append_basic_block())
        self.arguments = function.args
        self.pointers = floats + doubles
        signature = ir.FunctionType(VECTOR, [VECTOR] * 3)
        self._fma = ir.Function(self.source, signature, f"llvm.fma.v{LANES}f32")

    @contextmanager
    def loop(self, start: Any, stop: Any, step: int = 1) -> Iterator[Any]:
        """Write the body of a loop in a `with` block; gives the number that runs from `start` to below `stop`."""
        before = self.block
        head, body, end = (self.append_basic_block() for _ in range(3))
        self.branch(head)
        self.position_at_end(head)
        number = self.phi(COUNT)
        number.add_incoming(start, before)
        self.cbranch(self.icmp_signed("<", number, stop), body, end)
        self.position_at_end(body)
        yield number
        number.add_incoming(self.add(number, count(step)), self.block)
        self.branch(head)
        self.position_at_end(end)

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        """The vector a b + c."""
        return self.call(self._fma, [a, b, c])

    def at(self, pointer: Any, *terms: Any) -> Any:
        """Pointer to an element at the sum of `terms`, numbers or counts."""
        total: Any = count(0)
        for term in terms:
            total = self.add(total, count(term) if isinstance(term, int) else term)
        return self.gep(pointer, [total])

    def vector(self, pointer: Any) -> Any:
        """The vector at a pointer to float, which may lie anywhere."""
        return self.load(self.bitcast(pointer, VECTOR.as_pointer()), align=4)

    def put(self, values: Any, pointer: Any) -> None:
        """Store a vector at a pointer to float, which may lie anywhere."""
        self.store(values, self.bitcast(pointer, VECTOR.as_pointer()), align=4)

    def spread(self, pointer: Any) -> Any:
        """A vector of the one float at a pointer."""
        nothing = ir.Constant(VECTOR, ir.Undefined)
        first = self.insert_element(nothing, self.load(pointer), ir.Constant(_INT32, 0))
        return self.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INT32, LANES), [0] * LANES))

    def larger(self, a: Any, b: Any) -> Any:
        """The larger of two counts."""
        return self.select(self.icmp_signed(">", a, b), a, b)

    def smaller(self, a: Any, b: Any) -> Any:
        """The smaller of two counts."""
        return self.select(self.icmp_signed("<", a, b), a, b)

    def compiled(self) -> Callable[..., None]:
        """The function; its pointers are given as addresses, and it runs without Python's lock."""
        self.ret_void()
        return _compiled(self.source, self.pointers, len(self.arguments) - self.pointers)


def count(number: int) -> ir.Constant:
    """A number that is known when the loop is compiled."""
    return ir.Constant(COUNT, number)


def zeros() -> ir.Constant:
    """A vector of zeros."""
    return ir.Constant(VECTOR, [0.0] * LANES)


def address(data: Any) -> int:
    """Where the numbers of a tensor or of a contiguous array begin."""
    return int(np.asarray(memoryview(data)).__array_interface__["data"][0])


def in_threads(work: Callable[[int, int], Result], total: int, *, least: int = 1) -> list[Result]:
    """Results of `work(start, stop)` over as many even parts of 0 to `total` as there are threads.

    Parameters
    ----------
    least : int
        Smallest part that is worth a thread.
    """
    parts = max(1, min(thread_count(), total // least))
    cuts = [total * part // parts for part in range(parts + 1)]
    if parts == 1:
        return [work(0, total)]
    return list(_pool().map(work, cuts[:-1], cuts[1:]))


def thread_count() -> int:
    """Threads of one operation, as TensorFlow was told."""
    return int(os.environ.get("TF_NUM_INTRAOP_THREADS", "0")) or physical_cores()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_count(), thread_name_prefix="loops")


@cache
def _machine() -> llvm.TargetMachine:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
    )


# What holds the machine code of functions that are in use.
_ENGINES: list[llvm.ExecutionEngine] = []


def _compiled(source: ir.Module, pointers: int, counts: int) -> Callable[..., None]:
    machine = _machine()
    module = llvm.parse_assembly(str(source))
    module.verify()
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(module, passes)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    _ENGINES.append(engine)
    signature = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * pointers, *[ctypes.c_int64] * counts)
    return signature(engine.get_function_address("run"))
