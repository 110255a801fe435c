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

from collections.abc import Iterable, Sequence

from .domains import forgotten, partial_calls
from .expr import einsum, linear
from .functions import call, spread
from .nodes import Node, Sum, children, toposort
from .simplify import Fusion, fuse, fused_by
from .substitute import rebuilt


def honest(
    written: Node, node: Node, fusion: Fusion, vanished: Iterable[Node] = ()
) -> Node:
    """The form of an expression that has a value only where all that is written has
    one; `node` is its simplified form, and `fusion` the run that made it. `vanished`
    are nodes that were gone before, such as the y of y − y."""
    gone = set(forgotten(fusion.partial, partial_calls(node)))
    still: Sequence[Node] = ()
    for sums in (False, True) if gone else ():
        node, fusion = fused_by(_marked(written, gone, sums))
        still = forgotten(fusion.partial, partial_calls(node))
        if not still:
            break
    kept = partial_calls(node)
    lost: dict[Node, Node] = {f: f for f in partial_calls(*vanished)}
    beside = [*forgotten(lost, kept), *(fusion.partial[f] for f in still)]
    return _beside(node, beside) if beside else node


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
