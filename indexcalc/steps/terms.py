"""Terms of index notation with every δ, H and 1 still a factor of its own.

A `Term` is a coefficient and factors on named indices; an index that is not free is
summed. A copy tensor is a factor without a node: 1_i, δ_ij, H_ijk. Contracting one of
them renames an index; that is all that is ever done to a term.

>>> from indexcalc.expr import tensor
>>> A = tensor("A", ("m", "n"))
>>> term = Term(1, (copy_of(("i", "k"), "m"), Factor(A, ("k", "l"))))
>>> done = contracted(term, {"i", "l"})
>>> [factor.indices for factor in done.term.factors], done.note
([('i', 'l')], 'δ_ik: k → i')
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..coefficients import Number
from ..errors import BudgetError
from ..expr import einsum, linear, size_node
from ..index_walk import Piece, written
from ..nodes import Node, Sum, Tensor
from ..simplify import fuse
from ..sizes import Size
from .words import Named, Notation

TERM_LIMIT = 64

Axes = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """A node on indices; without a node a copy tensor of a size. With `by` it is the
    derivative of the node by the variable's entry."""

    node: Node | None
    indices: tuple[str, ...]
    size: Size = 1
    by: Named | None = None

    def renamed(self, old: str, new: str) -> Factor:
        """The factor with one index renamed."""
        return replace(self, indices=tuple(_new(i, old, new) for i in self.indices))

    @property
    def carried(self) -> tuple[str, ...]:
        """All its indices, those of the variable too."""
        return (*self.indices, *(self.by.indices if self.by else ()))


def _new(i: str, old: str, new: str) -> str:
    return new if i == old else i


def copy_of(indices: tuple[str, ...], size: Size) -> Factor:
    """1, δ, H on indices; without any the size itself."""
    return Factor(None, indices, size)


@dataclass(frozen=True, slots=True)
class Term:
    """A coefficient times factors."""

    coefficient: Number
    factors: tuple[Factor, ...]

    def with_factors(self, factors: Iterable[Factor]) -> Term:
        """The term with other factors."""
        return Term(self.coefficient, tuple(factors))


# -- values ----------------------------------------------------------------------------


def value_of(
    terms: Sequence[Term], axes: Axes, sizes: Mapping[str, Size], tables: Tables
) -> Node:
    """The node that a sum of terms stands for, its axes grouped as `axes` says."""
    parts = [(_value(term, axes, sizes, tables), term.coefficient) for term in terms]
    shape = einsum([], *_free(axes, sizes)).shape
    return linear(parts, shape)


class Tables(NamedTuple):
    """What the leaves of terms stand for, and the derivatives of what they do."""

    nodes: Mapping[Node, Node]
    derivatives: Mapping[Node, Node]


def _free(
    axes: Axes, sizes: Mapping[str, Size]
) -> tuple[list[list[int]], dict[int, Size]]:
    number: dict[str, int] = {}
    out = [[number.setdefault(i, len(number)) for i in axis] for axis in axes]
    return out, {k: sizes[i] for i, k in number.items()}


def _value(term: Term, axes: Axes, sizes: Mapping[str, Size], tables: Tables) -> Node:
    out, dims = _free(axes, sizes)
    number = {
        i: k
        for axis, ks in zip(axes, out, strict=True)
        for i, k in zip(axis, ks, strict=True)
    }
    rows = []
    for factor in term.factors:
        legs = [number.setdefault(i, len(number)) for i in factor.carried]
        rows.append((_node_of(factor, tables), legs))
    return einsum(rows, out, dims)


def _node_of(factor: Factor, tables: Tables) -> Node:
    if factor.node is None:
        if not factor.indices:
            return size_node(factor.size)
        return einsum([], [0] * len(factor.indices), {0: factor.size})
    table = tables.derivatives if factor.by else tables.nodes
    return table[factor.node]


# -- spelling --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IndexSum:
    """A sum of terms as it is said."""

    terms: tuple[Term, ...]

    def said(self, notation: Notation) -> str:
        """Term by term, signs between them."""
        spelling = notation.spelling
        texts = [
            (_term_text(term, notation, len(self.terms) == 1), term.coefficient)
            for term in self.terms
        ]
        return spelling.signed_sum(texts)


def _term_text(term: Term, notation: Notation, alone: bool) -> str:
    lone = alone and len(term.factors) == 1 and term.coefficient == 1
    pieces = [Piece(_factor_text(f, notation, lone)) for f in term.factors]
    return notation.spelling.product(pieces)


def _factor_text(factor: Factor, notation: Notation, lone: bool) -> str:
    spelling = notation.spelling
    below = list(map(spelling.index, factor.indices))
    if factor.by is not None:
        above = f"{_sign(notation)}{_atom_text(factor, notation)}"
        under = f"{_sign(notation)}{factor.by.said(notation)}"
        return notation.ratio(above, under)
    if factor.node is not None:
        text = _atom_text(factor, notation)
        inside = isinstance(factor.node, Sum) and not lone
        return spelling.bracketed(text) if inside else text
    if not below:
        return spelling.size(factor.size)
    kind = {1: "1", 2: "δ"}.get(len(below), "H")
    return spelling.subscripted(spelling.copy(kind), below)


