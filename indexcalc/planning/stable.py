"""Well-known functions by their own stable routines: for evaluation and code only.

log(1 + exp(v)) is softplus(v), log sigmoid(v) is −softplus(−v), log Σ exp(v) is lse(v),
exp(v)/(1 + exp(v)) is sigmoid(v), log det X has a routine: the same functions, finite
where the left side overflows, and cheaper.

>>> from indexcalc.expr import linear, tensor
>>> from indexcalc.functions import call, ones
>>> x = tensor("x", ("n",))
>>> one_more = linear([(ones(x.shape), 1), (call("exp", [x]), 1)], x.shape)
>>> stable(call("log", [one_more])).function
'softplus'
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from ..errors import BudgetError
from ..expansion import expand
from ..expr import einsum
from ..functions import KINKED, call, power
from ..nodes import Call, Einsum, Node, Sum, toposort
from ..recognise import exponent, named, rewritten
from ..simplify import fuse
from .factoring import factored
from .logarithms import as_sigmoid, log_below, logarithm, quotient
from .pairs import Lengths


def stable(root: Node) -> Node:
    """The expression with these functions in it called by name."""
    for _ in range(PASSES):
        found = rewritten(named(root), _stable)
        if found is root:
            break
        root = found
    return root


#: How often names are looked for again in what naming leaves.
PASSES = 4


def _stable(node: Node) -> Node:
    match node:
        case Call(function="log" | "log1p"):
            return _logarithm(node)
        case Call(function="exp"):
            return as_sigmoid(node) or node
        case Call(function="power", args=(Sum(),)):
            below = log_below(node)
            return node if below is None else call("exp", [below])
        case Einsum():
            return _tangent(node) or quotient(node) or node
    return node


def _logarithm(node: Call) -> Node:
    (inside,) = node.args
    if node.function == "log":
        return logarithm(inside) or node
    logit = exponent(inside)
    return node if logit is None else call("softplus", [logit])


def _tangent(node: Einsum) -> Node | None:
    """sinh(v)·cosh(v)^p with negative p as tanh(v)·cosh(v)^(p + 1)."""
    rows = list(node.operands)
    for o, (e, legs) in enumerate(rows):
        if not isinstance(e, Call) or e.function != "sinh":
            continue
        cosh = call("cosh", e.args)
        for k, (other, places) in enumerate(rows):
            if not isinstance(other, Call) or other.function != "power":
                continue
            (p,) = other.params
            if other.args[0] is not cosh or places != legs or not _is_below(p):
                continue
            rows[o] = (call("tanh", e.args), legs)
            rows[k] = (power(cosh, p + 1), places)
            return einsum(rows, node.out, dict(enumerate(node.dims)))
    return None


def _is_below(p: object) -> bool:
    return isinstance(p, (int, Fraction)) and p <= -1


#: Functions whose values leave the range of floats first.
OVERFLOWING = frozenset({"exp", "expm1", "sinh", "cosh", "det", "cofactors"})


#: Functions without which nothing does.
SUSPECT = OVERFLOWING | {"sigmoid", "softmax"}


def safer(node: Node, again: Callable[[], Node]) -> Node:
    """A node, or another form of it where that has fewer functions that overflow, and
    every kink that the node has: |x|² is x², and yet by the chain rule its second
    derivative is 2 sign(x)², which is 0 at 0."""
    if not any(isinstance(e, Call) and e.function in SUSPECT for e in toposort(node)):
        return node
    found = _overflowing(stable(node))
    if not found:
        return node
    other = fuse(again())
    better = _overflowing(stable(other)) < found and kinks(node) <= kinks(other)
    return other if better else node


def kinks(root: Node) -> frozenset[str]:
    """The functions with kinks in an expression."""
    calls = (e.function for e in toposort(root) if isinstance(e, Call))
    return KINKED.intersection(calls)


def _overflowing(root: Node) -> int:
    return sum(map(_overflows, toposort(root)))


def _overflows(node: Node) -> bool:
    """Whether a value, or its reciprocal, soon leaves the range of floats."""
    if not isinstance(node, Call) or node.function != "power":
        return isinstance(node, Call) and node.function in OVERFLOWING
    (base,), (p,) = node.args, node.params
    small = isinstance(base, Call) and base.function in ("sigmoid", "softmax")
    return small and not isinstance(p, complex) and p < 0


#: Up to how many terms an expression is multiplied out to find its functions.
TERMS = 64


def named_forms(root: Node, length: Lengths, real: bool = True) -> list[Node]:
    """Forms of an expression with its functions named: as it is, and, where exp stays
    beside a sigmoid or softmax, multiplied out and factored again. Those that leave the
    fewest exponentials, which may overflow, are answered. Of complex numbers, a
    logarithm is not taken apart: its branch might be another."""
    if not real:
        return [named(root)]
    first = stable(root)
    if not _exponentials(first):
        return [first]
    try:
        whole = stable(expand(first, TERMS))
    except BudgetError:
        return [first]
    forms = [first, whole]
    if isinstance(whole, Sum):
        forms += [stable(found) for found in factored(whole, length)]
    least = min(map(_exponentials, forms))
    return [form for form in forms if _exponentials(form) == least]


def _exponentials(root: Node) -> int:
    """How many exponentials there are beside a sigmoid or softmax."""
    held = [node.function for node in toposort(root) if isinstance(node, Call)]
    return held.count("exp") if {"sigmoid", "softmax"} & set(held) else 0
