"""Well-known functions recognised in what differentiation leaves behind.

1/(1+exp(−u)) is sigmoid(u), exp(x)/Σexp(x) is softmax(x), √Σx² is ‖x‖. Each rule is an
identity wherever its left side is defined; `recognised` applies them bottom up.

>>> from indexcalc.expr import linear, tensor
>>> from indexcalc.functions import call, ones, power
>>> x = tensor("x", ("n",))
>>> below = linear([(ones(x.shape), 1), (call("exp", [x]), 1)], x.shape)
>>> recognised(power(below, -1)).function
'sigmoid'
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

from .coefficients import multiply, plus
from .expr import einsum, linear, scale
from .functions import call, ones, power
from .matrix import is_levicivita
from .nodes import Call, Einsum, Node, Sum, Tensor, toposort
from .simplify import fuse
from .substitute import rebuilt


def recognised(root: Node) -> Node:
    """The node with every recognised function said by its name, fused again."""
    return rewritten(named(root), _slope_of_sigmoid)


def named(root: Node) -> Node:
    """The node with every recognised function said by its name."""
    return rewritten(root, _recognised)


def rewritten(root: Node, rule: Callable[[Node], Node]) -> Node:
    """A rule applied bottom up; the node itself where it never applies."""
    memo: dict[Node, Node] = {}
    changed = False
    for node in toposort(root):
        fresh = rebuilt(node, memo)
        found = rule(fresh)
        changed = changed or found is not fresh
        memo[node] = found
    return fuse(memo[root]) if changed else root


def _recognised(node: Node) -> Node:
    match node:
        case Call(function="power"):
            return _power(node)
        case Einsum():
            return _product(node)
        case Sum():
            return _complement(node)
        case _:
            return node


def _complement(node: Sum) -> Node:
    """1 − sigmoid(v) is sigmoid(−v), s − s² with s = sigmoid(v) is s·sigmoid(−v), and
    multiples of them."""
    if (slope := _difference_of_powers(node)) is not None:
        return slope
    unit = ones(node.shape)
    if len(node.terms) != 2 or unit not in dict(node.terms):
        return node
    ((other, c),) = [(e, c) for e, c in node.terms if e is not unit]
    sigmoid = isinstance(other, Call) and other.function == "sigmoid"
    if not sigmoid or not isinstance(other, Call) or dict(node.terms)[unit] != -c:
        return node
    return scale(-c, call("sigmoid", [scale(-1, other.args[0])]))


def _difference_of_powers(node: Sum) -> Node | None:
    """s^(p+1) − s^p as −s^p·sigmoid(−v), s = sigmoid(v)."""
    if len(node.terms) != 2 or node.terms[0][1] != -node.terms[1][1]:
        return None
    (low, c), (high, _) = sorted(node.terms, key=lambda term: _base(term[0])[1])
    (s, p), (other, q) = _base(low), _base(high)
    if s is not other or q != p + 1 or p < 1:
        return None
    if not isinstance(s, Call) or s.function != "sigmoid":
        return None
    against = call("sigmoid", [scale(-1, s.args[0])])
    axes = tuple(range(len(node.shape)))
    rows = [(power(s, p), axes), (against, axes)]
    return scale(c, einsum(rows, axes, dict(enumerate(node.shape))))


def _slope_of_sigmoid(node: Node) -> Node:
    """sigmoid(v)·sigmoid(−v) said as sigmoid(v)·(1 − sigmoid(v))."""
    if not isinstance(node, Einsum):
        return node
    rows = list(node.operands)
    for e, legs in rows:
        if not isinstance(e, Call) or e.function != "sigmoid":
            continue
        (v,) = e.args
        against = call("sigmoid", [scale(-1, v)])
        if _begins_with_minus(v) or (against, legs) not in rows:
            continue
        rest = linear([(ones(e.shape), 1), (e, -1)], e.shape)
        swapped = [(rest, legs) if row == (against, legs) else row for row in rows]
        return einsum(swapped, node.out, dict(enumerate(node.dims)))
    return node


def _begins_with_minus(node: Node) -> bool:
    if not isinstance(node, Sum) or not node.terms:
        return False
    c = node.terms[0][1]
    return not isinstance(c, complex) and c < 0


def _power(node: Call) -> Node:
    """A negative power of 1 + exp(v), any half power of Σx²."""
    (base,), (p,) = node.args, node.params
    logit = one_plus_exp(base)
    if logit is not None and isinstance(p, int) and p < 0:
        return power(call("sigmoid", [scale(-1, logit)]), -p)
    squared = _square_norm(base)
    if squared is not None and isinstance(p, Fraction) and p.denominator == 2:
        norm = call("norm2", [squared], (len(squared.shape),))
        return power(norm, multiply(2, p))
    return node


def one_plus_exp(node: Node) -> Node | None:
    """The v of 1 + exp(v), whichever way the 1 is spread."""
    if not isinstance(node, Sum) or len(node.terms) != 2:
        return None
    unit = ones(node.shape)
    others = [(e, c) for e, c in node.terms if e is not unit]
    if len(others) != 1 or any(c != 1 for _, c in node.terms):
        return None
    return exponent(others[0][0])


def exponent(node: Node) -> Node | None:
    """The v of exp(v)."""
    if isinstance(node, Call) and node.function == "exp":
        return node.args[0]
    return None


def _square_norm(node: Node) -> Node | None:
    """The x of Σx², over all its entries."""
    if not isinstance(node, Einsum) or node.out or len(node.operands) != 1:
        return None
    inner, legs = node.operands[0]
    if len(set(legs)) != len(legs) or len(legs) != len(node.dims) or not legs:
        return None
    if isinstance(inner, Call) and inner.function == "power" and inner.params[0] == 2:
        return inner.args[0]
    return None


def _product(node: Einsum) -> Node:
    """exp(v)·sigmoid(−v) is sigmoid(v); exp(x)·(Σexp(x))⁻¹ is softmax(x); the cofactors
    over the determinant are the transposed inverse."""
    rows = list(node.operands)
    if (crossed := _two_crosses(node)) is not None:
        return crossed
    if (summed := _whole_softmax(node)) is not None:
        return summed
    if (inverted := _over_determinant(node)) is not None:
        return inverted
    for o, (e, legs) in enumerate(rows):
        v, q = exponent(_base(e)[0]), _base(e)[1]
        if v is None or q < 1:
            continue
        found = _with_sigmoid(rows, o, v, legs)
        if found is None and q == 1:
            found = _with_total(rows, o, v, legs)
        if found is not None:
            return einsum(found, node.out, dict(enumerate(node.dims)))
    return node


Rows = list[tuple[Node, tuple[int, ...]]]


def _with_sigmoid(rows: Rows, o: int, v: Node, legs: tuple[int, ...]) -> Rows | None:
    """exp(v)^q · sigmoid(−v)^p with sigmoid(v) in the place of as many pairs as there
    are."""
    against = call("sigmoid", [scale(-1, v)])
    exponential, q = _base(rows[o][0])
    for k, (e, places) in enumerate(rows):
        base, p = _base(e)
        if base is against and p >= 1 and places == legs:
            pairs = min(p, q)
            left = [(exponential, q - pairs), (base, p - pairs)]
            more = [(power(f, r), legs) for f, r in left if r]
            kept = [row for j, row in enumerate(rows) if j not in (o, k)]
            return [*kept, *more, (power(call("sigmoid", [v]), pairs), legs)]
    return None


def _base(node: Node) -> tuple[Node, int]:
    if isinstance(node, Call) and node.function == "power":
        p = node.params[0]
        return node.args[0], p if isinstance(p, int) else 0
    return node, 1


def _whole_softmax(node: Einsum) -> Node | None:
    """Σ_i softmax(x)_i = 1, where nothing else has the index."""
    out = {i for axis in node.out for i in axis}
    for o, (e, legs) in enumerate(node.operands):
        if not isinstance(e, Call) or e.function != "softmax" or len(legs) != 1:
            continue
        (i,) = legs
        if i in out or sum(i in places for _, places in node.operands) > 1:
            continue
        rows = [row for k, row in enumerate(node.operands) if k != o]
        dims = {k: n for k, n in enumerate(node.dims) if k != i}
        return einsum(rows, node.out, dims)
    return None


def _two_crosses(node: Einsum) -> Node | None:
    """ε_kab ε_kcd = δ_ac δ_bd − δ_ad δ_bc, for the first two ε that share an index that
    nothing else has."""
    crosses = [
        o for o, (e, _) in enumerate(node.operands) if e.order == 3 and is_levicivita(e)
    ]
    out = {i for axis in node.out for i in axis}
    for first, second in combinations(crosses, 2):
        one, two = node.operands[first][1], node.operands[second][1]
        shared = [i for i in one if i in two and i not in out]
        counts = [sum(legs.count(i) for _, legs in node.operands) for i in shared]
        if not shared or counts[0] != 2 or len({*one}) < 3 or len({*two}) < 3:
            continue
        (a, b), (c, d) = _after(one, shared[0]), _after(two, shared[0])
        kept = [row for o, row in enumerate(node.operands) if o not in (first, second)]
        delta = einsum([], [0, 0], {0: node.dims[a]})
        dims = {i: n for i, n in enumerate(node.dims) if i != shared[0]}
        terms = []
        for sign, pairs in ((1, ((a, c), (b, d))), (-1, ((a, d), (b, c)))):
            rows = [*kept, *((delta, pair) for pair in pairs)]
            terms.append((einsum(rows, node.out, dims), sign))
        return linear(terms, node.shape)
    return None


def _after(legs: tuple[int, ...], i: int) -> tuple[int, int]:
    """The other two indices of ε, in cyclic order after i."""
    k = legs.index(i)
    return legs[(k + 1) % 3], legs[(k + 2) % 3]


def _over_determinant(node: Einsum) -> Node | None:
    """The cofactors of X, and their derivative, times det(X)^p with negative p, by X⁻¹:
    C_ij = det(X) K_ji, and ∂C_ij/∂X_kl = det(X) (K_ji K_lk − K_jk K_li)."""
    rows = list(node.operands)
    dims = dict(enumerate(node.dims))
    for o, (e, legs) in enumerate(rows):
        if not isinstance(e, Call) or e.function != "cofactors" or e.params[0] > 2:
            continue
        rest = _less_determinant(rows, o, e.args[0])
        if rest is None:
            continue
        inverse = call("inv", e.args)
        terms = [
            (
                einsum([*rest, *((inverse, pair) for pair in pairs)], node.out, dims),
                sign,
            )
            for sign, pairs in _pairs(legs)
        ]
        more = [(_product(t) if isinstance(t, Einsum) else t, c) for t, c in terms]
        return linear(more, node.shape)
    return None


def _pairs(legs: tuple[int, ...]) -> list[tuple[int, list[tuple[int, int]]]]:
    """The legs of the inverses in each term, with its sign."""
    if len(legs) == 2:
        return [(1, [(legs[1], legs[0])])]
    i, j, k, m = legs
    return [(1, [(j, i), (m, k)]), (-1, [(j, k), (m, i)])]


def _less_determinant(rows: Rows, o: int, matrix: Node) -> Rows | None:
    """All factors but one, with det(X)^p for p ≤ −1 among them as det(X)^(p+1)."""
    determinant = fuse(call("det", [matrix]))
    base, unit = _raised(determinant)
    for k, (other, places) in enumerate(rows):
        found, q = _raised(other)
        if found is not base or places or abs(unit) != 1 or q * unit > -1:
            continue
        kept = [row for j, row in enumerate(rows) if j not in (o, k)]
        left = plus(q * unit, 1)
        return [*kept, (power(determinant, left), ())] if left else kept
    return None


def _raised(node: Node) -> tuple[Node, int | Fraction]:
    """A base and its rational exponent."""
    if isinstance(node, Call) and node.function == "power":
        p = node.params[0]
        return (node.args[0], p) if isinstance(p, (int, Fraction)) else (node, 1)
    return node, 1


def _with_total(rows: Rows, o: int, v: Node, legs: tuple[int, ...]) -> Rows | None:
    """exp(v) over the sum of it along one of its axes."""
    if isinstance(v, Tensor) and v.array is not None:
        return None
    axes = list(range(len(v.shape)))
    for along in reversed(axes):
        kept_axes = [k for k in axes if k != along]
        whole = einsum([(call("exp", [v]), axes)], kept_axes)
        others = tuple(legs[k] for k in kept_axes)
        for k, (e, places) in enumerate(rows):
            base, p = _base(e)
            if base is whole and p <= -1 and places == others:
                kept = [row for j, row in enumerate(rows) if j not in (o, k)]
                rest = [(power(base, p + 1), places)] if p < -1 else []
                last = einsum([(v, axes)], [*kept_axes, along])
                share = call("softmax", [last]), (*others, legs[along])
                return [*kept, *rest, share]
    return None
