"""Productions with the matrices between vec and vech, open constants, unknown g(x, y).

The symbolic number n(n+1)/2 is no size here, so what has it is reduced or multiplied
away at once.
"""

from __future__ import annotations

from tests.random_trees.builder import TIMES, Builder
from tests.random_trees.functions import relabelled
from tests.random_trees.nodes import (
    PRODUCT,
    SCALAR,
    SUM,
    Form,
    Node,
    Type,
    column,
    matrix,
    size,
)
from tests.random_trees.production import (
    PRODUCTIONS,
    Production,
    either_way,
    is_square,
    partner,
)


def _half_vector(b: Builder, u: Node) -> Node:
    """vech(A), known only here."""
    n = b.dims(u.type)[0]
    return b.unshared(b.call("vech", column(size(n * (n + 1) // 2)), u))


def _reduced_vech(b: Builder, u: Node) -> Node:
    name = b.pick(["sum", "normsq", "norm2"])
    half = _half_vector(b, b.off_kink(u))
    return relabelled(b, b.call(name, SCALAR, half), "vech() symbolic")


def _placing(b: Builder, name: str, u: Node) -> Node:
    """duplication(n) or elimination(n), known only here."""
    n, value = u.type.sizes[0], b.dims(u.type)[0]
    half = size(value * (value + 1) // 2)
    sizes = (n * n, half) if name == "duplication" else (half, n * n)
    node = b.constant(f"{name}(n)", f"{name}({n})", matrix(*sizes), name, n=value)
    return b.unshared(node)


def _duplicated(b: Builder, u: Node) -> Node:
    """D vech(A), the vec of a symmetric matrix."""
    d, n = _placing(b, "duplication", u), u.type.sizes[0]
    pair = (d, _half_vector(b, u))
    return b.infix("*", PRODUCT, column(n * n), "product", *pair, "* matrix-vector")


def _eliminated(b: Builder, u: Node) -> Node:
    """The square of the length of L vec(A)."""
    n, value = u.type.sizes[0], b.dims(u.type)[0]
    long = b.call("vec", column(n * n), u)
    half = column(size(value * (value + 1) // 2))
    pair = (_placing(b, "elimination", u), long)
    part = b.infix("*", PRODUCT, half, "product", *pair, "* matrix-vector")
    return b.call("normsq", SCALAR, b.unshared(part))


def _commuted(b: Builder, u: Node) -> Node:
    """K vec(A), the vec of the transpose."""
    m, n = u.type.sizes
    values = dict(zip("mn", b.dims(u.type), strict=True))
    text, shape = f"commutation({m}, {n})", matrix(m * n, m * n)
    k = b.constant("commutation(m,n)", text, shape, "commutation", **values)
    pair = (k, b.call("vec", column(m * n), u))
    return b.infix("*", PRODUCT, column(m * n), "product", *pair, "* matrix-vector")


def _filled(name: str) -> Production:
    """`u` and `vector(c)` or `matrix(c)`."""

    def build(b: Builder, u: Node) -> Node:
        value = b.pick(["2", "0.5", "3", "0"])
        text, dims = f"{name}({value})", b.dims(u.type)
        node = b.constant(f"{name}(c)", text, u.type, "fill", value=value, shape=dims)
        pair = either_way(b, u, b.unshared(node))
        if b.chance(0.5):
            return b.infix("-", SUM, u.type, "subtract", *pair)
        return b.infix(b.pick(TIMES), PRODUCT, u.type, "multiply", *pair)

    kind = "c" if name == "vector" else "m"
    return Production(f"{name}(c)", kind, build, weight=0.2, rare=True)


def _of_two(b: Builder, u: Node) -> Node:
    """g(u, v): of one shape, or one of them a scalar."""
    other = partner(b, SCALAR if b.chance(0.3) else u.type)
    pair = either_way(b, b.bounded(u, 4.0), b.bounded(other, 4.0))
    b.reserved.add("g")
    form = Form("atom", "g(<0>, <1>)")
    return b.node("g(x, y)", u.type, "g", form, pair)


def _short(b: Builder, t: Type) -> bool:
    return t.square and b.dims(t)[0] <= 3


PRODUCTIONS += [
    Production("vech() symbolic", "m", _reduced_vech, is_square, 0.2, rare=True),
    Production(
        "duplication(n)",
        "m",
        _duplicated,
        _short,
        0.2,
        rare=True,
    ),
    Production(
        "elimination(n)",
        "m",
        _eliminated,
        _short,
        0.2,
        rare=True,
    ),
    Production(
        "commutation(m,n)", "m", _commuted, lambda b, t: b.count(t) <= 9, 0.2, rare=True
    ),
    _filled("vector"),
    _filled("matrix"),
    Production("g(x, y)", "scm", _of_two, weight=0.3, rare=True),
]
