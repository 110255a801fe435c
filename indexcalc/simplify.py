"""fuse: from how an expression was written to its canonical form.

`fuse` joins nested contractions into one (union-find contracts every δ and fuses every
copy tensor), adds exponents of equal bases on equal legs, flattens and merges sums, and
applies the laws of `laws`. Sums inside products stay atoms, so results stay factored;
`expansion` also multiplies them out.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract, times
>>> x, y = tensor("x", ("n",)), tensor("y", ("n",))
>>> fuse(times(times(x, y), x)) is fuse(times(y, times(x, x)))
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from .coefficients import Number, content, divide, multiply
from .coefficients import power as number_power
from .domains import is_partial
from .expr import count_lone, einsum, linear, scale, settle, zero
from .functions import call
from .labelling import metered
from .laws import (
    Assumption,
    apply_laws,
    cancel_inverses,
    join_embeddings,
    split_basis,
)
from .network import Network, identity_of, inline, join_bundles
from .nodes import Call, Einsum, Node, Sum, Tensor, Term, one_pass, toposort
from .power_laws import merge_powers, powers_inside, raised_again
from .structure_laws import merge_structures

OPERAND_LIMIT, COPY_LIMIT, SHARED_TERMS = 32, 16, 16

#: A product that is not labelled yet, or a finished node; with its coefficient outside.
Factor: TypeAlias = "tuple[Number, Node | Network]"
Legs: TypeAlias = tuple[int, ...]
Rows: TypeAlias = list[tuple[Node, Legs]]


@dataclass(slots=True)
class Fusion:
    """One run: what has been done, the domain facts it relied on, and the functions met
    that are not defined everywhere."""

    expanding: bool = False
    limit: int = OPERAND_LIMIT
    done: dict[Node, Factor] = field(default_factory=dict)
    assumptions: dict[Assumption, None] = field(default_factory=dict)
    partial: dict[Node, Node] = field(default_factory=dict)


def fuse(root: Node) -> Node:
    """The canonical product form: idempotent, linear in the size of the expression."""
    return fuse_with_assumptions(root)[0]


def fuse_with_assumptions(root: Node) -> tuple[Node, tuple[Assumption, ...]]:
    """The fused node and the domain facts that its simplification used."""
    if root.fused:
        return root, ()
    node, fusion = fused_by(root)
    return node, tuple(fusion.assumptions)


def fused_by(root: Node) -> tuple[Node, Fusion]:
    """The fused node, and the run that fused it."""
    fusion = Fusion()
    return fused_in(fusion, root), fusion


def fused_in(fusion: Fusion, root: Node) -> Node:
    """The fused node, by a run that may have fused parts of it before."""
    if root.fused:
        return root
    with metered(), one_pass():
        node = run(fusion, root)
    fusion.done.setdefault(node, _primitive(node))  # fusing it again changes nothing
    node.fused = True
    return node


def run(fusion: Fusion, root: Node) -> Node:
    """Fuses every node under the root that is not the inside of a longer sum."""
    order = toposort(root, known=fusion.done)
    needed = _needed(order, root)
    for node in order:
        if node in needed:
            fusion.done[node] = _fused(fusion, node)
    return finished(fusion, root)


def _needed(order: list[Node], root: Node) -> set[Node]:
    """All but the sums that occur only inside sums: those are flattened in passing."""
    needed = {root}
    for node in order:
        match node:
            case Tensor():
                needed.add(node)
            case Einsum():
                needed.update(child for child, _ in node.operands)
            case Call():
                needed.update(node.args)
            case Sum():
                needed.update(e for e, _ in node.terms if not isinstance(e, Sum))
    return needed


def finished(fusion: Fusion, node: Node) -> Node:
    """A fused node, coefficient included, sums written flat."""
    coefficient, body = fusion.done[node]
    if isinstance(body, Network):
        body = _labelled(fusion, node)
    if isinstance(body, Sum):
        terms = [(e, multiply(coefficient, c)) for e, c in body.terms]
        return linear(terms, body.shape)
    return scale(coefficient, body)


def _factor(fusion: Fusion, node: Node) -> tuple[Number, Node]:
    """A node fused: its coefficient, and the rest."""
    run(fusion, node)
    return fusion.done[node][0], _labelled(fusion, node)


def _labelled(fusion: Fusion, node: Node) -> Node:
    """The body of a fused node as a node; labelling waits until this is asked."""
    coefficient, body = fusion.done[node]
    if isinstance(body, Network):
        body = settle(body)
        fusion.done[node] = coefficient, body
    return body


def _fused(fusion: Fusion, node: Node) -> Factor:
    match node:
        case Tensor():
            return 1, node
        case Sum():
            return _fused_sum(fusion, node)
        case Call():
            return _fused_call(fusion, node)
        case Einsum():
            return _fused_einsum(fusion, node)


# -- sums ------------------------------------------------------------------------------


def _fused_sum(fusion: Fusion, root: Sum) -> Factor:
    """Nested sums flattened in one pass over their DAG; the content comes out."""
    weights: dict[Node, Number] = {root: 1}
    terms: list[tuple[Node, Number]] = []
    for node in reversed(_sums_under(root, fusion.done)):
        weight = weights[node]
        for child, c in node.terms:
            part = multiply(weight, c)
            if isinstance(child, Sum) and child not in fusion.done:
                weights[child] = weights.get(child, 0) + part
            else:
                terms += _shared_terms(fusion, child, part)
    return _primitive(linear(terms, root.shape))


def _shared_terms(
    fusion: Fusion, child: Node, weight: Number
) -> list[tuple[Node, Number]]:
    """A fused term; a sum that others use too is taken apart only if it is short."""
    coefficient, _ = fusion.done[child]
    body = _labelled(fusion, child)
    weight = multiply(weight, coefficient)
    if isinstance(body, Sum) and len(body.terms) > SHARED_TERMS:
        return [(body, weight)]
    return flat_terms(body, weight)


def _sums_under(root: Sum, done: Mapping[Node, object]) -> list[Sum]:
    """The sums reached from a sum through sums alone that are not fused yet, children
    first."""
    order: list[Sum] = []
    seen: set[Node] = {root}
    stack = [(root, iter(root.terms))]
    while stack:
        node, rest = stack[-1]
        child = next((e for e, _ in rest if isinstance(e, Sum) and e not in seen), None)
        if child is None:
            order.append(node)
            stack.pop()
        elif isinstance(child, Sum) and child not in done:
            seen.add(child)
            stack.append((child, iter(child.terms)))
    return order


def flat_terms(node: Node, weight: Number) -> list[tuple[Node, Number]]:
    if isinstance(node, Sum):
        return [(e, multiply(weight, c)) for e, c in node.terms]
    return [(node, weight)]


def _primitive(node: Node) -> tuple[Number, Node]:
    """A sum with the content of its coefficients, and the first one's sign, outside."""
    if not isinstance(node, Sum):
        return 1, node
    if len(node.terms) == 1:
        return node.terms[0][1], node.terms[0][0]
    common = content([c for _, c in node.terms])
    if common == 1 or not node.terms:
        return 1, node
    terms = [(e, divide(c, common)) for e, c in node.terms]
    return common, linear(terms, node.shape)


