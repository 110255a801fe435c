"""Formulas as they are written down in a derivation: nothing merged, nothing shortened.

`as_written` says a node factor by factor, so that x∘x is not x² and a line can be
differentiated as it stands. `substituted` puts formulas in the places of leaves.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.formula.paper import PAPER
>>> from indexcalc.formula.text import spelled
>>> x = tensor("x", ("n",))
>>> spelled(as_written(einsum([(x, [0]), (x, [0])], [0])), PAPER)
'x∘x'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ..errors import BudgetError, UnsupportedError
from ..expr import einsum, tensor
from ..formula import (
    Formula,
    added,
    column,
    fold,
    is_all_ones,
    number,
    parts,
    product,
    scaled,
    transposed,
    zeros,
)
from ..functions import call
from ..nodes import Call, Einsum, Node, Sum, Tensor, extent, toposort
from ..sizes import Shape
from ..words.matrix import in_words, require_equal

#: The most parts of an expression that is written down line by line.
EXTENT_LIMIT = 5_000

WAY_OUT = "the method index derives any expression"


def keep_short(node: Node) -> None:
    """Raises `BudgetError` for an expression of more than `EXTENT_LIMIT` parts."""
    if extent(node) > EXTENT_LIMIT:
        raise BudgetError(
            f"an expression of {extent(node)} parts is too long to write down line by "
            f"line, the limit being {EXTENT_LIMIT}",
            hint="take a part of it at a time; diff and index have no such limit",
        )


def as_written(root: Node) -> Formula:
    """The formula of a node as it was put together.

    Raises `UnsupportedError` with the reason where matrix notation cannot say it.
    """
    memo: dict[Node, Formula] = {}
    for node in toposort(root):
        memo[node] = node_words(node, memo)
    require_equal(memo[root], root)
    return memo[root]


def node_words(node: Node, known: Mapping[Node, Formula]) -> Formula:
    """The formula of a node over the formulas of its children."""
    match node:
        case Tensor():
            return said_alone(node)
        case Sum():
            terms = [scaled(c, column_of(known[e])) for e, c in node.terms]
            return added(terms, node.shape)
        case Einsum():
            stands = [stand_in(k, e) for k, (e, _) in enumerate(node.operands)]
            rows = [(s, row[1]) for s, row in zip(stands, node.operands, strict=True)]
            whole = einsum(rows, node.out, dict(enumerate(node.dims)))
            children = [e for e, _ in node.operands]
        case Call():
            stands = [stand_in(k, e) for k, e in enumerate(node.args)]
            whole = call(node.function, stands, node.params) if stands else node
            children = list(node.args)
    places: dict[Node, Formula] = {
        s: known[e] for s, e in zip(stands, children, strict=True)
    }
    return substituted(said_alone(whole), places)


def column_of(f: Formula) -> Formula:
    """A vector as a column; anything else as it is."""
    return column(f) if f.order == 1 else f


def stand_in(k: int, node: Node) -> Tensor:
    """A leaf in the place of the k-th of something; its name is in nobody's way."""
    structure = node.structure if isinstance(node, Tensor) else ""
    return tensor(f"⟨{k:03d}⟩", node.shape, structure)


def said_alone(node: Node) -> Formula:
    """The formula of a node, or its reason raised with a way out."""
    found = in_words(node)
    if isinstance(found, UnsupportedError):
        raise UnsupportedError(found.message, hint=found.hint or WAY_OUT)
    return found


def substituted(f: Formula, places: Mapping[Node, Formula]) -> Formula:
    """The formula with other formulas in the places of leaves."""

    def rule(g: Formula, args: list[Formula]) -> Formula:
        if g.op == "leaf" and g.node is not None and g.node in places:
            return column_of(places[g.node])
        return rebuilt(g, args)

    return fold(f, rule)


def replaced(f: Formula, new: Mapping[Formula, Formula]) -> Formula:
    """The formula with some of its parts replaced, wherever they stand."""

    def rule(g: Formula, args: list[Formula]) -> Formula:
        return new[g] if g in new else rebuilt(g, args)

    return fold(f, rule)


