"""The lowered form: products as written, every copy tensor spelled out.

Each index of a contraction is a copy tensor that joins the places where it occurs: two
places a plain wire (δ where both are free), one the ones vector, none the number n,
three H. Here they are written one by one, before any is contracted, with the list of
what their contraction does.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract, ones, times
>>> X, A = tensor("X", ("n", "p")), tensor("A", ("n", "p"))
>>> form = lowered(contract(times(X, A), ones(X.shape[1])))
>>> print(form)
H_ikm H_jlq 1_j A_kl X_mq
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from .errors import BudgetError
from .functions import is_elementwise, title
from .index_text import (
    IndexText,
    Naming,
    constant_text,
    elementwise_text,
    index_text,
    naming_for,
    signed_sum,
    subscripted,
    with_parts,
)
from .index_walk import along_bonds
from .legible import harmless
from .nodes import Call, Einsum, Node, Operand, Sum, Tensor, toposort
from .sizes import Size, size_text
from .unions import Unions

#: The most factors of one product that is spelled out in full.
FACTOR_LIMIT = 10_000


@dataclass(frozen=True, slots=True, repr=False)
class Lowered:
    """`text` before any contraction, `axes` its free indices, `contractions` what each
    copy tensor does, `after` the canonical form, `where` what was named beside it."""

    text: str
    axes: tuple[str, ...]
    contractions: tuple[str, ...]
    after: IndexText
    where: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return with_parts(self.text, self.where)

    __repr__ = __str__


@dataclass(slots=True)
class Opened:
    """One product opened: copy tensors and leaves, joined by wires.

    Wires are numbers; those below `free` end outside, one for every index of every axis
    of the product.
    """

    free: int
    wires: int
    dots: list[tuple[Size, list[int]]] = field(default_factory=list)
    leaves: list[tuple[Node, list[int]]] = field(default_factory=list)


@dataclass(slots=True)
class _Printing:
    naming: Naming
    names: dict[Node, str] = field(default_factory=dict)
    where: list[tuple[str, str]] = field(default_factory=list)
    contractions: list[str] = field(default_factory=list)


def lowered(root: Node) -> Lowered:
    """The lowered form of an expression as it was written.

    Raises `BudgetError` for a product of more than `FACTOR_LIMIT` factors: what is
    written once and used twice is twice in it.
    """
    printing = _Printing(naming_for(root))
    for node in toposort(root):
        named = isinstance(node, Sum) or (isinstance(node, Call) and node.args)
        if named and node is not root:
            name = printing.naming.parts[node] = printing.naming.part()
            axes = [next(printing.naming.fresh) for _ in node.shape]
            text = _formula(printing, node, axes)
            printing.where.append((subscripted(name, axes), text))
            printing.names[node] = name
    axes = [next(printing.naming.fresh) for _ in root.shape]
    text = _formula(printing, root, axes)
    return Lowered(
        text,
        tuple(axes),
        tuple(printing.contractions),
        index_text(root),
        tuple(printing.where),
    )


def _formula(printing: _Printing, node: Node, axes: Sequence[str]) -> str:
    if node in printing.names:
        return subscripted(printing.names[node], axes)
    match node:
        case Tensor():
            return subscripted(harmless(node.name or "C"), axes)
        case Sum():
            return signed_sum([(_formula(printing, e, axes), c) for e, c in node.terms])
        case Call():
            return _call(printing, node, axes)
        case Einsum():
            return _product(printing, node, axes)


def _call(printing: _Printing, node: Call, axes: Sequence[str]) -> str:
    if not node.args:
        return constant_text(node, axes)
    if is_elementwise(node.function):
        return elementwise_text(node, [_formula(printing, a, axes) for a in node.args])
    inner = []
    for arg in node.args:
        names = [next(printing.naming.fresh) for _ in arg.shape]
        inner.append(_formula(printing, arg, names))
    return subscripted(f"{title(node)}({', '.join(inner)})", axes)


def _product(printing: _Printing, node: Einsum, axes: Sequence[str]) -> str:
    if any(len(group) > 1 for group in node.out):
        return str(index_text(node))
    drawing = opened(node)
    names = _wire_names(printing, drawing, axes)
    factors = []
    for size, wires in sorted(drawing.dots, key=lambda dot: -len(dot[1])):
        shown = [names[w] for w in wires]
        text = _dot_text(size, shown, wires, drawing.free)
        if text:
            factors.append(text)
            printing.contractions.append(_contraction(text, shown, wires, drawing.free))
    factors += [
        _formula(printing, leaf, [names[w] for w in wires])
        for leaf, wires in drawing.leaves
    ]
    return " ".join(factors) or "1"


def opened(
    root: Einsum, *, nested: bool = True, closed: Container[Node] = ()
) -> Opened:
    """The product with every nested product but the closed ones opened too, no index
    joined yet; with `nested=False` only the product itself, its operands along their
    bonds.

    An axis without an index, of size 1, has a wire that ends nowhere inside.

    >>> from indexcalc.expr import einsum, tensor
    >>> x = tensor("x", ("n",))
    >>> form = opened(einsum([(x, [0])], [0, 0]))
    >>> form.free, [wires for _, wires in form.dots]
    (2, [[0, 1, 2]])

    Raises `BudgetError` beyond `FACTOR_LIMIT` factors.
    """
    free = sum(len(group) or 1 for group in root.out)
    drawing = Opened(free, free)
    stack: list[tuple[Einsum, list[int]]] = [(root, list(range(free)))]
    while stack:
        node, outer = stack.pop()
        ends: list[list[int]] = [[] for _ in node.dims]
        slots = [i for group in node.out for i in (group or (None,))]
        for slot, wire in zip(slots, outer, strict=True):
            if slot is not None:
                ends[slot].append(wire)
        inside = []
        for child, legs in _operands(node, nested):
            wires = list(range(drawing.wires, drawing.wires + len(legs)))
            drawing.wires += len(legs)
            for i, wire in zip(legs, wires, strict=True):
                ends[i].append(wire)
            if nested and child not in closed and _opens(child):
                inside.append((child, wires))
            else:
                drawing.leaves.append((child, wires))
        drawing.dots += zip(node.dims, ends, strict=True)
        stack.extend(reversed(inside))
        require_few(len(drawing.leaves) + len(stack), FACTOR_LIMIT)
    return drawing


def require_few(count: int, limit: int) -> None:
    """Raises `BudgetError` for a product with more factors than a limit."""
    if count > limit:
        raise BudgetError(
            f"spelled out in full, this product has more than {limit} factors",
            hint="index() writes shared parts once; or take a part of the expression",
        )


def _opens(node: Node) -> TypeGuard[Einsum]:
    return isinstance(node, Einsum) and all(len(group) < 2 for group in node.out)


def _operands(node: Einsum, as_written: bool) -> Sequence[Operand]:
    if as_written:
        return node.operands
    return along_bonds(node, list(dict.fromkeys(i for axis in node.out for i in axis)))


def _wire_names(printing: _Printing, drawing: Opened, axes: Sequence[str]) -> list[str]:
    """A name for every wire; a dot with two wires, not both free, is one wire."""
    classes = Unions(drawing.wires)
    for _, wires in drawing.dots:
        if len(wires) == 2 and max(wires) >= drawing.free:
            classes.join(*wires)
    names, found = dict(enumerate(axes)), classes.all()
    for w in found:
        if w not in names:
            names[w] = next(printing.naming.fresh)
    return [names[w] for w in found]


def _dot_text(size: Size, names: Sequence[str], wires: Sequence[int], free: int) -> str:
    match len(wires):
        case 0:
            return size_text(size)
        case 1:
            return subscripted("1", names)
        case 2:
            return subscripted("δ", names) if max(wires) < free else ""
        case _:
            return subscripted("H", names)


def _contraction(
    text: str, names: Sequence[str], wires: Sequence[int], free: int
) -> str:
    """What contracting one copy tensor does to the indices."""
    if not wires:
        return f"{text}: an index that nothing carries sums to its size"
    if len(wires) == 1:
        kind = "spreads the result along" if wires[0] < free else "sums over"
        return f"{text} {kind} {names[0]}"
    outer = [name for name, w in zip(names, wires, strict=True) if w < free]
    inner = [name for name, w in zip(names, wires, strict=True) if w >= free]
    kept = outer[0] if outer else inner.pop(0)
    told = []
    if inner:
        told.append(f"{', '.join(dict.fromkeys(inner))} → {kept}")
    if len(outer) > 1:
        told.append(f"{subscripted('δ' if len(outer) == 2 else 'H', outer)} stays")
    return f"{text}: {'; '.join(told)}"