# -- calls -----------------------------------------------------------------------------


def _fused_call(fusion: Fusion, node: Call) -> Factor:
    args = tuple(finished(fusion, arg) for arg in node.args)
    fresh: Node = node
    if args != node.args:
        fresh = call(node.function, args, node.params)
    if is_partial(node):
        fusion.partial[node] = fresh
    if node.function == "power" and not (fresh is node and isinstance(args[0], Tensor)):
        return _fused_power(fusion, args[0], node.params[0])
    coefficient, body = apply_laws(fresh, fusion.assumptions)
    if body is not fresh:
        body = run(fusion, body)
    factor, body = _primitive(body)
    return multiply(coefficient, factor), body


def _fused_power(fusion: Fusion, base: Node, exponent: Number) -> tuple[Number, Node]:
    """Integer powers go through coefficients, powers, and products that sum over
    nothing."""
    coefficient, body = _primitive(base)
    whole = isinstance(exponent, int)
    factor = number_power(coefficient, exponent) if whole else None
    if factor is None:
        factor, body = 1, base
    spread = powers_inside(body, exponent, COPY_LIMIT) if whole else None
    if spread is not None:
        more, body = _primitive(run(fusion, spread))
        return multiply(factor, more), body
    raised = raised_again(body, exponent, fusion.assumptions)
    more, raised = apply_laws(raised, fusion.assumptions)
    rest, raised = _primitive(raised)
    return multiply(factor, multiply(more, rest)), raised


# -- products --------------------------------------------------------------------------


