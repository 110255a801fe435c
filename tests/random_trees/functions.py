"""Productions for the functions of the language's table."""

from __future__ import annotations

from tests.random_trees.builder import TIMES, Builder, exact
from tests.random_trees.nodes import (
    PRODUCT,
    SCALAR,
    SUM,
    Node,
    Type,
    column,
    matrix,
    row,
    size,
)
from tests.random_trees.production import (
    BOUNDED,
    KINKED,
    POSITIVE,
    PRODUCTIONS,
    Accepts,
    Production,
    either_way,
    filled_type,
    is_square,
    partner,
)

# -- elementwise functions -------------------------------------------------------------


def domain(b: Builder, name: str, u: Node) -> Node:
    """`u`, or something like it in the domain of the function."""
    if name in POSITIVE:
        return b.positive(u)
    if name == "recip":
        return b.nonzero(u)
    u = b.bounded(u, BOUNDED.get(name, 6.0))
    return b.off_kink(u) if name in KINKED else u


def _elementwise(name: str) -> Production:
    def build(b: Builder, u: Node) -> Node:
        return b.call(name, u.type, domain(b, name, u))

    return Production(name + "()", "scrmt", build)


def _extremum(name: str) -> Production:
    def build(b: Builder, u: Node) -> Node:
        with_scalar = u.type != SCALAR and b.chance(0.15)
        other = partner(b, SCALAR if with_scalar else u.type)
        gap = abs(u.value - other.value)
        near = gap < 1e-4
        clean = exact(u) and exact(other) and not (gap[near] != 0).any()
        if near.any() and not clean:
            other = b.shifted(u, "0.37")
        return b.call(name, u.type, *either_way(b, u, other))

    return Production(name + "()", "scrmt", build)


def _at_kink(name: str) -> Production:
    """The function at arrays with zeros, or ties, in them."""

    def build(b: Builder, u: Node) -> Node:
        type_ = u.type if u.type.kind != "row" else column(u.type.sizes[0])
        if b.count(type_) > 20:
            type_ = column(size(3))
        norm = name.startswith("norm")
        scale = 0.0 if norm and b.chance(0.6) else 1.0
        zero = b.variable(type_, b.rng.integers(-1, 2, b.dims(type_)) * scale)
        if norm:
            part = b.call(name, SCALAR, zero)
        elif name in ("max", "min"):
            tied = b.rng.integers(-1, 2, b.dims(type_)) * 1.0
            part = b.call(name, type_, zero, b.variable(type_, tied))
        else:
            part = b.call(name, type_, zero)
        return join(b, u, relabelled(b, part, f"kink of {name}"))

    return Production(f"kink of {name}", "scrm", build, weight=0.1)


def relabelled(b: Builder, node: Node, label: str) -> Node:
    """The node with one more label."""
    labels = (*node.labels, label)
    return b.node(
        labels, node.type, node.operation, node.form, node.children, **node.params
    )


def join(b: Builder, u: Node, part: Node) -> Node:
    """`u` with `part` multiplied in: as it is, or summed."""
    part = part if part.type in (SCALAR, u.type) else b.call("sum", SCALAR, part)
    sign = b.pick(TIMES)
    return b.infix(sign, PRODUCT, u.type, "multiply", *either_way(b, u, part))


# -- reductions and linear algebra -----------------------------------------------------


def _reduction(name: str, kinds: str) -> Production:
    def build(b: Builder, u: Node) -> Node:
        if name == "norm1":
            u = b.off_kink(b.bounded(u, 6.0))
        if name == "norm2" and not exact(u) and abs(u.value).max(initial=0) < 1e-4:
            u = b.shifted(u, "0.37")
        return b.call(name, SCALAR, b.bounded(u, 3.0 if name == "lse" else 8.0))

    nonempty = name in ("mean", "lse")
    accepts: Accepts = filled_type if nonempty else lambda b, t: True
    return Production(name + "()", kinds, build, accepts)


