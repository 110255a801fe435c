"""expand and same: sums multiplied out, within a budget, which decides polynomial
identities.

>>> from indexcalc.expr import linear, tensor
>>> from indexcalc.matrix import times
>>> x, y = tensor("x", ("n",)), tensor("y", ("n",))
>>> both = linear([(x, 1), (y, 1)], x.shape)
>>> same(times(both, x), linear([(times(x, x), 1), (times(x, y), 1)], x.shape))
True
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product as cartesian

from .coefficients import Number, multiply
from .errors import BudgetError, InternalError
from .expr import einsum, linear
from .functions import call, power
from .labelling import metered
from .nodes import Call, Einsum, Node, Sum, Tensor, children, toposort
from .power_laws import raised_again
from .regular import has_inverse, split
from .simplify import OPERAND_LIMIT, Fusion, Legs, Rows, flat_terms, fuse, run
from .sizes import Size

TERM_BUDGET = 4_000

#: Up to how many nodes `expand` joins more factors in one product than `fuse` does.
LONG_EXPRESSION = 2_000


#: How many terms all sums may have together; more by as much as `budget` is raised.
TOGETHER = 400_000


@dataclass(slots=True)
class _Budget:
    """The terms that one sum may have, and those that are left for all of them."""

    each: int
    left: int

    def allow(self, count: int) -> None:
        """Raises `BudgetError` where one sum has more terms than it may."""
        if count > self.each:
            raise BudgetError(
                f"multiplying out gives more than {self.each} terms",
                hint="raise the budget, or compare numerically",
            )

    def spend(self, count: int) -> None:
        """The terms of one sum; raises `BudgetError` where they are too many."""
        self.allow(count)
        self.left -= count
        if self.left < 0:
            raise BudgetError(
                "multiplying out gives too many terms in all sums together",
                hint="raise the budget, or compare numerically",
            )


@metered()
def expand(root: Node, budget: int = TERM_BUDGET) -> Node:
    """Products multiplied out over sums, and integer powers of sums, everywhere.

    Raises `BudgetError` beyond `budget` terms in any one sum, and beyond `TOGETHER` in
    all of them.
    """
    room = _Budget(budget, TOGETHER * max(budget, TERM_BUDGET) // TERM_BUDGET)
    order = toposort(root)
    longer = 8 if len(order) <= LONG_EXPRESSION else 1
    fusion = Fusion(expanding=True, limit=longer * OPERAND_LIMIT)
    plain = _without_sums(order)
    expanded: dict[Node, Node] = {}
    for node in order:
        if node not in plain:
            for child in children(node):
                if child in plain and child not in expanded:
                    expanded[child] = _expanded_plain(fusion, child, room)
            expanded[node] = _expanded(fusion, node, expanded, room)
    return expanded[root] if root in expanded else _expanded_plain(fusion, root, room)


def _without_sums(order: list[Node]) -> set[Node]:
    """The nodes of a topological order under which there is nothing to multiply out."""
    plain: set[Node] = set()
    for node in order:
        compound = isinstance(node, Sum) or (
            isinstance(node, Call) and node.function in ("power", "rnorm")
        )
        if not compound and plain.issuperset(children(node)):
            plain.add(node)
    return plain


def _expanded_plain(fusion: Fusion, node: Node, room: _Budget) -> Node:
    """What holds no sum is only fused; a law may bring one in."""
    fused = run(fusion, node)
    order = toposort(fused)
    if _without_sums(order).issuperset(order):
        return fused
    expanded: dict[Node, Node] = {}
    for part in order:
        expanded[part] = _expanded(fusion, part, expanded, room)
    return expanded[fused]


def _expanded(
    fusion: Fusion, node: Node, done: dict[Node, Node], room: _Budget
) -> Node:
    match node:
        case Tensor():
            return node
        case Sum():
            terms = [t for e, c in node.terms for t in flat_terms(done[e], c)]
            room.spend(len(terms))
            return linear(terms, node.shape)
        case Call():
            return _expanded_call(fusion, node, done, room)
        case Einsum():
            rows = [(done[e], legs) for e, legs in node.operands]
            dims = dict(enumerate(node.dims))
            return _multiplied(fusion, rows, node.out, dims, room)


def _expanded_call(
    fusion: Fusion, node: Call, done: dict[Node, Node], room: _Budget
) -> Node:
    args = [done[arg] for arg in node.args]
    if node.function == "rnorm":
        return power(call("norm2", args, node.params), -1)
    if node.function == "power":
        fresh = raised_again(args[0], node.params[0], fusion.assumptions)
        if _compound_exponent(fresh) is not None:
            legs = tuple(range(len(fresh.shape)))
            out = [(i,) for i in legs]
            return _multiplied(fusion, [(fresh, legs)], out, {}, room)
        return run(fusion, fresh)
    fresh = call(node.function, args, node.params) if args else node
    return run(fusion, fresh)


def _multiplied(
    fusion: Fusion,
    rows: Rows,
    out: Iterable[Iterable[int]],
    dims: dict[int, Size],
    room: _Budget,
) -> Node:
    """One contraction distributed over the sums among its operands."""
    rows = [part for row in rows for part in _repeated_rows(*row)]
    choices = [flat_terms(e, 1) for e, _ in rows]
    count = 1
    for choice in choices:
        count *= len(choice)
        room.allow(count)
    room.spend(count)
    shape = einsum(rows, out, dims).shape
    terms = []
    for pick in cartesian(*choices):
        weight: Number = 1
        for _, c in pick:
            weight = multiply(weight, c)
        operands = [(e, legs) for (e, _), (_, legs) in zip(pick, rows, strict=True)]
        fused = run(fusion, einsum(operands, out, dims))
        for e, c in flat_terms(fused, weight):
            whole = _multiplied(fusion, *_parts(e), room) if _factored(e) else e
            terms += flat_terms(whole, c)
    return linear(terms, shape)


def _repeated_rows(node: Node, legs: Legs) -> Rows:
    """A power of something compound as so many factors."""
    exponent = _compound_exponent(node)
    if exponent is None or not isinstance(node, Call):
        return [(node, legs)]
    return [(node.args[0], legs)] * exponent


def _compound_exponent(node: Node) -> int | None:
    if not isinstance(node, Call) or node.function != "power":
        return None
    exponent = node.params[0]
    compound = isinstance(node.args[0], (Sum, Einsum))
    if compound and isinstance(exponent, int) and 2 <= exponent <= 64:
        return exponent
    return None


def _factored(node: Node) -> bool:
    """Whether a product that arose while multiplying out holds a sum again."""
    return isinstance(node, Einsum) and any(
        isinstance(e, Sum) or _compound_exponent(e) for e, _ in node.operands
    )


def _parts(node: Node) -> tuple[Rows, tuple[Legs, ...], dict[int, Size]]:
    if not isinstance(node, Einsum):
        raise InternalError("only a product has parts")
    return list(node.operands), node.out, dict(enumerate(node.dims))


def same(a: Node, b: Node, budget: int = TERM_BUDGET) -> bool | None:
    """Whether two nodes are equal after expansion; None is "undecided".

    An expression with an inverse in it is compared where that inverse exists. True is
    certain. The answer is never False: that takes a witness, which evaluation can give.
    """
    if a.shape != b.shape:
        return False
    try:
        if fuse(a) is fuse(b) or expand(a, budget) is expand(b, budget):
            return True
        if not has_inverse(a, b):
            return None
        regular = [expand(split(expand(side, budget)), budget) for side in (a, b)]
        return True if regular[0] is regular[1] else None
    except BudgetError:
        return None
