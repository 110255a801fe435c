"""From a node to matrix notation: each node kind in words, each word checked.

A contraction is reduced by `reduction`, a sum is factored by `factoring`, a call is
said by its name. The formula that is returned denotes the node it was made for: it is
lowered again and compared before anybody sees it.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula.text import spelled
>>> from indexcalc.matrix import contract, times
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> spelled(formula(contract(A, times(x, x))))
'A*x.^2'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ..coefficients import as_number
from ..comparison.evidence import witness
from ..distribute import without_sums
from ..errors import BudgetError, IndexCalcError, InternalError, UnsupportedError
from ..expansion import expand, same
from ..formula import (
    Formula,
    added,
    applied,
    basis,
    column,
    entry_power,
    leaf,
    norm,
    power,
    scaled,
    transposed,
    word,
)
from ..formula.value import value
from ..functions import is_elementwise, title
from ..matrix import is_levicivita
from ..network import is_bundle
from ..nodes import (
    Call,
    Einsum,
    Node,
    Sum,
    Tensor,
    children,
    one_pass,
    toposort,
)
from ..recognise import recognised
from ..regular import has_inverse, split
from ..simplify import Fusion, fuse, fused_in
from .blocks import Grid, block, embedding, tiled
from .factoring import factored
from .grouping import grouped
from .reduction import Graph, reduced

Said: TypeAlias = "Formula | UnsupportedError"
#: What was said of nodes that stand inside of another, or (False) by themselves.
Memo: TypeAlias = "dict[tuple[Node, bool], Formula]"
Blocks: TypeAlias = "tuple[Grid, list[list[Node | None]]]"

#: Functions that the text language says by the same name, beside elementwise ones.
NAMED = frozenset({"det", "logdet", "lse"})

SHORT = 10
WRITTEN_ENTRIES = 16
WRITTEN_NODES = 400
COMPARED_NODES = 100
EXPANDED_NODES = 80
EXPANDED_TERMS = 48
EXPANSION_PRICE = 1
#: What a function costs that has a title of the engine's only.
TITLE_PRICE = 20


def formula(root: Node) -> Formula:
    """The matrix notation of a node of order at most two.

    Raises `UnsupportedError` with the reason where there is none.
    """
    return stated(described(root))


def stated(found: Said) -> Formula:
    """The formula, where it is one; raises the reason otherwise."""
    if isinstance(found, UnsupportedError):
        raise found
    return found


@one_pass()
def described(root: Node) -> Said:
    """The shortest checked formula of a node, or the reason why there is none."""
    found = ways(root)
    if isinstance(found, UnsupportedError):
        return found
    best = min(found, key=lambda way: way.length + way.price).formula
    require_equal(best, root)
    return best


@dataclass(frozen=True, slots=True)
class Way:
    """A formula of a node, and what it costs beside its length."""

    formula: Formula
    price: int

    @property
    def length(self) -> int:
        """The number of symbols of the formula."""
        return self.formula.length


def ways(root: Node) -> list[Way] | UnsupportedError:
    """Several formulas of a node, unchecked, or the reason why there is none.

    Tried are the node fused, as it was written, with known functions recognised, and,
    where it is small, multiplied out.
    """
    fused = fuse(root)
    first = in_words(fused)
    found = [
        Way(f, price + (TITLE_PRICE if _has_title(f) else 0))
        for f, price in _attempts(root, fused, first)
        if isinstance(f, Formula)
    ]
    if not found and isinstance(first, UnsupportedError):
        return first
    return found


def _has_title(f: Formula) -> bool:
    """Whether a function stands in a formula that only the engine calls so."""
    stack, seen = [f], {f}
    while stack:
        g = stack.pop()
        if g.op == "titled":
            return True
        fresh = [a for a in g.args if a not in seen]
        stack += fresh
        seen.update(fresh)
    return False


def _attempts(root: Node, fused: Node, first: Said) -> Iterator[tuple[Said, int]]:
    """Formulas with a price: one that was multiplied out has to be clearly shorter."""
    yield first, 0
    if root is not fused and len(toposort(root)) < WRITTEN_NODES:
        yield in_words(root), 0
    named = recognised(fused)
    if named is not fused:
        yield in_words(named), 0
    if has_inverse(named):
        yield in_words(fuse(split(named))), 0
    if isinstance(first, UnsupportedError):
        yield _without_tensor_sums(fused, named), 0
    if isinstance(first, Formula) and first.length < SHORT:
        return
    if len(toposort(named)) > EXPANDED_NODES:
        return
    try:
        whole = expand(named, EXPANDED_TERMS)
    except BudgetError:
        return
    if whole is not named:
        yield in_words(recognised(whole)), EXPANSION_PRICE


def _without_tensor_sums(fused: Node, named: Node) -> Said:
    """The first formula of a node multiplied out over sums of more axes than a matrix
    has, before functions are recognised or after."""
    found: Said = UnsupportedError("no sum in it has more than two axes")
    for node in _free_of_tensor_sums(fused, named):
        found = in_words(node)
        if isinstance(found, Formula):
            break
    return found


def _free_of_tensor_sums(fused: Node, named: Node) -> Iterator[Node]:
    plain, other = without_tensor_sums(fused), without_tensor_sums(named)
    if plain is not fused:
        yield plain
        yield recognised(plain)
    if other is not named:
        yield recognised(other)


def without_tensor_sums(root: Node) -> Node:
    """Products multiplied out over the sums that have more axes than a matrix."""
    return without_sums(root, lambda node: len(node.shape) > 2)


def require_equal(f: Formula, node: Node) -> None:
    """Raises our own error where a formula does not denote the node.

    They are compared by structure, then, where the node is small, multiplied out, and
    in the end on random arrays.
    """
    back = value(f)
    if back.shape == node.shape:
        if fuse(back) is fuse(node):
            return
        if len(toposort(back, node)) < COMPARED_NODES and same(back, node) is True:
            return
        if witness(back, node) is None:
            return
    raise InternalError("a matrix form that differs from what it says was made")


def in_words(root: Node) -> Said:
    """The formula of a node as it is put together, unchecked, or the reason.

    The root and the parts of blocks stand by themselves, other nodes inside of one;
    each is said once, however blocks are nested.
    """
    try:
        return _put_together(root)
    except UnsupportedError as reason:
        return reason
    except IndexCalcError as reason:
        return UnsupportedError(reason.message, hint=reason.hint)


def _put_together(root: Node) -> Formula:
    memo: Memo = {}
    fusion = Fusion()
    blocks: dict[Node, Blocks | None] = {}
    stack = [(root, False)]
    while stack:
        node, inside = stack[-1]
        if node not in blocks:
            blocks[node] = _blocks(node, fusion)
        cut = blocks[node]
        fresh = [key for key in _under(node, cut) if key not in memo]
        if fresh:
            stack += fresh[::-1]
        else:
            memo[stack.pop()] = _said(node, cut, memo, inside)
    return memo[root, False]


def _under(node: Node, cut: Blocks | None) -> list[tuple[Node, bool]]:
    """What has to be said before a node is: its blocks, where it was cut into some."""
    if cut is None:
        return [(child, True) for child in children(node) if not is_bundle(child)]
    return [(part, False) for row in cut[1] for part in row if part is not None]


def _said(node: Node, cut: Blocks | None, memo: Memo, inside: bool) -> Formula:
    if cut is not None:
        grid, rows = cut
        parts = [
            [None if part is None else memo[part, False] for part in row]
            for row in rows
        ]
        return block(grid, parts, len(node.shape))
    match node:
        case Tensor():
            return _tensor(node)
        case Sum():
            return _sum(node, memo, inside)
        case Call():
            return _call(node, memo)
        case Einsum():
            return _einsum(node, memo)


def _known(node: Node, memo: Memo) -> Formula:
    return memo[node, True]


def _tensor(node: Tensor) -> Formula:
    if len(node.shape) > 2:
        raise UnsupportedError(
            f"{node.name} has {len(node.shape)} axes, and matrix notation has two"
        )
    if is_levicivita(node) and node.shape:
        return Formula(
            "named", (), ("levicivita", node.shape[:1]), node.shape, False, node
        )
    return leaf(node) if node.array is None else _constant(node)


def _constant(node: Tensor) -> Formula:
    """A constant array: by its name, small ones by their numbers, others by a name that
    no other array has."""
    assert node.array is not None
    if node.name:
        return leaf(node)
    wide = node.order == 1 or min(node.array.shape, default=0) > 1
    small = wide and 0 < node.array.size <= WRITTEN_ENTRIES
    if small and np.isrealobj(node.array) and np.isfinite(node.array).all():
        rows = node.array.reshape(len(node.array), -1).tolist()
        entries = tuple(tuple(as_number(x) for x in row) for row in rows)
        return Formula("numbers", (), entries, node.shape, False, node)
    name = f"C{node.digest.hex()[:6]}"
    return Formula("leaf", (), name, node.shape, False, node)


def _sum(node: Sum, memo: Memo, inside: bool) -> Formula:
    if len(node.shape) > 2:
        raise UnsupportedError(
            f"a sum in it has {len(node.shape)} axes, and matrix notation has two"
        )
    terms = [scaled(c, _known(e, memo)) for e, c in node.terms]
    return factored(added(terms, node.shape), inside)


def _blocks(node: Node, fusion: Fusion) -> Blocks | None:
    """A node cut into blocks, and what each of them is; None where it has none."""
    grid = tiled(node) if isinstance(node, (Sum, Einsum)) else None
    if grid is None:
        return None
    return grid, [
        [None if part is None else fused_in(fusion, part) for part in row]
        for row in grid.parts
    ]


def _einsum(node: Einsum, memo: Memo) -> Formula:
    dims = dict(enumerate(node.dims))
    plain = [(e, legs) for e, legs in node.operands if not is_bundle(e)]
    wires = [(legs[0], legs[1:]) for e, legs in node.operands if is_bundle(e)]
    rows = [(_known(e, memo), legs) for e, legs in plain]
    out: list[tuple[int, ...]] = []
    for axis in node.out:
        if not axis:
            dims[len(dims)] = 1
        out.append(axis or (len(dims) - 1,))
    if len(out) > 2:
        raise UnsupportedError(
            f"a part of it has {len(out)} axes, and matrix notation has two"
        )
    if wires or any(len(axis) > 1 for axis in out):
        return grouped(dims, rows, out, wires)
    return reduced(Graph(dims, rows, [i for (i,) in out]))


def _call(node: Call, memo: Memo) -> Formula:
    args = [column(_known(arg, memo)) for arg in node.args]
    name = node.function
    rule = CALLS.get(name)
    if rule is not None:
        return rule(node, args)
    if len(node.shape) > 2 or not _is_said(node):
        raise UnsupportedError(f"{name} has no matrix notation here")
    return applied(name, args, node.shape, node.params)


def _is_said(node: Call) -> bool:
    """Whether the text language says a function by its name and its arguments alone."""
    if is_elementwise(node.function) or node.function in NAMED:
        return True
    from ..text.vocabulary import TABLE

    word = TABLE.get(node.function)
    alone = not node.params and bool(node.args)
    return word is not None and alone and word.arguments == "v" * len(node.args)


def _softmax(node: Call, args: list[Formula]) -> Formula:
    if len(node.shape) != 1:
        raise UnsupportedError("softmax of the rows of a matrix has no matrix notation")
    return applied("softmax", args, node.shape)


def _cofactors(node: Call, args: list[Formula]) -> Formula:
    if node.params[0] != 1:
        raise UnsupportedError("the derivative of cofactors has no matrix notation")
    return transposed(word("adj", *args, shape=node.shape))


def _norm(node: Call, args: list[Formula]) -> Formula:
    if node.shape:
        raise UnsupportedError(
            "norms of the slices of a tensor have no matrix notation"
        )
    return norm(args[0])


def _lower_mask(node: Call, args: list[Formula]) -> Formula:
    """tril(m, n), the mask of the lower triangle."""
    m, n = node.shape
    sizes = (m,) if m == n else (m, n)
    return Formula("named", (), ("tril", sizes), node.shape, False, node)


def _embed(node: Call, args: list[Formula]) -> Formula:
    found = embedding(node)
    if found is None:
        raise UnsupportedError(
            "a slice whose sizes do not say what is left of it has no matrix notation"
        )
    return found


def _frechet(node: Call, args: list[Formula]) -> Formula:
    """D f(A)[E, …], by the name that the text language reads."""
    if len(node.shape) != 2:
        raise UnsupportedError(
            f"{title(node)} is a linear map of matrices, which has no matrix notation"
        )
    said = (node.function, node.params, title(node))
    return word("titled", *args, shape=node.shape, value=said)


def _basis(node: Call, args: list[Formula]) -> Formula:
    found = basis(node.params[0], node.shape[0])
    return Formula(found.op, (), found.value, found.shape, False, node)


CALLS: dict[str, Callable[[Call, list[Formula]], Formula]] = {
    "power": lambda node, args: entry_power(args[0], node.params[0]),
    "inv": lambda node, args: _inverse(node, args),
    "norm2": _norm,
    "rnorm": lambda node, args: power(_norm(node, args), -1),
    "softmax": _softmax,
    "cofactors": _cofactors,
    "basis": _basis,
    "frechet": _frechet,
    "embed": _embed,
    "tril": _lower_mask,
    "pow": lambda node, args: word("pow", *args, shape=node.shape),
}


def _inverse(node: Call, args: list[Formula]) -> Formula:
    if len(node.shape) != 2:
        raise UnsupportedError(
            "the inverse of a stack of matrices has no matrix notation"
        )
    return word("inv", *args, shape=node.shape)
