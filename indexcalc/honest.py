"""What is evaluated for an expression: its simplified form, if that forgets no domain.

exp(log x) is x, but of a negative number it has no value. Functions whose domain
simplification would forget are marked `kept`, the identity that no law looks into, and
that a program does not compute.

>>> from indexcalc.expr import tensor
>>> x = tensor("x", ("n",))
>>> log_x = call("log", [x])
>>> written = call("exp", [log_x])
>>> honest(written, *fused_by(written)) is call("exp", [call("kept", [log_x])])
True
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from .domains import forgotten, partial_calls, unbounded_calls
from .errors import BudgetError
from .expansion import expand
from .expr import einsum, linear
from .functions import call, spread
from .nodes import Node, Sum, children, toposort
from .simplify import Fusion, fuse, fused_by
from .substitute import rebuilt


def honest(
    written: Node, node: Node, fusion: Fusion, vanished: Collection[Node] = ()
) -> Node:
    """The form of an expression that has a value only where all that is written has
    one; `node` is its simplified form, and `fusion` the run that made it. `vanished`
    are nodes that were gone before, such as the y of y − y, or what was expanded."""
    gone = set(forgotten(fusion.partial, partial_calls(node)))
    still: Sequence[Node] = ()
    for sums in (False, True) if gone else ():
        node, fusion = fused_by(_marked(written, gone, sums))
        still = forgotten(fusion.partial, partial_calls(node))
        if not still:
            break
    kept = unbounded_calls(node)
    lost: dict[Node, Node] = {f: f for f in unbounded_calls(*vanished)}
    beside = [*forgotten(lost, kept), *(fusion.partial[f] for f in still)]
    if not beside:
        return node
    for v in vanished:
        if v is not written and _is_same(v, node):
            others = [other for other in vanished if other is not v]
            return honest(v, *fused_by(v), others)
    return _beside(node, beside)


#: How many terms a node is multiplied out into to see what was multiplied out.
TERMS = 1_000


def _is_same(v: Node, node: Node) -> bool:
    """Whether a node is another one before it was multiplied out: then it knows in
    which entries there is no value."""
    if v.shape != node.shape or not unbounded_calls(v):
        return False
    if fuse(v) is node:
        return True
    try:
        return fuse(expand(v, TERMS)) is fuse(expand(node, TERMS))
    except BudgetError:
        return False


def _marked(root: Node, gone: set[Node], sums: bool) -> Node:
    """The expression with these functions kept, and, where a sum would cancel them,
    with the sums that hold them kept too."""
    memo: dict[Node, Node] = {}
    holding = set(gone)
    for node in toposort(root):
        fresh = rebuilt(node, memo)
        if sums and not holding.isdisjoint(children(node)):
            holding.add(node)
        inner = isinstance(node, Sum) and node is not root and node in holding
        memo[node] = call("kept", [fresh]) if node in gone or inner else fresh
    return memo[root]


def _beside(node: Node, vanished: Iterable[Node]) -> Node:
    """A node plus Σ(v − v) of every v, which is 0 where v has a value, else NaN."""
    terms = [(node, 1)]
    for v in dict.fromkeys(vanished):
        nothing = linear([(v, 1), (call("kept", [v]), -1)], v.shape)
        whole = einsum([(nothing, range(len(v.shape)))], [])
        terms.append((spread(whole, node.shape), 1))
    return fuse(linear(terms, node.shape))
