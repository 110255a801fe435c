"""Productions for functions of a whole matrix: series, roots, eigenvalues, factors.

Arguments are made tame: norms of a few units for what has a power series, near 2I for
roots and logarithms, near 1, 2, 3, … on the diagonal where eigenvalues must be apart.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.random_trees.builder import Builder
from tests.random_trees.nodes import (
    PRODUCT,
    SCALAR,
    SUM,
    Node,
    Type,
    column,
    matrix,
)
from tests.random_trees.production import (
    PRODUCTIONS,
    Production,
    expression,
    filled_type,
    is_square,
)

Prepare = Callable[[Builder, Node], Node]

# -- arguments -------------------------------------------------------------------------


def small(b: Builder, u: Node) -> Node:
    """`u`, of norm 1.5 at most."""
    return b.tame(u, 1.5)


def near_two(b: Builder, u: Node) -> Node:
    """2I and something of norm 0.9 at most."""
    u = b.tame(u, 0.9)
    two = b.infix(
        "*",
        PRODUCT,
        u.type,
        "multiply",
        b.number("2"),
        b.eye(u.type.sizes[0]),
        "* scalar",
    )
    return b.infix("+", SUM, u.type, "add", u, two)


def apart(b: Builder, u: Node) -> Node:
    """A variable with 1, 2, 3, … on its diagonal, and something of norm 0.3 at most."""
    dims = b.dims(u.type)
    diagonal = np.zeros(dims)
    places = np.arange(min(dims))
    diagonal[places, places] = places + 1.0
    noise = b.rng.uniform(-0.05, 0.05, dims)
    base = b.variable(u.type, diagonal + noise)
    return b.infix("+", SUM, u.type, "add", base, b.tame(u, 0.3))


# -- productions -----------------------------------------------------------------------


def _of(name: str, prepare: Prepare, result: Callable[[Type], Type]) -> Production:
    def build(b: Builder, u: Node) -> Node:
        a = prepare(b, u)
        return b.bounded(b.call(name, result(u.type), a), 20.0)

    rectangular = name in RECTANGULAR

    def accepts(b: Builder, t: Type) -> bool:
        tall = name != "svdvals" or _certainly_tall(t)
        filled = prepare is not apart or filled_type(b, t)
        return filled and tall and (rectangular or is_square(b, t))

    return Production(f"{name}()", "m", build, accepts, 0.3, rare=True)


def _certainly_tall(t: Type) -> bool:
    """Whether there are as many rows as columns for all that the sizes say."""
    m, n = t.sizes
    return m == n or (m.literal and n.literal and m.value({}) >= n.value({}))


def _along(name: str, prepare: Prepare) -> Production:
    """D f(A)[E]."""

    def build(b: Builder, u: Node) -> Node:
        e = b.bounded(expression(b, u.type, int(b.rng.integers(0, 2))), 3.0)
        return b.bounded(b.call(f"frechet_{name}", u.type, prepare(b, u), e), 20.0)

    label = f"frechet_{name}()"
    return Production(label, "m", build, is_square, 0.2, rare=True)


def _same(t: Type) -> Type:
    return t


def _turned(t: Type) -> Type:
    return matrix(*t.sizes[::-1])


def _column(t: Type) -> Type:
    return column(t.sizes[-1])


def _number(t: Type) -> Type:
    return SCALAR


RECTANGULAR = ("pinv", "svdvals", "polar", "norm_spectral", "norm_nuclear")
PRIMARY: dict[str, Prepare] = {
    "expm": small,
    "sinm": small,
    "cosm": small,
    "logm": near_two,
    "sqrtm": near_two,
}
RESULTS: dict[str, Callable[[Type], Type]] = {
    "cholesky": _same,
    "eigenvectors": _same,
    "eigvalsh": _column,
    "eigmax": _number,
    "eigmin": _number,
    "eigmax_vector": _column,
    "pinv": _turned,
    "svdvals": _column,
    "polar": _same,
    "norm_spectral": _number,
    "norm_nuclear": _number,
}

PRODUCTIONS += [
    *(_of(name, prepare, _same) for name, prepare in PRIMARY.items()),
    *(_of(name, apart, result) for name, result in RESULTS.items()),
    *(_along(name, prepare) for name, prepare in PRIMARY.items()),
]
