"""Products that are symmetric by themselves, as calls that do half the work.

Xᵀ Diag(d) X becomes `gram(X, d)`, a symmetric rank-k product; Σ_j O_ij V_ja V_jb is
computed for a ≤ b only, from the `halves` of V's products with itself. For NumPy, whose
BLAS has the routine; other libraries' compilers are given the plain product.

>>> from indexcalc.expr import einsum, tensor
>>> X, d = tensor("X", (300, 200)), tensor("d", (300,))
>>> hessian = einsum([(X, [0, 1]), (d, [0]), (X, [0, 2])], [1, 2])
>>> with_symmetry(hessian, lambda size: size).function
'gram'
"""

from __future__ import annotations

from itertools import combinations
from math import prod

from ..expr import call_node, einsum
from ..nodes import Call, Einsum, Node, toposort
from ..sizes import Size, triangle
from ..substitute import rebuilt
from .pairs import Lengths
from .parts import OPERAND_LIMIT

#: From which extents a symmetric product pays.
LEAST_ROWS, LEAST_COLUMNS = 32, 32

#: Floating point operations a second, and entries of a triangle spread a second.
FLOPS, SPREAD = 1e11, 1.5e9


def with_symmetry(root: Node, length: Lengths) -> Node:
    """The expression with such products called by name, where it pays."""
    done: dict[Node, Node] = {}
    for node in toposort(root):
        new = rebuilt(node, done)
        if isinstance(new, Einsum) and len(new.operands) <= OPERAND_LIMIT:
            new = _gram(new, length) or _halved(new, length) or new
        done[node] = new
    return done[root]


def _shown(node: Einsum) -> set[int]:
    return {i for axis in node.out for i in axis}


def _gram(node: Einsum, length: Lengths) -> Node | None:
    """Two equal matrices joined along k, and weights on k alone."""
    shown = _shown(node)
    for one, two in combinations(range(len(node.operands)), 2):
        (x, left), (y, right) = node.operands[one], node.operands[two]
        if x is not y or len(left) != 2 or len({*left, *right}) != 3:
            continue
        for axis in (0, 1):
            k, i, j = left[axis], left[1 - axis], right[1 - axis]
            rest = [r for o, r in enumerate(node.operands) if o not in (one, two)]
            apart = {i, j}.isdisjoint(a for _, legs in rest for a in legs)
            fits = right[axis] == k and k not in shown and i in shown and j in shown
            weights = [r for r in rest if k in r[1]]
            alone = all(set(legs) == {k} for _, legs in weights)
            if fits and apart and alone and weights and _large(node, k, i, length):
                others = [r for r in rest if k not in r[1]]
                return _as_gram(node, x, axis, (k, i, j), weights, others)
    return None


def _large(node: Einsum, k: int, i: int, length: Lengths) -> bool:
    rows, columns = length(node.dims[k]), length(node.dims[i])
    return rows >= LEAST_ROWS and columns >= LEAST_COLUMNS


def _as_gram(
    node: Einsum,
    x: Node,
    axis: int,
    labels: tuple[int, int, int],
    weights: list[tuple[Node, tuple[int, ...]]],
    others: list[tuple[Node, tuple[int, ...]]],
) -> Node:
    k, i, j = labels
    upright = einsum([(x, [0, 1])], [axis, 1 - axis])
    d = einsum([(e, [0] * len(legs)) for e, legs in weights], [0])
    n = node.dims[i]
    product = call_node("gram", [upright, d], (n, n))
    dims = {a: size for a, size in enumerate(node.dims) if a != k}
    return einsum([(product, [i, j]), *others], node.out, dims)


def _halved(node: Einsum, length: Lengths) -> Node | None:
    """A vector's products with itself, v_ja v_jb, among other factors on j."""
    shown = _shown(node)
    for one, two in combinations(range(len(node.operands)), 2):
        (x, left), (y, right) = node.operands[one], node.operands[two]
        if x is not y or len(left) != len(set(left)) or len(node.operands) < 3:
            continue
        places = [p for p in range(len(left)) if left[p] != right[p]]
        if len(places) != 1 or len({*left, *right}) != len(left) + 1:
            continue
        a, b = left[places[0]], right[places[0]]
        rest = [r for o, r in enumerate(node.operands) if o not in (one, two)]
        apart = {a, b}.isdisjoint(i for _, legs in rest for i in legs)
        joined = [i for i in left if i != a]
        bound = [i for i in joined if i not in shown]
        both = apart and a in shown and b in shown and bound
        if both and _pays(node, a, joined, length):
            return _as_halves(node, x, places[0], (a, b), joined, rest, length)
    return None


def _pays(
    node: Einsum,
    a: int,
    joined: list[int],
    length: Lengths,
) -> bool:
    """Whether half of the product costs less than making the products of the vector
    with itself and spreading the triangle again."""
    n = length(node.dims[a])
    if n <= 2:
        return False
    shown = _shown(node)
    summed = prod(length(node.dims[i]) for i in joined if i not in shown)
    made = 3 * prod(length(node.dims[i]) for i in joined) * n * (n + 1) / 2
    entries = prod(length(node.dims[i]) for i in shown)
    saved = 2 * entries * summed * (1 - (n + 1) / (2 * n)) / FLOPS
    return saved > (entries + made) / SPREAD + 20e-6


def _as_halves(
    node: Einsum,
    x: Node,
    place: int,
    pair: tuple[int, int],
    joined: list[int],
    rest: list[tuple[Node, tuple[int, ...]]],
    length: Lengths,
) -> Node:
    a, b = pair
    n = node.dims[a]
    half = triangle(n)
    axes = [k for k in range(len(x.shape)) if k != place] + [place]
    upright = einsum([(x, list(range(len(x.shape))))], axes)
    lead: tuple[Size, ...] = upright.shape[:-1]
    products = call_node("halves", [upright], (*lead, half))
    h = len(node.dims)
    dims = {i: s for i, s in enumerate(node.dims) if i not in pair} | {h: half}
    shown = list(dict.fromkeys(i for axis in node.out for i in axis))
    outer = [i for i in shown if i not in pair]
    rows = [(products, [*joined, h]), *rest]
    again = einsum(rows, [h, *outer], dims)
    again = (_halved(again, length) if isinstance(again, Einsum) else None) or again
    if isinstance(again, Call):  # spread along its last axis: this one is the first
        spread = call_node("unhalved", [again], (n, n, *again.shape[1:]), (0,))
        legs = [a, b, *outer]
    else:
        inner = einsum(rows, [*outer, h], dims)
        spread = call_node("unhalved", [inner], (*inner.shape[:-1], n, n), (-1,))
        legs = [*outer, a, b]
    kept = {i: s for i, s in enumerate(node.dims) if i in shown}
    return einsum([(spread, legs)], node.out, kept)
