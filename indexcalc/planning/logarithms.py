"""Logarithms of what is made of exponentials, without computing it.

log(eᵃ·Σeᵇ) is a + lse(b), and log(eᵃ + eᵇ) is a + softplus(b − a), where the
exponentials may lie beyond the largest and below the least number there is; so may a
determinant, whose logarithm has a routine of its own. A quotient of exponentials is one
exponential of a difference. Only what is positive for sure is taken apart:
log(1 + b·eᵃ) has a value where b is negative, log b has none.

>>> from indexcalc.expr import tensor
>>> x, y = tensor("x", ("n",)), tensor("y", ("n",))
>>> both = linear([(call("exp", [x]), 1), (call("exp", [y]), 1)], x.shape)
>>> found = logarithm(both)
>>> difference = linear([(y, 1), (x, -1)], y.shape)
>>> found is linear([(x, 1), (call("softplus", [difference]), 1)], x.shape)
True
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from ..coefficients import Number
from ..domains import NONNEGATIVE, POSITIVE, signs
from ..expr import einsum, linear, scale, zero
from ..functions import call, ones, power
from ..nodes import Call, Einsum, Node, Sum, Tensor
from ..sizes import Size
from ..unions import Unions

#: How deep products of sums of products are looked into, and how many terms are added;
#: how many nodes are asked for the sign of one.
DEPTH, TERMS = 6, 8
ASKED = 200
#: By how many axes the exponents together may exceed the largest factor of a product.
MOST_MORE = 1

Row = tuple[Node, tuple[int, ...]]


def logarithm(node: Node) -> Node | None:
    """log of a node without the node, where it is made of exponentials."""
    if isinstance(node, Tensor) or is_constant(node):
        return None
    return _log(node, DEPTH)


def is_constant(node: Node) -> bool:
    """Whether a node is a number, spread."""
    if isinstance(node, Sum):
        return all(is_constant(e) for e, _ in node.terms if not isinstance(e, Sum))
    return isinstance(node, Einsum) and not node.operands


def _log(node: Node, depth: int) -> Node | None:
    if depth == 0:
        return None
    match node:
        case Sum():
            return _log_of_sum(node, depth)
        case Call():
            return _log_of_call(node, depth)
        case Einsum():
            return _log_of_product(node, depth)
    return None


def _has(e: Node, sign: int) -> bool:
    """Whether a sign of every entry is certain."""
    return signs(e, ASKED) & sign == sign


def _constant(c: Number, node: Node) -> Node:
    """log c in every entry of a node's shape."""
    return scale(0.0 if c == 1 else log(c), ones(node.shape))  # type: ignore[arg-type]


def _plus(*nodes: Node) -> Node:
    return linear([(node, 1) for node in nodes], nodes[0].shape)


def _minus(node: Node) -> Node:
    return scale(-1, node)


# -- functions -------------------------------------------------------------------------


def _log_of_call(f: Call, depth: int) -> Node | None:
    match f.function:
        case "exp":
            return f.args[0]
        case "sigmoid":
            return _minus(call("softplus", [_minus(f.args[0])]))
        case "softmax":
            (x,) = f.args
            legs = tuple(range(len(x.shape)))
            return _plus(x, _minus(_spread(call("lse", [x]), legs[:-1], f, legs)))
        case "cosh":
            (v,) = f.args
            bend = call("softplus", [scale(2, v)])
            return _plus(bend, _minus(v), _constant_of(0.5, v))
        case "det":
            return call("logofdet", f.args)
        case "abs":
            return _log_of_size(f.args[0])
        case "power":
            return _log_of_power(f.args[0], f.params[0], depth)
    return None


def _log_of_size(node: Node) -> Node | None:
    """log |det X|."""
    if isinstance(node, Call) and node.function == "det":
        return call("logdet", node.args)
    return None


def _constant_of(c: float, node: Node) -> Node:
    return scale(log(c), ones(node.shape))


def _log_of_power(base: Node, p: Number, depth: int) -> Node | None:
    if isinstance(p, complex):
        return None
    if isinstance(base, Call) and base.function == "det":
        even = isinstance(p, int) and p % 2 == 0
        return scale(p, call("logdet" if even else "logofdet", base.args))
    found = _log(base, depth - 1)
    if found is None or (p % 2 == 0 and not _has(base, NONNEGATIVE)):
        return None
    return scale(p, found)