def rebuilt(g: Formula, args: Sequence[Formula]) -> Formula:
    """The word over new arguments; factors stay as they are written."""
    if all(a is b for a, b in zip(g.args, args, strict=True)):
        return g
    rule = REBUILT.get(g.op)
    if rule is not None:
        return rule(g, args)
    return Formula(g.op, tuple(args), g.value, g.shape, g.row)


REBUILT: dict[str, Callable[[Formula, Sequence[Formula]], Formula]] = {
    "product": lambda g, args: forwards(product([number(g.value), *args])),
    "transpose": lambda g, args: transposed(args[0]),
    "hadamard": lambda g, args: entrywise(args, g.shape),
    "sum": lambda g, args: plain_sum(args, g.shape),
}

# -- words that merge nothing ----------------------------------------------------------


def entrywise(factors: Iterable[Formula], shape: Shape) -> Formula:
    """A Hadamard product of the factors in order; numbers and scalars come out."""
    front: list[Formula] = []
    entries: list[Formula] = []
    units: list[Formula] = []
    for f in factors:
        scalars, body = scalars_apart(f)
        front += scalars
        if body.op == "hadamard":
            entries += body.args
        else:
            (units if is_ones(body) else entries).append(body)
    entries = entries or units[:1]
    if len(entries) == 1:
        return product([*front, entries[0]])
    entries.sort(key=_reading)
    return product([*front, Formula("hadamard", tuple(entries), None, shape)])


def forwards(s: Formula) -> Formula:
    """A scalar product read in the direction that takes fewer symbols."""
    if s.op != "product" or s.order:
        return s
    c, lone, chain = parts(s)
    turned = [transposed(f) for f in chain[::-1]]
    if sum(f.length for f in turned) >= sum(f.length for f in chain):
        return s
    return product([number(c), *lone, product(turned)])


def _reading(f: Formula) -> tuple[int, bytes | str]:
    """Names first, then what is longer, differentials last; otherwise as given."""
    if f.op == "leaf":
        return 0, f.value
    return (2, "") if holds(f, _is_differential) else (1, "")


def scalars_apart(f: Formula) -> tuple[list[Formula], Formula]:
    """The number and the scalar factors of a product, and what is left of it."""
    if f.op != "product":
        return [], f
    scalars = [g for g in f.args if not g.order]
    rest = [g for g in f.args if g.order]
    if not rest or (f.value == 1 and not scalars):
        return [], f
    return [number(f.value), *scalars], product(rest)


def plain_sum(terms: Iterable[Formula], shape: Shape) -> Formula:
    """A sum whose like terms stay apart; zeros vanish."""
    flat: list[Formula] = []
    for f in terms:
        flat += f.args if f.op == "sum" else (f,)
    flat = [f for f in flat if not is_nothing(f)]
    if not flat:
        return zeros(shape)
    if len(flat) == 1:
        return flat[0]
    return Formula("sum", tuple(flat), None, shape, flat[0].row)


def is_ones(f: Formula) -> bool:
    """Whether a formula has 1 in every entry."""
    return f.op == "ones" or is_all_ones(f)


def is_nothing(f: Formula) -> bool:
    """Whether a formula is a literal zero."""
    return f.op == "zeros" or (f.op == "number" and f.value == 0)


# -- what a formula holds --------------------------------------------------------------


def _is_differential(f: Formula) -> bool:
    return f.op == "d"


def holds(
    f: Formula,
    wanted: Callable[[Formula], bool],
    closed: Callable[[Formula], bool] = lambda f: False,
) -> bool:
    """Whether some part of a formula is wanted that does not lie in a closed one."""
    stack = [f]
    while stack:
        g = stack.pop()
        if wanted(g):
            return True
        stack += () if closed(g) else g.args
    return False


def parts_of(f: Formula, wanted: Callable[[Formula], bool]) -> list[Formula]:
    """The outermost wanted parts in reading order, each once."""
    found: dict[Formula, None] = {}
    stack = [f]
    while stack:
        g = stack.pop()
        if wanted(g):
            found.setdefault(g)
        else:
            stack += reversed(g.args)
    return list(found)


def name_of(node: Node, name: str) -> Formula:
    """A leaf by a name of its own, whose value is the node."""
    return Formula("leaf", (), name, node.shape, False, node)
