"""Powers of one base in a product: their exponents are added, in place.

Signs, sizes and small powers of products are merged with them: sign(x)·|x|³ is x³ and
n·n² is n³. A domain fact that this leans on is noted.

>>> from indexcalc.expr import tensor
>>> x = tensor("x", ("n",))
>>> raised_again(power(x, 2), 3, {}) is power(x, 6)
True
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeGuard

from .coefficients import Number, multiply, plus
from .expr import einsum, size_node
from .forms import Outcome
from .functions import power
from .laws import Assumption, Assumptions, append_factor
from .network import Network, drop_operands
from .nodes import Call, Einsum, Node, Sum, is_symmetric

#: The power of a fused node, fused: its coefficient, and the rest.
Raised = Callable[[Node, Number], Outcome]


def merge_powers(
    net: Network, facts: Assumptions, raised: Raised, copies: int = 0
) -> bool:
    """Exponents of one base on the same legs are added, in place; whether any were.

    A small power of a product is so many copies, if that is at most `copies` factors.
    What is new is `raised`.
    """
    signs = _merge_signs(net, facts, raised)
    sizes = _merge_sizes(net)
    groups: dict[tuple[Node, tuple[int, ...]], list[tuple[int, Number]]] = {}
    for o, (node, legs) in enumerate(net.operands):
        base, exponent = _base(node)
        wires = tuple(sorted(legs)) if is_symmetric(base) else tuple(legs)
        groups.setdefault((base, wires), []).append((o, exponent))
    if len(groups) == len(net.operands):
        return signs or sizes
    merged = {key: rows for key, rows in groups.items() if len(rows) > 1}
    gone = {o for rows in merged.values() for o, _ in rows}
    kept = [row for o, row in enumerate(net.operands) if o not in gone]
    net.operands = []
    for (base, wires), rows in merged.items():
        exponents = [exponent for _, exponent in rows]
        _note_domain(base, exponents, facts)
        total: Number = 0
        for exponent in exponents:
            total = plus(total, exponent)
        if isinstance(base, Einsum) and isinstance(total, int):
            few = total > 0 and max(len(base.operands), 1) * total <= copies
            kept += [(base, list(wires))] * (total if few else 0)
            total = 0 if few else total
        if total != 0:
            whole = raised(base, total) if isinstance(base, Sum) else None
            append_factor(net, whole or (1, power(base, total)), list(wires))
    net.operands[:0] = kept
    return True


def _merge_signs(net: Network, facts: Assumptions, raised: Raised) -> bool:
    """sign(x)·|x|^p is x^p for odd p."""
    signs = {
        (node.args[0], tuple(legs)): o
        for o, (node, legs) in enumerate(net.operands)
        if type(node) is Call and node.function == "sign"
    }
    for o, (node, legs) in enumerate(net.operands if signs else ()):
        base, p = _base(node)
        if not (isinstance(base, Call) and base.function == "abs"):
            continue
        found = signs.get((base.args[0], tuple(legs)))
        if found is None or not isinstance(p, int) or p % 2 == 0:
            continue
        if p < 0:
            facts[Assumption("has no zero entry", base.args[0])] = None
        drop_operands(net, o, found)
        append_factor(net, raised(base.args[0], p), legs)
        return True
    return False


def _merge_sizes(net: Network) -> bool:
    """n·n^p is n^(p+1), where n stands as an index that nothing carries."""
    powers = [(o, *_base(node)) for o, (node, _) in enumerate(net.operands)]
    sizes = [(o, base, p) for o, base, p in powers if _is_size(base)]
    if not sizes:
        return False
    carried = {i for _, legs in net.operands for i in legs}
    carried |= {i for axis in net.out for i in axis}
    lone = {size: i for i, size in net.dims.items() if i not in carried}
    for o, base, p in sizes:
        if base.dims[0] not in lone:
            continue
        del net.dims[lone[base.dims[0]]]
        raised = power(base, p + 1)
        net.operands[o : o + 1] = [(raised, [])] if p != -1 else []
        return True
    return False


def _is_size(node: Node) -> TypeGuard[Einsum]:
    """Whether a node is a size as a number."""
    if not isinstance(node, Einsum) or node.operands or node.out:
        return False
    return len(node.dims) == 1


def powers_inside(body: Node, exponent: Number, copies: int) -> Node | None:
    """The integer power of a product as a product: of powers where nothing is summed,
    of copies where they are at most `copies` factors."""
    if not isinstance(body, Einsum) or not isinstance(exponent, int):
        return None
    dims = dict(enumerate(body.dims))
    flat = [i for axis in body.out for i in axis]
    if len(set(flat)) == len(flat) == len(dims):
        operands = [(power(e, exponent), legs) for e, legs in body.operands]
        return einsum(operands, body.out, dims)
    if exponent >= 2 and max(len(body.operands), 1) * exponent <= copies:
        legs = range(len(body.out))
        return einsum([(body, legs)] * exponent, legs)
    if not body.operands and not body.out and len(dims) > 1:
        sizes = [power(size_node(size), exponent) for size in body.dims]
        return einsum([(size, ()) for size in sizes], [])
    return None


def raised_again(body: Node, exponent: Number, facts: Assumptions) -> Node:
    """A power, an integer one of a power as one power of its base."""
    base, inner = _base(body)
    if base is body or not isinstance(exponent, int):
        return power(body, exponent)
    _note_domain(base, [inner], facts)
    return power(base, multiply(inner, exponent))


def _base(node: Node) -> tuple[Node, Number]:
    if isinstance(node, Call) and node.function == "power":
        return node.args[0], node.params[0]
    return node, 1


def _note_domain(base: Node, exponents: list[Number], facts: Assumptions) -> None:
    if any(isinstance(p, (int, Fraction)) and p < 0 for p in exponents):
        facts[Assumption("has no zero entry", base)] = None
    if any(not isinstance(p, int) for p in exponents):
        facts[Assumption("has no negative entry", base)] = None