def _spread(node: Node, legs: Sequence[int], like: Node, out: Sequence[int]) -> Node:
    """A node on some axes of another, spread over the rest."""
    return einsum([(node, legs)], out, dict(enumerate(like.shape)))


# -- sums ------------------------------------------------------------------------------


def _log_of_sum(node: Sum, depth: int) -> Node | None:
    if not 0 < len(node.terms) <= TERMS:
        return None
    parts: list[Node] = []
    for e, c in node.terms:
        if isinstance(c, complex) or c <= 0:
            return None
        inner = zero(e.shape) if e is ones(e.shape) else _log(e, depth - 1)
        if inner is None or (len(node.terms) > 1 and not _has(e, POSITIVE)):
            return None
        parts.append(inner if c == 1 else _plus(inner, _constant(c, e)))
    first = next((k for k, (e, _) in enumerate(node.terms) if e is ones(e.shape)), 0)
    total = parts.pop(first)
    for part in parts:
        total = _plus(total, call("softplus", [_plus(part, _minus(total))]))
    return total


# -- products --------------------------------------------------------------------------


def _log_of_product(node: Einsum, depth: int) -> Node | None:
    """log of a product is the sum of the logs of the factors without a minus sign, and
    the log of the product of the others, which may be positive as a whole."""
    found = _apart(node, depth)
    if found is None:
        return None
    logs, rest = found
    if rest:
        flat = [i for axis in node.out for i in axis]
        dims = {i: node.dims[i] for i in flat}
        left = _log_of_rest(rest, flat, dims, depth)
        if left is None and not logs:
            return None
        whole = einsum(rest, flat, dims)
        logs.append(call("log", [whole]) if left is None else left)
    return _plus(*logs) if logs else None


def _apart(node: Einsum, depth: int) -> tuple[list[Node], list[Row]] | None:
    """The logarithms of factors that have no minus sign, and the other factors."""
    flat = [i for axis in node.out for i in axis]
    if len(set(flat)) < len(flat) or not all(len(axis) == 1 for axis in node.out):
        return None
    summed = [i for i in range(len(node.dims)) if i not in flat]
    size = {i: node.dims[i] for i in flat}
    if summed:
        return _total_apart(node, flat, summed, depth)
    return _factors_apart(node.operands, flat, size, depth)


def _factors_apart(
    rows: Sequence[Row], flat: list[int], size: dict[int, Size], depth: int
) -> tuple[list[Node], list[Row]]:
    logs: list[Node] = []
    rest: list[Row] = []
    for e, legs in rows:
        found = _log(e, depth - 1)
        if found is None or not _has(e, NONNEGATIVE):
            rest.append((e, legs))
        else:
            logs.append(einsum([(found, legs)], flat, size))
    return logs, rest


def _log_of_rest(
    rest: list[Row], flat: list[int], dims: dict[int, Size], depth: int
) -> Node | None:
    """log of a factor, or of a product of determinants."""
    if len(rest) == 1:
        ((e, legs),) = rest
        found = _log(e, depth - 1)
        return None if found is None else einsum([(found, legs)], flat, dims)
    dets = [_odd_det(e) for e, _ in rest]
    matrices = [matrix for matrix in dets if matrix is not None]
    if len(matrices) < len(rest) or not _alike(matrices):
        return None
    return einsum([(_log_of_dets(rest, matrices), ())], flat, dims)


def _raised(e: Node) -> tuple[Node, Number]:
    """The base and the exponent of a node."""
    if isinstance(e, Call) and e.function == "power":
        return e.args[0], e.params[0]
    return e, 1


def _odd_det(e: Node) -> Node | None:
    """The X of det(X)^p with odd p."""
    e, p = _raised(e)
    odd = isinstance(p, int) and p % 2 == 1
    return e.args[0] if odd and isinstance(e, Call) and e.function == "det" else None


def _alike(dets: Sequence[Node]) -> bool:
    return len({matrix.shape for matrix in dets}) < 2


