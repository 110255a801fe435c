"""Numerical and symbolic verification: are two expressions the same function?

`compare` first asks structure, which is certain; then it looks for a witness, random
arrays on which the two differ, which is certain too; otherwise it says it does not
know.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import times
>>> x, y = tensor("x", ("n",)), tensor("y", ("n",))
>>> compare(times(x, y), times(y, x)), compare(x, y)
(True, False)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from .errors import IndexCalcError
from .evaluate import evaluate
from .kernels import unknown_label
from .nodes import Call, Einsum, Node, toposort, variables
from .pairwise import Array
from .simplify import same
from .sizes import Size, names_in, value_of

DRAWS = 3
TOLERANCE = 1e-6


def compare(a: Node, b: Node) -> bool | None:
    """True: equal after simplification. False: a witness shows a difference. None: no
    proof and no witness was found."""
    verdict = same(a, b)
    if verdict is not None:
        return verdict
    return False if witness(a, b) is not None else None


def witness(a: Node, b: Node, draws: int = DRAWS) -> dict[str, Array] | None:
    """Arrays on which the two differ beyond rounding, or None."""
    for seed in range(draws):
        values, sizes = sample(a, b, seed=seed)
        functions = smooth_functions(a, b)
        leaves = list(variables(a, b).values())
        try:
            with np.errstate(all="ignore"):
                left = evaluate(a, values, sizes, functions, leaves)
                right = evaluate(b, values, sizes, functions, leaves)
        except IndexCalcError:
            continue
        if not (np.isfinite(left).all() and np.isfinite(right).all()):
            continue
        if left.size and np.abs(left - right).max() > TOLERANCE * (
            1 + np.abs(left).max()
        ):
            return values
    return None


def sample(*roots: Node, seed: int = 0) -> tuple[dict[str, Array], dict[str, int]]:
    """Random arrays for every variable, and a value for every size name.

    Entries lie between 1/2 and 3/2 in the even draws, so that logarithms and roots are
    defined, and around zero in the odd ones; square matrices are kept invertible.
    """
    rng = np.random.default_rng(seed)
    names = sorted({name for size in _sizes(*roots) for name in names_in(size)})
    sizes = {name: 2 + (k + seed) % 3 for k, name in enumerate(names)}
    values = {}
    for name, leaf in variables(*roots).items():
        shape = tuple(value_of(size, sizes) for size in leaf.shape)
        values[name] = _drawn(rng, shape, leaf.structure, positive=seed % 2 == 0)
    return values, sizes


def _sizes(*roots: Node) -> list[Size]:
    found: list[Size] = []
    for node in toposort(*roots):
        found += node.shape
        if isinstance(node, Einsum):
            found += node.dims
    return found


def _drawn(
    rng: np.random.Generator, shape: tuple[int, ...], structure: str, *, positive: bool
) -> Array:
    array = rng.uniform(0.5, 1.5, shape)
    if not positive and structure != "positive":
        array = rng.normal(size=shape)
    if len(shape) == 2 and shape[0] == shape[1]:
        array = array + shape[0] * np.eye(shape[0])
        if structure in _STRUCTURES:
            array = _STRUCTURES[structure](array)
    return array


def _orthogonal(a: Array) -> Array:
    return np.asarray(np.linalg.qr(a)[0])


def _toeplitz(a: Array) -> Array:
    n = len(a)
    i, j = np.indices((n, n))
    return np.asarray(np.concatenate([a[0], a[:, 0]])[(j - i) % (2 * n)])


_STRUCTURES: dict[str, Callable[[Array], Array]] = {
    "symmetric": lambda a: a + a.T,
    "pd": lambda a: a @ a.T + np.eye(len(a)),
    "diagonal": lambda a: np.diag(np.diag(a)),
    "skew": lambda a: a - a.T,
    "lower": np.tril,
    "upper": np.triu,
    "orthogonal": _orthogonal,
    "toeplitz": _toeplitz,
}


def smooth_functions(*roots: Node) -> Mapping[str, Callable[..., Any]]:
    """A value for every unknown function and derivative in the roots, consistently:
    f(x, …) = sin(x + 2·… + 1)."""
    found = {}
    for node in toposort(*roots):
        if isinstance(node, Call) and node.function == "unknown":
            name, orders = node.params
            found[unknown_label(name, orders)] = partial(_wave, name, orders)
    return found


def _wave(name: str, orders: tuple[int, ...], *args: Array) -> Any:
    phase = 1 + sum(name.encode()) % 7
    angle = sum((k + 1) * arg for k, arg in enumerate(args)) + phase
    weight = np.prod([(k + 1.0) ** order for k, order in enumerate(orders)])
    return weight * np.sin(angle + sum(orders) * np.pi / 2)
