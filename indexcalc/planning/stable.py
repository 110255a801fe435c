"""Well-known functions by their own stable routines: for evaluation and code only.

log(1 + exp(v)) is softplus(v), log sigmoid(v) is −softplus(−v), log Σ exp(v) is lse(v),
exp(v)/(1 + exp(v)) is sigmoid(v): the same functions, finite where the left side
overflows, and cheaper.

>>> from indexcalc.expr import linear, tensor
>>> from indexcalc.functions import call, ones
>>> x = tensor("x", ("n",))
>>> one_more = linear([(ones(x.shape), 1), (call("exp", [x]), 1)], x.shape)
>>> stable(call("log", [one_more])).function
'softplus'
"""

from __future__ import annotations

from ..errors import BudgetError
from ..expr import einsum, scale
from ..functions import call
from ..nodes import Call, Einsum, Node, Sum, toposort
from ..recognise import exponent, named, one_plus_exp, rewritten
from ..simplify import expand
from .factoring import factored
from .pairs import Lengths


def stable(root: Node) -> Node:
    """The expression with these functions in it called by name."""
    for _ in range(PASSES):
        found = rewritten(named(root), _logarithm)
        if found is root:
            break
        root = found
    return root


#: How often names are looked for again in what naming leaves.
PASSES = 4


def _logarithm(node: Node) -> Node:
    if not isinstance(node, Call) or node.function not in ("log", "log1p"):
        return node
    (inside,) = node.args
    logit = exponent(inside) if node.function == "log1p" else one_plus_exp(inside)
    if logit is not None:
        return call("softplus", [logit])
    if node.function == "log1p":
        return node
    if isinstance(inside, Call) and inside.function == "sigmoid":
        return scale(-1, call("softplus", [scale(-1, inside.args[0])]))
    summed = _sum_of_exponentials(inside)
    return node if summed is None else call("lse", [summed])


def _sum_of_exponentials(node: Node) -> Node | None:
    """The v of Σ exp(v), summed along its last axis once it is turned."""
    if not isinstance(node, Einsum) or len(node.operands) != 1:
        return None
    inner, legs = node.operands[0]
    v = exponent(inner)
    shown = [axis[0] for axis in node.out if len(axis) == 1]
    summed = [i for i in legs if i not in shown]
    plain = len(set(legs)) == len(legs) == len(node.dims)
    fits = plain and len(shown) == len(node.out) == len(legs) - 1 and len(summed) == 1
    if v is None or not fits or len(set(shown)) < len(shown):
        return None
    return einsum([(v, legs)], [*shown, *summed])


#: Up to how many terms an expression is multiplied out to find its functions.
TERMS = 64


def named_forms(root: Node, length: Lengths) -> list[Node]:
    """Forms of an expression with its functions named: as it is, and, where exp stays
    beside a sigmoid or softmax, multiplied out and factored again. Those that leave the
    fewest exponentials, which may overflow, are answered."""
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