def _log_of_dets(rows: Sequence[Row], matrices: Sequence[Node]) -> Node:
    """log of a product of determinants: of the determinant of the product of their
    matrices, and multiples of log |det| of each."""
    chain = [(matrix, (k, k + 1)) for k, matrix in enumerate(matrices)]
    whole = call("logofdet", [einsum(chain, [0, len(chain)])])
    parts: list[tuple[Node, Number]] = [(whole, 1)]
    for (e, _), matrix in zip(rows, matrices, strict=True):
        _, p = _raised(e)
        if p != 1:
            parts.append((call("logdet", [matrix]), p - 1))
    return linear(parts, ())


def _total_apart(
    node: Einsum, flat: list[int], summed: list[int], depth: int
) -> tuple[list[Node], list[Row]] | None:
    """The logarithms and the other factors of a product with sums, of each part alone
    that no summed index joins to another."""
    size = dict(enumerate(node.dims))
    outside = [row for row in node.operands if not set(row[1]) & set(summed)]
    inside = [row for row in node.operands if set(row[1]) & set(summed)]
    if not set(summed) <= {i for _, legs in inside for i in legs}:
        return None
    parts: list[Row] = []
    rest: list[Row] = []
    for group in _joined(inside, summed):
        kept = [i for i in flat if any(i in legs for _, legs in group)]
        within = [i for i in summed if any(i in legs for _, legs in group)]
        found = _total(group, kept, within, size, depth)
        if found is None:
            outside.append((einsum(group, kept), tuple(kept)))
        else:
            parts += found[0]
            rest += found[1]
    if not parts:
        return None
    shown = {i: size[i] for i in flat}
    logs, left = _factors_apart(outside, flat, shown, depth)
    return [einsum([row], flat, shown) for row in parts] + logs, rest + left


def _joined(rows: Sequence[Row], summed: Sequence[int]) -> list[list[Row]]:
    """The factors in groups that share no summed index."""
    classes = Unions(len(rows))
    for i in summed:
        first, *others = [k for k, (_, legs) in enumerate(rows) if i in legs]
        for k in others:
            classes.join(first, k)
    numbers = classes.all()
    return [
        [row for row, n in zip(rows, numbers, strict=True) if n == number]
        for number in dict.fromkeys(numbers)
    ]


def _total(
    rows: list[Row],
    kept: list[int],
    summed: list[int],
    size: dict[int, Size],
    depth: int,
) -> tuple[list[Row], list[Row]] | None:
    """Σ_i c·r_i·e^{v_i} = c·e^{lse(v)}·Σ_i r_i·softmax(v)_i: lse(v), with the log of
    the sum or, where that may be negative, beside it; None where there is no v, or one
    of many more axes than the factors."""
    axes = [*kept, *summed]
    widest = max(len(set(legs)) for _, legs in rows)
    found = split_exponent(rows, depth)
    if found is None or len(axes) > widest + MOST_MORE:
        return None
    exponents, weights = found
    v = _sum_of_rows(exponents, axes, size)
    whole = einsum([(v, axes)], [*((i,) for i in kept), tuple(summed)])
    parts: list[Row] = [(call("lse", [whole]), tuple(kept))]
    if not weights:
        return parts, []
    legs = (*kept, len(size))
    grouped = _grouped(weights, kept, summed, size)
    share = einsum([(call("softmax", [whole]), legs), (grouped, legs)], kept)
    if _has(share, NONNEGATIVE):
        return [*parts, (call("log", [share]), tuple(kept))], []
    return parts, [(share, tuple(kept))]


def _grouped(
    rows: list[Row], kept: list[int], summed: list[int], size: dict[int, Size]
) -> Node:
    """A product with the axes that are summed as one, the last."""
    dims = {i: size[i] for i in (*kept, *summed)}
    return einsum(rows, [*((i,) for i in kept), tuple(summed)], dims)


def split_exponent(
    rows: Sequence[Row], depth: int = DEPTH
) -> tuple[list[Row], list[Row]] | None:
    """Exponents of the factors that are exponentials, and the other factors; None where
    there is no exponential."""
    exponents: list[Row] = []
    rest: list[Row] = []
    for e, legs in rows:
        found = _exponent(e)
        (rest if found is None else exponents).append(
            (e if found is None else found, legs)
        )
    return (exponents, rest) if exponents else None


