"""The reference by JAX: float64, forward over reverse accumulation.

Nothing here knows indexcalc.

>>> def squares(space, values):
...     return space.apply("normsq", [space.load(values["x"])])
>>> [a.tolist() for a in by_jax(squares, {"x": np.array([1.0, 2.0])}, 2)]
[5.0, [2.0, 4.0], [[2.0, 0.0], [0.0, 2.0]]]
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

# Small programs run once each: compiling is all the cost, so it is kept cheap.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    " --xla_cpu_multi_thread_eigen=false",
)

import numpy as np
import pytest

pytest.importorskip("jax", reason="JAX is the reference here")

import jax
import jax.numpy as jnp

from tests.references import Answer, Arrays, Reference, Values, row, unrolled

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

Array = Any
Function = Callable[[Array], Array]


def by_jax(
    reference: Reference, values: Values, order: int, *, forward: bool = False
) -> Answer:
    """The value and its derivatives up to an order, the value's axes first.

    All variables are laid out in one row, so one compilation answers all. `forward`
    chooses forward accumulation for the first derivative too.
    """
    flat = row(values)

    def function(vector: Array) -> Array:
        return reference(Arrays(jnp), unrolled(vector, values))

    shape = jax.eval_shape(function, flat)
    if not flat.size or not shape.size:
        value = np.asarray(function(flat))
        empty = (np.zeros(shape.shape + flat.shape * k) for k in range(1, order + 1))
        return value, *empty
    steps = _derivatives(function, shape, flat.size, order, forward)

    def everything(vector: Array) -> tuple[Array, ...]:
        return tuple(step(vector) for step in steps)

    return tuple(np.asarray(a) for a in jax.jit(everything)(flat))


def _derivatives(
    function: Function, shape: Any, count: int, order: int, forward: bool
) -> list[Function]:
    """Reverse accumulation once, where it is cheaper; forward from there."""
    tall = shape.size > count or forward or shape.dtype.kind == "c"
    once = jax.jacfwd if tall else jax.jacrev
    steps: list[Function] = [function]
    for k in range(order):
        steps.append((jax.jacfwd if k else once)(steps[-1]))
    return steps
