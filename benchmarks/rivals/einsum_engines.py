"""The engines that take an einsum: paths found beforehand, deltas never passed.

Each case with a `spec` goes to every engine. Where the derivative carries a delta, an
engine can compute its core, or take the delta as an operand. No engine writes a
diagonal, so the dense cases get the delta as an array that was built before.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..cases import CASES
from ..cases_base import Case
from .record import Call, Data, Rival

Array = Any
Engine = Callable[[str, list[Array], Data], Call]

#: The derivatives with a delta, as einsums of it and what they hold besides.
WITH_DELTA = {
    "S1_dense": ("ij,ik->ijk", ("X",), "n"),
    "S3_dense": ("ij,i,i->ij", ("y", "z"), "n"),
    "L2_hess": ("ij,qa,qb->iajb", ("V", "V"), "m"),
    "L2w_hess": ("ij,iq,qa,qb->iajb", ("O", "V", "V"), "m"),
}

#: Cases that are contractions once their functions are known.
AS_CONTRACTION = {
    "L2_hess_comp": ("qa,qb->ab", ("V", "V")),
    "L2w_hess_comp": ("iq,qa,qb->iab", ("O", "V", "V")),
}

#: Coefficients that the einsum leaves out.
DOUBLED = {"S2_dense", "S2_comp", "L2_hess", "L2w_hess"} | set(AS_CONTRACTION)


def numpy_einsum(spec: str, arrays: list[Array], data: Data) -> Call:
    """`np.einsum` with its own path, found beforehand."""
    path = np.einsum_path(spec, *arrays, optimize="optimal")[0]
    return lambda: np.einsum(spec, *arrays, optimize=path)


def opt_einsum_dp(spec: str, arrays: list[Array], data: Data) -> Call:
    """An opt_einsum expression, its path by dynamic programming."""
    import opt_einsum

    shapes = [array.shape for array in arrays]
    run = opt_einsum.contract_expression(spec, *shapes, optimize="dp")
    return lambda: run(*arrays)


def opt_einsum_auto(spec: str, arrays: list[Array], data: Data) -> Call:
    """An opt_einsum expression, with the path it takes by itself."""
    import opt_einsum

    shapes = [array.shape for array in arrays]
    run = opt_einsum.contract_expression(spec, *shapes)
    return lambda: run(*arrays)


def cotengra(spec: str, arrays: list[Array], data: Data) -> Call:
    """A cotengra expression, with an optimal path."""
    import cotengra

    shapes = [array.shape for array in arrays]
    run = cotengra.einsum_expression(spec, *shapes, optimize="optimal")
    return lambda: run(*arrays)


def jax_einsum(spec: str, arrays: list[Array], data: Data) -> Call:
    """`jnp.einsum` under jit, with an optimal path."""
    import jax.numpy as jnp

    from .jax_forms import compiled

    def form(*operands: Array) -> Array:
        return jnp.einsum(spec, *operands, optimize="optimal")

    return compiled(form, arrays, data.device)


def torch_einsum(spec: str, arrays: list[Array], data: Data) -> Call:
    """`torch.einsum`, which orders by opt_einsum."""
    import torch

    from .torch_forms import moved

    tensors = moved(arrays, data)
    return lambda: torch.einsum(spec, *tensors)


#: The engines: their name, column, the module they need.
ENGINES: tuple[tuple[str, str, str, Engine], ...] = (
    ("einsum", "np.einsum", "numpy", numpy_einsum),
    ("oe_dp", "opt_einsum", "opt_einsum", opt_einsum_dp),
    ("oe_auto", "opt_einsum", "opt_einsum", opt_einsum_auto),
    ("ctg", "cotengra", "cotengra", cotengra),
    ("jax_einsum", "JAX closed form", "jax", jax_einsum),
    ("torch_einsum", "torch closed", "torch", torch_einsum),
)


def rivals() -> list[Rival]:
    """Every einsum case in every engine that is installed."""
    engines = [engine for engine in ENGINES if find_spec(engine[2])]
    return [
        Rival(case.name, name, column, make)
        for case in CASES.values()
        for name, column, _, engine in engines
        if (make := maker(case, engine))
    ]


def maker(case: Case, engine: Engine) -> Callable[[Data], Call] | None:
    """How an engine prepares a case, if it is an einsum."""
    if case.name in WITH_DELTA:
        return lambda data: with_delta(case.name, engine, data)
    spec, operands = AS_CONTRACTION.get(case.name, (case.spec, case.operands))
    if not spec:
        return None

    def make(data: Data) -> Call:
        arrays = [data.arrays[name] for name in operands]
        if case.name in DOUBLED:
            arrays[0] = 2 * arrays[0]
        return engine(spec, arrays, data)

    return make


def with_delta(name: str, engine: Engine, data: Data) -> Call:
    """The delta is an operand that was built before: what an einsum user writes."""
    spec, operands, size = WITH_DELTA[name]
    factor = 2 if name in DOUBLED else 1
    delta = factor * np.eye(data.sizes[size], dtype=data.dtype)
    return engine(spec, [delta, *(data.arrays[o] for o in operands)], data)