def _exponent(e: Node) -> Node | None:
    """p·v of exp(v)^p."""
    e, p = _raised(e)
    if isinstance(e, Call) and e.function == "exp" and not isinstance(p, complex):
        return scale(p, e.args[0])
    return None


def _sum_of_rows(
    rows: Sequence[Row], out: Sequence[int], size: dict[int, Size]
) -> Node:
    dims = {i: size[i] for i in out}
    return _plus(*(einsum([row], out, dims) for row in rows))


# -- quotients -------------------------------------------------------------------------


def quotient(node: Einsum) -> Node | None:
    """eᵃ·(eᵇ + eᶜ)⁻¹ as one exponential of a − log(eᵇ + eᶜ), and the same of sums of
    exponentials in the place of eᵃ."""
    rows = list(node.operands)
    for o, (e, legs) in enumerate(rows):
        below = _below(e)
        if below is None:
            continue
        v, more = below
        others = [row for k, row in enumerate(rows) if k != o]
        for k, (top, places) in enumerate(others):
            if not set(legs) <= set(places) or len(set(places)) < len(places):
                continue
            found = _over(top, v, legs, places)
            if found is not None:
                others[k] = (found, places)
                others += [(f, legs) for f in more]
                return einsum(others, node.out, dict(enumerate(node.dims)))
    return None


def log_below(e: Node) -> Node | None:
    """p·log S of S^p with negative p, where S is a sum of exponentials; also where it
    is said as one exponential already."""
    found = _below(e)
    return found[0] if found and not found[1] else None


def _below(e: Node) -> tuple[Node, list[Node]] | None:
    """The v and the other factors of S^p = e^v·…, whatever the sign of S."""
    if isinstance(e, Call) and e.function == "exp" and _is_small(e.args[0]):
        return e.args[0], []
    base, p = _raised(e)
    if isinstance(p, complex) or p >= 0 or not isinstance(base, (Sum, Einsum)):
        return None
    if _has(base, POSITIVE):
        found = logarithm(base)
        return None if found is None else (scale(p, found), [])
    apart = _apart(base, DEPTH) if isinstance(base, Einsum) else None
    if not isinstance(base, Einsum) or apart is None or not apart[0]:
        return None
    logs, rest = apart
    flat = [i for axis in base.out for i in axis]
    dims = {i: base.dims[i] for i in flat}
    left = einsum(rest, flat, dims) if rest else ones(base.shape)
    return scale(p, _plus(*logs)), [power(left, p)]


def _is_small(v: Node) -> bool:
    """Whether a softplus or lse is taken off in a sum."""
    return isinstance(v, Sum) and any(
        isinstance(e, Call)
        and e.function in ("softplus", "lse")
        and not isinstance(c, complex)
        and c < 0
        for e, c in v.terms
    )


def _over(
    top: Node, below: Node, legs: Sequence[int], places: Sequence[int]
) -> Node | None:
    """A sum of exponentials times the exponential of `below`."""
    terms = top.terms if isinstance(top, Sum) else ((top, 1),)
    if len(terms) > TERMS:
        return None
    local = [places.index(i) for i in legs]
    axes = range(len(places))
    more = einsum([(below, local)], axes, dict(enumerate(top.shape)))
    parts: list[tuple[Node, Number]] = []
    for e, c in terms:
        v = zero(e.shape) if e is ones(e.shape) else _exponent(e)
        if v is None:
            return None
        parts.append((call("exp", [_plus(v, more)]), c))
    return linear(parts, top.shape)


def as_sigmoid(f: Call) -> Node | None:
    """exp(−softplus(w)) is sigmoid(−w), exp(w − softplus(w)) is sigmoid(w); powers of
    them."""
    (v,) = f.args
    if not isinstance(v, Sum):
        return None
    for e, c in v.terms:
        if (
            not isinstance(e, Call)
            or e.function != "softplus"
            or isinstance(c, complex)
        ):
            continue
        rest = linear([(t, k) for t, k in v.terms if t is not e], v.shape)
        w = e.args[0]
        if c < 0 and rest is zero(v.shape):
            return power(call("sigmoid", [_minus(w)]), -c)
        if c < 0 and rest is scale(-c, w):
            return power(call("sigmoid", [w]), -c)
    return None