def _fused_einsum(fusion: Fusion, node: Einsum) -> Factor:
    net, coefficient = _gathered(fusion, node)
    if coefficient == 0:
        return 1, zero(node.shape)
    _open(fusion, net)
    if split_basis(net) or join_embeddings(net):
        return 1, zero(node.shape)
    facts = fusion.assumptions
    fused, raised = partial(_factor, fusion), partial(_fused_power, fusion)
    while True:
        changed = merge_structures(net)
        changed = cancel_inverses(net, facts, fused) or changed
        changed = merge_powers(net, facts, raised, COPY_LIMIT) or changed
        if not changed:
            break
        _open(fusion, net)
    count_lone(net)
    coefficient, net.coefficient = multiply(coefficient, net.coefficient), 1
    return _reduced(fusion, net, coefficient, node)


def _gathered(fusion: Fusion, node: Einsum) -> tuple[Network, Number]:
    """The operands as fused so far; a repeated product becomes a power."""
    net = Network()
    net.dims = dict(enumerate(node.dims))
    net.out = [list(axis) for axis in node.out]
    coefficient: Number = 1
    counts: dict[tuple[Node, tuple[int, ...]], int] = {}
    for row in node.operands:
        counts[row] = counts.get(row, 0) + 1
    for (child, legs), count in counts.items():
        factor, body = fusion.done[child]
        coefficient = multiply(coefficient, _repeated(factor, count))
        if isinstance(body, Sum) and not body.terms:
            return net, 0
        if count > 1 and not fusion.expanding and _is_work(body, count):
            more, raised = _fused_power(fusion, _labelled(fusion, child), count)
            coefficient = multiply(coefficient, more)
            net.operands.append((raised, list(legs)))
        else:
            net.operands += [(body, list(legs)) for _ in range(count)]
    return net, coefficient


def _repeated(factor: Number, count: int) -> Number:
    total: Number = 1
    for _ in range(count if factor != 1 else 0):
        total = multiply(total, factor)
    return total


def _is_work(body: Node | Network, count: int) -> bool:
    """Whether so many copies of a product that sums over something are too many."""
    if not isinstance(body, (Network, Einsum)):
        return False
    shown = {i for axis in body.out for i in axis}
    return len(shown) < len(body.dims) and len(body.operands) * count > COPY_LIMIT


def _open(fusion: Fusion, net: Network) -> None:
    """Joins nested products into this one, the smallest first, up to the limit."""
    total = len(net.operands)
    sizes = [
        (len(body.operands), o)
        for o, (body, _) in enumerate(net.operands)
        if isinstance(body, (Network, Einsum))
    ]
    chosen = []
    for size, o in sorted(sizes):
        if total + size - 1 <= fusion.limit:
            total += size - 1
            chosen.append(o)
    inline(net, chosen)
    join_bundles(net)
    net.operands = [
        (_settled(net, body) if isinstance(body, Network) else body, legs)
        for body, legs in net.operands
    ]


def _settled(net: Network, body: Network) -> Node:
    """A product that stays an operand; its coefficient comes out."""
    node = settle(body)
    if isinstance(node, Sum) and len(node.terms) == 1:
        node, factor = node.terms[0]
        net.coefficient = multiply(net.coefficient, factor)
    return node


def _reduced(fusion: Fusion, net: Network, coefficient: Number, node: Einsum) -> Factor:
    """The network, or the node it is when only one operand is left as it stands."""
    if coefficient == 0:
        return 1, zero(node.shape)
    if len(net.operands) != 1:
        return coefficient, net
    only, legs = net.operands[0]
    if isinstance(only, Sum) and _permutes(net, legs):
        terms = [(einsum([(e, legs)], net.out, net.dims), c) for e, c in only.terms]
        if len(set(legs)) < len(legs):  # on the diagonal factors may be equal
            terms = [t for e, c in terms for t in _again(fusion, e, c)]
        factor, body = _primitive(linear(terms, node.shape))
        return multiply(coefficient, factor), body
    net.out = [[i for i in axis if net.dims[i] != 1] for axis in net.out]
    same = identity_of(net)
    if same is not None and same.shape == node.shape:
        return coefficient, same
    return coefficient, net


def _again(fusion: Fusion, node: Node, weight: Number) -> list[Term]:
    """A term that is new, fused."""
    coefficient, body = _factor(fusion, node)
    return flat_terms(body, multiply(weight, coefficient))


def _permutes(net: Network, legs: list[int]) -> bool:
    flat = [i for axis in net.out for i in axis]
    return sorted(flat) == sorted(legs) and len(set(legs)) == len(net.dims)