def _square_function(name: str, operation: str = "") -> Production:
    def build(b: Builder, u: Node) -> Node:
        a = b.bounded(u, 8.0)
        if name in ("det", "logdet", "inv", "adj"):
            a = b.conditioned(a)
        type_ = u.type if name in ("inv", "adj") else SCALAR
        if name == "diag":
            type_ = column(u.type.sizes[0])
        node = b.call(name, type_, a, operation=operation)
        if name == "diag":
            return relabelled(b, node, "diag(matrix)")
        return b.bounded(node, 8.0)

    label = "diag(matrix)" if name == "diag" else name + "()"
    return Production(label, "m", build, is_square, 2.0)


def _singular(name: str) -> Production:
    """det and adj where the matrix has no inverse."""

    def build(b: Builder, u: Node) -> Node:
        n = b.size(1)
        x, y = (b.leaf(column(n)) for _ in "xy")
        a = b.infix("*", PRODUCT, matrix(n, n), "outer", x, b.transpose(y), "* outer")
        part = b.call(name, SCALAR if name == "det" else a.type, a)
        return join(b, u, relabelled(b, part, f"{name} of a singular matrix"))

    return Production(f"{name} of a singular matrix", "scm", build, weight=0.1)


def _diagonal(name: str) -> Production:
    def build(b: Builder, u: Node) -> Node:
        n = u.type.sizes[0]
        node = b.call(name, matrix(n, n), u, operation="diagonal_matrix")
        return relabelled(b, node, f"{name}(vector)")

    return Production(f"{name}(vector)", "cr", build)


def _vec(b: Builder, u: Node) -> Node:
    m, n = u.type.sizes
    return b.call("vec", column(m * n), u)


def _literal_square(b: Builder, t: Type) -> bool:
    return t.square and t.sizes[0].literal


def _vech(b: Builder, u: Node) -> Node:
    n = u.type.sizes[0].value({})
    return b.call("vech", column(size(n * (n + 1) // 2)), u)


def _sum0(b: Builder, u: Node) -> Node:
    """`sum0(A)`, a row or a column as may be, where only a row can stand."""
    type_ = row(u.type.sizes[1])
    sums = b.unshared(b.call("sum0", type_, u))
    if b.chance(0.5):
        return b.call(b.pick(["sum", "norm2", "normsq"]), SCALAR, sums)
    pair = either_way(b, sums, partner(b, type_))
    if b.chance(0.5):
        return b.infix("+", SUM, type_, "add", *pair)
    return b.infix(b.pick(TIMES), PRODUCT, type_, "multiply", *pair)


def _sum1(b: Builder, u: Node) -> Node:
    return b.call("sum1", column(u.type.sizes[0]), u)


def _frob(b: Builder, u: Node) -> Node:
    pair = either_way(b, u, partner(b, u.type))
    return b.call("frob", SCALAR, *pair, operation="frobenius")


def _softmax(b: Builder, u: Node) -> Node:
    return b.call("softmax", u.type, b.bounded(u, 3.0))


KINKS = (*KINKED, "max", "min", "norm1", "norm2")
PRODUCTIONS += [
    *(_elementwise(name) for name in (*BOUNDED, *KINKED, *POSITIVE, "recip")),
    *(_extremum(name) for name in ("max", "min")),
    *(_at_kink(name) for name in KINKS),
    *(
        _reduction(n, "crmt")
        for n in ("sum", "mean", "norm1", "norm2", "normsq", "lse")
    ),
    Production("sum0()", "m", _sum0),
    Production("sum1()", "m", _sum1),
    _square_function("tr", "trace"),
    _square_function("trace"),
    *(_square_function(name) for name in ("det", "logdet", "inv", "adj")),
    _square_function("diag", "diagonal"),
    *(_singular(name) for name in ("det", "adj")),
    *(_diagonal(name) for name in ("diag", "Diag")),
    Production("frob()", "m", _frob),
    Production("vec()", "m", _vec),
    Production("vech()", "m", _vech, _literal_square),
    Production("softmax()", "cr", _softmax, filled_type),
]