def _sign(notation: Notation) -> str:
    return dict(notation.signs).get("∂", "∂")


def _atom_text(factor: Factor, notation: Notation) -> str:
    """A node on its indices; its parts are leaves, so nothing in it is summed."""
    assert factor.node is not None
    if isinstance(factor.node, Tensor):
        name = factor.node.name or "C"
        return Named(name, factor.indices).said(notation)
    return written(factor.node, notation.spelling, factor.indices).text


# -- contraction -----------------------------------------------------------------------


class Contracted(NamedTuple):
    """A term after one contraction, and what was done."""

    term: Term
    note: str


def contracted(term: Term, free: Collection[str]) -> Contracted | None:
    """One copy tensor contracted; None where all of them stay."""
    for k, factor in enumerate(term.factors):
        if factor.node is None and factor.indices:
            rest = term.factors[:k] + term.factors[k + 1 :]
            found = _without(factor, rest, free)
            if found is not None:
                factors, note = found
                return Contracted(term.with_factors(factors), note)
    return None


def _without(
    copy: Factor, rest: tuple[Factor, ...], free: Collection[str]
) -> tuple[tuple[Factor, ...], str] | None:
    """What is left of a term when one of its copy tensors is contracted."""
    distinct = tuple(dict.fromkeys(copy.indices))
    carried = {i for f in rest for i in f.carried}
    bound = [i for i in distinct if i not in free]
    if len(distinct) == 1:
        return _lone(copy, distinct[0], rest, carried, not bound)
    if bound:
        return _renamed(copy, distinct, bound, rest)
    return _joined(copy, distinct, rest)


def _renamed(
    copy: Factor, distinct: tuple[str, ...], bound: list[str], rest: tuple[Factor, ...]
) -> tuple[tuple[Factor, ...], str]:
    """Every summed index of a copy tensor becomes one of the others."""
    kept = [i for i in distinct if i not in bound] or bound[-1:]
    new = kept[0]
    gone = [i for i in bound if i != new]
    left = tuple(_replaced(f, gone, new) for f in rest)
    note = f"{_copy_name(copy)}: {', '.join(gone)} → {new}"
    if len(kept) > 1 or not any(new in f.carried for f in left):
        return (replace(copy, indices=tuple(kept)), *left), note
    return left, note


def _replaced(factor: Factor, gone: Sequence[str], new: str) -> Factor:
    for old in gone:
        factor = factor.renamed(old, new)
    return factor


def _lone(
    copy: Factor, i: str, rest: tuple[Factor, ...], carried: set[str], is_free: bool
) -> tuple[tuple[Factor, ...], str] | None:
    """1_i, or δ_ii that says the same."""
    name = _copy_name(copy)
    if i in carried:
        return rest, f"{name} is 1 where {i} stands already"
    if not is_free:
        return (replace(copy, indices=()), *rest), f"{name} sums to the size"
    if len(copy.indices) > 1:
        return (replace(copy, indices=(i,)), *rest), f"{name} is 1_{i}"
    return None


def _joined(
    copy: Factor, distinct: tuple[str, ...], rest: tuple[Factor, ...]
) -> tuple[tuple[Factor, ...], str] | None:
    """Two copy tensors that share an index are one."""
    for k, other in enumerate(rest):
        if other.node is None and set(other.indices) & set(distinct):
            whole = tuple(dict.fromkeys((*distinct, *other.indices)))
            fused = replace(copy, indices=whole)
            left = (fused, *rest[:k], *rest[k + 1 :])
            return left, f"{_copy_name(copy)} {_copy_name(other)} = {_copy_name(fused)}"
    return None


def _copy_name(copy: Factor) -> str:
    kind = {1: "1", 2: "δ"}.get(len(copy.indices), "H")
    return f"{kind}_{''.join(copy.indices)}"


def like_terms(
    terms: Sequence[Term], axes: Axes, sizes: Mapping[str, Size], tables: Tables
) -> list[Term]:
    """Terms that differ by the names of summed indices alone, added up."""
    totals: dict[Node, Number] = {}
    said: dict[Node, Term] = {}
    for term in terms:
        node = fuse(_value(term, axes, sizes, tables))
        totals[node] = totals.get(node, 0) + term.coefficient
        said.setdefault(node, term)
    return [Term(c, said[node].factors) for node, c in totals.items() if c != 0]


def require_short(count: int) -> None:
    """Raises `BudgetError` where a sum has too many terms to be read."""
    if count > TERM_LIMIT:
        raise BudgetError(
            f"a line of the derivation has more than {TERM_LIMIT} terms",
            hint="derive a part of the expression at a time",
        )
